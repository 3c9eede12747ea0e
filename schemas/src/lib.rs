//! The words that both sides of Daicho speak: facts, batches, refusals, ids, times, limits and their canonical bytes.
//! This crate does not know files, sockets, clocks or frameworks; it turns values into bytes and back.
//! Invariant: a kind that was released keeps its name and its bytes for ever (`schemas/golden/` holds the proof).
//!
//! # Adding a kind
//!
//! 1. Write `fact/observation/<kind>.rs` (or `fact/<kind>.rs` for what people and the server state).
//! 2. Add its line to `Observation` in `fact/observation/mod.rs` (or to `KINDS` and `Fact` in `fact/mod.rs`).
//! 3. Run `DAICHO_GOLDEN=write cargo test -p daicho-schemas`: it writes `schemas/golden/` and `schemas/json/`; commit both.

pub mod alerts;
pub mod batch;
pub mod canonical;
pub mod change;
pub mod fact;
pub mod ids;
pub mod inventory;
pub mod limits;
pub mod planned;
pub mod refusal;
pub mod regime;
pub mod sign;
pub mod text;
pub mod time;
pub mod trouble;
pub mod wire;

#[cfg(test)]
mod golden;
