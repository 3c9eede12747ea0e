//! Owners by dpkg: `info/*.list`, diversions, `*.md5sums`, `*.conffiles`; `status.d` on images that were built without dpkg.
//! It does not know alternatives: they are links, and links were resolved before.
//! Invariant: a diverted file is looked for where it was diverted to (dpkg-divert(1)), with the digest of its own package; an
//! installed package without a file list makes every other answer "unknown".

use super::names::{Wanted, last_component};
use super::{FileDigest, Manager, Match, Owned, Search};
use crate::collect::deb822::for_each_stanza;
use crate::collect::dpkg::{LIMITS, STATUS, parse_status};
use crate::collect::stanzas::{Piece, for_each_piece};
use daicho_schemas::fact::observation::PackageState;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::{BTreeMap, BTreeSet};

const INFO: &str = "/var/lib/dpkg/info";
const STATUS_D: &str = "/var/lib/dpkg/status.d";
const DIVERSIONS: &str = "/var/lib/dpkg/diversions";

/// A listed path that was asked for: where it is asked, and how its package spells it.
type Found = (Match, Vec<u8>);

/// Where files of other packages were put, by the path they would have: the place, and the package that keeps the path.
type Diversions = BTreeMap<Vec<u8>, (Vec<u8>, Vec<u8>)>;

pub(super) fn read(search: &mut Search<'_>) {
    let lists = search.list(INFO);
    let status_d = search.list(STATUS_D);
    if lists.is_none() && status_d.is_none() {
        if search.host.exists(STATUS) {
            let text = "dpkg's database is there and its file lists are not";
            search.miss(Trouble::new(TroubleKind::Missing, INFO, text));
        }
        return;
    }
    let lists: BTreeSet<String> =
        lists.unwrap_or_default().into_iter().filter(|name| name.ends_with(".list")).collect();
    let status = read_status(search);
    let diversions = read_diversions(search);
    let wanted = wanted(search, &diversions);
    for name in &lists {
        let package = name.trim_end_matches(".list");
        let list = format!("{INFO}/{name}");
        if !wanted.may_stand_in(search.host, &list) {
            continue;
        }
        let found = read_list(search, &list, package, &diversions);
        own(search, package, found, &status);
    }
    if !lists.is_empty() {
        search.read("/var/lib/dpkg/info/*.list");
    }
    every_package_has_a_list(search, &status, &lists);
    for name in status_d.unwrap_or_default().iter().filter(|name| !name.ends_with(".md5sums")) {
        read_status_d(search, name);
    }
}

/// What the database says of packages.
#[derive(Default)]
struct Status {
    /// Installed ones: name and architecture.
    installed: BTreeSet<(String, String)>,
    /// Those that are only half there: their files and their digests need not be of one version.
    unfinished: BTreeSet<String>,
}

fn read_status(search: &mut Search<'_>) -> Status {
    let mut status = Status::default();
    let reader = match search.host.open(STATUS) {
        Ok(reader) => reader,
        Err(error) if error.is_missing() => return status,
        Err(error) => {
            search.miss(error.to_trouble());
            return status;
        }
    };
    let mut unread = false;
    let cut = for_each_piece(reader, LIMITS, |piece| match piece {
        Piece::Whole(bytes, _) => for_each_stanza(bytes, &["Package", "Status", "Architecture"], |stanza| {
            let words = |field| stanza.get(field).and_then(|bytes| std::str::from_utf8(bytes).ok()).map(str::trim);
            let Some(package) = words("Package").map(str::to_owned) else { return };
            match stanza.get("Status").and_then(parse_status).flatten() {
                Some(PackageState::Installed) => {
                    status.installed.insert((package, words("Architecture").unwrap_or_default().to_owned()));
                }
                Some(PackageState::Unfinished) => {
                    status.unfinished.insert(package);
                }
                Some(PackageState::ConfigFiles) | None => {}
            }
        }),
        Piece::Unended(..) | Piece::TooLarge(_) => unread = true,
    });
    if unread || !matches!(cut, Ok(false)) {
        let text = "the database is not whole or larger than the limit, so it is not known which lists there should be";
        search.miss(Trouble::new(TroubleKind::Unreadable, STATUS, text));
    }
    status
}

/// Packages that are installed must have their list: else what it would name looks as if it were nobody's.
fn every_package_has_a_list(search: &mut Search<'_>, status: &Status, lists: &BTreeSet<String>) {
    let has = |(package, architecture): &&(String, String)| {
        lists.contains(&format!("{package}.list")) || lists.contains(&format!("{package}:{architecture}.list"))
    };
    let without = status.installed.len().saturating_sub(status.installed.iter().filter(has).count());
    if without > 0 {
        let text = format!("{without} installed packages have no file list, so it is not known which files are theirs");
        search.miss(Trouble::new(TroubleKind::Missing, INFO, text));
    }
}

/// Three lines each: the path, where it was diverted to, and the package that keeps the path (`:` for nobody).
fn read_diversions(search: &mut Search<'_>) -> Diversions {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    search.each_line(DIVERSIONS, |_, line| lines.push(line.to_vec()));
    let mut diversions = Diversions::new();
    let mut lines = lines.into_iter();
    while let (Some(path), Some(place), Some(package)) = (lines.next(), lines.next(), lines.next()) {
        diversions.insert(path, (place, package));
    }
    diversions
}

/// What is asked for as the lists name it: a diverted file stands there under the path that it would have.
fn wanted(search: &Search<'_>, diversions: &Diversions) -> Wanted {
    let is_asked =
        |path: &[u8]| std::str::from_utf8(last_component(path)).is_ok_and(|name| search.by_name.contains_key(name));
    let diverted = diversions.iter().filter(|(_, (place, _))| is_asked(place)).map(|(path, _)| last_component(path));
    Wanted::new(search.by_name.keys().map(String::as_bytes).chain(diverted))
}

fn read_list(search: &mut Search<'_>, path: &str, package: &str, diversions: &Diversions) -> Vec<Found> {
    let mut found = Vec::new();
    let bare = package.split(':').next().unwrap_or(package).as_bytes();
    search.each_line(path, |search, line| {
        let diverted = diversions.get(line).filter(|(_, keeper)| keeper != bare);
        let place = diverted.map_or(line, |(place, _)| place);
        found.extend(search.matches(place).into_iter().map(|at| (at, line.to_vec())));
    });
    found
}

/// Digests and configuration files are looked up only for packages that own something asked for.
fn own(search: &mut Search<'_>, package: &str, found: Vec<Found>, status: &Status) {
    if found.is_empty() {
        return;
    }
    let digests = digests(search, &format!("{INFO}/{package}.md5sums"), &found);
    let mut kept_by_people: BTreeSet<Vec<u8>> = BTreeSet::new();
    search.each_line(&format!("{INFO}/{package}.conffiles"), |_, line| {
        if found.iter().any(|(_, listed)| line == listed) {
            kept_by_people.insert(line.to_vec());
        }
    });
    let name = package.split(':').next().unwrap_or(package);
    for (at, listed) in found {
        let digest = digests.get(&listed).filter(|_| !status.unfinished.contains(name)).cloned();
        let may_differ = kept_by_people.contains(&listed);
        search.own(at, Owned { ecosystem: Manager::Deb, name: name.to_owned(), digest, may_differ });
    }
}

/// `digest  path`, the path without its first slash.
fn digests(search: &mut Search<'_>, path: &str, found: &[Found]) -> BTreeMap<Vec<u8>, FileDigest> {
    let mut digests = BTreeMap::new();
    search.each_line(path, |_, line| {
        let Some((listed, digest)) = split_digest(line) else { return };
        if found.iter().any(|(_, of)| *of == listed) {
            digests.extend(FileDigest::of_hex(digest).map(|digest| (listed, digest)));
        }
    });
    digests
}

fn split_digest(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (digest, rest) = line.split_at_checked(32)?;
    let path = rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *"))?;
    let path = path.strip_prefix(b"./").or_else(|| path.strip_prefix(b"/")).unwrap_or(path);
    Some(([b"/", path].concat(), digest))
}

/// Such an image keeps the digests of a package beside it, and they are its file list.
fn read_status_d(search: &mut Search<'_>, package: &str) {
    let path = format!("{STATUS_D}/{package}.md5sums");
    let mut found: Vec<(Match, Option<FileDigest>)> = Vec::new();
    let there = search.each_line(&path, |search, line| {
        if let Some((listed, digest)) = split_digest(line) {
            let digest = FileDigest::of_hex(digest);
            found.extend(search.matches(&listed).into_iter().map(|at| (at, digest.clone())));
        }
    });
    if !there {
        let text = "a package of this image has no list of its files";
        return search.miss(Trouble::new(TroubleKind::Missing, STATUS_D, text));
    }
    search.read("/var/lib/dpkg/status.d/*");
    for (at, digest) in found {
        search.own(at, Owned { ecosystem: Manager::Deb, name: package.to_owned(), digest, may_differ: false });
    }
}
