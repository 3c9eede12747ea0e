//! What an observation on a host means: its category, the product a plan would call it, and who supplies it.
//! It does not know plans, equipment or the law; a claim that no supplier record supports stays the host's own words.
//! Invariant: a claim says which mark it rests on; where two records claim one mark, the answer is "unknown", never a pick.

mod decided;
mod host;
mod ladder;
mod language;
mod marks;
pub mod names;
pub(crate) mod program;

pub use host::{HostContext, INDEX_COLLECTOR, Setting};
pub use marks::{MarkKind, Marks};

use super::rows::{Confidence, SupplierClaim};
use super::views::decisions::{Decisions, Vendor};
use daicho_schemas::fact::component::ComponentSort;
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::fact::observation::{Observation, PackageOrigin, PackageState};
use daicho_schemas::ids::{DecisionId, SupplierId};
use daicho_schemas::text::Text;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// What an observation means on its host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Meaning {
    /// What it is.
    pub category: Category,
    /// What a plan would call it.
    pub product: String,
    /// Who supplies it.
    pub supplier: SupplierClaim,
    /// What sort of thing it is.
    pub sort: ComponentSort,
    /// Its maker or vendor in the host's own words.
    pub vendor: Option<Arc<Vendor>>,
    /// What of all this a person decided.
    pub decided: Decided,
    /// A package of the host carries it, or may: it is inventory, and judged with what carries it.
    pub carried: bool,
}

/// What a person decided about a component, by decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decided {
    /// Who supplies it.
    pub supplier: Option<DecisionId>,
    /// What it is.
    pub category: Option<DecisionId>,
    /// That it is no part of the equipment.
    pub outside: Option<DecisionId>,
}

impl Meaning {
    /// What marks alone say.
    fn of_marks(
        category: Category,
        product: String,
        supplier: SupplierClaim,
        (sort, vendor): (ComponentSort, Option<Arc<Vendor>>),
    ) -> Self {
        Self { category, product, supplier, sort, vendor, decided: Decided::default(), carried: false }
    }
}

/// The supplier as far as lines and findings tell suppliers apart: by record, or else by the host's words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SupplierKey {
    /// A recorded supplier.
    Recorded(SupplierId),
    /// Words that no record claims.
    Unrecorded(String),
}

impl SupplierKey {
    /// The key of a claim.
    pub fn of(claim: &SupplierClaim) -> Self {
        match &claim.supplier_id {
            Some(id) => Self::Recorded(id.clone()),
            None => Self::Unrecorded(claim.name.en.clone()),
        }
    }

    /// The recorded supplier, where there is one.
    pub fn recorded(&self) -> Option<&SupplierId> {
        match self {
            Self::Recorded(id) => Some(id),
            Self::Unrecorded(_) => None,
        }
    }
}

impl fmt::Display for SupplierKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded(id) => write!(out, "recorded:{id}"),
            Self::Unrecorded(words) => write!(out, "unrecorded:{words}"),
        }
    }
}

/// What an observation means on its host. `None` for what is no component: interfaces, sockets, origins, leftovers.
/// `origin` is the repository that lists a package, where one does.
pub fn meaning_of(
    observation: &Observation,
    origin: Option<&PackageOrigin>,
    host: &HostContext,
    marks: &Marks,
    decisions: &Decisions,
) -> Option<Meaning> {
    match observation {
        Observation::OperatingSystem(_) => host.operating_system.clone(),
        Observation::Hardware(part) if !part.is_component() => None,
        Observation::Hardware(_) => Some(host.hardware.clone()),
        Observation::Package(package) if package.state == PackageState::ConfigFiles => None,
        Observation::Package(package) => Some(decided::package(package, origin, host, marks, decisions)),
        Observation::Program(program) => program::meaning(program, decisions, marks),
        Observation::LanguagePackage(package) => Some(language::package(package, marks, decisions)),
        Observation::ToldComponent(own) => decided::told(own, marks, decisions),
        Observation::PackageOrigin(_)
        | Observation::ChangedFile(_)
        | Observation::NetworkInterface(_)
        | Observation::ListeningSocket(_)
        | Observation::Tunnel(_)
        | Observation::RemoteTool(_)
        | Observation::ConfiguredTunnel(_)
        | Observation::NetworkPlace(_)
        | Observation::Modem(_)
        | Observation::Account(_)
        | Observation::Protection(_)
        | Observation::Platform(_)
        | Observation::KernelModule(_)
        | Observation::Session(_)
        | Observation::ServiceUnit(_)
        | Observation::ScheduledJob(_)
        | Observation::Container(_)
        | Observation::ContainerImage(_)
        | Observation::DeviceConfiguration(_)
        | Observation::DeviceProbed(_) => None,
    }
}

/// Whether a package's supplier is the operating system's. Without a record for either, a repository or vendor that calls
/// itself by the system's own ID ("Debian", `debian`) is taken for it; that stays an unrecorded supplier.
fn same_supplier(os: &SupplierClaim, package: &SupplierClaim, os_id: Option<&str>) -> bool {
    match (&os.supplier_id, &package.supplier_id) {
        (Some(os), Some(package)) => os == package,
        (None, None) => {
            os.confidence != Confidence::Unknown
                && package.confidence != Confidence::Unknown
                && (package.name.en == os.name.en || os_id.is_some_and(|id| id.eq_ignore_ascii_case(&package.name.en)))
        }
        _ => false,
    }
}

/// A claim that nothing supports.
pub(crate) fn unknown_claim(evidence: impl Into<String>) -> SupplierClaim {
    SupplierClaim {
        supplier_id: None,
        name: Text::new("不明", "unknown"),
        evidence: evidence.into(),
        confidence: Confidence::Unknown,
    }
}

/// A claim in the host's own words, which no supplier record recognises.
pub(crate) fn unrecorded_claim(words: &str, evidence: impl Into<String>) -> SupplierClaim {
    SupplierClaim { supplier_id: None, name: Text::same(words), evidence: evidence.into(), confidence: Confidence::Low }
}

/// A component in a few words: name and version.
pub fn label(observation: &Observation) -> String {
    let (name, version) = name_and_version(observation);
    match version {
        Some(version) => format!("{name} {version}"),
        None => name,
    }
}

/// A component's name and, where it has one, its version.
pub fn name_and_version(observation: &Observation) -> (String, Option<String>) {
    match observation {
        Observation::Package(package) => (package.name.clone(), Some(package.version.clone())),
        Observation::OperatingSystem(os) => {
            (host::os_product(os), os.version.clone().or_else(|| os.version_id.clone()))
        }
        Observation::Hardware(part) => {
            let said: Vec<&str> = [part.maker.as_deref(), part.model.as_deref()].into_iter().flatten().collect();
            let name = if said.is_empty() { part.key() } else { format!("{} {}", part.key(), said.join(" ")) };
            (name, part.version.clone().or_else(|| part.firmware.clone()))
        }
        Observation::PackageOrigin(origin) => (origin.name.clone(), None),
        Observation::NetworkInterface(interface) => (interface.name.clone(), None),
        Observation::RemoteTool(tool) => (tool.name.clone(), None),
        Observation::Program(program) => (program.path.clone(), program::shown_version(program)),
        Observation::LanguagePackage(package) => (package.name.clone(), package.version.clone()),
        Observation::ToldComponent(own) => (own.name.clone(), own.version.clone()),
        Observation::ListeningSocket(_)
        | Observation::Tunnel(_)
        | Observation::ConfiguredTunnel(_)
        | Observation::NetworkPlace(_)
        | Observation::Modem(_)
        | Observation::Account(_)
        | Observation::Protection(_)
        | Observation::Platform(_)
        | Observation::KernelModule(_)
        | Observation::Session(_)
        | Observation::ChangedFile(_)
        | Observation::ServiceUnit(_)
        | Observation::ScheduledJob(_)
        | Observation::Container(_)
        | Observation::ContainerImage(_)
        | Observation::DeviceConfiguration(_)
        | Observation::DeviceProbed(_) => (observation.key(), None),
    }
}

#[cfg(test)]
mod tests;
