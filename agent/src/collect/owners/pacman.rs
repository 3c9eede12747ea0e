//! Owners by pacman (Arch): `local/*/files`, and of packages that own something asked for, their `mtree` with digests.
//! It does not know repositories or versions.
//! Invariant: what a package lists under `%BACKUP%` is people's to change.

use super::{FileDigest, Manager, Match, Owned, Search, each_line};
use flate2::read::MultiGzDecoder;
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufReader;

const LOCAL: &str = "/var/lib/pacman/local";

pub(super) fn read(search: &mut Search<'_>) {
    for folder in search.list(LOCAL).unwrap_or_default() {
        if folder == "ALPM_DB_VERSION" {
            continue;
        }
        // `name-version-release`; a name may hold dashes, a version and a release may not.
        let name = folder.rsplitn(3, '-').nth(2).unwrap_or(&folder).to_owned();
        let mut found: Vec<(Match, Vec<u8>)> = Vec::new();
        let mut backup: BTreeSet<Vec<u8>> = BTreeSet::new();
        let mut section = Vec::new();
        search.each_line(&format!("{LOCAL}/{folder}/files"), |search, line| match (section.as_slice(), line) {
            (_, line) if line.starts_with(b"%") => section = line.to_vec(),
            (b"%FILES%", path) if !path.is_empty() => {
                found.extend(search.matches(path).into_iter().map(|at| (at, path.to_vec())));
            }
            (b"%BACKUP%", line) => {
                backup.insert(line.split(|byte| *byte == b'\t').next().unwrap_or_default().to_vec());
            }
            _ => {}
        });
        search.read(LOCAL);
        if found.is_empty() {
            continue;
        }
        let digests = digests(search, &format!("{LOCAL}/{folder}/mtree"));
        for (at, path) in found {
            let digest = digests.get(&path).cloned();
            let may_differ = backup.contains(&path);
            search.own(at, Owned { ecosystem: Manager::Alpm, name: name.clone(), digest, may_differ });
        }
    }
}

/// mtree(5), packed with gzip: `./path key=value …`. A list that cannot be read gives no digests; files have owners without.
fn digests(search: &mut Search<'_>, path: &str) -> BTreeMap<Vec<u8>, FileDigest> {
    let wanted: BTreeSet<Vec<u8>> =
        search.asked.iter().map(|one| one.canonical.trim_start_matches('/').as_bytes().to_vec()).collect();
    let mut digests = BTreeMap::new();
    let Ok(packed) = search.host.open(path) else { return digests };
    let unpacked = BufReader::new(MultiGzDecoder::new(packed));
    let _without_the_rest = each_line(path, unpacked, |line| {
        let mut words = line.split(|byte| *byte == b' ');
        let Some(file) = words.next().and_then(|word| word.strip_prefix(b"./")).filter(|file| wanted.contains(*file))
        else {
            return;
        };
        let digest = words.find_map(|word| FileDigest::of_hex(word.strip_prefix(b"sha256digest=")?));
        digests.extend(digest.map(|digest| (file.to_vec(), digest)));
    });
    digests
}
