//! Notices: which turns of findings people have not been told yet. Pure; looks only at the state.
//! It does not know how people are told. Invariant: asked twice it says the same, and once an entry states it, it is due no more.
//! So a crash between a turn and its notice tells nothing twice and forgets nothing.

use crate::model::Model;
use daicho_schemas::fact::decision::Notices;

/// Notices in one entry.
pub const NOTICES_PER_ENTRY_MAX: usize = 200;

/// The next notices to state, if any are due.
pub fn due(model: &Model) -> Option<Notices> {
    let notices = model.next_notices(NOTICES_PER_ENTRY_MAX);
    (!notices.is_empty()).then_some(Notices { notices })
}
