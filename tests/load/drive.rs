//! Doing many things with so many at once, and what came of saying one thing to the server.
//! It does not know what is said.
//! Invariant: every thing is done once, and its outcome is kept in its place.

use crate::fleet::Agent;
use crate::line::{Line, Place};
use hyper::body::Bytes;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long one request may take before it counts as unanswered.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(120);

/// What came of saying one thing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// The status; 0 when no answer came.
    pub(crate) status: u16,
    /// What `Retry-After` asked for, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// From before the connection to the end of the answer, in microseconds.
    pub(crate) latency_us: u64,
    /// Bytes of the handshake, both ways.
    pub(crate) handshake_bytes: u64,
    /// Bytes after the handshake, both ways, until both sides had closed.
    pub(crate) bytes: u64,
    /// The server took our ticket.
    pub(crate) resumed: bool,
    /// How often it had to be said.
    pub(crate) tries: u32,
    /// The answer's body.
    pub(crate) body: Bytes,
}

/// Does `one` for `0..count`, so many at once.
pub(crate) async fn each<T, F>(count: u64, at_once: usize, one: impl Fn(u64) -> F + Send + Sync + 'static) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send,
{
    let (next, one) = (Arc::new(AtomicU64::new(0)), Arc::new(one));
    let mut workers = tokio::task::JoinSet::new();
    for _worker in 0..at_once.max(1) {
        let (next, one) = (Arc::clone(&next), Arc::clone(&one));
        workers.spawn(async move {
            let mut done = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= count {
                    return done;
                }
                done.push((index, one(index).await));
            }
        });
    }
    let mut done: Vec<(u64, T)> = workers.join_all().await.into_iter().flatten().collect();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Says one thing over a connection of its own, as an agent does whose last word was a quarter of an hour ago.
pub(crate) async fn say(place: &Place, agent: &Agent, path: &str, body: Bytes, packed: bool) -> Said {
    let started = Instant::now();
    let mut said = Said { tries: 1, ..Said::default() };
    let spoken = tokio::time::timeout(ANSWER_WITHIN, async {
        let mut line = Line::open(place, agent.index, &agent.tls).await?;
        (said.resumed, said.handshake_bytes) = (line.resumed, line.handshake_bytes);
        let answer = line.post(place, path, body, packed).await?;
        said.latency_us = micros(started.elapsed());
        (said.status, said.retry_after, said.body) = (answer.status, answer.retry_after, answer.body);
        said.bytes = line.close().await;
        anyhow::Ok(())
    });
    let failed = !matches!(spoken.await, Ok(Ok(())));
    if failed && said.latency_us == 0 {
        said.latency_us = micros(started.elapsed());
    }
    said
}

/// Says it until it is taken, waiting as the server asks and as long as a real agent would at least; the latency is that
/// of the whole.
pub(crate) async fn insist(place: &Place, agent: &Agent, path: &str, body: Bytes, tries_max: u32) -> Said {
    let started = Instant::now();
    let mut tries = 0;
    loop {
        let mut said = say(place, agent, path, body.clone(), true).await;
        tries += 1;
        if !matches!(said.status, 0 | 429 | 503) || tries >= tries_max {
            said.tries = tries;
            said.latency_us = micros(started.elapsed());
            return said;
        }
        tokio::time::sleep(Duration::from_secs(said.retry_after.unwrap_or(1).min(60))).await;
    }
}

/// A duration in microseconds.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
