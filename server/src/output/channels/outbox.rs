//! The outbox of a channel: takes the ledger's notices behind the place that was delivered, hands them over, remembers the place.
//! It does not know how a channel delivers. Invariant: the place moves only behind what the receiver has or has refused for
//! good, and a refusal stands in the ledger; it is kept where all servers of the ledger see it, and only the one that leads
//! delivers. Who takes over in between delivers once more, by the same key.

use super::feed::{Feed, Stated};
use super::state::Channels;
use super::{Channel, Delivered, Undelivered};
use crate::clock::Clock;
use crate::intake::door::Door;
use crate::ledger::chain::Head;
use crate::ledger::engine::Leadership;
use crate::store::shared::Shared;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::FaultReported;
use daicho_schemas::text::Text;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::time::{sleep, timeout};

/// How often it is looked whether this server leads by now, without anything having moved.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Pauses after a delivery that did not succeed: the first, and the longest.
pub(super) const AGAIN_AFTER: Duration = Duration::from_millis(250);
pub(super) const AGAIN_AFTER_MAX: Duration = Duration::from_secs(60);
/// Entries without a notice behind which the place is kept all the same.
const KEEP_EVERY_ENTRIES: u64 = 1000;

/// What every outbox of a server works on.
#[derive(Clone)]
pub struct Sources {
    /// The ledger's notices.
    pub feed: Arc<Feed>,
    /// Where places are kept.
    pub shared: Arc<dyn Shared>,
    /// Whether it is this server that delivers.
    pub leadership: Arc<dyn Leadership>,
    /// The way into the ledger, for what a receiver refused.
    pub door: Door,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How the channels stand, for people.
    pub channels: Arc<Channels>,
}

/// How far a channel has delivered, and how far that is kept.
#[derive(Clone, Copy)]
struct Place {
    delivered: u64,
    kept: u64,
}

/// Delivers for as long as the server runs. `moved` tells each time the head has moved.
pub async fn run<C: Channel>(sources: Sources, mut moved: broadcast::Receiver<Head>, channel: C) {
    let name = channel.name().to_string();
    let mut outbox = Outbox { sources, channel, place: None };
    let mut pause = AGAIN_AFTER;
    outbox.sources.channels.begin(&name);
    loop {
        let before = outbox.place.map(|place| place.delivered);
        if !outbox.sources.leadership.leads() {
            // Another one may deliver meanwhile: the place is asked for anew.
            outbox.place = None;
        } else if let Err(what) = outbox.deliver().await {
            tracing::warn!(channel = name, what, "notices wait: they could not be delivered; trying again");
            outbox.sources.channels.delayed(&name, outbox.sources.clock.now(), &what);
            let came_further = outbox.place.map(|place| place.delivered) > before;
            pause = if came_further { AGAIN_AFTER } else { (pause * 2).min(AGAIN_AFTER_MAX) };
            sleep(jittered(pause)).await;
            continue;
        }
        pause = AGAIN_AFTER;
        // Rung when the head has moved; who was rung too often to count has something to do as well.
        let _rung = timeout(LOOK_EVERY, moved.recv()).await;
    }
}

/// Between three quarters and all of a pause, so that channels that failed together do not come back together.
pub(super) fn jittered(pause: Duration) -> Duration {
    let mut dice = [0; 1];
    // Without randomness the pause is simply whole.
    let rolled = getrandom::fill(&mut dice).is_ok();
    let less = if rolled { u32::from(dice.first().copied().unwrap_or_default()) } else { 0 };
    pause - pause / 4 * less / 256
}

struct Outbox<C> {
    sources: Sources,
    channel: C,
    place: Option<Place>,
}

impl<C: Channel> Outbox<C> {
    async fn deliver(&mut self) -> Result<(), String> {
        let mut at = match self.place {
            Some(at) => at,
            None => {
                let (name, head) = (self.channel.name().to_string(), self.sources.feed.head_seq());
                let kept = self.sources.apart(move |shared| shared.outbox(&name, head)).await?;
                Place { delivered: kept, kept }
            }
        };
        while self.sources.leadership.leads() && at.delivered < self.sources.feed.head_seq() {
            let (stated, through) = self.sources.feed.after(at.delivered).await?;
            if through == at.delivered {
                break;
            }
            for stated in stated {
                if !self.sources.leadership.leads() {
                    return Ok(());
                }
                self.hand_over(&stated).await?;
                at.delivered = stated.entry.seq;
                self.place = Some(at);
                self.keep(&mut at).await?;
            }
            at.delivered = through;
            self.place = Some(at);
            if at.delivered - at.kept >= KEEP_EVERY_ENTRIES {
                self.keep(&mut at).await?;
            }
        }
        self.place = Some(at);
        self.sources.channels.came_to(self.channel.name(), at.delivered);
        Ok(())
    }

    async fn keep(&mut self, at: &mut Place) -> Result<(), String> {
        let (name, delivered) = (self.channel.name().to_string(), at.delivered);
        self.sources.apart(move |shared| shared.put_outbox(&name, delivered)).await?;
        at.kept = at.delivered;
        self.place = Some(*at);
        Ok(())
    }

    async fn hand_over(&self, stated: &Stated) -> Result<(), String> {
        match self.channel.deliver(stated).await {
            Ok(Delivered::Nothing) => Ok(()),
            Ok(Delivered::Taken) => {
                self.sources.channels.took(self.channel.name(), self.sources.clock.now());
                Ok(())
            }
            Err(Undelivered::Later(what)) => Err(what),
            Err(Undelivered::Refused(code)) => self.sources.report_refused(self.channel.name(), &code).await,
        }
    }
}

impl Sources {
    /// States in the ledger that a receiver will not take what it is sent: once for each channel while this server runs, since
    /// a mailbox that is gone refuses everything. Neither address nor answer stands there, only the recipient's name and a code.
    pub(super) async fn report_refused(&self, name: &str, code: &str) -> Result<(), String> {
        let what = Text::new(
            format!("通知の宛先「{name}」への通知が拒否されました（{code}）。その通知は届いていません。"),
            format!("The receiver of alerts '{name}' refused one for good ({code}). It did not arrive."),
        );
        let done = Text::new(
            "同じものは送り直しません。内容は台帳とコンソールにあります。通知先ファイルの宛先を確かめ、`daicho alerts test` で試してください。",
            "It is not sent again; what it said is in the ledger and the console. Look at the recipient in the routing file, then try `daicho alerts test`.",
        );
        tracing::error!(channel = name, code, "an alert was refused for good");
        if self.channels.rows().get(name).is_none_or(|row| row.refused == 0) {
            let stated = self.door.state(Fact::FaultReported(FaultReported { what, done })).await;
            stated.map_err(|error| error.to_string())?;
        }
        self.channels.refused(name);
        Ok(())
    }

    /// What may wait for a disk or a network, without keeping others waiting.
    pub(super) async fn apart<T: Send + 'static, E: std::fmt::Display + Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Shared) -> Result<T, E> + Send + 'static,
    ) -> Result<T, String> {
        let shared = Arc::clone(&self.shared);
        let done = tokio::task::spawn_blocking(move || work(shared.as_ref())).await;
        done.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }
}
