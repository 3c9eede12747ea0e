//! Installed packages of the RPM family, from the database of rpm in any of its three formats, and where they came from.
//! It does not run rpm and checks no signature: it says which key a signature names.
//! Invariant: nothing is written, no journal is touched; the same packages in another format of database are the same answer.

mod bdb;
mod database;
pub(super) mod header;
mod history;
mod journal;
mod last;
mod ndb;
mod pending;
mod signature;
mod updateinfo;

use super::{Collected, Collector, Gather};
use crate::access::Host;
use daicho_schemas::fact::observation::{Ecosystem, Observation, Package, PackageState, Provenance};
use daicho_schemas::limits::REPORT_ITEMS_MAX;
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use database::Found;
pub(super) use database::{FILES, each_package};
use header::Header;
use history::History;
pub(super) use last::last_installed;
pub(super) use pending::{PLACES as PENDING_PLACES, pending_security};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Where the database may be: the newer place first; the older one is often a link to it.
pub(super) const FOLDERS: &[&str] = &["/usr/lib/sysimage/rpm", "/var/lib/rpm"];

/// Places that are opened to read the database, in any of its formats.
pub(super) const DATABASES: &[&str] = &[
    "/usr/lib/sysimage/rpm",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite-wal",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite-journal",
    "/usr/lib/sysimage/rpm/Packages.db",
    "/usr/lib/sysimage/rpm/Packages",
    "/var/lib/rpm",
    "/var/lib/rpm/rpmdb.sqlite",
    "/var/lib/rpm/rpmdb.sqlite-wal",
    "/var/lib/rpm/rpmdb.sqlite-journal",
    "/var/lib/rpm/Packages.db",
    "/var/lib/rpm/Packages",
];
/// And those that say which repository a package came from.
const HISTORIES: &[&str] = &[
    "/usr/lib/sysimage/libdnf5/nevras.toml",
    "/var/lib/dnf/history.sqlite",
    "/var/lib/yum/yumdb",
    "/var/lib/yum/yumdb/*",
    "/var/lib/yum/yumdb/*/*/from_repo",
    "/var/log/zypp/history",
];

/// Collects packages known to rpm.
pub(crate) struct RpmCollector;

impl Collector for RpmCollector {
    fn id(&self) -> &'static str {
        "rpm"
    }

    fn about(&self) -> Text {
        Text::new("rpm が管理するパッケージ（RHEL・SUSE 系）", "packages that rpm knows (RHEL and SUSE families)")
    }

    fn places(&self) -> &'static [&'static str] {
        static PLACES: LazyLock<Vec<&str>> = LazyLock::new(|| [DATABASES, HISTORIES].concat());
        &PLACES
    }

    fn watches(&self) -> &'static [&'static str] {
        FOLDERS
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let (mut seen, mut rows) = (BTreeSet::new(), Rows::default());
        let mut found = Found::Nothing;
        for folder in FOLDERS {
            found = found.max(database::look_into(&mut gather, host, folder, &mut seen, &mut rows));
        }
        match found {
            Found::Nothing => return gather.finish_not_applicable(),
            Found::Unread(kind, place, text) => return gather.finish_failed(Trouble::new(kind, place, text)),
            Found::Database => {}
        }
        let Rows { mut packages, keys } = rows;
        if !packages.is_empty() {
            let history = History::read(&mut gather, host, &packages);
            for (_, package) in &mut packages {
                package.provenance.repository = history.repository(package);
                package.provenance.signer = package.provenance.signed_by.as_deref().and_then(|id| signer(&keys, id));
            }
        }
        for (place, package) in packages {
            gather.item(&place, Observation::Package(package));
        }
        gather.finish_packages("/var/lib/rpm")
    }
}

/// What the database holds.
#[derive(Default)]
struct Rows {
    /// Packages and where they stand.
    packages: Vec<(String, Package)>,
    /// Owners of the keys that rpm trusts, by the id that rpm keeps: its last 8 digits, lately all of its fingerprint.
    keys: BTreeMap<String, BTreeSet<String>>,
}

/// Whose key it is; nothing where two keys have these last digits.
fn signer(keys: &BTreeMap<String, BTreeSet<String>>, id: &str) -> Option<String> {
    let own = keys.iter().filter(|(key, _)| key.len() >= 8 && (id.ends_with(key.as_str()) || key.ends_with(id)));
    let mut owners = own.flat_map(|(_, owners)| owners);
    owners.next().filter(|_| owners.next().is_none()).cloned()
}

fn read_package(gather: &mut Gather, rows: &mut Rows, place: &str, blob: &[u8]) {
    let header = match Header::parse(blob) {
        Ok(header) => header,
        Err(error) => {
            gather.miss(Trouble::new(TroubleKind::Malformed, place, format!("{error}; the package was left out")));
            return;
        }
    };
    let mut text = |tag| header.text(tag).filter(|bytes| !bytes.is_empty()).map(|bytes| gather.text(place, bytes));
    let (name, version, release) = (text(header::NAME), text(header::VERSION), text(header::RELEASE));
    let (architecture, source) = (text(header::ARCH), text(header::SOURCERPM));
    let (maintainer, vendor) = (text(header::PACKAGER), text(header::VENDOR));
    let module = text(header::MODULARITYLABEL);
    let (Some(name), Some(version), Some(release)) = (name, version, release) else {
        let words = "a package without name, version or release was left out";
        gather.miss(Trouble::new(TroubleKind::Malformed, place, words));
        return;
    };
    if name == "gpg-pubkey" {
        // Not software: rpm keeps the keys it trusts as packages of this name, and their owner as the packager.
        if let Some(owner) = maintainer {
            rows.keys.entry(version.to_ascii_lowercase()).or_default().insert(owner);
        }
        return;
    }
    let version = match header.number(header::EPOCH) {
        Some(epoch) => format!("{epoch}:{version}-{release}"),
        None => format!("{version}-{release}"),
    };
    let signatures = header::SIGNATURES.iter().filter_map(|tag| header.binary(*tag));
    let signed_by = signatures.filter_map(signature::issuer).next();
    let package = Package {
        ecosystem: Ecosystem::Rpm,
        name,
        version,
        architecture,
        state: PackageState::Installed,
        source,
        maintainer,
        vendor,
        multi_arch: None,
        provenance: Provenance { module, signed_by, ..Provenance::default() },
    };
    if rows.packages.len() <= REPORT_ITEMS_MAX {
        rows.packages.push((place.to_owned(), package));
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
