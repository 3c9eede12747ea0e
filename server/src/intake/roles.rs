//! Who may say something: people of certain roles, and never an agent or the server in their place.
//! It does not know what is said, nor HTTP; a page or an API asks the same before it reads a body.
//! Invariant: an administrator may what any role may, and a refusal names the roles that may.

use crate::ledger::entry::Author;
use crate::model::Model;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::ids::PersonId;
use daicho_schemas::refusal::{Refusal, RefusalCode};

/// The person who speaks.
pub(super) fn person(author: &Author) -> Result<&PersonId, Refusal> {
    match author {
        Author::Person(id) => Ok(id),
        Author::Agent(_) | Author::Server => Err(Refusal::new(RefusalCode::NotAllowed).with("only a person may")),
    }
}

/// Only people of these roles, and administrators, go on.
pub(super) fn one_of(roles: &[Role], model: &Model, author: &Author) -> Result<(), Refusal> {
    let own = model.person_roles(person(author)?).unwrap_or_default();
    if own.iter().any(|role| *role == Role::Admin || roles.contains(role)) {
        Ok(())
    } else {
        Err(Refusal::new(RefusalCode::NotAllowed).with(format!("needs one of {roles:?}")))
    }
}
