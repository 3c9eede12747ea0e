//! The views: what the entries so far say, one file per question. Each takes facts in and answers; none looks at another.
//! They do not know meaning, rules or the law; those read the views and change nothing in them.
//! Invariant: a view's serialised bytes follow from the entries alone; nothing in it depends on when or where it is folded.
//!
//! # Adding a view
//!
//! 1. Write `views/<view>.rs` with a `Default` struct that serialises and a method per fact that concerns it.
//! 2. Add its module here and its name to [`VIEWS`], in the order in which facts reach it.
//! 3. Add it to `State` in `model/state.rs` and call it from `State::take`; raise `FOLD_VERSION`.
//! 4. A view that follows from the other views (as `drift` does) is not serialised: it is rebuilt in `Derived`.

pub mod access;
pub mod agents;
pub mod assets;
pub mod check_answers;
pub mod circuits;
pub mod computers;
pub mod coverage;
pub mod decisions;
pub mod declarations;
pub mod devices;
pub mod drift;
pub mod early;
pub mod firmware;
pub mod network_tables;
pub mod remote_paths;
pub mod tickets;

/// Every view, in the order in which a fact reaches them.
pub const VIEWS: &[&str] = &[
    "access",
    "agents",
    "assets",
    "coverage",
    "declarations",
    "decisions",
    "computers",
    "check_answers",
    "tickets",
    "firmware",
    "early",
    "devices",
    "remote_paths",
    "network_tables",
    "circuits",
    "drift",
];
