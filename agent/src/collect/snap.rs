//! Installed snaps: what snapd keeps of them, and who publishes them by the store's assertions.
//! It does not open snaps (`squashfs`) and does not check assertions; older revisions that are kept for going back are not listed.
//! Invariant: of `state.json`, which holds snapd's own credentials, nothing but names, revisions and channels is kept in memory.

use super::{Collected, Collector, Gather};
use crate::access::Host;
use daicho_schemas::fact::observation::{Ecosystem, Observation, Package, PackageState, Provenance};
use daicho_schemas::limits::REPORT_ITEMS_MAX;
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read as _;

/// snapd's state, for root only.
const STATE: &str = "/var/lib/snapd/state.json";
/// The snaps themselves.
const SNAPS: &str = "/var/lib/snapd/snaps";
/// Where snaps are mounted: the second on systems without `/snap`.
const MOUNTS: &[&str] = &["/snap", "/var/lib/snapd/snap"];
/// The store's word for a snap and for an account.
const DECLARATIONS: &str = "/var/lib/snapd/assertions/asserts-v0/snap-declaration/16";
const ACCOUNTS: &str = "/var/lib/snapd/assertions/asserts-v0/account";
/// The state of a host with a hundred snaps has some MB.
const STATE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// One description, one assertion.
const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Names in one folder.
const NAMES_MAX: usize = 2 * REPORT_ITEMS_MAX;

/// Collects snaps.
pub(crate) struct SnapCollector;

impl Collector for SnapCollector {
    fn id(&self) -> &'static str {
        "snap"
    }

    fn about(&self) -> Text {
        Text::new("snap パッケージと発行者", "snaps and who publishes them")
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            STATE,
            SNAPS,
            "/snap/*/current",
            "/snap/*/*/meta/snap.yaml",
            "/var/lib/snapd/snap/*/current",
            "/var/lib/snapd/snap/*/*/meta/snap.yaml",
            "/var/lib/snapd/assertions/asserts-v0/snap-declaration/16/*",
            "/var/lib/snapd/assertions/asserts-v0/snap-declaration/16/*/*",
            "/var/lib/snapd/assertions/asserts-v0/account/*",
            "/var/lib/snapd/assertions/asserts-v0/account/*/*",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[SNAPS]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let snaps = match read_state(&mut gather, host) {
            Some(snaps) => snaps,
            None => match read_files(&mut gather, host) {
                Some(snaps) => snaps,
                None if gather.has_read_nothing() => return gather.finish_not_applicable(),
                None => return gather.finish_failed_when_empty(),
            },
        };
        for (name, snap) in snaps.into_iter().take(REPORT_ITEMS_MAX + 1) {
            let package = package(&mut gather, host, name, snap);
            gather.item(SNAPS, Observation::Package(package));
        }
        // A host may have snapd and not one snap.
        gather.finish_failed_when_empty()
    }
}

/// What is known of a snap before its own description is read.
#[derive(Default)]
struct Snap {
    revision: Option<String>,
    channel: Option<String>,
    snap_id: Option<String>,
}

/// The few fields of `state.json` that are read; every other is passed over.
#[derive(Deserialize)]
struct State {
    #[serde(default)]
    data: StateData,
}

#[derive(Default, Deserialize)]
struct StateData {
    #[serde(default)]
    snaps: BTreeMap<String, StateSnap>,
}

#[derive(Deserialize)]
struct StateSnap {
    #[serde(default)]
    sequence: Vec<SideInfo>,
    #[serde(default)]
    current: Revision,
    #[serde(default)]
    channel: Option<String>,
}

#[derive(Deserialize)]
struct SideInfo {
    #[serde(default)]
    revision: Revision,
    #[serde(default, rename = "snap-id")]
    snap_id: Option<String>,
}

/// snapd writes texts, and wrote numbers.
#[derive(Default, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
enum Revision {
    Text(String),
    Number(u64),
    #[default]
    None,
}

impl Revision {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text).filter(|text| !text.is_empty()),
            Self::Number(number) => Some(number.to_string()),
            Self::None => None,
        }
    }
}

/// Snaps by snapd's state. None where it is not there or could not be read.
fn read_state(gather: &mut Gather, host: &dyn Host) -> Option<BTreeMap<String, Snap>> {
    let reader = match host.open(STATE) {
        Ok(reader) => reader,
        Err(error) if error.is_missing() => return None,
        Err(error) => {
            let Trouble { kind, place, .. } = error.to_trouble();
            let text = "snapd's state may not be read: the channel and the publisher of each snap are not known";
            gather.miss(Trouble::new(kind, place, text));
            return None;
        }
    };
    gather.source(STATE);
    let Ok(state) = serde_json::from_reader::<_, State>(reader.take(STATE_BYTES_MAX)) else {
        let text = "snapd's state makes no sense: the channel and the publisher of each snap are not known";
        gather.miss(Trouble::new(TroubleKind::Malformed, STATE, text));
        return None;
    };
    let snaps = state.data.snaps.into_iter().map(|(name, snap)| {
        let snap_id = snap.sequence.into_iter().find(|one| one.revision == snap.current).and_then(|one| one.snap_id);
        let snap_id = snap_id.filter(|id| !id.is_empty());
        (name, Snap { revision: snap.current.text(), channel: snap.channel, snap_id })
    });
    Some(snaps.collect())
}

/// Snaps by their files (`NAME_REVISION.snap`) and the links to the revisions that are in use.
fn read_files(gather: &mut Gather, host: &dyn Host) -> Option<BTreeMap<String, Snap>> {
    let listing = match host.list(SNAPS, NAMES_MAX) {
        Ok(listing) => listing,
        Err(error) if error.is_missing() => return None,
        Err(error) => {
            gather.miss_access(&error);
            return None;
        }
    };
    gather.source(SNAPS);
    if listing.cut || listing.unreadable_names > 0 {
        gather.miss_rest(SNAPS);
    }
    let files = listing.names.iter().filter_map(|name| name.strip_suffix(".snap")?.rsplit_once('_'));
    let mut revisions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    files.for_each(|(name, revision)| revisions.entry(name).or_default().push(revision));
    let mut snaps = BTreeMap::new();
    for (name, revisions) in revisions {
        let link = MOUNTS.iter().find_map(|mount| host.read_link(&format!("{mount}/{name}/current")).ok());
        let revision = match (link, revisions.as_slice()) {
            (Some(link), _) => Some(link),
            (None, [only]) => Some((*only).to_owned()),
            (None, _) => {
                let text = format!("which of the revisions of {name} is in use is not known");
                gather.miss(Trouble::new(TroubleKind::Missing, SNAPS, text));
                None
            }
        };
        snaps.insert(name.to_owned(), Snap { revision, ..Snap::default() });
    }
    Some(snaps)
}

fn package(gather: &mut Gather, host: &dyn Host, name: String, snap: Snap) -> Package {
    let version = snap.revision.as_deref().and_then(|revision| version(gather, host, &name, revision));
    let version = version.unwrap_or_else(|| {
        let text = format!("{name} is not mounted, so that its version is not known");
        gather.miss(Trouble::new(TroubleKind::NotObservable, SNAPS, text));
        String::new()
    });
    let vendor = snap.snap_id.as_deref().and_then(|id| publisher(gather, host, id));
    let mut text = |text: Option<String>| text.map(|text| gather.text(SNAPS, text.as_bytes()));
    let provenance = Provenance { channel: text(snap.channel), revision: text(snap.revision), ..Provenance::default() };
    let name = text(Some(name)).unwrap_or_default();
    Package { vendor, provenance, ..Package::new(Ecosystem::Snap, name, version, PackageState::Installed) }
}

/// A name that stays in its folder.
fn is_plain(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// `version:` of the snap's own description.
fn version(gather: &mut Gather, host: &dyn Host, name: &str, revision: &str) -> Option<String> {
    if !is_plain(name) || !is_plain(revision) {
        return None;
    }
    for mount in MOUNTS {
        let path = format!("{mount}/{name}/{revision}/meta/snap.yaml");
        let Ok(reading) = host.read(&path, TEXT_BYTES_MAX) else { continue };
        gather.source(format!("{mount}/*/*/meta/snap.yaml"));
        let mut lines = reading.bytes.split(|byte| *byte == b'\n');
        let value = lines.find_map(|line| line.strip_prefix(b"version:"))?.trim_ascii();
        let unquoted = [b'"', b'\''].iter().find_map(|quote| value.strip_prefix(&[*quote])?.strip_suffix(&[*quote]));
        return Some(gather.text(&path, unquoted.unwrap_or(value)));
    }
    None
}

/// The publisher's name, by the snap's declaration and the publisher's account.
fn publisher(gather: &mut Gather, host: &dyn Host, snap_id: &str) -> Option<String> {
    let account = header(gather, host, DECLARATIONS, snap_id, &[b"publisher-id: "])?;
    header(gather, host, ACCOUNTS, &account, &[b"display-name: ", b"username: "]).or(Some(account))
}

/// The first of some headers of the newest format of an assertion.
fn header(gather: &mut Gather, host: &dyn Host, folder: &str, id: &str, wanted: &[&[u8]]) -> Option<String> {
    if !is_plain(id) {
        return None;
    }
    let folder = format!("{folder}/{id}");
    let listing = host.list(&folder, NAMES_MAX).ok()?;
    // `active`, or `active.1` in a later format of the assertion.
    let newest = listing.names.iter().rfind(|name| name.split('.').next() == Some("active"))?;
    let path = format!("{folder}/{newest}");
    let reading = host.read(&path, TEXT_BYTES_MAX).ok()?;
    let headers = reading.bytes.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    let lines: Vec<&[u8]> = headers.collect();
    let found = wanted.iter().find_map(|name| lines.iter().find_map(|line| line.strip_prefix(*name)))?;
    Some(gather.text(&path, found.trim_ascii()))
}

#[cfg(test)]
mod tests;
