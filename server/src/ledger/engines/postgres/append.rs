//! Appending: one statement that compares the head, writes and commits; and what to do when nobody said how that ended.
//! It does not know what lines say. Invariant: `Done` is answered only for a commit that the database has confirmed, in words
//! or by showing the entries to a later session; `Moved` only when they cannot enter any more.

use super::fault::{DatabaseFault, is_taken_back, words};
use super::session::{Broken, Database, Link, Live};
use super::{SCHEMA, rows};
use crate::ledger::chain::Head;
use crate::ledger::engine::{Appended, EngineFault, Frame};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

/// How long an append looks for what became of its commit, before the caller is told that this is not known.
const UNSURE_MAX: Duration = Duration::from_secs(15);
/// Pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often an append that wrote nothing is tried again because a session took a term or a month began.
const AGAIN_MAX: usize = 100;

const APPEND: &str = "SELECT outcome, seq, hash, term FROM append($1, $2, $3, $4, $5, $6, $7)";
const APPEND_TYPES: [Type; 7] =
    [Type::INT4, Type::INT8, Type::BYTEA, Type::INT8, Type::BYTEA_ARRAY, Type::INT4_ARRAY, Type::BYTEA_ARRAY];

/// Frames as the statement takes them.
pub(super) struct Group {
    expected: Head,
    last: Head,
    expected_seq: i64,
    expected_hash: Vec<u8>,
    hashes: Vec<Vec<u8>>,
    lines_bytes: Vec<i32>,
    lines: Vec<Vec<u8>>,
}

impl Group {
    /// Packs frames that follow each other behind `expected`.
    pub(super) fn new(expected: Head, frames: &[Frame]) -> Result<Self, DatabaseFault> {
        let unfit = |seq, what: String| DatabaseFault::Damaged { seq, what };
        let mut group = Self {
            expected,
            last: frames.last().map_or(expected, |frame| Head { seq: frame.seq, hash: frame.hash }),
            expected_seq: rows::number(expected.seq)?,
            expected_hash: expected.hash.0.to_vec(),
            hashes: Vec::with_capacity(frames.len()),
            lines_bytes: Vec::with_capacity(frames.len()),
            lines: Vec::with_capacity(frames.len()),
        };
        for frame in frames {
            let bytes = i32::try_from(frame.line.len()).map_err(|error| unfit(frame.seq, error.to_string()))?;
            group.hashes.push(frame.hash.0.to_vec());
            group.lines_bytes.push(bytes);
            group.lines.push(rows::packed(&frame.line).map_err(|error| unfit(frame.seq, error.to_string()))?);
        }
        Ok(group)
    }
}

/// How one attempt ended.
enum Attempt {
    Done,
    Moved(Head),
    /// Another session has taken a term meanwhile; nothing was written.
    Fenced,
    /// There is no partition for this month; nothing was written.
    NoPartition,
    /// A newer release has taken over; nothing was written.
    Outdated,
    /// The database refused it and took it back.
    Refused(DatabaseFault),
    /// Nobody said how it ended.
    Unknown(DatabaseFault),
}

/// Appends a group, and finds out how that ended as far as that can be found out in time.
pub(super) async fn append(writer: Arc<Link>, group: Group) -> Result<Appended, EngineFault> {
    let database = &writer.database;
    let mut unsure_since: Option<Instant> = None;
    let mut again = 0;
    loop {
        let attempt = match writer.live().await {
            Ok(live) if unsure_since.is_some() => match decide(database, &live, &group).await {
                Ok(Some(appended)) => return Ok(appended),
                // Older sessions are fenced off and it is not there: it is certain that it was not written.
                Ok(None) => {
                    unsure_since = None;
                    continue;
                }
                Err(fault) => Attempt::Unknown(fault),
            },
            Ok(live) => {
                let attempt = attempt(database, &live, &group).await;
                if matches!(attempt, Attempt::Unknown(_) | Attempt::Refused(_)) {
                    writer.give_up(&live).await;
                }
                attempt
            }
            Err(fault @ (DatabaseFault::Away { .. } | DatabaseFault::Full { .. })) if unsure_since.is_some() => {
                Attempt::Unknown(fault)
            }
            Err(fault) => return Err(fault.into()),
        };
        match attempt {
            Attempt::Done => {
                database.learn(group.last);
                return Ok(Appended::Done(group.last));
            }
            Attempt::Moved(head) => return Ok(Appended::Moved(head)),
            Attempt::Fenced | Attempt::NoPartition if again > AGAIN_MAX => {
                return Err(database.away("other sessions take the ledger, or its months, all the time").into());
            }
            Attempt::Fenced => again += 1,
            Attempt::NoPartition => {
                again += 1;
                writer.ask("SELECT make_partitions()", &[]).await?;
            }
            Attempt::Outdated => {
                let place = database.address.to_string();
                let fault = DatabaseFault::NewerRelease { place, needed: SCHEMA + 1, ours: SCHEMA };
                database.stop(&fault);
                return Err(fault.into());
            }
            Attempt::Refused(fault) => return Err(fault.into()),
            Attempt::Unknown(fault) => {
                let since = *unsure_since.get_or_insert_with(Instant::now);
                if since.elapsed() > UNSURE_MAX {
                    return Err(EngineFault::Away { what: fault.to_string(), unsure: true });
                }
                tracing::warn!(%fault, "nobody said whether an append was committed; looking");
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }
}

async fn attempt(database: &Database, live: &Live, group: &Group) -> Attempt {
    let term = live.term.load(Ordering::SeqCst);
    let Group { expected_seq, expected_hash, hashes, lines_bytes, lines, .. } = group;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&SCHEMA, expected_seq, expected_hash, &term, hashes, lines_bytes, lines];
    let values: Vec<_> = values.into_iter().zip(APPEND_TYPES).collect();
    let answer = match live.rows(APPEND, &values).await {
        Ok(rows) => rows.first().map_or_else(|| Err(rows::no_head()), read_answer),
        Err(Broken::Said(error)) if is_taken_back(&error) => return refused(database, &error),
        Err(broken) => return Attempt::Unknown(broken.fault(database)),
    };
    match answer {
        Ok((outcome, head, term)) => match outcome.as_str() {
            "done" if live.is_doubted() => Attempt::Unknown(database.away("it warned while it committed")),
            "done" => Attempt::Done,
            "moved" => Attempt::Moved(head),
            "fenced" => {
                live.term.store(term, Ordering::SeqCst);
                Attempt::Fenced
            }
            _ => Attempt::Outdated,
        },
        Err(fault) => Attempt::Unknown(fault),
    }
}

fn read_answer(row: &tokio_postgres::Row) -> Result<(String, Head, i64), DatabaseFault> {
    let head = rows::head(row, 1)?.ok_or_else(rows::no_head)?;
    Ok((rows::column(row, 0)?, head, rows::column(row, 3)?))
}

fn refused(database: &Database, error: &tokio_postgres::Error) -> Attempt {
    match error.code() {
        Some(code) if *code == SqlState::CHECK_VIOLATION => Attempt::NoPartition,
        Some(code) if *code == SqlState::DISK_FULL => {
            Attempt::Refused(DatabaseFault::Full { place: database.address.to_string() })
        }
        _ => Attempt::Refused(database.away(words(error))),
    }
}

/// What became of a group whose commit nobody reported, seen by a session with a newer term: `None` when it was not written
/// and the head is still the expected one.
///
/// Taking the term waited for the lock on the head, so a commit that was under way has ended, and its own commit came back
/// only after everything before it was as durable as the database promises.
async fn decide(database: &Database, live: &Live, group: &Group) -> Result<Option<Appended>, DatabaseFault> {
    let seq = rows::number(group.last.seq)?;
    let rows = live.rows(rows::HEAD, &[(&seq, Type::INT8)]).await.map_err(|broken| broken.fault(database))?;
    let row = rows.first().ok_or_else(rows::no_head)?;
    let head = rows::head_of(row)?;
    let there: Option<Vec<u8>> = rows::column(row, 4)?;
    if there.as_deref() == Some(group.last.hash.0.as_slice()) {
        database.learn(group.last);
        Ok(Some(Appended::Done(group.last)))
    } else if head == group.expected {
        Ok(None)
    } else {
        Ok(Some(Appended::Moved(head)))
    }
}
