//! Owners by rpm: folders, names, digests and flags of files in each package's header (rpm's `doc/manual/tags`).
//! It does not know the formats of the database; where it cannot be read to its end, other answers are "unknown".
//! Invariant: a file that rpm itself says is replaced, not installed, `%config` or `%ghost` has no digest to be held to.

use super::{FileDigest, Manager, Owned, Search};
use crate::collect::rpm::header::Header;
use crate::collect::rpm::{FILES, FOLDERS, each_package};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeSet;

/// Tags of files (`include/rpm/rpmtag.h`).
const FILE_STATES: u32 = 1029;
const FILE_DIGESTS: u32 = 1035;
const FILE_FLAGS: u32 = 1037;
const FOLDER_NUMBERS: u32 = 1116;
const BASE_NAMES: u32 = 1117;
const FOLDER_NAMES: u32 = 1118;
/// `RPMFILE_CONFIG` and `RPMFILE_GHOST` (`include/rpm/rpmfiles.h`).
const FLAG_CONFIG: u32 = 1;
const FLAG_GHOST: u32 = 1 << 6;
/// `RPMFILE_STATE_NORMAL`.
const STATE_NORMAL: u8 = 0;

pub(super) fn read(search: &mut Search<'_>) {
    let mut seen = BTreeSet::new();
    for folder in FOLDERS {
        let Some(names) = search.list(folder) else { continue };
        let Some(file) = FILES.iter().find(|file| names.iter().any(|name| name == *file)) else {
            if names.iter().any(|name| !name.starts_with('.')) {
                let text = "rpm's folder is there and its database is not, so its file lists are not known";
                search.miss(Trouble::new(TroubleKind::Missing, *folder, text));
            }
            continue;
        };
        let place = format!("{folder}/{file}");
        let host = search.host;
        match host.real_path(&place) {
            Ok(ours) if seen.contains(&ours) => {}
            Ok(ours) => {
                seen.insert(ours);
                search.read(place.as_str());
                let mut sound = true;
                let read = each_package(host, &place, |_, blob| {
                    sound &= blob.and_then(|blob| Header::parse(blob).ok()).is_some_and(|one| files(search, &one));
                });
                if read.is_err() || !sound {
                    let text = "the package database, or the file list of a package in it, cannot be read";
                    search.miss(Trouble::new(TroubleKind::Unreadable, place, text));
                }
            }
            Err(error) => search.miss(error.to_trouble()),
        }
    }
}

/// The files of a package; false where its header makes no sense.
fn files(search: &mut Search<'_>, header: &Header<'_>) -> bool {
    use crate::collect::rpm::header::NAME;
    let Some(package) = header.text(NAME) else { return false };
    let folders: Vec<&[u8]> = header.texts(FOLDER_NAMES).collect();
    let numbers: Vec<u32> = header.numbers(FOLDER_NUMBERS).collect();
    let names: Vec<&[u8]> = header.texts(BASE_NAMES).collect();
    if names.len() != numbers.len() {
        return false;
    }
    let mut found = Vec::new();
    for (at, (name, number)) in names.iter().zip(&numbers).enumerate() {
        let Some(folder) = usize::try_from(*number).ok().and_then(|number| folders.get(number)) else { return false };
        if std::str::from_utf8(name).is_ok_and(|name| search.by_name.contains_key(name)) {
            let path = [folder, *name].concat();
            found.extend(search.matches(&path).into_iter().map(|one| (at, one)));
        }
    }
    for (at, one) in found {
        let flags = header.numbers(FILE_FLAGS).nth(at).unwrap_or_default();
        let state = header.bytes(FILE_STATES).and_then(|states| states.get(at).copied()).unwrap_or(STATE_NORMAL);
        let may_differ = flags & (FLAG_CONFIG | FLAG_GHOST) != 0 || state != STATE_NORMAL;
        let digest = header.texts(FILE_DIGESTS).nth(at).and_then(FileDigest::of_hex);
        let name = String::from_utf8_lossy(package).into_owned();
        search.own(one, Owned { ecosystem: Manager::Rpm, name, digest, may_differ });
    }
    true
}
