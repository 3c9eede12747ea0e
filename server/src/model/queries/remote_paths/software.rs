//! Paths by software of a host: what an agent shows of it, beside what is said and declared.
//! It does not judge; the rules do. Invariant: a tool has one row, under the name by which people speak of it where they do; that no
//! process was seen is unknown, never no.

use super::{Evidence, PathRow, path_key};
use crate::model::Model;
use crate::model::findings::Subject;
use crate::model::rules::remote_tool_undeclared::{entry_of_tool, how, sort_of, tool_on, weight};
use crate::model::views::drift::HostDrift;
use crate::model::views::remote_paths::entry_key;
use daicho_schemas::fact::device::{Answer, Answered};
use daicho_schemas::fact::observation::RemoteTool;
use daicho_schemas::fact::remote_path::PathEntry;
use daicho_schemas::ids::AgentId;
use daicho_schemas::text::Text;

impl Model {
    /// Where the software of one host enters, where it would matter if nobody knew of it.
    pub(super) fn software_entries(&self, host: &HostDrift) -> Vec<PathEntry> {
        let tools = self.tools_of(&host.key);
        let entries = tools.into_iter().filter(|(_, own, tool)| std::ptr::eq(*own, host) && weight(tool).is_some());
        entries.map(|(_, _, tool)| entry_key(&entry_of_tool(&self.state, &self.drift, &host.key, &tool).0)).collect()
    }

    /// What shows software of a host.
    pub(super) fn software_seen(&self, entry: &PathEntry, row: &mut PathRow) {
        let PathEntry::Software { host, software } = entry else { return };
        row.what = Text::same(format!("{host} {software}"));
        let hosts = self.drift.hosts.of_name(host).filter_map(|no| self.drift.hosts.get(no));
        row.equipment.extend(hosts.flat_map(|own| own.equipment.iter().cloned()));
        for (agent, _, tool) in self.tools_of(host) {
            let own = entry_of_tool(&self.state, &self.drift, host, &tool).0;
            if path_key(&own) != row.key {
                continue;
            }
            let (sort, how) = (sort_of(tool.class), how(&tool));
            row.what = Text::new(
                format!("{host} {}（{}）", tool.name, sort.ja),
                format!("{host} {} ({})", tool.name, sort.en),
            );
            row.enabled = Answered::said(if tool.runs() { Answer::Yes } else { Answer::Unknown }, how);
            row.evidence = Evidence::Software;
            row.findings.extend(self.open_about(&Subject::Tool(agent.clone(), tool.tool)));
            row.seen_by = Some(agent);
        }
    }

    fn tools_of(&self, host: &str) -> Vec<(AgentId, &HostDrift, RemoteTool)> {
        let hosts = self
            .drift
            .hosts
            .of_name(host)
            .filter_map(|no| Some((no, self.drift.hosts.get(no)?, self.state.agents.by_number(no)?)));
        let tools = hosts.flat_map(|(no, own, agent)| {
            let seen = own.ways.tools.iter().filter_map(move |tool| tool_on(&self.state, no, tool));
            seen.map(move |tool| (agent.agent_id.clone(), own, tool))
        });
        tools.collect()
    }
}
