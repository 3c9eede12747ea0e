//! What the parsers make of samples: goldens, the truth about them, secrets, hostile input.
//! It does not know how a parser works.
//! Invariant: a sample is a folder below `fixtures/<family>/`; nothing else has to be written down to have it tested.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking; clippy knows test functions and not what they call"
)]

mod hostile;
mod samples;
mod secrets;
mod truth;
