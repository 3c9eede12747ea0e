//! `modem.v1`: a device by which the host may reach a mobile network past every firewall: a modem, or a telephone on a cable.
//! It does not know subscriber, number, contract or whether a line is up.
//! Invariant: no IMEI, IMSI, ICCID or serial number stands in it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How sure it is that the device is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModemSort {
    /// A modem: its driver or control device is of no other sort.
    Modem,
    /// A telephone that shares its line over a cable.
    Tethering,
    /// An adapter of a sort that modems and telephones use, and other things too: a question for a person.
    Possible,
}

/// One device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Modem {
    /// The kernel's name of the interface or control device: `wwan0`, `cdc-wdm0`, `ttyUSB2`.
    pub device: String,
    /// How sure it is.
    pub sort: ModemSort,
    /// The driver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// USB vendor and product: `2c7c:0125`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usb_id: Option<String>,
    /// The maker in the device's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// The product in the device's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
}

impl Modem {
    /// The device.
    pub fn key(&self) -> String {
        self.device.clone()
    }
}
