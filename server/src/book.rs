//! Opening the book: engine, snapshot, tail, model, index, door; in this order, with everything checked on the way.
//! It does not know HTTP or TLS, and it does not decide what to do about a fault; it reports it.
//! Invariant: what is served was rebuilt from entries whose hashes and chain were checked.

use crate::clock::Clock;
use crate::intake::door::Door;
use crate::intake::keeper::{Desk, Follower, Known};
use crate::ledger::chain::{self, Head};
use crate::ledger::engine::{Alone, Engine, Frame, Leadership, Snapshot};
use crate::ledger::engines::postgres::{Address, Postgres};
use crate::ledger::engines::segments::{Segments, TornTail};
use crate::ledger::entry::Entry;
use crate::model::{Event, FOLD_VERSION, Model};
use crate::secrets;
use crate::store::in_database::InDatabase;
use crate::store::shared::Shared;
use crate::store::snapshots::SnapshotFiles;
use crate::store::{Store, StoreFault};
use anyhow::{Context as _, bail};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::{FaultReported, LedgerOpened};
use daicho_schemas::text::Text;
use daicho_schemas::time::UtcMicros;
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::sync::{Arc, RwLock};
use tokio::sync::broadcast;

/// Entries that are read at once while replaying.
const REPLAY_ENTRIES: usize = 1000;
/// Bytes that are read at once while replaying, beyond the first entry.
const REPLAY_BYTES: usize = 64 * 1024 * 1024;
/// How far the ledger's last entry may be ahead of the clock before it is said loudly, in seconds.
const CLOCK_BEHIND_SECONDS_MAX: i64 = 600;
/// Heads that a page may be behind before it is told to look at the newest.
const MOVED_BEHIND_MAX: usize = 64;

/// Where a server keeps its ledger.
#[derive(Clone, Debug)]
pub enum Place {
    /// In its data folder, for itself alone.
    Folder,
    /// In a database, together with other servers.
    Database {
        /// Which database.
        address: Box<Address>,
        /// The database was restored, and may lack entries that this server knows.
        restored: bool,
    },
}

/// The open book.
pub struct Book {
    /// What the entries mean.
    pub model: Arc<RwLock<Model>>,
    /// Where entries are kept.
    pub engine: Arc<dyn Engine>,
    /// What can be rebuilt.
    pub store: Arc<Store>,
    /// What all servers of this ledger share beside it.
    pub shared: Arc<dyn Shared>,
    /// Whether this server speaks for all of them.
    pub leadership: Arc<dyn Leadership>,
    /// The way in.
    pub door: Door,
    /// Told each time the head has moved.
    pub moved: broadcast::Sender<Head>,
}

/// Opens the book of a data folder, or begins one.
pub async fn open(data: &Path, place: &Place, clock: Arc<dyn Clock>) -> anyhow::Result<Book> {
    let (folder, place) = (data.to_path_buf(), place.clone());
    let in_folder = matches!(place, Place::Folder);
    let opened = tokio::task::spawn_blocking(move || open_engine(&folder, &place)).await??;
    let Opened { engine, store, shared, leadership, mut reports } = opened;
    let mut index = Index { store: Arc::clone(&store) };
    let replayed = Arc::clone(&engine);
    let replay = move || {
        let (model, known) = rebuild(replayed.as_ref())?;
        let missing = index.catch_up(replayed.as_ref())?;
        anyhow::Ok((model, known, index, missing))
    };
    let (model, known, index, missing) = tokio::task::spawn_blocking(replay).await??;
    // A database that lacks entries was refused, or reported, when it was opened.
    reports.extend(missing.filter(|_| in_folder));
    reports.extend(clock_behind(known.received_at, clock.now()));
    let model = Arc::new(RwLock::new(model));
    let (moved, _) = broadcast::channel(MOVED_BEHIND_MAX);
    let desk = Desk {
        model: Arc::clone(&model),
        engine: Arc::clone(&engine),
        clock,
        moved: moved.clone(),
        follower: Box::new(index),
        leadership: Arc::clone(&leadership),
    };
    let door = Door::open(desk, known).context("the ledger's thread cannot be started")?;
    let told = door.clone();
    engine.follow(Arc::new(move |_head| told.look()));
    if known.head == Head::EMPTY {
        let ledger_id = secrets::random_hex::<16>()?;
        door.state(Fact::LedgerOpened(LedgerOpened { ledger_id })).await?;
    }
    for report in reports {
        door.state(Fact::FaultReported(report)).await?;
    }
    Ok(Book { model, engine, store, shared, leadership, door, moved })
}

struct Opened {
    engine: Arc<dyn Engine>,
    store: Arc<Store>,
    shared: Arc<dyn Shared>,
    leadership: Arc<dyn Leadership>,
    reports: Vec<FaultReported>,
}

fn open_engine(data: &Path, place: &Place) -> anyhow::Result<Opened> {
    std::fs::create_dir_all(data).with_context(|| format!("create {}", data.display()))?;
    private_folder(data)?;
    let (store, broken) = Store::open(&data.join("store"))?;
    let store = Arc::new(store);
    let shelf = Arc::new(SnapshotFiles::new(&data.join("snapshots")));
    let mut reports: Vec<FaultReported> = broken.map(|broken| broken.fault_reported()).into_iter().collect();
    match place {
        Place::Folder => {
            let (engine, report) = Segments::open(&data.join("ledger"), shelf)?;
            reports.extend(report.torn.iter().map(torn_reported));
            let shared = Arc::<Store>::clone(&store);
            Ok(Opened { engine: Arc::new(engine), store, shared, leadership: Arc::new(Alone), reports })
        }
        Place::Database { address, restored } => {
            let indexed = store.by_subject().indexed_to()?;
            let known = if *restored { Head::EMPTY } else { indexed };
            let engine = Arc::new(Postgres::open(address, known, shelf)?);
            if *restored && !engine.holds(indexed)? {
                reports.push(restored_reported(indexed, engine.head()));
            }
            let shared = Arc::new(InDatabase::open(&engine, &store)?);
            let leadership = Arc::<Postgres>::clone(&engine);
            Ok(Opened { engine, store, shared, leadership, reports })
        }
    }
}

fn restored_reported(known: Head, found: Head) -> FaultReported {
    let (known_seq, found_seq) = (known.seq, found.seq);
    FaultReported {
        what: Text::new(
            format!("復元されたデータベースには、このサーバーが知っていた記録 {known_seq} がありません。"),
            format!("The restored database lacks entry {known_seq}, which this server knew."),
        ),
        done: Text::new(
            format!(
                "管理者の指示（--ledger-restored）により、記録 {found_seq} から続けます。失われた報告はエージェントに再送を求めます。"
            ),
            format!(
                "As told by an administrator (--ledger-restored), the ledger goes on behind entry {found_seq}. Agents are asked again for what was lost."
            ),
        ),
    }
}

fn clock_behind(received_at: UtcMicros, now: UtcMicros) -> Option<FaultReported> {
    let seconds = received_at.seconds_since(now);
    if seconds <= CLOCK_BEHIND_SECONDS_MAX {
        return None;
    }
    tracing::error!(seconds, "the clock is behind the ledger's last entry: one of the two was wrong");
    Some(FaultReported {
        what: Text::new(
            format!("サーバーの時計が台帳の最後の記録より {seconds} 秒遅れています。どちらかの時刻が誤っています。"),
            format!("The server's clock is {seconds} seconds behind the ledger's last entry: one of the two is wrong."),
        ),
        done: Text::new(
            "記録は失われません。時計が追いつくまで、新しい記録は最後の記録と同じ時刻になります。サーバーの時刻同期（NTP）を確かめてください。",
            "Nothing is lost. Until the clock has caught up, new entries carry the time of the last one. See to the server's \
             time synchronisation (NTP).",
        ),
    })
}

/// What is done when entries are missing at the end, and what people should do.
pub fn entries_missing() -> Text {
    Text::new(
        "エージェントには全件の報告を求め、手元に残っているものは改めて登録されます。その控え以降に人が登録したもの（失効、計画、供給者など）は失われています。より新しい控えや書き出しと照らし合わせ、登録し直してください。",
        "Agents are asked for full reports, and what they still hold comes in again. What people stated after that copy \
         (revocations, plans, suppliers) is missing: compare with a later copy or export, and state it again.",
    )
}

fn index_saw_more(indexed: Head, head: Head) -> FaultReported {
    let (seen, seq) = (indexed.seq, head.seq);
    FaultReported {
        what: Text::new(
            format!(
                "索引は記録 {seen} まで見ていましたが、台帳は記録 {seq} で終わり、その記録と一致しません。古い控えから戻したか、末尾の記録が失われています。"
            ),
            format!(
                "The index beside the ledger had seen entry {seen}, and the ledger, which ends with entry {seq}, does not hold it. \
                 The ledger was restored from an older copy, or its end was lost."
            ),
        ),
        done: entries_missing(),
    }
}

fn torn_reported(torn: &TornTail) -> FaultReported {
    // The name alone: where a server keeps its data is nobody's business who reads the ledger.
    let aside = torn.kept_in.file_name().unwrap_or_default().to_string_lossy();
    let bytes = torn.bytes;
    FaultReported {
        what: Text::new("台帳の末尾に書きかけの部分がありました。", "The ledger ended in an unfinished write."),
        done: Text::new(
            format!(
                "書きかけの部分（{bytes} バイト）を {aside} に退避しました。受理を返した記録は含まれないはずです。停電や強制終了の心当たりがなければ、ディスクを調べてください。"
            ),
            format!(
                "The unfinished part ({bytes} bytes) was moved to {aside}. Nothing that was acknowledged should be in it. If there \
                 was no power failure and nothing was killed, look at the disk."
            ),
        ),
    }
}

#[cfg(unix)]
fn private_folder(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
        .with_context(|| format!("make {} private", folder.display()))
}

#[cfg(not(unix))]
fn private_folder(_folder: &Path) -> anyhow::Result<()> {
    Ok(())
}

/// The model at the engine's head, and how far that is: from the newest good snapshot and the tail.
pub fn rebuild(engine: &dyn Engine) -> anyhow::Result<(Model, Known)> {
    let snapshot = match engine.get_snapshot() {
        Ok(snapshot) => snapshot,
        Err(fault) => {
            tracing::warn!(%fault, "the snapshot cannot be read; replaying from the first entry");
            None
        }
    };
    let started = snapshot.and_then(|snapshot| usable(engine, snapshot));
    let (model, head) = started.unwrap_or_else(|| (Model::default(), Head::EMPTY));
    replay(engine, model, head)
}

fn usable(engine: &dyn Engine, mut snapshot: Snapshot) -> Option<(Model, Head)> {
    if snapshot.fold_version != FOLD_VERSION || snapshot.head.seq == 0 {
        return None;
    }
    // A snapshot of another ledger, or of one that was cut, is worth nothing: its head must be an entry of this one.
    if !engine.holds(snapshot.head).ok()? {
        return None;
    }
    let mut bytes = BufReader::with_capacity(64 * 1024, snapshot.bytes.as_mut());
    let read = Model::read_snapshot(&mut bytes).map_err(anyhow::Error::from).and_then(|model| {
        // Only who has read to the end knows that everything was there.
        if bytes.read(&mut [0])? > 0 {
            bail!("something stands behind the model's state");
        }
        Ok(model)
    });
    match read {
        Ok(model) => Some((model, snapshot.head)),
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "the snapshot is damaged; folding from the first entry");
            None
        }
    }
}

/// Folds every entry behind `head` into the model, checking hashes and chain.
pub fn replay(engine: &dyn Engine, model: Model, head: Head) -> anyhow::Result<(Model, Known)> {
    let said = engine.head();
    let last_received_at = received_at(engine, head.seq)?;
    let mut folded = Folded { model, head, last_received_at };
    folded.go_on(engine, u64::MAX, &mut |_| ())?;
    // Others may have appended meanwhile; what is behind the fold is followed later.
    if folded.head.seq < said.seq {
        bail!("the ledger ends at entry {} and its engine says {}", folded.head.seq, said.seq);
    }
    Ok((folded.model, Known { head: folded.head, received_at: folded.last_received_at }))
}

/// The model after the first entries up to and including `last_seq`, and the head there.
pub fn fold_to(engine: &dyn Engine, last_seq: u64) -> anyhow::Result<(Model, Head)> {
    fold_from(engine, (Model::default(), Head::EMPTY), last_seq, &mut |_| ())
}

/// Goes on from a state up to and including `last_seq`. `progress` hears the last entry of each group that was folded.
pub fn fold_from(
    engine: &dyn Engine,
    (model, head): (Model, Head),
    last_seq: u64,
    progress: &mut dyn FnMut(u64),
) -> anyhow::Result<(Model, Head)> {
    let mut folded = Folded { model, head, last_received_at: UtcMicros::from_micros(0)? };
    folded.go_on(engine, last_seq, progress)?;
    Ok((folded.model, folded.head))
}

/// The kept state to go on from to reach `last_seq`: the snapshot, where it is not beyond, or the state before the first entry.
pub fn nearest(engine: &dyn Engine, last_seq: u64) -> (Model, Head) {
    let snapshot = engine.get_snapshot().ok().flatten().filter(|snapshot| snapshot.head.seq <= last_seq);
    snapshot.and_then(|snapshot| usable(engine, snapshot)).unwrap_or_else(|| (Model::default(), Head::EMPTY))
}

/// A model that is being folded.
struct Folded {
    model: Model,
    head: Head,
    last_received_at: UtcMicros,
}

impl Folded {
    fn go_on(&mut self, engine: &dyn Engine, last_seq: u64, progress: &mut dyn FnMut(u64)) -> anyhow::Result<()> {
        while self.head.seq < last_seq {
            let frames = engine.read(self.head.seq + 1, REPLAY_ENTRIES, REPLAY_BYTES)?;
            if frames.is_empty() {
                break;
            }
            for frame in frames.iter().take_while(|frame| frame.seq <= last_seq) {
                self.take(frame)?;
            }
            progress(self.head.seq);
        }
        Ok(())
    }

    fn take(&mut self, frame: &Frame) -> anyhow::Result<()> {
        let entry = Entry::parse(&frame.line).with_context(|| format!("entry {}", frame.seq))?;
        self.head = chain::follow(self.head, &entry)?;
        let fact = entry.parse_fact().with_context(|| {
            format!("entry {} was written by a later release of Daicho; use that release", entry.seq)
        })?;
        let event = Event { seq: entry.seq, received_at: entry.received_at, author: &entry.author, fact: &fact };
        self.model.apply(&event);
        self.last_received_at = entry.received_at;
        Ok(())
    }
}

fn received_at(engine: &dyn Engine, seq: u64) -> anyhow::Result<UtcMicros> {
    if seq == 0 {
        return Ok(UtcMicros::from_micros(0)?);
    }
    let frames = engine.read(seq, 1, 1)?;
    let frame = frames.first().with_context(|| format!("entry {seq} is missing"))?;
    Ok(Entry::parse(&frame.line)?.received_at)
}

/// Keeps the index of entries by subject.
struct Index {
    store: Arc<Store>,
}

impl Index {
    /// Feeds the entries that the index has not seen: after a crash, or all of them after it was lost. An index that saw
    /// what is not in the ledger is a witness: entries reach the disk before they reach the index.
    fn catch_up(&mut self, engine: &dyn Engine) -> anyhow::Result<Option<FaultReported>> {
        let mut missing = None;
        let mut indexed = self.store.by_subject().indexed_to()?;
        if !engine.holds(indexed)? {
            // It belongs to another ledger, or to one that was longer.
            missing = Some(index_saw_more(indexed, engine.head()));
            self.store.by_subject().clear()?;
            indexed = Head::EMPTY;
        }
        loop {
            let frames = engine.read(indexed.seq + 1, REPLAY_ENTRIES, REPLAY_BYTES)?;
            let Some(last) = frames.last() else { return Ok(missing) };
            indexed = Head { seq: last.seq, hash: last.hash };
            let entries = frames.iter().map(|frame| Entry::parse(&frame.line)).collect::<Result<Vec<_>, _>>()?;
            self.feed(&entries)?;
        }
    }

    fn feed(&self, entries: &[Entry]) -> Result<(), StoreFault> {
        let Some(last) = entries.last() else { return Ok(()) };
        let mut rows = Vec::new();
        for entry in entries {
            let Ok(fact) = entry.parse_fact() else { continue };
            let event = Event { seq: entry.seq, received_at: entry.received_at, author: &entry.author, fact: &fact };
            rows.extend(Model::subjects_of(&event).into_iter().map(|subject| (subject, entry.seq)));
        }
        self.store.by_subject().add(rows.iter().map(|(subject, seq)| (subject.as_str(), *seq)), last.head())
    }
}

impl Follower for Index {
    fn follow(&mut self, entries: &[Entry], _model: &Model) {
        if let Err(error) = self.feed(entries) {
            tracing::warn!(%error, "the index is behind; it catches up at the next start");
        }
    }
}
