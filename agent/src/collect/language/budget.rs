//! How much of a host one look may cost: folders, bytes and time, and which places were left when it was spent.
//! It does not know what is looked for.
//! Invariant: a bound that is reached is told once, with the first place that was left out.

use crate::collect::Gather;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::time::{Duration, Instant};

/// Folders of one look: a large server's `/opt` and `/srv` have some 20,000.
const FOLDERS_MAX: usize = 100_000;
/// Bytes of one look: archives and executables are hashed or read in part.
const BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;
/// Time of one look.
const SECONDS_MAX: u64 = 120;

/// What is left.
pub(super) struct Budget {
    folders: usize,
    bytes: u64,
    ends: Instant,
    left_out: Option<(String, &'static str)>,
}

impl Budget {
    /// All of it.
    pub(super) fn new() -> Self {
        Self::of(FOLDERS_MAX, Duration::from_secs(SECONDS_MAX))
    }

    /// A small one, for tests too.
    pub(super) fn of(folders: usize, time: Duration) -> Self {
        Self { folders, bytes: BYTES_MAX, ends: Instant::now() + time, left_out: None }
    }

    /// Whether one more folder may be listed.
    pub(super) fn folder(&mut self, place: &str) -> bool {
        let Some(left) = self.folders.checked_sub(1) else {
            return self.spent(place, "so many folders were read before that it was not looked at");
        };
        self.folders = left;
        self.file(place)
    }

    /// Whether one more file may be read.
    pub(super) fn file(&mut self, place: &str) -> bool {
        if self.bytes == 0 {
            return self.spent(place, "so many bytes were read before that it was not looked at");
        }
        // Not a measure of anything that is told: it only ends a look that takes too long.
        if Instant::now() >= self.ends {
            return self.spent(place, "looking took so long before that it was not looked at");
        }
        true
    }

    /// Bytes were read.
    pub(super) fn bytes(&mut self, count: usize) {
        self.bytes = self.bytes.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// When the look is to end.
    pub(super) fn ends(&self) -> Instant {
        self.ends
    }

    fn spent(&mut self, place: &str, text: &'static str) -> bool {
        self.left_out.get_or_insert_with(|| (place.to_owned(), text));
        false
    }

    /// Names the first place that was left out, if any.
    pub(super) fn tell(&mut self, gather: &mut Gather) {
        if let Some((place, text)) = self.left_out.take() {
            let text = format!("{text}, nor what would have come behind it");
            gather.miss(Trouble::new(TroubleKind::TooLarge, place, text));
        }
    }
}
