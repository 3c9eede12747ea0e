//! Network adapters and modems of Windows that are there, each with the keys in which its driver and its connection are described.
//! It does not know addresses. Invariant: what `devices.rs` does not tell as there is not here.
//!
//! Microsoft, "Driver Keys": the value `Driver` of a device names its key below `Control\Class`; `NetCfgInstanceId` there names its connection.

use super::super::Gather;
use super::devices::{self, Device, class};
use super::network_interfaces::CONNECTIONS;
use crate::access::Host;
use crate::access::registry::RegistryKey;
use daicho_schemas::trouble::Trouble;

const CLASSES: &str = "HKLM/SYSTEM/CurrentControlSet/Control/Class";

/// Places that are read for adapters, beside those of the collector itself.
pub(super) const PLACES: [&str; 9] = [
    devices::ENUM,
    "HKLM/SYSTEM/CurrentControlSet/Enum/*",
    "HKLM/SYSTEM/CurrentControlSet/Enum/*/*",
    "HKLM/SYSTEM/CurrentControlSet/Enum/*/*/*",
    "HKLM/SYSTEM/CurrentControlSet/Enum/*/*/*/Properties/{83da6326-97a6-4088-9453-a1923f573b29}/*",
    devices::ROOT_ARRIVAL,
    devices::SERVED,
    "HKLM/SYSTEM/CurrentControlSet/Control/Class/*/*",
    "HKLM/SYSTEM/CurrentControlSet/Control/Network/{4d36e972-e325-11ce-bfc1-08002be10318}/*/Connection",
];

/// One adapter or modem.
pub(super) struct Adapter {
    pub(super) device: Device,
    /// What its driver registered; empty where it registered nothing.
    pub(super) driver: RegistryKey,
    /// As people see it: the connection's name, else the device's.
    pub(super) name: String,
    /// The id of its connection: `{…}`.
    pub(super) connection: Option<String>,
}

/// Every network adapter and modem that is there.
pub(super) fn read(gather: &mut Gather, host: &dyn Host) -> Result<Vec<Adapter>, Trouble> {
    let is_adapter = |device: &Device| device.is_of(class::NETWORK) || device.is_of(class::MODEM);
    let devices = devices::of_buses(gather, host, &[], is_adapter)?;
    Ok(devices.into_iter().map(|device| adapter(gather, host, device)).collect())
}

fn adapter(gather: &mut Gather, host: &dyn Host, device: Device) -> Adapter {
    let driver = device.text("Driver").map(|name| format!("{CLASSES}/{}", name.replace('\\', "/")));
    let driver = driver.and_then(|place| gather.subkey(host, &place)).unwrap_or_default();
    let connection = driver.text("NetCfgInstanceId").filter(|id| !id.contains(['/', '\\'])).map(str::to_owned);
    let place = connection.as_ref().map(|id| format!("{CONNECTIONS}/{id}/Connection"));
    let key = place.and_then(|place| gather.subkey(host, &place)).unwrap_or_default();
    let name = key.text("Name").or_else(|| device.text("FriendlyName")).or_else(|| device.text("DeviceDesc"));
    let name = gather.text(devices::ENUM, name.unwrap_or(&device.id).as_bytes());
    Adapter { device, driver, name, connection }
}
