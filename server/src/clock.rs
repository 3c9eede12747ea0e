//! The only place of the server that reads the time.
//! It does not know what anybody does with it; `model/` never sees it and takes "now" as an argument.
//! Invariant: the clock that a test passes in is the only clock that runs in that test.

use daicho_schemas::time::UtcMicros;
use std::sync::atomic::{AtomicI64, Ordering};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The instant it is now.
    fn now(&self) -> UtcMicros;
}

/// The machine's own clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> UtcMicros {
        UtcMicros::from_micros(chrono::Utc::now().timestamp_micros()).unwrap_or_else(|_| *EPOCH)
    }
}

static EPOCH: std::sync::LazyLock<UtcMicros> =
    std::sync::LazyLock::new(|| UtcMicros::from_micros(0).unwrap_or_else(|_| unreachable!("zero is in range")));

/// A clock that a test sets.
pub struct SetClock(AtomicI64);

impl SetClock {
    /// Starts at an instant.
    pub fn at(instant: UtcMicros) -> Self {
        Self(AtomicI64::new(instant.micros()))
    }

    /// Moves on by some seconds.
    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds.saturating_mul(1_000_000), Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> UtcMicros {
        UtcMicros::from_micros(self.0.load(Ordering::SeqCst)).unwrap_or_else(|_| *EPOCH)
    }
}
