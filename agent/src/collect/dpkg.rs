//! Installed packages of the Debian family, from dpkg's own database (dpkg(1), deb822(5)).
//! It does not know where a package came from; `apt_index` does, as far as the host can tell.
//! Invariant: on a host with a sound database the answer is exactly what `dpkg-query -W` lists; a stanza that makes no
//! sense is named with its line, and a host that has dpkg but no readable database has failed, not zero packages.

use super::deb822::{Stanza, for_each_stanza};
use super::stanzas::{Limits, Piece, for_each_piece};
use super::{Collected, Collector, Gather};
use crate::access::{AccessError, Host, Reading};
use daicho_schemas::fact::observation::{Ecosystem, Observation, Package, PackageState, Provenance};
use daicho_schemas::limits::REPORT_ITEMS_MAX;
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeMap;
use std::io::BufRead;

/// dpkg's folder: where it is, dpkg was.
const FOLDER: &str = "/var/lib/dpkg";
/// The database.
pub(super) const STATUS: &str = "/var/lib/dpkg/status";
/// The journal of an interrupted run: newer stanzas that are not in the database yet.
const UPDATES: &str = "/var/lib/dpkg/updates";
/// One file per package, on images built without dpkg itself.
const STATUS_D: &str = "/var/lib/dpkg/status.d";
/// File lists of installed packages: proof that an empty database is not the whole story.
const INFO: &str = "/var/lib/dpkg/info";

/// The database: 100,000 packages at 1.3 kB each.
const STATUS_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// One package in the database, one file of `status.d` or of the journal.
const STANZA_FILE_BYTES_MAX: usize = 1024 * 1024;
/// The database is read stanza by stanza: a hostile one costs time up to the limit, and no memory.
pub(super) const LIMITS: Limits = Limits { file_bytes_max: STATUS_BYTES_MAX, stanza_bytes_max: STANZA_FILE_BYTES_MAX };
/// Files in `status.d`, the journal or `info`.
const FILES_MAX: usize = 200_000;

/// The fields that are read; every other is skipped.
const FIELDS: &[&str] =
    &["Package", "Status", "Version", "Config-Version", "Architecture", "Source", "Maintainer", "Origin", "Multi-Arch"];

/// Collects packages known to dpkg.
pub(crate) struct DpkgCollector;

impl Collector for DpkgCollector {
    fn id(&self) -> &'static str {
        "dpkg"
    }

    fn about(&self) -> Text {
        Text::new("dpkg が管理するパッケージ（Debian 系）", "packages that dpkg knows (Debian family)")
    }

    fn places(&self) -> &'static [&'static str] {
        &[FOLDER, STATUS, UPDATES, "/var/lib/dpkg/updates/*", STATUS_D, "/var/lib/dpkg/status.d/*", INFO]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[FOLDER, STATUS_D]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        if !host.exists(FOLDER) {
            return gather.finish_not_applicable();
        }
        let mut packages = Packages::new();
        let status_read = match host.open(STATUS) {
            Ok(reader) => {
                gather.source(STATUS);
                read_database(&mut gather, reader, &mut packages);
                read_journal(&mut gather, host, &mut packages);
                true
            }
            Err(error) if error.is_missing() => false,
            Err(error) => {
                gather.miss_access(&error);
                false
            }
        };
        let files_read = read_status_d(&mut gather, host, &mut packages);
        if !status_read && !files_read {
            let text = "dpkg's folder is there and its database is not";
            return gather.finish_failed(Trouble::new(TroubleKind::Missing, STATUS, text));
        }
        if packages.is_empty() && lists_packages(host) {
            let text = "the database names no package and the folder of file lists does";
            return gather.finish_failed(Trouble::new(TroubleKind::Malformed, STATUS, text));
        }
        for package in packages.into_values() {
            gather.item(STATUS, Observation::Package(package));
        }
        gather.finish_packages(STATUS)
    }
}

/// Packages by name and architecture, as the journal replaces them.
type Packages = BTreeMap<(String, String), Package>;

fn read_database(gather: &mut Gather, reader: Box<dyn BufRead>, packages: &mut Packages) {
    let cut = for_each_piece(reader, LIMITS, |piece| match piece {
        Piece::Whole(bytes, line) => for_each_stanza(bytes, FIELDS, |stanza| {
            let place = Place { path: STATUS, stanza, line };
            if let Some(Parsed::Package(package)) = parse_stanza(gather, &place, true)
                && let Some(earlier) = insert(gather, packages, *package)
            {
                let text = format!("'{}' is listed twice; the later one was kept", earlier.key());
                gather.remark(Trouble::new(TroubleKind::Duplicate, place.line(), text));
            }
        }),
        // dpkg ends every stanza with a blank line. A file that ends otherwise was cut short, and its last stanza would be
        // a package with half its fields.
        Piece::Unended(..) => {
            let text = "the database ends in the middle of a package, which was left out";
            gather.miss(Trouble::new(TroubleKind::Malformed, STATUS, text));
        }
        Piece::TooLarge(line) => {
            let text = format!("a package has more than {STANZA_FILE_BYTES_MAX} bytes and was left out");
            gather.miss(Trouble::new(TroubleKind::TooLarge, format!("{STATUS}:{line}"), text));
        }
    });
    match cut {
        Ok(false) => {}
        Ok(true) => {
            let text = format!("the database is larger than {STATUS_BYTES_MAX} bytes; the rest was not read");
            gather.miss(Trouble::new(TroubleKind::TooLarge, STATUS, text));
        }
        Err(_) => {
            let text = "the database could not be read to its end";
            gather.miss(Trouble::new(TroubleKind::Unreadable, STATUS, text));
        }
    }
}

/// Adds a package, or replaces the one of its name and architecture. A hostile database ends at the limit of a report.
fn insert(gather: &mut Gather, packages: &mut Packages, package: Package) -> Option<Package> {
    let identity = (package.name.clone(), package.architecture.clone().unwrap_or_default());
    if packages.len() >= REPORT_ITEMS_MAX && !packages.contains_key(&identity) {
        let text = format!("there are more than {REPORT_ITEMS_MAX} packages; the rest is not listed");
        gather.miss(Trouble::new(TroubleKind::TooLarge, STATUS, text));
        return None;
    }
    packages.insert(identity, package)
}

/// Takes a purged package away: of one architecture, or of all where none is named.
fn take_away(packages: &mut Packages, name: &str, architecture: Option<&str>) {
    let of_name = packages.range((name.to_owned(), String::new())..).take_while(|(identity, _)| identity.0 == name);
    let gone: Vec<_> = of_name
        .map(|(identity, _)| identity.clone())
        .filter(|identity| architecture.is_none_or(|architecture| architecture == identity.1))
        .collect();
    gone.iter().for_each(|identity| drop(packages.remove(identity)));
}

/// Applies the journal as dpkg itself does when it starts: files of digits, in order, each stanza replacing its package.
fn read_journal(gather: &mut Gather, host: &dyn Host, packages: &mut Packages) {
    let Some(names) = list(gather, host, UPDATES) else { return };
    for name in names.iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
        let path = format!("{UPDATES}/{name}");
        let Some(reading) = read_small(gather, host, &path) else { continue };
        gather.source("/var/lib/dpkg/updates/*");
        for_each_stanza(&reading.bytes, FIELDS, |stanza| {
            match parse_stanza(gather, &Place { path: &path, stanza, line: 1 }, true) {
                Some(Parsed::Package(package)) => drop(insert(gather, packages, *package)),
                Some(Parsed::NotInstalled { name, architecture }) => {
                    take_away(packages, &name, architecture.as_deref());
                }
                None => {}
            }
        });
    }
}

fn read_status_d(gather: &mut Gather, host: &dyn Host, packages: &mut Packages) -> bool {
    let Some(names) = list(gather, host, STATUS_D) else { return false };
    // The newer images put checksums beside each package.
    for name in names.iter().filter(|name| !name.ends_with(".md5sums")) {
        let path = format!("{STATUS_D}/{name}");
        let Some(reading) = read_small(gather, host, &path) else { continue };
        gather.source("/var/lib/dpkg/status.d/*");
        for_each_stanza(&reading.bytes, FIELDS, |stanza| {
            if let Some(Parsed::Package(package)) = parse_stanza(gather, &Place { path: &path, stanza, line: 1 }, false)
            {
                insert(gather, packages, *package);
            }
        });
    }
    true
}

fn list(gather: &mut Gather, host: &dyn Host, folder: &str) -> Option<Vec<String>> {
    match host.list(folder, FILES_MAX) {
        Ok(listing) => {
            if listing.cut {
                let text = format!("there are more than {FILES_MAX} files; the rest was not read");
                gather.miss(Trouble::new(TroubleKind::TooLarge, folder, text));
            }
            if listing.unreadable_names > 0 {
                let text =
                    format!("{} files have names that are not UTF-8 and were not read", listing.unreadable_names);
                gather.miss(Trouble::new(TroubleKind::Malformed, folder, text));
            }
            Some(listing.names)
        }
        Err(error) if error.is_missing() => None,
        Err(error) => {
            gather.miss_access(&error);
            None
        }
    }
}

fn read_small(gather: &mut Gather, host: &dyn Host, path: &str) -> Option<Reading> {
    match host.read(path, STANZA_FILE_BYTES_MAX) {
        Ok(reading) if reading.cut => {
            let text = format!("the file is larger than {STANZA_FILE_BYTES_MAX} bytes and was not read");
            gather.miss(Trouble::new(TroubleKind::TooLarge, path, text));
            None
        }
        Ok(reading) => Some(reading),
        // A finished journal is removed between listing and reading; a folder among the files holds no package.
        Err(AccessError::Missing { .. } | AccessError::Special { .. }) => None,
        Err(error) => {
            gather.miss_access(&error);
            None
        }
    }
}

/// Whether dpkg keeps the file list of at least one package.
fn lists_packages(host: &dyn Host) -> bool {
    host.list(INFO, FILES_MAX).is_ok_and(|listing| listing.names.iter().any(|name| name.ends_with(".list")))
}

/// Where a stanza stands.
struct Place<'a, 'b> {
    path: &'a str,
    stanza: &'a Stanza<'b>,
    /// The line of the file at which the bytes begin that the stanza was read from.
    line: usize,
}

impl Place<'_, '_> {
    fn line(&self) -> String {
        format!("{}:{}", self.path, self.in_file(self.stanza.line))
    }

    fn in_file(&self, line: usize) -> usize {
        (self.line + line).saturating_sub(1)
    }
}

/// What a stanza says.
enum Parsed {
    /// A package that `dpkg-query -W` lists.
    Package(Box<Package>),
    /// A package that was purged; the journal uses this to take one away.
    NotInstalled { name: String, architecture: Option<String> },
}

/// Reads one stanza. In the database every package has a status; in `status.d` none has, and all are installed.
fn parse_stanza(gather: &mut Gather, place: &Place<'_, '_>, has_status: bool) -> Option<Parsed> {
    match read_stanza(gather, place, has_status) {
        Ok(parsed) => Some(parsed),
        Err(text) => {
            gather.miss(Trouble::new(TroubleKind::Malformed, place.line(), text));
            None
        }
    }
}

fn read_stanza(gather: &mut Gather, place: &Place<'_, '_>, has_status: bool) -> Result<Parsed, String> {
    let stanza = place.stanza;
    if let Some(line) = stanza.bad_line {
        let line = place.in_file(line);
        return Err(format!("line {line} is no field; its package was left out"));
    }
    if let Some(name) = stanza.repeated(&["Package", "Status", "Version", "Architecture"]) {
        return Err(format!("the field {name} stands twice; the package was left out"));
    }
    let name = stanza.get("Package").ok_or("a package without a name was left out")?;
    if !is_package_name(name) {
        return Err("a package whose name is no package name was left out".into());
    }
    let name = gather.text(&place.line(), name);
    let mut optional = |field: &str| stanza.get(field).map(|bytes| gather.text(&place.line(), bytes));
    let architecture = optional("Architecture");
    let state = match stanza.get("Status") {
        Some(status) => match parse_status(status) {
            Some(Some(state)) => state,
            Some(None) => return Ok(Parsed::NotInstalled { name, architecture }),
            None => return Err(format!("'{name}' has a status that dpkg does not know; it was left out")),
        },
        None if has_status => return Err(format!("'{name}' has no status; it was left out")),
        None => PackageState::Installed,
    };
    // A package that was removed keeps only the version of its configuration.
    let version = optional("Version").or_else(|| optional("Config-Version"));
    let source = optional("Source").and_then(|source| Some(source.split_ascii_whitespace().next()?.to_owned()));
    let maintainer = optional("Maintainer");
    let vendor = optional("Origin");
    let multi_arch = optional("Multi-Arch");
    let version = match (version, state) {
        (Some(version), _) => version,
        (None, PackageState::Installed) => {
            return Err(format!("'{name}' is installed and has no version; it was left out"));
        }
        // dpkg itself lists such a package with an empty version: its unpacking never got that far.
        (None, PackageState::ConfigFiles | PackageState::Unfinished) => String::new(),
    };
    let source = source.filter(|source| *source != name);
    let ecosystem = Ecosystem::Deb;
    Ok(Parsed::Package(Box::new(Package {
        ecosystem,
        name,
        version,
        architecture,
        state,
        source,
        maintainer,
        vendor,
        multi_arch,
        provenance: Provenance::default(),
    })))
}

/// The third word of `Status`: `Some(None)` for a package that is not there any more.
pub(super) fn parse_status(status: &[u8]) -> Option<Option<PackageState>> {
    let mut words = status.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (_want, _flag, state, end) = (words.next()?, words.next()?, words.next()?, words.next());
    if end.is_some() {
        return None;
    }
    match state {
        b"installed" => Some(Some(PackageState::Installed)),
        b"config-files" => Some(Some(PackageState::ConfigFiles)),
        // The last two are what dpkg wrote before 1.1 for half-configured and half-installed, and still reads.
        b"half-installed" | b"unpacked" | b"half-configured" | b"triggers-awaited" | b"triggers-pending"
        | b"postinst-failed" | b"removal-failed" => Some(Some(PackageState::Unfinished)),
        b"not-installed" => Some(None),
        _ => None,
    }
}

/// dpkg's own rule for names: letters, digits and `-+._`, beginning with a letter or digit.
fn is_package_name(name: &[u8]) -> bool {
    name.first().is_some_and(u8::is_ascii_alphanumeric)
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.' | b'_'))
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
