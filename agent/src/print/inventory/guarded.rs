//! Rows for accounts, what protects a host, what starts on it and containers.
//! It does not know what any of it means.
//! Invariant: one row for each observation; what is not known says so.

use super::or_dash;
use super::ways::word;
use daicho_schemas::fact::observation::{
    Account, CarriedBy, Container, ContainerImage, LastLogin, Observation, Protection, ScheduledJob, ServiceUnit,
};

/// A local account.
pub(super) fn account(item: &Observation) -> Option<[String; 4]> {
    let Observation::Account(account) = item else { return None };
    let Account { uid, name, password, last_login, ssh_keys, .. } = account;
    let mut may = vec![format!("password {}", word(password))];
    if !account.has_shell {
        may.push("no shell".into());
    }
    may.extend(account.expires_on.map(|day| format!("until {day}")));
    may.push(ssh_keys.map_or("keys unknown".into(), |keys| format!("{keys} keys")));
    let last = match last_login {
        LastLogin::On { on, .. } => on.to_string(),
        LastLogin::Never { .. } => "never / なし".into(),
        LastLogin::Unknown => "unknown / 不明".into(),
    };
    let administrator = match account.is_administrator() {
        Some(true) => "administrator / 管理者",
        Some(false) => "–",
        None => "unknown / 不明",
    };
    let name = name.clone().unwrap_or_else(|| format!("uid:{uid}"));
    Some([name, may.join(", "), last, administrator.into()])
}

/// What protects the host.
pub(super) fn protection(item: &Observation) -> Option<[String; 4]> {
    let Observation::Protection(Protection { aspect, subject, name, state, on, count, names, .. }) = item else {
        return None;
    };
    let subject = name.as_ref().unwrap_or(subject).clone();
    let state = state.as_ref().map(word);
    let more: Vec<String> = [on.map(|day| day.to_string()), count.map(|count| count.to_string())]
        .into_iter()
        .flatten()
        .chain(names.clone())
        .collect();
    Some([word(aspect), subject, or_dash(&state), more.join(" ")])
}

/// A program and the package that brought it: `/usr/sbin/sshd (deb openssh-server)`.
pub(super) fn of_package(program: &Option<String>, carried_by: &Option<CarriedBy>) -> String {
    let carrier = carried_by.as_ref().map(|carried_by| match carried_by {
        CarriedBy::Package { ecosystem, name } => format!(" ({ecosystem} {name})"),
        CarriedBy::Nobody => " (no package / パッケージなし)".to_owned(),
        CarriedBy::Unknown => " (package unknown / パッケージ不明)".to_owned(),
    });
    format!("{}{}", or_dash(program), carrier.unwrap_or_default())
}

/// What starts on the host: units, jobs, containers and images.
pub(super) fn started(item: &Observation) -> Option<[String; 4]> {
    Some(match item {
        Observation::ServiceUnit(ServiceUnit {
            name,
            state,
            runs,
            executable,
            executable_carried_by,
            account,
            times,
            ..
        }) => {
            let state = state.as_ref().map(word);
            let runs = (*runs == Some(true)).then(|| "runs".to_owned());
            let states: Vec<_> = [state, runs].into_iter().flatten().chain(times.clone()).collect();
            [name.clone(), states.join(" "), or_dash(account), of_package(executable, executable_carried_by)]
        }
        Observation::ScheduledJob(ScheduledJob {
            sort,
            place,
            schedule,
            account,
            executable,
            executable_carried_by,
            ..
        }) => {
            let when = schedule.clone().unwrap_or_default();
            [
                place.clone(),
                format!("{} {when}", word(sort)),
                or_dash(account),
                of_package(executable, executable_carried_by),
            ]
        }
        Observation::Container(Container { store, name, image, state, .. }) => {
            [name.clone(), format!("container {}", word(state)), word(store), or_dash(image)]
        }
        Observation::ContainerImage(ContainerImage { store, image_id, names, .. }) => {
            let name = names.first().unwrap_or(image_id).clone();
            [name, "image".into(), word(store), image_id.clone()]
        }
        _ => return None,
    })
}
