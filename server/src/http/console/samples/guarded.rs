//! Accounts and what protects a host, one of each.
//! It does not know any real host.
//! Invariant: every state stands here once, and so does what the host did not tell.

use super::*;

pub(super) fn guarded() -> Vec<Observation> {
    let account = |uid: u32, name: Option<&str>, password, last_login, rights: Option<Vec<AccountRight>>| {
        Observation::Account(Account {
            uid,
            entry: None,
            name: name.map(Into::into),
            sort: if name.is_some() { AccountSort::System } else { AccountSort::Person },
            has_shell: uid != 1,
            password,
            password_changed_on: Some(on("2026-04-01")),
            password_days_max: None,
            expires_on: (uid == 1002).then(|| on("2026-12-31")),
            last_login,
            ssh_keys: rights.as_ref().map(|rights| u32::try_from(rights.len()).unwrap_or_default()),
            rights,
        })
    };
    let right = |every_command| AccountRight { place: "/etc/sudoers:27".into(), every_command };
    let protection = |aspect, subject: &str, state, on, count| {
        Observation::Protection(Protection {
            aspect,
            subject: subject.into(),
            name: None,
            state,
            on,
            count,
            names: Vec::new(),
            read_from: vec!["/etc/example.conf".into()],
        })
    };
    let last = LastLogin::On { on: on("2026-11-05"), by: LoginRecord::Lastlog };
    let never = LastLogin::Never { by: LoginRecord::Lastlog2 };
    let (running, day) = (Some(ProtectionState::Running), Some(on("2026-11-05")));
    vec![
        account(0, Some("root"), PasswordState::Set, last, Some(vec![right(true)])),
        account(1, Some("daemon"), PasswordState::Disabled, never, Some(Vec::new())),
        account(1001, None, PasswordState::Locked, LastLogin::Unknown, Some(vec![right(false)])),
        account(1002, None, PasswordState::Empty, last, Some(Vec::new())),
        account(1003, None, PasswordState::Unreadable, LastLogin::Unknown, None),
        protection(ProtectionAspect::Antivirus, "clamav", running, day, None),
        protection(ProtectionAspect::Antivirus, "other", Some(ProtectionState::Present), None, None),
        protection(ProtectionAspect::UpdatesInstalled, "dpkg", None, day, None),
        protection(ProtectionAspect::UpdatesPending, "apt", None, day, Some(3)),
        protection(
            ProtectionAspect::UpdatesAutomatic,
            "unattended-upgrades",
            Some(ProtectionState::Disabled),
            None,
            None,
        ),
        protection(ProtectionAspect::UsbStorage, "usb-storage", Some(ProtectionState::Enabled), None, None),
        protection(ProtectionAspect::SystemSupport, "os-release", None, day, None),
        protection(ProtectionAspect::TimeSynchronisation, "chrony", running, None, None),
    ]
    .into_iter()
    .chain(started())
    .collect()
}

/// What starts on a host, one of each sort.
fn started() -> Vec<Observation> {
    let unit = |name: &str, state, runs, times: &[&str]| {
        Observation::ServiceUnit(ServiceUnit {
            name: name.into(),
            state,
            runs,
            executable: Some("/usr/sbin/example".into()),
            executable_carried_by: Some(CarriedBy::Package { ecosystem: "deb".into(), name: "example".into() }),
            account: Some("uid:1001".into()),
            times: times.iter().map(|time| (*time).to_owned()).collect(),
            place: Some("/etc/systemd/system/example.service".into()),
            carried_by: Some(CarriedBy::Nobody),
        })
    };
    let sorts = [
        JobSort::Cron,
        JobSort::CronFolder,
        JobSort::Anacron,
        JobSort::At,
        JobSort::RcScript,
        JobSort::Inittab,
        JobSort::RunKey,
        JobSort::Task,
    ];
    let jobs = sorts.into_iter().enumerate().map(|(line, sort)| {
        Observation::ScheduledJob(ScheduledJob {
            sort,
            place: format!("/etc/example:{line}"),
            schedule: Some("17 3 * * *".into()),
            account: Some("root".into()),
            executable: (line > 0).then(|| "/usr/local/bin/example".into()),
            executable_carried_by: (line > 0).then_some(CarriedBy::Nobody),
            carried_by: Some(CarriedBy::Unknown),
        })
    });
    let states = [ContainerState::Running, ContainerState::Stopped, ContainerState::Unknown];
    let containers = states.into_iter().enumerate().map(|(number, state)| {
        Observation::Container(Container {
            store: ContainerStore::Docker,
            name: format!("example-{number}"),
            image: Some("registry.example/example:1".into()),
            image_id: None,
            state,
        })
    });
    let image = Observation::ContainerImage(ContainerImage {
        store: ContainerStore::ContainersStorage,
        image_id: "ab".repeat(32),
        names: vec!["registry.example/example:1".into()],
        digests: vec![format!("sha256:{}", "cd".repeat(32))],
    });
    let units = vec![
        unit("example.service", Some(UnitState::Enabled), Some(true), &[]),
        unit("example.timer", Some(UnitState::Disabled), None, &["OnCalendar=daily"]),
        unit("locked.service", Some(UnitState::Masked), Some(false), &[]),
        unit("transient.service", None, Some(true), &[]),
    ];
    units.into_iter().chain(jobs).chain(containers).chain([image]).collect()
}
