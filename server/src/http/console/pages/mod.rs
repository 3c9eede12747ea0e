//! One file per page: its handler and what its template is given. A handler reads rows under the lock, then renders without it.
//! They do not know each other; what they share stands in the folder above.
//! To add a page: a file here, a template, a line in `console/mod.rs`, its words in both `console.ftl`, a sample in `tests.rs`.

pub mod change;
pub mod channels;
pub mod check_lists;
pub mod check_sheet;
pub mod component;
pub mod components;
pub mod computers;
pub mod decisions;
pub mod device;
pub mod devices;
pub mod duties;
pub mod duty;
pub mod entry;
pub mod equipment;
pub mod equipment_list;
pub mod finding;
pub mod findings;
pub mod firmware;
pub mod host;
pub mod hosts;
pub mod ledger;
pub mod networks;
pub mod path;
pub mod paths;
pub mod plans;
pub mod radius;
pub mod review;
pub mod sign_in;
pub mod start;
pub mod suppliers;
pub mod ticket;
pub mod tickets;
pub mod trouble;
pub mod worksheet;
