//! Collectors of Windows machines: from the registry and from files, of a running machine and of a mounted system volume alike.
//! They do not know hives or Windows' own interfaces; every key comes through [`Host::registry`].
//! Invariant: what these keys mean comes from Microsoft's documentation or is stated as it stands there; nothing is guessed from a name.

pub(super) mod accounts;
mod adapters;
pub(super) mod appx;
pub(super) mod autostart;
mod commands;
pub(super) mod configured_tunnels;
mod devices;
#[cfg(test)]
pub(in crate::collect) mod golden;
pub(super) mod hardware;
pub(super) mod installed_programs;
pub(super) mod kernel_modules;
pub(super) mod modems;
pub(super) mod network_interfaces;
pub(super) mod network_place;
pub(super) mod operating_system;
pub(super) mod pci_devices;
pub(super) mod platform;
pub(super) mod protection;
pub(super) mod remote_tools;
pub(super) mod services;
pub(super) mod smbios;
pub(super) mod usb_devices;
pub(super) mod windows_updates;

use super::Gather;
use crate::access::Host;
use crate::access::registry::RegistryKey;
use daicho_schemas::time::CalendarDate;
use daicho_schemas::trouble::{Trouble, TroubleKind};

/// What Windows says of itself.
pub(super) const CURRENT_VERSION: &str = "HKLM/SOFTWARE/Microsoft/Windows NT/CurrentVersion";

impl Gather {
    /// Reads a key, and names it as a source. None where there is none; what could not be read, or not wholly, is named.
    pub(in crate::collect) fn key(&mut self, host: &dyn Host, place: &str) -> Option<RegistryKey> {
        let key = self.subkey(host, place)?;
        self.source(place);
        Some(key)
    }

    /// [`Self::key`] for one of many keys below a place that was named already: no source of its own.
    pub(in crate::collect) fn subkey(&mut self, host: &dyn Host, place: &str) -> Option<RegistryKey> {
        let key = match host.registry(place) {
            Ok(key) => key,
            Err(error) if error.is_missing() => return None,
            Err(error) => {
                self.miss_access(&error);
                return None;
            }
        };
        if key.cut {
            let text =
                "the key is larger than the limits, damaged, or its hive was left half-written; the rest is not listed";
            self.miss(Trouble::new(TroubleKind::Malformed, place, text));
        }
        if key.unreadable_names > 0 {
            let text = format!("{} names are no text and were left out", key.unreadable_names);
            self.miss(Trouble::new(TroubleKind::Malformed, place, text));
        }
        Some(key)
    }

    /// The records of installers below one `Uninstall` key, each with the name of its own key. None where there is no such key.
    pub(in crate::collect) fn uninstall_records(
        &mut self,
        host: &dyn Host,
        place: &str,
    ) -> Option<Vec<(String, RegistryKey)>> {
        let list = self.key(host, place)?;
        let record = |name: String| Some((self.subkey(host, &format!("{place}/{name}"))?, name));
        Some(list.keys.into_iter().filter_map(record).map(|(record, name)| (name, record)).collect())
    }

    /// The text of a value as it goes into an observation: within the limits, absent where empty.
    pub(super) fn registry_text(&mut self, place: &str, key: &RegistryKey, name: &str) -> Option<String> {
        key.text(name).map(|text| self.text(place, text.as_bytes()))
    }
}

/// Whether a SID is of an account that a person or an administrator made: of the machine, of a domain, of Entra ID. Those of services and of
/// Windows itself are not, and `_Classes` is only half of one.
pub(super) fn is_person(sid: &str) -> bool {
    (sid.starts_with("S-1-5-21-") || sid.starts_with("S-1-12-1-")) && !sid.ends_with("_Classes")
}

/// A day as installers write it: `20240117`.
pub(super) fn date_of(text: &str) -> Option<CalendarDate> {
    let part = |from: usize, to: usize| text.get(from..to);
    if text.len() != 8 {
        return None;
    }
    format!("{}-{}-{}", part(0, 4)?, part(4, 6)?, part(6, 8)?).parse().ok()
}
