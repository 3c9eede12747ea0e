//! Programs and unit files whose contents are not those of their package.
//! It does not know why. A wrong word here is an accusation, so everything that could explain a difference ends the comparison.
//! Invariant: no statement where the package keeps no digest, lets people change the file, prelink rewrites programs, or a package
//! manager is at work before or after the look.

use super::{Budget, Looked};
use crate::access::Host;
use crate::collect::Gather;
use crate::collect::owners::Owned;
use daicho_schemas::fact::observation::{ChangedFile, ChangedFilePart, Observation, PackageDigestSort};
use daicho_schemas::trouble::{Trouble, TroubleKind};

/// Of prelink(8), which rewrites programs in place.
const PRELINK: &str = "/etc/prelink.cache";
/// What is there while a package manager is at work: dpkg's journal, its folder of a package in transit, pacman's lock, the
/// journals of rpm's database.
const DPKG_JOURNAL: &str = "/var/lib/dpkg/updates";
const AT_WORK: &[&str] = &["/var/lib/dpkg/tmp.ci", "/var/lib/pacman/db.lck"];
const JOURNALS: &[&str] = &["/usr/lib/sysimage/rpm/rpmdb.sqlite-wal", "/var/lib/rpm/rpmdb.sqlite-wal"];

/// An owned file that is to be held against its package.
pub(super) struct Suspect {
    pub(super) path: String,
    pub(super) part: ChangedFilePart,
    pub(super) owned: Owned,
}

/// Compares them all, and states those that differ.
pub(super) fn state(gather: &mut Gather, host: &dyn Host, suspects: Vec<Suspect>, budget: &mut Budget) {
    if host.exists(PRELINK) {
        let text = "prelink rewrites programs here, so they cannot be held against what their packages keep of them";
        return gather.miss(Trouble::new(TroubleKind::NotObservable, PRELINK, text));
    }
    let changed: Vec<ChangedFile> =
        suspects.into_iter().filter_map(|suspect| compare(gather, host, suspect, budget)).collect();
    if !changed.is_empty() && is_at_work(host) {
        let text = "a package manager is at work; files are held against their packages when it is done";
        return gather.miss(Trouble::new(TroubleKind::NotObservable, "/var/lib", text));
    }
    for file in changed {
        gather.item("/var/lib", Observation::ChangedFile(file));
    }
}

fn is_at_work(host: &dyn Host) -> bool {
    let journal = host
        .list(DPKG_JOURNAL, 100)
        .is_ok_and(|listing| listing.names.iter().any(|name| name.bytes().all(|byte| byte.is_ascii_digit())));
    let grows = |path: &&str| host.read(path, 1).is_ok_and(|reading| !reading.bytes.is_empty());
    journal || AT_WORK.iter().any(|path| host.exists(path)) || JOURNALS.iter().any(grows)
}

fn compare(gather: &mut Gather, host: &dyn Host, suspect: Suspect, budget: &mut Budget) -> Option<ChangedFile> {
    let Suspect { path, part, owned } = suspect;
    let expected = owned.digest.filter(|_| !owned.may_differ)?;
    let Looked::Digest { hex, size_bytes } = budget.digest(gather, host, &path, expected.sort) else { return None };
    if hex == expected.hex {
        return None;
    }
    let Looked::Digest { hex: sha256, size_bytes: size_now } =
        budget.digest(gather, host, &path, PackageDigestSort::Sha256)
    else {
        return None;
    };
    // Somebody writes to it just now; the next look tells.
    if size_now != size_bytes {
        return None;
    }
    Some(ChangedFile {
        path,
        part,
        ecosystem: owned.ecosystem.as_str().to_owned(),
        package: owned.name,
        expected_sort: expected.sort,
        expected: expected.hex,
        sha256,
        size_bytes,
    })
}
