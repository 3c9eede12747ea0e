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
    ]
}
