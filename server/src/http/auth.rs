//! Who is asking: functions that return a typed proof of identity, or a refusal. No hidden middleware.
//! It does not know what the identity may do with a particular resource; handlers ask for a role.
//! Invariant: no proof is made except from a bearer token, a session or a client certificate that was checked.

use super::App;
use axum::http::HeaderMap;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::ids::PersonId;
use daicho_schemas::refusal::{Refusal, RefusalCode};

/// A person or script that proved who it is.
#[derive(Clone, Debug)]
pub struct StaffIdentity {
    /// Who.
    pub person_id: PersonId,
    /// What they may do.
    pub roles: Vec<Role>,
}

/// The person behind a browser's session cookie or a bearer token.
pub fn staff(_app: &App, _headers: &HeaderMap) -> Result<StaffIdentity, Refusal> {
    Err(Refusal::new(RefusalCode::NotSignedIn))
}
