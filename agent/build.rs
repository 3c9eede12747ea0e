//! Packs the names of PCI and USB devices (pci.ids, usb.ids, by way of two crates) into two small files for the agent.
//! It does not know which devices there are; the collectors look names up in what it packed.
//! Invariant: the same crates give the same bytes, in order of their keys; the crates themselves do not reach the agent.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs, io};

/// Best ratio that unpacks with a window of 1 MiB: the agent unpacks while it looks, and keeps nothing.
const LEVEL: i32 = 19;
const WINDOW_LOG: u32 = 20;

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    let folder = env::var("OUT_DIR").map_err(io::Error::other)?;
    write(&Path::new(&folder).join("pci_names.zst"), &pci())?;
    write(&Path::new(&folder).join("usb_names.zst"), &usb())
}

/// `VENDOR`, `VENDOR:DEVICE` and `VENDOR:DEVICE SUBVENDOR:SUBDEVICE`, in hexadecimal, with their names.
fn pci() -> BTreeMap<String, &'static str> {
    let mut names = BTreeMap::new();
    for vendor in pci_ids::Vendors::iter() {
        names.insert(format!("{:04x}", vendor.id()), vendor.name());
        for device in vendor.devices() {
            let key = format!("{:04x}:{:04x}", vendor.id(), device.id());
            for card in device.subsystems() {
                names.insert(format!("{key} {:04x}:{:04x}", card.subvendor(), card.subdevice()), card.name());
            }
            names.insert(key, device.name());
        }
    }
    names
}

fn usb() -> BTreeMap<String, &'static str> {
    let mut names = BTreeMap::new();
    for vendor in usb_ids::Vendors::iter() {
        names.insert(format!("{:04x}", vendor.id()), vendor.name());
        for device in vendor.devices() {
            names.insert(format!("{:04x}:{:04x}", vendor.id(), device.id()), device.name());
        }
    }
    names
}

/// One line each: key, tabulator, name.
fn write(file: &Path, names: &BTreeMap<String, &'static str>) -> io::Result<()> {
    let text: String = names.iter().map(|(key, name)| format!("{key}\t{name}\n")).collect();
    let mut encoder = zstd::Encoder::new(Vec::new(), LEVEL)?;
    encoder.window_log(WINDOW_LOG)?;
    io::copy(&mut text.as_bytes(), &mut encoder)?;
    fs::write(file, encoder.finish()?)
}
