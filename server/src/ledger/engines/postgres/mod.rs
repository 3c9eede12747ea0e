//! The engine for several equal servers on one PostgreSQL database. In reading order: where it is, what can go wrong, the
//! tables, sessions, rows, appending, following, looking.
//! It does not know a kind of fact. Invariant: an append is acknowledged after its commit was confirmed, every instance sees
//! the same order, and a database that lacks what this instance knows is not written to (docs/decisions/0007-postgresql-engine.md).

mod address;

mod fault;

mod schema;

mod session;

mod rows;

mod append;

mod follow;

mod looking;

pub use address::Address;
pub use fault::DatabaseFault;
pub use looking::Looking;
pub use session::{Database, Link};

pub(crate) use rows::column;

use super::misnumbered;
use crate::ledger::chain::Head;
use crate::ledger::engine::{Appended, Engine, EngineFault, Frame, Leadership, NewSnapshot, Snapshot, SnapshotShelf};
use append::Group;
use daicho_schemas::text::Text;
use follow::Following;
use session::Purpose;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use tokio_postgres::types::Type;

/// The newest migration of this release.
pub const SCHEMA: i32 = 3;

/// A ledger in PostgreSQL. Any number of these may work on one database, in any number of processes.
pub struct Postgres {
    database: Arc<Database>,
    writer: Arc<Link>,
    reader: Arc<Link>,
    shelf: Arc<dyn SnapshotShelf>,
    following: Arc<Following>,
    poisoned: AtomicBool,
}

impl Postgres {
    /// Opens the ledger in a database, or begins one there. `known` is an entry that must be in it: one that this instance
    /// knew when it ran last.
    pub fn open(address: &Address, known: Head, shelf: Arc<dyn SnapshotShelf>) -> Result<Self, DatabaseFault> {
        let database = Database::new(address.clone(), Purpose::Serving)?;
        database.learn(known);
        let (writer, reader) = (Link::new(&database), Link::new(&database));
        let (preparing, first) = (Arc::clone(&database), Arc::clone(&writer));
        database.wait(async move {
            schema::prepare(&preparing).await?;
            first.live().await?;
            first.ask("SELECT make_partitions()", &[]).await.map(drop)
        })?;
        let following = Arc::new(Following::default());
        database.spawn(follow::follow(Link::new(&database), Arc::downgrade(&following)));
        let poisoned = AtomicBool::new(false);
        Ok(Self { database, writer, reader, shelf, following, poisoned })
    }

    /// The database, for what instances share beside the ledger.
    pub fn database(&self) -> &Arc<Database> {
        &self.database
    }

    /// One more session with this database.
    pub fn link(&self) -> Arc<Link> {
        Link::new(&self.database)
    }

    fn stop(&self, what: String) -> EngineFault {
        self.poisoned.store(true, Ordering::SeqCst);
        let source = io::Error::new(io::ErrorKind::InvalidInput, what);
        EngineFault::Stop { doing: "appending to", path: PathBuf::from("PostgreSQL"), source }
    }

    /// The head as it is in the database now.
    fn head_there(&self) -> Result<Head, EngineFault> {
        let group = Group::new(self.database.known(), &[])?;
        match self.append_group(group)? {
            Appended::Done(head) | Appended::Moved(head) => Ok(head),
        }
    }

    fn append_group(&self, group: Group) -> Result<Appended, EngineFault> {
        let writer = Arc::clone(&self.writer);
        let appended = self.database.wait(async move { Ok(append::append(writer, group).await) })?;
        if let Ok(Appended::Moved(head)) = &appended {
            self.database.learn(*head);
        }
        appended
    }
}

impl Engine for Postgres {
    fn append(&self, expected: Head, frames: &[Frame]) -> Result<Appended, EngineFault> {
        if self.poisoned.load(Ordering::SeqCst) {
            return Err(EngineFault::Poisoned);
        }
        if let Some(what) = misnumbered(expected, frames) {
            let head = self.head_there()?;
            return if head == expected { Err(self.stop(what)) } else { Ok(Appended::Moved(head)) };
        }
        self.append_group(Group::new(expected, frames)?)
    }

    fn read(&self, from_seq: u64, frames_max: usize, bytes_max: usize) -> Result<Vec<Frame>, EngineFault> {
        Ok(read(&self.reader, from_seq, frames_max, bytes_max)?)
    }

    fn head(&self) -> Head {
        self.database.known()
    }

    fn put_snapshot(&self, snapshot: &NewSnapshot<'_>) -> Result<(), EngineFault> {
        self.shelf.put(snapshot)
    }

    fn get_snapshot(&self) -> Result<Option<Snapshot>, EngineFault> {
        super::fitting(self, self.shelf.get()?)
    }

    fn follow(&self, tell: Arc<dyn Fn(Head) + Send + Sync>) {
        *self.following.tell.lock().unwrap_or_else(PoisonError::into_inner) = Some(tell);
        // What moved before anybody listened is told now.
        self.database.moved.notify_one();
    }

    fn trouble(&self) -> Option<Text> {
        let stopped = self.database.stopped().map(DatabaseFault::text);
        stopped.or_else(|| self.following.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Leadership for Postgres {
    fn leads(&self) -> bool {
        self.following.leads.load(Ordering::SeqCst)
    }
}

/// Frames from a number on, over the months that they lie in.
fn read(reader: &Arc<Link>, from_seq: u64, frames_max: usize, bytes_max: usize) -> Result<Vec<Frame>, DatabaseFault> {
    let mut frames: Vec<Frame> = Vec::new();
    let (mut next, mut bytes) = (from_seq.max(1), 0_usize);
    while frames.len() < frames_max && i64::try_from(next).is_ok() {
        let room = bytes_max.saturating_sub(bytes);
        let more = match read_month(reader, next, frames_max - frames.len(), room) {
            // What stands before the bad place is good; the next read begins there and says so.
            Err(_) if !frames.is_empty() => break,
            more => more?,
        };
        let (count, first) = (more.len(), more.first().map_or(0, |frame| frame.line.len()));
        // The first one of a month is given however long it is; only the first of all may be too long.
        if count == 0 || (!frames.is_empty() && first > room) {
            break;
        }
        bytes = more.iter().fold(bytes, |bytes, frame| bytes.saturating_add(frame.line.len()));
        next = next.saturating_add(count as u64);
        frames.extend(more);
        if next > reader.database().known().seq {
            break;
        }
    }
    Ok(frames)
}

fn read_month(
    reader: &Arc<Link>,
    from_seq: u64,
    frames_max: usize,
    bytes_max: usize,
) -> Result<Vec<Frame>, DatabaseFault> {
    let from = rows::number(from_seq)?;
    let count = i64::try_from(frames_max).unwrap_or(i64::MAX);
    let bytes = i64::try_from(bytes_max).unwrap_or(i64::MAX);
    let (link, database) = (Arc::clone(reader), reader.database());
    let known = database.known();
    let asked = database.wait(async move {
        link.ask(rows::FRAMES, &[(&from, Type::INT8), (&count, Type::INT8), (&bytes, Type::INT8)]).await
    });
    let rows = match asked {
        // One damaged row fails the whole statement: asked for one by one, the good ones before it are given.
        Err(DatabaseFault::Damaged { .. }) if frames_max > 1 => {
            return read_month(reader, from_seq, 1, bytes_max);
        }
        Err(DatabaseFault::Damaged { what, .. }) => return Err(DatabaseFault::Damaged { seq: from_seq, what }),
        asked => asked?,
    };
    let mut frames = Vec::with_capacity(rows.len());
    for (seq, row) in (from_seq..).zip(&rows) {
        match rows::frame(row, seq) {
            Ok(frame) => frames.push(frame),
            Err(_) if !frames.is_empty() => break,
            Err(fault) => return Err(fault),
        }
    }
    if frames.is_empty() && from_seq <= known.seq {
        return Err(DatabaseFault::Damaged { seq: from_seq, what: "it is not there".into() });
    }
    Ok(frames)
}
