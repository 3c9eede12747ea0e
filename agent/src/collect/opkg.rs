//! Installed packages of opkg (OpenWrt, Yocto, many devices), from its own database, and the feed that lists them.
//! It does not check signatures, and a package that a feed lists in another version has no feed here.
//! Invariant: a stanza that makes no sense is named with its line; a database that lists nothing is no result.

use super::apt_index::index::for_each_row;
use super::deb822::{Stanza, for_each_stanza};
use super::stanzas::{Limits, Piece, for_each_piece};
use super::unpack::Packing;
use super::{Collected, Collector, Gather};
use crate::access::Host;
use daicho_schemas::fact::observation::{Ecosystem, Observation, Package, PackageState, Provenance};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeMap;
use std::io::BufRead as _;

/// Where the database may be: OpenWrt, Yocto, Entware.
const FOLDERS: &[&str] = &["/usr/lib/opkg", "/var/lib/opkg", "/opt/lib/opkg"];
/// Where the feeds' indexes may be.
const LISTS: &[&str] = &["/var/opkg-lists", "/var/lib/opkg/lists", "/opt/var/opkg-lists"];
/// Names in one of these folders.
const NAMES_MAX: usize = 100_000;
/// A device has some hundred packages at 500 bytes each.
const LIMITS: Limits = Limits { file_bytes_max: 128 * 1024 * 1024, stanza_bytes_max: 1024 * 1024 };
/// The description of one package.
const CONTROL_BYTES_MAX: usize = 1024 * 1024;
/// The fields that are read; every other is skipped.
const FIELDS: &[&str] = &["Package", "Version", "Architecture", "Status", "Maintainer", "Source", "SourceName"];

/// Collects packages known to opkg.
pub(crate) struct OpkgCollector;

impl Collector for OpkgCollector {
    fn id(&self) -> &'static str {
        "opkg"
    }

    fn about(&self) -> Text {
        Text::new(
            "opkg が管理するパッケージ（OpenWrt・Yocto など）",
            "packages that opkg knows (OpenWrt, Yocto and others)",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            "/usr/lib/opkg/status",
            "/usr/lib/opkg/info/*.control",
            "/var/lib/opkg/status",
            "/var/lib/opkg/info/*.control",
            "/opt/lib/opkg/status",
            "/opt/lib/opkg/info/*.control",
            "/var/opkg-lists",
            "/var/opkg-lists/*",
            "/var/lib/opkg/lists",
            "/var/lib/opkg/lists/*",
            "/opt/var/opkg-lists",
            "/opt/var/opkg-lists/*",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        FOLDERS
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let mut seen = Vec::new();
        let mut packages = BTreeMap::new();
        for folder in FOLDERS {
            let path = format!("{folder}/status");
            match host.real_path(&path) {
                Ok(ours) if seen.contains(&ours) => {}
                Ok(ours) => {
                    seen.push(ours);
                    read_database(&mut gather, host, folder, &mut packages);
                }
                Err(error) if error.is_missing() => {}
                Err(error) => gather.miss_access(&error),
            }
        }
        if seen.is_empty() && gather.has_read_nothing() {
            return gather.finish_not_applicable();
        }
        read_feeds(&mut gather, host, &mut packages);
        for (_, Known { place, package }) in packages {
            gather.item(&place, Observation::Package(package));
        }
        gather.finish_packages("/usr/lib/opkg/status")
    }
}

/// A package and where it is listed.
struct Known {
    place: String,
    package: Package,
}

/// Packages by name and architecture. Two databases on one host (the system's and Entware's) seldom share one.
type Packages = BTreeMap<(String, String), Known>;

fn read_database(gather: &mut Gather, host: &dyn Host, folder: &str, packages: &mut Packages) {
    let path = format!("{folder}/status");
    let reader = match host.open(&path) {
        Ok(reader) => reader,
        Err(error) => return gather.miss_access(&error),
    };
    gather.source(path.as_str());
    let cut = for_each_piece(reader, LIMITS, |piece| match piece {
        Piece::Whole(bytes, line) => for_each_stanza(bytes, FIELDS, |stanza| {
            read_stanza(gather, host, folder, &format!("{path}:{line}"), stanza, packages);
        }),
        Piece::Unended(_, line) => {
            let text = "the database ends in the middle of a package, which was left out";
            gather.miss(Trouble::new(TroubleKind::Malformed, format!("{path}:{line}"), text));
        }
        Piece::TooLarge(line) => {
            let text = format!("a package has more than {} bytes and was left out", LIMITS.stanza_bytes_max);
            gather.miss(Trouble::new(TroubleKind::TooLarge, format!("{path}:{line}"), text));
        }
    });
    match cut {
        Ok(false) => {}
        Ok(true) => gather.miss_rest(&path),
        Err(_) => gather.miss(Trouble::new(TroubleKind::Unreadable, path, "the database could not be read to its end")),
    }
}

fn read_stanza(
    gather: &mut Gather,
    host: &dyn Host,
    folder: &str,
    place: &str,
    stanza: &Stanza<'_>,
    packages: &mut Packages,
) {
    let state = match (stanza.get("Status").map(state), stanza.bad_line) {
        (Some(Some(Some(state))), None) => state,
        (Some(Some(None)), None) => return,
        _ => {
            let text = "a package without a sound status was left out";
            return gather.miss(Trouble::new(TroubleKind::Malformed, place, text));
        }
    };
    let (Some(name), Some(version)) = (stanza.get("Package"), stanza.get("Version")) else {
        let text = "a package without name or version was left out";
        return gather.miss(Trouble::new(TroubleKind::Malformed, place, text));
    };
    let (name, version) = (gather.text(place, name), gather.text(place, version));
    let architecture = stanza.get("Architecture").map(|bytes| gather.text(place, bytes));
    let described = described(gather, host, folder, &name);
    let package = Package {
        ecosystem: Ecosystem::Opkg,
        version,
        architecture,
        state,
        source: described.source.filter(|source| *source != name),
        maintainer: described.maintainer,
        vendor: None,
        multi_arch: None,
        provenance: Provenance::default(),
        name,
    };
    let key = (package.name.clone(), package.architecture.clone().unwrap_or_default());
    packages.insert(key, Known { place: place.to_owned(), package });
}

/// The third word of `Status`: `Some(None)` for a package that is not there any more (opkg's `pkg.c`).
fn state(status: &[u8]) -> Option<Option<PackageState>> {
    match status.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).nth(2)? {
        b"installed" => Some(Some(PackageState::Installed)),
        b"config-files" => Some(Some(PackageState::ConfigFiles)),
        b"unpacked" | b"half-configured" | b"half-installed" | b"post-inst-failed" | b"removal-failed" => {
            Some(Some(PackageState::Unfinished))
        }
        b"not-installed" => Some(None),
        _ => None,
    }
}

/// What the package's own description says.
#[derive(Default)]
struct Described {
    maintainer: Option<String>,
    source: Option<String>,
}

fn described(gather: &mut Gather, host: &dyn Host, folder: &str, name: &str) -> Described {
    let mut described = Described::default();
    // A name with a slash would lead elsewhere; opkg has none.
    let well_formed =
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.' | b'_'));
    let path = format!("{folder}/info/{name}.control");
    let Some(Ok(reading)) = well_formed.then(|| host.read(&path, CONTROL_BYTES_MAX)) else { return described };
    gather.source(format!("{folder}/info/*.control"));
    for_each_stanza(&reading.bytes, FIELDS, |stanza| {
        let mut text = |field: &str| stanza.get(field).map(|bytes| gather.text(&path, bytes));
        described.maintainer = text("Maintainer");
        // OpenWrt writes the path in its own sources (`feeds/base/busybox`) and, lately, the name.
        let last = |source: String| source.rsplit('/').next().unwrap_or_default().to_owned();
        described.source = text("SourceName").or_else(|| text("Source").map(last));
    });
    described
}

/// Names the feed of every package that one lists in exactly this version. What is wrong with a feed leaves the packages complete.
fn read_feeds(gather: &mut Gather, host: &dyn Host, packages: &mut Packages) {
    for folder in LISTS {
        let Ok(listing) = host.list(folder, NAMES_MAX) else { continue };
        for feed in listing.names.iter().filter(|name| !name.ends_with(".sig")) {
            let path = format!("{folder}/{feed}");
            let Ok(mut reader) = host.open(&path) else { continue };
            gather.source(format!("{folder}/*"));
            let gzip = reader.fill_buf().is_ok_and(|begin| begin.starts_with(&[0x1f, 0x8b]));
            let packing = if gzip { Packing::Gzip } else { Packing::None };
            let name = feed.strip_suffix(".gz").unwrap_or(feed);
            let result = for_each_row(
                reader,
                packing,
                |_| true,
                |row| {
                    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                    let known = packages.get_mut(&(text(row.name), text(row.architecture)));
                    if let Some(known) = known.filter(|known| known.package.version.as_bytes() == row.version) {
                        known.package.provenance.repository.get_or_insert_with(|| name.to_owned());
                    }
                },
            );
            if result.is_err() {
                let text = "the index of a feed is damaged; packages of it have no repository here";
                gather.remark(Trouble::new(TroubleKind::Malformed, path, text));
            }
        }
    }
}

#[cfg(test)]
mod tests;
