//! What a run showed: one line of JSON per run, and tables made from such lines.
//! It does not run anything.
//! Invariant: every figure in a table stands in a line, with the command that made it.

use crate::drive::Said;
use crate::target::{Stored, Target, Usage};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// One run of one scenario.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Which scenario.
    pub(crate) scenario: String,
    /// What exactly was measured, where a scenario measures several things.
    #[serde(default)]
    pub(crate) what: String,
    /// Hosts in the fleet.
    pub(crate) hosts: u64,
    /// Packages on each.
    pub(crate) packages: u64,
    /// Requests that were made.
    pub(crate) requests: u64,
    /// How often each status came; "none" is a broken or refused connection.
    pub(crate) answers: BTreeMap<String, u64>,
    /// How long it took, in seconds.
    pub(crate) seconds: f64,
    /// Latency in microseconds, connection included.
    pub(crate) p50_us: u64,
    /// Latency in microseconds, connection included.
    pub(crate) p99_us: u64,
    /// Latency in microseconds, connection included.
    pub(crate) max_us: u64,
    /// The server's processor time per request, in microseconds.
    pub(crate) cpu_us: f64,
    /// Of that, the thread that writes the ledger.
    pub(crate) door_us: f64,
    /// Processor time per request that the same number of cores could not do without: requests a second on two cores.
    pub(crate) per_second_on_two_cores: f64,
    /// The server's memory at the end, in bytes.
    pub(crate) memory_bytes: u64,
    /// The server's memory at most, in bytes.
    pub(crate) memory_max_bytes: u64,
    /// Bytes on the wire per request after the handshake, both ways (median).
    pub(crate) wire_bytes: u64,
    /// Bytes of the handshake, both ways (median).
    pub(crate) handshake_bytes: u64,
    /// Handshakes that resumed a session.
    pub(crate) resumed: u64,
    /// What was there before.
    pub(crate) before: Stored,
    /// What was there afterwards.
    pub(crate) after: Stored,
    /// Requests that were answered 200 and must be stored.
    pub(crate) acknowledged: u64,
    /// The largest number of tries that one thing needed.
    pub(crate) tries_max: u32,
}

/// A measurement that runs.
pub(crate) struct Watch {
    usage: Usage,
    started: Instant,
    before: Stored,
}

impl Watch {
    /// Begins.
    pub(crate) async fn begin(target: &Target) -> anyhow::Result<Self> {
        let before = target.stored().await?;
        Ok(Self { usage: target.usage(), started: Instant::now(), before })
    }

    /// Ends: what happened since, by these outcomes.
    pub(crate) async fn end(self, target: &Target, said: &[Said]) -> anyhow::Result<Figures> {
        let (seconds, usage) = (self.started.elapsed().as_secs_f64(), target.usage());
        let requests = said.len() as u64;
        let each = |us: u64| us as f64 / (requests.max(1) as f64);
        let cpu_us = each(usage.cpu_us - self.usage.cpu_us);
        let (memory_bytes, memory_max_bytes) = target.memory();
        let latencies = sorted(said.iter().map(|said| said.latency_us));
        let mut answers = BTreeMap::new();
        for said in said {
            let status = if said.status == 0 { "none".into() } else { said.status.to_string() };
            *answers.entry(status).or_default() += 1;
        }
        Ok(Figures {
            requests,
            acknowledged: said.iter().filter(|said| said.status == 200).count() as u64,
            answers,
            seconds,
            p50_us: share(&latencies, 50),
            p99_us: share(&latencies, 99),
            max_us: latencies.last().copied().unwrap_or_default(),
            cpu_us,
            door_us: each(usage.door_us.saturating_sub(self.usage.door_us)),
            per_second_on_two_cores: if cpu_us > 0.0 { 2_000_000.0 / cpu_us } else { 0.0 },
            memory_bytes,
            memory_max_bytes,
            wire_bytes: share(&sorted(said.iter().map(|said| said.bytes)), 50),
            handshake_bytes: share(&sorted(said.iter().map(|said| said.handshake_bytes)), 50),
            resumed: said.iter().filter(|said| said.resumed).count() as u64,
            before: self.before,
            after: target.stored().await?,
            tries_max: said.iter().map(|said| said.tries).max().unwrap_or_default(),
            ..Figures::default()
        })
    }
}

/// The values in order.
pub(crate) fn sorted(values: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values
}

/// The value that so many of a hundred do not exceed (nearest rank).
pub(crate) fn share(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

impl Figures {
    /// The same under a name.
    #[must_use]
    pub(crate) fn named(mut self, scenario: &str, what: &str, hosts: u64, packages: u64) -> Self {
        (self.scenario, self.what, self.hosts, self.packages) = (scenario.into(), what.into(), hosts, packages);
        self
    }

    /// For a person who watches.
    pub(crate) fn sentence(&self) -> String {
        let ms = |us: u64| Duration::from_micros(us).as_secs_f64() * 1000.0;
        format!(
            "{} {}: {} hosts, {} requests in {:.1} s ({:.0}/s), answers {:?}; server CPU {:.0} us each (door {:.0}), so {:.0}/s on two cores; \
             p50 {:.1} ms, p99 {:.1} ms, max {:.0} ms; {} B on the wire + {} B handshake, {} resumed; {} MB; entries {} -> {}, hosts {} -> {}; tries {}",
            self.scenario,
            self.what,
            self.hosts,
            self.requests,
            self.seconds,
            self.requests as f64 / self.seconds.max(0.001),
            self.answers,
            self.cpu_us,
            self.door_us,
            self.per_second_on_two_cores,
            ms(self.p50_us),
            ms(self.p99_us),
            ms(self.max_us),
            self.wire_bytes,
            self.handshake_bytes,
            self.resumed,
            self.memory_bytes >> 20,
            self.before.entries,
            self.after.entries,
            self.before.hosts,
            self.after.hosts,
            self.tries_max,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_by_nearest_rank() {
        let values: Vec<u64> = (1..=200).collect();
        assert_eq!((share(&values, 50), share(&values, 99), share(&values, 100)), (100, 198, 200));
        assert_eq!((share(&[7], 99), share(&[], 99)), (7, 0));
    }
}
