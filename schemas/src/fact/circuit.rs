//! `circuit_ledger_read.v1` and `circuit_settled.v1`: an operator's own list of its lines (回線台帳), and what a person says of one line.
//! It does not know devices, hosts, plans or suppliers: a row holds the list's own words, and the server's view looks for what they mean.
//! Invariant: of a list only the columns below stand here: no account, password or person in charge, and no remark of the list.

use crate::ids::{CircuitLedgerId, DeviceId};
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rows of one list.
pub const CIRCUITS_MAX: usize = 5_000;
/// One text of a row, or of what a person says of one, in bytes.
pub const CIRCUIT_TEXT_BYTES_MAX: usize = 255;

/// What sort of line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CircuitSort {
    /// 専用線: between two places of the operator's, or to one of another's.
    LeasedLine,
    /// インターネット接続.
    Internet,
    /// A contract for a mobile network: LTE, 5G.
    Mobile,
    /// 電話回線・ISDN over which somebody can dial in.
    DialUp,
    /// A provider's closed network: IP-VPN, 広域イーサネット.
    ProviderVpn,
    /// Something else, as the list says.
    Other,
    /// The list does not say, or in a word that is not known.
    #[default]
    Unknown,
}

/// One row. What the list does not say is absent or empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Circuit {
    /// By what it is found again in the next edition: the operator's own number for it, else the carrier's number of the line. One line
    /// of text, unique in the list.
    pub key: String,
    /// The carrier (通信事業者).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub carrier: String,
    /// The carrier's number of the line (回線番号).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub number: String,
    /// What sort of line.
    pub sort: CircuitSort,
    /// The carrier's name of the service, or the list's own word for the sort.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub service: String,
    /// Where it comes in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// The 特定重要設備 that it serves: its id or its name, as the list says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub equipment: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub purpose: String,
    /// Who uses it: an office of the operator's, or a vendor.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub used_by: String,
    /// The contract (委託契約) under which somebody else uses it: the id of its plan, where it is one that finds it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub contract: String,
    /// The device or host at its end, as the list names it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub device: String,
    /// The port of that device.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub port: String,
    /// The network at its end, `192.0.2.0/24`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// Its first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_on: Option<CalendarDate>,
    /// Its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_on: Option<CalendarDate>,
}

/// A person handed in an edition of a list. What the edition before held and this one does not is a question, not gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CircuitLedgerRead {
    /// The operator's own id for the list: `circuits`, `circuits-branch`.
    pub circuit_ledger_id: CircuitLedgerId,
    /// Whose list it is, in words: the file's name, the office that keeps it.
    pub source: String,
    /// The day that it speaks of, in Japan.
    pub as_of: CalendarDate,
    /// SHA-256 of the file's bytes, 64 hexadecimal digits. The file is not kept.
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its rows, sorted by key.
    pub circuits: Vec<Circuit>,
    /// Rows that hold something and could not be read. While there are any, what is missing may stand in one of them.
    #[serde(default)]
    pub left_out: u32,
    /// What else is to be said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What a person says of a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CircuitIs {
    /// It was taken away on that day (解約・撤去).
    Ended(CalendarDate),
    /// This device stands at its end.
    Device(DeviceId),
    /// This host stands at its end.
    Host(String),
    /// Nothing by which anybody comes in, in words: a telefax, a lift's alarm.
    Other(String),
}

/// A person says what a line is. It replaces what was said of it before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CircuitSettled {
    /// The list.
    pub circuit_ledger_id: CircuitLedgerId,
    /// The row's key.
    pub key: String,
    /// What it is; absent takes back what was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<CircuitIs>,
    /// The day on which somebody looked, in Japan.
    pub on: CalendarDate,
    /// How that is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}
