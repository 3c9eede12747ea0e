//! The past: what the ledger knew at the end of a day, and what is known today about that day. Two questions, never mixed.
//! It does not know who asks or how long a folded state is kept (`kept`); it reads the ledger and changes nothing.
//! Invariant: what the ledger knew is the fold of its entries up to then and of nothing else, so the answer never changes.

mod hindsight;
pub mod kept;
#[cfg(test)]
mod tests;

use crate::book;
use crate::ledger::chain::Head;
use crate::ledger::engine::Engine;
use crate::ledger::entry::Entry;
use crate::model::Model;
use anyhow::Context as _;
use daicho_schemas::canonical::Hash;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Text;
use daicho_schemas::time::{CalendarDate, UtcMicros};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Up to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AsOf {
    /// To the end of a day in Japan: `2026-03-31`.
    Day(CalendarDate),
    /// To an instant: `2026-03-31T03:00:00.000000Z`.
    Instant(UtcMicros),
    /// To an entry, by its number: `57`.
    Entry(u64),
}

impl FromStr for AsOf {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let number = (!text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse().ok().map(Self::Entry))
            .flatten();
        let day = || text.parse().ok().map(Self::Day);
        let instant = || text.parse().ok().map(Self::Instant);
        number.or_else(day).or_else(instant).ok_or_else(|| {
            let text: String = text.chars().take(40).collect();
            Refusal::new(RefusalCode::AsOfWrong).with(format!(
                "as_of: '{text}' is no day (2026-03-31), no instant (2026-03-31T03:00:00.000000Z), no entry"
            ))
        })
    }
}

impl fmt::Display for AsOf {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(out),
            Self::Instant(instant) => instant.fmt(out),
            Self::Entry(seq) => seq.fmt(out),
        }
    }
}

/// A question about the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Up to when.
    pub as_of: AsOf,
    /// Also what entered the ledger later and speaks of that time: what is known today about it. Without it, what the
    /// ledger knew.
    pub hindsight: bool,
}

/// A state of the past, named so that anybody can find it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stand {
    /// As it was asked.
    pub as_of: String,
    /// The day whose law and dates are applied, in Japan.
    pub day: CalendarDate,
    /// The last entry that the ledger had then; 0 for none.
    pub entry_seq: u64,
    /// Its hash.
    pub entry_hash: Hash,
    /// When it was received.
    pub received_at: Option<UtcMicros>,
    /// The day is today: more may enter before it is over.
    pub day_not_over: bool,
    /// Whether later entries were taken that speak of that time.
    pub hindsight: bool,
    /// How many of those there are.
    pub entries_later: u64,
}

impl Stand {
    /// What this is a state of, in words. Says which of the two questions was asked.
    pub fn text(&self) -> Text {
        let Self { as_of, entry_seq, entries_later, .. } = self;
        let open = if self.day_not_over {
            Text::new("この日はまだ終わっていません。", " The day is not over yet.")
        } else {
            Text::default()
        };
        match self.hindsight {
            false => Text::new(
                format!("{as_of} 時点で台帳が知っていたこと（記録 {entry_seq} まで）。{}", open.ja),
                format!("What the ledger knew as of {as_of} (up to entry {entry_seq}).{}", open.en),
            ),
            true => Text::new(
                format!(
                    "{as_of} について今わかっていること（記録 {entry_seq} までと、後から入ったその時点の記録 {entries_later} 件）。台帳が当時知っていたこととは異なります。{}",
                    open.ja
                ),
                format!(
                    "What is known today about {as_of} (up to entry {entry_seq}, and {entries_later} later entries that speak of that time). It is not what the ledger knew then.{}",
                    open.en
                ),
            ),
        }
    }
}

/// Where a question leads to in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    question: Question,
    /// The last entry that counts.
    pub last_seq: u64,
    /// The last instant that counts.
    pub end: UtcMicros,
    /// The day whose law and dates are applied.
    pub day: CalendarDate,
    /// The ledger's end when it was looked for.
    head: Head,
    day_not_over: bool,
}

/// A state of the past.
#[derive(Clone, Debug)]
pub struct Moment {
    /// What the entries meant.
    pub model: Model,
    /// Which state it is.
    pub stand: Stand,
}

/// No answer about the past.
#[derive(Debug, thiserror::Error)]
pub enum PastFault {
    /// The question has none.
    #[error("there is no answer as of that time")]
    Refused(#[from] Refusal),
    /// The ledger cannot be read or folded.
    #[error("{0:#}")]
    Fault(#[from] anyhow::Error),
}

/// Finds the last entry that counts for a question. `now` bounds it: nobody knows the future.
pub fn locate(engine: &dyn Engine, question: Question, now: UtcMicros) -> Result<Located, PastFault> {
    let refuse = |why: String| PastFault::Refused(Refusal::new(RefusalCode::AsOfWrong).with(why));
    let (head, today) = (engine.head(), now.date_in_japan());
    let located =
        |last_seq, end: UtcMicros, day, day_not_over| Located { question, last_seq, end, day, head, day_not_over };
    let found = match question.as_of {
        AsOf::Day(day) if day > today => return Err(refuse(format!("as_of: {day} is after today ({today}, Japan)"))),
        AsOf::Instant(instant) if instant > now => {
            return Err(refuse(format!("as_of: {instant} is after now ({now})")));
        }
        AsOf::Day(day) => {
            let end = end_of(day)?;
            located(last_until(engine, head.seq, end)?, end, day, day == today)
        }
        AsOf::Instant(end) => located(last_until(engine, head.seq, end)?, end, end.date_in_japan(), false),
        AsOf::Entry(seq) if seq == 0 || seq > head.seq => {
            return Err(refuse(format!("as_of: the ledger has the entries 1 to {}, not {seq}", head.seq)));
        }
        AsOf::Entry(seq) => {
            let end = received_at(engine, seq)?;
            located(seq, end, end.date_in_japan(), false)
        }
    };
    if found.last_seq == 0 && !question.hindsight {
        let began = if head.seq == 0 { "it has no entries".into() } else { format!("it begins on {}", began(engine)?) };
        return Err(refuse(format!("as_of: the ledger knew nothing at {}: {began}", question.as_of)));
    }
    Ok(found)
}

fn began(engine: &dyn Engine) -> Result<CalendarDate, PastFault> {
    Ok(received_at(engine, 1)?.date_in_japan())
}

/// The last instant of a day in Japan.
fn end_of(day: CalendarDate) -> Result<UtcMicros, PastFault> {
    let text = format!("{day}T14:59:59.999999Z");
    text.parse()
        .map_err(|_| Refusal::new(RefusalCode::AsOfWrong).with(format!("as_of: no ledger is from {day}")).into())
}

fn received_at(engine: &dyn Engine, seq: u64) -> Result<UtcMicros, PastFault> {
    let frames = engine.read(seq, 1, 1).map_err(anyhow::Error::from)?;
    let frame = frames.first().with_context(|| format!("entry {seq} is missing"))?;
    Ok(Entry::parse(&frame.line).with_context(|| format!("entry {seq}"))?.received_at)
}

/// The last of the first `entries` that was received by an instant. Time never runs backwards in a ledger.
fn last_until(engine: &dyn Engine, entries: u64, end: UtcMicros) -> Result<u64, PastFault> {
    let (mut known, mut beyond) = (0, entries + 1);
    while beyond - known > 1 {
        let middle = u64::midpoint(known, beyond);
        if received_at(engine, middle)? <= end { known = middle } else { beyond = middle }
    }
    Ok(known)
}

/// Folds the state that a question asks for. `start` is a state of the same ledger at or before it; `progress` hears the last
/// entry that was read, and how many there are to read.
pub fn fold(
    engine: &dyn Engine,
    located: &Located,
    start: Option<(Model, Head)>,
    progress: &mut dyn FnMut(u64, u64),
) -> anyhow::Result<Moment> {
    let last = if located.question.hindsight { located.head.seq } else { located.last_seq };
    let start = start.filter(|(_, head)| head.seq <= located.last_seq);
    let start = start.unwrap_or_else(|| book::nearest(engine, located.last_seq));
    let (model, head) = book::fold_from(engine, start, located.last_seq, &mut |seq| progress(seq, last))?;
    anyhow::ensure!(head.seq == located.last_seq, "the ledger ends at entry {} before {}", head.seq, located.last_seq);
    let mut moment = Moment { model, stand: stand(located, head) };
    if located.question.hindsight {
        let later = hindsight::add(engine, &mut moment.model, (head, located.head.seq), located.end, &mut |seq| {
            progress(seq, last)
        })?;
        moment.stand.entries_later = later;
    }
    moment.stand.received_at = (head.seq > 0).then(|| received_at(engine, head.seq)).transpose()?;
    Ok(moment)
}

fn stand(located: &Located, head: Head) -> Stand {
    let Located { question, day, day_not_over, .. } = *located;
    Stand {
        as_of: question.as_of.to_string(),
        day,
        entry_seq: head.seq,
        entry_hash: head.hash,
        received_at: None,
        day_not_over,
        hindsight: question.hindsight,
        entries_later: 0,
    }
}

/// Locates and folds at once, for whoever has the ledger to itself.
pub fn at(
    engine: &dyn Engine,
    question: Question,
    now: UtcMicros,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Moment, PastFault> {
    let located = locate(engine, question, now)?;
    Ok(fold(engine, &located, None, progress)?)
}
