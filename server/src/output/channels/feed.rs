//! The entries of notices and reminders in the ledger's order, read once for all channels that keep up.
//! It does not know channels, nor who has been told.
//! Invariant: whoever asks from a place on gets every entry of notices behind it, in order, whatever others asked.

use crate::ledger::engine::{Engine, Frame};
use crate::ledger::entry::Entry;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Notices;
use daicho_schemas::fact::duty::Reminders;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Entries and bytes read at once.
const READ_ENTRIES: usize = 200;
const READ_BYTES: usize = 4 * 1024 * 1024;
/// Entries of notices that are kept for channels which come a little later.
const KEPT_MAX: usize = 100;
/// The kinds of entries that are delivered.
const KINDS: [&str; 2] = ["notices.v1", "reminders.v1"];

/// An entry that states notices, or reminders of days.
#[derive(Clone, Debug)]
pub struct Stated {
    /// The entry, without its fact.
    pub entry: Entry,
    /// The notices; none in an entry of reminders.
    pub notices: Notices,
    /// The reminders, in an entry of them.
    pub reminders: Option<Reminders>,
}

/// What is read of the ledger for channels.
pub struct Feed {
    engine: Arc<dyn Engine>,
    recent: Mutex<Option<Recent>>,
}

/// Every entry of notices behind `from` and up to `through`.
struct Recent {
    from: u64,
    through: u64,
    stated: VecDeque<Arc<Stated>>,
}

/// Entries of notices in order, and the place up to which there are no others.
pub type Next = (Vec<Arc<Stated>>, u64);

impl Feed {
    /// A feed of a ledger.
    pub fn of(engine: Arc<dyn Engine>) -> Self {
        Self { engine, recent: Mutex::new(None) }
    }

    /// The number of the ledger's last entry.
    pub fn head_seq(&self) -> u64 {
        self.engine.head().seq
    }

    /// What comes next behind a place. The same place as before means that there is nothing behind it yet.
    pub async fn after(&self, place: u64) -> Result<Next, String> {
        let mut kept = self.recent.lock().await;
        let recent = kept.get_or_insert_with(|| Recent { from: place, through: place, stated: VecDeque::new() });
        if place > recent.through {
            // Somebody far behind was the first to ask: what most of them need is here.
            *recent = Recent { from: place, through: place, stated: VecDeque::new() };
        }
        if place < recent.from {
            drop(kept);
            return self.read(place).await;
        }
        if recent.through < self.head_seq() && place == recent.through {
            let (stated, through) = self.read(place).await?;
            recent.stated.extend(stated);
            recent.through = through;
            while recent.stated.len() > KEPT_MAX {
                recent.from = recent.stated.pop_front().map_or(recent.from, |stated| stated.entry.seq);
            }
            if place < recent.from {
                drop(kept);
                return self.read(place).await;
            }
        }
        let behind = recent.stated.iter().filter(|stated| stated.entry.seq > place).cloned().collect();
        Ok((behind, recent.through))
    }

    async fn read(&self, place: u64) -> Result<Next, String> {
        let engine = Arc::clone(&self.engine);
        let work = move || -> Result<Next, String> {
            let frames = engine.read(place + 1, READ_ENTRIES, READ_BYTES).map_err(|error| error.to_string())?;
            let through = frames.last().map_or(place, |frame| frame.seq);
            let mut stated = Vec::new();
            for frame in &frames {
                stated.extend(stated_in(frame)?.map(Arc::new));
            }
            Ok((stated, through))
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?
    }
}

/// What an entry states that people are told, if it is one of those.
pub fn stated_in(frame: &Frame) -> Result<Option<Stated>, String> {
    let entry = Entry::parse(&frame.line).map_err(|error| error.to_string())?;
    if !KINDS.contains(&entry.kind.as_str()) {
        return Ok(None);
    }
    match entry.parse_fact().map_err(|error| error.to_string())? {
        Fact::Notices(notices) => Ok(Some(Stated { entry, notices, reminders: None })),
        Fact::Reminders(reminders) => {
            Ok(Some(Stated { entry, notices: Notices { notices: Vec::new() }, reminders: Some(reminders) }))
        }
        _ => Ok(None),
    }
}
