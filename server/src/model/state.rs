//! The state: all views that are stored, and how a fact reaches them. What follows from them is rebuilt, not stored.
//! It does not know rules, duties' law or what a component means.
//! Invariant: the bytes of the state follow from the entries alone, whoever folds them and wherever a snapshot was cut.

use super::Event;
use super::duties::Duties;
use super::duties::life::DutyAct;
use super::findings::{At, Findings, Subject};
use super::numbers::HostNo;
use super::prepared::{PreparedBatch, PreparedReport, Sort};
use super::snapshot::{In, Keep, Out, SnapshotError};
use super::tickets;
use super::views::access::Access;
use super::views::agents::{Agents, RecentBatch, Told};
use super::views::assets::{Assets, Changed};
use super::views::check_answers::CheckAnswers;
use super::views::circuits::{CircuitKey, Circuits};
use super::views::computers::{ComputerKey, Computers};
use super::views::coverage::Coverage;
use super::views::decisions::Decisions;
use super::views::declarations::{Declarations, PlanState, host_key};
use super::views::devices::{Devices, DevicesChanged};
use super::views::early::Early;
use super::views::firmware::FirmwarePacks;
use super::views::network_tables::NetworkTables;
use super::views::remote_paths::{AnswerKey, PathState, RemotePaths};
use super::views::tickets::Tickets;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::component::{ComponentDecided, ComponentDecisionWithdrawn, ComponentSelector};
use daicho_schemas::fact::decision::{CoverageChanged, FaultReported};
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::fact::firmware::FirmwarePack;
use daicho_schemas::fact::inventory_told::InventoryTold;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::fact::remote_path::{PathEntry, RemotePathRecorded};
use daicho_schemas::ids::{AgentId, ChangeId, DeviceId, DutyId, EquipmentId, RemotePathId, SupplierId};
use roaring::RoaringBitmap;
use std::collections::BTreeSet;
use std::iter::once;
use std::sync::Arc;

/// Faults of our own machine that are remembered; older ones stay in the ledger.
const FAULTS_MAX: usize = 100;

/// All views that are stored.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The last entry taken in.
    pub seq: u64,
    /// Which ledger this is.
    pub ledger_id: Option<String>,
    /// People and tokens.
    pub access: Access,
    /// Agents.
    pub agents: Agents,
    /// What stands on the hosts.
    pub assets: Assets,
    /// How completely they are seen.
    pub coverage: Coverage,
    /// Plans and suppliers.
    pub declarations: Declarations,
    /// What people decided about components.
    pub decisions: Decisions,
    /// Decisions about computers.
    pub computers: Computers,
    /// Answers to check lists.
    pub check_answers: CheckAnswers,
    /// Planned changes that are kept.
    pub tickets: Tickets,
    /// What is known about firmware.
    pub firmware: FirmwarePacks,
    /// What came while a prohibition period ran.
    pub early: Early,
    /// Devices that open ways in from outside.
    pub devices: Devices,
    /// Remote paths as recorded, and vendors' answers.
    pub remote_paths: RemotePaths,
    /// Tables of switches, routers and DHCP servers, and named hardware addresses.
    pub network_tables: NetworkTables,
    /// Lines as the operator's own lists say.
    pub circuits: Circuits,
    /// The life of every finding.
    pub findings: Findings,
    /// The life of every duty.
    pub duties: Duties,
    /// Faults of our own machine, with their entries, oldest first.
    pub faults: Vec<(u64, FaultReported)>,
}

/// What a fact changed, for what follows from the views.
#[derive(Clone, Debug)]
pub enum Change {
    /// Nothing that anything follows from.
    Nothing,
    /// A supplier record.
    Supplier(SupplierId),
    /// A plan: the version before, and the one that stands.
    Plan(Option<Arc<PlanState>>, Arc<Plan>),
    /// What is decided about components.
    Decision(Vec<ComponentSelector>),
    /// Computers were decided about, or a duty of theirs was moved.
    Computers(Vec<ComputerKey>),
    /// An agent enrolled.
    Joined(HostNo),
    /// An agent was revoked, fell silent or was heard.
    Host(HostNo),
    /// An agent reported; whether for the first time, and which devices its drop folder shows otherwise.
    Reported(HostNo, Changed, bool, DevicesChanged),
    /// A device was read.
    Devices(DevicesChanged),
    /// Something else is known about firmware.
    Firmware,
    /// Hardware addresses are shown otherwise by a table, or were named.
    Networks(BTreeSet<String>),
    /// Lines came, changed or are missing in a list, or a person said what they are.
    Circuits(BTreeSet<CircuitKey>),
    /// Paths were recorded, a vendor answered, or days of theirs are over.
    Paths(PathsChanged),
    /// Tickets were stated or moved, or their windows ended.
    Tickets(Vec<ChangeId>),
}

/// What people said of remote paths concerns these.
#[derive(Clone, Debug, Default)]
pub struct PathsChanged {
    /// Records.
    pub paths: BTreeSet<RemotePathId>,
    /// Vendors' answers.
    pub answers: BTreeSet<AnswerKey>,
    /// Devices on which paths enter.
    pub devices: BTreeSet<DeviceId>,
    /// The equipment that paths lead to or led to.
    pub equipment: BTreeSet<EquipmentId>,
    /// Hosts on which paths enter, as names are compared.
    pub hosts: BTreeSet<String>,
}

impl PathsChanged {
    fn enters(&mut self, path: &RemotePathRecorded) {
        match &path.enters {
            PathEntry::DeviceWayIn { device_id, .. } => drop(self.devices.insert(device_id.clone())),
            PathEntry::HostInterface { host, .. } | PathEntry::Software { host, .. } => {
                self.hosts.insert(host_key(host));
            }
        }
        self.equipment.extend(path.equipment_id.clone());
    }
}

impl State {
    /// Takes a fact into every view that it concerns.
    pub fn take(&mut self, event: &Event<'_>, prepared: Option<&PreparedBatch>) -> Change {
        match event.fact {
            Fact::LedgerOpened(opened) => {
                self.ledger_id.get_or_insert_with(|| opened.ledger_id.clone());
                Change::Nothing
            }
            Fact::AccessGranted(_) | Fact::TokenIssued(_) | Fact::CalendarShared(_) => self.take_access(event.fact),
            Fact::AgentEnrolled(enrolled) => {
                self.access.use_token(enrolled);
                self.agents.enrol(enrolled, event.received_at);
                self.agents.number(&enrolled.agent_id).map_or(Change::Nothing, Change::Joined)
            }
            Fact::AgentRevoked(revoked) => {
                self.agents.revoke(revoked);
                self.agents.number(&revoked.agent_id).map_or(Change::Nothing, Change::Host)
            }
            Fact::Supplier(record) => {
                self.declarations.supplier(record, event.seq);
                Change::Supplier(record.supplier_id.clone())
            }
            Fact::PersonalDataErased(erased) => {
                self.declarations.erased(erased, event.received_at.date_in_japan(), event.seq);
                Change::Supplier(erased.supplier_id.clone())
            }
            Fact::Plan(plan) => self.take_plan(plan, event),
            Fact::ComponentDecided(decision) => self.decide(decision, event),
            Fact::ComponentDecisionWithdrawn(taken) => self.take_back(taken, event),
            Fact::Batch(_) => self.take_batch(prepared, event),
            Fact::CoverageChanged(changed) => self.take_hearing(changed),
            Fact::Notices(notices) => {
                self.findings.told(notices);
                Change::Nothing
            }
            Fact::DutyMoved(moved) => self.turn(&moved.duty_id, DutyAct::Moved(moved.clone()), event),
            Fact::DutyAssigned(assigned) => self.turn(&assigned.duty_id, DutyAct::Assigned(assigned.clone()), event),
            Fact::DutyDated(dated) => self.turn(&dated.duty_id, DutyAct::Dated(dated.clone()), event),
            Fact::Reminders(stated) => {
                self.duties.reminded(stated);
                Change::Nothing
            }
            Fact::ComputerJudged(judged) => {
                Change::Computers(self.computers.judged(judged, event.author.person(), event.at()))
            }
            Fact::CheckAnswered(answered) => {
                self.check_answers.answered(answered, event.author.person(), event.at());
                Change::Nothing
            }
            Fact::FirmwareKnowledge(pack) => self.take_pack(pack, event),
            Fact::NetworkTableRead(_) | Fact::NeighbourNamed(_) => Change::Networks(self.take_network(event)),
            Fact::CircuitLedgerRead(_) | Fact::CircuitSettled(_) => Change::Circuits(self.take_circuits(event)),
            Fact::TicketStated(_) | Fact::TicketMoved(_) | Fact::WindowsEnded(_) => self.take_ticket(event),
            Fact::DeviceRead(read) => Change::Devices(self.devices.read(read, event.author.person(), event.at())),
            Fact::RemotePath(_) | Fact::RemoteMaintenanceAnswered(_) | Fact::RemoteDaysEnded(_) => {
                Change::Paths(self.take_path(event))
            }
            Fact::InventoryTold(told) => self.take_told(told, event),
            Fact::FaultReported(fault) => self.take_fault(fault, event.seq),
        }
    }

    fn take_hearing(&mut self, changed: &CoverageChanged) -> Change {
        let Some(host) = self.agents.number(&changed.agent_id) else { return Change::Nothing };
        self.coverage.hearing_changed(host, changed);
        Change::Host(host)
    }

    fn take_access(&mut self, fact: &Fact) -> Change {
        match fact {
            Fact::AccessGranted(granted) => self.access.grant(granted),
            Fact::TokenIssued(issued) => self.access.issue(issued),
            Fact::CalendarShared(shared) => self.access.share_calendar(shared),
            _ => {}
        }
        Change::Nothing
    }

    fn take_fault(&mut self, fault: &FaultReported, seq: u64) -> Change {
        self.faults.push((seq, fault.clone()));
        let over = self.faults.len().saturating_sub(FAULTS_MAX);
        self.faults.drain(..over);
        Change::Nothing
    }

    fn take_plan(&mut self, plan: &Plan, event: &Event<'_>) -> Change {
        let before = self.declarations.plan(plan, event.seq);
        let after = self.declarations.plan_state(&plan.plan_id).map(|state| Arc::clone(&state.plan));
        after.map_or(Change::Nothing, |after| Change::Plan(before, after))
    }

    fn take_pack(&mut self, pack: &FirmwarePack, event: &Event<'_>) -> Change {
        self.firmware.known(pack, event.author.person(), event.at());
        Change::Firmware
    }

    /// The hardware addresses that are shown otherwise now, or named.
    fn take_network(&mut self, event: &Event<'_>) -> BTreeSet<String> {
        let (by, at) = (event.author.person(), event.at());
        match event.fact {
            Fact::NetworkTableRead(read) => self.network_tables.read(read, by, at),
            Fact::NeighbourNamed(said) => {
                self.network_tables.name(said, by, at);
                BTreeSet::from([said.mac.clone()])
            }
            _ => BTreeSet::new(),
        }
    }

    fn take_circuits(&mut self, event: &Event<'_>) -> BTreeSet<CircuitKey> {
        let (by, at) = (event.author.person(), event.at());
        match event.fact {
            Fact::CircuitLedgerRead(read) => self.circuits.read(read, by, at),
            Fact::CircuitSettled(said) => self.circuits.settle(said, by, at).into_iter().collect(),
            _ => BTreeSet::new(),
        }
    }

    fn decide(&mut self, decision: &ComponentDecided, event: &Event<'_>) -> Change {
        let before = decision.replaces.as_ref().and_then(|id| self.decisions.get(id));
        let before = before.map(|state| state.decision.components.clone());
        if self.decisions.decided(decision, event.author, event.at()) {
            Change::Decision(once(decision.components.clone()).chain(before).collect())
        } else {
            Change::Nothing
        }
    }

    fn take_back(&mut self, taken: &ComponentDecisionWithdrawn, event: &Event<'_>) -> Change {
        self.decisions.withdrawn(taken, event.author, event.at());
        let about = self.decisions.get(&taken.decision_id).map(|state| state.decision.components.clone());
        about.map_or(Change::Nothing, |about| Change::Decision(vec![about]))
    }

    fn take_ticket(&mut self, event: &Event<'_>) -> Change {
        let at = event.at();
        match event.fact {
            Fact::TicketStated(stated) => {
                let judged = tickets::judged(&self.declarations, &stated.change, at.received_at.date_in_japan());
                self.tickets.stated(stated, judged, event.author, at);
                Change::Tickets(vec![stated.change.change_id.clone()])
            }
            Fact::TicketMoved(moved) => {
                self.tickets.moved(moved, event.author, at);
                Change::Tickets(vec![moved.change_id.clone()])
            }
            Fact::WindowsEnded(ended) => {
                ended.change_ids.iter().for_each(|id| self.tickets.window_ended(id));
                Change::Tickets(ended.change_ids.clone())
            }
            _ => Change::Nothing,
        }
    }

    fn take_path(&mut self, event: &Event<'_>) -> PathsChanged {
        let (by, at) = (event.author.person(), event.at());
        let mut changed = PathsChanged::default();
        match event.fact {
            Fact::RemotePath(said) => {
                let before = self.remote_paths.recorded(said, by, at);
                changed.paths.insert(said.remote_path_id.clone());
                changed.enters(said);
                before.iter().for_each(|before| changed.enters(&before.recorded));
            }
            Fact::RemoteMaintenanceAnswered(said) => {
                changed.answers.insert(self.remote_paths.answered(said, by, at));
            }
            Fact::RemoteDaysEnded(stated) => {
                let through = |id| self.declarations.plan_state(id)?.plan.dates.entrusted_through;
                let plans: Vec<_> = stated.plan_ids.iter().filter_map(|id| Some((id.clone(), through(id)?))).collect();
                changed.answers = self.remote_paths.ended(stated, &plans);
                let ended = stated.plan_ids.iter().filter_map(|id| self.declarations.plan_state(id));
                changed.equipment.extend(ended.map(|state| state.plan.equipment.equipment_id.clone()));
                let paths = stated.plan_ids.iter().flat_map(|id| self.remote_paths.of_contract(id));
                changed.paths.extend(paths.map(|state: &PathState| state.recorded.remote_path_id.clone()));
            }
            _ => {}
        }
        changed
    }

    /// Which devices an agent shows otherwise than before: in its drop folder, or by their answers.
    fn shown(&mut self, host: HostNo, agent: &AgentId, changed: &Changed, at: At) -> DevicesChanged {
        let read =
            |state: &Self, item| state.assets.items.get(item).filter(|own| own.sort == Sort::Device)?.observation();
        let mut touched = DevicesChanged::default();
        for item in &changed.went {
            touched = touched.and(match read(self, item) {
                Some(Observation::DeviceConfiguration(own)) => self.devices.gone(&(host, own.key())),
                Some(Observation::DeviceProbed(own)) => self.devices.probed_no_more(host, &own),
                _ => DevicesChanged::default(),
            });
        }
        for item in &changed.came {
            touched = touched.and(match read(self, item) {
                Some(Observation::DeviceConfiguration(own)) => self.devices.shown((host, agent), &own, at),
                Some(Observation::DeviceProbed(own)) => self.devices.probed((host, agent), &own, at),
                _ => DevicesChanged::default(),
            });
        }
        touched
    }

    fn turn(&mut self, id: &DutyId, act: DutyAct, event: &Event<'_>) -> Change {
        self.duties.turned(id, act, event.author, event.at());
        // What is notified of a computer is done when its duty is, so its finding has to be judged again.
        let finding = self.duties.get(id).and_then(|duty| self.findings.get(&duty.finding_id));
        match finding.map(|finding| &finding.subject) {
            Some(Subject::Computer(equipment, name)) => Change::Computers(vec![(equipment.clone(), name.clone())]),
            _ => Change::Nothing,
        }
    }

    fn take_batch(&mut self, prepared: Option<&PreparedBatch>, event: &Event<'_>) -> Change {
        // Intake admits no batch that cannot be read; one that is in the ledger all the same changes nothing.
        let Some(batch) = prepared else { return Change::Nothing };
        // Nor one of an agent that never enrolled or was revoked: it may speak no more.
        let Some(host) = self.agents.number(&batch.agent_id) else { return Change::Nothing };
        if self.agents.by_number(host).is_none_or(|agent| agent.revoked.is_some()) {
            return Change::Nothing;
        }
        let joined = self.agents.by_number(host).is_some_and(|agent| agent.last_batch_at.is_none());
        let recent = RecentBatch { number: batch.number, hash: batch.hash, seq: event.seq };
        self.agents.spoke(host, recent, event.received_at);
        if let Some(lost) = &batch.lost {
            self.coverage.lost(host, lost, event.received_at);
        }
        self.take_reports((host, &batch.agent_id), &batch.reports, joined, event)
    }

    /// What another tool said of a host: a host of its own, beside one of the same name that has an agent.
    fn take_told(&mut self, said: &InventoryTold, event: &Event<'_>) -> Change {
        let Ok(id) = InventoryTold::host_id(&said.host) else { return Change::Nothing };
        if self.agents.get(&id).is_some_and(|agent| agent.revoked.is_some()) {
            return Change::Nothing;
        }
        let told = Told {
            tool: said.tool.clone(),
            tool_version: said.tool_version.clone(),
            said_at: said.said_at,
            sha256: said.sha256.clone(),
            seq: event.seq,
        };
        let (host, known) = self.agents.told(&id, &said.host, told, event.received_at);
        let reports: Vec<PreparedReport> = said.parts.iter().map(PreparedReport::of_part).collect();
        self.take_reports((host, &id), &reports, !known, event)
    }

    fn take_reports(
        &mut self,
        (host, agent): (HostNo, &AgentId),
        reports: &[PreparedReport],
        joined: bool,
        event: &Event<'_>,
    ) -> Change {
        let before = self.assets.standing(host);
        let mut first = RoaringBitmap::new();
        for report in reports {
            if self.assets.report(host, report) {
                let own = self.assets.collector(host, &report.collector).map(|own| &own.items);
                if !self.coverage.ever_complete(host, &report.collector) {
                    own.iter().for_each(|own| first |= *own);
                }
                let stands = own.is_some_and(|own| !own.is_empty());
                self.coverage.report(host, report, stands, event.received_at);
            }
        }
        let changed = self.assets.changed(host, &before, event.received_at);
        let devices = self.shown(host, agent, &changed, event.at());
        Change::Reported(host, Changed { first: &changed.came & first, ..changed }, joined, devices)
    }
}

impl Keep for State {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        out.long(self.seq)?;
        self.ledger_id.keep(out)?;
        self.access.keep(out)?;
        self.agents.keep(out)?;
        self.assets.keep(out)?;
        self.coverage.keep(out)?;
        self.declarations.keep(out)?;
        self.decisions.keep(out)?;
        self.computers.keep(out)?;
        self.check_answers.keep(out)?;
        self.tickets.keep(out)?;
        self.firmware.keep(out)?;
        self.early.keep(out)?;
        self.devices.keep(out)?;
        self.remote_paths.keep(out)?;
        self.network_tables.keep(out)?;
        self.circuits.keep(out)?;
        self.findings.keep(out)?;
        self.duties.keep(out)?;
        out.json(&self.faults)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        Ok(Self {
            seq: from.long()?,
            ledger_id: Keep::back(from)?,
            access: Keep::back(from)?,
            agents: Keep::back(from)?,
            assets: Keep::back(from)?,
            coverage: Keep::back(from)?,
            declarations: Keep::back(from)?,
            decisions: Keep::back(from)?,
            computers: Keep::back(from)?,
            check_answers: Keep::back(from)?,
            tickets: Keep::back(from)?,
            firmware: Keep::back(from)?,
            early: Keep::back(from)?,
            devices: Keep::back(from)?,
            remote_paths: Keep::back(from)?,
            network_tables: Keep::back(from)?,
            circuits: Keep::back(from)?,
            findings: Keep::back(from)?,
            duties: Keep::back(from)?,
            faults: from.json()?,
        })
    }
}
