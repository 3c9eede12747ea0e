//! States of the past for many who ask at once: folded one at a time on a thread of its own, kept while there is room.
//! It does not know HTTP. Whoever reads the present never waits here.
//! Invariant: at most one state is being folded and [`KEPT_MAX`] are kept, so the past costs a known multiple of the present.

use super::{Located, Moment, PastFault, Question, Stand};
use crate::ledger::chain::Head;
use crate::ledger::engine::Engine;
use crate::model::Model;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::UtcMicros;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// Folded states that are kept; each may hold as much memory as the present one.
pub const KEPT_MAX: usize = 2;
/// States that are folded or wait for it; whoever asks for one more is asked to come later.
const ASKED_MAX: usize = 4;
/// How long somebody waits for an answer before being told that it is being computed.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);
/// A state that nobody asked for in so long is forgotten.
const KEPT_SECONDS: i64 = 900;

/// States of the past.
pub struct Past {
    state: Arc<Mutex<State>>,
    one_at_a_time: Arc<Semaphore>,
    answer_within: Duration,
}

impl Default for Past {
    fn default() -> Self {
        Self::answering_within(ANSWER_WITHIN)
    }
}

#[derive(Default)]
struct State {
    /// The one that was asked for last stands last.
    kept: VecDeque<Kept>,
    asked: Vec<(Key, watch::Receiver<Stage>)>,
}

struct Kept {
    key: Key,
    moment: Moment,
    asked_at: UtcMicros,
}

/// What makes two questions one: how far to read, and for hindsight up to when and how far beyond.
type Key = (u64, Option<(UtcMicros, u64)>);

#[derive(Clone)]
enum Stage {
    Reading { seq: u64, last: u64 },
    Ready(Box<Moment>),
    Failed,
}

fn key(located: &Located) -> Key {
    (located.last_seq, located.question.hindsight.then_some((located.end, located.head.seq)))
}

impl Past {
    /// Lets nobody wait longer than that for an answer.
    pub fn answering_within(answer_within: Duration) -> Self {
        Self { state: Arc::default(), one_at_a_time: Arc::new(Semaphore::new(1)), answer_within }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state that a question asks for. `present` is the model as it is now.
    ///
    /// # Errors
    /// A question without an answer; `as_of_preparing` while it is being computed; a fault of the ledger.
    pub async fn at(
        &self,
        engine: &Arc<dyn Engine>,
        present: Model,
        question: Question,
        now: UtcMicros,
    ) -> Result<Moment, PastFault> {
        let looking = Arc::clone(engine);
        let located = tokio::task::spawn_blocking(move || super::locate(looking.as_ref(), question, now)).await;
        let located = located.map_err(anyhow::Error::from)??;
        let mut stage = match self.ask(engine, &present, &located, now)? {
            Found::Kept(moment) => return Ok(named(*moment, &located)),
            Found::Asked(stage) => stage,
        };
        let ended = stage.wait_for(|stage| !matches!(stage, Stage::Reading { .. }));
        let ended = tokio::time::timeout(self.answer_within, ended).await.map(|ended| ended.map(|stage| stage.clone()));
        let ended = match ended {
            Ok(Ok(stage)) => stage,
            // Whoever folded is gone without a word.
            Ok(Err(_)) => Stage::Failed,
            Err(_) => stage.borrow().clone(),
        };
        match ended {
            Stage::Ready(moment) => Ok(named(*moment, &located)),
            Stage::Reading { seq, last } => {
                let detail = format!("entry {seq} of {last}");
                Err(Refusal::new(RefusalCode::AsOfPreparing).with(detail).into())
            }
            Stage::Failed => {
                Err(anyhow::anyhow!("the ledger could not be folded to entry {}", located.last_seq).into())
            }
        }
    }

    fn ask(
        &self,
        engine: &Arc<dyn Engine>,
        present: &Model,
        located: &Located,
        now: UtcMicros,
    ) -> Result<Found, PastFault> {
        let key = key(located);
        let mut state = self.state();
        if let Some(place) = state.kept.iter().position(|kept| kept.key == key)
            && let Some(kept) = state.kept.remove(place)
        {
            let moment = kept.moment.clone();
            state.kept.push_back(Kept { asked_at: now, ..kept });
            return Ok(Found::Kept(Box::new(moment)));
        }
        if let Some((_, stage)) = state.asked.iter().find(|(asked, _)| *asked == key) {
            return Ok(Found::Asked(stage.clone()));
        }
        if state.asked.len() >= ASKED_MAX {
            return Err(Refusal::new(RefusalCode::Overloaded)
                .with("other states of the past are being computed")
                .into());
        }
        let (tell, stage) = watch::channel(Stage::Reading { seq: 0, last: located.last_seq });
        state.asked.push((key, stage.clone()));
        drop(state);
        let work = Work {
            state: Arc::clone(&self.state),
            engine: Arc::clone(engine),
            present: (present.seq() == located.last_seq).then(|| present.clone()),
            located: *located,
            now,
        };
        let (turns, state) = (Arc::clone(&self.one_at_a_time), Arc::clone(&self.state));
        tokio::spawn(async move {
            // Closed only when nobody is left to ask.
            let Ok(turn) = turns.acquire_owned().await else { return };
            if let Err(error) = tokio::task::spawn_blocking(move || work.run(&tell)).await {
                tracing::error!(%error, "folding a state of the past stopped");
                state.lock().unwrap_or_else(PoisonError::into_inner).asked.retain(|(asked, _)| *asked != key);
            }
            drop(turn);
        });
        Ok(Found::Asked(stage))
    }

    /// Forgets states that nobody asks for any more. Call it now and then.
    pub fn tidy(&self, now: UtcMicros) {
        let forgotten: Vec<Kept> = {
            let mut state = self.state();
            let all = std::mem::take(&mut state.kept);
            let (forgotten, kept): (Vec<Kept>, Vec<Kept>) =
                all.into_iter().partition(|kept| now.seconds_since(kept.asked_at) >= KEPT_SECONDS);
            state.kept = VecDeque::from(kept);
            forgotten
        };
        give_back(forgotten);
    }
}

/// Gives memory back on a thread of its own: a large state takes its time, and nobody waits for it.
fn give_back(forgotten: Vec<Kept>) {
    if !forgotten.is_empty() {
        drop(std::thread::spawn(move || drop(forgotten)));
    }
}

enum Found {
    Kept(Box<Moment>),
    Asked(watch::Receiver<Stage>),
}

/// One state may answer several questions; each is named by its own words.
fn named(moment: Moment, located: &Located) -> Moment {
    let Moment { model, stand } = moment;
    let (as_of, day, day_not_over) = (located.question.as_of.to_string(), located.day, located.day_not_over);
    Moment { model, stand: Stand { as_of, day, day_not_over, ..stand } }
}

/// One state to be folded.
struct Work {
    state: Arc<Mutex<State>>,
    engine: Arc<dyn Engine>,
    present: Option<Model>,
    located: Located,
    now: UtcMicros,
}

impl Work {
    fn run(self, tell: &watch::Sender<Stage>) {
        let key = key(&self.located);
        let start = self.start();
        let mut progress = |seq, last| {
            tell.send_replace(Stage::Reading { seq, last });
        };
        let folded = super::fold(self.engine.as_ref(), &self.located, start, &mut progress);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.asked.retain(|(asked, _)| *asked != key);
        let stage = match folded {
            Ok(moment) => {
                state.kept.push_back(Kept { key, moment: moment.clone(), asked_at: self.now });
                give_back(state.make_room(KEPT_MAX));
                Stage::Ready(Box::new(moment))
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "a state of the past could not be folded");
                Stage::Failed
            }
        };
        drop(state);
        tell.send_replace(stage);
    }

    /// The nearest state to go on from, where one is at hand. Room is made before a new one is begun.
    fn start(&self) -> Option<(Model, Head)> {
        let last_seq = self.located.last_seq;
        if let Some(present) = &self.present {
            let frames = self.engine.read(last_seq, 1, 1).ok()?;
            return frames.first().map(|frame| (present.clone(), Head { seq: frame.seq, hash: frame.hash }));
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let plain = state.kept.iter().filter(|kept| kept.key.1.is_none() && kept.key.0 <= last_seq);
        let nearest = plain.max_by_key(|kept| kept.key.0).map(|kept| {
            let Stand { entry_seq: seq, entry_hash: hash, .. } = kept.moment.stand;
            (kept.moment.model.clone(), Head { seq, hash })
        });
        give_back(state.make_room(KEPT_MAX.saturating_sub(1)));
        nearest
    }
}

impl State {
    fn make_room(&mut self, max: usize) -> Vec<Kept> {
        let over = self.kept.len().saturating_sub(max);
        self.kept.drain(..over).collect()
    }
}
