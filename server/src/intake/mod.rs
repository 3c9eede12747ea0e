//! Admission: may this enter, and as which fact. The single way to the ledger is [`door::Door::admit`].
//! It does not know HTTP, and it does not keep anything; `ledger/` keeps, `model/` knows.
//! Invariant: what is refused leaves no trace in the ledger, and what is admitted is there whole.

pub mod agents;
pub mod alerts;
pub mod batches;
pub mod changes;
pub mod check_answers;
pub mod circuits;
pub mod components;
pub mod computers;
pub mod countries;
pub mod decisions;
pub mod declarations;
pub mod devices;
pub mod door;
pub mod duties;
pub mod firmware;
pub mod inventories;
pub mod keeper;
pub mod networks;
pub mod remote_paths;
mod snapshots;
pub mod submission;
pub mod tickets;

mod places;
mod roles;
mod supplier_checks;

use crate::model::Model;
use daicho_schemas::fact::Fact;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::UtcMicros;
use submission::Submission;

/// What admission decided.
#[derive(Debug)]
pub enum Verdict {
    /// It is new: append it.
    Append,
    /// The very same fact is there already, as this entry.
    AlreadyThere {
        /// The entry that holds it.
        seq: u64,
    },
    /// It says nothing new: there is nothing to append.
    NothingNew,
}

/// Decides about one submission, knowing everything before it. Pure; one arm per kind of fact.
pub fn admit(model: &Model, submission: &Submission, now: UtcMicros) -> Result<Verdict, Refusal> {
    let author = &submission.draft.author;
    match &submission.draft.fact {
        Fact::Batch(_) => batches::admit(model, submission, now),
        Fact::AgentEnrolled(enrolled) => match decisions::agent_enrolled(model, enrolled, now)? {
            decisions::Enrolment::New => Ok(Verdict::Append),
            decisions::Enrolment::Repeated => Ok(Verdict::NothingNew),
        },
        Fact::AgentRevoked(revoked) => {
            decisions::agent_revoked(model, revoked)?;
            Ok(Verdict::Append)
        }
        Fact::Supplier(record) if model.supplier_record(&record.supplier_id) == Some(record) => Ok(Verdict::NothingNew),
        Fact::Supplier(record) => {
            decisions::supplier(record)?;
            Ok(Verdict::Append)
        }
        Fact::PersonalDataErased(erased) if !model.has_supplier(&erased.supplier_id) => {
            Err(Refusal::new(RefusalCode::SupplierUnknown).with(erased.supplier_id.to_string()))
        }
        Fact::PersonalDataErased(erased) if model.are_erased(erased) => Ok(Verdict::NothingNew),
        Fact::Plan(plan) if model.plan(&plan.plan_id) == Some(plan) => Ok(Verdict::NothingNew),
        Fact::Plan(plan) => {
            decisions::plan(model, plan)?;
            Ok(Verdict::Append)
        }
        Fact::ComponentDecided(decided) => match components::decided(model, author, decided, now.date_in_japan())? {
            true => Ok(Verdict::Append),
            false => Ok(Verdict::NothingNew),
        },
        Fact::ComponentDecisionWithdrawn(taken) => appended(components::withdrawn(model, author, taken)),
        Fact::CoverageChanged(change) if model.hearing(&change.agent_id) == change.hearing => Ok(Verdict::NothingNew),
        // Several servers may see the same turn of a finding; people are told of it once.
        Fact::Notices(stated) if !model.are_due(stated) => Ok(Verdict::NothingNew),
        Fact::DutyMoved(moved) => appended(duties::moved(model, author, moved, now.date_in_japan())),
        Fact::DutyAssigned(assigned) => news(duties::assigned(model, author, assigned, now.date_in_japan())),
        Fact::DutyDated(dated) => appended(duties::dated(model, author, dated, now.date_in_japan())),
        Fact::CalendarShared(shared) if shared.token_hash.is_none() && !model.shares_calendar(&shared.person_id) => {
            Ok(Verdict::NothingNew)
        }
        Fact::CalendarShared(shared) => appended(duties::calendar_shared(model, author, shared)),
        Fact::ComputerJudged(said) => news(computers::judged(model, author, said, now.date_in_japan())),
        Fact::CheckAnswered(said) => news(check_answers::answered(model, author, said, now.date_in_japan())),
        Fact::NetworkTableRead(read) => news(networks::table(model, author, read, now.date_in_japan())),
        Fact::InventoryTold(told) => news(inventories::told(model, author, told, now)),
        Fact::NeighbourNamed(said) => news(networks::named(model, author, said, now.date_in_japan())),
        Fact::CircuitLedgerRead(read) => news(circuits::read(model, author, read, now.date_in_japan())),
        Fact::CircuitSettled(said) => news(circuits::settled(model, author, said, now.date_in_japan())),
        Fact::FirmwareKnowledge(pack) => news(firmware::known(model, author, pack, now.date_in_japan())),
        // Whoever speaks for all servers may have changed; people are reminded once.
        Fact::Reminders(stated) if !model.are_reminders_due(stated) => Ok(Verdict::NothingNew),
        Fact::TicketStated(stated) => tickets::stated(model, author, stated),
        Fact::TicketMoved(moved) => appended(tickets::moved(model, author, moved, now.date_in_japan())),
        Fact::WindowsEnded(ended) if !tickets::are_due(model, ended) => Ok(Verdict::NothingNew),
        Fact::DeviceRead(read) => news(devices::read(model, author, read, now.date_in_japan())),
        Fact::RemotePath(said) => news(remote_paths::recorded(model, author, said, now.date_in_japan())),
        Fact::RemoteMaintenanceAnswered(said) => news(remote_paths::answered(model, author, said, now.date_in_japan())),
        Fact::RemoteDaysEnded(ended) if !remote_paths::are_due(model, ended) => Ok(Verdict::NothingNew),
        Fact::LedgerOpened(_) if model.ledger_id().is_some() => Ok(Verdict::NothingNew),
        Fact::LedgerOpened(_)
        | Fact::AccessGranted(_)
        | Fact::TokenIssued(_)
        | Fact::PersonalDataErased(_)
        | Fact::CoverageChanged(_)
        | Fact::Notices(_)
        | Fact::Reminders(_)
        | Fact::WindowsEnded(_)
        | Fact::RemoteDaysEnded(_)
        | Fact::FaultReported(_) => Ok(Verdict::Append),
    }
}

fn appended(admitted: Result<(), Refusal>) -> Result<Verdict, Refusal> {
    admitted.map(|()| Verdict::Append)
}

fn news(admitted: Result<bool, Refusal>) -> Result<Verdict, Refusal> {
    admitted.map(|new| if new { Verdict::Append } else { Verdict::NothingNew })
}
