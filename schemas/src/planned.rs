//! A planned change (`daicho.change.v1`): what somebody intends to do to a critical equipment, written down before it is done,
//! in which days, and what agents will see of it.
//! It does not know what the law asks because of it, nor whether it was done.
//! Invariant: a change is named by the words of [`crate::change`], so that a file and a decision table mean the same.

use crate::change::Change;
use crate::ids::{ChangeId, EquipmentId, PartId, PlanId, SupplierId};
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name of the file format.
pub const CHANGE_FORMAT: &str = "daicho.change.v1";

/// A planned change, as somebody hands it in to have it judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedChange {
    /// Always [`CHANGE_FORMAT`].
    pub format: String,
    /// The operator's own id for it: a ticket number.
    pub change_id: ChangeId,
    /// What is planned, in the operator's own words.
    pub summary: String,
    /// 特定重要設備 that it is planned for.
    pub equipment_id: EquipmentId,
    /// The plan (導入等計画書) it changes, where the equipment has several of one kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<PlanId>,
    /// The day on which it is to be done, in Japan; the first one, where it takes several.
    pub planned_on: CalendarDate,
    /// The last day of its window, in Japan; absent where it is done on `planned_on` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_through: Option<CalendarDate>,
    /// 受理日 to reckon with, where a filing has been accepted or its acceptance can be foreseen. Absent: the day of judging.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_on: Option<CalendarDate>,
    /// Present where it is urgent in the sense of 経済安全保障推進法 52(1) or 54(1), each with its proviso.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<Emergency>,
    /// Everything that changes, 1 to 200 of them. All are judged; the strictest stands.
    pub changes: Vec<ChangeItem>,
    /// What agents will see once it is done as planned, at most 200 things. Empty where no agent can see it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expected: Vec<Expected>,
}

impl PlannedChange {
    /// The last day of the window, in Japan.
    pub fn last_day(&self) -> CalendarDate {
        self.planned_through.unwrap_or(self.planned_on)
    }
}

/// One thing that agents will see, on each of its hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// What sort of thing.
    pub sight: Sight,
    /// The names of the hosts, as plans list them: 1 to 100. Each of them is to show it.
    pub hosts: Vec<String>,
    /// The component or interface by the name that agents give it; `*` stands for any run of characters. Empty for a host.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The version of a component, to the letter; absent where any will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Who supplies the component; absent where anybody may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier_id: Option<SupplierId>,
}

/// What agents can see of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sight {
    /// A component that was not there, or not in this version, is there.
    ComponentAppears,
    /// A component is there no more, by a complete look.
    ComponentGoes,
    /// A network interface is there that was not.
    InterfaceAppears,
    /// A host is heard for the first time.
    HostAppears,
}

/// Why it is urgent (緊急).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Emergency {
    /// In words: what is or may be disrupted, and why there is no other way.
    pub reason: String,
}

/// One thing that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeItem {
    /// What sort of change.
    pub change: Change,
    /// What it is done to, in words: "core switch in the terminal's server room".
    pub subject: String,
    /// As it is now: the old name, the old supplier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// As it will be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The part of the plan (構成設備) that it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_id: Option<PartId>,
    /// The supplier, contractor or subcontractor as it will be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier_id: Option<SupplierId>,
    /// Data for the filing that is known already, by the names that the regime pack gives: `component_function`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
}
