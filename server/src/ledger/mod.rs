//! The book: append-only, totally ordered, hash-chained. In reading order: what an entry is, how entries chain, what an
//! engine promises, the engines, the walk over everything, the way out and in.
//! It does not know what a fact means. Invariant: there is no update and no delete, and no function for them.

pub mod entry;

pub mod chain;

pub mod engine;

pub mod engines;

pub mod lines;

pub mod verify;

pub mod transfer;
