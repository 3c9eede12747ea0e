//! The registry of a Windows that does not run: which hive of its disk holds a key.
//! It does not know what a key means, and never opens the hive of secrets (`SECURITY`).
//! Invariant: keys have the names that they have on the running machine; nothing is written, and no hive is held in memory as a whole.
//!
//! `HKLM/SYSTEM/CurrentControlSet` is the set that `Select\Current` names. `HKU/SID` is the `NTUSER.DAT` of the profile that `ProfileList` names,
//! `HKU/SID/Software/Classes` its `UsrClass.dat`. Keys that Windows makes at its start (`HKLM/HARDWARE`) are on no disk.

mod hive;
mod log;
mod pages;
#[cfg(test)]
mod tests;

use super::registry::{PROFILE_LIST, REGISTRY_DEPTH_MAX, RegistryKey, SLASH_IN_NAME, same_name};
use super::windows_paths::on_system_volume;
use super::{AccessError, Host};
use hive::Hive;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};

/// Where the machine's own hives lie.
pub(super) const CONFIG: &str = "/Windows/System32/config";
/// Profiles that are looked at.
const PROFILES_MAX: usize = 4096;
/// Hives that are open at once.
const OPEN_MAX: usize = 16;

/// The hives of one machine, opened when they are first asked for.
#[derive(Default)]
pub(super) struct Hives {
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    hives: BTreeMap<String, Hive>,
    /// The folder of each profile; none before it was asked for.
    profiles: Option<BTreeMap<String, String>>,
}

impl std::fmt::Debug for Hives {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hives")
    }
}

impl Hives {
    /// Reads one key, with the files of `host`.
    pub(super) fn registry(&self, host: &dyn Host, key: &str) -> Result<RegistryKey, AccessError> {
        let missing = || AccessError::Missing { path: key.to_owned() };
        let written: Vec<String> = key.split('/').map(|name| name.replace(SLASH_IN_NAME, "/")).collect();
        let names: Vec<&str> = written.iter().map(String::as_str).collect();
        if names.len() > REGISTRY_DEPTH_MAX {
            return Err(missing());
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let found = match names.as_slice() {
            [hklm, rest @ ..] if same_name(hklm, "HKLM") => open.machine(host, rest)?,
            [hku] if same_name(hku, "HKU") => Some(open.users(host)?),
            [hku, sid, rest @ ..] if same_name(hku, "HKU") => open.user(host, sid, rest)?,
            _ => None,
        };
        let mut found = found.ok_or_else(missing)?;
        for name in &mut found.keys {
            if name.contains('/') {
                *name = name.replace('/', &SLASH_IN_NAME.to_string());
            }
        }
        Ok(found)
    }
}

impl Open {
    fn machine(&mut self, host: &dyn Host, names: &[&str]) -> Result<Option<RegistryKey>, AccessError> {
        let hives = ["SAM", "SOFTWARE", "SYSTEM"];
        let Some((first, rest)) = names.split_first() else {
            return Ok(Some(RegistryKey { keys: hives.map(str::to_owned).to_vec(), ..RegistryKey::default() }));
        };
        let Some(name) = hives.into_iter().find(|name| same_name(first, name)) else { return Ok(None) };
        let path = format!("{CONFIG}/{name}");
        match rest {
            [set, rest @ ..] if name == "SYSTEM" && same_name(set, "CurrentControlSet") => {
                let hive = self.hive(host, &path)?;
                let Some(current) = hive.key(["Select"].into_iter()).and_then(|select| select.number("Current")) else {
                    return Ok(None);
                };
                let set = format!("ControlSet{current:03}");
                Ok(hive.key([set.as_str()].into_iter().chain(rest.iter().copied())))
            }
            rest => Ok(self.hive(host, &path)?.key(rest.iter().copied())),
        }
    }

    fn users(&mut self, host: &dyn Host) -> Result<RegistryKey, AccessError> {
        let mut keys: Vec<String> = self.profiles(host)?.keys().cloned().collect();
        keys.push(".DEFAULT".to_owned());
        let mut users = RegistryKey { keys, ..RegistryKey::default() };
        users.sort();
        Ok(users)
    }

    fn user(&mut self, host: &dyn Host, sid: &str, names: &[&str]) -> Result<Option<RegistryKey>, AccessError> {
        if same_name(sid, ".DEFAULT") {
            return Ok(self.hive(host, &format!("{CONFIG}/DEFAULT"))?.key(names.iter().copied()));
        }
        let folder =
            self.profiles(host)?.iter().find(|(found, _)| same_name(found, sid)).map(|(_, folder)| folder.clone());
        let Some(folder) = folder else { return Ok(None) };
        match names {
            [software, classes, rest @ ..] if same_name(software, "Software") && same_name(classes, "Classes") => {
                let new = format!("{folder}/AppData/Local/Microsoft/Windows/UsrClass.dat");
                let old = format!("{folder}/Local Settings/Application Data/Microsoft/Windows/UsrClass.dat");
                let path = if host.exists(&new) { new } else { old };
                Ok(self.hive(host, &path)?.key(rest.iter().copied()))
            }
            names => Ok(self.hive(host, &format!("{folder}/NTUSER.DAT"))?.key(names.iter().copied())),
        }
    }

    /// The folder of each profile on the system volume, by SID. One on another volume is not on this disk.
    fn profiles(&mut self, host: &dyn Host) -> Result<&BTreeMap<String, String>, AccessError> {
        if self.profiles.is_none() {
            let hive = self.hive(host, &format!("{CONFIG}/SOFTWARE"))?;

            let sids = hive.key(profile_list()).map(|list| list.keys).unwrap_or_default();
            let mut profiles = BTreeMap::new();
            for sid in sids.into_iter().take(PROFILES_MAX) {
                let profile = hive.key(profile_list().chain([sid.as_str()]));
                let folder = profile.and_then(|profile| profile.text("ProfileImagePath").map(str::to_owned));
                if let Some(folder) = folder.and_then(|folder| on_system_volume(&folder)) {
                    profiles.insert(sid, folder);
                }
            }
            self.profiles = Some(profiles);
        }
        self.profiles.as_ref().ok_or_else(|| AccessError::Missing { path: "HKU".to_owned() })
    }

    fn hive(&mut self, host: &dyn Host, path: &str) -> Result<&mut Hive, AccessError> {
        let missing = || AccessError::Missing { path: path.to_owned() };
        if !self.hives.contains_key(path) {
            let file = host.open_anywhere(path)?;
            let log =
                |end: &str| host.read(&format!("{path}{end}"), log::LOG_BYTES_MAX).map(|reading| reading.bytes).ok();
            let logs = || [".LOG", ".LOG1", ".LOG2"].into_iter().filter_map(log).collect();
            let source = || io::Error::new(io::ErrorKind::InvalidData, "it is no hive of a registry");
            let hive = Hive::open(file, logs)
                .ok_or_else(|| AccessError::Unreadable { path: path.to_owned(), source: source() })?;
            if self.hives.len() >= OPEN_MAX {
                self.hives.pop_first();
            }
            self.hives.insert(path.to_owned(), hive);
        }
        self.hives.get_mut(path).ok_or_else(missing)
    }
}

/// The names of the list of profiles within its hive, which is what is below `HKLM/SOFTWARE`.
fn profile_list<'a>() -> impl Iterator<Item = &'a str> {
    PROFILE_LIST.split('/').skip(2)
}
