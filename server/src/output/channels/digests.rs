//! The digest of one recipient: gathers what the ledger states, and sends it when its hour has come.
//! It does not know what a digest says. Invariant: every notice is in exactly one digest, by the ledger's order; who dies
//! between sending and noting sends the same period again, under the same Message-ID on the same day.

use super::Undelivered;
use super::feed::Stated;
use super::outbox::{AGAIN_AFTER, AGAIN_AFTER_MAX, LOOK_EVERY, Sources, jittered};
use super::routed::Route;
use crate::model::Model;
use crate::output::alerts::digest::{Period, begin_of_hour, last_due, letter};
use crate::output::alerts::routing::hour_in_japan;
use crate::store::StoreFault;
use crate::store::shared::Shared;
use daicho_schemas::canonical::Hash;
use daicho_schemas::time::UtcMicros;
use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::sleep;

/// How long after its hour a digest is made: entries that were received before it are on disk by then.
const GRACE_SECONDS: i64 = 30;
/// Entries without a notice behind which the place is kept all the same.
const KEEP_EVERY_ENTRIES: u64 = 10_000;

/// Sends digests for as long as the server runs.
pub async fn run(sources: Sources, route: Route, model: Arc<RwLock<Model>>) {
    let name = place(&route);
    let mut digests = Digests { sources, route, model, name, gathered: None };
    let mut pause = AGAIN_AFTER;
    digests.sources.channels.begin(&digests.name);
    loop {
        let mut next = LOOK_EVERY;
        if !digests.sources.leadership.leads() {
            digests.gathered = None;
        } else if let Err(what) = digests.look().await {
            tracing::warn!(channel = digests.name, what, "a digest waits; trying again");
            digests.sources.channels.delayed(&digests.name, digests.sources.clock.now(), &what);
            pause = (pause * 2).min(AGAIN_AFTER_MAX);
            next = jittered(pause);
        } else {
            pause = AGAIN_AFTER;
        }
        sleep(next.max(Duration::from_millis(1))).await;
    }
}

/// What the hour of a recipient's last digest is kept under.
fn place(route: &Route) -> String {
    format!("digest-{}", route.recipient.name)
}

/// What the last entry of a recipient's last digest is kept under.
fn place_in_ledger(route: &Route) -> String {
    format!("digested-{}", route.recipient.name)
}

/// The hour of a recipient's last digest, and the last entry in it. For a recipient who is new, these are now and the head.
pub fn places(shared: &dyn Shared, route: &Route, now: UtcMicros, head_seq: u64) -> Result<(u64, u64), StoreFault> {
    let this_hour = last_due(now, hour_in_japan(now));
    Ok((shared.outbox(&place(route), this_hour)?, shared.outbox(&place_in_ledger(route), head_seq)?))
}

struct Digests {
    sources: Sources,
    route: Route,
    model: Arc<RwLock<Model>>,
    name: String,
    gathered: Option<Gathered>,
}

/// What was stated since the last digest.
struct Gathered {
    /// The hour of the last digest, from 1970 in UTC.
    last: u64,
    /// Every entry up to here is in `stated` or in an earlier digest.
    through: u64,
    /// Up to where the ledger need not be read again after a restart.
    kept: u64,
    stated: VecDeque<Arc<Stated>>,
}

impl Digests {
    async fn look(&mut self) -> Result<(), String> {
        let mut gathered = match self.gathered.take() {
            Some(gathered) => gathered,
            None => self.begin().await?,
        };
        let looked = self.gather_and_send(&mut gathered).await;
        self.gathered = Some(gathered);
        looked
    }

    async fn begin(&self) -> Result<Gathered, String> {
        let (route, now, head) = (self.route.clone(), self.sources.clock.now(), self.sources.feed.head_seq());
        let (last, through) = self.sources.apart(move |shared| places(shared, &route, now, head)).await?;
        Ok(Gathered { last, through, kept: through, stated: VecDeque::new() })
    }

    async fn gather_and_send(&self, gathered: &mut Gathered) -> Result<(), String> {
        while gathered.through < self.sources.feed.head_seq() {
            let (stated, through) = self.sources.feed.after(gathered.through).await?;
            if through == gathered.through {
                break;
            }
            gathered.stated.extend(stated);
            gathered.through = through;
        }
        let now = self.sources.clock.now();
        let due = last_due(now.plus_seconds(-GRACE_SECONDS), self.route.recipient.digest.hour);
        if due > gathered.last {
            self.send(gathered, due).await?;
        }
        if gathered.stated.is_empty() && gathered.through - gathered.kept >= KEEP_EVERY_ENTRIES {
            self.keep_through(gathered, gathered.through).await?;
        }
        self.sources.channels.came_to(&self.name, gathered.kept);
        Ok(())
    }

    async fn send(&self, gathered: &mut Gathered, due: u64) -> Result<(), String> {
        let period = Period { from: begin_of_hour(gathered.last), to: begin_of_hour(due) };
        let in_time = gathered.stated.iter().take_while(|stated| stated.entry.received_at < period.to).count();
        let model = self.model.read().unwrap_or_else(PoisonError::into_inner).clone();
        if model.seq() < gathered.through {
            // It comes again in a moment, when this server has read what the ledger holds.
            return Ok(());
        }
        let notices = gathered.stated.iter().take(in_time).flat_map(|stated| &stated.notices.notices);
        if let Some(letter) = letter(&self.route.recipient, self.route.console_url(), &model, notices, period) {
            let key = key(&self.route, due);
            match self.route.send(&letter, &key, period.to).await {
                Ok(()) => self.sources.channels.took(&self.name, self.sources.clock.now()),
                Err(Undelivered::Later(what)) => return Err(what),
                Err(Undelivered::Refused(code)) => self.sources.report_refused(&self.name, &code).await?,
            }
        }
        let rest = gathered.stated.split_off(in_time);
        let sent = std::mem::replace(&mut gathered.stated, rest);
        let through = match (sent.back(), gathered.stated.is_empty()) {
            (_, true) => gathered.through,
            (Some(last), false) => last.entry.seq,
            (None, false) => gathered.kept,
        };
        // In this order: who dies in between finds nothing to say for the same hour, and says nothing.
        self.keep_through(gathered, through).await?;
        let name = self.name.clone();
        self.sources.apart(move |shared| shared.put_outbox(&name, due)).await?;
        gathered.last = due;
        Ok(())
    }

    async fn keep_through(&self, gathered: &mut Gathered, through: u64) -> Result<(), String> {
        let in_ledger = place_in_ledger(&self.route);
        self.sources.apart(move |shared| shared.put_outbox(&in_ledger, through)).await?;
        gathered.kept = through;
        Ok(())
    }
}

/// The key of a digest: from its hour, and for whom it is.
fn key(route: &Route, due: u64) -> Hash {
    Hash::of("daicho.digest.v1", &[&due.to_be_bytes(), route.recipient.name.as_bytes()])
}
