//! Which package managers this host has that no collector reads, so that a list of packages never passes for all of them.
//! It reads nothing: it looks whether their databases are there. It does not know how many packages they hold.
//! Invariant: a manager that is not read makes this collector partial, and says where its database is.

use super::{Collected, Collector, Gather};
use crate::access::Host;
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::sync::LazyLock;

/// Databases that other collectors read.
const READ: &[&str] = &[
    "/var/lib/dpkg",
    "/usr/lib/sysimage/rpm",
    "/var/lib/rpm",
    "/usr/lib/apk/db",
    "/lib/apk/db",
    "/var/lib/pacman/local",
    "/usr/lib/opkg/status",
    "/var/lib/opkg/status",
    "/opt/lib/opkg/status",
    "/var/lib/snapd/snaps",
    "/var/lib/flatpak",
];

/// Databases that none reads: the manager's name, and where its database is.
const UNREAD: &[(&str, &str)] = &[
    ("apk with a database of version 3", "/usr/lib/apk/db/installed.adb"),
    ("apk with a database of version 3", "/lib/apk/db/installed.adb"),
    ("Conda", "/opt/conda/conda-meta"),
    ("CRUX pkgutils", "/var/lib/pkg/db"),
    ("eopkg (Solus)", "/var/lib/eopkg/package"),
    ("Gentoo Portage", "/var/db/pkg"),
    ("GNU Guix", "/var/guix/db/db.sqlite"),
    ("Homebrew", "/home/linuxbrew/.linuxbrew/Cellar"),
    ("ipkg", "/usr/lib/ipkg/status"),
    ("ipkg (Optware)", "/opt/lib/ipkg/status"),
    ("Nix", "/nix/var/nix/db/db.sqlite"),
    ("pkgsrc", "/usr/pkg/pkgdb"),
    ("QNAP packages", "/etc/config/qpkg.conf"),
    ("Slackware", "/var/lib/pkgtools/packages"),
    ("Slackware (up to 14)", "/var/log/packages"),
    ("swupd (Clear Linux)", "/usr/share/clear/bundles"),
    ("Synology packages", "/var/packages"),
    ("Tiny Core extensions", "/usr/local/tce.installed"),
    ("XBPS (Void)", "/var/db/xbps"),
];

static PLACES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| READ.iter().copied().chain(UNREAD.iter().map(|(_, place)| *place)).collect());

/// Looks for package managers that nobody reads.
pub(crate) struct PackageManagersCollector;

impl Collector for PackageManagersCollector {
    fn id(&self) -> &'static str {
        "package_managers"
    }

    fn about(&self) -> Text {
        Text::new(
            "パッケージ管理ツールの有無（読み取れないものを示す）",
            "which package managers are there, and which of them are not read",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        &PLACES
    }

    fn watches(&self) -> &'static [&'static str] {
        &[]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        for place in READ.iter().filter(|place| host.exists(place)) {
            gather.source(*place);
        }
        for (manager, place) in UNREAD.iter().filter(|(_, place)| host.exists(place)) {
            let text =
                format!("this host has {manager}, which this release does not read: its packages are not listed");
            gather.miss(Trouble::new(TroubleKind::NotObservable, *place, text));
        }
        if gather.has_read_nothing() { gather.finish_not_applicable() } else { gather.finish() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use crate::collect::golden;
    use daicho_schemas::batch::Outcome;

    #[test]
    fn the_sample_gives_its_golden_from_documented_places_only() {
        let sample = golden::running(&PackageManagersCollector, "debian_with_nix", Machine::default());
        let collected = golden::check(&PackageManagersCollector, "debian_with_nix", &sample);
        assert_eq!(collected.outcome, Outcome::Partial);
        golden::every_documented_place(&PackageManagersCollector, &[&sample]);
    }

    #[test]
    fn a_host_whose_managers_are_all_read_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("var/lib/dpkg")).unwrap();
        let collected = PackageManagersCollector.collect(&RecordedHost::image(folder.path()));
        assert_eq!((collected.outcome, collected.sources), (Outcome::Complete, vec!["/var/lib/dpkg".to_owned()]));
    }
}
