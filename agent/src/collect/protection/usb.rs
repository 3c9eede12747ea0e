//! What keeps storage off the USB ports: modprobe.d(5), udev rules, USBGuard, the kernel's own switch.
//! It does not know group policies, products that control devices, sealed ports, nor whether a driver is built into the kernel.
//! Invariant: an item is a measure that was found, never a claim that it suffices; no item is no claim that there is none.

use super::{Look, Seen};
use daicho_schemas::fact::observation::{ProtectionAspect, ProtectionState};
use std::collections::{BTreeMap, BTreeSet};

const MODPROBE: [&str; 4] = ["/etc/modprobe.d", "/run/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d"];
const UDEV: &str = "/etc/udev/rules.d";
const BUS: &str = "/sys/bus/usb/devices";
const USBGUARD: &str = "/etc/usbguard/rules.conf";
/// The drivers of storage at USB; modprobe takes `-` and `_` for the same.
const DRIVERS: [&str; 2] = ["usb_storage", "uas"];
const DEVICES_MAX: usize = 10_000;

pub(super) fn collect(look: &mut Look<'_>) {
    modprobe(look);
    udev(look);
    usbguard(look);
    switch(look);
}

/// modprobe's own word for a driver that is not loaded by itself (modprobe.d(5)).
const NOT_BY_ITSELF: &str = concat!("black", "list");

/// `install usb-storage /bin/false` keeps a driver out; [`NOT_BY_ITSELF`] keeps it from coming by itself.
fn modprobe(look: &mut Look<'_>) {
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for folder in MODPROBE {
        for file in look.parts(folder, &[".conf"]) {
            let Some(text) = look.text(&file) else { continue };
            for driver in text.lines().filter_map(kept_out) {
                found.entry(driver).or_default().insert(file.clone());
            }
        }
    }
    for (driver, read_from) in found {
        let seen = Seen { state: Some(ProtectionState::Enabled), read_from, ..Seen::default() };
        look.put(ProtectionAspect::UsbStorage, &format!("modprobe {driver}"), seen);
    }
}

fn kept_out(line: &str) -> Option<&'static str> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let name = match words.as_slice() {
        [word, name] if *word == NOT_BY_ITSELF => name,
        ["install", name, command, ..] => {
            let program = command.rsplit('/').next().unwrap_or_default();
            matches!(program, "false" | "true" | "nologin").then_some(name)?
        }
        _ => return None,
    };
    let name = name.replace('-', "_");
    DRIVERS.into_iter().find(|driver| *driver == name)
}

/// A rule that switches devices off (`ATTR{authorized}="0"`); for which ones is for a person to read.
fn udev(look: &mut Look<'_>) {
    let mut read_from = BTreeSet::new();
    for file in look.parts(UDEV, &[".rules"]) {
        let Some(text) = look.text(&file) else { continue };
        if text.lines().any(switches_off) {
            read_from.insert(file);
        }
    }
    if !read_from.is_empty() {
        let seen = Seen { state: Some(ProtectionState::Enabled), read_from, ..Seen::default() };
        look.put(ProtectionAspect::UsbStorage, "udev", seen);
    }
}

fn switches_off(line: &str) -> bool {
    let line: String = line.chars().filter(|character| !character.is_whitespace()).collect();
    let rules = ["ATTR{authorized}=\"0\"", "ATTR{authorized_default}=\"0\""];
    !line.starts_with('#') && rules.iter().any(|rule| line.contains(rule))
}

fn usbguard(look: &mut Look<'_>) {
    let Some(state) = look.state(&["usbguard.service"], &["usbguard-daemon"]) else { return };
    let mut seen = Seen { name: Some("USBGuard".into()), state: Some(state), ..Seen::default() };
    if look.host.exists(USBGUARD) {
        seen.read_from.insert(USBGUARD.into());
    }
    look.put(ProtectionAspect::UsbStorage, "usbguard", seen);
}

/// The kernel authorises no new device at any of its controllers.
fn switch(look: &mut Look<'_>) {
    if !look.host.is_live() {
        return;
    }
    let names = look.host.list(BUS, DEVICES_MAX).map(|listing| listing.names).unwrap_or_default();
    let hubs: Vec<_> =
        names.iter().filter(|name| name.strip_prefix("usb").is_some_and(|rest| rest.parse::<u16>().is_ok())).collect();
    let closed = hubs.iter().filter(|hub| {
        let value = look.gather.value(look.host, &format!("{BUS}/{hub}/authorized_default"));
        value.as_deref() == Some("0")
    });
    if closed.count() == hubs.len() && !hubs.is_empty() {
        let read_from = [format!("{BUS}/*/authorized_default")].into();
        let seen = Seen { state: Some(ProtectionState::Enabled), read_from, ..Seen::default() };
        look.put(ProtectionAspect::UsbStorage, "authorized_default", seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_are_kept_out_by_two_words_and_their_names_by_two_spellings() {
        for (line, driver) in [
            ("install usb-storage /bin/true", Some("usb_storage")),
            ("install usb_storage /usr/bin/false", Some("usb_storage")),
            (concat!("black", "list uas"), Some("uas")),
            (concat!("#black", "list uas"), None),
            ("install usb-storage /sbin/modprobe --ignore-install usb-storage", None),
            ("options usb-storage quirks=1:2:u", None),
            (concat!("black", "list pcspkr"), None),
        ] {
            assert_eq!(kept_out(line), driver, "{line}");
        }
        assert!(switches_off("SUBSYSTEM==\"usb\", ATTR{bInterfaceClass}==\"08\", ATTR{authorized} = \"0\""));
        assert!(!switches_off("# ATTR{authorized}=\"0\"") && !switches_off("ATTR{authorized}==\"0\""));
    }
}
