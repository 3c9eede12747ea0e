//! In which role a plan needs a supplier, and which items that role must give (ord. 9(2), 11, 13 to 15, 17).
//! It does not know plans. Invariant: every role gives the same items; who makes things says also where.

use super::SupplierField;
use crate::text::Text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A role in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SupplierRole {
    /// 特定重要設備の供給者 (ord. 11).
    EquipmentSupplier,
    /// 構成設備の供給者 (ord. 13).
    ComponentSupplier,
    /// 委託の相手方 (ord. 14).
    Contractor,
    /// 再委託の相手方 (ord. 15).
    Subcontractor,
}

impl SupplierRole {
    /// Every role.
    pub const ALL: [Self; 4] =
        [Self::EquipmentSupplier, Self::ComponentSupplier, Self::Contractor, Self::Subcontractor];

    /// As it stands in files.
    pub fn key(self) -> &'static str {
        match self {
            Self::EquipmentSupplier => "equipment_supplier",
            Self::ComponentSupplier => "component_supplier",
            Self::Contractor => "contractor",
            Self::Subcontractor => "subcontractor",
        }
    }

    /// The role of a key.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.key() == key)
    }

    /// What it is called.
    pub fn label(self) -> Text {
        match self {
            Self::EquipmentSupplier => Text::new("特定重要設備の供給者", "supplier of the critical equipment"),
            Self::ComponentSupplier => Text::new("構成設備の供給者", "supplier of a component"),
            Self::Contractor => Text::new("委託の相手方", "contractor"),
            Self::Subcontractor => Text::new("再委託の相手方", "subcontractor"),
        }
    }

    /// What it must give.
    pub fn fields(self) -> Vec<SupplierField> {
        let makes = matches!(self, Self::EquipmentSupplier | Self::ComponentSupplier);
        let asked = |field: &SupplierField| makes || *field != SupplierField::ManufacturingSites;
        SupplierField::ALL.iter().copied().filter(asked).collect()
    }

    /// Whether ord. 17 lets an item be omitted for this role, if the plan shows with proof that its conditions hold. Name,
    /// representative, address and country never are.
    pub fn may_be_relieved(self, field: SupplierField) -> bool {
        self == Self::Subcontractor
            && matches!(
                field,
                SupplierField::Holders
                    | SupplierField::Officers
                    | SupplierField::ForeignRevenue
                    | SupplierField::OfficerPapers
            )
    }
}
