//! Tables of the kernel with any one byte changed, or cut at any fourth: collectors go on, and say what they can.
//! Runs in tests only. It does not know what a table means.
//! Invariant tested: no panic, no endless walk, and nothing that is longer than a text may be.

use super::{COLLECTORS, golden, run};
use crate::access::{
    AccessError, AnyPlace, Digest, Entries, Host, KernelTable, Listing, Machine, Memory, Platform, ProcessSeen,
    Reading, RecordedHost, RegistryKey, Stamp,
};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::{PackageDigestSort, Program};
use std::collections::BTreeSet;
use std::io::BufRead;
use std::os::unix::{fs::symlink, net::UnixListener};
use std::path::PathBuf;

/// A host of which one table is damaged at one place.
struct Damaged<'a> {
    host: &'a RecordedHost,
    table: KernelTable,
    at: usize,
    /// The byte there; `None` cuts.
    byte: Option<u8>,
}

impl Host for Damaged<'_> {
    fn read(&self, path: &str, bytes_max: usize) -> Result<Reading, AccessError> {
        self.host.read(path, bytes_max)
    }

    fn read_end(&self, path: &str, bytes_max: usize) -> Result<Reading, AccessError> {
        self.host.read_end(path, bytes_max)
    }

    fn open(&self, path: &str) -> Result<Box<dyn BufRead>, AccessError> {
        self.host.open(path)
    }

    fn list(&self, path: &str, names_max: usize) -> Result<Listing, AccessError> {
        self.host.list(path, names_max)
    }

    fn open_anywhere(&self, path: &str) -> Result<Box<dyn AnyPlace>, AccessError> {
        self.host.open_anywhere(path)
    }

    fn entries(&self, path: &str, names_max: usize) -> Result<Entries, AccessError> {
        self.host.entries(path, names_max)
    }

    fn read_link(&self, path: &str) -> Result<String, AccessError> {
        self.host.read_link(path)
    }

    fn exists(&self, path: &str) -> bool {
        self.host.exists(path)
    }

    fn real_path(&self, path: &str) -> Result<PathBuf, AccessError> {
        self.host.real_path(path)
    }

    fn canonical(&self, path: &str) -> Result<String, AccessError> {
        self.host.canonical(path)
    }

    fn stamp(&self, path: &str) -> Result<Stamp, AccessError> {
        self.host.stamp(path)
    }

    fn read_at(&self, path: &str, offset: u64, bytes_max: usize) -> Result<Reading, AccessError> {
        self.host.read_at(path, offset, bytes_max)
    }

    fn digest(&self, path: &str, sort: PackageDigestSort, bytes_max: u64) -> Result<Option<Digest>, AccessError> {
        self.host.digest(path, sort, bytes_max)
    }

    fn is_live(&self) -> bool {
        true
    }

    fn kernel_table(&self, table: &KernelTable, bytes_max: usize) -> Result<Reading, AccessError> {
        let mut reading = self.host.kernel_table(table, bytes_max)?;
        if *table == self.table {
            match self.byte {
                Some(byte) => reading.bytes[self.at] = byte,
                None => reading.bytes.truncate(self.at),
            }
        }
        Ok(reading)
    }

    fn machine(&self) -> Machine {
        self.host.machine()
    }

    fn registry(&self, key: &str) -> Result<RegistryKey, AccessError> {
        self.host.registry(key)
    }

    fn processes(&self) -> Result<Vec<ProcessSeen>, AccessError> {
        self.host.processes()
    }

    fn platform(&self) -> Platform {
        self.host.platform()
    }

    fn memory(&self) -> Option<&Memory> {
        self.host.memory()
    }

    fn seen_programs(&self) -> Vec<Program> {
        self.host.seen_programs()
    }

    fn remembered(&self, words: BTreeSet<String>, words_max: usize) -> BTreeSet<String> {
        self.host.remembered(words, words_max)
    }

    fn device_folder(&self) -> &str {
        self.host.device_folder()
    }
}

fn damaged_everywhere(id: &str, sample: &str, table: KernelTable) {
    let collector = COLLECTORS.iter().find(|collector| collector.id() == id).unwrap();
    let host = golden::running(*collector, sample, Machine::default());
    let length = host.kernel_table(&table, usize::MAX).unwrap().bytes.len();
    for (at, byte) in (0..length).zip([None, Some(0), Some(1), Some(0xff)].into_iter().cycle()) {
        let damaged = Damaged { host: &host, table: table.clone(), at, byte };
        let collected = run(*collector, &damaged);
        // A panic is caught and becomes a failure of this collector.
        assert_ne!(collected.outcome, Outcome::Failed, "{id} {table} {at} {byte:?}: {:?}", collected.troubles);
    }
}

#[test]
fn damaged_links_and_peers_stop_nobody() {
    damaged_everywhere("tunnels", "gateway", KernelTable::Links);
    damaged_everywhere("wireguard_peers", "server", KernelTable::WireguardPeers("wg0".into()));
}

#[test]
fn damaged_policies_stop_nobody() {
    damaged_everywhere("ipsec", "gateway", KernelTable::IpsecPolicies);
    damaged_everywhere("ipsec", "gateway", KernelTable::IpsecStates);
}

#[test]
fn damaged_routes_and_neighbours_stop_nobody() {
    damaged_everywhere("network_place", "two_uplinks", KernelTable::Routes);
    damaged_everywhere("network_place", "two_uplinks", KernelTable::Rules);
    damaged_everywhere("network_place", "two_uplinks", KernelTable::Addresses);
    damaged_everywhere("neighbours", "branch", KernelTable::Neighbours);
}

/// A socket, a loop of links or a folder where a package database should be: nothing waits for it, and nothing is claimed.
#[test]
fn what_is_no_file_is_never_an_empty_package_database() {
    let databases = [
        ("dpkg", "var/lib/dpkg/status"),
        ("rpm", "var/lib/rpm/Packages"),
        ("rpm", "var/lib/rpm/Packages.db"),
        ("rpm", "var/lib/rpm/rpmdb.sqlite"),
        ("apk", "lib/apk/db/installed"),
        ("apk", "usr/lib/apk/db/installed"),
        ("pacman", "var/lib/pacman/local/a-1-1/desc"),
        ("opkg", "usr/lib/opkg/status"),
        ("snap", "var/lib/snapd/state.json"),
        ("flatpak", "var/lib/flatpak/app/a/x86_64/stable/active/deploy"),
    ];
    for (id, database) in databases {
        for sort in ["socket", "loop", "folder"] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(database);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut _kept = None;
            match sort {
                "socket" => _kept = Some(UnixListener::bind(&path).unwrap()),
                "loop" => symlink(path.file_name().unwrap(), &path).unwrap(),
                _ => std::fs::create_dir(&path).unwrap(),
            }
            let collector = COLLECTORS.iter().find(|collector| collector.id() == id).unwrap();
            let collected = run(*collector, &RecordedHost::image(folder.path()));
            assert_eq!(collected.outcome, Outcome::Failed, "{database} as a {sort}: {:?}", collected.troubles);
        }
    }
}
