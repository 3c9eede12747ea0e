//! `remote_tool_undeclared`: software by which somebody elsewhere may come in to a host, and that no filed plan and no record of a
//! remote path names.
//! It does not know who uses it or when: that a process was seen makes it grave, that it only lies there makes it a question.
//! Logins of the operating system, clients that only go out, and modems are none.
//! Invariant: software is declared by host and name together; what was not seen to run is never said not to run.

use super::remote_paths::standing_record;
use super::{Facts, Rule};
use crate::model::findings::{Subject, Verdict};
use crate::model::numbers::HostNo;
use crate::model::rows::Severity;
use crate::model::state::State;
use crate::model::views::drift::{Drift, Touched};
use daicho_schemas::fact::observation::{Observation, RemoteTool, RemoteToolClass, ToolEvidenceSort};
use daicho_schemas::fact::remote_path::PathEntry;
use daicho_schemas::text::Text;
use std::collections::BTreeSet;

/// Pieces of evidence that a finding names; more are counted.
const EVIDENCE_NAMED_MAX: usize = 6;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "remote_tool_undeclared", claim, subjects, judge };

fn claim() -> Text {
    Text::new(
        "外部から入ることのできるソフトウェアが、どの導入等計画書にも経路の記録にもありません。",
        "Software by which somebody may come in from outside stands in no plan and in no record of remote paths.",
    )
}

fn subjects(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let all = touched.hosts.iter().filter_map(|host| facts.drift.hosts.get(*host).map(|row| (*host, row)));
    let all = all.flat_map(|(host, row)| row.ways.tools.iter().map(move |tool| (host, tool)));
    let all = all.chain(touched.tools.iter().map(|(host, tool)| (*host, tool)));
    let agent = |host: HostNo| facts.state.agents.by_number(host).map(|agent| agent.agent_id.clone());
    all.filter_map(|(host, tool)| Some(Subject::Tool(agent(host)?, tool.clone()))).collect()
}

/// What a host shows of a tool, where somebody may come in by it.
pub(crate) fn tool_on(state: &State, host: HostNo, tool: &str) -> Option<RemoteTool> {
    let found = state.assets.under(host, tool);
    found.into_iter().find_map(|item| match state.assets.items.get(item)?.observation()? {
        Observation::RemoteTool(tool) if tool.class.may_let_in() => Some(tool),
        _ => None,
    })
}

/// The place where a tool enters: under the name by which a record or a filed plan speaks of it (its name in the list of tools, its
/// name for people, or a package's), else under its name in the list. Says too whether it is there on record or filed.
pub(crate) fn entry_of_tool(state: &State, drift: &Drift, hostname: &str, tool: &RemoteTool) -> (PathEntry, bool) {
    let packages = tool.evidence.iter().filter(|one| one.sort == ToolEvidenceSort::Package).map(|one| &one.name);
    let names = [&tool.tool, &tool.name].into_iter().chain(packages);
    let entry = |name: &str| PathEntry::Software { host: hostname.to_string(), software: name.to_string() };
    let known = names
        .map(|name| (name, entry(name)))
        .find(|(name, entry)| drift.is_declared_software(hostname, name) || standing_record(state, entry).is_some());
    known.map_or_else(|| (entry(&tool.tool), false), |(_, entry)| (entry, true))
}

/// How much undeclared software matters on critical equipment. A VPN that runs shows an interface too, which is judged by itself.
pub(crate) fn weight(tool: &RemoteTool) -> Option<Severity> {
    let (running, waiting, asleep) = match tool.class {
        RemoteToolClass::RemoteControl | RemoteToolClass::Tunnel | RemoteToolClass::Rmm => {
            (Some(Severity::Critical), Some(Severity::Warning), Some(Severity::Notice))
        }
        // Client packages of VPNs come with many systems.
        RemoteToolClass::Vpn => (Some(Severity::Warning), Some(Severity::Notice), None),
        RemoteToolClass::RemoteLogin | RemoteToolClass::Modem => (None, None, None),
    };
    match (tool.runs(), tool.is_awake()) {
        (true, _) => running,
        (false, true) => waiting,
        (false, false) => asleep,
    }
}

/// Whether a declared interface of the host stands for its VPN software.
fn is_behind_a_declared_interface(facts: &Facts<'_>, host: HostNo, hostname: &str, tool: &RemoteTool) -> bool {
    let Some(row) = facts.drift.hosts.get(host).filter(|_| tool.class == RemoteToolClass::Vpn) else { return false };
    row.ways.interfaces.iter().any(|interface| {
        let entry = PathEntry::HostInterface { host: hostname.to_string(), interface: interface.clone() };
        facts.drift.is_declared_path(hostname, interface) || standing_record(facts.state, &entry).is_some()
    })
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Tool(agent, id) = subject else { return None };
    let host = facts.host(agent)?;
    let tool = tool_on(facts.state, host, id)?;
    let weight = weight(&tool)?;
    let hostname = facts.hostname(agent);
    let (_, known) = entry_of_tool(facts.state, facts.drift, &hostname, &tool);
    if known || is_behind_a_declared_interface(facts, host, &hostname, &tool) {
        return None;
    }
    let equipment = facts.equipment_of(agent);
    let severity = match &equipment {
        Some(_) => weight,
        // Elsewhere only what runs and lets somebody in is told; a revoked agent on no equipment is out of scope.
        None if weight == Severity::Critical && facts.may_speak(agent) => Severity::Notice,
        None => return None,
    };
    let (sort, how, seen) = (sort_of(tool.class), how(&tool), evidence(&tool));
    Some(Verdict {
        severity,
        title: Text::new(
            format!("ホスト「{hostname}」に記載・記録のない{}「{}」（{}）", sort.ja, tool.name, how.ja),
            format!("Host \"{hostname}\": \"{}\" ({}; {}) is declared nowhere", tool.name, sort.en, how.en),
        ),
        why: Text::new(
            format!(
                "外部の人がこれによってホストに入り、操作できることがあります。誰がどこから保守に入れるかは、重要維持管理等の委託とリスク管理措置に関わります。根拠：{}",
                seen.ja
            ),
            format!(
                "Somebody elsewhere may come in by it. Who can come in to maintain bears on the entrustment of 重要維持管理等 and on the risk management measures (リスク管理措置). What shows it: {}",
                seen.en
            ),
        ),
        next: Text::new(
            "誰が何のために入れたかを確かめてください。必要なら、届出・報告の要否を判断したうえで、経路の記録（ホストとソフトウェア名）か計画の remote_paths（software）に加え、不要なら取り除きます。",
            "Find out who installed it and what for. If it is needed, decide whether a filing or report is due, then record the path (host and software) or add it to remote_paths of a plan (software); if not, remove it.",
        ),
        equipment_id: equipment,
        hosts: facts.only(agent),
        components: vec![tool.name.clone()],
        supplier: None,
        planned_by: None,
    })
}

/// What sort of software, in words.
pub(crate) fn sort_of(class: RemoteToolClass) -> Text {
    match class {
        RemoteToolClass::RemoteControl => Text::new("遠隔操作ソフトウェア", "remote-control software"),
        RemoteToolClass::Tunnel => Text::new("トンネルのソフトウェア", "tunnel software"),
        RemoteToolClass::Rmm => Text::new("遠隔管理ソフトウェア（RMM）", "remote management (RMM)"),
        RemoteToolClass::Vpn => Text::new("VPN ソフトウェア", "VPN software"),
        RemoteToolClass::RemoteLogin => Text::new("遠隔ログイン", "remote login"),
        RemoteToolClass::Modem => Text::new("モデムのソフトウェア", "modem software"),
    }
}

/// How it was seen.
pub(crate) fn how(tool: &RemoteTool) -> Text {
    match (tool.runs(), tool.is_awake()) {
        (true, _) => Text::new("動作中", "it runs"),
        (false, true) => {
            Text::new("自動で起動する設定、プロセスは見えていません", "it starts by itself, no process of it was seen")
        }
        (false, false) => Text::new("プロセスは見えていません", "no process of it was seen"),
    }
}

fn evidence(tool: &RemoteTool) -> Text {
    let all: Vec<Text> = tool
        .evidence
        .iter()
        .map(|one| {
            let sort = match one.sort {
                ToolEvidenceSort::Package => Text::new("パッケージ", "package"),
                ToolEvidenceSort::Unit => Text::new("ユニット", "unit"),
                ToolEvidenceSort::Process => Text::new("プロセス", "process"),
                ToolEvidenceSort::File => Text::new("ファイル", "file"),
            };
            Text::new(format!("{} {}", sort.ja, one.name), format!("{} {}", sort.en, one.name))
        })
        .collect();
    let more = all.len().saturating_sub(EVIDENCE_NAMED_MAX);
    let (mut ja, mut en): (Vec<String>, Vec<String>) =
        all.into_iter().take(EVIDENCE_NAMED_MAX).map(|one| (one.ja, one.en)).unzip();
    if more > 0 {
        ja.push(format!("ほか {more} 件"));
        en.push(format!("{more} more"));
    }
    if let Some(day) = tool.last_use_on {
        ja.push(format!("最後の使用 {day}"));
        en.push(format!("last used on {day}"));
    }
    if !tool.admits_from.is_empty() {
        let from = tool.admits_from.join(", ");
        ja.push(format!("許可された接続元 {from}"));
        en.push(format!("let in from {from}"));
    }
    Text::new(ja.join("、"), en.join(", "))
}

#[cfg(test)]
mod tests;
