//! Devices as Windows lists them (`SYSTEM\CurrentControlSet\Enum`), and which of them are there.
//! It does not know what a device is for. Serial numbers and names are left to the collectors.
//! Invariant: the list keeps every device that ever was there; one is told as there only where something says so. On the running machine that
//! is its driver's own list of the devices that it serves; of a volume it is the time of its last arrival, held against that of its last
//! removal and against the last start.
//!
//! Microsoft, "HKLM\SYSTEM\CurrentControlSet\Enum Registry Tree" and "Services\service-name\Enum" (Windows makes it anew at each start);
//! `DEVPKEY_Device_LastArrivalDate` and `…LastRemovalDate` (Windows 8 and later): properties 0066 and 0067.

use super::super::Gather;
use super::services::SERVICES;
use crate::access::Host;
use crate::access::registry::{RegistryKey, RegistryValue, folded};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::{BTreeMap, BTreeSet};

/// Buses, below each the sorts of devices, below each the devices.
pub(super) const ENUM: &str = "HKLM/SYSTEM/CurrentControlSet/Enum";
/// The root of all devices of a machine with ACPI: it arrives first at each start.
pub(super) const ROOT_ARRIVAL: &str =
    "HKLM/SYSTEM/CurrentControlSet/Enum/ACPI_HAL/PNP0C08/0/Properties/{83da6326-97a6-4088-9453-a1923f573b29}/0066";
/// Which devices a driver serves now.
pub(super) const SERVED: &str = "HKLM/SYSTEM/CurrentControlSet/Services/*/Enum";
/// Devices that are looked at on one bus; a host of many years has some hundreds.
const DEVICES_MAX: usize = 20_000;
/// `CONFIGFLAG_DISABLED`.
const IS_OFF: u64 = 0x1;
/// Where the times of a device lie below its key.
const TIMES: &str = "Properties/{83da6326-97a6-4088-9453-a1923f573b29}";

/// Setup classes of devices (Microsoft, "System-Defined Device Setup Classes").
pub(super) mod class {
    pub(in super::super) const DISK: &str = "{4d36e967-e325-11ce-bfc1-08002be10318}";
    pub(in super::super) const NETWORK: &str = "{4d36e972-e325-11ce-bfc1-08002be10318}";
    pub(in super::super) const MODEM: &str = "{4d36e96d-e325-11ce-bfc1-08002be10318}";
}

/// One device that is there.
pub(super) struct Device {
    /// `PCI`, `USB`.
    bus: String,
    /// `VEN_8086&DEV_1572&SUBSYS_…`.
    pub(super) id: String,
    /// What tells two of the same sort apart: a number of the device's own, or one that Windows made (`4&1a2b&0&00E0`).
    pub(super) instance: String,
    key: RegistryKey,
}

impl Device {
    /// As Windows writes it: `PCI\VEN_8086&DEV_1572\3&11583659&0&FA`.
    pub(super) fn path(&self) -> String {
        format!("{}\\{}\\{}", self.bus, self.id, self.instance)
    }

    /// The service of its driver.
    pub(super) fn driver(&self) -> Option<String> {
        self.key.text("Service").map(str::to_owned)
    }

    /// Its ids, the most exact first, then what it is compatible with; in capitals.
    pub(super) fn ids(&self) -> Vec<String> {
        ["HardwareID", "CompatibleIDs"].iter().flat_map(|name| self.key.texts(name)).map(str::to_uppercase).collect()
    }

    /// A text of its key. Of one that stands in a file of Windows (`@disk.inf,%x%;Disk drive`), the words at its end.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let text = self.key.text(name)?;
        if !text.starts_with('@') {
            return Some(text);
        }
        text.split_once(';').map(|(_, words)| words)
    }

    /// Where it is plugged in, as its bus says.
    pub(super) fn location(&self) -> Option<&str> {
        self.text("LocationInformation")
    }

    /// Whether it is of a setup class.
    pub(super) fn is_of(&self, class: &str) -> bool {
        self.key.text("ClassGUID").is_some_and(|found| found.eq_ignore_ascii_case(class))
    }
}

/// The devices on some buses, or on any where none is named, that are there and are asked for. A registry without any list of devices is a
/// trouble.
pub(super) fn of_buses(
    gather: &mut Gather,
    host: &dyn Host,
    buses: &[&str],
    is_asked_for: impl Fn(&Device) -> bool,
) -> Result<Vec<Device>, Trouble> {
    let Some(all) = gather.key(host, ENUM) else {
        let text = "the registry has no list of devices; if this is a Windows, its SYSTEM hive was not read";
        return Err(Trouble::new(TroubleKind::Missing, ENUM, text));
    };
    let is_named = |bus: &&String| buses.is_empty() || buses.iter().any(|named| bus.eq_ignore_ascii_case(named));
    let named: Vec<&String> = all.keys.iter().filter(is_named).collect();
    let mut presence = Presence::new(gather, host);
    let looked_at = look(gather, host, &named, &mut presence, is_asked_for);
    presence.say(gather, looked_at.iter().filter(|(_, is_there)| is_there.is_none()).count());
    Ok(looked_at.into_iter().filter_map(|(device, is_there)| (is_there == Some(true)).then_some(device)).collect())
}

/// The devices that are not there any more, as far as something says so. Of a registry without any list nothing does.
pub(super) fn gone(gather: &mut Gather, host: &dyn Host, is_asked_for: impl Fn(&Device) -> bool) -> Vec<Device> {
    let all = gather.subkey(host, ENUM).unwrap_or_default();
    let mut presence = Presence::new(gather, host);
    let looked_at = look(gather, host, &all.keys.iter().collect::<Vec<_>>(), &mut presence, is_asked_for);
    looked_at.into_iter().filter_map(|(device, is_there)| (is_there == Some(false)).then_some(device)).collect()
}

/// Every device on some buses that is asked for, and whether it is there; none where nothing says so.
fn look(
    gather: &mut Gather,
    host: &dyn Host,
    buses: &[&String],
    presence: &mut Presence,
    is_asked_for: impl Fn(&Device) -> bool,
) -> Vec<(Device, Option<bool>)> {
    let mut found = Vec::new();
    for bus in buses {
        let place = format!("{ENUM}/{bus}");
        let mut left = DEVICES_MAX;
        for id in gather.key(host, &place).map(|list| list.keys).unwrap_or_default() {
            let instances = gather.subkey(host, &format!("{place}/{id}")).map(|list| list.keys).unwrap_or_default();
            for instance in instances {
                if left == 0 {
                    break;
                }
                left -= 1;
                let Some(key) = gather.subkey(host, &format!("{place}/{id}/{instance}")) else { continue };
                let device = Device { bus: (*bus).clone(), id: id.clone(), instance, key };
                if is_asked_for(&device) {
                    let is_there = presence.of(gather, host, &device);
                    found.push((device, is_there));
                }
            }
        }
        if left == 0 {
            gather.miss_rest(&place);
        }
    }
    found
}

/// What says whether a device is there.
enum Presence {
    /// The devices that each driver serves now, by the driver's service; none for a driver that serves nothing.
    Served(BTreeMap<String, Option<BTreeSet<String>>>),
    /// When Windows last started, as a FILETIME; none where nothing says so.
    Since(Option<u64>),
}

impl Presence {
    fn new(gather: &mut Gather, host: &dyn Host) -> Self {
        match host.is_live() {
            true => Self::Served(BTreeMap::new()),
            false => Self::Since(gather.subkey(host, ROOT_ARRIVAL).as_ref().and_then(time)),
        }
    }

    fn of(&mut self, gather: &mut Gather, host: &dyn Host, device: &Device) -> Option<bool> {
        match self {
            Self::Served(served) => {
                // One that is switched off is served by nobody, and may be there.
                if device.key.number("ConfigFlags").is_some_and(|flags| flags & IS_OFF != 0) {
                    return None;
                }
                let driver = device.key.text("Service")?;
                let devices = served.entry(folded(driver)).or_insert_with(|| {
                    let list = gather.subkey(host, &format!("{SERVICES}/{driver}/Enum"))?;
                    let texts = list.values.iter().filter_map(|(_, value)| match value {
                        RegistryValue::Text(path) => Some(folded(path)),
                        _ => None,
                    });
                    Some(texts.collect())
                });
                Some(devices.as_ref().is_some_and(|devices| devices.contains(&folded(&device.path()))))
            }
            Self::Since(start) => {
                let times = format!("{ENUM}/{}/{}/{}/{TIMES}", device.bus, device.id, device.instance);
                let mut at = |number: &str| gather.subkey(host, &format!("{times}/{number}")).as_ref().and_then(time);
                let (arrived, removed) = (at("0066")?, at("0067"));
                let is_removed = removed.is_some_and(|removed| removed >= arrived);
                Some(arrived >= (*start)? && !is_removed)
            }
        }
    }

    fn say(&self, gather: &mut Gather, unknown: usize) {
        match self {
            // No driver at all that serves anything is no machine, but a Windows that writes its lists elsewhere.
            Self::Served(served) if !served.is_empty() && served.values().all(Option::is_none) => {
                let text = "no driver says which devices it serves, so which are there is not known";
                gather.miss(Trouble::new(TroubleKind::NotObservable, ENUM, text));
            }
            Self::Served(_) if unknown > 0 => {
                let text = format!(
                    "{unknown} devices have no driver or are switched off, and whether they are there is not told; they are not listed"
                );
                gather.remark(Trouble::new(TroubleKind::NotObservable, ENUM, text));
            }
            Self::Served(_) => {}
            Self::Since(_) => {
                let text = format!(
                    "which devices are there is only known on the running machine; listed are those that arrived when this Windows last ran \
                     and were not seen to leave, and of {unknown} nothing tells it"
                );
                gather.miss(Trouble::new(TroubleKind::NotObservable, ENUM, text));
            }
        }
    }
}

/// The time in a property.
fn time(key: &RegistryKey) -> Option<u64> {
    Some(u64::from_le_bytes(<[u8; 8]>::try_from(key.bytes("")?).ok()?)).filter(|time| *time > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};

    fn told(registry: &str) -> (Vec<String>, crate::collect::Collected) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("registry.reg"), registry).unwrap();
        let host = RecordedHost::running(folder.path(), Machine::default());
        let mut gather = Gather::new();
        let devices = of_buses(&mut gather, &host, &[], |_| true).unwrap();
        (devices.iter().map(Device::path).collect(), gather.finish())
    }

    #[test]
    fn a_device_counts_where_its_driver_names_it() {
        let enumerated = "[HKLM\\SYSTEM\\CurrentControlSet\\Enum\\USB\\A\\1]\n\"Service\"=\"x\"\n\
                          [HKLM\\SYSTEM\\CurrentControlSet\\Enum\\USB\\A\\2]\n\"Service\"=\"X\"\n";
        let served = "[HKLM\\SYSTEM\\CurrentControlSet\\Services\\x\\Enum]\n\"0\"=\"usb\\\\a\\\\2\"\n";
        let (devices, collected) = told(&format!("{enumerated}{served}"));
        assert_eq!((devices, collected.troubles), (vec!["USB\\A\\2".to_owned()], Vec::new()));
        let (devices, collected) = told(enumerated);
        assert!(devices.is_empty());
        assert_eq!(collected.outcome, daicho_schemas::batch::Outcome::Partial, "nothing told is not nothing there");
    }
}
