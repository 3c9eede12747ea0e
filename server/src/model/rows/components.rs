//! Rows about components: each in a list, one with everything about it, and the applications of one host.
//! They do not know how they are found or shown. Invariant: what is not known is absent, and what carries a component is named.

use super::{DecisionRow, DriftStatus, SupplierClaim};
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::ids::{AgentId, EquipmentId};
use daicho_schemas::time::UtcMicros;
use serde::{Deserialize, Serialize};

/// A distinct component in a list: the same thing on many hosts is one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentRow {
    /// Derived from what it is.
    pub component_id: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// Its architecture.
    pub architecture: Option<String>,
    /// Where it comes from: `deb`, `rpm`, `program`, `told`, `os`, `hardware`; of a package of a programming language its purl type:
    /// `maven`, `npm`.
    pub sort: String,
    /// Its package URL, where it has one.
    pub purl: Option<String>,
    /// SHA-256 of the file that it is, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The package of the host that carries it, and with which it is judged: `deb libexample`; empty where that could not be looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried_by: Option<String>,
    /// What it is.
    pub category: Category,
    /// What a plan would call it.
    pub product: String,
    /// Who supplies it.
    pub supplier: SupplierClaim,
    /// On how many hosts it stands now.
    pub hosts: u64,
    /// Where it stands against the plans, over all equipment it stands on; `undeclared` wins. Absent when it is on
    /// no equipment.
    pub status: Option<DriftStatus>,
}

/// A component with everything about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentDetail {
    /// The row of the list.
    #[serde(flatten)]
    pub row: ComponentRow,
    /// The observation itself.
    pub observation: Observation,
    /// Where it stands now, in the order of enrolment: at most 500 places; `hosts` says how many there are.
    pub places: Vec<ComponentPlace>,
    /// The same component in other versions: ids.
    pub other_versions: Vec<ComponentRow>,
    /// What people decided about it, and it stands.
    pub decisions: Vec<DecisionRow>,
}

/// One place where a component stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentPlace {
    /// The agent of the host.
    pub agent_id: AgentId,
    /// The host's name.
    pub hostname: Option<String>,
    /// The equipment the host belongs to.
    pub equipment_id: Option<EquipmentId>,
    /// When it was first received from there.
    pub first_seen_at: UtcMicros,
}

/// An application of a host, of which packages of programming languages were seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationRow {
    /// Its file or folder.
    pub application: String,
    /// The package of the host that carries it, empty where that could not be looked up; absent where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried_by: Option<String>,
    /// The languages of its packages, by purl type, in order.
    pub ecosystems: Vec<String>,
    /// How many packages.
    pub packages: u64,
}
