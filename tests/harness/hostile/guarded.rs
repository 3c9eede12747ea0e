//! Accounts, what protects a host, what starts on it and containers, chosen by bytes.
//! It does not know admission. Invariant: a choice is well-formed; whether its words and days make sense is left to chance.

use super::choices::Choices;
use daicho_schemas::fact::observation::{
    Account, AccountRight, AccountSort, CarriedBy, Container, ContainerImage, ContainerState, ContainerStore, JobSort,
    LastLogin, LoginRecord, Observation, PasswordState, Protection, ProtectionAspect, ProtectionState, ScheduledJob,
    ServiceUnit, UnitState,
};
use daicho_schemas::time::CalendarDate;

/// What brought a file, if that was looked up.
pub(super) fn carried_by(choices: &mut Choices<'_>) -> Option<CarriedBy> {
    match choices.below(4) {
        0 => None,
        1 => Some(CarriedBy::Nobody),
        2 => Some(CarriedBy::Unknown),
        _ => Some(CarriedBy::Package { ecosystem: ["deb", "rpm"][choices.below(2)].into(), name: choices.text() }),
    }
}

/// What an agent shows of accounts, protection, services and containers.
pub(super) fn observation(choices: &mut Choices<'_>) -> Observation {
    match choices.below(6) {
        0 => account(choices),
        1 => protection(choices),
        2 => Observation::ServiceUnit(ServiceUnit {
            name: choices.text(),
            state: [None, Some(UnitState::Enabled), Some(UnitState::Disabled), Some(UnitState::Masked)]
                [choices.below(4)],
            runs: [None, Some(true), Some(false)][choices.below(3)],
            executable: choices.maybe(),
            executable_carried_by: carried_by(choices),
            account: choices.maybe(),
            times: choices.maybe().into_iter().collect(),
            place: choices.maybe(),
            carried_by: carried_by(choices),
        }),
        3 => Observation::ScheduledJob(ScheduledJob {
            sort: [JobSort::Cron, JobSort::Anacron, JobSort::At, JobSort::RcScript, JobSort::Inittab][choices.below(5)],
            place: choices.text(),
            schedule: choices.maybe(),
            account: choices.maybe(),
            executable: choices.maybe(),
            executable_carried_by: carried_by(choices),
            carried_by: carried_by(choices),
        }),
        4 => Observation::Container(Container {
            store: store(choices),
            name: choices.text(),
            image: choices.maybe(),
            image_id: choices.maybe(),
            state: [ContainerState::Running, ContainerState::Stopped, ContainerState::Unknown][choices.below(3)],
        }),
        _ => Observation::ContainerImage(ContainerImage {
            store: store(choices),
            image_id: choices.text(),
            names: choices.maybe().into_iter().collect(),
            digests: choices.maybe().into_iter().collect(),
        }),
    }
}

fn store(choices: &mut Choices<'_>) -> ContainerStore {
    [ContainerStore::Docker, ContainerStore::ContainersStorage, ContainerStore::Containerd][choices.below(3)]
}

/// Days around the present, the first and the last that can be written.
fn day(choices: &mut Choices<'_>) -> Option<CalendarDate> {
    let days = ["2026-11-22", "2026-11-21", "2024-02-29", "0001-01-01", "9999-12-31"];
    days.get(choices.below(6)).and_then(|day| day.parse().ok())
}

fn account(choices: &mut Choices<'_>) -> Observation {
    let last_login = match (choices.below(3), day(choices)) {
        (0, _) | (1, None) => LastLogin::Unknown,
        (1, Some(on)) => LastLogin::On { on, by: LoginRecord::Lastlog },
        _ => LastLogin::Never { by: LoginRecord::Wtmp },
    };
    let right = AccountRight { place: choices.text(), every_command: choices.rarely(2) };
    Observation::Account(Account {
        uid: u32::from(choices.byte()),
        entry: None,
        name: choices.maybe(),
        sort: [AccountSort::System, AccountSort::Person][choices.below(2)],
        has_shell: choices.rarely(2),
        password: [
            PasswordState::Set,
            PasswordState::Locked,
            PasswordState::Disabled,
            PasswordState::Empty,
            PasswordState::Unreadable,
        ][choices.below(5)],
        password_changed_on: day(choices),
        password_days_max: choices.rarely(2).then_some(u32::MAX),
        expires_on: day(choices),
        last_login,
        ssh_keys: [None, Some(0), Some(u32::MAX)][choices.below(3)],
        rights: [None, Some(Vec::new()), Some(vec![right])][choices.below(3)].clone(),
    })
}

fn protection(choices: &mut Choices<'_>) -> Observation {
    let aspects = [
        ProtectionAspect::Antivirus,
        ProtectionAspect::UpdatesInstalled,
        ProtectionAspect::UpdatesPending,
        ProtectionAspect::UpdatesAutomatic,
        ProtectionAspect::UsbStorage,
        ProtectionAspect::SystemSupport,
        ProtectionAspect::TimeSynchronisation,
    ];
    let states =
        [None, Some(ProtectionState::Running), Some(ProtectionState::Enabled), Some(ProtectionState::Disabled)];
    Observation::Protection(Protection {
        aspect: aspects[choices.below(7)],
        subject: choices.text(),
        name: choices.maybe(),
        state: states[choices.below(4)],
        on: day(choices),
        count: [None, Some(0), Some(u64::from(choices.byte()) << 32)][choices.below(3)],
        names: choices.maybe().into_iter().collect(),
        read_from: vec![choices.text()],
    })
}
