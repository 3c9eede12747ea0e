//! Who can log in to a host and what keeps it safe and current, as rows.
//! It does not know whether an account is needed or a measure is enough; the check lists ask a person.
//! Invariant: what the host did not tell is shown as unknown, never as "no".

use super::ways::SeenRow;
use crate::http::console::layout::PageContext;
use daicho_schemas::fact::observation::{
    Account, AccountSort, CarriedBy, Container, ContainerImage, ContainerState, JobSort, LastLogin, Observation,
    PasswordState, Protection, ProtectionAspect, ProtectionState, ScheduledJob, ServiceUnit, UnitState,
};

/// One account.
pub struct AccountRow {
    /// Its name, or its number.
    pub account: String,
    /// Its number, for the order.
    pub uid: u32,
    /// Whether it has a shell and is not locked for good, for the order.
    pub can_be_used: bool,
    /// Whose it is, in words.
    pub sort: String,
    /// By what it can be used.
    pub ways_in: Vec<String>,
    /// The last login; `None` where no record tells.
    pub last_login: Option<String>,
    /// What makes it an administrator.
    pub rights: Vec<String>,
}

impl AccountRow {
    /// From the observation.
    pub fn new(ctx: &PageContext, body: &Account) -> Self {
        let account = match (&body.name, body.entry) {
            (Some(name), _) => name.clone(),
            (None, None) => ctx.tx("account-number", body.uid),
            (None, Some(_)) => ctx.tx("account-again", body.uid),
        };
        let sort = ctx.t(match body.sort {
            AccountSort::System => "account-sort-system",
            AccountSort::Person => "account-sort-person",
        });
        let last_login = match body.last_login {
            LastLogin::On { on, .. } => Some(on.to_string()),
            LastLogin::Never { .. } => Some(ctx.t("account-never")),
            LastLogin::Unknown => None,
        };
        let locked = matches!(body.password, PasswordState::Locked | PasswordState::Disabled);
        let can_be_used = body.has_shell && !(locked && body.ssh_keys == Some(0));
        let (ways_in, rights) = (ways_in(ctx, body), rights(ctx, body));
        Self { account, uid: body.uid, can_be_used, sort, ways_in, last_login, rights }
    }
}

fn ways_in(ctx: &PageContext, body: &Account) -> Vec<String> {
    let password = ctx.t(match body.password {
        PasswordState::Set => "account-password-set",
        PasswordState::Locked => "account-password-locked",
        PasswordState::Disabled => "account-password-disabled",
        PasswordState::Empty => "account-password-empty",
        PasswordState::Unreadable => "account-password-unreadable",
    });
    let has_password = matches!(body.password, PasswordState::Set | PasswordState::Locked);
    let since = body.password_changed_on.filter(|_| has_password).map(|day| ctx.tx("account-password-since", day));
    let keys = match body.ssh_keys {
        Some(0) => None,
        Some(keys) => Some(ctx.tx("account-keys", keys)),
        None => Some(ctx.t("account-keys-unknown")),
    };
    let shell = (!body.has_shell).then(|| ctx.t("account-no-shell"));
    let until = body.expires_on.map(|day| ctx.tx("account-until", day));
    [shell, Some(password), since, until, keys].into_iter().flatten().collect()
}

fn rights(ctx: &PageContext, body: &Account) -> Vec<String> {
    let root = (body.uid == 0).then(|| ctx.t("account-right-root"));
    let Some(rights) = &body.rights else {
        return root.into_iter().chain([ctx.t("account-right-unknown")]).collect();
    };
    let say = |every: bool| if every { "account-right-all" } else { "account-right-some" };
    root.into_iter().chain(rights.iter().map(|right| ctx.tx(say(right.every_command), &right.place))).collect()
}

/// What protects: sort, name, state, and what is known beside.
pub(super) fn protection(ctx: &PageContext, body: &Protection) -> SeenRow {
    let sort = ctx.t(match body.aspect {
        ProtectionAspect::Antivirus => "protection-antivirus",
        ProtectionAspect::UpdatesInstalled => "protection-updates-installed",
        ProtectionAspect::UpdatesPending => "protection-updates-pending",
        ProtectionAspect::UpdatesAutomatic => "protection-updates-automatic",
        ProtectionAspect::UsbStorage => "protection-usb-storage",
        ProtectionAspect::SystemSupport => "protection-system-support",
        ProtectionAspect::TimeSynchronisation => "protection-time",
    });
    let state = body.state.map(|state| {
        ctx.t(match state {
            ProtectionState::Running => "protection-running",
            ProtectionState::Enabled => "protection-enabled",
            ProtectionState::Disabled => "protection-disabled",
            ProtectionState::Present => "protection-present",
        })
    });
    let day = match (body.aspect, body.on) {
        (ProtectionAspect::Antivirus, Some(day)) => Some(ctx.tx("protection-definitions", day)),
        (ProtectionAspect::Antivirus, None) => Some(ctx.t("protection-definitions-unknown")),
        (ProtectionAspect::UpdatesPending, Some(day)) => Some(ctx.tx("protection-list-of", day)),
        (ProtectionAspect::UpdatesPending, None) => Some(ctx.t("protection-list-unknown")),
        (_, Some(day)) => Some(ctx.tx("protection-on", day)),
        (_, None) => None,
    };
    let count = body.count.map(|count| ctx.tx("protection-count", count));
    let known = [day, count].into_iter().flatten();
    SeenRow {
        sort,
        name: body.name.clone().unwrap_or_else(|| body.subject.clone()),
        towards: state,
        seen_by: known.chain(body.names.iter().cloned()).chain(body.read_from.iter().cloned()).collect(),
    }
}

/// What starts on the host; `None` of anything else.
pub(super) fn started(ctx: &PageContext, body: &Observation) -> Option<SeenRow> {
    Some(match body {
        Observation::ServiceUnit(body) => unit(ctx, body),
        Observation::ScheduledJob(body) => job(ctx, body),
        Observation::Container(body) => container(ctx, body),
        Observation::ContainerImage(body) => image(ctx, body),
        _ => return None,
    })
}

fn unit(ctx: &PageContext, body: &ServiceUnit) -> SeenRow {
    let state = body.state.map(|state| {
        ctx.t(match state {
            UnitState::Enabled => "service-enabled",
            UnitState::Disabled => "service-disabled",
            UnitState::Masked => "service-masked",
        })
    });
    let runs = (body.runs == Some(true)).then(|| ctx.t("service-runs"));
    let states: Vec<String> = [state, runs].into_iter().flatten().chain(body.times.iter().cloned()).collect();
    let account = body.account.as_ref().map(|account| ctx.tx("service-account", account));
    let program = carried(ctx, body.executable.as_ref(), body.executable_carried_by.as_ref());
    let known = [program, account, carried(ctx, body.place.as_ref(), body.carried_by.as_ref())];
    SeenRow {
        sort: ctx.t("service-unit"),
        name: body.name.clone(),
        towards: Some(states.join(" · ")),
        seen_by: known.into_iter().flatten().collect(),
    }
}

/// A file with what brought it.
fn carried(ctx: &PageContext, path: Option<&String>, by: Option<&CarriedBy>) -> Option<String> {
    Some(match (path?, by) {
        (path, Some(by)) => format!("{path} ({})", ctx.carried_by(by)),
        (path, None) => path.clone(),
    })
}

fn job(ctx: &PageContext, body: &ScheduledJob) -> SeenRow {
    let sort = ctx.t(match body.sort {
        JobSort::Cron => "job-cron",
        JobSort::CronFolder => "job-cron-folder",
        JobSort::Anacron => "job-anacron",
        JobSort::At => "job-at",
        JobSort::RcScript => "job-rc-script",
        JobSort::Inittab => "job-inittab",
        JobSort::RunKey => "job-run-key",
        JobSort::Task => "job-task",
    });
    let account = body.account.as_ref().map(|account| ctx.tx("service-account", account));
    let program = carried(ctx, body.executable.as_ref(), body.executable_carried_by.as_ref());
    let table = body.carried_by.as_ref().map(|by| ctx.tx("job-table", ctx.carried_by(by)));
    let seen_by = [program, account, table].into_iter().flatten().collect();
    SeenRow { sort, name: body.place.clone(), towards: body.schedule.clone(), seen_by }
}

fn container(ctx: &PageContext, body: &Container) -> SeenRow {
    let state = ctx.t(match body.state {
        ContainerState::Running => "container-running",
        ContainerState::Stopped => "container-stopped",
        ContainerState::Unknown => "container-unknown",
    });
    let known = [body.image.clone(), body.image_id.clone(), Some(body.store.as_str().to_owned())];
    SeenRow {
        sort: ctx.t("container"),
        name: body.name.clone(),
        towards: Some(state),
        seen_by: known.into_iter().flatten().collect(),
    }
}

fn image(ctx: &PageContext, body: &ContainerImage) -> SeenRow {
    let name = body.names.first().unwrap_or(&body.image_id).clone();
    let more = body.names.iter().skip(1).chain(&body.digests).cloned();
    let seen_by = more.chain([body.image_id.clone(), body.store.as_str().to_owned()]).collect();
    SeenRow { sort: ctx.t("container-image"), name, towards: None, seen_by }
}
