//! Network segments: which are known, who stands in them, and which nobody observes.
//! It does not know plans or the law, and two sites that use the same addresses are one segment here.
//! Invariant: a segment without an agent is "not observed", never empty; who was seen next to a host is not gone by silence.

pub mod makers;
mod places;
mod prefix;

pub use places::{HostPlace, Places, SeenNext};
pub use prefix::Prefix;
