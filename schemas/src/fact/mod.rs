//! A Fact: what may enter the ledger. Observations come in batches; people and the server state the rest.
//! It does not know the ledger: numbers, chain and time of receipt belong to the entry around a fact.
//! Invariant: a kind's name is a constant string that is never reused; every kind stands in `KINDS`.

pub mod check_answer;
pub mod circuit;
pub mod component;
pub mod computer;
pub mod decision;
pub mod declaration;
pub mod device;
pub mod device_limits;
pub mod device_networks;
pub mod device_read;
pub mod duty;
pub mod filing;
pub mod firmware;
pub mod inventory_told;
pub mod network_table;
pub mod observation;
pub mod remote_path;
pub mod supplier;
pub mod ticket;

use crate::sign::SignedBatch;
use serde::Serialize;
use serde_json::value::RawValue;

macro_rules! facts {
    ($($(#[$doc:meta])* $variant:ident($body:ty) = $kind:literal),+ $(,)?) => {
        /// A fact of any kind, parsed.
        #[derive(Clone, Debug)]
        pub enum Fact {
            $($(#[$doc])* $variant($body)),+
        }

        /// Every kind of fact, in the order in which a ledger usually meets them.
        pub const KINDS: &[&str] = &[$($kind),+];

        impl Fact {
            /// The name of this fact's kind.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind),+ }
            }

            /// Reads a fact of a named kind.
            pub fn parse(kind: &str, json: &str) -> Result<Self, FactError> {
                match kind {
                    $($kind => Ok(Self::$variant(serde_json::from_str(json).map_err(FactError::Json)?)),)+
                    _ => Err(FactError::UnknownKind(kind.chars().take(60).collect())),
                }
            }

            /// Writes a fact as the JSON text that enters the ledger.
            pub fn to_raw(&self) -> Result<Box<RawValue>, FactError> {
                match self { $(Self::$variant(body) => raw(body)),+ }
            }
        }
    };
}

facts! {
    /// The first entry of every ledger.
    LedgerOpened(decision::LedgerOpened) = "ledger_opened.v1",
    /// A person or script may sign in.
    AccessGranted(decision::AccessGranted) = "access_granted.v1",
    /// A one-time token was made for one agent.
    TokenIssued(decision::TokenIssued) = "token_issued.v1",
    /// An agent joined with a token.
    AgentEnrolled(decision::AgentEnrolled) = "agent_enrolled.v1",
    /// An agent may speak no more.
    AgentRevoked(decision::AgentRevoked) = "agent_revoked.v1",
    /// What a supplier's record states.
    Supplier(supplier::SupplierRecord) = "supplier.v1",
    /// The data of people at a supplier was erased.
    PersonalDataErased(decision::PersonalDataErased) = "personal_data_erased.v1",
    /// A plan as filed or drafted.
    Plan(declaration::Plan) = "plan.v1",
    /// A person decided what components are and who supplies them.
    ComponentDecided(component::ComponentDecided) = "component_decided.v1",
    /// A person took such a decision back.
    ComponentDecisionWithdrawn(component::ComponentDecisionWithdrawn) = "component_decision_withdrawn.v1",
    /// Everything one run of an agent said.
    Batch(SignedBatch) = "batch.v1",
    /// An agent fell silent or was heard again.
    CoverageChanged(decision::CoverageChanged) = "coverage_changed.v1",
    /// Findings and duties that people were told of.
    Notices(decision::Notices) = "notices.v1",
    /// Our own machine failed somewhere that people must know of.
    FaultReported(decision::FaultReported) = "fault_reported.v1",
    /// A person moved a duty on, or back.
    DutyMoved(duty::DutyMoved) = "duty_moved.v1",
    /// A person said who sees to a duty, and until when.
    DutyAssigned(duty::DutyAssigned) = "duty_assigned.v1",
    /// A person entered a date that the ministry set.
    DutyDated(duty::DutyDated) = "duty_dated.v1",
    /// A person may read the deadlines as a calendar, or may no more.
    CalendarShared(duty::CalendarShared) = "calendar_shared.v1",
    /// Deadlines that people were reminded of.
    Reminders(duty::Reminders) = "reminders.v1",
    /// A person decided whether computers are 特定重要電子計算機, and what is notified of them.
    ComputerJudged(computer::ComputerJudged) = "computer_judged.v1",
    /// A person answered an item of a check list.
    CheckAnswered(check_answer::CheckAnswered) = "check_answered.v1",
    /// A person opened a ticket for a planned change, or amended it.
    TicketStated(ticket::TicketStated) = "planned_change.v1",
    /// A person said that a ticket was done, is withdrawn, or is planned again.
    TicketMoved(ticket::TicketMoved) = "planned_change_moved.v1",
    /// The last day of tickets' windows is over.
    WindowsEnded(ticket::WindowsEnded) = "planned_change_windows_ended.v1",
    /// A person handed in what a device's configuration says.
    DeviceRead(device_read::DeviceRead) = "device_read.v1",
    /// A person recorded a way in from outside.
    RemotePath(remote_path::RemotePathRecorded) = "remote_path.v1",
    /// A vendor said whether it uses remote maintenance.
    RemoteMaintenanceAnswered(remote_path::RemoteMaintenanceAnswered) = "remote_maintenance_answered.v1",
    /// The last day of such answers, or of contracts of remote paths, is over.
    RemoteDaysEnded(remote_path::RemoteDaysEnded) = "remote_days_ended.v1",
    /// What a source knows about firmware.
    FirmwareKnowledge(firmware::FirmwarePack) = "firmware_knowledge.v1",
    /// A person handed in a table of a switch, a router or a DHCP server.
    NetworkTableRead(network_table::NetworkTableRead) = "network_table_read.v1",
    /// A person said what a hardware address belongs to.
    NeighbourNamed(network_table::NeighbourNamed) = "neighbour_named.v1",
    /// A person handed in an edition of a list of lines.
    CircuitLedgerRead(circuit::CircuitLedgerRead) = "circuit_ledger_read.v1",
    /// A person said what a line is.
    CircuitSettled(circuit::CircuitSettled) = "circuit_settled.v1",
    /// A person handed in what another tool says of a host.
    InventoryTold(inventory_told::InventoryTold) = "inventory_told.v1",
}

/// A fact could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FactError {
    /// The kind is not one of [`KINDS`].
    #[error("'{0}' is no kind of fact that this release knows")]
    UnknownKind(String),
    /// The JSON does not fit the kind.
    #[error("the fact does not fit its kind")]
    Json(#[source] serde_json::Error),
}

fn raw<T: Serialize>(body: &T) -> Result<Box<RawValue>, FactError> {
    serde_json::value::to_raw_value(body).map_err(FactError::Json)
}
