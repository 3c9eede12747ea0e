//! Devices on USB as Windows lists them (`Enum\USB`): the same facts as on Linux.
//! It does not know hubs, what is stored on a device, or who plugged it in; nor what a device calls itself, which Windows keeps to itself.
//! Invariant: the list keeps every device that ever was plugged in; one that is not there is not told. A device's own number is told of what
//! stores data or holds keys only.
//!
//! Microsoft, "Standard USB Identifiers": `USB\VID_v(4)&PID_d(4)&REV_r(4)`, `&MI_z(2)` for an interface of a device that has several,
//! `USB\Class_c(2)&…`; "Instance IDs": one whose second character is `&` was made by Windows.

use super::super::hardware::placeholder::is_placeholder;
use super::super::usb_devices::{HUB, NUMBERED, named};
use super::super::{Collected, Collector, Gather};
use super::devices::{self, Device, ENUM};
use crate::access::{Host, Platform};
use daicho_schemas::fact::observation::{Hardware, HardwarePart, Observation};
use daicho_schemas::text::Text;
use std::collections::BTreeSet;

/// The devices on USB.
const USB: &str = "HKLM/SYSTEM/CurrentControlSet/Enum/USB";

/// Collects devices on USB.
pub(in crate::collect) struct UsbDevicesCollector;

impl Collector for UsbDevicesCollector {
    fn id(&self) -> &'static str {
        "usb_devices"
    }

    fn about(&self) -> Text {
        Text::new(
            "USB 機器（ハブを除く。今あるもののみ。シリアル番号は記憶装置とスマートカードのみ）",
            "devices on USB that are there, but for hubs; serial numbers of storage and smart cards only",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn lacks(&self) -> Option<Text> {
        Some(Text::new(
            "ドライバーのない機器、無効にした機器、機器自身が名乗る名前は不明",
            "devices without a driver, those that are switched off, and what a device calls itself, are not told",
        ))
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            ENUM,
            USB,
            "HKLM/SYSTEM/CurrentControlSet/Enum/USB/*",
            "HKLM/SYSTEM/CurrentControlSet/Enum/USB/*/*",
            "HKLM/SYSTEM/CurrentControlSet/Enum/USB/*/*/Properties/{83da6326-97a6-4088-9453-a1923f573b29}/*",
            devices::ROOT_ARRIVAL,
            devices::SERVED,
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[USB]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let devices = match devices::of_buses(&mut gather, host, &["USB"], |_| true) {
            Ok(devices) => devices,
            Err(trouble) => return gather.finish_failed(trouble),
        };
        let found = devices.iter().filter_map(|device| part(&mut gather, device, &devices)).collect();
        for device in named(found) {
            gather.item(USB, Observation::Hardware(device));
        }
        gather.finish()
    }
}

fn part(gather: &mut Gather, device: &Device, all: &[Device]) -> Option<Hardware> {
    if device.id.contains("&MI_") {
        return None;
    }
    let (vendor, product) = (id_part(&device.id, "VID_")?, id_part(&device.id, "PID_")?);
    let device_id = format!("{vendor}:{product}");
    let interfaces = all.iter().filter(|other| other.id.starts_with(&format!("{}&MI_", device.id)));
    let (mut classes, mut drivers) = (classes(device), BTreeSet::from_iter(device.driver()));
    for interface in interfaces {
        classes.extend(self::classes(interface));
        drivers.extend(interface.driver());
    }
    if classes.contains(HUB) {
        return None;
    }
    let number = Some(device.instance.as_str()).filter(|instance| instance.chars().nth(1) != Some('&'));
    let has_own_number = NUMBERED.iter().any(|class| classes.contains(*class));
    let serial = number.filter(|_| has_own_number).map(|number| gather.text(USB, number.as_bytes()));
    let serial_is_placeholder = serial.as_deref().is_some_and(is_placeholder);
    // With a serial of its own a device is the same wherever it is plugged in. A number that is nobody's business is no name either.
    let port = match (&serial, number) {
        (Some(serial), _) if !serial_is_placeholder => serial.clone(),
        (_, None) => device.location().unwrap_or(&device.instance).to_owned(),
        (_, Some(_)) => device.location().unwrap_or("?").to_owned(),
    };
    let version = device.ids().iter().find_map(|id| id_part(id, "REV_"));
    let words = |set: BTreeSet<String>| (!set.is_empty()).then(|| set.into_iter().collect::<Vec<_>>().join(" "));
    let slot = gather.text(USB, format!("{device_id} {port}").as_bytes());
    Some(Hardware {
        version,
        serial,
        serial_is_placeholder,
        device_id: Some(device_id),
        class: words(classes),
        driver: words(drivers).map(|drivers| gather.text(USB, drivers.as_bytes())),
        ..Hardware::new(HardwarePart::UsbDevice, slot, USB)
    })
}

/// Four hexadecimal digits behind a name, in small letters.
pub(super) fn id_part(id: &str, name: &str) -> Option<String> {
    let value = id.split(['\\', '&']).find_map(|part| {
        part.get(..name.len()).filter(|head| head.eq_ignore_ascii_case(name)).and(part.get(name.len()..))
    })?;
    (value.len() == 4 && value.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| value.to_ascii_lowercase())
}

/// Its interface classes; of a device with several interfaces, those have their own.
fn classes(device: &Device) -> BTreeSet<String> {
    let ids = device.ids();
    let classes = ids.iter().filter_map(|id| id.strip_prefix("USB\\CLASS_")?.get(..2).map(str::to_ascii_lowercase));
    classes.filter(|class| class.bytes().all(|byte| byte.is_ascii_hexdigit())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::golden;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check_running(&UsbDevicesCollector, &["server_2022"]);
        let keys = |machine: &str| all[machine].items.iter().map(Observation::key).collect::<Vec<_>>();
        assert_eq!(
            keys("server_2019"),
            ["usb:046d:c31c Port_#0003.Hub_#0001", "usb:0781:5581 EXAMPLE0001"],
            "neither hubs nor a stick that was taken out"
        );
        assert_eq!(
            keys("windows_11"),
            ["usb:04e8:6860 Port_#0004.Hub_#0001", "usb:0572:1329 Port_#0011.Hub_#0001"],
            "interfaces are no devices"
        );
        let text = format!("{:?}", all["windows_11"]);
        assert!(!text.contains("EXAMPLETELEPHONE"), "the number of a telephone is nobody's business: {text}");
        assert_eq!(keys("server_2022"), ["usb:0781:5581 EXAMPLE0002"]);
    }
}
