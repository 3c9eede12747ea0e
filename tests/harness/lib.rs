//! What whole-system tests are built from: servers, agents, executables, browsers. One constructor each, options with defaults.
//! It does not know what any test is about.
//! Invariant: a harness talks to loopback only, and whatever it started ends with it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking; clippy knows test functions and not what they call"
)]

pub mod agent;
pub mod browser;
pub mod dice;
pub mod disk;
#[cfg(target_os = "linux")]
pub mod drive;
pub mod executables;
pub mod hostile;
pub mod hosts;
pub mod mail;
pub mod namespaces;
pub mod packages;
pub mod postgres;
pub mod real_agent;
pub mod receiver;
pub mod server;

use std::io::Write as _;

/// Says that a test could not run here, and why. Goes past the capture of the test runner, so that it is seen.
pub fn skipped(test: &str, why: &str) {
    let line = format!("skipped: {test}: {why}\n");
    // Without a standard error there is nobody to tell.
    let _told = std::io::stderr().write_all(line.as_bytes());
}

/// Shows how many of something there were. No test passes or fails by it alone.
pub fn counted(what: &str, count: u64) {
    let line = format!("counted: {what}: {count}\n");
    let _told = std::io::stderr().write_all(line.as_bytes());
}

/// Shows a figure that was measured on the way. Figures are for people; no test passes or fails by them.
pub fn measured(what: &str, took: std::time::Duration) {
    let line = format!("measured: {what}: {} ms\n", took.as_millis());
    let _told = std::io::stderr().write_all(line.as_bytes());
}

/// A runtime for one test.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    install_provider();
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

/// The crypto provider of this process; the same as in the executables.
pub fn install_provider() {
    // It fails only when it is installed already.
    let _first = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
