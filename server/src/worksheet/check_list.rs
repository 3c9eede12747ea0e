//! A check list with its answers as a worksheet: every item, the answer, its evidence, what is seen beside it, what is open.
//! It does not know the ledger; it is given the list as it stands.
//! Invariant: an item without an answer is missing, never left out, and what agents see is a note, never the value.

use super::{About, RowState, Worksheet, WorksheetRow};
use crate::model::queries::check_answers::{CheckRow, CheckSheet};
use daicho_schemas::fact::check_answer::CheckAnswer;
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::regime::forms::Direct;
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;

/// An answer in words.
pub fn answer_word(answer: CheckAnswer) -> Text {
    match answer {
        CheckAnswer::Yes => Text::new("はい", "yes"),
        CheckAnswer::No => Text::new("いいえ", "no"),
        CheckAnswer::NotApplicable => Text::new("該当なし", "not applicable"),
        CheckAnswer::Unknown => Text::new("不明", "unknown"),
    }
}

/// Writes a list out. `plan` describes equipment and operator.
pub fn fill_check_list(sheet: &CheckSheet, plan: &Plan, today: CalendarDate) -> Worksheet {
    Worksheet {
        form_id: sheet.list.list_id.clone(),
        form: sheet.list.name.clone(),
        purpose: sheet.list.edition.clone(),
        plan_id: None,
        operator: plan.operator.name.clone(),
        equipment: plan.equipment.name.clone(),
        filing_on: today,
        rows: sheet.items.iter().map(|row| of_item(sheet, row)).collect(),
        attachments: Vec::new(),
        note: sheet.list.basis.note.clone(),
    }
}

fn of_item(sheet: &CheckSheet, row: &CheckRow) -> WorksheetRow {
    let answered = row.answer.as_ref().map(|state| &state.answered);
    let state = match answered.map(|answered| answered.answer) {
        None | Some(CheckAnswer::Unknown) => RowState::Missing,
        Some(_) if row.expired || row.is_denied() => RowState::Unusable,
        Some(CheckAnswer::NotApplicable) => RowState::NotNeeded,
        Some(CheckAnswer::Yes | CheckAnswer::No) => RowState::Stated,
    };
    let value = answered.map_or_else(Text::default, |answered| {
        let word = answer_word(answered.answer);
        if answered.note.is_empty() {
            return word;
        }
        Text::new(format!("{}（{}）", word.ja, answered.note), format!("{} ({})", word.en, answered.note))
    });
    let number = format!("{} {}", row.item.number, row.item.text.ja);
    WorksheetRow {
        block: row.item.scope.clone(),
        about: Some(About { text: row.item.scope.clone(), supplier_id: None }),
        field_id: row.item.item_id.clone(),
        name: Text::new(number, format!("{} {}", row.item.number, row.item.text.en)),
        value,
        state,
        source: row.answer.as_ref().map_or_else(String::new, |state| super::entry(state.seq)),
        as_of: answered.map(|answered| answered.on),
        direct: Direct::No,
        confidence: sheet.list.basis.confidence,
        note: note(row),
    }
}

/// Evidence, days, when it need not be answered, and what is seen.
fn note(row: &CheckRow) -> Option<Text> {
    let mut lines: Vec<Text> = Vec::new();
    if let Some(answered) = row.answer.as_ref().map(|state| &state.answered) {
        let evidence = answered.evidence.join("、");
        if !evidence.is_empty() {
            lines.push(Text::new(format!("確認書類：{evidence}"), format!("evidence: {evidence}")));
        }
        if let Some(last) = answered.valid_through {
            lines.push(Text::new(format!("有効期限 {last}"), format!("valid through {last}")));
        }
        if let Some(target) = answered.target_on {
            lines.push(Text::new(format!("目標日 {target}"), format!("target {target}")));
        }
    }
    lines.extend(row.item.condition.clone());
    if let Some(evidence) = &row.evidence {
        let word = answer_word(evidence.answer);
        let all = |texts: &[Text], pick: fn(&Text) -> &str| texts.iter().map(pick).collect::<Vec<_>>().join("; ");
        let said = |pick: fn(&Text) -> &str| all(&evidence.because, pick) + &all(&evidence.missing, pick);
        lines.push(Text::new(
            format!("台帳の証拠から：{}（{}）", word.ja, said(|text| &text.ja)),
            format!("from the evidence: {} ({})", word.en, said(|text| &text.en)),
        ));
    }
    let seen = row.seen.iter().map(|seen| {
        Text::new(
            format!("参考（{}）：{}", seen.source.ja, seen.text.ja),
            format!("seen ({}): {}", seen.source.en, seen.text.en),
        )
    });
    lines.extend(seen);
    let of = |pick: fn(&Text) -> &str, between: &str| lines.iter().map(pick).collect::<Vec<_>>().join(between);
    (!lines.is_empty()).then(|| Text::new(of(|text| &text.ja, "。"), of(|text| &text.en, ". ")))
}

/// Brings answers to リスク管理措置 into the form of a plan: evidence to the measure that the plan states, and a row for one that
/// only the answer states, which cannot be filed before it stands in the plan.
pub fn add_measures(worksheet: &mut Worksheet, risk: &CheckSheet) {
    let numbers: Vec<String> = worksheet.rows.iter().filter(|row| is_measure(row)).filter_map(about_of).collect();
    for row in worksheet.rows.iter_mut().filter(|row| is_measure(row)) {
        let number = about_of(row);
        let item = risk.items.iter().find(|item| Some(&item.item.number) == number.as_ref());
        let Some(state) = item.and_then(|item| item.answer.as_ref()) else { continue };
        let (word, on) = (answer_word(state.answered.answer), state.answered.on);
        let evidence = state.answered.evidence.join(", ");
        let own = row.note.take().unwrap_or_default();
        row.note = Some(Text::new(
            format!("{}。回答（{on}）：{}。確認書類：{evidence}", own.ja, word.ja),
            format!("{}. Answered on {on}: {}; evidence: {evidence}", own.en, word.en),
        ));
    }
    let Some(at) = worksheet.rows.iter().rposition(is_measure) else { return };
    let Some(field) = worksheet.rows.get(at).cloned() else { return };
    let letters: &[char] = if field.field_id == "risk_measures_introduction" { &['I', 'G'] } else { &['M', 'G'] };
    let only_answered = risk.items.iter().filter(|item| {
        let yes = item.answer.as_ref().is_some_and(|state| state.answered.answer == CheckAnswer::Yes);
        yes && item.item.number.starts_with(letters) && !numbers.contains(&item.item.number)
    });
    let rows: Vec<WorksheetRow> = only_answered.map(|item| from_answer(&field, item)).collect();
    worksheet.rows.splice(at + 1..at + 1, rows);
}

fn is_measure(row: &WorksheetRow) -> bool {
    matches!(row.field_id.as_str(), "risk_measures_introduction" | "risk_measures_entrustment")
}

fn about_of(row: &WorksheetRow) -> Option<String> {
    row.about.as_ref().map(|about| about.text.ja.clone())
}

fn from_answer(field: &WorksheetRow, item: &CheckRow) -> WorksheetRow {
    let state = item.answer.as_ref();
    let answered = state.map(|state| &state.answered);
    let evidence = answered.map_or_else(String::new, |answered| answered.evidence.join(", "));
    let note = answered.map_or("", |answered| answered.note.as_str());
    WorksheetRow {
        about: Some(About { text: Text::same(item.item.number.as_str()), supplier_id: None }),
        value: if note.is_empty() { item.item.text.clone() } else { Text::same(note) },
        state: RowState::Unusable,
        source: state.map_or_else(String::new, |state| super::entry(state.seq)),
        as_of: answered.map(|answered| answered.on),
        note: Some(Text::new(
            format!(
                "チェックリストの回答だけにあります。計画書の risk_measures に書き加えてください。確認書類：{evidence}"
            ),
            format!("Only the check list states it: add it to the plan's risk_measures. Evidence: {evidence}"),
        )),
        ..field.clone()
    }
}

#[cfg(test)]
#[path = "check_list_tests.rs"]
mod tests;
