//! Remote paths (リモート保守経路) as people know them: one way in with its contract, and a vendor's own answer whether it uses any.
//! It does not know what a configuration or an agent shows; the server's view holds both beside each other.
//! Invariant: what nobody said is absent, and reads as `unknown`; no name of a person at a supplier stands here.

use super::device::Answer;
use super::device_read::HeldBy;
use crate::ids::{DeviceId, EquipmentId, PlanId, RemotePathId, SupplierId};
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One text of a record (purpose, an end, who reviews), in bytes.
pub const PATH_TEXT_BYTES_MAX: usize = 500;

/// Where a path enters: what opens it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PathEntry {
    /// A way in of a device, by its key in the reading (`tunnel 1`).
    DeviceWayIn {
        /// The device.
        device_id: DeviceId,
        /// The key.
        way_in: String,
    },
    /// A network interface of a host.
    HostInterface {
        /// The host's name.
        host: String,
        /// The interface: `wg0`.
        interface: String,
    },
    /// Remote-control software on a host.
    Software {
        /// The host's name.
        host: String,
        /// The software, by the name under which people know it.
        software: String,
    },
}

/// National networks whose connection a ministry or a public body lays down. A path to one is authorised, and no finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NationalNetwork {
    /// オンライン資格確認.
    OnlineEligibility,
    /// レセプトオンライン請求.
    ReceiptOnline,
    /// 地域医療連携ネットワーク.
    RegionalMedical,
    /// Another one, named in the note.
    Other,
}

/// The accounts by which people come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PathAccounts {
    /// How many; absent where nobody counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Whether several people share one (共用).
    #[serde(default)]
    pub shared: Answer,
}

/// Who looks at the log of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogReview {
    /// The office or role that looks, not a person's name.
    pub by: String,
    /// The day it last did; absent where it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_on: Option<CalendarDate>,
}

/// A person's record of one way in from outside. It replaces what was recorded of it before as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemotePathRecorded {
    /// The operator's own id for it.
    pub remote_path_id: RemotePathId,
    /// What opens it.
    pub enters: PathEntry,
    /// The 特定重要設備 that it leads to; absent where it leads to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equipment_id: Option<EquipmentId>,
    /// The near end in words: what is reached.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub near_end: String,
    /// The far end in words: from where.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub far_end: String,
    /// The company that comes in by it (事業者).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier_id: Option<SupplierId>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub purpose: String,
    /// The plan of the entrustment (委託) that it belongs to: its contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<PlanId>,
    /// Who brings in the maker's corrections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patched_by: Option<HeldBy>,
    /// The accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<PathAccounts>,
    /// Whether a second factor is asked of everybody.
    #[serde(default)]
    pub second_factor: Answer,
    /// Who looks at its log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_review: Option<LogReview>,
    /// The national network that it leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub national_network: Option<NationalNetwork>,
    /// The day until which what is missing is to be put right (目標日).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_on: Option<CalendarDate>,
    /// The day on which the path was taken away; absent while it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_on: Option<CalendarDate>,
    /// The day that the record speaks of, in Japan.
    pub on: CalendarDate,
    /// What else is to be said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The entry of the record that this one replaces; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u64>,
}

/// How a vendor answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnsweredBy {
    /// On a form of its own or of ours (事業者確認用).
    Form,
    /// By letter or mail.
    Letter,
    /// In a meeting, with minutes.
    Meeting,
    /// By telephone.
    Telephone,
}

/// A vendor's own answer to 「リモートメンテナンス（保守）を利用している機器の有無」. It replaces the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoteMaintenanceAnswered {
    /// Who was asked.
    pub supplier_id: SupplierId,
    /// About which 特定重要設備.
    pub equipment_id: EquipmentId,
    /// Whether it uses remote maintenance there. No answer is no "no".
    pub uses: bool,
    /// The day of the answer, in Japan.
    pub on: CalendarDate,
    /// The last day on which it counts; after it, the vendor is asked again.
    pub valid_through: CalendarDate,
    /// The office or role at the vendor that answered, not a person's name.
    pub answered_by: String,
    /// How.
    pub how: AnsweredBy,
    /// What else is to be said: the devices it named, the document.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The entry of the answer that this one replaces; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u64>,
}

/// The last day of vendors' answers or of contracts is over. The server states it, so that nothing turns without an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoteDaysEnded {
    /// The day on which the server looked, in Japan.
    pub on: CalendarDate,
    /// The plans of entrustment whose last day is before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plan_ids: Vec<PlanId>,
    /// The entries of the answers whose last day is before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answer_seqs: Vec<u64>,
}
