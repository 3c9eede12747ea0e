//! The worksheets of サイバー対処能力強化法: form 1 (what is notified of computers) and form 2 (what changed), computer by computer.
//! They do not know the ledger or what agents see; they are given decisions of people.
//! Invariant: no field of the form is left out for any product, and an exempt product is shown as not needed, never dropped.

use super::{About, RowState, Worksheet, WorksheetRow, entry};
use crate::model::duties::computers::judge;
use crate::model::duties::computers::obliged::{FORM_CHANGE, FORM_FIRST};
use crate::model::views::computers::{ComputerChange, ComputerState};
use daicho_schemas::fact::computer::{ComputerJudged, NotifiedProduct};
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::regime::Confidence;
use daicho_schemas::regime::computers::{ComputersFile, UnitFacts};
use daicho_schemas::regime::forms::FormField;
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;

/// What the forms are filled in from.
pub struct ComputersFiling<'a> {
    /// The plan that describes equipment and operator.
    pub plan: &'a Plan,
    /// The computers that somebody decided about.
    pub computers: &'a [ComputerState],
    /// What is known of a product, as the law's rows ask it.
    pub facts: &'a dyn Fn(&NotifiedProduct) -> UnitFacts,
    /// The day of filing.
    pub filing_on: CalendarDate,
}

/// Fills form 1 or 2 in. `None` where the regime has no such form.
pub fn fill_computers(law: &ComputersFile, form_id: &str, filing: &ComputersFiling<'_>) -> Option<Worksheet> {
    let form = law.forms.iter().find(|form| form.form_id == form_id)?;
    let of = |id: &String| law.fields.iter().find(|field| field.field_id == *id);
    let desk = Desk { law, filing, fields: form.fields.iter().filter_map(of).collect() };
    let computers = match form_id {
        FORM_FIRST => desk.first(),
        FORM_CHANGE => desk.changes(),
        _ => return None,
    };
    let mut rows = desk.once();
    rows.extend(computers);
    Some(Worksheet {
        form_id: form.form_id.clone(),
        form: form.name.clone(),
        purpose: form.purpose.clone(),
        plan_id: None,
        operator: filing.plan.operator.name.clone(),
        equipment: filing.plan.equipment.name.clone(),
        filing_on: filing.filing_on,
        rows,
        attachments: if form_id == FORM_FIRST { desk.stand_ins() } else { Vec::new() },
        note: form.basis.note.clone(),
    })
}

struct Desk<'a> {
    law: &'a ComputersFile,
    filing: &'a ComputersFiling<'a>,
    fields: Vec<&'a FormField>,
}

impl Desk<'_> {
    /// The fields that are the same for every computer.
    fn once(&self) -> Vec<WorksheetRow> {
        let plan = self.filing.plan;
        let of = |field: &&&FormField| -> Option<WorksheetRow> {
            let value = match field.field_id.as_str() {
                "operator_outline" => Text::new(
                    format!("{}（{}）", plan.operator.name.ja, plan.operator.business),
                    format!("{} ({})", plan.operator.name.en, plan.operator.business),
                ),
                "equipment" => plan.equipment.name.clone(),
                _ => return None,
            };
            Some(row(field, None, value, plan.plan_id.as_str()))
        };
        self.fields.iter().filter_map(|field| of(&field)).collect()
    }

    fn first(&self) -> Vec<WorksheetRow> {
        let in_scope = self.filing.computers.iter().filter(|computer| computer.judged.in_scope);
        in_scope.flat_map(|computer| self.of_decision(&computer.name, &computer.judged, computer.seq)).collect()
    }

    fn changes(&self) -> Vec<WorksheetRow> {
        let of = |computer: &ComputerState| -> Vec<WorksheetRow> {
            computer.changes.iter().flat_map(|change| self.change(&computer.name, change)).collect()
        };
        self.filing.computers.iter().flat_map(of).collect()
    }

    /// What changed, with what was notified before beside it.
    fn change(&self, name: &str, change: &ComputerChange) -> Vec<WorksheetRow> {
        let title = format!("{name} — {}", change.on);
        if !change.after.in_scope {
            let about = About { text: Text::same(title), supplier_id: None };
            let gone = Text::new("対象でなくなった", "in scope no more");
            let fields = self.fields.iter().filter(|field| field.field_id == "computer_category");
            return fields.map(|field| row(field, Some(about.clone()), gone.clone(), &entry(change.seq))).collect();
        }
        let mut rows = self.of_decision(&title, &change.after, change.seq);
        let products: Vec<&str> = change.before.products.iter().map(|product| product.product.as_str()).collect();
        let makers = change.before.products.iter().filter_map(|product| product.maker.as_deref());
        let makers: Vec<&str> = makers.collect();
        for row in &mut rows {
            let before = match row.field_id.as_str() {
                "product_name" => products.join("、"),
                "maker_name" => makers.join("、"),
                _ => continue,
            };
            let note = Text::new(format!("変更前: {before}"), format!("before: {before}"));
            row.note = Some(row.note.take().map_or_else(|| note.clone(), |own| joined(&note, &own)));
        }
        rows
    }

    /// The fields of one computer: its category once, then product and maker of every product.
    fn of_decision(&self, name: &str, judged: &ComputerJudged, seq: u64) -> Vec<WorksheetRow> {
        let about = |text: String| Some(About { text: Text::same(text), supplier_id: None });
        let scope = self.law.scope.iter().find(|row| Some(&row.scope_id) == judged.scope_id.as_ref());
        let category = scope.map(|row| row.name.clone()).unwrap_or_default();
        let of_computer = self.fields.iter().filter(|field| field.field_id == "computer_category");
        let mut rows: Vec<WorksheetRow> =
            of_computer.map(|field| row(field, about(name.into()), category.clone(), &entry(seq))).collect();
        for product in &judged.products {
            let exempt = self.exempt(product);
            for field in &self.fields {
                let value = match field.field_id.as_str() {
                    "product_name" => product.product.as_str(),
                    "maker_name" => product.maker.as_deref().unwrap_or_default(),
                    _ => continue,
                };
                let mut row = row(field, Some(about_product(name, product)), Text::same(value.trim()), &entry(seq));
                if let Some((confidence, note)) = &exempt {
                    (row.state, row.note) = (RowState::NotNeeded, Some(note.clone()));
                    row.confidence = row.confidence.max(*confidence);
                } else if let Some(note) = self.stands_in(product).filter(|_| row.state == RowState::Stated) {
                    row.note = Some(row.note.take().map_or_else(|| note.clone(), |own| joined(&note, &own)));
                }
                rows.push(row);
            }
        }
        rows
    }

    /// Why a product is not notified, as a person stated.
    fn exempt(&self, product: &NotifiedProduct) -> Option<(Confidence, Text)> {
        let id = product.exempt_by.as_ref()?;
        let exemption = self.law.exemptions.iter().find(|row| row.exemption_id == *id)?;
        let note = Text::new(
            format!("届出の対象外（{}）。インシデント報告の義務は残ります", exemption.name.ja),
            format!("exempt from notification ({}); the duty to report incidents remains", exemption.name.en),
        );
        Some((exemption.basis.confidence, note))
    }

    /// Whether a filed plan shows the same names today.
    fn stands_in(&self, product: &NotifiedProduct) -> Option<Text> {
        let plan = product.filed_in.as_ref()?;
        Some(if judge(self.law, &(self.filing.facts)(product)).substitutable {
            Text::new(
                format!("計画書 {plan} の写しで代えられる見込み"),
                format!("a copy of the plan {plan} may stand in"),
            )
        } else {
            Text::new(
                format!("計画書 {plan} は、今は同じ名称と供給者を示していません"),
                format!("the plan {plan} does not show the same names now"),
            )
        })
    }

    /// What goes with a form that filed plans stand in for: each plan once, and the contact sheet.
    fn stand_ins(&self) -> Vec<WorksheetRow> {
        let Some(law) = self.law.substitutions.iter().find(|row| row.statement_id == "plan-replaces-form-1") else {
            return Vec::new();
        };
        let products =
            self.filing.computers.iter().filter(|one| one.judged.in_scope).flat_map(|one| &one.judged.products);
        let plans = products.filter(|product| judge(self.law, &(self.filing.facts)(product)).substitutable);
        let mut plans: Vec<&str> = plans.filter_map(|product| Some(product.filed_in.as_ref()?.as_str())).collect();
        plans.sort_unstable();
        plans.dedup();
        let paper = |name: Text, state: RowState, source: &str| WorksheetRow {
            block: Text::new("様式第一に代えるもの", "In place of form 1"),
            about: None,
            field_id: "stand_in".into(),
            name,
            value: Text::same(source),
            state,
            source: source.into(),
            as_of: None,
            direct: daicho_schemas::regime::forms::Direct::No,
            confidence: law.basis.confidence,
            note: Some(law.text.clone()),
        };
        let copies = plans
            .iter()
            .map(|plan| paper(Text::new("導入等計画書の写し", "copy of the 導入等計画書"), RowState::Stated, plan));
        let sheet = (!plans.is_empty()).then(|| paper(Text::new("連絡票", "contact sheet"), RowState::Missing, ""));
        copies.chain(sheet).collect()
    }
}

fn row(field: &FormField, about: Option<About>, value: Text, source: &str) -> WorksheetRow {
    let empty = value.ja.is_empty() && value.en.is_empty();
    WorksheetRow {
        block: field.block.clone(),
        about,
        field_id: field.field_id.clone(),
        name: field.name.clone(),
        value,
        state: if empty { RowState::Missing } else { RowState::Stated },
        source: if empty { String::new() } else { source.into() },
        as_of: None,
        direct: field.direct,
        confidence: field.basis.confidence,
        note: field.condition.clone().or_else(|| field.basis.note.clone()),
    }
}

/// A product of a computer, with the day from which its period counts.
fn about_product(name: &str, product: &NotifiedProduct) -> About {
    let (ja, en) = product.introduced_on.map_or_else(
        || ("導入日不明".to_string(), "day of introduction not known".to_string()),
        |on| (format!("{on} 導入"), format!("introduced on {on}")),
    );
    let product = &product.product;
    About {
        text: Text::new(format!("{name} — {product}（{ja}）"), format!("{name} — {product} ({en})")),
        supplier_id: None,
    }
}

fn joined(first: &Text, second: &Text) -> Text {
    Text::new(format!("{}。{}", first.ja, second.ja), format!("{}. {}", first.en, second.en))
}

#[cfg(test)]
#[path = "computers_tests.rs"]
mod tests;
