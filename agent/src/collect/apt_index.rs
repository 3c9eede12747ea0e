//! Which repository lists each installed dpkg package, by the host's own copy of the repositories' indexes (apt's lists).
//! It does not ask the network, does not check signatures (apt did), and does not know who stands behind an origin.
//! Invariant: indexes are read piece by piece; memory does not grow with them, and how sure a match is, is said.

pub(in crate::collect) mod index;
mod pending;
mod release;

use super::deb822::{Stanza, for_each_stanza};
use super::dpkg::{LIMITS, STATUS, parse_status};
use super::stanzas::{Piece, for_each_piece};
use super::unpack::{Packing, without_packing};
use super::{Collected, Collector, Gather};
use crate::access::{AccessError, Host};
use daicho_schemas::fact::observation::{Ecosystem, Observation, OriginMatch, PackageOrigin, PackageState};
use daicho_schemas::limits::REPORT_ITEMS_MAX;
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use index::IndexRow;
pub(super) use pending::pending_security;
use release::Release;

/// apt's copies of the repositories' files.
const LISTS: &str = "/var/lib/apt/lists";
/// Files in it.
const FILES_MAX: usize = 100_000;

/// Collects the origins of installed packages.
pub(crate) struct AptIndexCollector;

impl Collector for AptIndexCollector {
    fn id(&self) -> &'static str {
        "apt_index"
    }

    fn about(&self) -> Text {
        Text::new(
            "パッケージの配布元（apt の索引による）",
            "the repository each package is listed in (apt's own indexes)",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            STATUS,
            LISTS,
            "/var/lib/apt/lists/*_Packages",
            "/var/lib/apt/lists/*_Packages.lz4",
            "/var/lib/apt/lists/*_Packages.gz",
            "/var/lib/apt/lists/*_Packages.zst",
            "/var/lib/apt/lists/*_InRelease",
            "/var/lib/apt/lists/*_Release",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[LISTS, "/var/lib/dpkg"]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let names = match host.list(LISTS, FILES_MAX) {
            Ok(listing) => listing.names,
            Err(error) if error.is_missing() => return gather.finish_not_applicable(),
            Err(error) => return gather.finish_failed(error.to_trouble()),
        };
        let indexes: Vec<&str> = names.iter().map(String::as_str).filter(|name| is_index(name)).collect();
        if indexes.is_empty() {
            return gather.finish_not_applicable();
        }
        let installed = match read_installed(host) {
            Ok(installed) => installed,
            Err(error) if error.is_missing() => return gather.finish_not_applicable(),
            Err(error) => return gather.finish_failed(error.to_trouble()),
        };
        let mut best: Vec<Option<Found>> = vec![None; installed.len()];
        for name in indexes.into_iter().filter(|name| !says_nothing_new(name, &names, &installed)) {
            read_index(&mut gather, host, &names, name, &installed, &mut best);
        }
        for (package, found) in installed.into_iter().zip(best) {
            let Some(Found { matched, origin, suite }) = found else { continue };
            let name = gather.text(STATUS, &package.name);
            let architecture = gather.text(STATUS, &package.architecture);
            let ecosystem = Ecosystem::Deb;
            let origin = PackageOrigin { ecosystem, name, architecture, origin, suite, matched };
            gather.item(LISTS, Observation::PackageOrigin(origin));
        }
        gather.finish_failed_when_empty()
    }
}

/// An index of binary packages, in any compression: `…_binary-amd64_Packages.lz4`.
fn is_index(name: &str) -> bool {
    without_packing(name).ends_with("_Packages")
}

/// Whether an index is one of an architecture of which nothing is installed, beside the same index of one of which something is: packages
/// for every architecture stand in both. A host that can run programs of another architecture has indexes of twice the size.
fn says_nothing_new(name: &str, names: &[String], installed: &[Installed]) -> bool {
    const BEFORE: &str = "_binary-";
    let parts = |name: &str| {
        let (before, rest) = name.rsplit_once(BEFORE)?;
        let architecture = rest.split('_').next()?.to_owned();
        Some((before.to_owned(), architecture))
    };
    let Some((repository, architecture)) = parts(name) else { return false };
    let is_installed =
        |architecture: &str| installed.iter().any(|package| package.architecture == architecture.as_bytes());
    let has_better = || {
        let others = names.iter().filter(|other| is_index(other)).filter_map(|other| parts(other));
        let mut same = others.filter(|(other, _)| *other == repository);
        same.any(|(_, other)| other != "all" && is_installed(&other))
    };
    architecture != "all" && !is_installed(&architecture) && has_better()
}

/// An installed package, as dpkg writes it.
struct Installed {
    name: Vec<u8>,
    architecture: Vec<u8>,
    version: Vec<u8>,
    maintainer: Vec<u8>,
}

/// Where a package was found. Ordered so that the smallest is the best: a version match first, then by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    matched: OriginMatch,
    origin: String,
    suite: Option<String>,
}

/// Installed packages, sorted by name. What is wrong with dpkg's database is said by the `dpkg` collector.
fn read_installed(host: &dyn Host) -> Result<Vec<Installed>, AccessError> {
    let reader = host.open(STATUS)?;
    let mut installed = Vec::new();
    let fields = ["Package", "Status", "Version", "Architecture", "Maintainer"];
    let mut each = |stanza: &Stanza<'_>| {
        let state = stanza.get("Status").and_then(parse_status).flatten();
        if !matches!(state, Some(PackageState::Installed | PackageState::Unfinished))
            || stanza.bad_line.is_some()
            || installed.len() >= REPORT_ITEMS_MAX
        {
            return;
        }
        let owned = |field: &str| stanza.get(field).map(<[u8]>::to_vec);
        if let (Some(name), Some(architecture), Some(version)) =
            (owned("Package"), owned("Architecture"), owned("Version"))
        {
            let maintainer = owned("Maintainer").unwrap_or_default();
            installed.push(Installed { name, architecture, version, maintainer });
        }
    };
    let read = for_each_piece(reader, LIMITS, |piece| {
        if let Piece::Whole(bytes, _) = piece {
            for_each_stanza(bytes, &fields, &mut each);
        }
    });
    read.map_err(|source| AccessError::from_io(STATUS, source))?;
    installed.sort_by(|a, b| (&a.name, &a.architecture).cmp(&(&b.name, &b.architecture)));
    Ok(installed)
}

fn read_index(
    gather: &mut Gather,
    host: &dyn Host,
    names: &[String],
    name: &str,
    installed: &[Installed],
    best: &mut [Option<Found>],
) {
    let place = format!("{LISTS}/{name}");
    let packing = match Packing::of(name) {
        Ok(packing) => packing,
        Err(ending) => {
            let words = format!("the index is compressed as .{ending}, which this release does not read");
            gather.miss(Trouble::new(TroubleKind::NotObservable, place, words));
            return;
        }
    };
    let Some(Release { origin, suite }) = release::of_index(gather, host, names, LISTS, name) else {
        let words = "the index has no release file beside it, so its origin is not known";
        gather.miss(Trouble::new(TroubleKind::Missing, place, words));
        return;
    };
    let reader = match host.open(&place) {
        Ok(reader) => reader,
        Err(error) => return gather.miss_access(&error),
    };
    gather.source(place.as_str());
    let wanted = |name: &[u8]| first_of(installed, name).is_some();
    let result = index::for_each_row(reader, packing, wanted, |row| {
        let Some(first) = first_of(installed, row.name) else { return };
        let same_name =
            installed.iter().zip(best.iter_mut()).skip(first).take_while(|(package, _)| package.name == row.name);
        for (package, best) in same_name {
            let Some(matched) = how_matched(package, row) else { continue };
            let found = Found { matched, origin: origin.clone(), suite: suite.clone() };
            if best.as_ref().is_none_or(|best| found < *best) {
                *best = Some(found);
            }
        }
    });
    if let Err(error) = result {
        gather.miss(Trouble::new(TroubleKind::Unreadable, place, error.to_string()));
    }
}

/// The first installed package of a name.
fn first_of(installed: &[Installed], name: &[u8]) -> Option<usize> {
    let start = installed.partition_point(|package| package.name.as_slice() < name);
    installed.get(start).filter(|package| package.name == name).map(|_| start)
}

fn how_matched(package: &Installed, row: &IndexRow<'_>) -> Option<OriginMatch> {
    // A package may have become independent of the architecture since it was installed.
    if row.architecture != package.architecture && row.architecture != b"all" {
        return None;
    }
    if row.version == package.version {
        return Some(OriginMatch::Version);
    }
    let same_maintainer = !package.maintainer.is_empty() && row.maintainer == package.maintainer;
    same_maintainer.then_some(OriginMatch::NameAndMaintainer)
}

#[cfg(test)]
mod tests;
