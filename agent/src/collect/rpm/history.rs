//! The repository that each package was installed from, as dnf, yum or zypper wrote it down.
//! It does not ask the network and does not know who stands behind a repository; rpm itself keeps no such thing.
//! Invariant: an answer is of exactly this name, version and architecture; what could not be read leaves the packages complete.

use crate::access::Host;
use crate::collect::Gather;
use crate::collect::sqlite::open_tables;
use daicho_schemas::fact::observation::Package;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeMap;
use std::io::{BufRead as _, Read as _};

/// dnf 5: a list of what is installed.
const DNF5: &str = "/usr/lib/sysimage/libdnf5/nevras.toml";
/// dnf 4: every transaction.
const DNF4: &str = "/var/lib/dnf/history.sqlite";
/// yum: a folder per package, in folders by the first letter of its name.
const YUM: &str = "/var/lib/yum/yumdb";
/// zypper: a line per step.
const ZYPPER: &str = "/var/log/zypp/history";
/// Of a list or a log, in bytes.
const BYTES_MAX: u64 = 64 * 1024 * 1024;
/// One line of a log.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// Steps of dnf's history.
const STEPS_MAX: i64 = 1_000_000;
/// The name of a repository.
const NAME_BYTES_MAX: usize = 256;
/// Packages in one folder of yum's.
const NAMES_MAX: usize = 100_000;

/// Repositories by `name-[epoch:]version-release.architecture`, an epoch of 0 left out.
pub(super) struct History(BTreeMap<String, String>);

impl History {
    /// Reads whatever of the four is there. Where two know a package, the newer tool's word counts.
    pub(super) fn read(gather: &mut Gather, host: &dyn Host, packages: &[(String, Package)]) -> Self {
        let mut history = Self(BTreeMap::new());
        history.read_zypper(gather, host);
        history.read_yum(gather, host, packages);
        history.read_dnf4(gather, host);
        history.read_dnf5(gather, host);
        history
    }

    /// The repository of a package.
    pub(super) fn repository(&self, package: &Package) -> Option<String> {
        let architecture = package.architecture.as_deref().unwrap_or("");
        self.0.get(&spelled(&package.name, &package.version, architecture)).cloned()
    }

    fn keep(&mut self, package: String, repository: &[u8]) {
        let repository = String::from_utf8_lossy(repository.trim_ascii()).into_owned();
        // What dnf writes for a step that only took away.
        if !repository.is_empty() && repository.len() <= NAME_BYTES_MAX && repository != "@System" {
            self.0.insert(package, repository);
        }
    }

    /// `"bash-5.2.26-3.fc40.x86_64"`, and behind it `from_repo = "fedora"`, on one line or on two.
    fn read_dnf5(&mut self, gather: &mut Gather, host: &dyn Host) {
        let mut package = None;
        each_line(gather, host, DNF5, |line| {
            let mut words = line.split(|byte| *byte == b'"');
            let mut before = words.next();
            while let (Some(behind), Some(word)) = (before, words.next()) {
                if behind
                    .trim_ascii_end()
                    .strip_suffix(b"=")
                    .is_some_and(|key| key.trim_ascii().ends_with(b"from_repo"))
                {
                    if let Some(package) = package.take() {
                        self.keep(package, word);
                    }
                } else if !behind.trim_ascii_end().ends_with(b"=") {
                    package = Some(without_zero_epoch(&String::from_utf8_lossy(word)));
                }
                before = words.next();
            }
        });
    }

    fn read_dnf4(&mut self, gather: &mut Gather, host: &dyn Host) {
        let ours = match host.real_path(DNF4) {
            Ok(ours) => ours,
            Err(error) if error.is_missing() => return,
            Err(error) => return gather.remark(error.to_trouble()),
        };
        gather.source(DNF4);
        let read = || -> Result<Vec<(String, String)>, rusqlite::Error> {
            let database = open_tables(&ours, &["trans_item", "rpm", "repo"])?;
            // libdnf's `TransactionItemAction`: install, downgrade, upgrade, reinstall.
            let steps = "SELECT rpm.name, rpm.epoch, rpm.version, rpm.release, rpm.arch, repo.repoid FROM trans_item \
                JOIN rpm ON rpm.item_id = trans_item.item_id JOIN repo ON repo.id = trans_item.repo_id \
                WHERE trans_item.action IN (1, 2, 6, 9) ORDER BY trans_item.id LIMIT ?1";
            let mut steps = database.prepare(steps)?;
            let rows = steps.query_map([STEPS_MAX], |row| {
                let text = |at| row.get::<_, String>(at);
                let version = format!("{}:{}-{}", row.get::<_, i64>(1)?, text(2)?, text(3)?);
                Ok((spelled(&text(0)?, &version, &text(4)?), text(5)?))
            })?;
            rows.collect()
        };
        match read() {
            Ok(rows) => rows.into_iter().for_each(|(package, repository)| self.keep(package, repository.as_bytes())),
            Err(_) => {
                let text = "the history of dnf cannot be read; packages have no repository from it";
                gather.remark(Trouble::new(TroubleKind::Malformed, DNF4, text));
            }
        }
    }

    /// `a/3f1c…-acl-2.2.51-15.el7-x86_64/from_repo`: checksum, name, version, release, architecture.
    fn read_yum(&mut self, gather: &mut Gather, host: &dyn Host, packages: &[(String, Package)]) {
        if !host.exists(YUM) {
            return;
        }
        let mut folders: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for (_, package) in packages {
            let Some(letter) = package.name.chars().next().filter(char::is_ascii_alphanumeric) else { continue };
            let folder = folders.entry(letter.to_string()).or_insert_with(|| {
                let listing = host.list(&format!("{YUM}/{letter}"), NAMES_MAX);
                let names = listing.map(|listing| listing.names).unwrap_or_default();
                let known = names.into_iter().filter_map(|name| Some((name.split_once('-')?.1.to_owned(), name)));
                known.collect()
            });
            let architecture = package.architecture.as_deref().unwrap_or("");
            let version = package.version.split_once(':').map_or(package.version.as_str(), |(_, version)| version);
            let Some(name) = folder.get(&format!("{}-{version}-{architecture}", package.name)) else { continue };
            if let Ok(reading) = host.read(&format!("{YUM}/{letter}/{name}/from_repo"), NAME_BYTES_MAX) {
                gather.source(format!("{YUM}/*/*/from_repo"));
                self.keep(spelled(&package.name, &package.version, architecture), &reading.bytes);
            }
        }
    }

    /// `2024-05-05 10:00:00|install|bash|4.4-9.14.1|x86_64|root@host|SLE-Module-Basesystem|checksum|`.
    fn read_zypper(&mut self, gather: &mut Gather, host: &dyn Host) {
        each_line(gather, host, ZYPPER, |line| {
            let fields: Vec<&[u8]> = line.split(|byte| *byte == b'|').map(<[u8]>::trim_ascii).collect();
            if let [_, b"install", name, version, architecture, _, repository, ..] = fields.as_slice() {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                self.keep(spelled(&text(name), &text(version), &text(architecture)), repository);
            }
        });
    }
}

/// One spelling for all four: an epoch of 0 and none are the same package.
fn spelled(name: &str, version: &str, architecture: &str) -> String {
    let version = version.strip_prefix("0:").unwrap_or(version);
    format!("{name}-{version}.{architecture}")
}

fn without_zero_epoch(package: &str) -> String {
    package.replacen("-0:", "-", 1)
}

/// Walks a text by lines; a line over the limit is passed over.
fn each_line(gather: &mut Gather, host: &dyn Host, path: &str, mut each: impl FnMut(&[u8])) {
    let reader = match host.open(path) {
        Ok(reader) => reader,
        Err(error) if error.is_missing() => return,
        Err(error) => return gather.remark(error.to_trouble()),
    };
    gather.source(path);
    let mut reader = reader.take(BYTES_MAX);
    let mut line = Vec::new();
    let mut begins = true;
    loop {
        line.clear();
        match reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            Ok(0) => return,
            Ok(_) => {
                let ends = line.ends_with(b"\n");
                if begins && (ends || line.len() < usize::try_from(LINE_BYTES_MAX).unwrap_or(usize::MAX)) {
                    each(&line);
                }
                begins = ends;
            }
            Err(_) => {
                let text = "it could not be read to its end; packages behind have no repository from it";
                return gather.remark(Trouble::new(TroubleKind::Unreadable, path, text));
            }
        }
    }
}
