//! What rules judge: the sorts of subjects, and the spelling that finding ids are derived from.
//! It does not know rules or verdicts. Invariant: no two subjects are spelled alike, and a spelling never changes.

use crate::model::meaning::SupplierKey;
use daicho_schemas::ids::{
    AgentId, ChangeId, CircuitLedgerId, DeviceId, EquipmentId, PlanId, RemotePathId, SupplierId,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a rule judges.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A product of a supplier on an equipment.
    Product(EquipmentId, SupplierKey, String),
    /// A supplier on an equipment.
    Supplier(EquipmentId, SupplierKey),
    /// A host, by its agent.
    Agent(AgentId),
    /// A network interface of a host, by its agent and name.
    Interface(AgentId, String),
    /// Software by which somebody may come in to a host, by its agent and its name in the list of tools.
    Tool(AgentId, String),
    /// A file of a host that differs from its package's, by its agent and path.
    ChangedFile(AgentId, String),
    /// A plan.
    Plan(PlanId),
    /// Somebody whom a plan names.
    Party(PlanId, SupplierId),
    /// A computer that serves an equipment, by its name as names are compared.
    Computer(EquipmentId, String),
    /// A ticket.
    Ticket(ChangeId),
    /// A way in of a device, by its key.
    WayIn(DeviceId, String),
    /// A device.
    Device(DeviceId),
    /// A recorded remote path.
    RemotePath(RemotePathId),
    /// A remote path that a plan declares and nobody recorded.
    DeclaredPath(PlanId, RemotePathId),
    /// A hardware address on a segment of an equipment.
    Neighbour(EquipmentId, String),
    /// A vendor's answer about an equipment.
    RemoteAnswer(EquipmentId, SupplierId),
    /// A line of a list, by its key.
    Circuit(CircuitLedgerId, String),
}

impl fmt::Display for Subject {
    /// The spelling that finding ids are derived from. Lengths stand before free text, so no two subjects are spelled alike.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Product(equipment, supplier, product) => {
                let supplier = supplier.to_string();
                write!(out, "product:{equipment}:{}:{supplier}:{product}", supplier.len())
            }
            Self::Supplier(equipment, supplier) => write!(out, "supplier:{equipment}:{supplier}"),
            Self::Agent(agent) => write!(out, "agent:{agent}"),
            Self::Interface(agent, name) => write!(out, "interface:{agent}:{name}"),
            Self::Tool(agent, tool) => write!(out, "tool:{agent}:{tool}"),
            Self::ChangedFile(agent, path) => write!(out, "changed_file:{agent}:{path}"),
            Self::Plan(plan) => write!(out, "plan:{plan}"),
            Self::Party(plan, supplier) => {
                write!(out, "party:{}:{plan}:{supplier}", plan.as_str().len())
            }
            Self::Computer(equipment, name) => write!(out, "computer:{equipment}:{name}"),
            Self::Ticket(ticket) => write!(out, "ticket:{ticket}"),
            Self::WayIn(device, key) => write!(out, "way_in:{device}:{key}"),
            Self::Device(device) => write!(out, "device:{device}"),
            Self::RemotePath(path) => write!(out, "remote_path:{path}"),
            Self::DeclaredPath(plan, path) => write!(out, "declared_path:{}:{plan}:{path}", plan.as_str().len()),
            Self::Neighbour(equipment, mac) => write!(out, "neighbour:{equipment}:{mac}"),
            Self::Circuit(list, key) => write!(out, "circuit:{list}:{key}"),
            Self::RemoteAnswer(equipment, supplier) => {
                write!(out, "remote_answer:{}:{equipment}:{supplier}", equipment.as_str().len())
            }
        }
    }
}
