//! Which of the ways in people want to see. It does not know how rows are made.
//! Invariant: what is not asked leaves nothing out.

use super::{ContractState, PathRow};
use daicho_schemas::fact::device::Answer;
use daicho_schemas::ids::{EquipmentId, SupplierId};
use serde::{Deserialize, Serialize};

/// Words of a search that are looked at.
const WORDS_MAX: usize = 20;

/// Which paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PathQuery {
    /// Leading to this equipment.
    pub equipment_id: Option<EquipmentId>,
    /// Of this vendor.
    pub supplier_id: Option<SupplierId>,
    /// Only these.
    pub only: Option<PathsOnly>,
    /// Words that must all be in what enters, or where; case is ignored.
    pub q: Option<String>,
}

/// A part of the paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PathsOnly {
    /// With an open finding.
    Findings,
    /// In no plan and no record.
    Undeclared,
    /// Whose contract is missing or over.
    WithoutContract,
    /// That anybody may reach.
    Unrestricted,
    /// That were removed.
    Removed,
}

/// Every part, in the order in which people choose.
pub const PATHS_ONLY: &[(PathsOnly, &str)] = &[
    (PathsOnly::Findings, "findings"),
    (PathsOnly::Undeclared, "undeclared"),
    (PathsOnly::WithoutContract, "without_contract"),
    (PathsOnly::Unrestricted, "unrestricted"),
    (PathsOnly::Removed, "removed"),
];

impl PathsOnly {
    /// The part of a name that machines see.
    pub fn named(name: &str) -> Option<Self> {
        PATHS_ONLY.iter().find(|(_, own)| *own == name).map(|(only, _)| *only)
    }

    fn has(self, row: &PathRow) -> bool {
        let removed = row.said.as_ref().is_some_and(|said| !said.stands());
        match self {
            Self::Findings => !row.findings.is_empty(),
            Self::Undeclared => row.declared.is_empty() && row.said.is_none(),
            Self::WithoutContract => !removed && matches!(row.contract, ContractState::Missing | ContractState::Ended),
            Self::Unrestricted => row.restriction.restricted.answer == Answer::No,
            Self::Removed => removed,
        }
    }
}

impl PathQuery {
    /// Whether nothing is asked, so that no row need be made to know.
    pub(super) fn is_everything(&self) -> bool {
        let Self { equipment_id, supplier_id, only, q } = self;
        let is_blank = |words: &str| words.trim().is_empty();
        equipment_id.is_none() && supplier_id.is_none() && only.is_none() && q.as_deref().is_none_or(is_blank)
    }

    /// Whether a path is wanted.
    pub(super) fn wants(&self, row: &PathRow) -> bool {
        self.equipment_id.as_ref().is_none_or(|id| row.equipment.contains(id))
            && self.supplier_id.as_ref().is_none_or(|id| row.supplier_id.as_ref() == Some(id))
            && self.only.is_none_or(|only| only.has(row))
            && self.q.as_deref().is_none_or(|words| has_words(words, row))
    }
}

fn has_words(words: &str, row: &PathRow) -> bool {
    let text = format!("{} {} {}", row.key, row.what.ja, row.what.en).to_lowercase();
    words.split_whitespace().take(WORDS_MAX).all(|word| text.contains(&word.to_lowercase()))
}
