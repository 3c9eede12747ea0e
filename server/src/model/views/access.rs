//! Who may do what: people with their roles, and the one-time tokens that agents enrol with.
//! It does not know sessions or the time; whether a token has expired is decided by who asks.
//! Invariant: only hashes of secrets are here.

use crate::model::snapshot::{In, Keep, Out, SnapshotError};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::decision::{AccessGranted, AgentEnrolled, Role, TokenIssued};
use daicho_schemas::fact::duty::CalendarShared;
use daicho_schemas::ids::{AgentId, PersonId, TokenId};
use daicho_schemas::time::UtcMicros;
use imbl::OrdMap;
use serde::{Deserialize, Serialize};

/// People, scripts and tokens.
#[derive(Clone, Debug, Default)]
pub struct Access {
    people: OrdMap<PersonId, PersonState>,
    by_token: OrdMap<Hash, PersonId>,
    tokens: OrdMap<TokenId, TokenState>,
    /// Whose calendar a token's hash opens.
    calendars: OrdMap<Hash, PersonId>,
}

/// A person or a script. The newest grant stands alone: it replaces roles and token of the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonState {
    /// What they may do.
    pub roles: Vec<Role>,
    /// The hash of the bearer token that stands.
    pub token_hash: Hash,
}

/// A one-time enrolment token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenState {
    /// SHA-256 of its secret (purpose `daicho.token.v1`).
    pub secret_hash: Hash,
    /// From when on it is refused.
    pub expires_at: UtcMicros,
    /// The agent that used it; absent while nobody did.
    pub used_by: Option<AgentId>,
}

impl Access {
    /// A person may sign in.
    pub(crate) fn grant(&mut self, granted: &AccessGranted) {
        let person = PersonState { roles: granted.roles.clone(), token_hash: granted.token_hash };
        if let Some(before) = self.people.insert(granted.person_id.clone(), person) {
            self.by_token.remove(&before.token_hash);
        }
        self.by_token.insert(granted.token_hash, granted.person_id.clone());
    }

    /// A person's calendar opens with another token, or with none. The newest word stands alone.
    pub(crate) fn share_calendar(&mut self, shared: &CalendarShared) {
        let before = self.calendars.iter().find(|(_, person)| **person == shared.person_id);
        if let Some(before) = before.map(|(hash, _)| *hash) {
            self.calendars.remove(&before);
        }
        if let Some(hash) = shared.token_hash {
            self.calendars.insert(hash, shared.person_id.clone());
        }
    }

    /// The person whose calendar opens with the token of this hash, as long as they may sign in.
    pub fn calendar_of(&self, hash: &Hash) -> Option<&PersonId> {
        self.calendars.get(hash).filter(|person| self.people.contains_key(*person))
    }

    /// Whether a person's calendar opens with any token.
    pub fn shares_calendar(&self, person: &PersonId) -> bool {
        self.calendars.values().any(|other| other == person)
    }

    /// A token was made. A second issue of the same token changes nothing: it may have been used.
    pub(crate) fn issue(&mut self, issued: &TokenIssued) {
        self.tokens.entry(issued.token_id.clone()).or_insert_with(|| TokenState {
            secret_hash: issued.secret_hash,
            expires_at: issued.expires_at,
            used_by: None,
        });
    }

    /// A token was used; the first use counts.
    pub(crate) fn use_token(&mut self, enrolled: &AgentEnrolled) {
        if let Some(token) = self.tokens.get_mut(&enrolled.token_id)
            && token.used_by.is_none()
        {
            token.used_by = Some(enrolled.agent_id.clone());
        }
    }

    /// One token.
    pub fn token(&self, id: &TokenId) -> Option<&TokenState> {
        self.tokens.get(id)
    }

    /// The person whose bearer token has this hash.
    pub fn person_by_token_hash(&self, hash: &Hash) -> Option<(&PersonId, &[Role])> {
        let id = self.by_token.get(hash)?;
        self.people.get(id).map(|person| (id, person.roles.as_slice()))
    }

    /// Every person, in order of ids.
    pub fn people(&self) -> impl Iterator<Item = (&PersonId, &PersonState)> {
        self.people.iter()
    }
}

impl Keep for Access {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        self.people.keep(out)?;
        self.by_token.keep(out)?;
        self.tokens.keep(out)?;
        self.calendars.keep(out)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        Ok(Self {
            people: Keep::back(from)?,
            by_token: Keep::back(from)?,
            tokens: Keep::back(from)?,
            calendars: Keep::back(from)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(person: &str, token: &str, roles: &[Role]) -> AccessGranted {
        AccessGranted {
            person_id: PersonId::new(person).unwrap(),
            roles: roles.to_vec(),
            token_hash: Hash::of("test", &[token.as_bytes()]),
        }
    }

    #[test]
    fn a_new_grant_ends_the_old_token() {
        let mut access = Access::default();
        access.grant(&granted("aoi", "old", &[Role::Admin]));
        access.grant(&granted("aoi", "new", &[Role::Auditor]));
        assert_eq!(access.person_by_token_hash(&Hash::of("test", &[b"old"])), None);
        let (person, roles) = access.person_by_token_hash(&Hash::of("test", &[b"new"])).unwrap();
        assert_eq!((person.as_str(), roles), ("aoi", &[Role::Auditor][..]));
    }

    #[test]
    fn a_token_is_used_once_and_not_renewed_by_a_second_issue() {
        let mut access = Access::default();
        let issued = TokenIssued {
            token_id: TokenId::new("t1").unwrap(),
            secret_hash: Hash::of("test", &[b"secret"]),
            expires_at: "2026-12-01T00:00:00.000000Z".parse().unwrap(),
        };
        access.issue(&issued);
        let enrolled = |agent: &str| AgentEnrolled {
            agent_id: AgentId::new(agent).unwrap(),
            public_key: "key".into(),
            token_id: issued.token_id.clone(),
            hostname: "tos-1".into(),
        };
        access.use_token(&enrolled("agent-1"));
        access.use_token(&enrolled("agent-2"));
        access.issue(&issued);
        assert_eq!(access.token(&issued.token_id).unwrap().used_by, Some(AgentId::new("agent-1").unwrap()));
    }
}
