//! The clocks of the simulated machines: each shows the world's time, moved by what somebody set it to.
//! It does not know who reads it. Invariant: nothing here runs by itself; the world moves it.

use daicho::clock::Clock;
use daicho_schemas::time::UtcMicros;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// 2026-11-21, noon in Japan.
const START_MICROS: i64 = 1_795_230_000_000_000;

/// The world's own time, in microseconds since the simulation began.
#[derive(Clone, Debug, Default)]
pub struct WorldTime(Arc<AtomicI64>);

impl WorldTime {
    /// How long the simulation has run, in microseconds.
    pub fn micros(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Moves on; never back.
    pub fn advance_to(&self, micros: i64) {
        self.0.fetch_max(micros, Ordering::Relaxed);
    }
}

/// One machine's clock.
#[derive(Clone, Debug)]
pub struct MachineClock {
    world: WorldTime,
    off_micros: Arc<AtomicI64>,
}

impl MachineClock {
    /// A clock that is right.
    pub fn new(world: &WorldTime) -> Self {
        Self { world: world.clone(), off_micros: Arc::default() }
    }

    /// Somebody sets it this far off the world's time.
    pub fn set_off_seconds(&self, seconds: i64) {
        self.off_micros.store(seconds * 1_000_000, Ordering::Relaxed);
    }

    /// What it shows.
    pub fn read(&self) -> UtcMicros {
        let micros = START_MICROS + self.world.micros() + self.off_micros.load(Ordering::Relaxed);
        UtcMicros::from_micros(micros.max(0)).unwrap()
    }
}

impl Clock for MachineClock {
    fn now(&self) -> UtcMicros {
        self.read()
    }
}
