//! Cards and chips on PCI as Windows lists them (`Enum\PCI`): the same facts as on Linux, by the same numbers and names.
//! It does not know bridges, what belongs to every chipset, or firmware on a card.
//! Invariant: a device that is not there any more is not told, although the list keeps it (`devices.rs`).
//!
//! Microsoft, "Identifiers for PCI Devices": `VEN_v(4)&DEV_d(4)&SUBSYS_s(4)n(4)&REV_r(2)` and `PCI\CC_c(2)s(2)`, all hexadecimal.

use super::super::pci_devices::{Found, is_of_board, put};
use super::super::{Collected, Collector, Gather};
use super::devices::{self, Device, ENUM};
use crate::access::{Host, Platform};
use daicho_schemas::text::Text;

/// The devices on PCI.
const PCI: &str = "HKLM/SYSTEM/CurrentControlSet/Enum/PCI";

/// Collects devices on PCI.
pub(in crate::collect) struct PciDevicesCollector;

impl Collector for PciDevicesCollector {
    fn id(&self) -> &'static str {
        "pci_devices"
    }

    fn about(&self) -> Text {
        Text::new(
            "PCI のカードとチップ（ブリッジ、チップセットの部品を除く。今あるもののみ）",
            "cards and chips on PCI that are there, but for bridges and parts of the chipset",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn lacks(&self) -> Option<Text> {
        Some(Text::new(
            "ドライバーのないデバイスと無効にしたデバイスは不明",
            "devices without a driver, and those that are switched off, are not told",
        ))
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            ENUM,
            PCI,
            "HKLM/SYSTEM/CurrentControlSet/Enum/PCI/*",
            "HKLM/SYSTEM/CurrentControlSet/Enum/PCI/*/*",
            "HKLM/SYSTEM/CurrentControlSet/Enum/PCI/*/*/Properties/{83da6326-97a6-4088-9453-a1923f573b29}/*",
            devices::ROOT_ARRIVAL,
            devices::SERVED,
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[PCI]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        match devices::of_buses(&mut gather, host, &["PCI"], |_| true) {
            Ok(devices) => {
                put(&mut gather, devices.iter().filter_map(found).filter(|one| !is_of_board(&one.class)).collect())
            }
            Err(trouble) => return gather.finish_failed(trouble),
        }
        gather.finish()
    }
}

/// A device by its numbers; none for what has no vendor or class.
pub(super) fn found(device: &Device) -> Option<Found> {
    let part = |name: &str, digits: usize| {
        let value = device.id.split('&').find_map(|part| part.strip_prefix(name))?;
        let is_number = value.len() == digits && value.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_number.then(|| value.to_ascii_lowercase())
    };
    let class = device.ids().iter().find_map(|id| {
        id.split(['\\', '&']).find_map(|part| Some(part.strip_prefix("CC_")?.get(..4)?.to_ascii_lowercase()))
    })?;
    let subsystem = part("SUBSYS_", 8).and_then(|both| Some((both.get(4..)?.to_owned(), both.get(..4)?.to_owned())));
    Some(Found {
        slot: device.location().and_then(slot_of).unwrap_or_else(|| device.instance.clone()),
        read_from: format!("{PCI}/{}/{}", device.id, device.instance),
        class,
        vendor: part("VEN_", 4)?,
        device: part("DEV_", 4)?,
        // 0000 is what a card without any has.
        subsystem: subsystem.filter(|(vendor, _)| vendor != "0000"),
        revision: part("REV_", 2).filter(|revision| revision != "00"),
        driver: device.driver(),
    })
}

/// `PCI bus 59, device 0, function 1` and `PCI bus %1, device %2, function %3;(59,0,1)` as Linux writes it: `0000:3b:00.1`. What is beyond the
/// numbers of one bus stays as it is: how Windows writes further segments is not documented.
fn slot_of(location: &str) -> Option<String> {
    let numbers = location.rsplit_once(";(").map_or(location, |(_, numbers)| numbers);
    if numbers.contains('%') {
        return None;
    }
    let mut numbers = numbers.split(|byte: char| !byte.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let mut next = |max: u32| numbers.next()?.parse::<u32>().ok().filter(|number| *number <= max);
    let (bus, device, function) = (next(255)?, next(31)?, next(7)?);
    Some(format!("0000:{bus:02x}:{device:02x}.{function}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::golden;
    use daicho_schemas::batch::Outcome;
    use daicho_schemas::fact::observation::Observation;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check_running(&PciDevicesCollector, &["server_2022"]);
        let keys = |machine: &str| all[machine].items.iter().map(Observation::key).collect::<Vec<_>>();
        assert_eq!(keys("server_2019"), ["pci:0000:02:00.0", "pci:0000:3b:00.0"], "one was taken out, one is a bridge");
        assert_eq!(all["server_2019"].outcome, Outcome::Complete);
        assert_eq!(
            keys("server_2022"),
            ["pci:0000:3b:00.0"],
            "of a volume: not what left, nor what came before the last start"
        );
        assert_eq!(all["server_2022"].outcome, Outcome::Partial);
        assert_eq!(all["xp"].outcome, Outcome::Failed);
    }

    #[test]
    fn places_on_the_bus_are_written_as_linux_does() {
        assert_eq!(slot_of("PCI bus 59, device 0, function 1").as_deref(), Some("0000:3b:00.1"));
        assert_eq!(slot_of("PCI bus %1, device %2, function %3;(0,31,3)").as_deref(), Some("0000:00:1f.3"));
        for odd in
            ["", "PCI Slot 3", "PCI bus %1, device %2, function %3", "(0,32,0)", "(65536,0,0)", "(99999999999,0,0)"]
        {
            assert_eq!(slot_of(odd), None, "{odd}");
        }
    }
}
