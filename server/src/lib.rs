//! The server of Daicho as a library: `http -> intake -> ledger -> model -> output`, each a folder, in the order of a fact's path.
//! The executable in `main.rs` only reads arguments; tests use this crate from the side.
//! Invariant: a fact passes these folders in this order; nothing skips `intake` on its way to `ledger`.

pub mod authority;
pub mod book;
pub mod check;
pub mod cli;
pub mod clock;
pub mod evidence;
pub mod example;
pub mod firmware;
pub mod http;
pub mod i18n;
pub mod intake;
pub mod ledger;
pub mod model;
pub mod network_tables;
pub mod output;
pub mod past;
pub mod personal;
pub mod questionnaire;
pub mod secrets;
pub mod serve;
pub mod sheets;
pub mod store;
pub mod tables;
pub mod worksheet;
