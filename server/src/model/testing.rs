//! A scripted ledger for the model's own tests: one host at a time, facts in the order in which a test states them.
//! It does not know engines, intake or the clock; every entry comes one minute after the one before.
//! Invariant: what a test does not set is the same in every test.

mod devices;
mod plans;
mod programs;

pub(crate) use devices::*;
pub(crate) use plans::*;
pub(crate) use programs::*;

use super::rows::{FindingRow, FindingState};
use super::{Event, Model};
use crate::ledger::entry::Author;
use daicho_schemas::batch::Applied;
use daicho_schemas::batch::{
    BATCH_FORMAT, Batch, Body, CollectorReport, ItemKey, Outcome, apply_report, item_hash, state_digest,
};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::component::{ComponentDecided, ComponentDecisionWithdrawn};
use daicho_schemas::fact::decision::{AccessGranted, AgentEnrolled, AgentRevoked, CoverageChanged, Hearing, Role};
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::fact::duty::{DutyMoved, DutyState};
use daicho_schemas::fact::observation::{
    Ecosystem, InterfaceKind, NetworkInterface, Observation, OperatingSystem, OriginMatch, Package, PackageOrigin,
    PackageState, Provenance, RemoteTool,
};
use daicho_schemas::fact::supplier::SupplierRecord;
use daicho_schemas::fact::ticket::{TicketMoved, TicketState, TicketStated};
use daicho_schemas::ids::{AgentId, ChangeId, CollectorId, DecisionId, DutyId, FindingId, PersonId, TokenId};
use daicho_schemas::planned::PlannedChange;
use daicho_schemas::sign::SignedBatch;
use daicho_schemas::time::{CalendarDate, UtcMicros};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A ledger as a test writes it.
pub(crate) struct Script {
    pub(crate) model: Model,
    pub(crate) entries: Vec<(u64, UtcMicros, Author, Fact)>,
    pub(crate) agent: AgentId,
    numbers: BTreeMap<AgentId, u64>,
    states: BTreeMap<(AgentId, String), BTreeMap<ItemKey, Hash>>,
    start: UtcMicros,
}

impl Script {
    /// A ledger in which one agent has enrolled. It starts on 2026-11-21 at noon in Japan.
    pub(crate) fn with_agent(hostname: &str) -> Self {
        Self::with_agent_on(hostname, "2026-11-21")
    }

    /// The same from another date on (noon in Japan).
    pub(crate) fn with_agent_on(hostname: &str, date: &str) -> Self {
        let mut script = Self {
            model: Model::default(),
            entries: Vec::new(),
            agent: AgentId::new("agent-none").unwrap(),
            numbers: BTreeMap::new(),
            states: BTreeMap::new(),
            start: format!("{date}T03:00:00.000000Z").parse().unwrap(),
        };
        script.enrol(hostname);
        script
    }

    /// Another agent enrols; what follows is said by it.
    pub(crate) fn enrol(&mut self, hostname: &str) {
        let id = AgentId::new(format!("agent-{}", self.numbers.len() + 1)).unwrap();
        self.numbers.insert(id.clone(), 0);
        self.agent = id.clone();
        self.push(
            Author::Server,
            Fact::AgentEnrolled(AgentEnrolled {
                agent_id: id,
                public_key: "key".into(),
                token_id: TokenId::new("t1").unwrap(),
                hostname: hostname.into(),
            }),
        );
    }

    /// A person of one role.
    pub(crate) fn person(&mut self, id: &str, role: Role) -> Author {
        let person_id = PersonId::new(id).unwrap();
        let token_hash = Hash::of("test", &[id.as_bytes()]);
        let granted = AccessGranted { person_id: person_id.clone(), roles: vec![role], token_hash };
        self.push(Author::Server, Fact::AccessGranted(granted));
        Author::Person(person_id)
    }

    /// A person moves the only duty, or the first one, without asking whether that is possible.
    pub(crate) fn move_duty(&mut self, by: &Author, to: DutyState, on: &str) {
        let duty = self.model.duties().remove(0);
        let moved = DutyMoved { reason: "test".into(), ..moved(&duty.duty_id, duty.state, to, on) };
        self.push(by.clone(), Fact::DutyMoved(moved));
    }

    /// Somebody decides about components: what, and what of it.
    pub(crate) fn decide(&mut self, id: &str, components: Value, said: Value) {
        self.push(Author::Server, Fact::ComponentDecided(decision(id, components, said)));
    }

    /// Somebody takes a decision back.
    pub(crate) fn withdraw(&mut self, id: &str) {
        let decision_id = DecisionId::new(id).unwrap();
        let taken = ComponentDecisionWithdrawn { decision_id, reason: "test".into() };
        self.push(Author::Server, Fact::ComponentDecisionWithdrawn(taken));
    }

    /// Moves what follows to a date (noon in Japan).
    pub(crate) fn on(&mut self, date: &str) {
        self.start = format!("{date}T03:00:00.000000Z").parse().unwrap();
    }

    /// The day on which the script is.
    pub(crate) fn today(&self) -> CalendarDate {
        self.start.date_in_japan()
    }

    /// Moves what follows so many days on.
    pub(crate) fn later(&mut self, days: usize) {
        self.start = self.start.plus_seconds(86_400 * i64::try_from(days).unwrap());
    }

    pub(crate) fn push(&mut self, author: Author, fact: Fact) {
        let seq = self.entries.len() as u64 + 1;
        let received_at = self.start.plus_seconds(60 * i64::try_from(seq).unwrap());
        self.model.apply(&Event { seq, received_at, author: &author, fact: &fact });
        self.entries.push((seq, received_at, author, fact));
    }

    pub(crate) fn seq(&self) -> u64 {
        self.entries.len() as u64
    }

    pub(crate) fn supplier(&mut self, record: SupplierRecord) {
        self.push(Author::Server, Fact::Supplier(record));
    }

    pub(crate) fn plan(&mut self, plan: PlanScript) {
        self.push(Author::Server, Fact::Plan(plan.build()));
    }

    pub(crate) fn plan_as(&mut self, plan: Plan) {
        self.push(Author::Server, Fact::Plan(plan));
    }

    pub(crate) fn revoke(&mut self) {
        let fact = AgentRevoked { agent_id: self.agent.clone(), reason: "test".into() };
        self.push(Author::Server, Fact::AgentRevoked(fact));
    }

    pub(crate) fn hearing(&mut self, hearing: Hearing) {
        let fact = CoverageChanged { agent_id: self.agent.clone(), hearing, last_heard_at: self.start };
        self.push(Author::Server, Fact::CoverageChanged(fact));
    }

    /// A full report of one collector, in a batch of its own.
    pub(crate) fn report(&mut self, collector: &str, outcome: Outcome, items: Vec<Observation>) {
        self.report_body(collector, outcome, Body::Full { items });
    }

    /// A difference to what this collector said before.
    pub(crate) fn delta(&mut self, collector: &str, put: Vec<Observation>, gone: &[&str]) {
        let id = CollectorId::new(collector).unwrap();
        let known = self.states.get(&(self.agent.clone(), collector.into())).cloned().unwrap_or_default();
        let gone = gone.iter().map(|key| key.to_string()).collect();
        self.report_body(collector, Outcome::Complete, Body::Delta { base: state_digest(&id, &known), put, gone });
    }

    fn report_body(&mut self, collector: &str, outcome: Outcome, body: Body) {
        let id = CollectorId::new(collector).unwrap();
        let mut report = CollectorReport {
            collector: id.clone(),
            outcome,
            sources: vec![format!("/{collector}")],
            troubles: Vec::new(),
            body,
            digest: Hash::ZERO,
        };
        let known = self.states.entry((self.agent.clone(), collector.into())).or_default();
        if let Applied::State(after) = apply_report(known, &report).unwrap() {
            report.digest = state_digest(&id, &after);
            *known = after;
        }
        let number = self.numbers.get_mut(&self.agent).unwrap();
        *number += 1;
        let batch = Batch {
            format: BATCH_FORMAT.into(),
            agent_id: self.agent.clone(),
            number: *number,
            started_at: self.start,
            finished_at: self.start,
            reports: vec![report],
            lost: None,
        };
        let raw = serde_json::value::to_raw_value(&batch).unwrap();
        let signed = SignedBatch { batch: raw, public_key: String::new(), signature: String::new() };
        self.push(Author::Agent(self.agent.clone()), Fact::Batch(signed));
    }

    pub(crate) fn dpkg(&mut self, outcome: Outcome, packages: &[PackageScript]) {
        let items = packages.iter().map(|package| Observation::Package(package.package())).collect();
        self.report("dpkg", outcome, items);
    }

    pub(crate) fn interfaces(&mut self, outcome: Outcome, interfaces: &[NetworkInterface]) {
        let items = interfaces.iter().cloned().map(Observation::NetworkInterface).collect();
        self.report("network_interfaces", outcome, items);
    }

    pub(crate) fn tools(&mut self, outcome: Outcome, tools: &[RemoteTool]) {
        let items = tools.iter().cloned().map(Observation::RemoteTool).collect();
        self.report("remote_tools", outcome, items);
    }

    pub(crate) fn os(&mut self, os_id: &str) {
        self.report("operating_system", Outcome::Complete, vec![operating_system(os_id, None)]);
    }

    pub(crate) fn os_named(&mut self, os_id: &str, hostname: &str) {
        self.report("operating_system", Outcome::Complete, vec![operating_system(os_id, Some(hostname))]);
    }

    /// A person opens a ticket, without asking whether that is possible.
    pub(crate) fn ticket(&mut self, change: PlannedChange) {
        let aoi = Author::Person(PersonId::new("aoi").unwrap());
        let stated = TicketStated { change, amends_seq: None, note: String::new() };
        self.push(aoi, Fact::TicketStated(stated));
    }

    /// A person moves a ticket.
    pub(crate) fn move_ticket(&mut self, id: &str, to: TicketState) {
        let change_id = ChangeId::new(id).unwrap();
        let from = self.model.ticket(&change_id).unwrap().state;
        let on = self.start.date_in_japan();
        let moved = TicketMoved { change_id, from, to, on, reason: "test".into() };
        self.push(Author::Person(PersonId::new("aoi").unwrap()), Fact::TicketMoved(moved));
    }

    /// The server states which windows are over.
    pub(crate) fn windows_ended(&mut self) {
        let due = self.model.windows_ended(self.start.date_in_japan(), 100);
        self.push(Author::Server, Fact::WindowsEnded(due));
    }

    /// Open findings of one rule.
    pub(crate) fn open_rows(&self, rule: &str) -> Vec<FindingRow> {
        let open = self.model.findings().into_iter();
        open.filter(|row| row.rule_id.as_str() == rule && row.state == FindingState::Open).collect()
    }

    /// The components that the open findings of one rule name.
    pub(crate) fn open(&self, rule: &str) -> Vec<String> {
        let mut components: Vec<String> = self.open_rows(rule).into_iter().flat_map(|row| row.components).collect();
        components.sort();
        components
    }

    pub(crate) fn finding(&self, id: &FindingId) -> FindingRow {
        self.model.finding(id).unwrap()
    }

    /// Taking the last entry in again, or all of them, changes nothing.
    pub(crate) fn assert_replay_is_idempotent(&self) {
        let mut again = self.model.clone();
        for (seq, received_at, author, fact) in &self.entries {
            again.apply(&Event { seq: *seq, received_at: *received_at, author, fact });
        }
        assert_eq!(bytes(&again), bytes(&self.model));
    }
}

/// A decision about components.
pub(crate) fn decision(id: &str, components: Value, said: Value) -> ComponentDecided {
    let mut all = json!({ "decision_id": id, "components": components, "reason": "test" });
    all.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

/// A planned change of an equipment, from the first to the last day, with what it expects.
pub(crate) fn change(id: &str, equipment: &str, (first, last): (&str, &str), expected: Value) -> PlannedChange {
    serde_json::from_value(json!({
        "format": "daicho.change.v1",
        "change_id": id,
        "summary": "交換 / replacement",
        "equipment_id": equipment,
        "planned_on": first,
        "planned_through": last,
        "changes": [{ "change": "component_swapped", "subject": "tos-db" }],
        "expected": expected,
    }))
    .unwrap()
}

/// A move without a reason.
pub(crate) fn moved(duty: &DutyId, from: DutyState, to: DutyState, on: &str) -> DutyMoved {
    DutyMoved {
        duty_id: duty.clone(),
        from,
        to,
        on: on.parse().unwrap(),
        reason: String::new(),
        reference: None,
        plan_id: None,
        caution_read: false,
    }
}

/// A model's snapshot.
pub(crate) fn bytes(model: &Model) -> Vec<u8> {
    let mut bytes = Vec::new();
    model.write_snapshot(&mut bytes).unwrap();
    bytes
}

/// An operating system whose supplier's marks are [`supplier`] of the same word.
pub(crate) fn operating_system(os_id: &str, hostname: Option<&str>) -> Observation {
    Observation::OperatingSystem(OperatingSystem {
        hostname: hostname.map(str::to_string),
        family: "linux".into(),
        os_id: Some(os_id.into()),
        os_id_like: Vec::new(),
        name: Some(format!("{os_id} system")),
        version_id: Some("12".into()),
        version: None,
        codename: None,
        kernel_release: None,
        edition: None,
        release: None,
        installation: None,
        architecture: Some("x86_64".into()),
    })
}

/// The repository of an origin lists a package of this very version.
pub(crate) fn listed(name: &str, origin: &str) -> Observation {
    Observation::PackageOrigin(PackageOrigin {
        ecosystem: Ecosystem::Deb,
        name: name.into(),
        architecture: "amd64".into(),
        origin: origin.into(),
        suite: None,
        matched: OriginMatch::Version,
    })
}

pub(crate) fn interface(name: &str, interface_kind: InterfaceKind) -> NetworkInterface {
    NetworkInterface {
        name: name.into(),
        interface_kind,
        mac: None,
        driver: None,
        member_of: None,
        stands_on: Vec::new(),
    }
}

/// A supplier that is recognised by its own word everywhere: origin `debian`, domains `debian.org` and `debian.example`,
/// vendor `debian`, os-release ID `debian`.
pub(crate) fn supplier(word: &str) -> SupplierRecord {
    serde_json::from_value(json!({
        "supplier_id": word,
        "name": { "ja": format!("{word}（供給者）"), "en": format!("{word} (supplier)") },
        "recognise": {
            "package_origins": [word],
            "maintainer_domains": [format!("{word}.org"), format!("{word}.example")],
            "vendor_strings": [word],
            "os_ids": [word],
        },
        "source": "test",
        "as_of": "2026-11-01",
    }))
    .unwrap()
}

/// A package as a test describes it.
#[derive(Clone)]
pub(crate) struct PackageScript(Package);

/// A dpkg package with a maintainer of a domain.
pub(crate) fn package(name: &str, version: &str, domain: &str) -> PackageScript {
    PackageScript(Package {
        ecosystem: Ecosystem::Deb,
        name: name.into(),
        version: version.into(),
        architecture: Some("amd64".into()),
        state: PackageState::Installed,
        source: None,
        maintainer: Some(format!("Team <team@{domain}>")),
        vendor: None,
        multi_arch: None,
        provenance: Provenance::default(),
    })
}

impl PackageScript {
    pub(crate) fn config_files(mut self) -> Self {
        self.0.state = PackageState::ConfigFiles;
        self
    }

    pub(crate) fn package(&self) -> Package {
        self.0.clone()
    }

    pub(crate) fn observation(&self) -> Observation {
        Observation::Package(self.package())
    }

    pub(crate) fn hash(&self) -> Hash {
        item_hash(&self.observation()).unwrap()
    }
}
