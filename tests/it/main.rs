//! Integration: the real parts together, from outside and from the side. One module per topic.
//! It does not repeat what a unit test can show.
//! Invariant: every module runs on loopback, in folders of its own, and ends what it started; what cannot run says `skipped`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking; clippy knows test functions and not what they call"
)]

mod admission;
mod alerts;
mod arm;
mod as_of;
mod bad_input;
mod book;
mod circuits;
mod component_decisions;
mod computers;
mod devices;
mod documents;
mod drop_folder;
mod engine_contract;
mod evidence;
mod firmware;
mod flipped_bytes;
mod full_disk;
mod hostile;
mod init_script;
mod journeys;
mod kill;
mod law_commands;
mod ledger_journey;
mod ledger_walk;
mod live_console;
mod load;
mod offline_check;
mod old_ledgers;
mod papers;
mod planned_change;
mod postgres;
mod power_cut;
mod probe;
mod programs;
mod quickstart;
mod restored;
mod suppliers;
mod tickets;
mod tunnels;
mod windows;
