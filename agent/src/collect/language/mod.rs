//! Packages of programming languages where servers have them: Java archives, folders of Python, Node.js, Ruby and PHP packages, and
//! what Go and Rust wrote into executables. One walk over a few roots, and what running programs hold open.
//! It walks no whole file system, evaluates no code, and does not know whether a program really loads what lies there.
//! Invariant: every bound that is reached is named with its place; of a command line only paths of files that exist are used.

mod applications;
pub mod archive;
mod budget;
mod elf;
pub mod executables;
mod java;
pub mod node;
pub mod php;
mod processes;
pub mod python;
mod roots;
pub mod ruby;
mod started;
mod walk;

#[cfg(test)]
#[cfg(unix)]
mod hostile_tests;
#[cfg(test)]
#[cfg(unix)]
mod tests;

use super::owners::{self, Owner, Owners};
use super::{Collected, Collector, Gather, jobs, units};
use crate::access::{self, AccessError, Host};
use budget::Budget;
use daicho_schemas::fact::observation::{
    LANGUAGE_PLACES_MAX, LanguageEcosystem, LanguageEvidence, LanguagePackage, LanguagePlace, Observation,
};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Packages found before any two are taken for one; a host with more is read in part.
const FOUND_MAX: usize = 200_000;
/// A name, group or version; longer ones are no such thing.
const WORD_BYTES_MAX: usize = 256;
/// A path that is told; longer ones are left out and named.
const PATH_BYTES_MAX: usize = 1000;

/// Collects packages of programming languages.
pub(crate) struct LanguagePackagesCollector;

impl Collector for LanguagePackagesCollector {
    fn id(&self) -> &'static str {
        "language_packages"
    }

    fn about(&self) -> Text {
        Text::new(
            "プログラミング言語のパッケージ（Java・Python・Node.js・Ruby・PHP・Go・Rust）と、それを含むもの。\
             実行中のプログラムのコマンドラインは、実在するファイルのパスを探すためだけに読む",
            "packages of programming languages (Java, Python, Node.js, Ruby, PHP, Go, Rust) and what carries them; the command \
             lines of running programs are searched for paths of files that exist, and for nothing else",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        static PLACES: LazyLock<Vec<&str>> =
            LazyLock::new(|| [roots::PLACES, units::PLACES, jobs::PLACES, &owners::PLACES].concat());
        &PLACES
    }

    fn may_follow(&self) -> bool {
        true
    }

    fn watches(&self) -> &'static [&'static str] {
        roots::WATCHES
    }

    /// Above the bounds at which the walk ends by itself (`budget.rs`); an archive in an archive is held in memory.
    fn budget(&self) -> access::Budget {
        access::Budget { bytes: 24 << 30, memory_bytes: 192 << 20, ..access::Budget::USUAL }
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut look = Look::new(host);
        roots::read(&mut look);
        processes::read(&mut look);
        started::read(&mut look);
        look.finish()
    }
}

/// What a file says of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Maven: the group id.
    pub group: Option<String>,
    /// The name.
    pub name: String,
    /// The version.
    pub version: Option<String>,
    /// Which file said so.
    pub evidence: LanguageEvidence,
}

impl Named {
    /// A name with a version, as an installer's record says them; nothing where the name is none.
    pub(crate) fn installed(name: &str, version: Option<&str>) -> Option<Self> {
        let version = version.and_then(word);
        Some(Self { group: None, name: word(name)?, version, evidence: LanguageEvidence::Installed })
    }
}

/// A name or version as it may be told: trimmed, printable, not too long.
pub(crate) fn word(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.len() <= WORD_BYTES_MAX && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// One package at one place, before it is known who owns the file.
struct Found {
    ecosystem: LanguageEcosystem,
    named: Named,
    application: String,
    place: LanguagePlace,
}

/// One look at the host.
pub(super) struct Look<'a> {
    gather: Gather,
    host: &'a dyn Host,
    budget: Budget,
    found: Vec<Found>,
    /// Files and folders that were read: several ways may lead to one.
    seen: BTreeSet<String>,
}

impl<'a> Look<'a> {
    fn new(host: &'a dyn Host) -> Self {
        Self { gather: Gather::new(), host, budget: Budget::new(), found: Vec::new(), seen: BTreeSet::new() }
    }

    /// Whether a file or folder was not read yet.
    fn is_new(&mut self, path: &str) -> bool {
        self.seen.insert(path.to_owned())
    }

    /// Notes one package.
    fn package(&mut self, ecosystem: LanguageEcosystem, named: Named, application: &str, place: LanguagePlace) {
        if self.found.len() >= FOUND_MAX {
            let text = format!("there are more than {FOUND_MAX} packages; the rest is not listed");
            return self.gather.miss(Trouble::new(TroubleKind::TooLarge, "language packages", text));
        }
        let long = |text: &str| text.len() > PATH_BYTES_MAX || text.chars().any(char::is_control);
        if long(&place.path) || long(application) || place.inside.as_deref().is_some_and(long) {
            let text = format!(
                "the package {} lies under a path of more than {PATH_BYTES_MAX} bytes, or with control characters; it is left out",
                named.name
            );
            return self.gather.miss(Trouble::new(TroubleKind::TooLarge, printable(&place.path), text));
        }
        self.found.push(Found { ecosystem, named, application: application.to_owned(), place });
    }

    /// Names a place that says nothing of use.
    fn malformed(&mut self, place: &str, text: &str) {
        self.gather.miss(Trouble::new(TroubleKind::Malformed, printable(place), text));
    }

    /// Names a place that may not be read or is no plain file. What vanished meanwhile is no trouble.
    fn no_access(&mut self, error: &AccessError) {
        if !error.is_missing() {
            self.gather.miss_access(error);
        }
    }

    /// The first bytes of a file; nothing where it is missing or may not be read.
    fn head(&mut self, path: &str, bytes_max: usize) -> Option<crate::access::Reading> {
        match self.host.read(path, bytes_max) {
            Ok(reading) => {
                self.budget.bytes(reading.bytes.len());
                Some(reading)
            }
            Err(error) => {
                self.no_access(&error);
                None
            }
        }
    }

    /// Asks whose all the files are, and puts together what is one package.
    fn finish(mut self) -> Collected {
        self.budget.tell(&mut self.gather);
        let paths: BTreeSet<String> = self.found.iter().map(|found| found.place.path.clone()).collect();
        let owners = Owners::of(self.host, &paths, "owners of language packages");
        if !paths.is_empty() {
            owners.sources().for_each(|place| self.gather.source(place));
            owners.troubles().iter().for_each(|trouble| self.gather.remark(trouble.clone()));
        }
        let mut packages: BTreeMap<String, (LanguagePackage, BTreeSet<LanguagePlace>)> = BTreeMap::new();
        for found in std::mem::take(&mut self.found) {
            let package = found.of(owners.of_path(&found.place.path));
            let entry = packages.entry(package.key()).or_insert_with(|| (package.clone(), BTreeSet::new()));
            entry.0.evidence = entry.0.evidence.min(package.evidence);
            entry.1.insert(found.place);
        }
        for (mut package, places) in packages.into_values() {
            let more = places.len().saturating_sub(LANGUAGE_PLACES_MAX);
            if more > 0 {
                let text = format!("{more} more than {LANGUAGE_PLACES_MAX} places of {} are not listed", package.name);
                self.gather.remark(Trouble::new(TroubleKind::TooLarge, package.application.clone(), text));
            }
            package.places = places.into_iter().take(LANGUAGE_PLACES_MAX).collect();
            let place = package.application.clone();
            self.gather.item(&place, Observation::LanguagePackage(package));
        }
        if self.gather.has_read_nothing() { self.gather.finish_not_applicable() } else { self.gather.finish() }
    }
}

impl Found {
    fn of(&self, owner: &Owner) -> LanguagePackage {
        let carried_by = owner.told();
        let Named { group, name, version, evidence } = self.named.clone();
        LanguagePackage {
            ecosystem: self.ecosystem,
            group,
            name,
            version,
            application: self.application.clone(),
            carried_by,
            evidence,
            places: Vec::new(),
        }
    }
}

/// A place on a file or folder of the host.
fn at(path: &str) -> LanguagePlace {
    LanguagePlace { path: path.to_owned(), inside: None, sha256: None }
}

/// The same as text that can be shown anywhere.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
