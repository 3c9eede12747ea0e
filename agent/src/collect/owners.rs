//! Which package owns a path, for a set of asked paths: the file lists of every package manager, streamed once.
//! It does not know why somebody asks, and it follows no package manager's guess: a list says so, or nobody owns it.
//! Invariant: memory grows with what is asked, not with what is installed; where a list could not be read, or no package manager
//! is known, the answer is "unknown" and never "no package owns it".

mod apk;
mod dpkg;
mod names;
mod opkg;
mod pacman;
mod rpm;
mod snap;

#[cfg(test)]
#[cfg(unix)]
mod tests;

use crate::access::{AccessError, Host, remembered_look};
use daicho_schemas::fact::observation::{CarriedBy, PackageDigestSort};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Read as _};
use std::sync::{Arc, LazyLock};

/// One file of a package manager: the list of all files of a large distribution's package has some 10 MB.
const LIST_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// One line of it; a path has at most 4,096 bytes (`PATH_MAX`).
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// Names in a package manager's folder.
const NAMES_MAX: usize = 1_000_000;
/// Folders whose resolved paths are kept while lists are read.
const FOLDERS_MAX: usize = 50_000;

/// Every place that may be looked at to answer, beside the asked paths and their folders.
pub(super) static PLACES: LazyLock<Vec<&str>> = LazyLock::new(|| [OWN_PLACES, super::rpm::DATABASES].concat());
const OWN_PLACES: &[&str] = &[
    "/var/lib/dpkg",
    "/var/lib/dpkg/status",
    "/var/lib/dpkg/status.d",
    "/var/lib/dpkg/status.d/*",
    "/var/lib/dpkg/diversions",
    "/var/lib/dpkg/info",
    "/var/lib/dpkg/info/*",
    "/lib/apk/db/installed",
    "/usr/lib/apk/db/installed",
    "/var/lib/pacman/local",
    "/var/lib/pacman/local/*/desc",
    "/var/lib/pacman/local/*/files",
    "/var/lib/pacman/local/*/mtree",
    "/usr/lib/opkg/status",
    "/usr/lib/opkg/info",
    "/usr/lib/opkg/info/*",
    "/var/lib/opkg/status",
    "/var/lib/opkg/info",
    "/var/lib/opkg/info/*",
    "/var/lib/snapd/snaps",
    "/var/db/pkg",
    "/var/lib/pkgtools/packages",
    "/var/log/packages",
    "/var/db/xbps",
    "/var/lib/eopkg",
    // Links on some hosts and folders on others: lists name files below either name.
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/var/run",
];

/// Package managers whose databases are not read: where one of them is, no path is "of no package".
const UNREAD: &[(&str, &str)] = &[
    ("/var/db/pkg", "Portage (Gentoo)"),
    ("/var/lib/pkgtools/packages", "pkgtools (Slackware)"),
    ("/var/log/packages", "pkgtools (Slackware)"),
    ("/var/db/xbps", "xbps (Void Linux)"),
    ("/var/lib/eopkg", "eopkg (Solus)"),
];

/// Stores of package managers that are not read: what lies there is of a package that we cannot name.
const UNREAD_STORES: &[&str] = &["/nix/store/", "/gnu/store/", "/home/linuxbrew/", "/var/lib/flatpak/"];

/// A package manager, by its purl type (https://github.com/package-url/purl-spec).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Manager {
    Deb,
    Rpm,
    Apk,
    Alpm,
    Opkg,
    Snap,
}

impl Manager {
    /// The purl type.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Rpm => "rpm",
            Self::Apk => "apk",
            Self::Alpm => "alpm",
            Self::Opkg => "opkg",
            Self::Snap => "snap",
        }
    }
}

/// The sort of a digest, by the number of its hexadecimal digits.
fn sort_of_hex(hex: &str) -> Option<PackageDigestSort> {
    Some(match hex.len() {
        32 => PackageDigestSort::Md5,
        40 => PackageDigestSort::Sha1,
        64 => PackageDigestSort::Sha256,
        96 => PackageDigestSort::Sha384,
        128 => PackageDigestSort::Sha512,
        _ => return None,
    })
}

/// What a file's contents were when its package was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileDigest {
    pub(crate) sort: PackageDigestSort,
    /// Hexadecimal digits, lower case.
    pub(crate) hex: String,
}

impl FileDigest {
    /// A digest in hexadecimal digits, of a known length.
    fn of_hex(hex: &[u8]) -> Option<Self> {
        let hex = std::str::from_utf8(hex).ok()?.to_ascii_lowercase();
        let sort = sort_of_hex(&hex)?;
        hex.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(Self { sort, hex })
    }
}

/// The package that owns a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Owned {
    pub(crate) ecosystem: Manager,
    pub(crate) name: String,
    /// Absent where the package manager keeps none, or packages that share the file disagree.
    pub(crate) digest: Option<FileDigest>,
    /// The package itself expects that people change it: a configuration file, or one that it only reserves (`%ghost`).
    pub(crate) may_differ: bool,
}

/// Who owns a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A package.
    Owned(Owned),
    /// Every list was read and none names it.
    Unowned,
    /// Not every list could be read, and none of those that were names it.
    Unknown,
}

/// The answer for every asked path.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    owners: BTreeMap<String, Owner>,
    sources: BTreeSet<String>,
    troubles: Vec<Trouble>,
}

impl Owner {
    /// The same as observations say it.
    pub(crate) fn told(&self) -> CarriedBy {
        match self {
            Self::Owned(owned) => {
                CarriedBy::Package { ecosystem: owned.ecosystem.as_str().to_owned(), name: owned.name.clone() }
            }
            Self::Unowned => CarriedBy::Nobody,
            Self::Unknown => CarriedBy::Unknown,
        }
    }
}

impl Owners {
    /// Reads every package manager's lists once. Links in the asked paths are resolved, alternatives among them.
    /// The agent that looks again asks for stamps of the lists where it asks for the same paths.
    pub(crate) fn of(host: &dyn Host, paths: &BTreeSet<String>, for_whom: &'static str) -> Arc<Self> {
        let mut asked = Sha256::new();
        paths.iter().for_each(|path| {
            asked.update(path);
            asked.update([0]);
        });
        let lasts = |owners: &Self| owners.troubles.is_empty();
        remembered_look(host, for_whom, asked.finalize().into(), lasts, |host| Self::read(host, paths))
    }

    fn read(host: &dyn Host, paths: &BTreeSet<String>) -> Self {
        if paths.is_empty() {
            return Self::default();
        }
        let mut search = Search::new(host, paths);
        for read in [dpkg::read, rpm::read, apk::read, pacman::read, opkg::read, snap::read] {
            read(&mut search);
        }
        for (place, name) in UNREAD {
            if host.exists(place) {
                search.managers = true;
                let text = format!("{name} manages packages here, which this release does not read");
                search.miss(Trouble::new(TroubleKind::NotObservable, *place, text));
            }
        }
        search.finish()
    }

    /// Who owns a path that was asked for; unknown for one that was not.
    pub(crate) fn of_path(&self, path: &str) -> &Owner {
        self.owners.get(path).unwrap_or(&Owner::Unknown)
    }

    /// Places that were read.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(String::as_str)
    }

    /// Why some answers are "unknown".
    pub(crate) fn troubles(&self) -> &[Trouble] {
        &self.troubles
    }
}

/// One asked path.
struct Asked {
    path: String,
    /// With all links resolved; of a file that is gone, those of its folder.
    canonical: String,
    owned: Option<Owned>,
}

/// The asked paths while lists stream by.
struct Search<'a> {
    host: &'a dyn Host,
    asked: Vec<Asked>,
    /// By last component: the one thing that a listed path has in common with an asked one whatever folders are links.
    by_name: BTreeMap<String, Vec<usize>>,
    folders: BTreeMap<String, String>,
    sources: BTreeSet<String>,
    troubles: Vec<Trouble>,
    /// A package manager is here, whether or not its lists could be read.
    managers: bool,
}

/// An asked path that a list names.
#[derive(Clone, Copy)]
struct Match(usize);

impl<'a> Search<'a> {
    fn new(host: &'a dyn Host, paths: &BTreeSet<String>) -> Self {
        let mut search = Self {
            host,
            asked: Vec::new(),
            by_name: BTreeMap::new(),
            folders: BTreeMap::new(),
            sources: BTreeSet::new(),
            troubles: Vec::new(),
            managers: false,
        };
        for path in paths {
            let canonical = host.canonical(path).unwrap_or_else(|_| search.in_resolved_folder(path));
            let name = canonical.rsplit('/').next().unwrap_or_default().to_owned();
            search.by_name.entry(name).or_default().push(search.asked.len());
            search.asked.push(Asked { path: path.clone(), canonical, owned: None });
        }
        search
    }

    /// A path with the links of its folder resolved, but not itself: a package that ships a link does not own its target.
    fn in_resolved_folder(&mut self, path: &str) -> String {
        let Some((folder, name)) = path.rsplit_once('/') else { return path.to_owned() };
        if let Some(known) = self.folders.get(folder) {
            return format!("{known}/{name}");
        }
        let resolved = self.host.canonical(if folder.is_empty() { "/" } else { folder });
        let resolved = resolved.map_or_else(|_| folder.to_owned(), |found| found.trim_end_matches('/').to_owned());
        if self.folders.len() < FOLDERS_MAX {
            self.folders.insert(folder.to_owned(), resolved.clone());
        }
        format!("{resolved}/{name}")
    }

    /// The asked paths that a listed path is, however folders are linked (`/bin` and `/usr/bin`).
    fn matches(&mut self, listed: &[u8]) -> Vec<Match> {
        let Some(candidates) =
            std::str::from_utf8(names::last_component(listed)).ok().and_then(|name| self.by_name.get(name))
        else {
            return Vec::new();
        };
        let candidates = candidates.clone();
        let Ok(listed) = std::str::from_utf8(listed) else { return Vec::new() };
        let listed = if listed.starts_with('/') { listed.to_owned() } else { format!("/{listed}") };
        let is = |search: &Self, at: usize, path: &str| search.asked.get(at).is_some_and(|one| one.canonical == path);
        let mut found: Vec<usize> = candidates.iter().copied().filter(|at| is(self, *at, &listed)).collect();
        if found.is_empty() {
            let resolved = self.in_resolved_folder(&listed);
            found = candidates.into_iter().filter(|at| is(self, *at, &resolved)).collect();
        }
        found.into_iter().map(Match).collect()
    }

    /// Notes an owner. Of several, the first in order is named; where their digests differ, none of them is believed.
    fn own(&mut self, at: Match, owned: Owned) {
        let Some(asked) = self.asked.get_mut(at.0) else { return };
        let Some(known) = &mut asked.owned else {
            asked.owned = Some(owned);
            return;
        };
        let agreed = if known.digest == owned.digest { known.digest.clone() } else { None };
        let may_differ = known.may_differ || owned.may_differ;
        let (ecosystem, name) = (known.ecosystem, known.name.clone()).min((owned.ecosystem, owned.name));
        *known = Owned { ecosystem, name, digest: agreed, may_differ };
    }

    /// Names a list that was read.
    fn read(&mut self, place: impl Into<String>) {
        self.managers = true;
        self.sources.insert(place.into());
    }

    /// Names a list that was not read: from here on nothing is "of no package".
    fn miss(&mut self, trouble: Trouble) {
        self.managers = true;
        self.troubles.push(trouble);
    }

    /// The names in a folder; nothing where there is no such folder.
    fn list(&mut self, folder: &str) -> Option<Vec<String>> {
        match self.host.list(folder, NAMES_MAX) {
            Ok(listing) => {
                if listing.cut || listing.unreadable_names > 0 {
                    let text = "there are more names than the limit, or names that are not UTF-8, which were not read";
                    self.miss(Trouble::new(TroubleKind::TooLarge, folder, text));
                }
                Some(listing.names)
            }
            Err(error) if error.is_missing() => None,
            Err(error) => {
                self.miss(error.to_trouble());
                None
            }
        }
    }

    /// Streams a file's lines. False where it is missing; what cannot be read is a trouble.
    fn each_line(&mut self, path: &str, mut line: impl FnMut(&mut Self, &[u8])) -> bool {
        match self.host.open(path) {
            Ok(file) => {
                if let Err(trouble) = each_line(path, file, |bytes| line(self, bytes)) {
                    self.miss(trouble);
                }
                true
            }
            Err(error) if error.is_missing() => false,
            Err(error) => {
                self.miss(error.to_trouble());
                true
            }
        }
    }

    fn finish(mut self) -> Owners {
        if !self.managers {
            let text = "no package manager that this release knows was found, so nobody can say whose a file is";
            self.troubles.push(Trouble::new(TroubleKind::NotObservable, "/var/lib", text));
        }
        self.troubles.sort();
        self.troubles.dedup();
        let all_read = self.troubles.is_empty();
        let in_a_store = |path: &str| UNREAD_STORES.iter().any(|store| path.starts_with(store));
        let owners = self.asked.into_iter().map(|Asked { path, canonical, owned }| {
            let owner = match owned {
                Some(owned) => Owner::Owned(owned),
                None if all_read && !in_a_store(&canonical) => Owner::Unowned,
                None => Owner::Unknown,
            };
            (path, owner)
        });
        Owners { owners: owners.collect(), sources: self.sources, troubles: self.troubles }
    }
}

/// Gives the lines of a file one by one, without their ends, in a buffer that is used again.
fn each_line(path: &str, mut file: impl BufRead, mut line: impl FnMut(&[u8])) -> Result<(), Trouble> {
    let mut buffer = Vec::new();
    let mut left = LIST_BYTES_MAX;
    let too_large =
        || Trouble::new(TroubleKind::TooLarge, path, "the list is larger than the limit; the rest was not read");
    loop {
        buffer.clear();
        let read = file.by_ref().take(LINE_BYTES_MAX.min(left)).read_until(b'\n', &mut buffer);
        let read = read.map_err(|source| AccessError::from_io(path, source).to_trouble())?;
        if read == 0 {
            return if left == 0 { Err(too_large()) } else { Ok(()) };
        }
        left = left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
        let ended = buffer.last() == Some(&b'\n');
        if !ended && u64::try_from(read).unwrap_or(u64::MAX) >= LINE_BYTES_MAX {
            return Err(too_large());
        }
        line(buffer.strip_suffix(b"\n").unwrap_or(&buffer));
    }
}
