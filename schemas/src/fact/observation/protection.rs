//! `protection.v1`: what keeps a host safe and current, as far as the host itself tells: antivirus, updates, USB storage, time.
//! It does not know whether that is enough, nor whether what is configured works.
//! Invariant: a day or a count that could not be read is absent, never guessed; what was looked for and is not there is no item.

use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names of servers or files in one item; more are counted in a trouble of the report.
pub const PROTECTION_NAMES_MAX: usize = 32;

/// What it is about. The meaning of `on` and `count` follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProtectionAspect {
    /// An antivirus product; `on` is the day of its definitions.
    Antivirus,
    /// `on` is the day on which packages were last installed or updated, by the package manager's own note.
    UpdatesInstalled,
    /// `count` packages have a newer version in a security repository, by the host's copy of its list of the day `on`.
    UpdatesPending,
    /// Updates that are installed without a person.
    UpdatesAutomatic,
    /// A measure that keeps storage off the USB ports.
    UsbStorage,
    /// `on` is the day on which support of the operating system ends, as the system itself says (`SUPPORT_END`).
    SystemSupport,
    /// Setting the clock by servers or clocks outside.
    TimeSynchronisation,
}

/// What can be said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProtectionState {
    /// A process of it runs.
    Running,
    /// It is set to be on; whether it works was not seen.
    Enabled,
    /// It is there and set to be off, or nothing starts it.
    Disabled,
    /// It is there; whether it is on is not known.
    Present,
}

/// One thing that protects, or would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Protection {
    /// What it is about.
    pub aspect: ProtectionAspect,
    /// Which product or mechanism: `clamav`, `apt`, `usbguard`, `chrony`.
    pub subject: String,
    /// Its name for people, where it has another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What can be said of it; absent where it is no thing that is on or off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ProtectionState>,
    /// A day, by aspect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<CalendarDate>,
    /// A count, by aspect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Of time synchronisation the servers and clocks, of pending updates the packages; sorted, at most [`PROTECTION_NAMES_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Which places say so, sorted, at most [`PROTECTION_NAMES_MAX`].
    pub read_from: Vec<String>,
}

impl Protection {
    /// Aspect and subject.
    pub fn key(&self) -> String {
        let aspect = match self.aspect {
            ProtectionAspect::Antivirus => "antivirus",
            ProtectionAspect::UpdatesInstalled => "updates_installed",
            ProtectionAspect::UpdatesPending => "updates_pending",
            ProtectionAspect::UpdatesAutomatic => "updates_automatic",
            ProtectionAspect::UsbStorage => "usb_storage",
            ProtectionAspect::SystemSupport => "system_support",
            ProtectionAspect::TimeSynchronisation => "time_synchronisation",
        };
        format!("{aspect}:{}", self.subject)
    }
}
