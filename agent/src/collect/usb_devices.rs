//! Devices on USB: what each says of itself (Linux, `Documentation/ABI/testing/sysfs-bus-usb`).
//! It does not know hubs, what is stored on a device, or who plugged it in.
//! Invariant: the number of a telephone or keyboard is nobody's business here: a serial is told of what stores data or holds keys
//! only. Power, speed and bus numbers enter nowhere where a serial tells devices apart.

use super::hardware::names::Names;
use super::hardware::placeholder::is_placeholder;
use super::pci_devices::{driver, number, of_bus};
use super::{Collected, Collector, Gather};
use crate::access::Host;
use daicho_schemas::fact::observation::{Hardware, HardwarePart, Observation};
use daicho_schemas::text::Text;
use std::collections::BTreeSet;

const DEVICES: &str = "/sys/bus/usb/devices";
/// Interface classes (USB-IF, Defined Class Codes).
pub(super) const HUB: &str = "09";
const MASS_STORAGE: &str = "08";
const SMART_CARD: &str = "0b";
/// Interfaces of a device whose own number is told.
pub(super) const NUMBERED: [&str; 2] = [MASS_STORAGE, SMART_CARD];

/// Collects devices on USB.
pub(crate) struct UsbDevicesCollector;

impl Collector for UsbDevicesCollector {
    fn id(&self) -> &'static str {
        "usb_devices"
    }

    fn about(&self) -> Text {
        Text::new(
            "USB 機器（ハブを除く。シリアル番号は記憶装置とスマートカードのみ）",
            "devices on USB but for hubs; serial numbers of storage and smart cards only",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            DEVICES,
            "/sys/bus/usb/devices/*/bDeviceClass",
            "/sys/bus/usb/devices/*/bInterfaceClass",
            "/sys/bus/usb/devices/*/driver",
            "/sys/bus/usb/devices/*/idVendor",
            "/sys/bus/usb/devices/*/idProduct",
            "/sys/bus/usb/devices/*/manufacturer",
            "/sys/bus/usb/devices/*/product",
            "/sys/bus/usb/devices/*/bcdDevice",
            "/sys/bus/usb/devices/*/removable",
            "/sys/bus/usb/devices/*/serial",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &["netlink:devices/usb"]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let (mut gather, names) = match of_bus(host, DEVICES) {
            Ok(found) => found,
            Err(answer) => return answer,
        };
        let devices = names.iter().filter(|name| is_device(name));
        let found: Vec<Hardware> = devices.filter_map(|port| look_at(&mut gather, host, port, &names)).collect();
        for device in named(found) {
            gather.item(DEVICES, Observation::Hardware(device));
        }
        gather.finish()
    }
}

/// `1-4.2` is a device; `usb1` is the root of a bus, `1-4.2:1.0` an interface of a device.
fn is_device(name: &str) -> bool {
    name.contains('-') && !name.contains(':') && name.starts_with(|first: char| first.is_ascii_digit())
}

fn look_at(gather: &mut Gather, host: &dyn Host, port: &str, all: &[String]) -> Option<Hardware> {
    let folder = format!("{DEVICES}/{port}");
    if number(gather, host, &format!("{folder}/bDeviceClass"), 2)? == HUB {
        return None;
    }
    let own = format!("{port}:");
    let (mut classes, mut drivers) = (BTreeSet::new(), BTreeSet::new());
    for interface in all.iter().filter(|name| name.starts_with(&own)) {
        let interface = format!("{DEVICES}/{interface}");
        classes.extend(number(gather, host, &format!("{interface}/bInterfaceClass"), 2));
        drivers.extend(driver(host, &interface));
    }
    let mut id = |name: &str| number(gather, host, &format!("{folder}/{name}"), 4);
    let device_id = format!("{}:{}", id("idVendor")?, id("idProduct")?);
    let mut value = |name: &str| gather.value(host, &format!("{folder}/{name}"));
    let (maker, model, version) = (value("manufacturer"), value("product"), value("bcdDevice"));
    let is_fixed = value("removable").as_deref() == Some("fixed");
    let has_own_number = NUMBERED.iter().any(|class| classes.contains(*class));
    let serial = if has_own_number { value("serial") } else { None };
    let serial_is_placeholder = serial.as_deref().is_some_and(is_placeholder);
    // With a serial of its own a device is the same wherever it is plugged in.
    let slot = match serial.as_ref().filter(|_| !serial_is_placeholder) {
        Some(serial) => format!("{device_id} {serial}"),
        None => format!("{device_id} {port}"),
    };
    let words = |set: BTreeSet<String>| (!set.is_empty()).then(|| set.into_iter().collect::<Vec<_>>().join(" "));
    Some(Hardware {
        maker,
        model,
        version,
        serial,
        serial_is_placeholder,
        device_id: Some(device_id),
        class: words(classes),
        driver: words(drivers),
        details: if is_fixed { vec!["fixed".to_owned()] } else { Vec::new() },
        ..Hardware::new(HardwarePart::UsbDevice, slot, DEVICES)
    })
}

/// Names for those that tell none themselves.
pub(super) fn named(mut found: Vec<Hardware>) -> Vec<Hardware> {
    let nameless = found.iter().filter(|device| device.maker.is_none() || device.model.is_none());
    let ids = nameless.filter_map(|device| device.device_id.clone());
    let keys = ids.flat_map(|id| [id.get(..4).unwrap_or_default().to_owned(), id]).collect();
    let names = Names::of_usb(&keys);
    for device in &mut found {
        let Some(id) = &device.device_id else { continue };
        device.maker = device.maker.take().or_else(|| names.get(id.get(..4)?));
        device.model = device.model.take().or_else(|| names.get(id));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use crate::collect::golden;
    use daicho_schemas::batch::Outcome;

    fn sample() -> RecordedHost {
        golden::running(&UsbDevicesCollector, "operator_panel", Machine::default())
    }

    fn devices(collected: &Collected) -> Vec<&Hardware> {
        let parts = collected.items.iter().map(|item| match item {
            Observation::Hardware(part) => part,
            other => panic!("{}", other.kind()),
        });
        parts.collect()
    }

    #[test]
    fn the_sample_gives_its_golden_from_documented_places_only() {
        let host = sample();
        let collected = golden::check(&UsbDevicesCollector, "operator_panel", &host);
        assert_eq!((collected.outcome, collected.troubles), (Outcome::Complete, Vec::new()));
        golden::every_documented_place(&UsbDevicesCollector, &[&host]);
    }

    /// A stick is told by its serial wherever it is plugged in; a telephone's number is not read at all.
    #[test]
    fn serials_of_storage_only() {
        let host = sample();
        let collected = UsbDevicesCollector.collect(&host);
        let serials: Vec<_> =
            devices(&collected).iter().map(|device| (device.slot.as_str(), device.serial.as_deref())).collect();
        assert_eq!(
            serials,
            [
                ("046d:c31c 1-3", None),
                ("04e8:6860 1-4", None),
                ("0781:5581 EXAMPLE0001", Some("EXAMPLE0001")),
                ("0b1f:0c1f 1-5", Some("000000000000")),
            ]
        );
        assert!(!host.accesses().iter().any(|path| path == "/sys/bus/usb/devices/1-4/serial"));
    }

    #[test]
    fn names_come_from_the_list_where_a_device_has_none() {
        let collected = UsbDevicesCollector.collect(&sample());
        let keyboard = devices(&collected)[0];
        assert_eq!(keyboard.maker.as_deref(), Some("Logitech, Inc."));
        assert!(keyboard.model.as_deref().unwrap().contains("K120"), "{keyboard:?}");
    }
}
