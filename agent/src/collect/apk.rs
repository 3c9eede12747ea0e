//! Installed packages of apk-tools (Alpine, newer OpenWrt), from its own database (apk-package(5), apk-tools' `installed`).
//! It does not check signatures and does not read the list of wished packages (`world`).
//! Invariant: a package without a name or version is named with its line and left out; a database that lists nothing is no result.

mod indexes;

use super::stanzas::{Limits, Piece, for_each_piece};
use super::{Collected, Collector, Gather};
use crate::access::Host;
use daicho_schemas::fact::observation::{Ecosystem, Observation, Package, PackageState, Provenance};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use indexes::Indexes;

/// Where the database may be: apk-tools 3 on systems whose `/lib` is `/usr/lib`, and every other.
const DATABASES: &[&str] = &["/usr/lib/apk/db/installed", DATABASE];
/// The place on every older system.
const DATABASE: &str = "/lib/apk/db/installed";
/// Every file of every package is a line: a large system has some 30 MB.
const LIMITS: Limits = Limits { file_bytes_max: 512 * 1024 * 1024, stanza_bytes_max: 16 * 1024 * 1024 };

/// Collects packages known to apk.
pub(crate) struct ApkCollector;

impl Collector for ApkCollector {
    fn id(&self) -> &'static str {
        "apk"
    }

    fn about(&self) -> Text {
        Text::new("apk が管理するパッケージ（Alpine 系）", "packages that apk knows (Alpine family)")
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            "/usr/lib/apk/db/installed",
            DATABASE,
            "/etc/apk/repositories",
            "/var/cache/apk",
            "/var/cache/apk/APKINDEX.*.tar.gz",
            "/etc/apk/cache",
            "/etc/apk/cache/APKINDEX.*.tar.gz",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &["/usr/lib/apk/db", "/lib/apk/db"]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let mut seen = Vec::new();
        let mut rows = Vec::new();
        for path in DATABASES {
            // One of the two is often a link to the other.
            match host.real_path(path) {
                Ok(ours) if seen.contains(&ours) => {}
                Ok(ours) => {
                    seen.push(ours);
                    read_database(&mut gather, host, path, &mut rows);
                }
                Err(error) if error.is_missing() => {}
                Err(error) => gather.miss_access(&error),
            }
        }
        if seen.is_empty() && gather.has_read_nothing() {
            return gather.finish_not_applicable();
        }
        let indexes = Indexes::read(&mut gather, host, &rows);
        for row in rows {
            let package = package(&mut gather, &row, &indexes);
            gather.item(&row.place, Observation::Package(package));
        }
        gather.finish_packages(DATABASE)
    }
}

/// One package as the database has it.
#[derive(Default)]
struct Row {
    place: String,
    name: Vec<u8>,
    version: Vec<u8>,
    architecture: Vec<u8>,
    source: Vec<u8>,
    maintainer: Vec<u8>,
    /// The name of the pinned repository (`@edge`), without the sign.
    pinned: Vec<u8>,
    /// The checksum of the package's control part, as the database writes it: the same as in the repository's index.
    checksum: Vec<u8>,
    /// apk's own flags for: broken files, broken script.
    broken: bool,
}

fn read_database(gather: &mut Gather, host: &dyn Host, path: &str, rows: &mut Vec<Row>) {
    let reader = match host.open(path) {
        Ok(reader) => reader,
        Err(error) => return gather.miss_access(&error),
    };
    gather.source(path);
    let mut troubles = Vec::new();
    let cut = for_each_piece(reader, LIMITS, |piece| {
        let (bytes, line) = match piece {
            Piece::Whole(bytes, line) => (bytes, line),
            Piece::Unended(_, line) => {
                let text = "the database ends in the middle of a package, which was left out";
                return troubles.push(Trouble::new(TroubleKind::Malformed, format!("{path}:{line}"), text));
            }
            Piece::TooLarge(line) => {
                let text = format!("a package has more than {} bytes and was left out", LIMITS.stanza_bytes_max);
                return troubles.push(Trouble::new(TroubleKind::TooLarge, format!("{path}:{line}"), text));
            }
        };
        match read_row(bytes) {
            Some(row) if rows.len() <= daicho_schemas::limits::REPORT_ITEMS_MAX => {
                rows.push(Row { place: format!("{path}:{line}"), ..row });
            }
            Some(_) => {}
            None => {
                let text = "a package without name or version was left out";
                troubles.push(Trouble::new(TroubleKind::Malformed, format!("{path}:{line}"), text));
            }
        }
    });
    troubles.into_iter().for_each(|trouble| gather.miss(trouble));
    match cut {
        Ok(false) => {}
        Ok(true) => gather.miss_rest(path),
        Err(_) => gather.miss(Trouble::new(TroubleKind::Unreadable, path, "the database could not be read to its end")),
    }
}

/// Lines of one letter, a colon and a value; the case of the letter matters.
fn read_row(stanza: &[u8]) -> Option<Row> {
    let mut row = Row::default();
    for line in stanza.split(|byte| *byte == b'\n') {
        let Some((letter, value)) = line.split_first_chunk::<2>() else { continue };
        let field = match letter {
            b"P:" => &mut row.name,
            b"V:" => &mut row.version,
            b"A:" => &mut row.architecture,
            b"o:" => &mut row.source,
            b"m:" => &mut row.maintainer,
            b"s:" => &mut row.pinned,
            b"C:" => &mut row.checksum,
            b"f:" => {
                row.broken = value.iter().any(|flag| matches!(flag, b'f' | b's' | b'x'));
                continue;
            }
            // The files of the package begin here, and no field stands behind them.
            b"F:" => break,
            _ => continue,
        };
        *field = value.trim_ascii().to_vec();
    }
    (!row.name.is_empty() && !row.version.is_empty()).then_some(row)
}

fn package(gather: &mut Gather, row: &Row, indexes: &Indexes) -> Package {
    let mut text = |bytes: &[u8]| (!bytes.is_empty()).then(|| gather.text(&row.place, bytes));
    let name = text(&row.name).unwrap_or_default();
    let repository = text(&row.pinned).map(|name| format!("@{name}"));
    Package {
        ecosystem: Ecosystem::Apk,
        version: text(&row.version).unwrap_or_default(),
        architecture: text(&row.architecture),
        state: if row.broken { PackageState::Unfinished } else { PackageState::Installed },
        source: text(&row.source).filter(|source| *source != name),
        maintainer: text(&row.maintainer),
        vendor: None,
        multi_arch: None,
        provenance: Provenance {
            repository: indexes.repository(&row.checksum).or(repository),
            ..Provenance::default()
        },
        name,
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
