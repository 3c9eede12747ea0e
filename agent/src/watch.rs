//! Which collectors should look again, because something they watch changed: files (`notify`: inotify, ReadDirectoryChangesW), what the
//! system itself announces (Linux: the kernel's tables of the network; Windows: keys of the registry), or what runs.
//! It does not collect, and it believes no event: an event is a hint, the schedule is the safety net.
//! Invariant: memory is bounded by the number of collectors, however many events come.

#[cfg(unix)]
mod kernel;
#[cfg(unix)]
mod processes;
#[cfg(windows)]
mod registry;
#[cfg(windows)]
mod started;

#[cfg(windows)]
use crate::access::PROCESSES;
use crate::access::{DEVICE_FOLDER_DEFAULT, Host as _, LiveHost, Platform};
use crate::collect::programs::PROCESS_STARTS;
use crate::collect::{COLLECTORS, Collector};
#[cfg(unix)]
use kernel::Announcements;
use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
#[cfg(unix)]
use processes::Processes;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// After the last event so long, it counts as done: package managers write in many small steps.
const SETTLE_MS: u64 = 300;
/// But a stream of events is cut after so long.
const SETTLE_MS_MAX: u64 = 2_000;

/// A look at names of processes or keys needs far less.
const LOOK_STACK_BYTES: usize = 1024 * 1024;

/// Where a folder may stand in for a missing one. Elsewhere (`/etc`, `/usr/lib`) every start of any program opens files,
/// and each opening would wake us: what appears there for the first time is found by the schedule.
const QUIET: &str = "var/lib";

/// Begins the name of every place that is a table of the kernel.
pub(crate) const TABLES: &str = "netlink:";
/// Begin the names of keys of a registry.
#[cfg(windows)]
const KEYS: &[&str] = &["HKLM/", "HKU/"];

/// What is shared with the thread that hears events.
#[derive(Default)]
struct Heard {
    collectors: Mutex<BTreeSet<&'static str>>,
    /// What each watched place would mean: collectors that read it, and where they hope to read.
    meanings: Mutex<BTreeMap<PathBuf, Vec<(&'static str, PathBuf)>>>,
    news: Notify,
}

/// Watches the places of all collectors.
pub struct Watch {
    root: PathBuf,
    platform: Platform,
    device_folder: String,
    heard: Arc<Heard>,
    watcher: Option<RecommendedWatcher>,
    listening: Option<tokio::task::AbortHandle>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.listening.iter().for_each(tokio::task::AbortHandle::abort);
    }
}

/// Whether a collector watches files; the others look along whenever files tell of a change on this host.
pub(crate) fn watches_files(collector: &dyn Collector) -> bool {
    collector.watches().iter().any(|place| is_file(place))
}

/// Whether a collector is woken by what the kernel announces of its network.
pub(crate) fn watches_tables(collector: &dyn Collector) -> bool {
    collector.watches().iter().any(|place| place.starts_with(TABLES))
}

/// Files and folders, and not what the system announces by other names.
fn is_file(place: &str) -> bool {
    place.starts_with('/')
}

#[cfg(windows)]
fn is_key(place: &str) -> bool {
    KEYS.iter().any(|root| place.starts_with(root))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watch {
    /// Begins to watch the host under a root: `/` for the running one, inside a runtime. Where the system cannot, the
    /// schedule alone remains, and the log says so.
    pub fn new(root: &Path, device_folder: &str) -> Self {
        let heard = Arc::new(Heard::default());
        let listener = Arc::clone(&heard);
        let watcher = notify::recommended_watcher(move |event| hear(&listener, event));
        let watcher = watcher
            .inspect_err(|error| tracing::warn!(%error, "changes cannot be watched; only the schedule looks"))
            .ok();
        let host = LiveHost::new(root);
        let platform = host.platform();
        let mut listening = None;
        if host.is_live() {
            listening = Some(tokio::spawn(listen(Arc::clone(&heard))).abort_handle());
            look_regularly(&heard, host);
        }
        // Events name resolved paths.
        let root = LiveHost::folder_of(root);
        let mut watch = Self { root, platform, device_folder: device_folder.to_owned(), heard, watcher, listening };
        watch.arm();
        watch
    }

    /// Watches what exists now, and for what does not, the nearest folder that does where that is quiet.
    pub fn arm(&mut self) {
        let Some(watcher) = &mut self.watcher else { return };
        let mut wanted: BTreeMap<PathBuf, Vec<(&'static str, PathBuf)>> = BTreeMap::new();
        for collector in COLLECTORS.iter().filter(|collector| collector.platforms().contains(&self.platform)) {
            let is_watched = |place: &&&str| is_file(place) && **place != PROCESS_STARTS;
            for place in collector.watches().iter().filter(is_watched) {
                let place = if *place == DEVICE_FOLDER_DEFAULT { self.device_folder.as_str() } else { place };
                let place = self.root.join(place.trim_start_matches('/'));
                let quiet = self.root.join(QUIET);
                let existing = place.ancestors().find(|path| path.exists());
                if let Some(existing) = existing.filter(|path| *path == place || path.starts_with(&quiet)) {
                    wanted.entry(existing.to_owned()).or_default().push((collector.id(), place.clone()));
                }
            }
        }
        let before = std::mem::replace(&mut *locked(&self.heard.meanings), wanted.clone());
        for path in before.keys().filter(|path| !wanted.contains_key(*path) || path.is_file()) {
            // A watch on a file ends with the file; one that has ended already is no loss.
            let _already_gone = watcher.unwatch(path);
        }
        for path in wanted.keys().filter(|path| !before.contains_key(*path) || path.is_file()) {
            if let Err(error) = watcher.watch(path, RecursiveMode::NonRecursive) {
                tracing::warn!(path = %path.display(), %error, "this place cannot be watched; the schedule looks");
            }
        }
    }

    /// Waits for a change and until it has settled; says which collectors it concerns.
    pub async fn changed(&self) -> BTreeSet<&'static str> {
        loop {
            self.heard.news.notified().await;
            let end = Instant::now() + Duration::from_millis(SETTLE_MS_MAX);
            loop {
                let quiet = (Instant::now() + Duration::from_millis(SETTLE_MS)).min(end);
                if timeout_at(quiet, self.heard.news.notified()).await.is_err() || Instant::now() >= end {
                    break;
                }
            }
            let collectors = std::mem::take(&mut *locked(&self.heard.collectors));
            if !collectors.is_empty() {
                return collectors;
            }
        }
    }
}

/// Runs on the watcher's own thread.
fn hear(heard: &Heard, event: notify::Result<Event>) {
    let concerned = match event {
        Ok(event) if !event.need_rescan() => concerned(&locked(&heard.meanings), &event),
        // Events were lost, or the watcher failed: everything may have changed.
        _ => COLLECTORS.iter().map(|collector| collector.id()).collect(),
    };
    if !concerned.is_empty() {
        locked(&heard.collectors).extend(concerned);
        heard.news.notify_one();
    }
}

/// Listens to the kernel for as long as it can be heard.
#[cfg(unix)]
async fn listen(heard: Arc<Heard>) {
    let mut announcements = match Announcements::new() {
        Ok(announcements) => announcements,
        Err(error) => {
            tracing::warn!(%error, "changes of the network cannot be heard; only the schedule looks");
            return;
        }
    };
    loop {
        match announcements.next().await {
            Ok(tables) => {
                let reads =
                    |collector: &&&dyn Collector| collector.watches().iter().any(|place| tables.contains(place));
                let concerned = COLLECTORS.iter().filter(reads).map(|collector| collector.id());
                locked(&heard.collectors).extend(concerned);
                heard.news.notify_one();
            }
            Err(error) => {
                tracing::warn!(%error, "changes of the network are no longer heard; only the schedule looks");
                return;
            }
        }
    }
}

/// Windows announces nothing that this could hear.
#[cfg(windows)]
async fn listen(_heard: Arc<Heard>) {}

/// Who watches a place.
fn readers(place: &str) -> BTreeSet<&'static str> {
    let reads = |collector: &&&dyn Collector| collector.watches().contains(&place);
    COLLECTORS.iter().filter(reads).map(|collector| collector.id()).collect()
}

/// Looks regularly for what nobody announces: programs that did not run before.
#[cfg(unix)]
fn look_regularly(heard: &Arc<Heard>, host: LiveHost) {
    let mut processes = Processes::new(host);
    let programs = move || if processes.news() { readers(PROCESS_STARTS) } else { BTreeSet::new() };
    regularly(heard, "programs that are started", processes::EVERY, programs);
}

/// Looks regularly for what nobody announces: programs that did not run before, and keys of the registry that were written.
#[cfg(windows)]
fn look_regularly(heard: &Arc<Heard>, host: LiveHost) {
    let mut keys = registry::Keys::new(host);
    regularly(heard, "keys of the registry", registry::EVERY, move || keys.news());
    let Some(mut started) = started::Started::new() else {
        return tracing::warn!("programs that are started cannot be noticed; only the schedule looks");
    };
    let programs = move || if started.news() { readers(PROCESSES) } else { BTreeSet::new() };
    regularly(heard, "programs that are started", started::EVERY, programs);
}

/// Looks at regular times whom news concerns, for as long as somebody watches. On a thread of its own: that wakes once each time, where a
/// timer of the runtime wakes it three times.
fn regularly(
    heard: &Arc<Heard>,
    what: &'static str,
    every: Duration,
    mut look: impl FnMut() -> BTreeSet<&'static str> + Send + 'static,
) {
    let watching = Arc::downgrade(heard);
    let looking = thread::Builder::new().name("watch".into()).stack_size(LOOK_STACK_BYTES).spawn(move || {
        loop {
            thread::sleep(every);
            let concerned = look();
            let Some(heard) = watching.upgrade() else { return };
            if !concerned.is_empty() {
                locked(&heard.collectors).extend(concerned);
                heard.news.notify_one();
            }
        }
    });
    if let Err(error) = looking {
        tracing::warn!(what, %error, "this cannot be looked at regularly; only the schedule looks");
    }
}

/// The collectors that an event concerns. Reading changes nothing, and our own reading must not wake us.
fn concerned(meanings: &BTreeMap<PathBuf, Vec<(&'static str, PathBuf)>>, event: &Event) -> BTreeSet<&'static str> {
    let writes = match event.kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    };
    if !writes {
        return BTreeSet::new();
    }
    let mut ids = BTreeSet::new();
    for path in &event.paths {
        let watched = [Some(path.as_path()), path.parent()].into_iter().flatten();
        for (id, place) in watched.filter_map(|watched| meanings.get(watched)).flatten() {
            // In a folder that only stands in for a missing one, just the way to the missing one counts.
            if path.starts_with(place) || place.starts_with(path) {
                ids.insert(*id);
            }
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{CreateKind, ModifyKind};

    #[test]
    fn events_concern_those_who_read_there_and_reading_concerns_nobody() {
        let meanings = BTreeMap::from([
            (PathBuf::from("/var/lib/dpkg"), vec![("dpkg", PathBuf::from("/var/lib/dpkg"))]),
            (PathBuf::from("/var/lib"), vec![("rpm", PathBuf::from("/var/lib/rpm"))]),
            (PathBuf::from("/etc/hostname"), vec![("operating_system", PathBuf::from("/etc/hostname"))]),
        ]);
        let of = |kind, path: &str| {
            concerned(&meanings, &Event::new(kind).add_path(path.into())).into_iter().collect::<Vec<_>>()
        };
        let create = EventKind::Create(CreateKind::Any);
        assert_eq!(of(create, "/var/lib/dpkg/status"), ["dpkg"]);
        assert_eq!(of(create, "/var/lib/rpm"), ["rpm"]);
        assert_eq!(of(EventKind::Modify(ModifyKind::Any), "/etc/hostname"), ["operating_system"]);
        assert!(of(create, "/var/lib/other").is_empty());
        let open = EventKind::Access(AccessKind::Open(AccessMode::Any));
        assert!(of(open, "/var/lib/dpkg/status").is_empty());
        assert_eq!(of(EventKind::Access(AccessKind::Close(AccessMode::Write)), "/var/lib/dpkg/status"), ["dpkg"]);
    }

    fn changed(watch: &Watch) -> Vec<&'static str> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(watch.changed()).into_iter().collect()
    }

    /// A real folder, real events: a database that is replaced by rename, one that appears where nothing was, a file
    /// that is replaced, and reading, which must not be heard.
    #[test]
    fn changes_of_a_real_root_are_heard() {
        use std::fs;
        let folder = tempfile::tempdir().unwrap();
        let path = |path: &str| folder.path().join(path);
        fs::create_dir_all(path("var/lib/dpkg")).unwrap();
        fs::create_dir_all(path("etc")).unwrap();
        fs::write(path("var/lib/dpkg/status"), "old").unwrap();
        fs::write(path("etc/hostname"), "old").unwrap();
        let mut watch = Watch::new(folder.path(), DEVICE_FOLDER_DEFAULT);
        if watch.watcher.is_none() {
            eprintln!("skipped: this system lets nothing be watched");
            return;
        }
        fs::read(path("var/lib/dpkg/status")).unwrap();
        assert!(locked(&watch.heard.collectors).is_empty());
        fs::write(path("var/lib/dpkg/status-new"), "new").unwrap();
        fs::rename(path("var/lib/dpkg/status-new"), path("var/lib/dpkg/status")).unwrap();
        assert_eq!(
            changed(&watch),
            ["apt_index", "dpkg", "language_packages", "programs", "protection", "remote_tools"]
        );
        watch.arm();
        fs::create_dir(path("var/lib/rpm")).unwrap();
        assert_eq!(changed(&watch), ["language_packages", "programs", "protection", "rpm"]);
        watch.arm();
        fs::write(path("var/lib/rpm/rpmdb.sqlite"), "new").unwrap();
        assert_eq!(changed(&watch), ["language_packages", "programs", "protection", "rpm"]);
        for text in ["one", "two"] {
            fs::write(path("etc/hostname-new"), text).unwrap();
            fs::rename(path("etc/hostname-new"), path("etc/hostname")).unwrap();
            assert_eq!(changed(&watch), ["operating_system"], "{text}");
            watch.arm();
        }
    }
}
