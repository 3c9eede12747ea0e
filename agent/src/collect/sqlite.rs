//! A database of another program, opened to read a table and nothing else.
//! It does not know what stands in it.
//! Invariant: no lock is taken, no journal written, and only a plain table is read: a view of that name might never end.

use rusqlite::{Connection, Error, OpenFlags};
use std::path::Path;

/// Opens the file when it has a plain table of this name.
pub(super) fn open_table(ours: &Path, table: &str) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(immutable_uri(ours), flags)?;
    database.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;")?;
    let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1 AND sql NOT LIKE '%GENERATED%' AND sql NOT LIKE '% AS (%'";
    match database.query_row(tables, [table], |row| row.get::<_, i64>(0))? {
        1 => Ok(database),
        _ => Err(Error::InvalidQuery),
    }
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
