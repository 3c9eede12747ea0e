//! What a person decided about a computer: whether it is 特定重要電子計算機, and which products and makers are notified of it.
//! It does not know the law's rows, nor what agents saw; the server's admission and its proposals do.
//! Invariant: only a person's word brings a computer into scope or takes it out, and says from which decision it starts.

use crate::ids::{EquipmentId, PlanId};
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Computers that one decision may name.
pub const COMPUTERS_MAX: usize = 500;
/// Products that one decision may name.
pub const PRODUCTS_MAX: usize = 100;
/// A name of a computer, a product or a maker, in bytes.
pub const NAME_BYTES_MAX: usize = 255;
/// A reason, in bytes.
pub const REASON_BYTES_MAX: usize = 4000;

/// A person decided about computers that are alike: in scope of サイバー対処能力強化法 or not. It replaces what was decided of
/// each of them before as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComputerJudged {
    /// The 特定重要設備 that they are, or are connected to.
    pub equipment_id: EquipmentId,
    /// Which computers; at least one.
    pub computers: Vec<NamedComputer>,
    /// Whether they are 特定重要電子計算機.
    pub in_scope: bool,
    /// The category of the regime (`router`); needed in scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope_id: Option<String>,
    /// Why, in a person's words; needed out of scope and for an exemption.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What is notified of each of them; at least one product in scope.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<NotifiedProduct>,
    /// The day on which what was notified changed, in Japan; needed once a notification was submitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_on: Option<CalendarDate>,
}

/// One computer, and the decision on it that the person saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedComputer {
    /// Its host name, or the name that people give to a device without an agent.
    pub name: String,
    /// The entry of the decision that this one replaces; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u64>,
}

/// One product of a computer (joint order 令和8年8府省令第4号 art. 2(5)). A release's number is not notified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotifiedProduct {
    /// What sort of thing it is, by the regime's row (`installed-software`).
    pub unit_id: String,
    /// 製品名.
    pub product: String,
    /// 製造者の名称, not the seller's; absent while nobody knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// The day on which it was introduced, in Japan; absent while nobody knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduced_on: Option<CalendarDate>,
    /// The regime's exemption from notification that holds for it (`windows`), as the person decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exempt_by: Option<String>,
    /// The filed 導入等計画書 that shows the same name and supplier, so that a copy of it replaces the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filed_in: Option<PlanId>,
    /// The name under which the host itself showed it when this was decided. Another one there later is a change to look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_as: Option<String>,
}
