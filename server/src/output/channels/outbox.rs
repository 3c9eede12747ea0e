//! The outbox of a channel: reads the ledger behind the place that was delivered, hands every notice over, remembers the place.
//! It does not know how a channel delivers. Invariant: the place moves only behind what the receiver has; it is kept where all
//! servers of the ledger see it, and only the one that leads delivers. Who takes over in between delivers once more, by the
//! same key.

use super::Channel;
use crate::ledger::chain::Head;
use crate::ledger::engine::{Engine, Leadership};
use crate::ledger::entry::Entry;
use crate::store::shared::Shared;
use daicho_schemas::fact::Fact;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::time::{sleep, timeout};

/// How often it is looked whether this server leads by now, without anything having moved.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Pauses after a delivery that did not succeed: the first, and the longest.
const AGAIN_AFTER: Duration = Duration::from_millis(250);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(60);
/// Entries and bytes read at once.
const READ_ENTRIES: usize = 200;
const READ_BYTES: usize = 4 * 1024 * 1024;
/// Entries without a notice behind which the place is kept all the same.
const KEEP_EVERY_ENTRIES: u64 = 1000;

/// What an outbox works on.
pub struct Outbox {
    /// The ledger.
    pub engine: Arc<dyn Engine>,
    /// Where the place is kept.
    pub shared: Arc<dyn Shared>,
    /// Whether it is this server that delivers.
    pub leadership: Arc<dyn Leadership>,
    /// Told each time the head has moved.
    pub moved: broadcast::Receiver<Head>,
}

/// How far a channel has delivered, and how far that is kept.
#[derive(Clone, Copy)]
struct Place {
    delivered: u64,
    kept: u64,
}

/// Delivers for as long as the server runs.
pub async fn run<C: Channel>(mut outbox: Outbox, channel: C) {
    let mut place: Option<Place> = None;
    let mut pause = AGAIN_AFTER;
    loop {
        let before = place.map(|place| place.delivered);
        if !outbox.leadership.leads() {
            // Another one may deliver meanwhile: the place is asked for anew.
            place = None;
        } else if let Err(what) = outbox.deliver(&channel, &mut place).await {
            tracing::warn!(channel = channel.name(), what, "notices wait: they could not be delivered; trying again");
            let came_further = place.map(|place| place.delivered) > before;
            pause = if came_further { AGAIN_AFTER } else { (pause * 2).min(AGAIN_AFTER_MAX) };
            sleep(pause).await;
            continue;
        }
        pause = AGAIN_AFTER;
        // Rung when the head has moved; who was rung too often to count has something to do as well.
        let _rung = timeout(LOOK_EVERY, outbox.moved.recv()).await;
    }
}

impl Outbox {
    async fn deliver<C: Channel>(&self, channel: &C, place: &mut Option<Place>) -> Result<(), String> {
        let name = channel.name();
        let mut at = match *place {
            Some(at) => at,
            None => {
                let kept = self.apart(move |outbox| outbox.shared.outbox(name, outbox.engine.head().seq)).await?;
                Place { delivered: kept, kept }
            }
        };
        while self.leadership.leads() && at.delivered < self.engine.head().seq {
            let from = at.delivered + 1;
            let frames = self.apart(move |outbox| outbox.engine.read(from, READ_ENTRIES, READ_BYTES)).await?;
            if frames.is_empty() {
                break;
            }
            for frame in frames {
                if !self.leadership.leads() {
                    return Ok(());
                }
                let told = self.hand_over(channel, &frame.line).await?;
                at.delivered = frame.seq;
                if told || at.delivered - at.kept >= KEEP_EVERY_ENTRIES {
                    self.apart(move |outbox| outbox.shared.put_outbox(name, at.delivered)).await?;
                    at.kept = at.delivered;
                }
                *place = Some(at);
            }
        }
        Ok(())
    }

    /// Hands an entry over if it holds notices, and says whether it did.
    async fn hand_over<C: Channel>(&self, channel: &C, line: &[u8]) -> Result<bool, String> {
        let entry = Entry::parse(line).map_err(|error| error.to_string())?;
        if entry.kind != NOTICES {
            return Ok(false);
        }
        let Fact::Notices(notices) = entry.parse_fact().map_err(|error| error.to_string())? else { return Ok(false) };
        channel.deliver(&entry, &notices).await.map(|()| true)
    }

    /// What may wait for a disk or a network, without keeping others waiting.
    async fn apart<T: Send + 'static, E: std::fmt::Display + Send + 'static>(
        &self,
        work: impl FnOnce(&Sources) -> Result<T, E> + Send + 'static,
    ) -> Result<T, String> {
        let sources = Sources { engine: Arc::clone(&self.engine), shared: Arc::clone(&self.shared) };
        let done = tokio::task::spawn_blocking(move || work(&sources)).await;
        done.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }
}

/// The kind of entry that is delivered.
const NOTICES: &str = "notices.v1";

struct Sources {
    engine: Arc<dyn Engine>,
    shared: Arc<dyn Shared>,
}
