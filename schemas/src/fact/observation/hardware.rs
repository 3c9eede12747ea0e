//! `hardware.v1`: one part of the machine and what it says of itself (SMBIOS, /proc, /sys).
//! It does not know who supplied the machine; maker strings are evidence, not suppliers.
//! Invariant: a placeholder serial ("To Be Filled By O.E.M.") is marked and never an identity; no temperature, speed, counter or
//! load of the moment stands here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which part of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HardwarePart {
    /// The whole machine (SMBIOS type 1), or what is known of it without SMBIOS.
    System,
    /// The main board (SMBIOS type 2).
    Board,
    /// The chassis (SMBIOS type 3).
    Chassis,
    /// BIOS or UEFI firmware (SMBIOS type 0).
    Bios,
    /// Processors of one model.
    Cpu,
    /// Main memory as a whole.
    Memory,
    /// A disk.
    Disk,
    /// A network adapter with a device behind it.
    Nic,
    /// One processor in its socket (SMBIOS type 4).
    Processor,
    /// One memory module in its slot (SMBIOS type 17).
    MemoryModule,
    /// The management controller (BMC; SMBIOS type 38, /sys/class/ipmi). It is a computer of its own with its own network.
    Bmc,
    /// The trusted platform module (SMBIOS type 43, /sys/class/tpm).
    Tpm,
    /// What the maker wrote into the machine for itself (SMBIOS type 11): configurations, models under another brand.
    OemStrings,
    /// A card or chip on PCI, but for bridges and what belongs to the chipset.
    PciDevice,
    /// A device on USB, but for hubs.
    UsbDevice,
    /// The controller or host adapter of disks (/sys/class/scsi_host).
    StorageController,
}

/// One part. What could not be read is absent, never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hardware {
    /// Which part.
    pub part: HardwarePart,
    /// Tells parts of one sort apart: `0`, `sda`, `eth0`.
    pub slot: String,
    /// The maker as the part spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// The model as the part spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The part's own version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The serial number, or for a network adapter its permanent MAC address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The serial is a known placeholder and identifies nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub serial_is_placeholder: bool,
    /// The revision of the firmware on the part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// Size in bytes, for memory and disks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity_bytes: Option<u64>,
    /// How many: logical processors, cores of one processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// On PCI and USB: vendor and device in hexadecimal, `8086:1572`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// On PCI: who built the card and which, `1028:1f9c`. It tells a maker's own card from the chip on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subsystem_id: Option<String>,
    /// What it is for, in the bus's own numbers: PCI base class and subclass (`0200`), USB interface classes (`08`, `03 08`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The kernel's driver that serves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Words that fit no other field: where a module sits, what an OEM string says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// Where it was read.
    pub read_from: String,
}

impl Hardware {
    /// A part of which only the sort is known.
    pub fn new(part: HardwarePart, slot: impl Into<String>, read_from: impl Into<String>) -> Self {
        Self {
            part,
            slot: slot.into(),
            maker: None,
            model: None,
            version: None,
            serial: None,
            serial_is_placeholder: false,
            firmware: None,
            capacity_bytes: None,
            count: None,
            device_id: None,
            subsystem_id: None,
            class: None,
            driver: None,
            details: Vec::new(),
            read_from: read_from.into(),
        }
    }

    /// Whether it is listed as a component. Modules and processors are bought with the machine and told by it; a network card or
    /// an NVMe disk is told as adapter or disk; what is on USB is plugged in and out by anybody, and no plan names it.
    pub fn is_component(&self) -> bool {
        let is = |prefix| self.class.as_deref().is_some_and(|class| class.starts_with(prefix));
        match self.part {
            HardwarePart::Processor
            | HardwarePart::MemoryModule
            | HardwarePart::OemStrings
            | HardwarePart::UsbDevice => false,
            HardwarePart::PciDevice => !is("02") && !is("0108"),
            _ => true,
        }
    }

    /// Sort and slot.
    pub fn key(&self) -> String {
        let part = match self.part {
            HardwarePart::System => "system",
            HardwarePart::Board => "board",
            HardwarePart::Chassis => "chassis",
            HardwarePart::Bios => "bios",
            HardwarePart::Cpu => "cpu",
            HardwarePart::Memory => "memory",
            HardwarePart::Disk => "disk",
            HardwarePart::Nic => "nic",
            HardwarePart::Processor => "processor",
            HardwarePart::MemoryModule => "memory_module",
            HardwarePart::Bmc => "bmc",
            HardwarePart::Tpm => "tpm",
            HardwarePart::OemStrings => "oem_strings",
            HardwarePart::PciDevice => "pci",
            HardwarePart::UsbDevice => "usb",
            HardwarePart::StorageController => "storage_controller",
        };
        format!("{part}:{}", self.slot)
    }
}
