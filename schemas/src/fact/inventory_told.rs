//! `inventory_told.v1`: a person handed in what another tool says of a host: a CycloneDX or SPDX document, results of Syft, osquery, GLPI
//! or OCS. It does not know what our own agent saw of the same host, nor whether the tool is right.
//! Invariant: which tool said it, of which file it was read and by whom stands beside it for ever. The file is not kept.

use crate::canonical::Hash;
use crate::ids::{AgentId, IdError};
use crate::inventory::InventoryPart;
use crate::time::UtcMicros;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Parts of one inventory.
pub const TOLD_PARTS_MAX: usize = crate::limits::BATCH_REPORTS_MAX;
/// One text of an inventory's head, in bytes.
pub const TOLD_TEXT_BYTES_MAX: usize = 255;

/// A person handed in what another tool says of a host. Each part takes the place of the part of that name that stood on this host: as
/// a whole where its outcome is complete, and else laid over it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InventoryTold {
    /// The host's name, as plans name it.
    pub host: String,
    /// The program that wrote the file: `syft`; `unknown` where it does not say.
    pub tool: String,
    /// Its version, where the file says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_version: Option<String>,
    /// The format that was recognised: `cyclonedx_1.6`.
    pub format: String,
    /// When the tool looked, by its own clock; absent where the file does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_at: Option<UtcMicros>,
    /// SHA-256 of the file's bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// What it says is there, one part per source, each name once.
    pub parts: Vec<InventoryPart>,
    /// What else is to be said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl InventoryTold {
    /// The id under which a host stands of which other tools tell: `told-` and 32 hexadecimal digits of a hash of its name in small
    /// letters. No agent can have it: theirs begin with `agent-`.
    pub fn host_id(host: &str) -> Result<AgentId, IdError> {
        let hash = Hash::of("daicho.told-host.v1", &[host.trim().to_lowercase().as_bytes()]).to_string();
        AgentId::new(format!("told-{}", hash.get(..32).unwrap_or_default()))
    }
}
