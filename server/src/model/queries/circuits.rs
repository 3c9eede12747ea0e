//! The lines of the operator's own lists as rows: what each list says, what explains a line, which ones nothing explains, and which
//! lines that are seen stand in none.
//! It does not judge; the rules do. Invariant: without a list, which lines there are is unknown, and the answer says so.

use super::super::Model;
use super::super::findings::Subject;
use super::super::rules::circuits::{equipment_of, explained, user_of};
use super::remote_paths::OpenFinding;
use crate::model::views::circuits::{CircuitKey, CircuitState, Circuits, EditionState};
use daicho_schemas::ids::{CircuitLedgerId, EquipmentId, SupplierId};
use serde::{Deserialize, Serialize};

pub use super::super::rules::circuits::Explains;
pub(crate) use super::super::rules::circuits::sort_text;

/// Lines in one answer; more are counted.
pub const CIRCUITS_LISTED_MAX: usize = 2000;

/// The rule of lines that are seen and stand in no list.
const UPLINKS: &str = "uplink_in_no_circuit";

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CircuitStand {
    /// It is in its list, and nothing shows what stands at its end.
    Unexplained,
    /// A newer edition does not hold it, and nobody said that it ended.
    Missing,
    /// Something shows what stands at its end.
    Explained,
    /// Its list says that it is there later.
    ToCome,
    /// Its list, or a person, says that it is there no more.
    Ended,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CircuitRow {
    /// Its list.
    pub circuit_ledger_id: CircuitLedgerId,
    /// Where it stands.
    pub stand: CircuitStand,
    /// What the list and people say of it.
    pub said: CircuitState,
    /// The equipment that it serves, where the list names one of ours.
    pub equipment_id: Option<EquipmentId>,
    /// The vendor who uses it, where the list names one of ours.
    pub supplier_id: Option<SupplierId>,
    /// What shows what stands at its end.
    pub explained_by: Vec<Explains>,
    /// Open findings about it.
    pub findings: Vec<OpenFinding>,
}

/// Which lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CircuitQuery {
    /// Of this equipment.
    pub equipment_id: Option<EquipmentId>,
    /// Only those that stand so.
    pub stand: Option<CircuitStand>,
}

/// The lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CircuitSheet {
    /// The newest edition of every list. None: which lines there are is not known.
    pub lists: Vec<EditionState>,
    /// Those that nothing explains first, at most [`CIRCUITS_LISTED_MAX`].
    pub circuits: Vec<CircuitRow>,
    /// How many there are in all.
    pub total: usize,
    /// How many of them nothing explains.
    pub unexplained: usize,
    /// How many of them are missing from their list.
    pub missing: usize,
    /// Lines that a device or a host shows and that stand in no list; absent without a list, for then nobody knows.
    pub uplinks_in_none: Option<Vec<OpenFinding>>,
}

impl Model {
    /// The lists of lines, and their lines.
    pub fn circuits(&self) -> &Circuits {
        &self.state.circuits
    }

    /// The lines, on what is known now.
    pub fn circuit_sheet(&self, query: &CircuitQuery) -> CircuitSheet {
        let rows = self.state.circuits.iter().map(|(key, own)| self.circuit_row(key, own));
        let here = |row: &CircuitRow| query.equipment_id.is_none() || row.equipment_id == query.equipment_id;
        let wanted = |row: &CircuitRow| here(row) && query.stand.is_none_or(|stand| row.stand == stand);
        let mut circuits: Vec<CircuitRow> = rows.filter(wanted).collect();
        circuits.sort_by_key(|row| row.stand);
        let count = |stand| circuits.iter().filter(|row| row.stand == stand).count();
        let (total, unexplained, missing) =
            (circuits.len(), count(CircuitStand::Unexplained), count(CircuitStand::Missing));
        circuits.truncate(CIRCUITS_LISTED_MAX);
        let lists = self.state.circuits.editions().cloned().collect();
        CircuitSheet { lists, circuits, total, unexplained, missing, uplinks_in_none: self.uplinks_in_none(query) }
    }

    fn uplinks_in_none(&self, query: &CircuitQuery) -> Option<Vec<OpenFinding>> {
        if self.state.circuits.is_empty() {
            return None;
        }
        let open = self.state.findings.open().filter(|(_, own)| own.rule_id.as_str() == UPLINKS);
        let here = open
            .filter(|(_, own)| query.equipment_id.is_none() || own.verdict.equipment_id == query.equipment_id)
            .map(|(id, own)| OpenFinding {
                finding_id: id.clone(),
                rule_id: own.rule_id.clone(),
                severity: own.verdict.severity,
                title: own.verdict.title.clone(),
            });
        Some(here.take(CIRCUITS_LISTED_MAX).collect())
    }

    fn circuit_row(&self, key: &CircuitKey, own: &CircuitState) -> CircuitRow {
        let explained_by: Vec<Explains> = explained(&self.state, &self.drift, own).into_iter().collect();
        let stand = match () {
            () if own.has_ended() => CircuitStand::Ended,
            () if own.missing.is_some() => CircuitStand::Missing,
            () if own.is_to_come() => CircuitStand::ToCome,
            () if explained_by.is_empty() => CircuitStand::Unexplained,
            () => CircuitStand::Explained,
        };
        CircuitRow {
            circuit_ledger_id: key.0.clone(),
            stand,
            said: own.clone(),
            equipment_id: equipment_of(&self.state, own),
            supplier_id: user_of(&self.state, own),
            explained_by,
            findings: self.open_about(&Subject::Circuit(key.0.clone(), key.1.clone())),
        }
    }
}

#[cfg(test)]
#[path = "circuits_tests.rs"]
mod tests;
