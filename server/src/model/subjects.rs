//! Which subjects an entry concerns, for the index beside the ledger: `agent:…`, `plan:…`, `supplier:…`, `finding:…`.
//! It does not know the state: the same entry always concerns the same subjects.
//! Invariant: subjects are in order and without repeats.

use super::{Event, Model};
use crate::ledger::entry::Author;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::check_answer::CheckedThing;
use daicho_schemas::fact::component::ComponentDecided;
use daicho_schemas::fact::computer::ComputerJudged;
use daicho_schemas::fact::decision::Notice;
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::fact::device_read::{DeviceRead, HeldBy};
use daicho_schemas::fact::inventory_told::InventoryTold;
use daicho_schemas::fact::remote_path::{PathEntry, RemotePathRecorded};
use daicho_schemas::fact::ticket::TicketStated;
use std::collections::BTreeSet;

impl Model {
    /// The subjects that an entry concerns.
    pub fn subjects_of(event: &Event<'_>) -> Vec<String> {
        let mut subjects = BTreeSet::new();
        match event.author {
            Author::Agent(id) => subjects.insert(format!("agent:{id}")),
            Author::Person(id) => subjects.insert(format!("person:{id}")),
            Author::Server => false,
        };
        subjects.extend(of_fact(event.fact));
        subjects.into_iter().collect()
    }
}

fn of_fact(fact: &Fact) -> Vec<String> {
    match fact {
        Fact::LedgerOpened(_) | Fact::Batch(_) => Vec::new(),
        Fact::FaultReported(_) => vec!["fault".into()],
        Fact::AccessGranted(granted) => vec![format!("person:{}", granted.person_id)],
        Fact::TokenIssued(issued) => vec![format!("token:{}", issued.token_id)],
        Fact::AgentEnrolled(enrolled) => {
            vec![format!("agent:{}", enrolled.agent_id), format!("token:{}", enrolled.token_id)]
        }
        Fact::AgentRevoked(revoked) => vec![format!("agent:{}", revoked.agent_id)],
        Fact::CoverageChanged(changed) => vec![format!("agent:{}", changed.agent_id)],
        Fact::Supplier(record) => vec![format!("supplier:{}", record.supplier_id)],
        Fact::PersonalDataErased(erased) => vec![format!("supplier:{}", erased.supplier_id)],
        Fact::Plan(plan) => of_plan(plan),
        Fact::ComponentDecided(decided) => of_decision(decided).collect(),
        Fact::ComponentDecisionWithdrawn(taken) => vec![format!("decision:{}", taken.decision_id)],
        Fact::DutyMoved(moved) => {
            let filed = moved.plan_id.iter().map(|id| format!("plan:{id}"));
            filed.chain([format!("duty:{}", moved.duty_id)]).collect()
        }
        Fact::DutyAssigned(assigned) => vec![format!("duty:{}", assigned.duty_id)],
        Fact::DutyDated(dated) => vec![format!("duty:{}", dated.duty_id)],
        Fact::CalendarShared(shared) => vec![format!("person:{}", shared.person_id)],
        Fact::Reminders(stated) => {
            stated.reminders.iter().map(|reminder| format!("duty:{}", reminder.duty_id)).collect()
        }
        Fact::ComputerJudged(judged) => of_computers(judged),
        Fact::CheckAnswered(answered) => vec![of_thing(&answered.about)],
        Fact::TicketStated(stated) => of_ticket(stated),
        Fact::TicketMoved(moved) => vec![format!("ticket:{}", moved.change_id)],
        Fact::WindowsEnded(ended) => ended.change_ids.iter().map(|id| format!("ticket:{id}")).collect(),
        Fact::DeviceRead(read) => of_device(read),
        Fact::RemotePath(said) => of_remote_path(said),
        Fact::RemoteMaintenanceAnswered(said) => {
            vec![format!("supplier:{}", said.supplier_id), format!("equipment:{}", said.equipment_id)]
        }
        Fact::RemoteDaysEnded(ended) => ended.plan_ids.iter().map(|id| format!("plan:{id}")).collect(),
        Fact::NetworkTableRead(read) => vec![format!("network_table:{}", read.table_id)],
        Fact::InventoryTold(told) => {
            InventoryTold::host_id(&told.host).into_iter().map(|id| format!("host:{id}")).collect()
        }
        Fact::NeighbourNamed(said) => vec![format!("mac:{}", said.mac)],
        Fact::CircuitLedgerRead(read) => vec![format!("circuit_ledger:{}", read.circuit_ledger_id)],
        Fact::CircuitSettled(said) => vec![format!("circuit_ledger:{}", said.circuit_ledger_id)],
        Fact::FirmwareKnowledge(pack) => vec![format!("firmware:{}", pack.pack_id)],
        Fact::Notices(notices) => notices.notices.iter().flat_map(of_notice).collect(),
    }
}

fn of_plan(plan: &Plan) -> Vec<String> {
    let parts = plan.parts.iter().map(|part| &part.supplier_id);
    let paths = plan.remote_paths.iter().map(|path| &path.supplier_id);
    let named = parts.chain(&plan.filing.equipment_supplier).chain(&plan.contractors).chain(paths);
    let own = [format!("plan:{}", plan.plan_id), format!("equipment:{}", plan.equipment.equipment_id)];
    own.into_iter().chain(named.map(|id| format!("supplier:{id}"))).collect()
}

fn of_device(read: &DeviceRead) -> Vec<String> {
    let equipment = read.equipment_id.iter().map(|id| format!("equipment:{id}"));
    equipment.chain([format!("device:{}", read.device_id)]).chain(held_by(read.owner.as_ref())).collect()
}

fn held_by(who: Option<&HeldBy>) -> Option<String> {
    match who {
        Some(HeldBy::Supplier(id)) => Some(format!("supplier:{id}")),
        Some(HeldBy::Operator) | None => None,
    }
}

fn of_remote_path(said: &RemotePathRecorded) -> Vec<String> {
    let mut subjects = vec![format!("remote_path:{}", said.remote_path_id)];
    if let PathEntry::DeviceWayIn { device_id, .. } = &said.enters {
        subjects.push(format!("device:{device_id}"));
    }
    subjects.extend(said.equipment_id.iter().map(|id| format!("equipment:{id}")));
    subjects.extend(said.contract.iter().map(|id| format!("plan:{id}")));
    subjects.extend(said.supplier_id.iter().map(|id| format!("supplier:{id}")));
    subjects.extend(held_by(said.patched_by.as_ref()));
    subjects
}

fn of_notice(notice: &Notice) -> Vec<String> {
    let duties = notice.duty_ids.iter().map(|id| format!("duty:{id}"));
    duties.chain([format!("finding:{}", notice.finding_id)]).collect()
}

fn of_decision(decided: &ComponentDecided) -> impl Iterator<Item = String> {
    let decisions = std::iter::once(&decided.decision_id).chain(&decided.replaces).map(|id| format!("decision:{id}"));
    decisions.chain(decided.supplier_id.iter().map(|id| format!("supplier:{id}")))
}

fn of_computers(judged: &ComputerJudged) -> Vec<String> {
    let filed = judged.products.iter().filter_map(|product| product.filed_in.as_ref());
    filed.map(|id| format!("plan:{id}")).chain([format!("equipment:{}", judged.equipment_id)]).collect()
}

fn of_thing(about: &CheckedThing) -> String {
    match about {
        CheckedThing::Equipment(id) => format!("equipment:{id}"),
        CheckedThing::Plan(id) => format!("plan:{id}"),
    }
}

fn of_ticket(stated: &TicketStated) -> Vec<String> {
    let change = &stated.change;
    let mut subjects = vec![format!("ticket:{}", change.change_id), format!("equipment:{}", change.equipment_id)];
    subjects.extend(change.plan_id.iter().map(|id| format!("plan:{id}")));
    let named = change.changes.iter().filter_map(|item| item.supplier_id.as_ref());
    let expected = change.expected.iter().filter_map(|expected| expected.supplier_id.as_ref());
    subjects.extend(named.chain(expected).map(|id| format!("supplier:{id}")));
    subjects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{Script, package, plan, supplier};
    use daicho_schemas::batch::Outcome;

    #[test]
    fn an_entry_concerns_its_author_and_everything_it_names() {
        let mut script = Script::with_agent("tos-1");
        script.dpkg(Outcome::Complete, &[package("a", "1", "x.example")]);
        script.supplier(supplier("debian"));
        script.plan(plan("plan-1", "tos").part("os", "operating_system", "debian").remote_path("tos-1", "wg0"));
        let subjects: Vec<Vec<String>> = script
            .entries
            .iter()
            .map(|(seq, received_at, author, fact)| {
                Model::subjects_of(&Event { seq: *seq, received_at: *received_at, author, fact })
            })
            .collect();
        assert_eq!(subjects[0], ["agent:agent-1", "token:t1"]);
        assert_eq!(subjects[1], ["agent:agent-1"]);
        assert_eq!(subjects[2], ["supplier:debian"]);
        assert_eq!(subjects[3], ["equipment:tos", "plan:plan-1", "supplier:debian", "supplier:vendor"]);
    }
}
