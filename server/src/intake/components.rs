//! May this decision about components enter: what it applies to, what it says, and how it stands to those before.
//! It does not know whether a decision is right; a person vouches for it.
//! Invariant: of the very same components one decision stands at most, and whoever changes it names it.

use super::duties::{REASON_BYTES_MAX, ROLES};
use super::roles;
use crate::ledger::entry::Author;
use crate::model::Model;
use crate::model::queries::review::ReviewRow;
use crate::model::views::decisions::plain;
use daicho_schemas::fact::component::{
    ComponentDecided, ComponentDecisionWithdrawn, ComponentSelector, ComponentSort, VendorPlace,
};
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::ids::{DecisionId, SupplierId};
use daicho_schemas::limits::OBSERVED_TEXT_BYTES_MAX;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::CalendarDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// The name of a table, in bytes.
pub const TABLE_BYTES_MAX: usize = 200;

/// A person decides. Answers whether it says anything new.
pub fn decided(
    model: &Model,
    author: &Author,
    decision: &ComponentDecided,
    today: CalendarDate,
) -> Result<bool, Refusal> {
    roles::one_of(ROLES, model, author)?;
    checked(decision, today)?;
    if let Some(id) = decision.supplier_id.as_ref().filter(|id| !model.has_supplier(id)) {
        return Err(Refusal::new(RefusalCode::DecisionSupplierUnknown).with(format!("supplier_id: {id}")));
    }
    if model.decision(&decision.decision_id).is_some() {
        return Err(malformed("decision_id", "it was used before"));
    }
    let stands = model.decision_about(&decision.components);
    match (&decision.replaces, stands) {
        (None, None) => Ok(true),
        (None, Some(stands)) if says_the_same(&stands.decision, decision) => Ok(false),
        (None, Some(stands)) => Err(contradicts(&stands.decision.decision_id)),
        (Some(id), Some(stands)) if *id == stands.decision.decision_id => Ok(true),
        (Some(id), stands) => match model.decision(id) {
            None => Err(malformed("replaces", format!("there is no decision {id}"))),
            Some(before) if !before.stands() => {
                let now = before.replaced_by.as_ref().or(stands.map(|stands| &stands.decision.decision_id));
                Err(ended(id, now))
            }
            // It replaces one about other components: then none may stand about these.
            Some(_) => stands.map_or(Ok(true), |stands| Err(contradicts(&stands.decision.decision_id))),
        },
    }
}

/// A person takes a decision back.
pub fn withdrawn(model: &Model, author: &Author, taken: &ComponentDecisionWithdrawn) -> Result<(), Refusal> {
    roles::one_of(ROLES, model, author)?;
    words("reason", &taken.reason, REASON_BYTES_MAX, true)?;
    let id = &taken.decision_id;
    let state =
        model.decision(id).ok_or_else(|| Refusal::new(RefusalCode::NotFound).with(format!("decision_id: {id}")))?;
    if state.stands() { Ok(()) } else { Err(ended(id, state.replaced_by.as_ref())) }
}

/// What a person says of a group of the review queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupDecision {
    /// Who supplies it.
    pub supplier_id: Option<SupplierId>,
    /// What it is.
    pub category: Option<Category>,
    /// Whether it is part of the equipment.
    pub part_of_equipment: Option<bool>,
    /// From which day in Japan.
    pub valid_from: Option<CalendarDate>,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// On what it rests.
    #[serde(default)]
    pub evidence: String,
}

/// The decision that settles a group. Where one stands about the very same components already, this one replaces it and
/// keeps what it decided and this one leaves open.
pub fn for_group(model: &Model, group: &ReviewRow, said: GroupDecision, id: DecisionId) -> ComponentDecided {
    let stands = group.decision_id.as_ref().and_then(|id| model.decision(id)).map(|state| &state.decision);
    let outside = said.part_of_equipment == Some(false);
    let kept = stands.filter(|_| !outside);
    ComponentDecided {
        decision_id: id,
        components: group.components.clone(),
        supplier_id: said.supplier_id.or_else(|| kept.and_then(|before| before.supplier_id.clone())),
        category: said.category.or_else(|| kept.and_then(|before| before.category)),
        part_of_equipment: said.part_of_equipment.or_else(|| kept.and_then(|before| before.part_of_equipment)),
        valid_from: said.valid_from.or_else(|| kept.and_then(|before| before.valid_from)),
        reason: said.reason,
        evidence: said.evidence,
        from_table: None,
        replaces: stands.map(|before| before.decision_id.clone()),
    }
}

/// What would become of one line of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineRow {
    /// The line as a decision.
    pub decision: ComponentDecided,
    /// What would become of it.
    pub outcome: LineOutcome,
    /// The decision that stands about the same components.
    pub before: Option<ComponentDecided>,
    /// Why it is refused.
    pub refusal: Option<Refusal>,
}

/// What would become of one line of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineOutcome {
    /// Nothing stands about these components.
    New,
    /// It says what stands already.
    Same,
    /// It replaces what stands.
    Replaces,
    /// It cannot enter.
    Refused,
}

/// What would become of every line of a table, compared with what stands and with each other. Without `replace`, a line
/// that differs from what stands is refused.
pub fn compared(
    model: &Model,
    author: &Author,
    lines: Vec<ComponentDecided>,
    replace: bool,
    today: CalendarDate,
) -> Vec<LineRow> {
    let mut seen: BTreeMap<ComponentSelector, u32> = BTreeMap::new();
    let line = |mut decision: ComponentDecided| {
        let row = decision.from_table.as_ref().map_or(0, |line| line.row);
        let stands = model.decision_about(&decision.components).map(|state| &state.decision);
        let differs = stands.filter(|stands| !says_the_same(stands, &decision));
        if replace {
            decision.replaces = differs.map(|stands| stands.decision_id.clone());
        }
        let twice = match seen.entry(plain(&decision.components)) {
            Entry::Occupied(first) => {
                Some(malformed("components", format!("the same components as row {}", first.get())))
            }
            Entry::Vacant(free) => {
                free.insert(row);
                None
            }
        };
        let judged = twice.map_or_else(|| decided(model, author, &decision, today), Err);
        let outcome = match (&judged, &decision.replaces) {
            (Err(_), _) => LineOutcome::Refused,
            (Ok(false), _) => LineOutcome::Same,
            (Ok(true), Some(_)) => LineOutcome::Replaces,
            (Ok(true), None) => LineOutcome::New,
        };
        LineRow { before: stands.cloned(), decision, outcome, refusal: judged.err() }
    };
    lines.into_iter().map(line).collect()
}

/// What can be said of a decision without the ledger.
fn checked(decision: &ComponentDecided, today: CalendarDate) -> Result<(), Refusal> {
    selector(&decision.components)?;
    let ComponentDecided { supplier_id, category, part_of_equipment, .. } = decision;
    if supplier_id.is_none() && category.is_none() && part_of_equipment.is_none() {
        return Err(malformed("supplier_id", "nothing is decided: give supplier_id, category or part_of_equipment"));
    }
    if *part_of_equipment == Some(false) && (supplier_id.is_some() || category.is_some()) {
        let why = "what is no part of the equipment needs no supplier or category; decide one of the two";
        return Err(malformed("part_of_equipment", why));
    }
    if let Some(from) = decision.valid_from.filter(|from| *from > today) {
        return Err(malformed("valid_from", format!("{from} is after today, {today}")));
    }
    words("reason", &decision.reason, REASON_BYTES_MAX, true)?;
    words("evidence", &decision.evidence, REASON_BYTES_MAX, false)?;
    if let Some(line) = &decision.from_table {
        words("from_table.table", &line.table, TABLE_BYTES_MAX, true)?;
    }
    Ok(())
}

fn selector(components: &ComponentSelector) -> Result<(), Refusal> {
    let ComponentSelector { sort, vendor, vendor_place, name, versions } = components;
    let field = |field: &str, text: &Option<String>| match text {
        Some(text) if text.trim() != text => {
            Err(malformed(&format!("components.{field}"), "spaces before or behind it"))
        }
        Some(text) => words(&format!("components.{field}"), text, OBSERVED_TEXT_BYTES_MAX, true),
        None => Ok(()),
    };
    field("vendor", vendor)?;
    // A name is compared as it stands on the host, spaces included.
    name.as_ref().map_or(Ok(()), |name| words("components.name", name, OBSERVED_TEXT_BYTES_MAX, true))?;
    field("versions", versions)?;
    if vendor.is_none() && name.is_none() {
        return Err(malformed("components", "it names neither vendor nor name, and would mean everything"));
    }
    if vendor_place.is_some() && vendor.is_none() {
        return Err(malformed("components.vendor_place", "it needs vendor"));
    }
    if versions.is_some() && name.is_none() {
        return Err(malformed("components.versions", "it needs name"));
    }
    let whole = matches!(
        sort,
        Some(ComponentSort::Os | ComponentSort::Hardware | ComponentSort::Application | ComponentSort::Told)
    );
    if whole && versions.is_some() {
        return Err(malformed("components.versions", "only packages and programs are told apart by version"));
    }
    let fits = match (sort, vendor_place) {
        (None, _) | (_, None) => true,
        (Some(ComponentSort::Os), Some(place)) => *place == VendorPlace::OsId,
        (Some(ComponentSort::Hardware), Some(place)) => *place == VendorPlace::FirmwareMaker,
        (Some(ComponentSort::Program | ComponentSort::Application), Some(_)) => false,
        (Some(_), Some(place)) => !matches!(place, VendorPlace::OsId | VendorPlace::FirmwareMaker),
    };
    if fits { Ok(()) } else { Err(malformed("components.vendor_place", "nothing of this sort has it")) }
}

fn words(field: &str, text: &str, bytes_max: usize, needed: bool) -> Result<(), Refusal> {
    if needed && text.trim().is_empty() {
        return Err(malformed(field, "it is missing"));
    }
    if text.len() > bytes_max {
        return Err(malformed(field, format!("{} bytes, at most {bytes_max}; it stays in the ledger", text.len())));
    }
    Ok(())
}

/// Whether two decisions about the same components say the same; who decided, and why, may differ.
pub fn says_the_same(one: &ComponentDecided, other: &ComponentDecided) -> bool {
    let said = |decision: &ComponentDecided| {
        (decision.supplier_id.clone(), decision.category, decision.part_of_equipment, decision.valid_from)
    };
    said(one) == said(other)
}

fn malformed(field: &str, why: impl AsRef<str>) -> Refusal {
    Refusal::new(RefusalCode::DecisionMalformed).with(format!("{field}: {}", why.as_ref()))
}

fn contradicts(id: &DecisionId) -> Refusal {
    Refusal::new(RefusalCode::DecisionContradicts).with(format!("replaces: {id}"))
}

fn ended(id: &DecisionId, now: Option<&DecisionId>) -> Refusal {
    let now = now.map_or_else(|| "none stands now".to_string(), |now| format!("now: {now}"));
    Refusal::new(RefusalCode::DecisionEnded).with(format!("{id}; {now}"))
}

#[cfg(test)]
#[path = "components_tests.rs"]
mod tests;
