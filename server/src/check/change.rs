//! A planned change offline: its file read against the plan and the suppliers, and its judgement for people.
//! It does not judge; the model does. Invariant: what is assumed is said to be assumed.

use super::table::Page;
use super::{Bad, BadInput, CheckArgs, CheckInputs, shown, take};
use crate::intake::changes::{check_change_declared, parse_change};
use crate::intake::declarations::parse_plan;
use crate::model::duties::difference::changes_between;
use crate::model::duties::planned::{self, JudgedItem, JudgedRow, Judgement};
use crate::model::duties::table::confidence_meaning;
use crate::model::views::declarations::Declarations;
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::fact::supplier::SuppliersFile;
use daicho_schemas::limits::IMPORT_BYTES_MAX;
use daicho_schemas::planned::PlannedChange;
use daicho_schemas::text::{Language, Text, printable};
use daicho_schemas::time::CalendarDate;
use std::io::{self, Write};

/// The files as declarations, in the order in which they would be entered.
pub(super) fn declared(plan: &Plan, suppliers: &SuppliersFile) -> Declarations {
    let mut declared = Declarations::default();
    for (record, seq) in suppliers.suppliers.iter().zip(1..) {
        declared.supplier(record, seq);
    }
    declared.plan(plan, suppliers.suppliers.len() as u64 + 1);
    declared
}

/// The file of a planned change, where one is given. What is wrong with it goes to `bad`.
pub(super) fn read(
    args: &CheckArgs,
    declarations: Option<(&Plan, &SuppliersFile)>,
    bad: &mut Bad,
) -> Option<PlannedChange> {
    let path = args.change.as_ref()?;
    let mut bytes = Vec::new();
    let change = take(path, IMPORT_BYTES_MAX, bad, |read| {
        bytes = read.to_vec();
        parse_change(read)
    })?;
    if let Some((plan, suppliers)) = declarations
        && let Err(refusal) = check_change_declared(&change, &bytes, &declared(plan, suppliers))
    {
        bad.push((shown(path), BadInput::Refused(Box::new(refusal))));
        return None;
    }
    Some(change)
}

/// The plan as it was filed, where one is given. What is wrong with it goes to `bad`.
pub(super) fn read_filed(args: &CheckArgs, plan: Option<&Plan>, bad: &mut Bad) -> Option<Plan> {
    let path = args.before.as_ref()?;
    let filed = take(path, IMPORT_BYTES_MAX, bad, parse_plan)?;
    let same = |plan: &Plan| (&plan.plan_id, plan.plan_kind) == (&filed.plan_id, filed.plan_kind);
    if plan.is_some_and(|plan| !same(plan)) {
        let what = Text::new(
            "--before と --plan は、同じ計画（plan_id と plan_kind）の版でなければなりません。",
            "--before and --plan must be versions of one plan (plan_id and plan_kind).",
        );
        bad.push((shown(path), BadInput::Argument(what)));
        return None;
    }
    Some(filed)
}

/// What the plan file changes of the plan as it was filed, judged by the dates of the filing; nothing where it changes nothing.
pub(super) fn judge_edits(inputs: &CheckInputs, filed: &Plan) -> Option<Judgement> {
    let changes = changes_between(filed, &inputs.plan);
    if changes.is_empty() {
        return None;
    }
    let declared = declared(filed, &inputs.suppliers);
    Some(planned::judge(&declared, &planned::edit_of(filed, changes, inputs.on), inputs.on))
}

/// That an edited plan changes nothing of what the ministry was told.
pub(super) fn write_unchanged(out: &mut dyn Write, language: Language) -> io::Result<()> {
    let same = Text::new(
        "計画ファイルは、届け出た計画の記載事項を何も変えていません。",
        "The plan file changes nothing that the filed plan says.",
    );
    writeln!(out, "{}", same.get(language))
}

/// The judgement.
pub(super) fn write(out: &mut dyn Write, language: Language, judged: &Judgement) -> io::Result<()> {
    let page = Page { language };
    page.planned(out, judged)?;
    page.title(out, "変更ごとの判断", "Each change")?;
    for item in &judged.items {
        page.item(out, item)?;
    }
    page.ask(out, judged)?;
    page.verdict(out, judged)
}

impl Page {
    fn line(&self, out: &mut dyn Write, ja: &str, en: &str, words: &str) -> io::Result<()> {
        writeln!(out, "{}: {}", self.say(ja, en), printable(words))
    }

    fn planned(&self, out: &mut dyn Write, judged: &Judgement) -> io::Result<()> {
        let what = format!("{} {}", judged.change_id, judged.summary);
        self.line(out, "予定する変更", "Planned change", &what)?;
        self.line(out, "特定重要設備", "Critical equipment (特定重要設備)", judged.equipment_id.as_str())?;
        self.line(out, "予定日", "Planned for", &judged.planned_on.to_string())?;
        let strictest = self.outcome(judged.outcome);
        let strictest = match (&judged.if_yes, self.language) {
            (None, _) if !judged.open_question => strictest.to_string(),
            (None, Language::Ja) => format!("{strictest}（下の問いの答え次第で厳しくなります）"),
            (None, Language::En) => format!("{strictest} (stricter, if the question below is answered so)"),
            (Some(other), Language::Ja) => {
                format!("{strictest}（下の問いの答えが「はい」なら: {}）", self.outcome(other.outcome))
            }
            (Some(other), Language::En) => {
                format!("{strictest} (if the answer below is yes: {})", self.outcome(other.outcome))
            }
        };
        self.line(out, "最も厳しい結果", "Strictest outcome", &strictest)?;
        if judged.open_question {
            self.open_question(out, judged)?;
        }
        if let Some(earliest) = judged.earliest_on {
            self.waiting(out, judged, earliest)?;
        }
        Ok(())
    }

    /// What may not be done before somebody has answered, and from when on it may be if the answer is yes.
    fn open_question(&self, out: &mut dyn Write, judged: &Judgement) -> io::Result<()> {
        let ja = "! 下の「人が答える問い」に答えるまで、変更を行わないでください（迷うときは所管省庁に事前相談）。";
        let en =
            "! Do not make the change before the question below is answered (in doubt, by the ministry: 事前相談).";
        writeln!(out, "{}", self.say(ja, en))?;
        let Some(other) = &judged.if_yes else { return Ok(()) };
        if let Some(form) = &other.form {
            self.line(out, "  「はい」の場合の様式", "  If yes, the form to file first", form.get(self.language))?;
        }
        if let Some(earliest) = other.earliest_on {
            let reckoned = self.reckoned(judged, earliest);
            self.line(out, "  「はい」の場合に行える最も早い日", "  If yes, the earliest permitted day", &reckoned)?;
        }
        Ok(())
    }

    /// A first permitted day, with what it was reckoned from.
    fn reckoned(&self, judged: &Judgement, earliest: CalendarDate) -> String {
        let accepted = judged.accepted_on;
        match (judged.acceptance_assumed, self.language) {
            (true, Language::Ja) => {
                format!("{earliest}（{accepted} に受理されたと仮定。受理日が遅れれば、その分遅くなります）")
            }
            (true, Language::En) => {
                format!("{earliest} (assuming acceptance (受理) on {accepted}; a later one moves it as far)")
            }
            (false, Language::Ja) => format!("{earliest}（受理日 {accepted} から）"),
            (false, Language::En) => format!("{earliest} (from acceptance (受理) on {accepted})"),
        }
    }

    fn waiting(&self, out: &mut dyn Write, judged: &Judgement, earliest: CalendarDate) -> io::Result<()> {
        let reckoned = self.reckoned(judged, earliest);
        self.line(out, "行える最も早い日", "Earliest permitted day", &reckoned)?;
        if let Some(extended) = judged.earliest_if_extended_on {
            self.line(
                out,
                "期間が最長に延長されたとき",
                "If the period is extended to the longest",
                &extended.to_string(),
            )?;
        }
        if let Some(by) = judged.accepted_by {
            let (ja, en) = ("予定日に行うために必要な受理の日", "For the planned day, acceptance is needed by");
            let past = if by < judged.judged_on {
                self.say("（すでに過ぎています）", " (already past)")
            } else {
                ""
            };
            self.line(out, ja, en, &format!("{by}{past}"))?;
        }
        if judged.planned_day_is_possible == Some(false) {
            let ja = "! 予定日は早すぎます。届出が受理されて期間が過ぎるまで、行えません。";
            let en = "! The planned day is too early: not before a filing is accepted and the period has passed.";
            writeln!(out, "{}", self.say(ja, en))?;
        }
        Ok(())
    }

    fn item(&self, out: &mut dyn Write, item: &JudgedItem) -> io::Result<()> {
        let meaning = item.meaning.get(self.language);
        writeln!(out, "■ {meaning}: {}", printable(&item.subject))?;
        if item.before.is_some() || item.after.is_some() {
            let word = |words: &Option<String>| words.as_deref().map_or_else(|| "?".into(), printable);
            writeln!(out, "  {} → {}", word(&item.before), word(&item.after))?;
        }
        if let Some(note) = &item.note {
            writeln!(out, "  ! {}", printable(note.get(self.language)))?;
        }
        item.rows.iter().try_for_each(|row| self.judged_row(out, row))
    }

    fn judged_row(&self, out: &mut dyn Write, row: &JudgedRow) -> io::Result<()> {
        writeln!(out, "  [{}] {}", self.outcome(row.outcome), row.title.get(self.language))?;
        let plan = match (&row.plan_id, row.phase) {
            (Some(plan), Some(phase)) => format!("{plan}, {}", self.phase(phase)),
            _ => self.say("該当する計画なし", "no such plan").to_string(),
        };
        let lines = [
            (("計画・予定日の段階", "plan, and its phase on the planned day"), Some(plan)),
            (
                ("人が答える問い", "a person must answer"),
                row.question.as_ref().map(|q| q.get(self.language).to_string()),
            ),
            (("様式", "form"), row.form.as_ref().map(|form| form.get(self.language).to_string())),
            (("条文", "articles"), self.all(&row.articles)),
            (("期限", "by when"), Some(row.clock.get(self.language).to_string())),
            (("行える最も早い日", "earliest permitted day"), row.earliest_on.map(|day| day.to_string())),
            (("期限の日", "due on"), row.due_on.map(|day| day.to_string())),
            (("まだ記録のない記載事項", "data not recorded yet"), self.all(&row.missing)),
            (("根拠の確かさ", "confidence"), Some(self.sureness(row))),
        ];
        for ((ja, en), words) in lines {
            if let Some(words) = words {
                writeln!(out, "    {}: {words}", self.say(ja, en))?;
            }
        }
        Ok(())
    }

    fn all(&self, texts: &[Text]) -> Option<String> {
        let texts: Vec<&str> = texts.iter().map(|text| text.get(self.language)).collect();
        (!texts.is_empty()).then(|| texts.join(self.say("；", "; ")))
    }

    fn sureness(&self, row: &JudgedRow) -> String {
        let meaning = confidence_meaning(&row.confidence);
        let caution = row.caution.as_ref().map_or("", |caution| caution.get(self.language));
        format!("{} = {}. {caution}", row.confidence, meaning.get(self.language))
    }

    fn ask(&self, out: &mut dyn Write, judged: &Judgement) -> io::Result<()> {
        if judged.ask.is_empty() {
            return Ok(());
        }
        self.title(out, "誰に何を確かめるか", "Whom to ask")?;
        for ask in &judged.ask {
            writeln!(out, "■ {}", printable(ask.whom.get(self.language)))?;
            for about in &ask.about {
                writeln!(out, "   - {}", about.get(self.language))?;
            }
        }
        Ok(())
    }

    fn verdict(&self, out: &mut dyn Write, judged: &Judgement) -> io::Result<()> {
        let words = if judged.nothing_to_do {
            self.say("法令の条文上、届出も報告も要りません。", "By statute, nothing is to be filed or reported.")
        } else {
            self.say(
                "行う前に、することがあります（終了コード 3）。これは判断の材料であり、法律の助言ではありません。",
                "There is something to do (exit code 3). This is material for a decision and not legal advice.",
            )
        };
        let other = self.say(
            "サイバー対処能力強化法による特定重要電子計算機の届出が要るかは、ここでは判断していません（`daicho acd list`）。",
            "Whether computers are to be notified under サイバー対処能力強化法 is not judged here (`daicho acd list`).",
        );
        writeln!(out, "\n{words}\n{other}")
    }
}
