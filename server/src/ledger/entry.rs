//! An Entry: a fact that was admitted, with its number, author, time of receipt and place in the chain.
//! It does not know what the fact means, nor where entries are kept. The format of the line is drawn here and nowhere else.
//! Invariant: an entry *is* its line of bytes; the hash covers every byte of it that comes before the hash.
//!
//! ```text
//! {"seq":7,"received_at":"…Z","author":"agent:agent-…","kind":"batch.v1","prev_hash":"<64 hex>","fact":{…},"entry_hash":"<64 hex>"}
//! └──────────────────────────────── hashed: SHA-256("daicho.entry.v1" 00 these bytes) ────────────┘└──── 81 bytes ─────┘
//! ```
//!
//! The line has no newline in it. Anyone can check it: cut the last 81 bytes, hash the rest, compare.

use super::chain::Head;
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::{Fact, FactError};
use daicho_schemas::ids::{AgentId, IdError, PersonId};
use daicho_schemas::limits::ENTRY_BYTES_MAX;
use daicho_schemas::time::UtcMicros;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;

/// Who stated a fact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Author {
    /// An agent, proved by its signature.
    Agent(AgentId),
    /// A person or a script, proved by a token or a session.
    Person(PersonId),
    /// This server itself.
    Server,
}

impl Author {
    /// The person, if it is one.
    pub fn person(&self) -> Option<&PersonId> {
        match self {
            Self::Person(id) => Some(id),
            Self::Agent(_) | Self::Server => None,
        }
    }
}

impl fmt::Display for Author {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(id) => write!(out, "agent:{id}"),
            Self::Person(id) => write!(out, "person:{id}"),
            Self::Server => out.write_str("server"),
        }
    }
}

impl From<Author> for String {
    fn from(author: Author) -> Self {
        author.to_string()
    }
}

impl TryFrom<String> for Author {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        match text.split_once(':') {
            Some(("agent", id)) => Ok(Self::Agent(AgentId::new(id)?)),
            Some(("person", id)) => Ok(Self::Person(PersonId::new(id)?)),
            None if text == "server" => Ok(Self::Server),
            _ => Err(match AgentId::new("") {
                Err(refused) => refused,
                Ok(_) => unreachable!("the empty id is refused"),
            }),
        }
    }
}

/// A fact on its way into the ledger: admitted, not yet numbered.
#[derive(Clone, Debug)]
pub struct EntryDraft {
    /// Who states it.
    pub author: Author,
    /// The fact, parsed.
    pub fact: Fact,
    /// The fact's exact bytes.
    pub raw: Box<RawValue>,
}

/// A fact in the ledger.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number; the first entry has 1.
    pub seq: u64,
    /// When the server received it.
    pub received_at: UtcMicros,
    /// Who stated it.
    pub author: Author,
    /// The kind of the fact.
    pub kind: String,
    /// The hash of the entry before; [`Hash::ZERO`] for the first.
    pub prev_hash: Hash,
    /// The fact's exact bytes.
    pub fact: Box<RawValue>,
    /// The hash of this entry.
    pub entry_hash: Hash,
}

/// A line is not an entry.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Longer than [`ENTRY_BYTES_MAX`].
    #[error("the line is longer than an entry may be")]
    TooLong,
    /// The end of the line is not the hash part.
    #[error("the line does not end with an entry hash")]
    NoHash,
    /// The line's bytes are not the ones that were hashed.
    #[error("the bytes do not fit the entry hash")]
    HashWrong,
    /// It is not an entry's JSON.
    #[error("the line is not an entry: {0}")]
    Json(String),
    /// The fact holds a line break, which would break the form of one line per entry.
    #[error("the fact holds a line break")]
    LineBreak,
}

/// `,"entry_hash":"` + 64 hex digits + `"}`.
const HASH_PART_BYTES: usize = 15 + 64 + 2;

#[derive(Serialize)]
struct LineHead<'a> {
    seq: u64,
    received_at: UtcMicros,
    author: &'a Author,
    kind: &'a str,
    prev_hash: Hash,
    fact: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    seq: u64,
    received_at: UtcMicros,
    author: Author,
    kind: String,
    prev_hash: Hash,
    fact: Box<RawValue>,
    entry_hash: Hash,
}

impl Entry {
    /// Puts an admitted fact behind a head.
    pub fn link(head: Head, received_at: UtcMicros, draft: &EntryDraft) -> Result<(Self, Vec<u8>), EntryError> {
        if draft.raw.get().bytes().any(|byte| byte == b'\n' || byte == b'\r') {
            return Err(EntryError::LineBreak);
        }
        let seq = head.seq + 1;
        let kind = draft.fact.kind();
        let line = LineHead { seq, received_at, author: &draft.author, kind, prev_hash: head.hash, fact: &draft.raw };
        let mut bytes = serde_json::to_vec(&line).map_err(|error| EntryError::Json(error.to_string()))?;
        bytes.pop();
        let entry_hash = Hash::of("daicho.entry.v1", &[&bytes]);
        bytes.extend_from_slice(format!(",\"entry_hash\":\"{entry_hash}\"}}").as_bytes());
        if bytes.len() > ENTRY_BYTES_MAX {
            return Err(EntryError::TooLong);
        }
        let entry = Self {
            seq,
            received_at,
            author: draft.author.clone(),
            kind: kind.into(),
            prev_hash: head.hash,
            fact: draft.raw.clone(),
            entry_hash,
        };
        Ok((entry, bytes))
    }

    /// Reads a line and checks that its bytes are the ones that were hashed. Says nothing about the chain.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > ENTRY_BYTES_MAX {
            return Err(EntryError::TooLong);
        }
        let cut = bytes.len().checked_sub(HASH_PART_BYTES).ok_or(EntryError::NoHash)?;
        let (hashed, hash_part) = bytes.split_at(cut);
        let entry_hash = Hash::of("daicho.entry.v1", &[hashed]);
        if hash_part != format!(",\"entry_hash\":\"{entry_hash}\"}}").as_bytes() {
            let named = hash_part.starts_with(b",\"entry_hash\":\"") && hash_part.ends_with(b"\"}");
            return Err(if named { EntryError::HashWrong } else { EntryError::NoHash });
        }
        let line: Line = serde_json::from_slice(bytes).map_err(|error| EntryError::Json(error.to_string()))?;
        Ok(Self {
            seq: line.seq,
            received_at: line.received_at,
            author: line.author,
            kind: line.kind,
            prev_hash: line.prev_hash,
            fact: line.fact,
            entry_hash: line.entry_hash,
        })
    }

    /// The head of a ledger that ends with this entry.
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.entry_hash }
    }

    /// The fact, parsed.
    pub fn parse_fact(&self) -> Result<Fact, FactError> {
        Fact::parse(&self.kind, self.fact.get())
    }
}
