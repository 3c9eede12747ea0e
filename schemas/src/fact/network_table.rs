//! `network_table_read.v1` and `neighbour_named.v1`: a person handed in a table of a switch, a router or a DHCP server, and says what
//! a hardware address belongs to.
//! It does not know segments, makers, or whether anything of it was declared.
//! Invariant: no name of a computer or a person from a table stands here, and no line of the file; the file's hash does.

use crate::ids::{DeviceId, NetworkTableId};
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rows of one table.
pub const TABLE_ROWS_MAX: usize = 20_000;
/// One text of a table or of what people say of it, in bytes.
pub const TABLE_TEXT_BYTES_MAX: usize = 255;

/// What sort of table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NetworkTableSort {
    /// Which hardware address was learned on which port of a switch.
    MacTable,
    /// Which hardware address answered for which address (ARP, RFC 826; NDP, RFC 4861).
    Arp,
    /// Which address a DHCP server (RFC 2131) lent to which hardware address.
    DhcpLeases,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkTableRow {
    /// The hardware address, `aa:bb:cc:dd:ee:ff`.
    pub mac: String,
    /// The address, where the table has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The port or interface, as the table names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// The VLAN, as the table names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan: Option<String>,
}

/// A person handed in a table. It replaces the one of the same id as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkTableRead {
    /// The operator's own id for the table: `core-sw1-arp`.
    pub table_id: NetworkTableId,
    /// What sort.
    pub sort: NetworkTableSort,
    /// The form that was recognised: `cisco_ios_arp`, `isc_dhcpd` …
    pub format: String,
    /// Which switch, router or server it is of, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub taken_from: String,
    /// The network that it is of, `192.0.2.0/24`: for rows without an address. Absent where it is of several or nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// The day on which it was taken, in Japan.
    pub taken_on: CalendarDate,
    /// SHA-256 of the file's bytes, 64 hexadecimal digits. The file is not kept.
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its rows, sorted, without repeats.
    pub rows: Vec<NetworkTableRow>,
    /// Lines that look like rows and could not be read.
    #[serde(default)]
    pub left_out: u32,
    /// What else is to be said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What a hardware address belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NeighbourIs {
    /// A device of the ledger.
    Device(DeviceId),
    /// A host, by its name; it need not have an agent.
    Host(String),
    /// Something else, in words: a printer, a camera.
    Other(String),
}

/// A person says what a hardware address belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NeighbourNamed {
    /// The hardware address, `aa:bb:cc:dd:ee:ff`.
    pub mac: String,
    /// What it is; absent takes back what was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<NeighbourIs>,
    /// The day on which somebody looked, in Japan.
    pub on: CalendarDate,
    /// How that is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}
