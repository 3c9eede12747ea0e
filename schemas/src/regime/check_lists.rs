//! Check lists that the same inventory answers: risk measures, hospital, VPN, water, port.
//! It does not know the answers.
//! Invariant: an item keeps the number and the words of its edition; ours are marked as ours.

use super::{Basis, Confidence, Head, Row, Wording};
use crate::text::Text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of the file format.
pub const CHECK_LISTS_FORMAT: &str = "daicho.regime-check-lists.v1";

/// Every check list of a regime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckListsFile {
    /// Always [`CHECK_LISTS_FORMAT`].
    pub format: String,
    /// About the file.
    pub head: Head,
    /// The lists.
    pub lists: Vec<CheckList>,
}

/// One check list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckList {
    /// Unique in the regime.
    pub list_id: String,
    /// What it is.
    pub name: Text,
    /// Its edition.
    pub edition: Text,
    /// What it rests on.
    pub basis: Basis,
    /// Its items, in order.
    pub items: Vec<CheckItem>,
    /// The part of it that each vendor of a system is sent (事業者確認用).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_part: Option<VendorPart>,
}

/// The part of a list that each vendor of a system is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VendorPart {
    /// What it is called: 事業者確認用.
    pub name: Text,
    /// The items in it, in the order of the list.
    pub item_ids: Vec<String>,
    /// How sure that choice of items is.
    pub confidence: Confidence,
    /// Where it comes from.
    pub note: Text,
}

/// One item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckItem {
    /// Unique in the regime.
    pub item_id: String,
    /// Its number in the list: `2-①`.
    pub number: String,
    /// What is asked.
    pub text: Text,
    /// Whether the Japanese is the list's.
    pub wording: Wording,
    /// What it is about: the organisation, servers, network devices.
    pub scope: Text,
    /// What an inventory or a record can hold as evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Text>,
    /// When it need not be answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Text>,
}

impl CheckListsFile {
    pub(super) fn rows(&self) -> Vec<Row> {
        let of = |list: &CheckList| -> Vec<Row> {
            let items = list.items.iter().map(|item| Row::new("items", &item.item_id, &item.text, &list.basis, item));
            std::iter::once(Row::new("lists", &list.list_id, &list.name, &list.basis, list)).chain(items).collect()
        };
        self.lists.iter().flat_map(of).collect()
    }
}
