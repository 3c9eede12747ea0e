//! Finds rpm's database in a folder and walks its packages, whatever its format: SQLite, NDB, Berkeley DB.
//! It does not know what stands in a package's header.
//! Invariant: a database is opened read-only and immutable, so that neither it nor its journal is ever changed.

use super::journal::{self, JournalError};
use super::{FOLDERS, Rows, bdb, ndb, read_package};
use crate::access::{AccessError, Host};
use crate::collect::Gather;
use crate::collect::sqlite::{self, has_plain_tables};
use daicho_schemas::limits::REPORT_ITEMS_MAX;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// One package's header; the largest real ones (kernels, firmware) have about 2 MB.
const HEADER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Names in one of the folders.
const NAMES_MAX: usize = 1000;
/// Files that are a database, the newest format first: a folder that was converted may still hold the older ones.
pub(in crate::collect) const FILES: &[&str] = &["rpmdb.sqlite", "Packages.db", "Packages"];

/// Why a database was not read to its end.
#[derive(Debug, thiserror::Error)]
pub(in crate::collect) enum DatabaseError {
    /// It begins otherwise.
    #[error("the file is not a database of the format that its name says")]
    OtherFormat,
    /// The format has changed.
    #[error("the database has a version or an option that is not read here")]
    OtherVersion,
    /// Cut off.
    #[error("the database is cut short")]
    Short,
    /// Its parts contradict each other.
    #[error("the database makes no sense: places in it overlap or lead outside")]
    Malformed,
    /// It could not be opened.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Reading failed.
    #[error("the database could not be read to its end")]
    Read(#[from] std::io::Error),
    /// SQLite says no.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The database with its log could not be put together.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// What a folder holds, the most telling last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Found {
    Nothing,
    Unread(TroubleKind, String, String),
    Database,
}

/// Reads the packages of the database in a folder, if there is one that was not seen yet.
pub(super) fn look_into(
    gather: &mut Gather,
    host: &dyn Host,
    folder: &str,
    seen: &mut BTreeSet<PathBuf>,
    rows: &mut Rows,
) -> Found {
    let unread = |error: &AccessError| {
        let Trouble { kind, place, text } = error.to_trouble();
        Found::Unread(kind, place, text)
    };
    let names = match host.list(folder, NAMES_MAX) {
        Ok(listing) => listing.names,
        Err(error) if error.is_missing() => return Found::Nothing,
        Err(error) => return unread(&error),
    };
    let mut databases = FILES.iter().filter(|file| names.iter().any(|name| name == *file));
    let Some(file) = databases.next() else {
        // Lock and marker files alone are left by rpm as a tool on other distributions.
        if names.iter().all(|name| name.starts_with('.')) {
            return Found::Nothing;
        }
        let text = "rpm's folder is there and its database is not";
        return Found::Unread(TroubleKind::Missing, folder.to_owned(), text.to_owned());
    };
    let place = format!("{folder}/{file}");
    match host.real_path(&place) {
        Ok(ours) if !seen.insert(ours.clone()) => return Found::Database,
        Ok(_) => {}
        Err(error) => return unread(&error),
    }
    for other in databases {
        let text = format!("an older database stands beside {file} and was not read");
        gather.remark(Trouble::new(TroubleKind::NotObservable, format!("{folder}/{other}"), text));
    }
    gather.source(place.as_str());
    let read = each_package(host, &place, |number, blob| {
        let place = format!("{place}: package {number}");
        match blob {
            Some(blob) => read_package(gather, rows, &place, blob),
            None => {
                let text = "the header makes no sense or is too large; the package was left out";
                gather.miss(Trouble::new(TroubleKind::Malformed, place, text));
            }
        }
    });
    if let Err(error) = read {
        let text = format!("the package database cannot be read: {error}");
        gather.miss(Trouble::new(TroubleKind::Unreadable, place, text));
    }
    Found::Database
}

/// The databases of a host that can be found, each once: the older folder is often a link to the newer one.
pub(super) fn files(host: &dyn Host) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let place = |folder: &&'static str| {
        let names = host.list(folder, NAMES_MAX).ok()?.names;
        let file = FILES.iter().find(|file| names.iter().any(|name| name == *file))?;
        let place = format!("{folder}/{file}");
        // One that cannot be followed is still there, and says so when it is opened.
        let real = host.real_path(&place).unwrap_or_else(|_| PathBuf::from(&place));
        seen.insert(real).then_some(place)
    };
    FOLDERS.iter().filter_map(place).collect()
}

/// Calls `each` with the number and the header of every package of a database; with no header where it makes no sense or is
/// over the limit. What was read before an error counts.
pub(in crate::collect) fn each_package(
    host: &dyn Host,
    place: &str,
    mut each: impl FnMut(i64, Option<&[u8]>),
) -> Result<(), DatabaseError> {
    if place.ends_with("/Packages.db") {
        ndb::each_header(host.open_anywhere(place)?, HEADER_BYTES_MAX, &mut each)
    } else if place.ends_with("/Packages") {
        bdb::each_header(host.open_anywhere(place)?, HEADER_BYTES_MAX, &mut each)
    } else {
        let exists = |log: &str| host.read(log, 1).is_ok_and(|reading| !reading.bytes.is_empty());
        let (log, journal) = (format!("{place}-wal"), format!("{place}-journal"));
        let database = match exists(&log) {
            true => journal::with_log(host, place, &log)?,
            false => sqlite::open(&host.real_path(place)?)?,
        };
        each_row(&database, each)?;
        // What is not committed yet stands in the database itself, and the way back in this file.
        if exists(&journal) { Err(DatabaseError::Journal(JournalError::Changing)) } else { Ok(()) }
    }
}

fn each_row(database: &Connection, mut each: impl FnMut(i64, Option<&[u8]>)) -> Result<(), DatabaseError> {
    if !has_plain_tables(database, &["Packages"])? {
        return Err(DatabaseError::Malformed);
    }
    let rows =
        "SELECT hnum, length(blob), CASE WHEN length(blob) <= ?1 THEN blob END FROM Packages ORDER BY hnum LIMIT ?2";
    let mut rows = database.prepare(rows)?;
    let limit = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let mut rows = rows.query((limit(HEADER_BYTES_MAX), limit(REPORT_ITEMS_MAX).saturating_add(1)))?;
    while let Some(row) = rows.next()? {
        each(row.get_ref(0)?.as_i64().unwrap_or_default(), row.get_ref(2)?.as_blob().ok());
    }
    Ok(())
}
