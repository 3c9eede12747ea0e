//! When to try again: exponential with full jitter, from a seed. Pure.
//! It does not know clocks, timers or what failed.
//! Invariant: every wait lies between one second and five minutes, unless the server asks for longer, up to an hour.

use std::time::Duration;

const WAIT_MS_MIN: u64 = 1_000;
const WAIT_MS_MAX: u64 = 300_000;
/// The longest wait that a server may ask for (`Retry-After`).
const ASKED_SECONDS_MAX: u64 = 3_600;

/// The next wait.
#[derive(Clone, Debug)]
pub struct Backoff {
    random: u64,
    failures: u32,
}

impl Backoff {
    /// Agents with different seeds do not come back all at once.
    pub fn new(seed: u64) -> Self {
        Self { random: seed, failures: 0 }
    }

    /// It worked: the next failure starts from the shortest wait.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// It failed: how long to wait, at least as long as the server asked for.
    pub fn failed(&mut self, asked: Option<Duration>) -> Duration {
        let doubled = WAIT_MS_MIN.saturating_mul(1_u64.checked_shl(self.failures).unwrap_or(u64::MAX));
        let ceiling = doubled.saturating_mul(2).clamp(WAIT_MS_MIN, WAIT_MS_MAX);
        self.failures = self.failures.saturating_add(1);
        let wait = Duration::from_millis(WAIT_MS_MIN + self.below(ceiling - WAIT_MS_MIN + 1));
        let asked = asked.unwrap_or_default().min(Duration::from_secs(ASKED_SECONDS_MAX));
        wait.max(asked)
    }

    /// An even number in `0..end`, by SplitMix64.
    pub fn below(&mut self, end: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).checked_rem(end).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_stay_within_bounds_and_start_over() {
        for seed in 0..50 {
            let mut backoff = Backoff::new(seed);
            for failure in 0..80_u32 {
                let wait = backoff.failed(None);
                let ceiling = Duration::from_millis((2_000_u64 << failure.min(20)).min(300_000));
                assert!(wait >= Duration::from_secs(1) && wait <= ceiling, "seed {seed}, failure {failure}: {wait:?}");
            }
            backoff.succeeded();
            assert!(backoff.failed(None) <= Duration::from_secs(2));
        }
    }

    #[test]
    fn the_server_may_ask_for_longer_but_not_for_ever() {
        let mut backoff = Backoff::new(1);
        assert_eq!(backoff.failed(Some(Duration::from_secs(600))), Duration::from_secs(600));
        assert_eq!(backoff.failed(Some(Duration::from_secs(1_000_000))), Duration::from_secs(3_600));
        assert!(backoff.failed(Some(Duration::ZERO)) >= Duration::from_secs(1));
    }

    #[test]
    fn equal_seeds_wait_alike_and_others_do_not() {
        let waits = |seed| {
            let mut backoff = Backoff::new(seed);
            (0..10).map(|_| backoff.failed(None)).collect::<Vec<_>>()
        };
        assert_eq!(waits(3), waits(3));
        assert_ne!(waits(3), waits(4));
    }
}
