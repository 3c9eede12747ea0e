//! The answers: rows and pages from the state, the same for the REST interface, the console and the terminal.
//! It does not know how an answer is shown, and keeps nothing.
//! Invariant: every list has one order that follows from its content, and "unknown" is never shown as "ok".

mod components;
mod drift_lines;
mod equipment;
mod hosts;
mod registers;
