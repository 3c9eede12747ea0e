//! How each channel stands: what it delivered last, what waits, what keeps it from delivering.
//! It does not know addresses; a channel is called by its recipient's name. Nothing here is truth: a restart begins anew.
//! Invariant: a delay is shown from the first attempt that failed until one succeeds.

use daicho_schemas::time::UtcMicros;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How one channel stands, since this server started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChannelRow {
    /// The last entry behind which nothing of this channel's waits.
    pub delivered_seq: u64,
    /// When something was last taken by the receiver; absent when nothing was since this server started.
    pub delivered_at: Option<UtcMicros>,
    /// Messages that the receiver will never take.
    pub refused: u64,
    /// Since when nothing can be delivered; absent when nothing hinders it.
    pub delayed_since: Option<UtcMicros>,
    /// Attempts since then.
    pub attempts: u64,
    /// Why, in the words of the last attempt.
    pub why: String,
}

/// Every channel, by name.
#[derive(Debug, Default)]
pub struct Channels(Mutex<BTreeMap<String, ChannelRow>>);

impl Channels {
    /// All channels of this server. Empty where nothing is configured.
    pub fn rows(&self) -> BTreeMap<String, ChannelRow> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A channel exists.
    pub fn begin(&self, name: &str) {
        self.change(name, |_| ());
    }

    /// Nothing waits up to this entry.
    pub fn came_to(&self, name: &str, seq: u64) {
        self.change(name, |row| {
            row.delivered_seq = row.delivered_seq.max(seq);
            (row.delayed_since, row.attempts, row.why) = (None, 0, String::new());
        });
    }

    /// The receiver took something.
    pub fn took(&self, name: &str, now: UtcMicros) {
        self.change(name, |row| row.delivered_at = Some(now));
    }

    /// The receiver will never take something. Says whether this is the first time.
    pub fn refused(&self, name: &str) -> bool {
        self.change(name, |row| {
            row.refused += 1;
            row.refused == 1
        })
    }

    /// An attempt failed.
    pub fn delayed(&self, name: &str, now: UtcMicros, why: &str) {
        self.change(name, |row| {
            row.delayed_since.get_or_insert(now);
            row.attempts += 1;
            row.why = why.to_string();
        });
    }

    fn change<T>(&self, name: &str, change: impl FnOnce(&mut ChannelRow) -> T) -> T {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(rows.entry(name.to_string()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_shown_from_the_first_attempt_that_failed_until_one_succeeds() {
        let (channels, now) = (Channels::default(), "2026-11-21T03:00:00.000000Z".parse::<UtcMicros>().unwrap());
        channels.begin("mail-office");
        channels.delayed("mail-office", now, "nobody answers");
        channels.delayed("mail-office", now.plus_seconds(60), "still nobody");
        let row = channels.rows()["mail-office"].clone();
        assert_eq!((row.delayed_since, row.attempts, row.why.as_str()), (Some(now), 2, "still nobody"));
        channels.came_to("mail-office", 7);
        let row = channels.rows()["mail-office"].clone();
        assert_eq!((row.delivered_seq, row.delayed_since, row.attempts), (7, None, 0));
    }
}
