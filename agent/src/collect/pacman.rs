//! Installed packages of pacman (Arch and what comes of it), from its local database (alpm-db(7)), and the repository that lists them.
//! It does not check signatures, and a package that a repository lists in another version has no repository here.
//! Invariant: a folder of the database that makes no sense is named and left out; a database that lists nothing is no result.

use super::unpack::Packing;
use super::{Collected, Collector, Gather, tar};
use crate::access::{AccessError, Host};
use daicho_schemas::fact::observation::{Ecosystem, Observation, Package, PackageState, Provenance};
use daicho_schemas::limits::REPORT_ITEMS_MAX;
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeMap;
use std::io::{BufRead, Read};

/// One folder per installed package.
const LOCAL: &str = "/var/lib/pacman/local";
/// pacman's copies of the repositories' databases.
const SYNC: &str = "/var/lib/pacman/sync";
/// Folders of packages, and files of repositories.
const NAMES_MAX: usize = 2 * REPORT_ITEMS_MAX;
/// The description of one package; the largest real ones have some 20 kB.
const DESC_BYTES_MAX: usize = 1024 * 1024;
/// One repository's database after decompression.
const SYNC_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Collects packages known to pacman.
pub(crate) struct PacmanCollector;

impl Collector for PacmanCollector {
    fn id(&self) -> &'static str {
        "pacman"
    }

    fn about(&self) -> Text {
        Text::new("pacman が管理するパッケージ（Arch 系）", "packages that pacman knows (Arch family)")
    }

    fn places(&self) -> &'static [&'static str] {
        &[LOCAL, "/var/lib/pacman/local/*/desc", SYNC, "/var/lib/pacman/sync/*.db"]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[LOCAL]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let listing = match host.list(LOCAL, NAMES_MAX) {
            Ok(listing) => listing,
            Err(error) if error.is_missing() => return gather.finish_not_applicable(),
            Err(error) => return gather.finish_failed(error.to_trouble()),
        };
        if listing.cut || listing.unreadable_names > 0 {
            gather.miss_rest(LOCAL);
        }
        let mut packages = BTreeMap::new();
        // The only file among the folders says which version of the format this is.
        for name in listing.names.iter().filter(|name| *name != "ALPM_DB_VERSION") {
            if let Some(package) = read_package(&mut gather, host, &format!("{LOCAL}/{name}/desc")) {
                packages.insert(format!("{}-{}", package.name, package.version), package);
            }
        }
        if !packages.is_empty() {
            read_repositories(&mut gather, host, &mut packages);
        }
        for package in packages.into_values() {
            gather.item(LOCAL, Observation::Package(package));
        }
        gather.finish_packages(LOCAL)
    }
}

fn read_package(gather: &mut Gather, host: &dyn Host, path: &str) -> Option<Package> {
    let reading = match host.read(path, DESC_BYTES_MAX) {
        Ok(reading) => reading,
        Err(AccessError::Missing { .. }) => {
            let text = "the folder of a package has no description; the package was left out";
            gather.miss(Trouble::new(TroubleKind::Missing, path, text));
            return None;
        }
        Err(error) => {
            gather.miss_access(&error);
            return None;
        }
    };
    gather.source("/var/lib/pacman/local/*/desc");
    if reading.cut {
        gather.miss_rest(path);
    }
    let fields = fields(&reading.bytes);
    let mut text =
        |field: &[u8]| fields.get(field).filter(|value| !value.is_empty()).map(|value| gather.text(path, value));
    let (name, version, source) = (text(b"NAME"), text(b"VERSION"), text(b"BASE"));
    let (architecture, packager) = (text(b"ARCH"), text(b"PACKAGER"));
    let (Some(name), Some(version)) = (name, version) else {
        let text = "a package without name or version was left out";
        gather.miss(Trouble::new(TroubleKind::Malformed, path, text));
        return None;
    };
    Some(Package {
        ecosystem: Ecosystem::Pacman,
        version,
        architecture,
        state: PackageState::Installed,
        source: source.filter(|source| *source != name),
        // What a build without a configured packager writes.
        maintainer: packager.filter(|packager| packager != "Unknown Packager"),
        vendor: None,
        multi_arch: None,
        provenance: Provenance::default(),
        name,
    })
}

/// `%FIELD%`, its lines, an empty line. Of a field with several lines the first one is kept, of a repeated field the first.
fn fields(bytes: &[u8]) -> BTreeMap<&[u8], &[u8]> {
    let mut fields = BTreeMap::new();
    let mut field: Option<&[u8]> = None;
    for line in bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        if let Some(name) = line.strip_prefix(b"%").and_then(|line| line.strip_suffix(b"%")) {
            field = Some(name);
        } else if let Some(name) = field.take() {
            fields.entry(name).or_insert(line);
        }
    }
    fields
}

/// Names the repository of every package that one lists in exactly this version. What is wrong with a repository's database
/// leaves the packages complete.
fn read_repositories(gather: &mut Gather, host: &dyn Host, packages: &mut BTreeMap<String, Package>) {
    let Ok(listing) = host.list(SYNC, NAMES_MAX) else { return };
    for repository in listing.names.iter().filter_map(|name| name.strip_suffix(".db")) {
        let path = format!("{SYNC}/{repository}.db");
        let result = match host.open(&path) {
            Ok(reader) => {
                gather.source("/var/lib/pacman/sync/*.db");
                read_repository(reader, repository, packages)
            }
            Err(error) => {
                gather.remark(error.to_trouble());
                continue;
            }
        };
        if result.is_err() {
            let text = "the database of a repository is damaged or compressed in a way that is not read; packages of it have no repository here";
            gather.remark(Trouble::new(TroubleKind::Malformed, path, text));
        }
    }
}

fn read_repository(
    mut reader: Box<dyn BufRead>,
    repository: &str,
    packages: &mut BTreeMap<String, Package>,
) -> std::io::Result<()> {
    let begin = reader.fill_buf()?;
    // The names of these files never end in how they are packed.
    let packing = if begin.starts_with(&[0x1f, 0x8b]) {
        Packing::Gzip
    } else if begin.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Packing::Zstd
    } else {
        Packing::None
    };
    let mut archive = packing.unpacked(reader)?;
    tar::for_each_entry(&mut archive.by_ref().take(SYNC_BYTES_MAX), |name, _| {
        let folder = name.split(|byte| *byte == b'/').next().unwrap_or_default();
        if let Some(package) = std::str::from_utf8(folder).ok().and_then(|folder| packages.get_mut(folder)) {
            // A repository that comes first by name is as good as another with the same build.
            package.provenance.repository.get_or_insert_with(|| repository.to_owned());
        }
        Ok(())
    })
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
