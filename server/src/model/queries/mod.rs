//! The answers: rows and pages from the state, the same for the REST interface, the console and the terminal.
//! It does not know how an answer is shown, and keeps nothing.
//! Invariant: every list has one order, a page costs what it shows, and "unknown" is never shown as "ok".

mod applications;
pub mod check_answers;
pub mod check_evidence;
pub mod check_seen;
pub mod circuits;
pub mod completeness;
mod components;
pub mod computers;
pub mod decisions;
pub mod devices;
mod drift_lines;
mod duties;
mod equipment;
pub mod firmware;
mod hosts;
pub mod law;
pub mod networks;
pub mod ownership;
mod pages;
pub mod printed_sheet;
pub mod radius;
mod registers;
pub mod remote_paths;
pub mod review;
mod search;
mod tickets;
mod worksheets;

pub use super::duties::lists::{DutyDue, DutyQuery};
pub use pages::Part;
pub use search::ComponentQuery;
