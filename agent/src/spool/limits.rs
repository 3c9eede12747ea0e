//! What the spool gives up when it is full or old, and how the loss is told.
//! It does not remove anything; it decides.
//! Invariant: the oldest goes first, and what went is named in the next batch.

use daicho_schemas::batch::Lost;
use daicho_schemas::limits::{SPOOL_AGE_DAYS_MAX_DEFAULT, SPOOL_BYTES_MAX_DEFAULT};

/// How much the spool may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpoolLimits {
    /// Bytes of all files together.
    pub bytes_max: u64,
    /// Age of one file in seconds.
    pub age_seconds_max: u64,
}

impl Default for SpoolLimits {
    fn default() -> Self {
        Self { bytes_max: SPOOL_BYTES_MAX_DEFAULT, age_seconds_max: SPOOL_AGE_DAYS_MAX_DEFAULT * 86_400 }
    }
}

/// A batch in the spool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its number.
    pub number: u64,
    /// Its size.
    pub bytes: u64,
    /// How long it has been waiting; 0 when the clock went back.
    pub age_seconds: u64,
}

/// Which of these, oldest first, must go so that `wanted` more bytes fit; with the reason.
pub(super) fn give_up(entries: &[Entry], wanted: u64, limits: SpoolLimits) -> Vec<(u64, &'static str)> {
    let mut held: u64 = entries.iter().map(|entry| entry.bytes).sum();
    let mut gone = Vec::new();
    for entry in entries {
        if entry.age_seconds > limits.age_seconds_max {
            gone.push((entry.number, "too old"));
        } else if held.saturating_add(wanted) > limits.bytes_max {
            gone.push((entry.number, "spool full"));
        } else {
            continue;
        }
        held = held.saturating_sub(entry.bytes);
    }
    gone
}

/// Two losses as one. The range may name batches in between that were not lost: saying too much is the safe side.
pub(super) fn merge_lost(earlier: Option<Lost>, later: Lost) -> Lost {
    /// Reasons are short words of our own; a long row of them is cut.
    const REASON_BYTES_MAX: usize = 400;
    let Some(earlier) = earlier else { return later };
    let mut reason = earlier.reason;
    if !reason.contains(&later.reason) && reason.len() + later.reason.len() < REASON_BYTES_MAX {
        reason = format!("{reason}; {}", later.reason);
    }
    Lost {
        first_number: earlier.first_number.min(later.first_number),
        last_number: earlier.last_number.max(later.last_number),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64, bytes: u64, age_seconds: u64) -> Entry {
        Entry { number, bytes, age_seconds }
    }

    #[test]
    fn the_oldest_goes_first_and_only_as_many_as_needed() {
        let entries = [entry(1, 40, 9), entry(2, 40, 8), entry(3, 40, 7)];
        let limits = SpoolLimits { bytes_max: 120, age_seconds_max: 100 };
        assert_eq!(give_up(&entries, 0, limits), []);
        assert_eq!(give_up(&entries, 1, limits), [(1, "spool full")]);
        assert_eq!(give_up(&entries, 80, limits), [(1, "spool full"), (2, "spool full")]);
        let old = [entry(1, 40, 101), entry(2, 40, 100), entry(3, 40, 0)];
        assert_eq!(give_up(&old, 40, limits), [(1, "too old")]);
    }

    #[test]
    fn losses_merge_into_one_range_with_each_reason_once() {
        let lost = |first_number, last_number, reason: &str| Lost { first_number, last_number, reason: reason.into() };
        let merged = merge_lost(Some(lost(5, 6, "too old")), lost(2, 3, "unreadable"));
        assert_eq!(merged, lost(2, 6, "too old; unreadable"));
        assert_eq!(merge_lost(Some(merged.clone()), lost(2, 2, "too old")), merged);
        assert_eq!(merge_lost(None, lost(1, 1, "x")), lost(1, 1, "x"));
    }
}
