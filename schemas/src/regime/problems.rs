//! What is wrong with a file of law: ids, languages, dates, confidence, references, missing test cases.
//! It does not know whether the law says so; a lawyer does. Test cases themselves are run where their judges are.
//! Invariant: a file without a problem hides no weakness: below statute there is a note, and an open day is named as open.

use super::clocks::ClockRule;
use super::figures::{Criterion, Figures, Measure, Value, Verdict};
use super::forms::{Form, FormsFile};
use super::sectors::{BusinessRule, SectorsFile};
use super::{Basis, Confidence, LawFile, Row, Standing, computers, templates};
use crate::text::Text;
use std::collections::{BTreeMap, BTreeSet};

/// Every problem, each with the row it is in; empty when the file is sound.
pub fn problems(file: &LawFile) -> Vec<Text> {
    let mut found = Vec::new();
    let rows = file.rows();
    let head = file.head();
    if head.version == 0 {
        found.push(at("head", "版（version）は 1 以上です", "the version is at least 1"));
    }
    let mut seen = BTreeSet::new();
    for row in &rows {
        if !seen.insert((row.list, row.id.as_str())) {
            found.push(at(&row.id, "同じ id が2回あります", "the id stands here for the second time"));
        }
        basis(row, &mut found);
        if !speaks_both(&row.detail) {
            found.push(at(&row.id, "日本語と英語の両方が要ります", "words are needed in Japanese and in English"));
        }
    }
    match file {
        LawFile::Sectors(file) => sectors(file, &mut found),
        LawFile::Forms(file) => forms(file, &mut found),
        LawFile::Clocks(file) => file.clocks.iter().for_each(|clock| examples(clock, &mut found)),
        LawFile::CheckLists(_) => {}
        LawFile::Computers(file) => computers(file, &mut found),
        LawFile::Template(file) => template(file, &mut found),
    }
    found
}

fn at(place: &str, ja: &str, en: &str) -> Text {
    Text::new(format!("{place}：{ja}。"), format!("{place}: {en}."))
}

fn basis(row: &Row, found: &mut Vec<Text>) {
    let Basis { articles, standing, effective_from, effective_to, note, .. } = &row.basis;
    let mut say = |ja: &str, en: &str| found.push(at(&row.id, ja, en));
    if articles.is_empty() {
        say("条文または出典がありません", "no article and no source is named");
    }
    if row.basis.weakest() != Confidence::Stat && note.is_none() {
        say("条文で確認していない点が書かれていません", "it rests on less than statute and does not say on what");
    }
    match (standing, effective_from, effective_to) {
        (Standing::EnactedNotInForce, Some(_), _) | (Standing::EnactedNotInForce, _, Some(_)) => {
            say("未施行の行に施行日があります", "what is not in force has no days of force");
        }
        (Standing::EnactedNotInForce, None, None) if note.is_none() => {
            say("何が未定かが書かれていません", "it does not say what is still to be set");
        }
        (Standing::InForce, None, _) if note.is_none() => {
            say("施行日がないのに、その理由が書かれていません", "it has no first day and does not say why");
        }
        (Standing::InForce, Some(first), Some(last)) if last < first => {
            say("終わりの日が始まりの日より前です", "its last day is before its first");
        }
        _ => {}
    }
}

/// Whether every object with words in one language has them in the other.
fn speaks_both(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Object(fields) => {
            let words = |language: &str| fields.get(language).and_then(|value| value.as_str());
            let both = match (words("ja"), words("en")) {
                (None, None) => true,
                (ja, en) => [ja, en].iter().all(|words| words.is_some_and(|words| !words.trim().is_empty())),
            };
            both && fields.values().all(speaks_both)
        }
        serde_json::Value::Array(items) => items.iter().all(speaks_both),
        _ => true,
    }
}

fn sectors(file: &SectorsFile, found: &mut Vec<Text>) {
    let kinds: BTreeSet<&str> = file.maintenance_kinds.iter().map(|kind| kind.maintenance_kind_id.as_str()).collect();
    let mut equipment = BTreeSet::new();
    let mut used = BTreeSet::new();
    for (_, rule) in file.rules() {
        for kind in rule.maintenance.iter().filter(|kind| !kinds.contains(kind.as_str())) {
            found.push(at(
                &rule.rule_id,
                &format!("「{kind}」は維持管理・操作の表にありません"),
                &format!("there is no maintenance kind '{kind}'"),
            ));
        }
        for kind in &rule.equipment {
            if !equipment.insert(kind.equipment_kind_id.as_str()) {
                found.push(at(
                    &kind.equipment_kind_id,
                    "同じ id が2回あります",
                    "the id stands here for the second time",
                ));
            }
        }
        used.extend(rule.criterion.measures());
        criterion(rule, &file.measures, found);
        let overlaps = |other: &BusinessRule| {
            other.rule_id != rule.rule_id
                && other.business_id == rule.business_id
                && periods_meet(&other.basis, &rule.basis)
        };
        if let Some((_, other)) = file.rules().find(|(_, other)| overlaps(other)) {
            let ja = format!("「{}」と期間が重なります", other.rule_id);
            found.push(at(&rule.rule_id, &ja, &format!("its period meets that of '{}'", other.rule_id)));
        }
    }
    for unused in file.measures.keys().filter(|name| !used.contains(name.as_str())) {
        found.push(at(unused, "どの基準も使っていません", "no criterion uses this measure"));
    }
}

fn periods_meet(one: &Basis, other: &Basis) -> bool {
    let begins_in_time = |a: &Basis, b: &Basis| match (a.effective_from, b.effective_to) {
        (Some(first), Some(last)) => first <= last,
        _ => true,
    };
    begins_in_time(one, other) && begins_in_time(other, one)
}

fn criterion(rule: &BusinessRule, measures: &BTreeMap<String, Measure>, found: &mut Vec<Text>) {
    leaves(rule, &rule.criterion, measures, found);
    for case in &rule.tests {
        for problem in wrong_figures(measures, &case.figures) {
            found.push(at(
                &format!("{} ({})", rule.rule_id, case.name),
                problem.ja.trim_end_matches('。'),
                problem.en.trim_end_matches('.'),
            ));
        }
    }
    let expects = |verdict| rule.tests.iter().any(|case| case.expect == verdict);
    let can_be_judged = rule.criterion != Criterion::NotSet;
    if !expects(Verdict::Unknown) || can_be_judged && !(expects(Verdict::Met) && expects(Verdict::NotMet)) {
        found.push(at(
            &rule.rule_id,
            "満たす・満たさない・不明の試験例が揃っていません",
            "a case each is needed that is met, not met and unknown",
        ));
    }
}

fn leaves(rule: &BusinessRule, criterion: &Criterion, measures: &BTreeMap<String, Measure>, found: &mut Vec<Text>) {
    let (measure, is_figure) = match criterion {
        Criterion::All(parts) | Criterion::Any(parts) => {
            if parts.is_empty() {
                found.push(at(&rule.rule_id, "空の条件があります", "a condition is empty"));
            }
            return parts.iter().for_each(|part| leaves(rule, part, measures, found));
        }
        Criterion::NotSet => return,
        Criterion::AtLeast { measure, .. } | Criterion::MoreThan { measure, .. } => (measure, true),
        Criterion::Ask(measure) => (measure, false),
    };
    match measures.get(measure) {
        None => found.push(at(
            &rule.rule_id,
            &format!("「{measure}」が measures にありません"),
            &format!("there is no measure '{measure}'"),
        )),
        Some(known) if known.unit.is_some() != is_figure => {
            found.push(at(
                &rule.rule_id,
                &format!("「{measure}」の単位と条件が合いません"),
                &format!("measure '{measure}' has a unit and is asked as a question, or the other way round"),
            ));
        }
        Some(_) => {}
    }
}

/// What is wrong with figures that somebody gave: names that no criterion asks for, a figure where a yes or no is asked.
pub fn wrong_figures(measures: &BTreeMap<String, Measure>, figures: &Figures) -> Vec<Text> {
    let mut found = Vec::new();
    for (name, value) in figures {
        match measures.get(name) {
            None => found.push(at(name, "この名前の項目はありません", "there is no measure of this name")),
            Some(Measure { unit: Some(unit), .. }) if matches!(value, Value::Answer(_)) => {
                found.push(at(
                    name,
                    &format!("数値（{}）を書いてください", unit.ja),
                    &format!("write a figure ({})", unit.en),
                ));
            }
            Some(Measure { unit: None, .. }) if !matches!(value, Value::Answer(_)) => {
                found.push(at(name, "true か false を書いてください", "write true or false"));
            }
            Some(_) => {}
        }
    }
    found
}

fn forms(file: &FormsFile, found: &mut Vec<Text>) {
    let fields: BTreeSet<&str> = file.fields.iter().map(|field| field.field_id.as_str()).collect();
    let papers: BTreeSet<&str> = file.attachments.iter().map(|paper| paper.attachment_id.as_str()).collect();
    let mut used = BTreeSet::new();
    for form in &file.forms {
        refers(form, &fields, &papers, found);
        used.extend(form.fields.iter().map(String::as_str));
    }
    for unused in fields.difference(&used) {
        found.push(at(unused, "どの様式にもありません", "no form has this field"));
    }
}

fn refers(form: &Form, fields: &BTreeSet<&str>, papers: &BTreeSet<&str>, found: &mut Vec<Text>) {
    let names = form.fields.iter().map(|name| (name, fields)).chain(form.attachments.iter().map(|name| (name, papers)));
    for (name, _) in names.filter(|(name, known)| !known.contains(name.as_str())) {
        found.push(at(&form.form_id, &format!("「{name}」がありません"), &format!("there is no '{name}'")));
    }
}

fn examples(clock: &ClockRule, found: &mut Vec<Text>) {
    if clock.count.gives_a_day() == clock.tests.is_empty() {
        found.push(at(
            &clock.clock_id,
            "数え方と例が合いません",
            "a clock that gives a day has an example, and no other has one",
        ));
    }
}

fn computers(file: &computers::ComputersFile, found: &mut Vec<Text>) {
    let fields: BTreeSet<&str> = file.fields.iter().map(|field| field.field_id.as_str()).collect();
    let clocks: BTreeSet<&str> = file.deadlines.iter().map(|clock| clock.clock_id.as_str()).collect();
    let exemptions: BTreeSet<&str> = file.exemptions.iter().map(|row| row.exemption_id.as_str()).collect();
    file.deadlines.iter().for_each(|clock| examples(clock, found));
    for form in &file.forms {
        refers(form, &fields, &BTreeSet::new(), found);
        for name in form.clocks.iter().filter(|name| !clocks.contains(name.as_str())) {
            found.push(at(&form.form_id, &format!("「{name}」がありません"), &format!("there is no '{name}'")));
        }
    }
    for case in &file.tests {
        let clock = case.clock.iter().filter(|name| !clocks.contains(name.as_str()));
        let exempt = case.exempt_by.iter().filter(|name| !exemptions.contains(name.as_str()));
        let missing = case.missing.iter().filter(|name| !fields.contains(name.as_str()));
        for name in clock.chain(exempt).chain(missing) {
            found.push(at(&case.name, &format!("「{name}」がありません"), &format!("there is no '{name}'")));
        }
    }
}

fn template(file: &templates::TemplateFile, found: &mut Vec<Text>) {
    let parts: BTreeSet<&str> = file.parts.iter().map(|part| part.part_id.as_str()).collect();
    let questions: BTreeSet<&str> = file.questions.iter().map(|question| question.question_id.as_str()).collect();
    if parts.len() != file.parts.len() || questions.len() != file.questions.len() {
        found.push(at(&file.template_id, "同じ id が2回あります", "an id stands here for the second time"));
    }
    if questions.is_empty() {
        found.push(at(&file.template_id, "質問がありません", "it asks nothing"));
    }
    for question in &file.questions {
        if question.basis.weakest() != Confidence::Stat && question.basis.note.is_none() {
            let ja = "条文で確認していない点が書かれていません";
            found.push(at(&question.question_id, ja, "it rests on less than statute and does not say on what"));
        }
    }
}
