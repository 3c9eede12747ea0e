//! Which rows of the decision table a finding brings up, on the day of the change, for every plan of its equipment.
//! It does not know the law and decides nothing itself: it names the change, the plan and the phase, and takes the row.
//! Invariant: of several plans the strictest outcome stands; the day is the Japanese date of the entry that opened the finding.

use super::computers::obliged;
use super::difference::{changes_between, party_changes};
use super::phase::phase_on;
use super::planned::{self, JudgedRow};
use super::table::{Change, ClockRule, JP_ESPA, Pack, REGIME_JP_ESPA, Situation, TableRow, pack};
use crate::model::findings::{Finding, Subject};
use crate::model::meaning::SupplierKey;
use crate::model::regimes;
use crate::model::rows::{DutyLife, DutyRow, DutyState, FindingState, Phase, Severity};
use crate::model::rules::{CHANGED_WHILE_PROHIBITED, DEVICE_WAY_IN_UNDECLARED};
use crate::model::state::State;
use crate::model::views::declarations::{PlanState, SupplierState};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::declaration::{Operator, PlanKind};
use daicho_schemas::fact::supplier::SupplierField;
use daicho_schemas::ids::{DutyId, EquipmentId, FindingId, PlanId, SupplierId};
use daicho_schemas::planned::ChangeItem;
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use std::collections::BTreeMap;

/// Whether findings of this sort can bring up a duty. A supplier's finding brings up none of its own: the component does.
pub(crate) fn may_oblige(finding: &Finding) -> bool {
    let subject = match finding.subject {
        Subject::Supplier(..) | Subject::Agent(_) | Subject::Ticket(_) | Subject::RemoteAnswer(..) => false,
        // That a file differs from its package's is a matter of security; what it became is judged as a component.
        Subject::ChangedFile(..) => false,
        // That nobody knows what a thing is asks for nothing to be filed.
        Subject::Neighbour(..) | Subject::Circuit(..) => false,
        // Known weaknesses and ends of support ask for nothing to be filed.
        Subject::Device(_) => false,
        // That a way in is open to everybody asks for nothing to be filed; that nobody declared it may.
        Subject::WayIn(..) => finding.rule_id.as_str() == DEVICE_WAY_IN_UNDECLARED,
        Subject::Product(..)
        | Subject::Interface(..)
        | Subject::Tool(..)
        | Subject::Plan(_)
        | Subject::Party(..)
        | Subject::Computer(..)
        | Subject::RemotePath(_)
        | Subject::DeclaredPath(..) => true,
    };
    // What came in a prohibition period is prohibited, not to be filed: what it changes of a plan hangs on findings of its own.
    subject && finding.rule_id.as_str() != CHANGED_WHILE_PROHIBITED
}

/// What the law asks because of a finding; nothing while it is closed.
pub(crate) fn duties_of(state: &State, id: &FindingId, finding: &Finding) -> Vec<DutyRow> {
    if let Subject::Computer(..) = &finding.subject {
        // What is notified once stays a duty that was met, whatever became of the finding.
        return obliged::duties_of_finding(state, id, finding);
    }
    if finding.state == FindingState::Closed {
        return Vec::new();
    }
    let Some(equipment) = &finding.verdict.equipment_id else { return Vec::new() };
    let on = finding.opened_at.date_in_japan();
    let (change, kind) = match &finding.subject {
        Subject::Product(_, supplier, _) => (change_of(state, equipment, supplier), PlanKind::Installation),
        Subject::Interface(..) | Subject::WayIn(..) => (Change::RemotePathUndeclared, PlanKind::Entrustment),
        // Of software, only what was seen to run: what merely lies there lets nobody in.
        Subject::Tool(..) if finding.verdict.severity < Severity::Critical => return Vec::new(),
        Subject::Tool(..) => (Change::RemotePathUndeclared, PlanKind::Entrustment),
        // A path that a plan declares is declared, whatever becomes of its contract.
        Subject::RemotePath(path) if !state.declares(path) => (Change::RemotePathUndeclared, PlanKind::Entrustment),
        Subject::Plan(plan) | Subject::Party(plan, _) => return duties_of_edit(state, id, finding, plan, on),
        Subject::Supplier(..)
        | Subject::Agent(_)
        | Subject::ChangedFile(..)
        | Subject::Computer(..)
        | Subject::Ticket(_)
        | Subject::Device(_)
        | Subject::RemotePath(_)
        | Subject::DeclaredPath(..)
        | Subject::Neighbour(..)
        | Subject::Circuit(..)
        | Subject::RemoteAnswer(..) => return Vec::new(),
    };
    let strictest = judgements(state, equipment, kind, change, on).into_iter().max_by(|a, b| {
        // The strictest; among equals the plan that comes first.
        a.row.outcome.cmp(&b.row.outcome).then_with(|| b.plan_id.cmp(&a.plan_id))
    });
    strictest.into_iter().map(|judgement| duty(state, id, finding, equipment, on, &judgement)).collect()
}

/// What the law asks because a filed plan, or the record of somebody whom it names, says something else now: every row that the
/// changes bring up, once.
fn duties_of_edit(state: &State, id: &FindingId, finding: &Finding, plan: &PlanId, on: CalendarDate) -> Vec<DutyRow> {
    let Some(plan) = state.declarations.plan_state(plan) else { return Vec::new() };
    let changes = match &finding.subject {
        Subject::Party(_, supplier) => party_changes(&state.declarations, plan, supplier),
        _ => plan.changed_since().map(|before| changes_between(before, &plan.plan)).unwrap_or_default(),
    };
    let mut of_row: BTreeMap<DutyId, (JudgedRow, Vec<ChangeItem>)> = BTreeMap::new();
    for (item, row) in planned::edited(&state.declarations, &plan.plan, &changes, on) {
        let entry =
            of_row.entry(duty_id(id, finding.openings, &row.row_id)).or_insert_with(|| (row.clone(), Vec::new()));
        let more: Vec<Text> = row.missing.into_iter().filter(|field| !entry.0.missing.contains(field)).collect();
        entry.0.missing.extend(more);
        entry.1.push(item);
    }
    let duty = |(duty_id, (row, items)): (DutyId, (JudgedRow, Vec<ChangeItem>))| DutyRow {
        duty_id,
        finding_id: id.clone(),
        equipment_id: plan.plan.equipment.equipment_id.clone(),
        plan_id: row.plan_id,
        regime: plan.plan.regime.clone(),
        row_id: row.row_id,
        phase: row.phase,
        outcome: row.outcome,
        state: DutyState::Open,
        life: DutyLife::default(),
        subject: subject_of_edit(&items),
        title: row.title,
        form: row.form,
        articles: row.articles,
        clock: row.clock,
        due_on: row.due_on,
        changed_on: on,
        question: row.question,
        missing: row.missing,
        confidence: row.confidence,
        caution: row.caution,
    };
    of_row.into_iter().map(duty).collect()
}

/// What the changes under one row are, short enough for a row.
fn subject_of_edit(items: &[ChangeItem]) -> Text {
    const NAMED_MAX: usize = 2;
    let more = items.len().saturating_sub(NAMED_MAX);
    let named = |language: fn(&Text) -> &str, colon: &str| {
        let of = |item: &ChangeItem| format!("{}{colon}{}", language(&item.change.text()), item.subject);
        items.iter().take(NAMED_MAX).map(of).collect::<Vec<_>>().join(", ")
    };
    let (ja, en) = (named(|text| &text.ja, "："), named(|text| &text.en, ": "));
    match more {
        0 => Text::new(ja, en),
        more => Text::new(format!("{ja} ほか {more} 件"), format!("{en} and {more} more")),
    }
}

/// A row that fits a plan, or the absence of one.
struct Judgement<'a> {
    pack: &'static Pack,
    row: &'static TableRow,
    plan_id: Option<&'a PlanId>,
    phase: Option<Phase>,
}

fn judgements<'a>(
    state: &'a State,
    equipment: &'a EquipmentId,
    kind: PlanKind,
    change: Change,
    on: CalendarDate,
) -> Vec<Judgement<'a>> {
    let of_kind = |plan: &&PlanState| plan.plan.plan_kind == kind;
    let all: Vec<&PlanState> = state.declarations.plans_of(equipment).filter(of_kind).collect();
    let asked = |phase, operator: Option<&Operator>| Situation {
        kind: Some(kind),
        phase,
        change,
        on,
        designated_on: operator.and_then(|operator| operator.designated_on),
        not_in_force: operator.is_some_and(|operator| regimes::not_in_force(&operator.business, on)),
        emergency: false,
    };
    let filed: Vec<&PlanState> = all.iter().copied().filter(|plan| plan.filed()).collect();
    // A draft beside a filed plan binds nobody; alone it is what will have to be filed.
    let counting = if filed.is_empty() { all } else { filed };
    if counting.is_empty() {
        let operator = planned::operator_of(state.declarations.plans_of(equipment));
        let none = JP_ESPA.row(&asked(None, operator));
        return none.map(|row| Judgement { pack: &JP_ESPA, row, plan_id: None, phase: None }).into_iter().collect();
    }
    let judged = counting.into_iter().filter_map(|plan| {
        let pack = pack(&plan.plan.regime)?;
        let phase = phase_on(kind, &plan.plan.dates, on);
        let row = pack.row(&asked(Some(phase), Some(&plan.plan.operator)))?;
        Some(Judgement { pack, row, plan_id: Some(&plan.plan.plan_id), phase: Some(phase) })
    });
    judged.collect()
}

/// How the component's supplier stands to the plans of the equipment that count.
fn change_of(state: &State, equipment: &EquipmentId, supplier: &SupplierKey) -> Change {
    let Some(id) = supplier.recorded() else { return Change::ComponentOfUnknownSupplier };
    let mut plans = state.declarations.covering_plans_of(equipment);
    if plans.any(|plan| plan.plan.parts.iter().any(|part| part.supplier_id == *id)) {
        Change::ComponentOfDeclaredSupplier
    } else {
        Change::ComponentOfNewSupplier
    }
}

fn duty(
    state: &State,
    id: &FindingId,
    finding: &Finding,
    equipment: &EquipmentId,
    on: CalendarDate,
    judgement: &Judgement<'_>,
) -> DutyRow {
    let Judgement { pack, row, plan_id, phase } = judgement;
    let supplier = finding.verdict.supplier.as_ref().and_then(|claim| claim.supplier_id.as_ref());
    let due_on = match row.clock.rule {
        ClockRule::MonthsAfterChange => row.clock.months.map(|months| on.plus_months(months)),
        ClockRule::DaysBeforeChange => row.clock.days.map(|days| on.plus_days(-i64::from(days))),
        ClockRule::ProhibitedFromAcceptance | ClockRule::WithoutDelay | ClockRule::None => None,
    };
    DutyRow {
        duty_id: duty_id(id, finding.openings, &row.row_id),
        finding_id: id.clone(),
        equipment_id: equipment.clone(),
        plan_id: plan_id.cloned(),
        regime: REGIME_JP_ESPA.into(),
        row_id: row.row_id.clone(),
        phase: *phase,
        outcome: row.outcome,
        state: DutyState::Open,
        life: DutyLife::default(),
        subject: subject(finding),
        title: row.title.clone(),
        form: row.form.clone(),
        articles: row.articles.clone(),
        clock: row.clock.text.clone(),
        due_on,
        changed_on: on,
        question: row.question.clone(),
        missing: missing(state, pack, row, supplier, on),
        confidence: row.confidence.as_str().into(),
        caution: row.caution.clone(),
    }
}

/// What a duty is about, short enough for a row: components with their supplier, else what the finding says.
fn subject(finding: &Finding) -> Text {
    const NAMED_MAX: usize = 2;
    let components = &finding.verdict.components;
    if components.is_empty() {
        return finding.verdict.title.clone();
    }
    let named: Vec<&str> = components.iter().take(NAMED_MAX).map(String::as_str).collect();
    let (named, more) = (named.join(", "), components.len().saturating_sub(NAMED_MAX));
    let (more_ja, more_en) = if more == 0 {
        (String::new(), String::new())
    } else {
        (format!(" ほか {more} 件"), format!(" and {more} more"))
    };
    let (from_ja, from_en) = match &finding.verdict.supplier {
        Some(claim) => (name_alone(&claim.name.ja), name_alone(&claim.name.en)),
        None => ("供給者不明", "supplier unknown"),
    };
    Text::new(format!("{named}{more_ja}（{from_ja}）"), format!("{named}{more_en} ({from_en})"))
}

/// A maintainer's name without the address behind it; the evidence of the claim keeps both.
fn name_alone(name: &str) -> &str {
    match name.split_once('<') {
        Some((name, _)) if !name.trim().is_empty() => name.trim(),
        _ => name,
    }
}

/// The id of a duty: `duty-` and 16 hex digits, from finding, opening and row.
pub(super) fn duty_id(finding: &FindingId, opening: u64, row_id: &str) -> DutyId {
    let opening = opening.to_string();
    let parts = [finding.as_str().as_bytes(), &[0], opening.as_bytes(), &[0], row_id.as_bytes()];
    let hash = Hash::of("daicho.duty.v1", &parts);
    DutyId::new(format!("duty-{}", hash.short())).unwrap_or_else(|_| unreachable!("hex digits fit an id"))
}

/// The data that a filing on that day needs and that no record holds. What cannot be recorded in this release is always missing.
fn missing(state: &State, pack: &Pack, row: &TableRow, supplier: Option<&SupplierId>, on: CalendarDate) -> Vec<Text> {
    let supplier = supplier.and_then(|id| state.declarations.supplier_state(id));
    let recorded = |field: &str| supplier.is_some_and(|supplier| is_recorded(field, supplier, on));
    row.missing_fields.iter().filter(|field| !recorded(field)).map(|field| pack.field(field)).collect()
}

/// Whether a record holds what a field of the packs asks, for a filing on that day. The packs speak of a supplier or, where it can
/// be a contractor too, of a party.
pub(super) fn is_recorded(field: &str, supplier: &SupplierState, filing_on: CalendarDate) -> bool {
    let field = field.strip_prefix("party_").map_or_else(|| field.to_string(), |rest| format!("supplier_{rest}"));
    SupplierField::of_key(&field).is_some_and(|field| supplier.state_of(field, filing_on).is_settled())
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
