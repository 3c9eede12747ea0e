//! `device_read.v1`: a person handed in what a device's configuration says, and says whose device it is and what it serves.
//! It does not know the file, nor whether a way in of it was declared.
//! Invariant: only a reading enters, never a line of the file; a newer reading stands and the older ones stay in the ledger.

use super::device::DeviceReading;
use crate::ids::{DeviceId, EquipmentId, SupplierId};
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A note about a device or a path, in bytes.
pub const DEVICE_NOTE_BYTES_MAX: usize = 4000;

/// Who holds something: the box, the duty to patch it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeldBy {
    /// 特定社会基盤事業者, the operator itself.
    Operator,
    /// Somebody of whom there is a record.
    Supplier(SupplierId),
}

/// A person read a device's configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceRead {
    /// The operator's own id for the device.
    pub device_id: DeviceId,
    /// The 特定重要設備 that it leads to; absent where it serves none, or nobody knows yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equipment_id: Option<EquipmentId>,
    /// 場所: site, room, rack.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// Whose device it is; absent where nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<HeldBy>,
    /// The day on which the configuration was taken from the device, in Japan.
    pub taken_on: CalendarDate,
    /// What it says.
    pub reading: Box<DeviceReading>,
    /// What else is to be said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}
