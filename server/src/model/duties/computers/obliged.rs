//! The duties of a computer that a person confirmed: to notify it, and to notify each change of what was notified.
//! It does not know what agents see. Rows, days and doubts come from the regime's file.
//! Invariant: one duty per form and change, whose id never moves; what only a secondary source exempts is asked, not dropped.

use super::{clock, judge, rows};
use crate::model::duties::judge::duty_id;
use crate::model::findings::{Finding, Subject, finding_id};
use crate::model::regimes;
use crate::model::rows::{DutyLife, DutyOutcome, DutyRow, DutyState};
use crate::model::state::State;
use crate::model::views::computers::{ComputerChange, ComputerKey, ComputerState};
use crate::model::views::declarations::PlanState;
use daicho_schemas::fact::computer::{ComputerJudged, NotifiedProduct};
use daicho_schemas::ids::{EquipmentId, FindingId, PlanId, RuleId, SupplierId};
use daicho_schemas::regime::Basis;
use daicho_schemas::regime::clocks::ClockRule;
use daicho_schemas::regime::computers::{ComputersFile, UnitFacts};
use daicho_schemas::regime::forms::Form;
use daicho_schemas::text::Text;
use daicho_schemas::time::{CalendarDate, UtcMicros};
use std::collections::BTreeSet;

/// The regime, as duties name it.
pub const REGIME_JP_ACD: &str = "jp-acd";
/// The rule whose findings these duties hang on.
pub const RULE_ID: &str = "computer_not_notified";
/// The form of the first notification (様式第一).
pub const FORM_FIRST: &str = "acd-form-1";
/// The form of a change (様式第二).
pub const FORM_CHANGE: &str = "acd-form-2";
/// Of a finding that opens anew the duties stay the same: one notification is met once.
const OPENING: u64 = 1;
/// Products that a duty names; more are counted.
const NAMED_MAX: usize = 2;

/// The finding on which the duties of a computer hang.
pub fn finding_of(key: &ComputerKey) -> FindingId {
    let rule = RuleId::new(RULE_ID).unwrap_or_else(|_| unreachable!("rule ids are well-formed"));
    finding_id(&rule, &Subject::Computer(key.0.clone(), key.1.clone()))
}

/// What the law asks because of a computer's finding. Nothing where it is a finding of another rule.
pub(crate) fn duties_of_finding(state: &State, id: &FindingId, finding: &Finding) -> Vec<DutyRow> {
    match &finding.subject {
        Subject::Computer(equipment, name) if finding.rule_id.as_str() == RULE_ID => {
            duties_of(state, id, &(equipment.clone(), name.clone()))
        }
        _ => Vec::new(),
    }
}

/// What the law asks because of a computer, whether or not somebody has done it.
pub(crate) fn duties_of(state: &State, id: &FindingId, key: &ComputerKey) -> Vec<DutyRow> {
    let (Some(law), Some(computer)) = (regimes::computers(), state.computers.get(key)) else { return Vec::new() };
    let desk = Desk { law, state, id, equipment: &key.0, computer };
    let first = computer.judged.in_scope.then(|| desk.first()).flatten();
    first.into_iter().chain(computer.changes.iter().filter_map(|change| desk.changed(change))).collect()
}

/// The computers for which a filed plan stands in that names a supplier: what its record says decides whether it may.
pub(crate) fn filed_with(state: &State, supplier: &SupplierId) -> Vec<ComputerKey> {
    let names = |plan: &&PlanState| {
        let parts = plan.plan.parts.iter().any(|part| part.supplier_id == *supplier);
        parts || plan.plan.filing.equipment_supplier.as_ref() == Some(supplier)
    };
    let equipment: BTreeSet<&EquipmentId> =
        state.declarations.plans().filter(names).map(|plan| &plan.plan.equipment.equipment_id).collect();
    let computers = equipment.into_iter().flat_map(|id| state.computers.of_equipment(id));
    let filed = computers.filter(|(_, state)| state.judged.products.iter().any(|product| product.filed_in.is_some()));
    filed.map(|(key, _)| key.clone()).collect()
}

/// Whether a notification of a computer was submitted.
pub fn was_submitted(state: &State, key: &ComputerKey) -> bool {
    let finding = finding_of(key);
    let mut duties = state.duties.of(&finding).filter(|duty| duty.state != DutyState::NotNeeded);
    duties.any(|duty| duty.state == DutyState::Done || duty.life.submitted_on.is_some())
}

/// What is known of a product, as the law's rows ask it. `equipment` is whose plans say what was filed.
pub fn facts_of(state: &State, equipment: &EquipmentId, product: &NotifiedProduct) -> UnitFacts {
    let designated_on = state.declarations.plans_of(equipment).find_map(|plan| plan.plan.operator.designated_on);
    let filed = product.filed_in.as_ref().and_then(|plan| filed_names(state, plan, product));
    UnitFacts {
        introduced_on: product.introduced_on,
        designated_on,
        product: Some(product.product.clone()),
        maker: product.maker.clone(),
        filed_name: filed.as_ref().map(|(name, _)| name.clone()),
        filed_supplier: filed.map(|(_, supplier)| supplier),
        ..UnitFacts::default()
    }
}

/// The name and the supplier under which a filed plan shows a product: of a component, else of the equipment itself. Without
/// regard to the day, because the plan that stands is the one that would be copied.
pub fn filed_names(state: &State, plan: &PlanId, product: &NotifiedProduct) -> Option<(String, String)> {
    let plan = state.declarations.plan_state(plan).filter(|plan| plan.filed())?;
    let name_of = |id| state.declarations.supplier_state(id).map(|supplier| supplier.record.name.ja.clone());
    let (wanted, maker) = (product.product.trim(), product.maker.as_deref().unwrap_or_default().trim());
    let parts = plan.plan.parts.iter().filter(|part| part.name.trim() == wanted);
    let parts = parts.filter_map(|part| Some((part.name.clone(), name_of(&part.supplier_id)?)));
    let own = plan.plan.filing.equipment_supplier.as_ref().filter(|_| plan.plan.equipment.name.ja.trim() == wanted);
    let own = own.and_then(|id| Some((plan.plan.equipment.name.ja.clone(), name_of(id)?)));
    let mut all: Vec<(String, String)> = parts.chain(own).collect();
    let same = all.iter().position(|(_, supplier)| supplier.trim() == maker).unwrap_or(0);
    (same < all.len()).then(|| all.swap_remove(same))
}

struct Desk<'a> {
    law: &'static ComputersFile,
    state: &'a State,
    id: &'a FindingId,
    equipment: &'a EquipmentId,
    computer: &'a ComputerState,
}

/// One product that is notified, with its day.
struct Due<'a> {
    product: &'a NotifiedProduct,
    clock: Option<&'static ClockRule>,
    due_on: Option<CalendarDate>,
    substitutable: bool,
    missing: Vec<&'static str>,
    /// The law seems to exempt it, and nobody has said so.
    doubt: Option<&'static Basis>,
}

impl Desk<'_> {
    fn form(&self, id: &str) -> Option<&'static Form> {
        self.law.forms.iter().find(|form| form.form_id == id)
    }

    fn due<'a>(&self, product: &'a NotifiedProduct) -> Due<'a> {
        let facts = facts_of(self.state, self.equipment, product);
        let answer = judge(self.law, &facts);
        let (clock, due_on) = clock(self.law, &facts);
        let doubt = answer.exempt_by.map(|exemption| &exemption.basis);
        Due { product, clock, due_on, substitutable: answer.substitutable, missing: answer.missing, doubt }
    }

    /// The first notification (様式第一): the nearest day of all products that are notified.
    fn first(&self) -> Option<DutyRow> {
        let form = self.form(FORM_FIRST)?;
        let products = &self.computer.judged.products;
        let dues: Vec<Due<'_>> =
            products.iter().filter(|product| product.exempt_by.is_none()).map(|product| self.due(product)).collect();
        let nearest = dues.iter().filter(|due| due.due_on.is_some()).min_by_key(|due| due.due_on);
        let nearest = nearest.or(dues.first())?;
        let question = question(&dues);
        let mut bases: Vec<&Basis> = dues.iter().filter_map(|due| due.doubt).collect();
        bases.push(nearest.clock.map_or(&form.basis, |clock| &clock.basis));
        let plan_id = dues.iter().find(|due| due.substitutable).and_then(|due| due.product.filed_in.clone());
        let substituted = dues.iter().all(|due| due.substitutable);
        let found_at = self.computer.in_scope_since.unwrap_or(self.computer.at);
        let named: Vec<&NotifiedProduct> = dues.iter().map(|due| due.product).collect();
        Some(DutyRow {
            plan_id,
            row_id: nearest.clock.map_or_else(|| "acd-day-unknown".into(), |clock| format!("acd-{}", clock.clock_id)),
            outcome: if question.is_some() { DutyOutcome::AskPerson } else { DutyOutcome::Notify },
            subject: subject(&self.computer.name, &named),
            form: Some(if substituted { self.substituted(form) } else { form.name.clone() }),
            clock: nearest.clock.map_or_else(day_unknown, |clock| clock.wording.clone()),
            due_on: nearest.due_on,
            question,
            missing: self.missing(&dues),
            ..self.blank(FORM_FIRST, form, &bases, found_at)
        })
    }

    /// One change of what was notified (様式第二).
    fn changed(&self, change: &ComputerChange) -> Option<DutyRow> {
        let form = self.form(FORM_CHANGE)?;
        let clock = self.law.deadlines.iter().find(|clock| clock.clock_id == rows::CHANGE)?;
        let gone = !change.after.in_scope;
        let question = gone.then(|| {
            Text::new(
                "届け出た電子計算機が対象でなくなったことも、変更の届出の対象ですか。条文で確かめていません。",
                "Is a change also to be notified when a notified computer is in scope no more? The text was not checked for this.",
            )
        });
        let dues: Vec<Due<'_>> = change.after.products.iter().map(|product| self.due(product)).collect();
        let report = self.law.substitutions.iter().find(|row| row.statement_id == "report-replaces-form-2");
        let named: Vec<&NotifiedProduct> = change.after.products.iter().collect();
        let name = &self.computer.name;
        let (before, after) = (products_line(&change.before), products_line(&change.after));
        let subject = if gone {
            Text::new(format!("{name}：対象外へ"), format!("{name}: out of scope"))
        } else {
            subject(name, &named)
        };
        Some(DutyRow {
            row_id: format!("acd-{}", clock.clock_id),
            outcome: if question.is_some() { DutyOutcome::AskPerson } else { DutyOutcome::Notify },
            subject: Text::new(
                format!("{}（{} → {}）", subject.ja, before.ja, after.ja),
                format!("{} ({} → {})", subject.en, before.en, after.en),
            ),
            form: Some(report.map_or_else(|| form.name.clone(), |row| both(&form.name, &row.text))),
            clock: clock.wording.clone(),
            due_on: clock.count.day(change.on),
            changed_on: change.on,
            question,
            missing: self.missing(&dues),
            ..self.blank(&format!("{FORM_CHANGE}:{}", change.seq), form, &[&clock.basis], change.at)
        })
    }

    /// What is the same for every duty of this form. `seed` tells the duties of one computer apart.
    fn blank(&self, seed: &str, form: &Form, bases: &[&Basis], found_at: UtcMicros) -> DutyRow {
        let weakest = bases.iter().copied().chain([&form.basis]).max_by_key(|basis| basis.confidence);
        let weakest = weakest.unwrap_or(&form.basis);
        let mut articles: Vec<Text> = Vec::new();
        for article in bases.iter().copied().chain([&form.basis]).flat_map(|basis| &basis.articles) {
            if !articles.contains(article) {
                articles.push(article.clone());
            }
        }
        DutyRow {
            duty_id: duty_id(self.id, OPENING, seed),
            finding_id: self.id.clone(),
            equipment_id: self.equipment.clone(),
            plan_id: None,
            regime: REGIME_JP_ACD.into(),
            row_id: String::new(),
            phase: None,
            outcome: DutyOutcome::Notify,
            state: DutyState::Open,
            life: DutyLife::default(),
            subject: Text::default(),
            title: form.purpose.clone(),
            form: None,
            articles,
            clock: Text::default(),
            due_on: None,
            changed_on: found_at.date_in_japan(),
            question: None,
            missing: Vec::new(),
            confidence: weakest.confidence.as_str().into(),
            caution: weakest.note.clone(),
        }
    }

    fn missing(&self, dues: &[Due<'_>]) -> Vec<Text> {
        let field = |id: &str| self.law.fields.iter().find(|field| field.field_id == id).map(|field| &field.name);
        let named = |due: &Due<'_>, name: &Text| {
            let product = &due.product.product;
            Text::new(format!("{product}：{}", name.ja), format!("{product}: {}", name.en))
        };
        let of = |due: &Due<'_>| -> Vec<Text> {
            let day = Text::new("導入した日", "the day of introduction");
            let unknown = due.product.introduced_on.is_none().then(|| named(due, &day));
            due.missing.iter().filter_map(|id| Some(named(due, field(id)?))).chain(unknown).collect()
        };
        dues.iter().flat_map(of).collect()
    }

    /// The form, and what may stand in for it.
    fn substituted(&self, form: &Form) -> Text {
        let row = self.law.substitutions.iter().find(|row| row.statement_id == "plan-replaces-form-1");
        row.map_or_else(|| form.name.clone(), |row| both(&form.name, &row.text))
    }
}

fn both(name: &Text, more: &Text) -> Text {
    Text::new(
        format!("{}（{}）", name.ja, more.ja.trim_end_matches('。')),
        format!("{} ({})", name.en, more.en.trim_end_matches('.')),
    )
}

fn day_unknown() -> Text {
    Text::new(
        "導入した日が分からないため、期限を出せません。",
        "There is no last day while nobody knows the day of introduction.",
    )
}

/// What a person must answer first: whether a product is exempt, when it was introduced, which rule counts.
fn question(dues: &[Due<'_>]) -> Option<Text> {
    let doubts: Vec<&str> =
        dues.iter().filter(|due| due.doubt.is_some()).map(|due| due.product.product.as_str()).collect();
    if !doubts.is_empty() {
        let named = doubts.join(", ");
        return Some(Text::new(
            format!(
                "{named} は届出の対象外とみられます。条文や告示で確かめ、対象外なら電子計算機の判断に除外（exempt_by）を書いてください。期限は対象のときのものです。"
            ),
            format!(
                "{named}: probably exempt from notification. Check the notice; if it is, say so in the decision on the computer (exempt_by). The last day is the one that holds if it is not."
            ),
        ));
    }
    if dues.iter().any(|due| due.clock.is_none()) {
        return Some(Text::new("いつ導入しましたか。", "On which day was it introduced?"));
    }
    let open = dues.iter().filter_map(|due| due.clock).find(|clock| clock.clock_id == rows::ADDED_SOON);
    open.map(|clock| clock.wording.clone())
}

/// A computer with its products, short enough for a row.
fn subject(name: &str, products: &[&NotifiedProduct]) -> Text {
    let one = |product: &&NotifiedProduct, unknown: &str| {
        format!("{} / {}", product.product, product.maker.as_deref().unwrap_or(unknown))
    };
    let line = |unknown: &str| {
        products.iter().take(NAMED_MAX).map(|product| one(product, unknown)).collect::<Vec<_>>().join(", ")
    };
    let more = products.len().saturating_sub(NAMED_MAX);
    let (more_ja, more_en) = if more == 0 {
        (String::new(), String::new())
    } else {
        (format!(" ほか {more} 件"), format!(" and {more} more"))
    };
    Text::new(
        format!("{name}：{}{more_ja}", line("製造者不明")),
        format!("{name}: {}{more_en}", line("maker not known")),
    )
}

/// Which products a decision states, in few words.
fn products_line(judged: &ComputerJudged) -> Text {
    if !judged.in_scope {
        return Text::new("対象外", "not in scope");
    }
    let all: Vec<&str> = judged.products.iter().take(NAMED_MAX).map(|product| product.product.as_str()).collect();
    Text::same(all.join(", "))
}

#[cfg(test)]
#[path = "obliged_tests.rs"]
mod tests;
