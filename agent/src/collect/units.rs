//! systemd units by name, and whether something on the host wants them started (systemd.unit(5)).
//! It does not know what a unit runs, nor whether it runs now.
//! Invariant: only names and links are read; a folder that cannot be read is named.

use super::Gather;
use crate::access::Host;
use daicho_schemas::fact::observation::UnitState;
use std::collections::BTreeMap;

/// Where units lie; earlier folders go before later ones. `/lib` is `/usr/lib` on hosts of today.
const FOLDERS: &[&str] =
    &["/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
/// Where links of those who want a unit lie.
const WANTED_IN: &str = "/etc/systemd/system";
const NAMES_MAX: usize = 20_000;

/// What is known of a unit.
#[derive(Clone, Copy, Default)]
pub(super) struct State {
    wanted: bool,
    masked: bool,
}

impl State {
    /// Whether something on the host wants it started.
    pub(super) fn is_wanted(self) -> bool {
        self.wanted && !self.masked
    }

    /// Whether it cannot be started.
    pub(super) fn is_masked(self) -> bool {
        self.masked
    }

    /// As it is told. A unit that nothing wants may still be started by hand or by another unit.
    pub(super) fn told(self) -> Option<UnitState> {
        Some(match (self.masked, self.wanted) {
            (true, _) => UnitState::Masked,
            (false, true) => UnitState::Enabled,
            (false, false) => UnitState::Disabled,
        })
    }
}

/// Every unit of the host.
pub(super) fn read(gather: &mut Gather, host: &dyn Host) -> BTreeMap<String, State> {
    let mut units: BTreeMap<String, State> = BTreeMap::new();
    for folder in FOLDERS {
        for name in list(gather, host, folder) {
            if is_unit(&name) {
                let masked = *folder == WANTED_IN
                    && host.read_link(&format!("{folder}/{name}")).is_ok_and(|target| target == "/dev/null");
                units.entry(name).or_default().masked |= masked;
            } else if *folder == WANTED_IN && [".wants", ".requires"].iter().any(|end| name.ends_with(end)) {
                for wanted in list(gather, host, &format!("{folder}/{name}")) {
                    units.entry(wanted).or_default().wanted = true;
                }
            }
        }
    }
    units
}

fn is_unit(name: &str) -> bool {
    [".service", ".socket", ".timer", ".path"].iter().any(|end| name.ends_with(end))
}

fn list(gather: &mut Gather, host: &dyn Host, folder: &str) -> Vec<String> {
    match host.list(folder, NAMES_MAX) {
        Ok(listing) => {
            gather.source(folder);
            if listing.cut {
                gather.miss_rest(folder);
            }
            listing.names
        }
        Err(error) if error.is_missing() => Vec::new(),
        Err(error) => {
            gather.miss_access(&error);
            Vec::new()
        }
    }
}
