//! An Inventory: the whole state of one host in one file, as `daicho-agent inventory` writes it and `daicho check` reads it.
//! It does not know agents, numbers or times: nothing in it changes while the host does not.
//! Invariant: the same host read twice gives the same bytes.

use crate::batch::Outcome;
use crate::fact::observation::Observation;
use crate::ids::CollectorId;
use crate::trouble::Trouble;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of this format.
pub const INVENTORY_FORMAT: &str = "daicho.inventory.v1";

/// The whole state of one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// Always [`INVENTORY_FORMAT`].
    pub format: String,
    /// One part per collector, in the order of the agent's list.
    pub collectors: Vec<InventoryPart>,
}

/// What one collector found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InventoryPart {
    /// Which collector.
    pub collector: CollectorId,
    /// How completely it looked.
    pub outcome: Outcome,
    /// Which places it read.
    pub sources: Vec<String>,
    /// What would not be told.
    pub troubles: Vec<Trouble>,
    /// Every observation, in order of their keys.
    pub items: Vec<Observation>,
}
