//! Channels: how notices reach people outside the console. One file each; to add one, write it beside `webhook`, add its line
//! here, and start it where `serve` starts the others.
//! They do not decide what is told; the ledger and the routing file do. Invariant: a notice is delivered at least once and in
//! the ledger's order, and carries the same key each time, so that a receiver who remembers keys takes it once.

pub mod digests;
pub mod feed;
pub mod mail;
pub mod outbox;
pub mod routed;
pub mod state;

pub mod webhook;

use feed::Stated;

/// Why a receiver does not have something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// Nobody knows, or not now: it is tried again. In words for people, without addresses and secrets.
    Later(String),
    /// The receiver will never take this one: it is reported, and what is behind it goes on. A short code or a word.
    Refused(String),
}

/// What became of an entry of notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// The receiver has it.
    Taken,
    /// Nothing of it is for them.
    Nothing,
}

/// A way to one recipient.
pub trait Channel: Send + Sync + 'static {
    /// What the channel's place in the ledger is kept under; never changed. It is a file's name, too.
    fn name(&self) -> &str;

    /// Hands over one entry of notices. Returns when the receiver has it, or when nothing of it is for them.
    fn deliver(&self, stated: &Stated) -> impl Future<Output = Result<Delivered, Undelivered>> + Send;
}
