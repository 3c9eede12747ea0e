//! Hosts: every agent's host in a list, and one host with everything about it.
//! It does not know the hosts that no agent speaks for; the equipment page names those.
//! Invariant: a host that is silent, revoked or badly seen says so in its row.

use super::super::Model;
use super::super::findings::{Finding, row};
use super::super::meaning::label;
use super::super::rows::{CoverageRow, FindingRow, HostDetail, HostRow};
use super::registers::sorted;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::ids::AgentId;
use std::collections::BTreeMap;

impl Model {
    /// Every host, in order of agent ids.
    pub fn hosts(&self) -> Vec<HostRow> {
        let open = self.open_findings_by_agent();
        let agents = self.state.agents.iter();
        agents.filter_map(|(id, _)| self.host_row(id, open.get(id).copied().unwrap_or(0))).collect()
    }

    /// One host.
    pub fn host_detail(&self, id: &AgentId) -> Option<HostDetail> {
        let findings = self.findings_where(|finding| finding.verdict.agent_ids.contains(id));
        let open = self.state.findings.open().filter(|(_, finding)| finding.verdict.agent_ids.contains(id)).count();
        let facts = self.state.assets.on(id).map(|(_, _, observation)| observation);
        let facts = facts.filter(|fact| !matches!(fact, Observation::Package(_) | Observation::PackageOrigin(_)));
        Some(HostDetail {
            row: self.host_row(id, open as u64)?,
            coverage: self.coverage_rows(id),
            facts: facts.cloned().collect(),
            losses: self.state.coverage.host(id).map(|host| host.losses.clone()).unwrap_or_default(),
            findings,
        })
    }

    /// Open findings per agent that they name.
    pub(super) fn open_findings_by_agent(&self) -> BTreeMap<AgentId, u64> {
        let mut open = BTreeMap::new();
        for (_, finding) in self.state.findings.open() {
            for agent in &finding.verdict.agent_ids {
                *open.entry(agent.clone()).or_insert(0) += 1;
            }
        }
        open
    }

    pub(super) fn findings_where(&self, wanted: impl Fn(&Finding) -> bool) -> Vec<FindingRow> {
        let all = self.state.findings.iter().filter(|(_, finding)| wanted(finding));
        sorted(all.map(|(id, finding)| row(id, finding, self.duty_ids(id))).collect())
    }

    pub(super) fn host_row(&self, id: &AgentId, findings_open: u64) -> Option<HostRow> {
        let agent = self.state.agents.get(id)?;
        let drift = self.drift.hosts.get(id)?;
        let os = self.state.assets.under(id, "operating_system").map(|(_, observation)| label(observation)).next();
        let coverage = self.state.coverage.host(id);
        let troubled = coverage.map_or(0, |host| {
            let bad = |outcome: Outcome| matches!(outcome, Outcome::Partial | Outcome::Failed);
            host.collectors.values().filter(|collector| bad(collector.outcome)).count()
        });
        Some(HostRow {
            agent_id: id.clone(),
            hostname: self.state.hostname(id, &drift.context),
            operating_system: os,
            equipment_id: drift.equipment.first().cloned(),
            hearing: self.state.coverage.hearing(id),
            revoked: agent.revoked.is_some(),
            last_batch_at: agent.last_batch_at,
            last_batch_number: agent.last_number,
            components: drift.judged.len() as u64,
            findings_open,
            collectors_troubled: troubled as u64,
        })
    }

    fn coverage_rows(&self, id: &AgentId) -> Vec<CoverageRow> {
        let assets = self.state.assets.host(id);
        let collectors = self.state.coverage.host(id).into_iter().flat_map(|host| &host.collectors);
        collectors
            .map(|(collector, word)| CoverageRow {
                collector: collector.clone(),
                outcome: word.outcome,
                items: assets
                    .and_then(|host| host.collectors.get(collector))
                    .map_or(0, |assets| assets.items.len() as u64),
                reported_at: word.reported_at,
                complete_at: word.complete_at,
                sources: word.sources.clone(),
                troubles: word.troubles.clone(),
            })
            .collect()
    }
}
