//! What must be known of a host before its components can be understood: its operating system, its machine, its indexes.
//! It does not know single packages.
//! Invariant: it holds the host's own words and no supplier, so it stays what it is when records change.

use super::{MarkKind, Marks, Meaning, decided, unknown_claim, unrecorded_claim};
use crate::model::rows::{Confidence, SupplierClaim};
use crate::model::views::decisions::{Decisions, Vendor};
use daicho_schemas::fact::component::{ComponentSort, VendorPlace};
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::fact::observation::{Hardware, OperatingSystem};
use serde::{Deserialize, Serialize};

/// The collector that looks installed packages up in the repositories' indexes.
pub const INDEX_COLLECTOR: &str = "apt_index";

/// The product of a machine whose firmware names neither maker nor model. A product is one text for both languages.
pub(super) const NAMELESS_MACHINE: &str =
    "サーバー機器（ファームウェアが製造者を示さない） / server hardware (the firmware does not tell the maker)";

/// What a host as a whole says that decides what its components mean. Few hosts differ in it, so each is kept once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// For software.
    Software {
        /// Its operating system; absent while it has not been seen.
        system: Option<SystemWords>,
        /// Every repository index of the host was read, and there was at least one.
        indexes_complete: bool,
    },
    /// For parts of the machine.
    Machine {
        /// The system's maker, in the firmware's words.
        maker: Option<String>,
        /// The system's model, in the firmware's words.
        model: Option<String>,
    },
}

/// What an operating system calls itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SystemWords {
    os_id: Option<String>,
    product: String,
}

impl Setting {
    /// The setting of a host's software.
    pub fn software(system: Option<&OperatingSystem>, indexes_complete: bool) -> Self {
        let words = |os: &OperatingSystem| SystemWords { os_id: os.os_id.clone(), product: os_product(os) };
        Self::Software { system: system.map(words), indexes_complete }
    }

    /// The setting of a host's machine.
    pub fn machine(system: Option<&Hardware>) -> Self {
        let maker = system.and_then(|part| part.maker.clone());
        let model = system.and_then(|part| part.model.clone());
        Self::Machine { maker, model }
    }

    /// What this setting means, by the supplier records and the decisions that stand.
    pub fn context(&self, marks: &Marks, decisions: &Decisions) -> HostContext {
        match self {
            Self::Software { system, indexes_complete } => {
                let by_marks = system.as_ref().map(|words| operating_system(words, marks));
                HostContext {
                    os_id: system.as_ref().and_then(|words| words.os_id.clone()),
                    os_by_marks: by_marks.as_ref().map(|os| os.supplier.clone()),
                    operating_system: by_marks.map(|os| decided::whole(os, marks, decisions)),
                    hardware: hardware(None, None, marks),
                    indexes_complete: *indexes_complete,
                }
            }
            Self::Machine { maker, model } => HostContext {
                os_id: None,
                os_by_marks: None,
                operating_system: None,
                hardware: decided::whole(hardware(maker.as_deref(), model.as_deref(), marks), marks, decisions),
                indexes_complete: false,
            },
        }
    }

    /// `ID` of os-release.
    pub fn os_id(&self) -> Option<&str> {
        match self {
            Self::Software { system, .. } => system.as_ref()?.os_id.as_deref(),
            Self::Machine { .. } => None,
        }
    }
}

/// What a host's setting means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostContext {
    /// `ID` of os-release.
    pub os_id: Option<String>,
    /// Who supplies the operating system by marks alone.
    pub os_by_marks: Option<SupplierClaim>,
    /// The operating system as a component; absent while it has not been seen.
    pub operating_system: Option<Meaning>,
    /// The machine as a component.
    pub hardware: Meaning,
    /// Every repository index of the host was read, and there was at least one.
    pub indexes_complete: bool,
}

/// What a plan would call an operating system.
pub(crate) fn os_product(os: &OperatingSystem) -> String {
    os.name.clone().or_else(|| os.os_id.clone()).unwrap_or_else(|| os.family.clone())
}

fn operating_system(words: &SystemWords, marks: &Marks) -> Meaning {
    let product = words.product.clone();
    let supplier = match &words.os_id {
        Some(id) => match marks.claimed(MarkKind::OsId, id) {
            // Without a record the system's own name is the better word than its short ID.
            super::marks::Claimed::Nobody => {
                unrecorded_claim(&product, format!("os-release ID \"{id}\"; no supplier record recognises it"))
            }
            _ => marks.claim(MarkKind::OsId, id, "os-release ID", Confidence::High),
        },
        None => unknown_claim("os-release has no ID"),
    };
    let vendor = words.os_id.as_deref().and_then(|id| Vendor::of(VendorPlace::OsId, id));
    Meaning::of_marks(Category::OperatingSystem, product, supplier, (ComponentSort::Os, vendor))
}

fn hardware(maker: Option<&str>, model: Option<&str>, marks: &Marks) -> Meaning {
    let product = match (maker, model) {
        (Some(maker), Some(model)) => format!("{maker} {model}"),
        (Some(words), None) | (None, Some(words)) => words.to_string(),
        (None, None) => NAMELESS_MACHINE.to_string(),
    };
    let supplier = match maker {
        Some(maker) => marks.claim(MarkKind::VendorString, maker, "firmware, system maker", Confidence::High),
        None => unknown_claim("the firmware does not tell the maker of the system"),
    };
    let vendor = maker.and_then(|maker| Vendor::of(VendorPlace::FirmwareMaker, maker));
    Meaning::of_marks(Category::ServerHardware, product, supplier, (ComponentSort::Hardware, vendor))
}
