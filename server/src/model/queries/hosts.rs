//! Hosts: every agent's host in a list, and one host with everything about it.
//! It does not know the hosts that no agent speaks for; the equipment page names those.
//! Invariant: a host that is silent, revoked or badly seen says so in its row.

use super::super::Model;
use super::super::numbers::HostNo;
use super::super::prepared::Sort;
use super::super::rows::{CoverageRow, FindingRow, HostDetail, HostRow, Page, SeenRow, ToldRow};
use super::super::views::agents::Told;
use super::Part;
use super::registers::sorted;
use daicho_schemas::ids::{AgentId, EquipmentId};

impl Model {
    /// Every host, in the order of enrolment.
    pub fn hosts(&self) -> Vec<HostRow> {
        self.hosts_from(0, usize::MAX)
    }

    /// Hosts from a place in the list on.
    pub fn hosts_from(&self, skip: usize, take: usize) -> Vec<HostRow> {
        let Ok(first) = HostNo::try_from(skip) else { return Vec::new() };
        self.state.agents.from(first).filter_map(|(host, _)| self.host_row(host)).take(take).collect()
    }

    /// How many agents ever enrolled.
    pub fn hosts_total(&self) -> usize {
        self.state.agents.len()
    }

    /// One page of hosts, of one equipment if that is asked. `None` when the cursor is not one of this list.
    pub fn hosts_page(&self, part: Part<'_>, equipment: Option<&EquipmentId>) -> Option<Page<HostRow>> {
        let first = match part.cursor {
            None => 0,
            Some(cursor) => self.state.agents.number(&AgentId::new(cursor).ok()?)? + 1,
        };
        let key = |row: &HostRow| row.agent_id.to_string();
        let Some(equipment) = equipment else {
            return Some(part.of(self.state.agents.from(first).filter_map(|(host, _)| self.host_row(host)), key));
        };
        let members = self.drift.equipment.get(equipment).map(|drift| drift.members.range(first..));
        Some(part.of(members.into_iter().flatten().filter_map(|host| self.host_row(host)), key))
    }

    /// How much is really seen.
    pub fn seen(&self) -> SeenRow {
        let fleet = self.drift.hosts.fleet;
        let missing = |declared: usize, heard: usize| declared.saturating_sub(heard) as u64;
        let equipment = self.drift.equipment.values();
        SeenRow {
            hosts: fleet.hosts,
            silent: fleet.silent,
            never: fleet.never,
            troubled: fleet.troubled,
            declared_not_heard: equipment.map(|drift| missing(drift.declared.len(), drift.hosts_heard())).sum(),
        }
    }

    /// A host's name; absent while it has not said, and for an agent that never enrolled.
    pub fn hostname(&self, agent: &AgentId) -> Option<String> {
        let row = self.drift.hosts.get(self.state.agents.number(agent)?)?;
        row.name.as_ref().map(|name| name.to_string())
    }

    /// One host.
    pub fn host_detail(&self, id: &AgentId) -> Option<HostDetail> {
        let host = self.state.agents.number(id)?;
        let named: Vec<FindingRow> =
            self.state.findings.of_host(host).map(|(id, finding)| self.finding_row(id, finding)).collect();
        let shown = |sort: Sort| !matches!(sort, Sort::Package | Sort::Origin | Sort::Language);
        let facts =
            self.state.assets.on(host, |item| shown(item.sort)).into_iter().filter_map(|item| item.observation());
        let no_package = |fact: &daicho_schemas::fact::observation::Observation| {
            !matches!(fact, daicho_schemas::fact::observation::Observation::Package(_))
        };
        Some(HostDetail {
            row: self.host_row(host)?,
            coverage: self.coverage_rows(host),
            facts: facts.filter(no_package).collect(),
            applications: self.applications_on(host),
            losses: self.state.coverage.host(host).map(|host| host.losses.clone()).unwrap_or_default(),
            findings: sorted(named),
        })
    }

    pub(super) fn host_row(&self, host: HostNo) -> Option<HostRow> {
        let agent = self.state.agents.by_number(host)?;
        let drift = self.drift.hosts.get(host)?;
        let system = drift.system.and_then(|item| self.state.assets.items.get(item));
        Some(HostRow {
            agent_id: agent.agent_id.clone(),
            hostname: drift.name.as_ref().map(|name| name.to_string()),
            operating_system: system.map(|item| item.line()),
            equipment_id: drift.equipment.first().cloned(),
            hearing: self.state.coverage.hearing(host),
            revoked: agent.revoked.is_some(),
            last_batch_at: agent.last_batch_at,
            last_batch_number: agent.last_number,
            told: agent.told.as_ref().map(told_row),
            components: drift.components,
            findings_open: self.state.findings.open_on(host),
            collectors_troubled: self.state.coverage.troubled(host) as u64,
        })
    }

    fn coverage_rows(&self, host: HostNo) -> Vec<CoverageRow> {
        let items = |word: &_| self.state.assets.collector(host, word).map_or(0, |assets| assets.items.len());
        let words = self.state.coverage.collectors(host);
        words
            .map(|word| CoverageRow {
                items: items(&word.collector),
                collector: word.collector,
                outcome: word.outcome,
                reported_at: word.reported_at,
                complete_at: word.complete_at,
                sources: word.sources,
                troubles: word.troubles,
            })
            .collect()
    }
}

fn told_row(told: &Told) -> ToldRow {
    let version = told.tool_version.iter().map(|version| format!(" {version}"));
    ToldRow {
        tool: std::iter::once(told.tool.clone()).chain(version).collect(),
        said_at: told.said_at,
        entry_seq: told.seq,
    }
}
