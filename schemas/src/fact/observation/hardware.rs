//! `hardware.v1`: one part of the machine and what it says of itself (SMBIOS, /proc, /sys).
//! It does not know who supplied the machine; maker strings are evidence, not suppliers.
//! Invariant: a placeholder serial ("To Be Filled By O.E.M.") is marked and never an identity.

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
    /// How many: logical processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Where it was read.
    pub read_from: String,
}

impl Hardware {
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
        };
        format!("{part}:{}", self.slot)
    }
}
