//! Installed packages of the RPM family, from `rpmdb.sqlite`.
//! It does not run rpm and does not read the older databases (Berkeley DB, NDB): it names them and says so.
//! Invariant: the database is opened read-only and immutable, so that neither it nor its journal is ever changed.

pub(super) mod header;

use super::{Collected, Collector, Gather};
use crate::access::Host;
use daicho_schemas::fact::observation::{Ecosystem, Observation, Package, PackageState, Provenance};
use daicho_schemas::limits::REPORT_ITEMS_MAX;
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use header::Header;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeSet;
use std::path::Path;

/// Where the database may be: the newer place first; the older one is often a link to it.
pub(super) const FOLDERS: &[&str] = &["/usr/lib/sysimage/rpm", "/var/lib/rpm"];
/// One package's header; the largest real ones (kernels, firmware) have about 2 MB.
const HEADER_BYTES_MAX: i64 = 32 * 1024 * 1024;
/// Names in one of the folders.
const NAMES_MAX: usize = 1000;

/// Collects packages known to rpm.
pub(crate) struct RpmCollector;

impl Collector for RpmCollector {
    fn id(&self) -> &'static str {
        "rpm"
    }

    fn about(&self) -> Text {
        Text::new("rpm が管理するパッケージ（RHEL・SUSE 系）", "packages that rpm knows (RHEL and SUSE families)")
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            "/usr/lib/sysimage/rpm",
            "/usr/lib/sysimage/rpm/rpmdb.sqlite",
            "/usr/lib/sysimage/rpm/rpmdb.sqlite-wal",
            "/var/lib/rpm",
            "/var/lib/rpm/rpmdb.sqlite",
            "/var/lib/rpm/rpmdb.sqlite-wal",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &["/usr/lib/sysimage/rpm", "/var/lib/rpm"]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let mut seen = BTreeSet::new();
        let mut found = Found::Nothing;
        for folder in FOLDERS {
            found = found.max(look_into(&mut gather, host, folder, &mut seen));
        }
        match found {
            Found::Database => gather.finish_failed_when_empty(),
            Found::Nothing => gather.finish_not_applicable(),
            Found::Unread(kind, place, text) => gather.finish_failed(Trouble::new(kind, place, text)),
        }
    }
}

/// What a folder holds, the most telling last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Nothing,
    Unread(TroubleKind, String, String),
    Database,
}

fn look_into(gather: &mut Gather, host: &dyn Host, folder: &str, seen: &mut BTreeSet<std::path::PathBuf>) -> Found {
    let names = match host.list(folder, NAMES_MAX) {
        Ok(listing) => listing.names,
        Err(error) if error.is_missing() => return Found::Nothing,
        Err(error) => {
            let trouble = error.to_trouble();
            return Found::Unread(trouble.kind, trouble.place, trouble.text);
        }
    };
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    if has("rpmdb.sqlite") {
        return open_database(gather, host, folder, seen);
    }
    for (name, format) in [("Packages", "Berkeley DB"), ("Packages.db", "NDB")] {
        if has(name) {
            let text = format!("the package database has the {format} format, which this release does not read");
            return Found::Unread(TroubleKind::NotObservable, format!("{folder}/{name}"), text);
        }
    }
    // Lock and marker files alone are left by rpm as a tool on other distributions.
    if names.iter().all(|name| name.starts_with('.')) {
        return Found::Nothing;
    }
    let text = "rpm's folder is there and its database is not";
    Found::Unread(TroubleKind::Missing, folder.to_owned(), text.to_owned())
}

fn open_database(gather: &mut Gather, host: &dyn Host, folder: &str, seen: &mut BTreeSet<std::path::PathBuf>) -> Found {
    let place = format!("{folder}/rpmdb.sqlite");
    let ours = match host.real_path(&place) {
        Ok(ours) => ours,
        Err(error) => {
            let trouble = error.to_trouble();
            return Found::Unread(trouble.kind, trouble.place, trouble.text);
        }
    };
    if !seen.insert(ours.clone()) {
        return Found::Database;
    }
    let journal = format!("{place}-wal");
    if host.read(&journal, 1).is_ok_and(|reading| !reading.bytes.is_empty()) {
        let text = "a change of the package database is in progress or was interrupted; what it holds is not read yet";
        gather.miss(Trouble::new(TroubleKind::Unreadable, journal, text));
    }
    gather.source(place.as_str());
    if let Err(error) = read_packages(gather, &place, &ours) {
        gather.miss(Trouble::new(
            TroubleKind::Unreadable,
            place,
            format!("the package database cannot be read: {error}"),
        ));
    }
    Found::Database
}

fn read_packages(gather: &mut Gather, place: &str, ours: &Path) -> Result<(), rusqlite::Error> {
    let database = immutable(ours)?;
    let has_table = each_header(&database, |number, blob| {
        let place = format!("{place}: package {number}");
        match blob {
            Some(blob) => read_package(gather, &place, blob),
            None => {
                gather.miss(Trouble::new(TroubleKind::TooLarge, place, "the header is no blob or too large; left out"))
            }
        }
    })?;
    if !has_table {
        gather.miss(Trouble::new(TroubleKind::Malformed, place, "the database has no table of packages"));
    }
    Ok(())
}

/// Opens a database that is not written while it is read.
pub(super) fn immutable(ours: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(immutable_uri(ours), flags)?;
    // A hostile file may hold a view of this name that never ends; only a plain table is read.
    database.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;")?;
    Ok(database)
}

/// Gives every package's number and header; no header where it is no blob or too large. False where there is no table.
pub(super) fn each_header(
    database: &Connection,
    mut visit: impl FnMut(i64, Option<&[u8]>),
) -> Result<bool, rusqlite::Error> {
    let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'Packages' AND sql NOT LIKE '%GENERATED%' AND sql NOT LIKE '% AS (%'";
    if database.query_row(tables, [], |row| row.get::<_, i64>(0))? != 1 {
        return Ok(false);
    }
    let rows =
        "SELECT hnum, length(blob), CASE WHEN length(blob) <= ?1 THEN blob END FROM Packages ORDER BY hnum LIMIT ?2";
    let mut rows = database.prepare(rows)?;
    let limit = i64::try_from(REPORT_ITEMS_MAX).unwrap_or(i64::MAX).saturating_add(1);
    let mut rows = rows.query((HEADER_BYTES_MAX, limit))?;
    while let Some(row) = rows.next()? {
        visit(row.get_ref(0)?.as_i64().unwrap_or_default(), row.get_ref(2)?.as_blob().ok());
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

fn read_package(gather: &mut Gather, place: &str, blob: &[u8]) {
    let header = match Header::parse(blob) {
        Ok(header) => header,
        Err(error) => {
            gather.miss(Trouble::new(TroubleKind::Malformed, place, format!("{error}; the package was left out")));
            return;
        }
    };
    let mut text = |tag| header.text(tag).filter(|bytes| !bytes.is_empty()).map(|bytes| gather.text(place, bytes));
    let (name, version, release) = (text(header::NAME), text(header::VERSION), text(header::RELEASE));
    let (architecture, source) = (text(header::ARCH), text(header::SOURCERPM));
    let (maintainer, vendor) = (text(header::PACKAGER), text(header::VENDOR));
    let (Some(name), Some(version), Some(release)) = (name, version, release) else {
        let words = "a package without name, version or release was left out";
        gather.miss(Trouble::new(TroubleKind::Malformed, place, words));
        return;
    };
    if name == "gpg-pubkey" {
        // Not software: rpm keeps the keys it trusts as packages of this name.
        return;
    }
    let version = match header.number(header::EPOCH) {
        Some(epoch) => format!("{epoch}:{version}-{release}"),
        None => format!("{version}-{release}"),
    };
    let package = Package {
        ecosystem: Ecosystem::Rpm,
        name,
        version,
        architecture,
        state: PackageState::Installed,
        source,
        maintainer,
        vendor,
        multi_arch: None,
        provenance: Provenance::default(),
    };
    gather.item(place, Observation::Package(package));
}

#[cfg(test)]
mod tests;
