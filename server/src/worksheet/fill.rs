//! Fills a form in: field by field in the order of the form, for every party and part that the plan names.
//! It does not know the law; the form's fields, their roles and conditions are data.
//! Invariant: a field that this code does not know is missing, never left out.

use super::values::value_of;
use super::{About, RowState, Worksheet, WorksheetRow};
use crate::model::parties::{Party, parties};
use crate::model::views::declarations::SupplierState;
use daicho_schemas::fact::declaration::{DeclaredPart, Plan, PlanKind};
use daicho_schemas::fact::supplier::{SupplierField, SupplierRole, ValueState};
use daicho_schemas::ids::SupplierId;
use daicho_schemas::regime::forms::{Attachment, Form, FormField, FormsFile, Role};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use std::collections::BTreeMap;

/// What a form is filled in from.
pub struct Filing<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What is recorded of a supplier.
    pub supplier: &'a dyn Fn(&SupplierId) -> Option<&'a SupplierState>,
    /// The day of filing.
    pub filing_on: CalendarDate,
    /// What no plan can say, by field: what changed and when, the answer to a recommendation.
    pub given: BTreeMap<String, String>,
}

/// Whether a form is one for plans of this kind: `form-4-1` is for installation, `form-4-2` for entrustment.
pub fn fits(form_id: &str, kind: PlanKind) -> bool {
    let mut words = form_id.split('-').skip(1);
    match (words.next(), words.next()) {
        (_, Some("1")) | (Some("10"), None) => kind == PlanKind::Installation,
        (_, Some("2")) => kind == PlanKind::Entrustment,
        _ => true,
    }
}

/// Fills a form in. `None` where the regime has no such form, or it is for plans of the other kind.
pub fn fill(forms: &FormsFile, form_id: &str, filing: &Filing<'_>) -> Option<Worksheet> {
    let form = forms.forms.iter().find(|form| form.form_id == form_id)?;
    let plan = filing.plan;
    if !fits(form_id, plan.plan_kind) {
        return None;
    }
    Some(Worksheet {
        form_id: form.form_id.clone(),
        form: form.name.clone(),
        purpose: form.purpose.clone(),
        plan_id: Some(plan.plan_id.clone()),
        operator: plan.operator.name.clone(),
        equipment: plan.equipment.name.clone(),
        filing_on: filing.filing_on,
        rows: rows(forms, form, filing),
        attachments: attachments(forms, form, filing),
        note: form.basis.note.clone(),
    })
}

/// The fields of one run: those about the filing one after the other; those about parts and parties, party by party.
fn rows(forms: &FormsFile, form: &Form, filing: &Filing<'_>) -> Vec<WorksheetRow> {
    let fields: Vec<&FormField> =
        form.fields.iter().filter_map(|id| forms.fields.iter().find(|field| field.field_id == *id)).collect();
    let parties = parties(filing.plan);
    let mut rows = Vec::new();
    let mut by_party = Vec::new();
    for field in fields {
        if is_about_party(field) {
            by_party.push(field);
            continue;
        }
        rows.extend(own_rows(field, filing));
    }
    // Risk measures and what changed stand behind the parties, as in the form.
    let behind = rows.iter().position(|row| is_behind(&row.field_id)).unwrap_or(rows.len());
    let tail = rows.split_off(behind);
    // A part comes before its supplier.
    by_party.sort_by_key(|field| !field.field_id.starts_with("component_"));
    for party in &parties {
        rows.extend(by_party.iter().filter_map(|field| party_row(field, party, filing)));
    }
    rows.extend(tail);
    rows
}

fn is_about_party(field: &FormField) -> bool {
    field.field_id.starts_with("component_")
        || field.field_id.starts_with("subcontract")
        || SupplierField::of_key(&field.field_id).is_some()
}

fn is_behind(field_id: &str) -> bool {
    ["risk_", "emergency_", "changed_", "recommendation_"].iter().any(|start| field_id.starts_with(start))
}

/// A row of a field that is about the filing itself.
fn own_rows(field: &FormField, filing: &Filing<'_>) -> Vec<WorksheetRow> {
    let (plan, items) = (filing.plan, &*filing.plan.filing);
    let (equipment, dates) = (&plan.equipment, &plan.dates);
    let word = |text: &str| Text::same(text.trim());
    let day = |day: Option<CalendarDate>| day.map_or_else(Text::default, |day| Text::same(day.to_string()));
    let value = match field.field_id.as_str() {
        "equipment_type" => word(&equipment.equipment_type),
        "equipment_name" => equipment.name.clone(),
        "equipment_function" => word(&equipment.function),
        "equipment_place" => word(&equipment.place),
        "operator_name" => plan.operator.name.clone(),
        "introduction_purpose" => word(items.introduction_purpose.as_deref().unwrap_or_default()),
        "introduction_timing" => day(dates.introduced_on.or(items.introduction_planned_on)),
        "introduction_parties" => return introduction_rows(field, filing),
        "entrustment_content" => word(items.entrustment_content.as_deref().unwrap_or_default()),
        "entrustment_period" => period(dates.entrusted_from, dates.entrusted_through),
        "emergency_reason" => word(items.emergency_reason.as_deref().unwrap_or_default()),
        "risk_measures_introduction" | "risk_measures_entrustment" => return measure_rows(field, plan),
        other => word(filing.given.get(other).map_or("", String::as_str)),
    };
    vec![plain(field, None, value, plan)]
}

fn period(from: Option<CalendarDate>, through: Option<CalendarDate>) -> Text {
    if from.is_none() && through.is_none() {
        return Text::default();
    }
    let day = |day: Option<CalendarDate>| day.map_or_else(|| "?".into(), |day| day.to_string());
    Text::same(format!("{} – {}", day(from), day(through)))
}

/// A row whose value stands in the plan.
fn plain(field: &FormField, about: Option<About>, value: Text, plan: &Plan) -> WorksheetRow {
    let empty = value.ja.is_empty() && value.en.is_empty();
    WorksheetRow {
        block: field.block.clone(),
        about,
        field_id: field.field_id.clone(),
        name: field.name.clone(),
        value,
        state: if empty { RowState::Missing } else { RowState::Stated },
        source: if empty { String::new() } else { plan.plan_id.to_string() },
        as_of: None,
        direct: field.direct,
        confidence: field.basis.confidence,
        note: field.condition.clone(),
    }
}

fn introduction_rows(field: &FormField, filing: &Filing<'_>) -> Vec<WorksheetRow> {
    let parties = &filing.plan.filing.introduction_parties;
    if parties.is_empty() {
        return vec![plain(field, None, Text::default(), filing.plan)];
    }
    let row = |party: &daicho_schemas::fact::filing::IntroductionParty| {
        let about =
            about_supplier(&Text::new("導入に携わる者", "takes part in the introduction"), &party.supplier_id, filing);
        let wanted =
            [SupplierField::Name, SupplierField::Representative, SupplierField::Address, SupplierField::CountryOfLaw];
        let supplier = (filing.supplier)(&party.supplier_id);
        let settled = |field: &SupplierField| {
            supplier.is_some_and(|supplier| supplier.state_of(*field, filing.filing_on).is_settled())
        };
        let missing: Vec<Text> = wanted.iter().filter(|field| !settled(field)).map(|field| field.label()).collect();
        let values = wanted.iter().filter_map(|field| Some(value_of(&supplier?.record, *field, filing.filing_on)));
        let mut value = joined(values.filter(|text| !text.ja.is_empty()).collect());
        value.ja = format!("{}（{}）", value.ja, party.relation);
        value.en = format!("{} ({})", value.en, party.relation);
        let mut row = plain(field, Some(about), value, filing.plan);
        if !missing.is_empty() {
            row.state = RowState::Missing;
            let missing = joined(missing);
            row.note = Some(Text::new(format!("不足: {}", missing.ja), format!("missing: {}", missing.en)));
        }
        row
    };
    parties.iter().map(row).collect()
}

fn joined(texts: Vec<Text>) -> Text {
    let of = |pick: fn(&Text) -> &str, between: &str| texts.iter().map(pick).collect::<Vec<_>>().join(between);
    Text::new(of(|text| &text.ja, "、"), of(|text| &text.en, ", "))
}

fn measure_rows(field: &FormField, plan: &Plan) -> Vec<WorksheetRow> {
    let measures = &plan.filing.risk_measures;
    if measures.is_empty() {
        return vec![plain(field, None, Text::default(), plan)];
    }
    let row = |measure: &daicho_schemas::fact::filing::RiskMeasure| {
        let about = About { text: Text::same(measure.measure_id.as_str()), supplier_id: None };
        let mut row = plain(field, Some(about), Text::same(measure.text.trim()), plan);
        let evidence = measure.evidence.join(", ");
        row.note = Some(if evidence.is_empty() {
            Text::new("確認書類の記録がありません", "no evidence is recorded")
        } else {
            Text::new(format!("確認書類: {evidence}"), format!("evidence: {evidence}"))
        });
        row
    };
    measures.iter().map(row).collect()
}

/// A row of a field about one party. Nothing where the field is not asked of its role.
fn party_row(field: &FormField, party: &Party<'_>, filing: &Filing<'_>) -> Option<WorksheetRow> {
    let plan = filing.plan;
    if let Some(item) = SupplierField::of_key(&field.field_id) {
        return field.roles.contains(&Role::Supplier(party.role)).then(|| supplier_row(field, item, party, filing));
    }
    if field.field_id.starts_with("component_") {
        let (at, part) = party.part?;
        let value = match field.field_id.as_str() {
            "component_category" => part.category_as_filed.as_str(),
            "component_name" => part.name.as_str(),
            "component_function" => part.function.as_str(),
            _ => "",
        };
        return Some(plain(field, Some(about_part(at, part)), Text::same(value.trim()), plan));
    }
    (party.role == SupplierRole::Subcontractor).then(|| {
        let value = match (field.field_id.as_str(), party.tier) {
            ("subcontract_content", Some(tier)) => Text::same(tier.work.trim()),
            ("subcontract_period", Some(tier)) => period(tier.from, tier.through),
            ("subcontractor_relief", _) => party.relief.map_or_else(Text::default, |relief| {
                Text::same(format!("① {} ② {}", relief.knows_work, relief.verifies_access_and_records))
            }),
            _ => Text::default(),
        };
        let mut row = plain(field, Some(about(party, filing)), value, plan);
        relieve(&mut row, party, None);
        // Relief that nobody claims is nothing that is missing.
        if field.field_id == "subcontractor_relief" && row.state == RowState::Missing {
            row.state = RowState::NotNeeded;
        }
        row
    })
}

fn supplier_row(field: &FormField, item: SupplierField, party: &Party<'_>, filing: &Filing<'_>) -> WorksheetRow {
    let mut row = plain(field, Some(about(party, filing)), Text::default(), filing.plan);
    take_item(&mut row, item, party.supplier_id.and_then(|id| (filing.supplier)(id)), filing.filing_on);
    if item == SupplierField::ManufacturingSites
        && row.state == RowState::Missing
        && let Some(country) = party.part.and_then(|(_, part)| part.manufacturing_country.as_ref())
    {
        row.value = Text::same(country.to_string());
        row.state = RowState::Stated;
        row.source = filing.plan.plan_id.to_string();
    }
    relieve(&mut row, party, Some(item));
    row
}

/// What a record says of an item.
fn take_item(row: &mut WorksheetRow, item: SupplierField, supplier: Option<&SupplierState>, filing_on: CalendarDate) {
    let Some(supplier) = supplier else { return };
    row.value = value_of(&supplier.record, item, filing_on);
    match supplier.state_of(item, filing_on) {
        ValueState::Known { source, as_of } => {
            (row.state, row.source, row.as_of) = (RowState::Stated, source, Some(as_of));
        }
        ValueState::Unusable { source, as_of, why } => {
            (row.state, row.source, row.as_of) = (RowState::Unusable, source, Some(as_of));
            row.note = Some(why);
        }
        ValueState::SubmittedDirectly { on, receipt } => {
            (row.state, row.source, row.as_of) = (RowState::SubmittedDirectly, receipt, Some(on));
        }
        ValueState::Erased => row.state = RowState::Erased,
        ValueState::Absent => row.state = RowState::Missing,
    }
}

/// What ord. 17 lets a plan leave out for a subcontractor. `item` is absent where it is about the work itself.
fn relieve(row: &mut WorksheetRow, party: &Party<'_>, item: Option<SupplierField>) {
    let may_be = item.is_none_or(|item| SupplierRole::Subcontractor.may_be_relieved(item));
    if party.relief.is_some() && row.state.is_open() && may_be {
        row.state = RowState::NotNeeded;
        row.note = Some(Text::new(
            "省令第17条により省略（計画書に記載し、証明すること）",
            "left out under ord. 17: say so in the plan, with proof",
        ));
    }
}

fn attachments(forms: &FormsFile, form: &Form, filing: &Filing<'_>) -> Vec<WorksheetRow> {
    let wanted = form.attachments.iter().filter_map(|id| forms.attachments.iter().find(|row| row.attachment_id == *id));
    let parties = parties(filing.plan);
    wanted.flat_map(|attachment| attached(attachment, &parties, filing)).collect()
}

fn attached(attachment: &Attachment, parties: &[Party<'_>], filing: &Filing<'_>) -> Vec<WorksheetRow> {
    let plan = filing.plan;
    let blank = |about: Option<About>| WorksheetRow {
        block: Text::new("添付書類", "attachments"),
        about,
        field_id: attachment.attachment_id.clone(),
        name: attachment.name.clone(),
        value: Text::default(),
        state: RowState::Missing,
        source: String::new(),
        as_of: None,
        direct: attachment.direct,
        confidence: attachment.basis.confidence,
        note: attachment.may_be_omitted.clone(),
    };
    let item = match attachment.attachment_id.as_str() {
        "registry" => Some(SupplierField::Registry),
        "officer_papers" => Some(SupplierField::OfficerPapers),
        _ => None,
    };
    let Some(item) = item else {
        let evidence: Vec<&str> = match attachment.attachment_id.as_str() {
            "relief_proof" => plan.filing.reliefs.iter().map(|relief| relief.proof.as_str()).collect(),
            "risk_measure_proof" => {
                plan.filing.risk_measures.iter().flat_map(|measure| &measure.evidence).map(String::as_str).collect()
            }
            _ => Vec::new(),
        };
        let mut row = blank(None);
        row.value = Text::same(evidence.join("\n"));
        row.state = match (evidence.is_empty(), attachment.attachment_id.as_str()) {
            (false, _) => RowState::Stated,
            (true, "relief_proof") if plan.filing.reliefs.is_empty() => RowState::NotNeeded,
            (true, _) => RowState::Missing,
        };
        return vec![row];
    };
    let mut seen = Vec::new();
    let mut rows = Vec::new();
    for party in parties.iter().filter(|party| attachment.roles.contains(&Role::Supplier(party.role))) {
        // One paper serves every role of the same party.
        if party.supplier_id.is_some() && seen.contains(&party.supplier_id) {
            continue;
        }
        seen.push(party.supplier_id);
        let mut row = blank(Some(about(party, filing)));
        take_item(&mut row, item, party.supplier_id.and_then(|id| (filing.supplier)(id)), filing.filing_on);
        relieve(&mut row, party, Some(item));
        rows.push(row);
    }
    rows
}

fn about(party: &Party<'_>, filing: &Filing<'_>) -> About {
    let role = match party.role {
        SupplierRole::EquipmentSupplier => Text::new("特定重要設備の供給者", "supplier of the equipment"),
        SupplierRole::ComponentSupplier => {
            let (at, name) = party.part.map_or((0, ""), |(at, part)| (at + 1, part.name.as_str()));
            Text::new(format!("構成設備 {at}「{name}」の供給者"), format!("supplier of part {at}, {name}"))
        }
        SupplierRole::Contractor => Text::new("委託の相手方", "contractor"),
        SupplierRole::Subcontractor => {
            let depth = party.depth - 1;
            Text::new(format!("再委託の相手方等（{depth} 段目）"), format!("subcontractor, tier {depth}"))
        }
    };
    match party.supplier_id {
        Some(id) => about_supplier(&role, id, filing),
        None => {
            let text = Text::new(format!("{}（未定）", role.ja), format!("{} (not named yet)", role.en));
            About { text, supplier_id: None }
        }
    }
}

fn about_supplier(role: &Text, id: &SupplierId, filing: &Filing<'_>) -> About {
    let name = (filing.supplier)(id).map_or_else(|| Text::same(id.as_str()), |supplier| supplier.record.name.clone());
    let text = Text::new(format!("{}: {}", role.ja, name.ja), format!("{}: {}", role.en, name.en));
    About { text, supplier_id: Some(id.clone()) }
}

fn about_part(at: usize, part: &DeclaredPart) -> About {
    let at = at + 1;
    let text = Text::new(format!("構成設備 {at}「{}」", part.name), format!("part {at}, {}", part.name));
    About { text, supplier_id: Some(part.supplier_id.clone()) }
}

#[cfg(test)]
#[path = "fill_tests.rs"]
mod tests;
