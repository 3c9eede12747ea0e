//! Installed flatpak applications and runtimes, of the system and of every account whose home may be read.
//! It does not open repositories and checks no signature; accounts are not named, and the same build in two homes is one item.
//! Invariant: a version is told only where flatpak keeps one; runtimes mostly have none, as `flatpak list` shows.

use super::{Collected, Collector, Gather};
use crate::access::Host;
use daicho_schemas::fact::observation::{Ecosystem, Observation, Package, PackageState, Provenance};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};

/// The installation of the system.
const SYSTEM: &str = "/var/lib/flatpak";
/// The program: without it there are no installations in homes.
const PROGRAM: &str = "/usr/bin/flatpak";
/// Where homes are, and the installation in one of them.
const HOMES: &str = "/home";
const IN_HOME: &str = ".local/share/flatpak";
/// Every home at once, for what is said about them: a report names no account.
const HOMES_PLACE: &str = "/home/*/.local/share/flatpak";
/// Names in one folder.
const NAMES_MAX: usize = 10_000;
/// What flatpak keeps of a build: with the list of what it contains some kB.
const DEPLOY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Collects flatpak applications and runtimes.
pub(crate) struct FlatpakCollector;

impl Collector for FlatpakCollector {
    fn id(&self) -> &'static str {
        "flatpak"
    }

    fn about(&self) -> Text {
        Text::new("Flatpak のアプリとランタイム", "flatpak applications and runtimes")
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            SYSTEM,
            PROGRAM,
            "/var/lib/flatpak/*",
            "/var/lib/flatpak/*/*",
            "/var/lib/flatpak/*/*/*",
            "/var/lib/flatpak/*/*/*/*/active/deploy",
            HOMES,
            "/home/*/.local/share/flatpak/*",
            "/home/*/.local/share/flatpak/*/*",
            "/home/*/.local/share/flatpak/*/*/*",
            "/home/*/.local/share/flatpak/*/*/*/*/active/deploy",
            "/root/.local/share/flatpak/*",
            "/root/.local/share/flatpak/*/*",
            "/root/.local/share/flatpak/*/*/*",
            "/root/.local/share/flatpak/*/*/*/*/active/deploy",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &["/var/lib/flatpak/app", "/var/lib/flatpak/runtime"]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        if !host.exists(SYSTEM) && !host.exists(PROGRAM) {
            return gather.finish_not_applicable();
        }
        Installation { host, folder: SYSTEM.to_owned(), place: SYSTEM }.read(&mut gather);
        let root = format!("/root/{IN_HOME}");
        Installation { host, folder: root, place: "/root/.local/share/flatpak" }.read(&mut gather);
        match host.list(HOMES, NAMES_MAX) {
            Ok(listing) => {
                for home in listing.names {
                    let folder = format!("{HOMES}/{home}/{IN_HOME}");
                    Installation { host, folder, place: HOMES_PLACE }.read(&mut gather);
                }
            }
            Err(error) if error.is_missing() => {}
            Err(error) => gather.miss_access(&error),
        }
        // A host may have flatpak and nothing installed with it.
        gather.finish_failed_when_empty()
    }
}

/// One installation: `app` and `runtime`, in each of them name, architecture, branch, and the build in use.
struct Installation<'a> {
    host: &'a dyn Host,
    folder: String,
    /// How it is called in reports.
    place: &'static str,
}

impl Installation<'_> {
    fn read(&self, gather: &mut Gather) {
        for sort in ["app", "runtime"] {
            let sort = format!("{}/{sort}", self.folder);
            for name in self.names(gather, &sort) {
                let named = format!("{sort}/{name}");
                // Beside the architectures stands a link to the branch in use.
                for architecture in self.names(gather, &named).into_iter().filter(|name| name != "current") {
                    let built = format!("{named}/{architecture}");
                    for branch in self.names(gather, &built) {
                        self.read_build(gather, &name, &architecture, &branch, &format!("{built}/{branch}"));
                    }
                }
            }
        }
    }

    fn names(&self, gather: &mut Gather, folder: &str) -> Vec<String> {
        match self.host.list(folder, NAMES_MAX) {
            Ok(listing) => {
                if listing.cut || listing.unreadable_names > 0 {
                    gather.miss_rest(self.place);
                }
                listing.names
            }
            Err(error) if error.is_missing() => Vec::new(),
            Err(error) => {
                self.unread(gather, error.to_trouble().kind);
                Vec::new()
            }
        }
    }

    fn unread(&self, gather: &mut Gather, kind: TroubleKind) {
        let text = "applications or runtimes of a flatpak installation may be there and could not be read";
        gather.miss(Trouble::new(kind, self.place, text));
    }

    fn read_build(&self, gather: &mut Gather, name: &str, architecture: &str, branch: &str, folder: &str) {
        let reading = match self.host.read(&format!("{folder}/active/deploy"), DEPLOY_BYTES_MAX) {
            Ok(reading) => reading,
            // What was removed leaves its folder.
            Err(error) if error.is_missing() => return,
            Err(error) => return self.unread(gather, error.to_trouble().kind),
        };
        gather.source(self.place);
        let Some(deploy) = Deploy::parse(&reading.bytes) else {
            let text = "a build names neither its remote nor its commit; it was left out";
            return gather.miss(Trouble::new(TroubleKind::Malformed, self.place, text));
        };
        let mut text = |bytes: &[u8]| (!bytes.is_empty()).then(|| gather.text(self.place, bytes));
        let version = text(deploy.version).unwrap_or_default();
        let name = text(name.as_bytes()).unwrap_or_default();
        let package = Package {
            architecture: text(architecture.as_bytes()),
            provenance: Provenance {
                repository: text(deploy.remote),
                channel: text(branch.as_bytes()),
                revision: text(deploy.commit),
                ..Provenance::default()
            },
            ..Package::new(Ecosystem::Flatpak, name, version, PackageState::Installed)
        };
        // The same build in two homes is one thing.
        if !gather.has(&package.key()) {
            gather.item(self.place, Observation::Package(package));
        }
    }
}

/// What flatpak keeps of a build: a GVariant of type `(ssasta{sv})` (flatpak's `flatpak-dir-private.h`).
struct Deploy<'a> {
    remote: &'a [u8],
    commit: &'a [u8],
    version: &'a [u8],
}

impl<'a> Deploy<'a> {
    /// The two texts at the front are told by their ends; of the dictionary behind, one text is looked up by its key.
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (remote, rest) = text(bytes)?;
        let (commit, _) = text(rest)?;
        let is_commit = commit.len() == 64 && commit.iter().all(u8::is_ascii_hexdigit);
        is_commit.then(|| Self { remote, commit, version: version(bytes).unwrap_or_default() })
    }
}

/// `appdata-version` of the dictionary: the key at a place that 8 divides, at the next such place the text, its end and its type.
fn version(bytes: &[u8]) -> Option<&[u8]> {
    const KEY: &[u8] = b"appdata-version\0";
    let start = memchr::memmem::find_iter(bytes, KEY).find(|at| at % 8 == 0)?;
    let (value, rest) = text(bytes.get((start + KEY.len()).next_multiple_of(8)..)?)?;
    rest.starts_with(b"\0s").then_some(value)
}

fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(0, bytes)?;
    Some((bytes.get(..end)?, bytes.get(end + 1..)?))
}

#[cfg(test)]
mod tests;
