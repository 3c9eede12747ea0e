//! Decisions: what people and the server itself did. Every one is an entry with its actor and its reason.
//! It does not know observations or declarations.
//! Invariant: no secret is kept here, only hashes of secrets.

use crate::canonical::Hash;
use crate::ids::{AgentId, DutyId, FindingId, PersonId, RuleId, SupplierId, TokenId};
use crate::text::Text;
use crate::time::UtcMicros;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The first entry of every ledger: tells one ledger from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerOpened {
    /// 32 random hex digits.
    pub ledger_id: String,
}

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Deploys agents and enrols them.
    Operator,
    /// Watches for what nobody declared.
    Security,
    /// Keeps plans, suppliers and duties.
    Compliance,
    /// Reads everything, changes nothing.
    Auditor,
    /// Everything.
    Admin,
}

/// A person or a script may use the server with a bearer token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessGranted {
    /// Who.
    pub person_id: PersonId,
    /// What they may do.
    pub roles: Vec<Role>,
    /// SHA-256 of the bearer token (purpose `daicho.bearer.v1`); the token itself has 256 random bits.
    pub token_hash: Hash,
}

/// A token with which one agent may enrol once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenIssued {
    /// Which token.
    pub token_id: TokenId,
    /// SHA-256 of its secret (purpose `daicho.token.v1`).
    pub secret_hash: Hash,
    /// From when on it is refused.
    pub expires_at: UtcMicros,
}

/// An agent joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentEnrolled {
    /// The agent, by its key.
    pub agent_id: AgentId,
    /// Its Ed25519 public key in Base64.
    pub public_key: String,
    /// The token it used.
    pub token_id: TokenId,
    /// The host name it gave, as evidence only.
    pub hostname: String,
}

/// An agent may speak no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentRevoked {
    /// Which agent.
    pub agent_id: AgentId,
    /// Why, in a person's words.
    pub reason: String,
}

/// The data of people at a supplier was erased: the keys that sealed it are gone, and with them the data in every entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonalDataErased {
    /// Whose people.
    pub supplier_id: SupplierId,
    /// The keys that are gone.
    pub key_ids: Vec<String>,
    /// Why, in a person's words.
    pub reason: String,
}

/// Whether an agent is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hearing {
    /// It spoke within its time.
    Heard,
    /// It did not.
    Silent,
}

/// An agent fell silent, or was heard again. The time of last hearing lives beside the ledger; its turning points here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoverageChanged {
    /// Which agent.
    pub agent_id: AgentId,
    /// What it is now.
    pub hearing: Hearing,
    /// When it was last heard.
    pub last_heard_at: UtcMicros,
}

/// What became of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transition {
    /// It was not there, or had closed, and is now open.
    Opened,
    /// Its cause is no longer observed.
    Closed,
}

/// One thing that people were told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Which finding.
    pub finding_id: FindingId,
    /// By which rule.
    pub rule_id: RuleId,
    /// What became of it.
    pub transition: Transition,
    /// How often this finding had opened by then: tells this opening from an earlier one.
    pub opening: u64,
    /// The entry that caused it.
    pub caused_by_seq: u64,
    /// The title as people saw it.
    pub title: Text,
    /// The duties that hung on it at that moment.
    pub duty_ids: Vec<DutyId>,
}

/// Findings whose life turned, as people were told: proof of what was known on any day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notices {
    /// At least one.
    pub notices: Vec<Notice>,
}

/// Our own machine failed somewhere that people must know of, and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultReported {
    /// What failed.
    pub what: Text,
    /// What was done, and what a person should look at.
    pub done: Text,
}
