//! A check's report for people: what the law asks first, then what differs, then what could not be seen.
//! It does not know how anything was found.
//! Invariant: text from files is shown without control and direction characters; nothing is cut without a sign.

use super::{BadInput, CheckCollector, CheckHost, CheckReport};
use crate::model::duties::table::confidence_meaning;
use crate::model::rows::{Confidence, DriftLine, DriftStatus, DutyOutcome, DutyRow, FindingRow, Phase, Severity};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::text::{Language, Text, printable};
use std::io::{self, Write};

/// Columns of a terminal that the tables fit in.
const WIDTH_COLUMNS: u16 = 100;
/// Lines of drift printed; a check of a host with nothing declared can have thousands. The JSON form has them all.
const LINES_MAX: usize = 200;
/// Troubles printed per collector.
const TROUBLES_MAX: usize = 5;

/// A file that was not taken, with what to do.
pub(super) fn write_bad_input(err: &mut dyn Write, language: Language, name: &str, what: &BadInput) -> io::Result<()> {
    let say = |ja: &str, en: &str| Text::new(ja, en).get(language).to_string();
    match what {
        BadInput::Refused(refusal) => {
            writeln!(err, "{}: {} [{}]", printable(name), refusal.text.get(language), refusal.code.as_str())?;
            writeln!(err, "  {}", printable(&refusal.detail))?;
            writeln!(err, "  → {}", refusal.remedy.get(language))
        }
        BadInput::Unreadable(error) => {
            writeln!(err, "{}: {}", printable(name), say("ファイルを開けません。", "The file cannot be read."))?;
            writeln!(err, "  {error}")?;
            writeln!(
                err,
                "  → {}",
                say("パスと権限を確かめてください。", "See whether the path and its permissions are right.")
            )
        }
        BadInput::Argument(text) => writeln!(err, "{}: {}", printable(name), text.get(language)),
    }
}

/// The whole report.
pub(super) fn write(out: &mut dyn Write, language: Language, report: &CheckReport) -> io::Result<()> {
    let page = Page { language };
    page.head(out, report)?;
    page.duties(out, report)?;
    page.drift(out, &report.drift)?;
    page.findings(out, &report.findings)?;
    page.coverage(out, report)?;
    page.end(out, report)
}

/// How a report is worded.
pub(super) struct Page {
    pub(super) language: Language,
}

impl Page {
    pub(super) fn say<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        match self.language {
            Language::Ja => ja,
            Language::En => en,
        }
    }

    fn table(&self, header: &[(&str, &str)]) -> Table {
        let mut table = Table::new();
        table
            .load_style(UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(WIDTH_COLUMNS)
            .set_header(header.iter().map(|(ja, en)| self.say(ja, en).to_string()).collect::<Vec<_>>());
        table
    }

    fn head(&self, out: &mut dyn Write, report: &CheckReport) -> io::Result<()> {
        let plan = &report.plan.plan;
        writeln!(
            out,
            "{}: {} ({})  {}: {}",
            self.say("特定重要設備", "Critical equipment (特定重要設備)"),
            printable(plan.equipment.name.get(self.language)),
            plan.equipment.equipment_id,
            self.say("計画", "plan"),
            plan.plan_id,
        )?;
        let through = report.plan.prohibited_through.filter(|_| report.plan.phase == Phase::Prohibited);
        let through = match (through, self.language) {
            (Some(day), Language::Ja) => format!("（{day} まで導入・委託できません）"),
            (Some(day), Language::En) => format!(" (no introduction or entrustment through {day})"),
            (None, _) => String::new(),
        };
        writeln!(
            out,
            "{}: {}  {}: {}{through}",
            self.say("判断日", "Judged on"),
            report.on,
            self.say("段階", "phase"),
            self.phase(report.plan.phase)
        )
    }

    fn duties(&self, out: &mut dyn Write, report: &CheckReport) -> io::Result<()> {
        self.title(out, "届出・報告の義務", "What the law asks")?;
        if report.duties.is_empty() {
            return writeln!(out, "{}", self.say("見えた範囲では、ありません。", "Nothing, as far as could be seen."));
        }
        let mut by_row: Vec<(&DutyRow, Vec<&FindingRow>)> = Vec::new();
        for duty in &report.duties {
            let finding = report.findings.iter().find(|finding| finding.finding_id == duty.finding_id);
            match by_row.iter_mut().find(|(known, _)| same_but_cause(known, duty)) {
                Some((_, findings)) => findings.extend(finding),
                None => by_row.push((duty, finding.into_iter().collect())),
            }
        }
        for (duty, findings) in by_row {
            self.duty(out, duty, &findings)?;
        }
        Ok(())
    }

    fn duty(&self, out: &mut dyn Write, duty: &DutyRow, findings: &[&FindingRow]) -> io::Result<()> {
        writeln!(out, "■ [{}] {}", self.outcome(duty.outcome), printable(duty.title.get(self.language)))?;
        let both = |texts: &[Text]| {
            texts.iter().map(|text| text.get(self.language)).collect::<Vec<_>>().join(self.say("；", "; "))
        };
        if let Some(form) = &duty.form {
            writeln!(out, "  {}: {}", self.say("様式", "form"), form.get(self.language))?;
        }
        writeln!(out, "  {}: {}", self.say("条文", "articles"), both(&duty.articles))?;
        writeln!(out, "  {}: {}", self.say("期限", "by when"), duty.clock.get(self.language))?;
        if let Some(question) = &duty.question {
            writeln!(out, "  {}: {}", self.say("人が答える問い", "a person must answer"), question.get(self.language))?;
        }
        if !duty.missing.is_empty() {
            writeln!(
                out,
                "  {}: {}",
                self.say("まだ記録のない記載事項", "data not recorded yet"),
                both(&duty.missing)
            )?;
        }
        let caution = duty.caution.as_ref().map_or("", |caution| caution.get(self.language));
        let tag = confidence_meaning(&duty.confidence);
        let tag = format!("{} = {}", duty.confidence, tag.get(self.language));
        writeln!(out, "  {}: {tag}. {caution}", self.say("根拠の確かさ", "confidence"))?;
        writeln!(out, "  {} ({}):", self.say("原因", "because of"), findings.len())?;
        for finding in findings.iter().take(LINES_MAX) {
            writeln!(out, "   - {}", printable(finding.title.get(self.language)))?;
        }
        self.more(out, findings.len(), LINES_MAX)
    }

    fn drift(&self, out: &mut dyn Write, lines: &[DriftLine]) -> io::Result<()> {
        self.title(out, "計画書との差異", "Observed against declared")?;
        let header = [
            ("状態", "status"),
            ("分類", "category"),
            ("製品", "product"),
            ("供給者", "supplier"),
            ("件数", "n"),
            ("例・構成設備", "examples, part"),
        ];
        let mut table = self.table(&header);
        for line in lines.iter().take(LINES_MAX) {
            let mut notes: Vec<String> = line.part_id.iter().map(|part| format!("[{part}]")).collect();
            notes.extend(line.examples.iter().take(3).cloned());
            if line.components > 3 && line.examples.len() > 3 {
                notes.push("…".into());
            }
            table.add_row(vec![
                self.status(line.status).to_string(),
                self.category(line.category).to_string(),
                printable(&line.product),
                format!(
                    "{} ({})",
                    printable(line.supplier.name.get(self.language)),
                    self.confidence(line.supplier.confidence)
                ),
                line.components.to_string(),
                printable(&notes.join(", ")),
            ]);
        }
        writeln!(out, "{table}")?;
        self.more(out, lines.len(), LINES_MAX)
    }

    fn findings(&self, out: &mut dyn Write, findings: &[FindingRow]) -> io::Result<()> {
        self.title(out, "検知事項", "Findings")?;
        if findings.is_empty() {
            return writeln!(out, "{}", self.say("見えた範囲では、ありません。", "None, as far as could be seen."));
        }
        // What to do is the same for many findings of one rule: it is said once for them.
        let mut groups: Vec<(&FindingRow, Vec<&FindingRow>)> = Vec::new();
        for finding in findings {
            let same = |known: &FindingRow| (known.severity, &known.next) == (finding.severity, &finding.next);
            match groups.iter_mut().find(|(known, _)| same(known)) {
                Some((_, group)) => group.push(finding),
                None => groups.push((finding, vec![finding])),
            }
        }
        for (first, group) in groups {
            writeln!(out, "■ [{}] {}", self.severity(first.severity), first.rule_id)?;
            for finding in group.iter().take(LINES_MAX) {
                writeln!(out, "   - {}", printable(finding.title.get(self.language)))?;
            }
            self.more(out, group.len(), LINES_MAX)?;
            writeln!(out, "  → {}", printable(first.next.get(self.language)))?;
        }
        Ok(())
    }

    fn coverage(&self, out: &mut dyn Write, report: &CheckReport) -> io::Result<()> {
        self.title(out, "どこまで見えたか", "What could be seen")?;
        for host in &report.coverage.hosts_without_inventory {
            writeln!(
                out,
                "! {}: {}",
                printable(host),
                self.say(
                    "計画にあるホストですが、インベントリがありません（確認できません）",
                    "declared, and no inventory was given (not observable)"
                )
            )?;
        }
        for host in &report.coverage.hosts {
            self.host(out, host)?;
        }
        Ok(())
    }

    fn host(&self, out: &mut dyn Write, host: &CheckHost) -> io::Result<()> {
        let note = if host.hostname_is_file_name {
            self.say(
                "（ホスト名が分からないため、ファイル名で代用）",
                " (the inventory does not tell the host's name: the file's name stands for it)",
            )
        } else {
            ""
        };
        writeln!(out, "{}{note}  {}", printable(&host.hostname), printable(&host.inventory))?;
        for name in &host.collectors_missing {
            writeln!(out, "  ! {name}: {}", self.say("報告なし（確認できません）", "said nothing (not observable)"))?;
        }
        for collector in &host.collectors {
            self.collector(out, collector)?;
        }
        Ok(())
    }

    fn collector(&self, out: &mut dyn Write, collector: &CheckCollector) -> io::Result<()> {
        let sign = if collector.not_observable() { "!" } else { " " };
        let unsure = if collector.not_observable() {
            self.say("（確認できない部分あり）", " (not observable, in part or whole)")
        } else {
            ""
        };
        writeln!(
            out,
            "  {sign} {}: {}, {}{unsure}",
            collector.collector,
            self.seen(collector.outcome),
            collector.items
        )?;
        for trouble in collector.troubles.iter().take(TROUBLES_MAX) {
            writeln!(out, "      {}: {}", printable(&trouble.place), printable(&trouble.text))?;
        }
        self.more(out, collector.troubles.len(), TROUBLES_MAX)
    }

    fn end(&self, out: &mut dyn Write, report: &CheckReport) -> io::Result<()> {
        writeln!(out)?;
        let words = if report.exit() == super::EXIT_NOTHING {
            self.say("すべて見え、すべて計画書どおりです。", "Everything was seen, and everything is as declared.")
        } else if report.coverage.complete {
            self.say(
                "計画書と違うところがあります（終了コード 3）。",
                "Something differs from what was declared (exit code 3).",
            )
        } else {
            self.say("違い、または確認できないところがあります（終了コード 3）。「確認できない」は「問題なし」ではありません。", "Something differs or could not be seen (exit code 3). What could not be seen is not ok.")
        };
        writeln!(out, "{words}")
    }

    pub(super) fn title(&self, out: &mut dyn Write, ja: &str, en: &str) -> io::Result<()> {
        writeln!(out, "\n== {} ==", self.say(ja, en))
    }

    fn more(&self, out: &mut dyn Write, count: usize, shown: usize) -> io::Result<()> {
        match count.checked_sub(shown) {
            None | Some(0) => Ok(()),
            Some(rest) => writeln!(
                out,
                "  … {rest} {}",
                self.say("件を省略（--format json で全件）", "more (--format json has them all)")
            ),
        }
    }

    pub(super) fn phase(&self, phase: Phase) -> &'static str {
        match phase {
            Phase::Draft => self.say("案（未提出）", "draft, not submitted"),
            Phase::Submitted => self.say("提出済み・受理待ち", "submitted, not accepted"),
            Phase::Prohibited => self.say("受理済み・禁止期間中", "accepted, in the prohibition period"),
            Phase::Cleared => self.say("禁止期間経過・導入（委託）前", "prohibition period over, not begun"),
            Phase::Introduced => self.say("導入済み", "introduced"),
            Phase::EntrustmentRunning => self.say("委託期間中", "entrustment running"),
            Phase::EntrustmentEnded => self.say("委託終了", "entrustment ended"),
        }
    }

    pub(super) fn outcome(&self, outcome: DutyOutcome) -> &'static str {
        match outcome {
            DutyOutcome::Nothing => self.say("義務なし", "NO DUTY"),
            DutyOutcome::AskPerson => self.say("人の判断が必要", "ASK A PERSON"),
            DutyOutcome::Report => self.say("遅滞なく報告", "REPORT WITHOUT DELAY"),
            DutyOutcome::Notify => self.say("届出", "NOTIFY"),
            DutyOutcome::FileFirst => self.say("あらかじめ届出", "FILE FIRST"),
        }
    }

    fn status(&self, status: DriftStatus) -> &'static str {
        match status {
            DriftStatus::Covered => self.say("計画書に記載あり", "covered"),
            DriftStatus::Undeclared => self.say("計画書に記載なし", "UNDECLARED"),
            DriftStatus::NotPart => self.say("設備の一部でないと決定", "decided: no part of it"),
            DriftStatus::NotSeen => self.say("見当たらない", "not seen"),
            DriftStatus::NotObservable => self.say("確認できない", "not observable"),
        }
    }

    fn category(&self, category: Category) -> &'static str {
        match category {
            Category::ServerHardware => self.say("サーバー", "server hardware"),
            Category::OperatingSystem => self.say("OS", "operating system"),
            Category::Middleware => self.say("ミドルウェア", "middleware"),
            Category::Application => self.say("アプリケーション", "application"),
            Category::NetworkDevice => self.say("ネットワーク機器", "network device"),
            Category::Firmware => self.say("ファームウェア", "firmware"),
            Category::Auxiliary => self.say("その他", "auxiliary"),
        }
    }

    fn confidence(&self, confidence: Confidence) -> &'static str {
        match confidence {
            Confidence::Unknown => self.say("不明", "unknown"),
            Confidence::Low => self.say("確度低", "low"),
            Confidence::Medium => self.say("確度中", "medium"),
            Confidence::High => self.say("確度高", "high"),
            Confidence::Decided => self.say("人が確認", "decided"),
        }
    }

    fn severity(&self, severity: Severity) -> &'static str {
        match severity {
            Severity::Notice => self.say("確認", "notice"),
            Severity::Warning => self.say("警告", "warning"),
            Severity::Critical => self.say("重大", "CRITICAL"),
            Severity::Gravest => self.say("最重大", "GRAVEST"),
        }
    }

    fn seen(&self, outcome: Outcome) -> &'static str {
        match outcome {
            Outcome::Complete => self.say("全部", "complete"),
            Outcome::Partial => self.say("一部", "partial"),
            Outcome::NotApplicable => self.say("該当なし", "not applicable"),
            Outcome::Failed => self.say("失敗", "failed"),
        }
    }
}

/// Whether two duties ask the same and only their cause differs: then they are shown once.
fn same_but_cause(a: &DutyRow, b: &DutyRow) -> bool {
    a.row_id == b.row_id && a.plan_id == b.plan_id && a.missing == b.missing && a.due_on == b.due_on
}
