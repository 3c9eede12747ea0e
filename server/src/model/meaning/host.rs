//! What must be known of a host before its components can be understood: its operating system, its machine, its indexes.
//! It does not know single packages.
//! Invariant: it is small and compared as a whole; only when it changes is everything on the host understood anew.

use super::{MarkKind, Marks, Meaning, unknown_claim, unrecorded_claim};
use crate::model::rows::Confidence;
use crate::model::views::assets::Assets;
use crate::model::views::coverage::Coverage;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::fact::observation::{Hardware, HardwarePart, Observation, OperatingSystem};
use daicho_schemas::ids::AgentId;

/// The collector that looks installed packages up in the repositories' indexes.
pub const INDEX_COLLECTOR: &str = "apt_index";

/// The product of a machine whose firmware names neither maker nor model. A product is one text for both languages.
pub(super) const NAMELESS_MACHINE: &str =
    "サーバー機器（ファームウェアが製造者を示さない） / server hardware (the firmware does not tell the maker)";

/// What is known of a host as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostContext {
    /// The host's own name, in its own words.
    pub hostname: Option<String>,
    /// `ID` of os-release.
    pub os_id: Option<String>,
    /// The operating system as a component; absent while it has not been seen.
    pub operating_system: Option<Meaning>,
    /// The machine as a component.
    pub hardware: Meaning,
    /// Every repository index of the host was read, and there was at least one.
    pub indexes_complete: bool,
}

impl HostContext {
    /// Gathers what is known of a host.
    pub fn of(agent: &AgentId, assets: &Assets, coverage: &Coverage, marks: &Marks) -> Self {
        let os = assets.under(agent, "operating_system").find_map(|(_, observation)| match observation {
            Observation::OperatingSystem(os) => Some(os),
            _ => None,
        });
        let system = assets.under_prefix(agent, "system:").find_map(|(_, observation)| match observation {
            Observation::Hardware(part) if part.part == HardwarePart::System => Some(part),
            _ => None,
        });
        Self {
            hostname: os.and_then(|os| os.hostname.clone()),
            os_id: os.and_then(|os| os.os_id.clone()),
            operating_system: os.map(|os| operating_system(os, marks)),
            hardware: hardware(system, marks),
            indexes_complete: coverage.outcome(agent, INDEX_COLLECTOR) == Some(Outcome::Complete),
        }
    }
}

/// What a plan would call an operating system.
pub(crate) fn os_product(os: &OperatingSystem) -> String {
    os.name.clone().or_else(|| os.os_id.clone()).unwrap_or_else(|| os.family.clone())
}

fn operating_system(os: &OperatingSystem, marks: &Marks) -> Meaning {
    let product = os_product(os);
    let supplier = match &os.os_id {
        Some(id) => match marks.claimed(MarkKind::OsId, id) {
            // Without a record the system's own name is the better word than its short ID.
            super::marks::Claimed::Nobody => {
                unrecorded_claim(&product, format!("os-release ID \"{id}\"; no supplier record recognises it"))
            }
            _ => marks.claim(MarkKind::OsId, id, "os-release ID", Confidence::High),
        },
        None => unknown_claim("os-release has no ID"),
    };
    Meaning { category: Category::OperatingSystem, product, supplier }
}

fn hardware(system: Option<&Hardware>, marks: &Marks) -> Meaning {
    let maker = system.and_then(|part| part.maker.as_deref());
    let model = system.and_then(|part| part.model.as_deref());
    let product = match (maker, model) {
        (Some(maker), Some(model)) => format!("{maker} {model}"),
        (Some(words), None) | (None, Some(words)) => words.to_string(),
        (None, None) => NAMELESS_MACHINE.to_string(),
    };
    let supplier = match maker {
        Some(maker) => marks.claim(MarkKind::VendorString, maker, "firmware, system maker", Confidence::High),
        None => unknown_claim("the firmware does not tell the maker of the system"),
    };
    Meaning { category: Category::ServerHardware, product, supplier }
}
