//! Cards and chips on PCI: what each is, who built it, which driver serves it (Linux, `Documentation/ABI/testing/sysfs-bus-pci`).
//! It does not know bridges, what belongs to every chipset, the virtual functions of a card, or firmware on a card.
//! Invariant: nothing but the kernel's files is read, no register of a device; link speed, power state and errors enter nowhere.

use super::hardware::names::Names;
use super::{Collected, Collector, Gather};
use crate::access::Host;
use daicho_schemas::fact::observation::{Hardware, HardwarePart, Observation};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeSet;

const DEVICES: &str = "/sys/bus/pci/devices";
/// The largest servers show some thousand functions, most of them of the processors themselves.
const DEVICES_MAX: usize = 50_000;
/// Base classes (PCI Code and ID Assignment) that say how a board is wired: memory controllers, bridges, system peripherals,
/// and counters of the processors.
const WIRING: &[&str] = &["05", "06", "08", "11"];
/// Of memory controllers, one is a card (CXL); of serial buses, these are part of every board: USB, SMBus, and what has no name.
const CXL: &str = "0502";
const BOARD_BUSES: &[&str] = &["0c03", "0c05", "0c80"];

/// Collects devices on PCI.
pub(crate) struct PciDevicesCollector;

impl Collector for PciDevicesCollector {
    fn id(&self) -> &'static str {
        "pci_devices"
    }

    fn about(&self) -> Text {
        Text::new(
            "PCI のカードとチップ（ブリッジ、チップセットの部品、仮想ファンクションを除く）",
            "cards and chips on PCI, but for bridges, parts of the chipset and virtual functions",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            DEVICES,
            "/sys/bus/pci/devices/*/class",
            "/sys/bus/pci/devices/*/physfn",
            "/sys/bus/pci/devices/*/vendor",
            "/sys/bus/pci/devices/*/device",
            "/sys/bus/pci/devices/*/subsystem_vendor",
            "/sys/bus/pci/devices/*/subsystem_device",
            "/sys/bus/pci/devices/*/revision",
            "/sys/bus/pci/devices/*/driver",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &["netlink:devices/pci"]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let (mut gather, slots) = match of_bus(host, DEVICES) {
            Ok(found) => found,
            Err(answer) => return answer,
        };
        let found = slots.iter().filter_map(|slot| look_at(&mut gather, host, slot)).collect();
        put(&mut gather, found);
        gather.finish()
    }
}

/// The devices on a bus, by their names there; a machine or kernel without the bus has no such folder.
pub(super) fn of_bus(host: &dyn Host, folder: &str) -> Result<(Gather, Vec<String>), Collected> {
    let mut gather = Gather::new();
    if !host.is_live() {
        let text = "hardware is only known on the running machine";
        return Err(gather.finish_failed(Trouble::new(TroubleKind::NotObservable, folder, text)));
    }
    match host.list(folder, DEVICES_MAX) {
        Ok(listing) => {
            gather.source(folder);
            if listing.cut {
                gather.miss_rest(folder);
            }
            Ok((gather, listing.names))
        }
        Err(error) if error.is_missing() => Err(gather.finish_not_applicable()),
        Err(error) => Err(gather.finish_failed(error.to_trouble())),
    }
}

/// Adds devices by the names of their numbers.
pub(super) fn put(gather: &mut Gather, found: Vec<Found>) {
    let keys: BTreeSet<String> = found.iter().flat_map(Found::keys).collect();
    let names = Names::of_pci(&keys);
    for device in found {
        let read_from = device.read_from.clone();
        gather.item(&read_from, Observation::Hardware(device.named(&names)));
    }
}

/// Whether what has this class and subclass (`0200`) belongs to every board, and is no card.
pub(super) fn is_of_board(class: &str) -> bool {
    let is_wiring = WIRING.iter().any(|base| class.starts_with(base)) && class != CXL;
    is_wiring || BOARD_BUSES.contains(&class)
}

/// One function of one device, in numbers: four hexadecimal digits in small letters each, the revision two.
pub(super) struct Found {
    pub(super) slot: String,
    pub(super) read_from: String,
    pub(super) class: String,
    pub(super) vendor: String,
    pub(super) device: String,
    pub(super) subsystem: Option<(String, String)>,
    pub(super) revision: Option<String>,
    pub(super) driver: Option<String>,
}

impl Found {
    fn id(&self) -> String {
        format!("{}:{}", self.vendor, self.device)
    }

    /// What to look up: chip, maker, and the card by name and by maker.
    fn keys(&self) -> Vec<String> {
        let mut keys = vec![self.vendor.clone(), self.id()];
        if let Some((vendor, device)) = &self.subsystem {
            keys.extend([vendor.clone(), format!("{} {vendor}:{device}", self.id())]);
        }
        keys
    }

    fn named(self, names: &Names) -> Hardware {
        let chip = names.get(&self.id());
        let subsystem_id = self.subsystem.as_ref().map(|(vendor, device)| format!("{vendor}:{device}"));
        let card = subsystem_id.as_ref().and_then(|card| names.get(&format!("{} {card}", self.id())));
        // A card that is sold under another name than its chip says so; who built it is told where the two differ.
        let sold_by = self.subsystem.as_ref().filter(|(vendor, _)| *vendor != self.vendor);
        let sold_by = sold_by.and_then(|(vendor, _)| names.get(vendor));
        let details = [card.filter(|card| Some(card) != chip.as_ref()), sold_by].into_iter().flatten().collect();
        Hardware {
            maker: names.get(&self.vendor),
            model: chip,
            device_id: Some(self.id()),
            version: self.revision,
            subsystem_id,
            class: Some(self.class),
            driver: self.driver,
            details,
            ..Hardware::new(HardwarePart::PciDevice, self.slot, self.read_from)
        }
    }
}

fn look_at(gather: &mut Gather, host: &dyn Host, slot: &str) -> Option<Found> {
    let folder = format!("{DEVICES}/{slot}");
    // A device that went since the listing has no class any more.
    let class = number(gather, host, &format!("{folder}/class"), 6)?;
    let class = class.get(..4)?.to_owned();
    if is_of_board(&class) || host.read_link(&format!("{folder}/physfn")).is_ok() {
        return None;
    }
    let mut id = |name: &str, digits| number(gather, host, &format!("{folder}/{name}"), digits);
    let (vendor, device) = (id("vendor", 4)?, id("device", 4)?);
    let subsystem = id("subsystem_vendor", 4).zip(id("subsystem_device", 4));
    // 0000 is what a card without any has.
    let subsystem = subsystem.filter(|(vendor, _)| vendor != "0000");
    let revision = id("revision", 2).filter(|revision| revision != "00");
    let driver = driver(host, &folder);
    Some(Found { slot: slot.to_owned(), read_from: folder, class, vendor, device, subsystem, revision, driver })
}

/// The driver that a link names.
pub(super) fn driver(host: &dyn Host, folder: &str) -> Option<String> {
    let target = host.read_link(&format!("{folder}/driver")).ok()?;
    target.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned)
}

/// A number of the kernel (`0x8086`) without its sign; what is none is named and left out.
pub(super) fn number(gather: &mut Gather, host: &dyn Host, path: &str, digits: usize) -> Option<String> {
    let value = gather.value(host, path)?;
    let number = value.strip_prefix("0x").unwrap_or(&value).to_ascii_lowercase();
    if number.len() == digits && number.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(number);
    }
    gather.miss(Trouble::new(TroubleKind::Malformed, path, "this is no number of a device; the device is not listed"));
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use crate::collect::golden;
    use daicho_schemas::batch::Outcome;

    fn sample(name: &str) -> RecordedHost {
        golden::running(&PciDevicesCollector, name, Machine::default())
    }

    #[test]
    fn samples_give_their_goldens_from_documented_places_only() {
        let (rack, guest) = (sample("rack_server"), sample("kvm_guest"));
        for (name, host) in [("rack_server", &rack), ("kvm_guest", &guest)] {
            let collected = golden::check(&PciDevicesCollector, name, host);
            assert_eq!((collected.outcome, collected.troubles), (Outcome::Complete, Vec::new()), "{name}");
        }
        golden::every_documented_place(&PciDevicesCollector, &[&rack, &guest]);
    }

    /// Cards are told by name; bridges, the chipset's own and the virtual functions of a card are not there.
    #[test]
    fn cards_are_listed_and_wiring_is_not() {
        let keys: Vec<_> =
            PciDevicesCollector.collect(&sample("rack_server")).items.iter().map(Observation::key).collect();
        assert_eq!(keys, ["pci:0000:02:00.0", "pci:0000:18:00.0", "pci:0000:18:00.1", "pci:0000:3b:00.0"]);
    }

    #[test]
    fn what_is_no_number_is_named_and_a_board_without_pci_is_not_applicable() {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("sys/bus/pci/devices/0000:00:01.0");
        std::fs::create_dir_all(&device).unwrap();
        for (name, value) in [("class", "0x020000"), ("vendor", "0x80"), ("device", "0x1572")] {
            std::fs::write(device.join(name), value).unwrap();
        }
        let collected = PciDevicesCollector.collect(&RecordedHost::running(folder.path(), Machine::default()));
        assert_eq!((collected.outcome, collected.items.len()), (Outcome::Partial, 0));
        assert_eq!(collected.troubles[0].kind, TroubleKind::Malformed);
        let empty = tempfile::tempdir().unwrap();
        let collected = PciDevicesCollector.collect(&RecordedHost::running(empty.path(), Machine::default()));
        assert_eq!(collected.outcome, Outcome::NotApplicable);
    }
}
