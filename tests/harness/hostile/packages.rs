//! Databases of package managers, as a hostile host may hold them. The first byte picks the database and its collector.
//! It does not know any format. Invariant: whatever the bytes are, no collector panics, what it says is within the limits of the
//! contract and the same at a second look, and a database that could not be read is never an empty one.

use daicho_agent::access::RecordedHost;
use daicho_agent::collect::{COLLECTORS, run};
use daicho_schemas::batch::Outcome;
use daicho_schemas::limits::{REPORT_ITEMS_MAX, REPORT_TROUBLES_MAX};

macro_rules! fixture {
    ($path:literal) => {
        include_bytes!(concat!("../../../agent/fixtures/", $path))
    };
}

/// A database: its collector, its place, a sound one.
type Database = (&'static str, &'static str, &'static [u8]);

const DATABASES: [Database; 14] = [
    ("dpkg", "var/lib/dpkg/status", fixture!("dpkg/debian_12/root/var/lib/dpkg/status")),
    ("rpm", "var/lib/rpm/Packages", fixture!("rpm/el7/root/var/lib/rpm/Packages")),
    ("rpm", "var/lib/rpm/Packages", fixture!("rpm/el5_big_endian/root/var/lib/rpm/Packages")),
    ("rpm", "var/lib/rpm/Packages.db", fixture!("rpm/suse/root/var/lib/rpm/Packages.db")),
    ("rpm", "var/lib/rpm/rpmdb.sqlite", fixture!("rpm/el9/root/var/lib/rpm/rpmdb.sqlite")),
    ("rpm", "var/lib/rpm/rpmdb.sqlite-wal", b"\x37\x7f\x06\x82\x00\x2d\xe2\x18\x00\x00\x10\x00"),
    ("rpm", "usr/lib/sysimage/libdnf5/nevras.toml", b"[nevras.\"bash-0:5.1.8-9.el9.x86_64\"]\nfrom_repo = \"base\"\n"),
    ("apk", "lib/apk/db/installed", fixture!("apk/alpine_3/root/lib/apk/db/installed")),
    ("pacman", "var/lib/pacman/local/a-1-1/desc", b"%NAME%\na\n\n%VERSION%\n1-1\n\n%ARCH%\nany\n"),
    ("pacman", "var/lib/pacman/sync/core.db", fixture!("pacman/arch/root/var/lib/pacman/sync/core.db")),
    ("opkg", "usr/lib/opkg/status", fixture!("opkg/openwrt/root/usr/lib/opkg/status")),
    ("snap", "var/lib/snapd/state.json", fixture!("snap/ubuntu/root/var/lib/snapd/state.json")),
    ("snap", "snap/a/1/meta/snap.yaml", b"name: a\nversion: '1'\n"),
    (
        "flatpak",
        "var/lib/flatpak/app/a/x86_64/stable/active/deploy",
        fixture!("flatpak/desktop/root/var/lib/flatpak/app/org.example.Editor/x86_64/stable/active/deploy"),
    ),
];

/// What has to stand beside some of them.
const BESIDE: [Database; 3] = [
    ("rpm", "var/lib/rpm/rpmdb.sqlite", fixture!("rpm/el9/root/var/lib/rpm/rpmdb.sqlite")),
    ("pacman", "var/lib/pacman/local/example-base-1:2.39-1/desc", b"%NAME%\nexample-base\n\n%VERSION%\n1:2.39-1\n"),
    ("snap", "var/lib/snapd/snaps/a_1.snap", b""),
];

pub(super) fn read(bytes: &[u8]) {
    let (pick, file) = bytes.split_first().map_or((0, bytes), |(pick, file)| (usize::from(*pick), file));
    let (id, place, _) = DATABASES[pick % DATABASES.len()];
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |place: &str, content: &[u8]| {
        let path = folder.path().join(place);
        std::fs::create_dir_all(path.parent().expect("it is below the folder")).expect("a folder can be made");
        std::fs::write(path, content).expect("a file can be written");
    };
    let has_other_database = place.starts_with("var/lib/rpm/Packages");
    for (_, beside, content) in BESIDE.iter().filter(|(other, ..)| *other == id && !has_other_database) {
        write(beside, content);
    }
    write(place, file);
    let host = RecordedHost::image(folder.path());
    let collector = COLLECTORS.iter().find(|collector| collector.id() == id).expect("the collector is in the list");
    let collected = run(*collector, &host);
    assert!(!collected.troubles.iter().any(|trouble| trouble.text.contains("please report this as a bug")));
    assert!(collected.items.len() <= REPORT_ITEMS_MAX && collected.troubles.len() <= REPORT_TROUBLES_MAX);
    assert!(collected.outcome != Outcome::Failed || (collected.items.is_empty() && !collected.troubles.is_empty()));
    assert!(collected.outcome != Outcome::Partial || !collected.troubles.is_empty());
    for item in &collected.items {
        let again = serde_json::from_str(&serde_json::to_string(item).expect("it can be written")).expect("and read");
        assert_eq!(*item, again);
    }
    assert_eq!(run(*collector, &host), collected, "a second look gives the same");
}

/// Every sound database by its own collector.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let numbered = (0_u8..).zip(DATABASES);
    numbered.map(|(number, (_, _, sound))| [&[number], sound].concat()).collect()
}
