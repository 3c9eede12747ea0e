//! One sample of every kind of observation about who may use a host, what protects it and what starts on it.
//! Runs in tests only. It does not know how golden files are compared.
//! Invariant: a sample that was released is never changed.

use super::day;
use crate::fact::observation::*;

pub(super) fn observations() -> Vec<Observation> {
    vec![
        Observation::Account(Account {
            uid: 1001,
            entry: None,
            name: None,
            sort: AccountSort::Person,
            has_shell: true,
            password: PasswordState::Set,
            password_changed_on: Some(day("2026-04-01")),
            password_days_max: Some(365),
            expires_on: Some(day("2027-03-31")),
            last_login: LastLogin::On { on: day("2026-11-02"), by: LoginRecord::Lastlog },
            ssh_keys: Some(2),
            rights: Some(vec![AccountRight { place: "/etc/sudoers:27".into(), every_command: true }]),
        }),
        Observation::Protection(Protection {
            aspect: ProtectionAspect::Antivirus,
            subject: "clamav".into(),
            name: Some("ClamAV".into()),
            state: Some(ProtectionState::Running),
            on: Some(day("2026-11-05")),
            count: None,
            names: Vec::new(),
            read_from: vec!["/var/lib/clamav/daily.cvd".into()],
        }),
        Observation::ServiceUnit(ServiceUnit {
            name: "backup.timer".into(),
            state: Some(UnitState::Enabled),
            runs: None,
            executable: Some("/usr/local/bin/backup".into()),
            executable_carried_by: None,
            account: Some("uid:1001".into()),
            times: vec!["OnCalendar=daily".into()],
            place: Some("/etc/systemd/system/backup.timer".into()),
            carried_by: None,
        }),
        Observation::ScheduledJob(ScheduledJob {
            sort: JobSort::Cron,
            place: "/etc/cron.d/backup:3".into(),
            schedule: Some("17 3 * * *".into()),
            account: Some("root".into()),
            executable: Some("/usr/local/bin/backup".into()),
            executable_carried_by: None,
            carried_by: None,
        }),
        Observation::Container(Container {
            store: ContainerStore::Docker,
            name: "web".into(),
            image: Some("registry.example/web:1.2".into()),
            image_id: Some(format!("sha256:{}", "ab".repeat(32))),
            state: ContainerState::Running,
        }),
        Observation::ContainerImage(ContainerImage {
            store: ContainerStore::Docker,
            image_id: format!("sha256:{}", "ab".repeat(32)),
            names: vec!["registry.example/web:1.2".into()],
            digests: vec![format!("sha256:{}", "cd".repeat(32))],
        }),
    ]
}
