//! A database of another program, opened to read tables and nothing else.
//! It does not know what stands in them.
//! Invariant: no lock is taken, no journal written, and only plain tables are read: a view of that name might never end.

use rusqlite::{Connection, Error, OpenFlags};
use std::path::Path;

/// Opens a file that is not written while it is read.
pub(super) fn open(ours: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(immutable_uri(ours), flags)
}

/// [`open`], when all of these are plain tables in it.
pub(super) fn open_tables(ours: &Path, tables: &[&str]) -> Result<Connection, Error> {
    let database = open(ours)?;
    if has_plain_tables(&database, tables)? { Ok(database) } else { Err(Error::InvalidQuery) }
}

/// Makes a strange database safe to ask, and says whether all of these are plain tables in it.
pub(super) fn has_plain_tables(database: &Connection, tables: &[&str]) -> Result<bool, Error> {
    database.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;")?;
    let question = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1 AND sql NOT LIKE '%GENERATED%' AND sql NOT LIKE '% AS (%'";
    for table in tables {
        if database.query_row(question, [table], |row| row.get::<_, i64>(0))? != 1 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// SQLite's own words for: this file does not change, take no lock, write no journal (sqlite.org/uri.html).
fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri + "?immutable=1&mode=ro"
}
