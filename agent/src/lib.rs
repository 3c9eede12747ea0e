//! The agent: reads what a host is made of and hands it to the ledger. `main` only turns arguments into calls of this.
//! It does not decide what a change means, listens on nothing, and changes nothing on the host but its own state folder.
//! It sends nothing to others but to its server, except through `probe`, which runs only when a person says so.
//! Invariant: the order of the modules is the order in which a fact travels: access, collect, spool, submit.

pub mod access;
pub mod arguments;
pub mod clock;
pub mod collect;
pub mod enroll;
pub mod files;
pub mod print;
pub mod probe;
pub mod progress;
pub mod run;
pub mod schedule;
#[cfg(windows)]
pub mod service;
pub mod spool;
pub mod status;
pub mod submit;
pub mod watch;

#[cfg(test)]
mod fake_server;
