//! Installed packages of which a repository's security advisories name a newer version, by the host's own copies of the lists.
//! It does not know repositories that write no advisories, exclusions of the package manager, or what appeared after the day of a list.
//! Invariant: each repository speaks for itself alone; a list that could not be read to its end makes no count, and is named.

use super::updateinfo::{Fixed, advisories, for_each_fixed};
use super::{database, each_package, header};
use crate::access::{ALWAYS_THE_SAME, Host, remembered_look};
use crate::collect::Gather;
use crate::collect::unpack::Packing;
use daicho_schemas::time::CalendarDate;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use header::Header;
use std::collections::{BTreeMap, BTreeSet};

/// Places that are opened to answer, beside the database.
pub(in crate::collect) const PLACES: &[&str] = &[
    "/etc/yum.repos.d",
    "/etc/yum.repos.d/*.repo",
    "/etc/zypp/repos.d",
    "/etc/zypp/repos.d/*.repo",
    "/var/cache/dnf",
    "/var/cache/dnf/*/repodata/repomd.xml",
    "/var/cache/dnf/*/repodata/*",
    "/var/cache/libdnf5",
    "/var/cache/libdnf5/*/repodata/repomd.xml",
    "/var/cache/libdnf5/*/repodata/*",
    "/var/cache/yum",
    "/var/cache/yum/*",
    "/var/cache/yum/*/*",
    "/var/cache/yum/*/*/*/repomd.xml",
    "/var/cache/yum/*/*/*/*",
    "/var/cache/zypp/raw",
    "/var/cache/zypp/raw/*/repodata/repomd.xml",
    "/var/cache/zypp/raw/*/repodata/*",
];
/// Folders of one cache, and files of settings.
const NAMES_MAX: usize = 5000;
const SETTINGS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Where a package manager keeps its copies of repositories' lists.
struct Cache {
    tool: &'static str,
    folder: &'static str,
    /// Folders between that one and a repository's: yum has architecture and release.
    between: usize,
    /// What is behind the repository's name in the folder's: `-` and sixteen digits of its address.
    has_digits: bool,
    /// Where the repository's lists are in its folder.
    lists: &'static str,
    /// The folder of files that say which repositories are asked.
    settings: &'static str,
}

const CACHES: &[Cache] = &[
    Cache {
        tool: "dnf",
        folder: "/var/cache/dnf",
        between: 0,
        has_digits: true,
        lists: "/repodata",
        settings: "/etc/yum.repos.d",
    },
    Cache {
        tool: "dnf",
        folder: "/var/cache/libdnf5",
        between: 0,
        has_digits: true,
        lists: "/repodata",
        settings: "/etc/yum.repos.d",
    },
    Cache {
        tool: "yum",
        folder: "/var/cache/yum",
        between: 2,
        has_digits: false,
        lists: "",
        settings: "/etc/yum.repos.d",
    },
    Cache {
        tool: "zypper",
        folder: "/var/cache/zypp/raw",
        between: 0,
        has_digits: false,
        lists: "/repodata",
        settings: "/etc/zypp/repos.d",
    },
];

/// What is missing by the list of one repository.
#[derive(Clone)]
pub(in crate::collect) struct Pending {
    /// `dnf:baseos`.
    pub(in crate::collect) subject: String,
    /// Names of packages, each once.
    pub(in crate::collect) names: BTreeSet<String>,
    /// The day of the list.
    pub(in crate::collect) list_on: Option<CalendarDate>,
    /// The list.
    pub(in crate::collect) read_from: String,
}

/// What a look found: answers by subject, places, and what could not be read.
#[derive(Default)]
struct Found {
    pending: BTreeMap<String, Pending>,
    sources: BTreeSet<String>,
    troubles: Vec<Trouble>,
}

/// Compares what is installed with every list of advisories of a repository that is asked.
pub(in crate::collect) fn pending_security(gather: &mut Gather, host: &dyn Host) -> Vec<Pending> {
    let lasts = |found: &Found| found.troubles.is_empty();
    let found = remembered_look(host, "pending security updates of rpm", ALWAYS_THE_SAME, lasts, compared);
    found.sources.iter().for_each(|place| gather.source(place));
    found.troubles.iter().for_each(|trouble| gather.remark(trouble.clone()));
    found.pending.values().cloned().collect()
}

fn compared(host: &dyn Host) -> Found {
    let mut found = Found::default();
    let caches: Vec<&Cache> = CACHES.iter().filter(|cache| host.exists(cache.folder)).collect();
    if caches.is_empty() {
        return found;
    }
    // What is wrong with the database is said by the collector of packages; without it nothing can be compared.
    let Some(installed) = Installed::read(host) else { return found };
    for cache in caches {
        let asked = repositories(&mut found, host, cache.settings);
        for folder in folders(host, cache.folder, cache.between) {
            let name = folder.rsplit('/').next().unwrap_or_default();
            let name = if cache.has_digits { without_digits(name) } else { Some(name) };
            if let Some(name) = name.filter(|name| asked.contains(*name)) {
                let subject = format!("{}:{name}", cache.tool);
                look_into(&mut found, host, &format!("{folder}{}", cache.lists), subject, &installed);
            }
        }
    }
    found
}

/// `baseos-055ffcb2ec25a27f`
fn without_digits(folder: &str) -> Option<&str> {
    let (name, digits) = folder.rsplit_once('-')?;
    (digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(name)
}

fn folders(host: &dyn Host, folder: &str, between: usize) -> Vec<String> {
    let mut level = vec![folder.to_owned()];
    for _ in 0..=between {
        let below = level.iter().flat_map(|folder| {
            let names = host.list(folder, NAMES_MAX).map(|listing| listing.names).unwrap_or_default();
            names.into_iter().map(move |name| format!("{folder}/{name}"))
        });
        level = below.take(NAMES_MAX).collect();
    }
    level
}

/// Names of repositories that are asked: sections of `.repo` files that are not switched off.
fn repositories(found: &mut Found, host: &dyn Host, settings: &str) -> BTreeSet<String> {
    let mut asked = BTreeSet::new();
    let names = match host.list(settings, NAMES_MAX) {
        Ok(listing) => listing.names,
        Err(error) if error.is_missing() => return asked,
        Err(error) => {
            found.troubles.push(error.to_trouble());
            return asked;
        }
    };
    for name in names.iter().filter(|name| name.ends_with(".repo")) {
        let place = format!("{settings}/{name}");
        match host.read(&place, SETTINGS_BYTES_MAX) {
            Ok(reading) => {
                asked_in(&String::from_utf8_lossy(&reading.bytes), &mut asked);
                found.sources.insert(place);
            }
            Err(error) => found.troubles.push(error.to_trouble()),
        }
    }
    asked
}

fn asked_in(text: &str, asked: &mut BTreeSet<String>) {
    let mut section = None;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            asked.insert(name.to_owned());
            section = Some(name);
        } else if let Some((key, value)) = line.split_once('=')
            && key.trim() == "enabled"
            && let Some(name) = section
        {
            match value.trim().to_ascii_lowercase().as_str() {
                "0" | "no" | "false" | "off" => drop(asked.remove(name)),
                _ => drop(asked.insert(name.to_owned())),
            }
        }
    }
}

fn look_into(found: &mut Found, host: &dyn Host, folder: &str, subject: String, installed: &Installed) {
    let repomd = format!("{folder}/repomd.xml");
    let reader = match host.open(&repomd) {
        Ok(reader) => reader,
        Err(error) if error.is_missing() => return,
        Err(error) => return found.troubles.push(error.to_trouble()),
    };
    let own = match advisories(reader) {
        Ok(Some(own)) => own,
        // A repository without advisories says nothing of updates.
        Ok(None) => return,
        Err(error) => {
            let text = format!("{error}; security updates of '{subject}' are not known");
            return found.troubles.push(Trouble::new(TroubleKind::Malformed, repomd, text));
        }
    };
    found.sources.insert(repomd);
    let place = format!("{folder}/{}", own.file);
    match names(host, &place, &own.file, installed) {
        Ok(names) => {
            found.sources.insert(place.clone());
            let pending = Pending { subject: subject.clone(), names, list_on: own.made_on, read_from: place };
            // A repository that changed its address leaves its old folder behind: the newer list counts.
            let known = found.pending.get(&subject);
            if known.is_none_or(|known| known.list_on <= pending.list_on) {
                found.pending.insert(subject, pending);
            }
        }
        Err(None) => {}
        Err(Some(text)) => {
            let text = format!("{text}; security updates of '{subject}' are not known");
            found.troubles.push(Trouble::new(TroubleKind::Unreadable, place, text));
        }
    }
}

/// Names of packages that are older than an advisory's; an error without a text where the list is not there.
fn names(host: &dyn Host, place: &str, file: &str, installed: &Installed) -> Result<BTreeSet<String>, Option<String>> {
    let packing = Packing::of(file)
        .map_err(|ending| Some(format!("the list is packed as .{ending}, which this release does not read")))?;
    let reader = host.open(place).map_err(|error| (!error.is_missing()).then(|| error.to_trouble().text))?;
    let list = packing.unpacked(reader).map_err(|error| Some(error.to_string()))?;
    let mut names = BTreeSet::new();
    let read = for_each_fixed(list, |fixed| {
        if installed.lacks(&fixed) {
            names.insert(fixed.name);
        }
    });
    read.map_err(|error| Some(error.to_string()))?;
    Ok(names)
}

/// The newest installed version of each package: several kernels stand beside each other.
struct Installed(BTreeMap<(String, String), Newest>);

struct Newest {
    version: String,
    /// `name:stream` of its module.
    module: Option<String>,
}

impl Installed {
    /// `None` where there is no database, or it could not be read to its end.
    fn read(host: &dyn Host) -> Option<Self> {
        let mut installed = Self(BTreeMap::new());
        let mut sound = true;
        for place in database::files(host) {
            let read = each_package(host, &place, |_, blob| {
                sound &= blob.and_then(|blob| Header::parse(blob).ok()).is_some_and(|header| installed.add(&header));
            });
            sound &= read.is_ok();
        }
        (sound && !installed.0.is_empty()).then_some(installed)
    }

    /// False where the header has no name or version.
    fn add(&mut self, header: &Header<'_>) -> bool {
        let text = |tag| header.text(tag).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let (Some(name), Some(version), Some(release)) =
            (text(header::NAME), text(header::VERSION), text(header::RELEASE))
        else {
            return false;
        };
        let version = match header.number(header::EPOCH) {
            None | Some(0) => format!("{version}-{release}"),
            Some(epoch) => format!("{epoch}:{version}-{release}"),
        };
        let label = text(header::MODULARITYLABEL).filter(|label| !label.is_empty());
        let module = label.map(|label| label.splitn(3, ':').take(2).collect::<Vec<_>>().join(":"));
        let key = (name, text(header::ARCH).unwrap_or_default());
        let newest = self.0.get(&key).is_none_or(|known| is_older(&known.version, &version));
        if newest {
            self.0.insert(key, Newest { version, module });
        }
        true
    }

    /// Whether an older one is installed, of the same module or as little of one.
    fn lacks(&self, fixed: &Fixed) -> bool {
        let own = self.0.get(&(fixed.name.clone(), fixed.architecture.clone()));
        own.is_some_and(|own| own.module == fixed.module && is_older(&own.version, &fixed.version))
    }
}

/// By rpm's own order of versions.
fn is_older(version: &str, than: &str) -> bool {
    rpm_version::rpm_evr_compare(version, than).is_lt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_that_are_switched_off_are_not_asked() {
        let mut asked = BTreeSet::new();
        asked_in(
            "[one]\nname=One\n\n[two]\nenabled = 0\n# [three]\n[four]\nenabled=1\n[five]\nenabled=False\n",
            &mut asked,
        );
        assert_eq!(asked.into_iter().collect::<Vec<_>>(), ["four", "one"]);
        assert_eq!(without_digits("base-os-055ffcb2ec25a27f"), Some("base-os"));
        assert_eq!(without_digits("expired_repos.json"), None);
    }

    #[test]
    fn versions_are_ordered_as_rpm_orders_them() {
        for (older, newer) in [
            ("1.9-1", "1.10-1"),
            ("9-1", "1:0-1"),
            ("1.0~rc1-1", "1.0-1"),
            ("1.0-1", "1.0^git1-1"),
            ("2.34-60.el9", "2.34-60.el9_2.7"),
            ("1.0-2.el9", "1.0-10.el9"),
        ] {
            assert!(is_older(older, newer) && !is_older(newer, older), "{older} {newer}");
        }
        assert!(!is_older("0:1.0-1", "1.0-1") && !is_older("1.0-1", "0:1.0-1") && !is_older("1.0-01", "1.0-1"));
    }
}
