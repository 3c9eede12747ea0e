//! `package_file_changed`: a program or unit of a host whose contents are not those that its package put there.
//! It does not know who changed it; a hand-made correction and an intruder look alike.
//! Invariant: it speaks only of files that the agent held against a digest of the package manager's own, never of configuration.

use super::{Facts, Rule};
use crate::model::findings::{Subject, Verdict};
use crate::model::prepared::Sort;
use crate::model::rows::Severity;
use crate::model::views::drift::Touched;
use daicho_schemas::fact::observation::{ChangedFile, ChangedFilePart, Observation};
use daicho_schemas::ids::{AgentId, CollectorId};
use daicho_schemas::text::Text;
use std::collections::BTreeSet;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "package_file_changed", claim, subjects, judge };

/// The collector that tells of such files: theirs are looked through when a host comes to equipment, and no others.
const COLLECTOR: &str = "programs";

fn claim() -> Text {
    Text::new(
        "実行されるファイルの内容が、それを含むパッケージのものと違います。",
        "A file that the host runs is not what its package put there.",
    )
}

fn subjects(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let assets = &facts.state.assets;
    let agent = |host: &u32| facts.state.agents.by_number(*host).map(|agent| agent.agent_id.clone());
    let collector = CollectorId::new(COLLECTOR).unwrap_or_else(|_| unreachable!("the collector's name is well-formed"));
    let standing = touched.hosts.iter().flat_map(|host| {
        let items = assets.collector(*host, &collector).into_iter().flat_map(|told| told.items.iter());
        let items = items.filter_map(|no| assets.items.get(no)).filter(|item| item.sort == Sort::ChangedFile);
        items.map(move |item| (*host, assets.items.key_text(item.key).to_string()))
    });
    let all = standing.chain(touched.changed_files.iter().cloned());
    all.filter_map(|(host, path)| Some(Subject::ChangedFile(agent(&host)?, path))).collect()
}

fn changed_on(facts: &Facts<'_>, agent: &AgentId, path: &str) -> Option<ChangedFile> {
    let found = facts.state.assets.under(facts.host(agent)?, path);
    found.into_iter().find_map(|item| match facts.state.assets.items.get(item)?.observation()? {
        Observation::ChangedFile(file) => Some(file),
        _ => None,
    })
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::ChangedFile(agent, path) = subject else { return None };
    let file = changed_on(facts, agent, path)?;
    let hostname = facts.hostname(agent);
    let equipment = facts.equipment_of(agent);
    let severity = match &equipment {
        Some(_) => Severity::Critical,
        None if facts.may_speak(agent) => Severity::Warning,
        None => return None,
    };
    let (part_ja, part_en) = match file.part {
        ChangedFilePart::Program => ("プログラム", "program"),
        ChangedFilePart::Unit => ("ユニットファイル", "unit file"),
    };
    let (package, expected, now) = (&file.package, &file.expected, &file.sha256);
    Some(Verdict {
        severity,
        title: Text::new(
            format!("ホスト「{hostname}」の{part_ja}「{path}」が、パッケージ「{package}」の内容と違います"),
            format!("Host \"{hostname}\": the {part_en} \"{path}\" is not what package \"{package}\" put there"),
        ),
        why: Text::new(
            format!(
                "パッケージの記録（{expected}）と今の内容（SHA-256 {now}）が一致しません。手作業の修正のほか、侵入者による置き換えのこともあります。設定ファイル、dpkg-divert で移されたファイル、prelink のあるホストは対象にしていません。"
            ),
            format!(
                "The package manager keeps {expected}, and the contents now have the SHA-256 {now}. Somebody may have corrected it by hand, or an intruder replaced it. Configuration files, files that dpkg-divert moved and hosts with prelink are left out."
            ),
        ),
        next: Text::new(
            "誰がいつ変えたかを確かめ、心当たりがなければ、このホストを侵害の可能性があるものとして調べてください。正しい内容に戻すには、パッケージを入れ直します。",
            "Find out who changed it and when. If nobody did, treat the host as possibly compromised and investigate. Reinstalling the package brings its own contents back.",
        ),
        equipment_id: equipment,
        hosts: facts.only(agent),
        components: vec![path.clone()],
        supplier: None,
        planned_by: None,
    })
}

#[cfg(test)]
mod tests {
    use crate::model::testing::{Script, changed_file, plan};
    use daicho_schemas::batch::Outcome;

    const RULE: &str = "package_file_changed";

    #[test]
    fn it_fires_stays_while_nobody_looked_and_closes_when_the_file_is_its_packages_again() {
        let mut script = Script::with_agent("tos-1");
        script.os("debian");
        script.programs(Outcome::Complete, Vec::new());
        assert_eq!(script.open(RULE), Vec::<String>::new());
        script.programs(Outcome::Complete, vec![changed_file("/usr/sbin/sshd")]);
        assert_eq!(script.open(RULE).len(), 1);
        script.programs(Outcome::Failed, Vec::new());
        script.programs(Outcome::Partial, Vec::new());
        assert_eq!(script.open(RULE).len(), 1, "absent is not gone");
        script.programs(Outcome::Complete, Vec::new());
        assert_eq!(script.open(RULE), Vec::<String>::new());
    }

    /// On critical equipment it is grave, also when the host comes to the equipment later.
    #[test]
    fn a_host_that_becomes_part_of_equipment_is_judged_anew() {
        use crate::model::rows::Severity;
        let mut script = Script::with_agent("tos-1");
        script.os_named("debian", "tos-1");
        script.programs(Outcome::Complete, vec![changed_file("/usr/sbin/sshd")]);
        let severity = |script: &Script| script.open_rows(RULE).into_iter().map(|row| row.severity).collect::<Vec<_>>();
        assert_eq!(severity(&script), [Severity::Warning]);
        script.plan(plan("plan-1", "tos").host("tos-1"));
        assert_eq!(severity(&script), [Severity::Critical]);
    }
}
