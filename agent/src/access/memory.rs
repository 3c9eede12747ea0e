//! What looks gave, for as long as everything that they looked at is as it was: the next look asks for stamps instead of reading.
//! It does not know what is looked for. What is read of `/proc`, `/sys` or the kernel's tables has no stamp and is never remembered.
//! Invariant: a remembered answer is given only where each file, folder, link and absence that it rests on was found unchanged now;
//! what changed too short a time ago to be told apart by its stamp, or is a day old, is looked at anew (docs/decisions/0035-looks-that-are-remembered.md).

use super::{
    AccessError, AnyPlace, Digest, Entries, Host, KernelTable, Listing, Machine, Platform, ProcessSeen, Reading,
    RegistryKey, Stamp,
};
use daicho_schemas::fact::observation::{PackageDigestSort, Program};
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::BufRead;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Places that one answer may rest on.
const PLACES_MAX: usize = 20_000;
/// Answers about one file's contents; half of them are those used last.
const FILES_MAX: usize = 16_384;
/// The coarsest times that a file system keeps (FAT): a second change within them leaves the same stamp.
const STAMP_GRAIN: Duration = Duration::from_secs(2);
/// An answer is looked at anew after so long, whatever the stamps say.
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// Where contents change without a new stamp.
const STAMPLESS: &[&str] = &["/proc", "/sys", "/run/systemd/netif"];

/// How a place was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Contents,
    Existence,
    Link,
    Canonical,
}

/// What was found there.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Stamp(Stamp),
    Text(String),
    There,
    Missing,
}

type Places = BTreeMap<(Way, String), Found>;
type Answer = Arc<dyn Any + Send + Sync>;

struct Known {
    asked: Asked,
    kept_at: Instant,
    /// Without the room that a map keeps for more: these are most of what an agent at rest has in memory.
    places: Box<[(Way, Box<str>, Found)]>,
    answer: Answer,
}

/// What is remembered. Empty at the start of the agent.
pub struct Memory {
    /// Time since 1970, by which stamps are old enough.
    clock: fn() -> Duration,
    /// One of each name; names are words of this program.
    looks: Mutex<BTreeMap<&'static str, Known>>,
    files: Mutex<Generations>,
}

/// Two generations: when the younger is full, it becomes the elder, and what nobody asked for since is forgotten.
#[derive(Default)]
struct Generations {
    young: BTreeMap<(String, Stamp), Answer>,
    old: BTreeMap<(String, Stamp), Answer>,
}

impl Memory {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self::by(now)
    }

    pub(super) fn by(clock: fn() -> Duration) -> Self {
        Self { clock, looks: Mutex::default(), files: Mutex::default() }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Memory").finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is asked of a look beside its name: a digest of the question.
pub type Asked = [u8; 32];

/// The one question of a look that has no others.
pub const ALWAYS_THE_SAME: Asked = [0; 32];

/// Looks, or gives what the last look of this name gave where it was asked the same and nothing changed since. `look` sees the machine
/// only through what it is given, and its answer follows from that and the question. `lasts` says whether an answer may be given again.
pub fn remembered_look<T: Any + Send + Sync>(
    host: &dyn Host,
    name: &'static str,
    asked: Asked,
    lasts: fn(&T) -> bool,
    look: impl FnOnce(&dyn Host) -> T,
) -> Arc<T> {
    let Some(memory) = host.memory() else { return Arc::new(look(host)) };
    let known = locked(&memory.looks).remove(name);
    if let Some(known) = known
        && known.asked == asked
        && known.kept_at.elapsed() < KEPT_FOR
        && known.places.iter().all(|(way, path, found)| ask(host, *way, path).as_ref() == Some(found))
        && let Ok(answer) = Arc::clone(&known.answer).downcast()
    {
        locked(&memory.looks).insert(name, known);
        return answer;
    }
    let traced = Traced { host, places: Mutex::new(Some(Places::new())) };
    let answer = Arc::new(look(&traced));
    let places = traced.places.into_inner().unwrap_or_else(PoisonError::into_inner);
    // A look that was stopped meanwhile can ask nothing any more, and answers for nothing.
    let is_whole = lasts(&answer) && ask(host, Way::Contents, "/").is_some();
    if let Some(places) = places.filter(|places| is_whole && is_settled(places, (memory.clock)())) {
        let kept: Answer = Arc::<T>::clone(&answer);
        let places = places.into_iter().map(|((way, path), found)| (way, path.into_boxed_str(), found)).collect();
        locked(&memory.looks).insert(name, Known { asked, kept_at: Instant::now(), places, answer: kept });
    }
    answer
}

/// What `read` makes of a file's contents, or what it made of them before. `kind` names what is made of them, with all that it follows from
/// beside the contents; nothing is kept where
/// the file has no stamp, `read` gives nothing, or what it gives does not last.
pub fn remembered_file<T: Any + Send + Sync>(
    host: &dyn Host,
    kind: &str,
    path: &str,
    lasts: impl FnOnce(&T) -> bool,
    read: impl FnOnce() -> Option<T>,
) -> Option<Arc<T>> {
    let Some(memory) = host.memory() else { return read().map(Arc::new) };
    let stamp = host.stamp(path).ok().filter(|stamp| is_old_enough(stamp, (memory.clock)()) && !is_stampless(path));
    let Some(stamp) = stamp else { return read().map(Arc::new) };
    let key = (kind.to_owned(), stamp);
    if let Some(known) = locked(&memory.files).get(&key).and_then(|known| known.downcast().ok()) {
        return Some(known);
    }
    let answer = Arc::new(read()?);
    // Kept only where nobody wrote to it meanwhile.
    if lasts(&answer) && host.stamp(path).is_ok_and(|after| after == stamp) {
        let kept: Answer = Arc::<T>::clone(&answer);
        locked(&memory.files).keep(key, kept);
    }
    Some(answer)
}

impl Generations {
    fn get(&mut self, key: &(String, Stamp)) -> Option<Answer> {
        if let Some(known) = self.young.get(key) {
            return Some(Arc::clone(known));
        }
        let (key, known) = self.old.remove_entry(key)?;
        self.keep(key, Arc::clone(&known));
        Some(known)
    }

    fn keep(&mut self, key: (String, Stamp), answer: Answer) {
        if self.young.len() >= FILES_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, answer);
    }
}

/// What a place shows now; nothing where it cannot be said.
fn ask(host: &dyn Host, way: Way, path: &str) -> Option<Found> {
    let found = match way {
        Way::Contents => host.stamp(path).map(Found::Stamp),
        Way::Existence => return Some(if host.exists(path) { Found::There } else { Found::Missing }),
        Way::Link => host.read_link(path).map(Found::Text),
        Way::Canonical => host.canonical(path).map(Found::Text),
    };
    match found {
        Ok(found) => Some(found),
        Err(AccessError::Missing { .. }) => Some(Found::Missing),
        Err(_) => None,
    }
}

fn is_stampless(path: &str) -> bool {
    STAMPLESS.iter().any(|place| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

fn is_settled(places: &Places, now: Duration) -> bool {
    places.values().all(|found| match found {
        Found::Stamp(stamp) => is_old_enough(stamp, now),
        Found::Text(_) | Found::There | Found::Missing => true,
    })
}

/// A time in the future is that of a clock that was set back: nothing can be told by it.
fn is_old_enough(stamp: &Stamp, now: Duration) -> bool {
    let seconds = |(seconds, _): (i64, i64)| u64::try_from(seconds).unwrap_or(0);
    let youngest = Duration::from_secs(seconds(stamp.changed).max(seconds(stamp.modified)).saturating_add(1));
    youngest + STAMP_GRAIN <= now
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is held against times that the file system took from the same clock, and told nobody"
)]
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A machine that notes what a look rests on; nothing any more once it rests on something without a stamp.
struct Traced<'a> {
    host: &'a dyn Host,
    places: Mutex<Option<Places>>,
}

impl Traced<'_> {
    /// Notes a place as it is before it is read.
    fn note(&self, way: Way, path: &str) {
        let mut noted = locked(&self.places);
        let Some(places) = noted.as_mut() else { return };
        if places.contains_key(&(way, path.to_owned())) {
            return;
        }
        let found = if is_stampless(path) || places.len() >= PLACES_MAX { None } else { ask(self.host, way, path) };
        match found {
            Some(found) => drop(places.insert((way, path.to_owned()), found)),
            None => *noted = None,
        }
    }

    fn contents(&self, path: &str) -> &dyn Host {
        self.note(Way::Contents, path);
        self.host
    }

    /// What is asked now has no stamp.
    fn stampless(&self) -> &dyn Host {
        *locked(&self.places) = None;
        self.host
    }
}

impl Host for Traced<'_> {
    fn read(&self, path: &str, bytes_max: usize) -> Result<Reading, AccessError> {
        self.contents(path).read(path, bytes_max)
    }

    fn read_end(&self, path: &str, bytes_max: usize) -> Result<Reading, AccessError> {
        self.contents(path).read_end(path, bytes_max)
    }

    fn open(&self, path: &str) -> Result<Box<dyn BufRead>, AccessError> {
        self.contents(path).open(path)
    }

    fn list(&self, path: &str, names_max: usize) -> Result<Listing, AccessError> {
        self.contents(path).list(path, names_max)
    }

    fn open_anywhere(&self, path: &str) -> Result<Box<dyn AnyPlace>, AccessError> {
        self.contents(path).open_anywhere(path)
    }

    fn entries(&self, path: &str, names_max: usize) -> Result<Entries, AccessError> {
        self.contents(path).entries(path, names_max)
    }

    fn read_link(&self, path: &str) -> Result<String, AccessError> {
        self.note(Way::Link, path);
        self.host.read_link(path)
    }

    fn exists(&self, path: &str) -> bool {
        self.note(Way::Existence, path);
        self.host.exists(path)
    }

    fn real_path(&self, path: &str) -> Result<PathBuf, AccessError> {
        // SQLite reads there itself: the database and its journals.
        for ending in ["-wal", "-journal"] {
            self.note(Way::Contents, &format!("{path}{ending}"));
        }
        self.contents(path).real_path(path)
    }

    fn canonical(&self, path: &str) -> Result<String, AccessError> {
        self.note(Way::Canonical, path);
        self.host.canonical(path)
    }

    fn stamp(&self, path: &str) -> Result<Stamp, AccessError> {
        self.contents(path).stamp(path)
    }

    fn read_at(&self, path: &str, offset: u64, bytes_max: usize) -> Result<Reading, AccessError> {
        self.contents(path).read_at(path, offset, bytes_max)
    }

    fn digest(&self, path: &str, sort: PackageDigestSort, bytes_max: u64) -> Result<Option<Digest>, AccessError> {
        self.contents(path).digest(path, sort, bytes_max)
    }

    fn seen_programs(&self) -> Vec<Program> {
        self.stampless().seen_programs()
    }

    fn is_live(&self) -> bool {
        self.host.is_live()
    }

    fn kernel_table(&self, table: &KernelTable, bytes_max: usize) -> Result<Reading, AccessError> {
        self.stampless().kernel_table(table, bytes_max)
    }

    fn remembered(&self, words: BTreeSet<String>, words_max: usize) -> BTreeSet<String> {
        self.stampless().remembered(words, words_max)
    }

    fn registry(&self, key: &str) -> Result<RegistryKey, AccessError> {
        self.stampless().registry(key)
    }

    fn processes(&self) -> Result<Vec<ProcessSeen>, AccessError> {
        self.stampless().processes()
    }

    fn platform(&self) -> Platform {
        self.host.platform()
    }

    fn memory(&self) -> Option<&Memory> {
        self.host.memory()
    }

    fn device_folder(&self) -> &str {
        self.host.device_folder()
    }

    fn machine(&self) -> Machine {
        self.stampless().machine()
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
