//! Modules of the kernel that did not come with it: loaded ones that the kernel marked (/proc/modules), and files for the kernel that
//! runs outside of its own folder (modules.dep(5)).
//! It does not know what a module does or whether its signature holds: the kernel's marks say what the kernel thought.
//! Invariant: the kernel's own modules are not listed; sizes, addresses, states and users of a module enter nowhere.

mod file;

use super::owners::{self, Owner, Owners};
use super::{Collected, Collector, Gather};
use crate::access::{AccessError, Host};
use daicho_schemas::fact::observation::{CarriedBy, KernelModule, Observation};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::sync::LazyLock;

const LOADED: &str = "/proc/modules";
const RELEASE: &str = "/proc/sys/kernel/osrelease";
/// A kernel with everything has some seven thousand modules of about a hundred bytes.
const TABLE_BYTES_MAX: usize = 8 * 1024 * 1024;
const DEPENDENCIES_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Modules that are described; a host has a handful.
const MODULES_MAX: usize = 512;
const CONFIGURATION_BYTES_MAX: usize = 64 * 1024;
/// modules-load.d(5), in the order in which a file of one name hides the others, and the file of Debian before it.
const LOAD_FOLDERS: &[&str] = &["/etc/modules-load.d", "/run/modules-load.d", "/usr/lib/modules-load.d"];
const LOAD_FILE: &str = "/etc/modules";
const LOAD_FILES_MAX: usize = 1_000;

/// Collects modules that did not come with the kernel.
pub(crate) struct KernelModulesCollector;

impl Collector for KernelModulesCollector {
    fn id(&self) -> &'static str {
        "kernel_modules"
    }

    fn about(&self) -> Text {
        Text::new(
            "カーネルに付属しないモジュール（ツリー外、署名なし、非フリー）",
            "kernel modules that did not come with the kernel: out of tree, unsigned, not free",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        static PLACES: LazyLock<Vec<&str>> = LazyLock::new(|| [OWN_PLACES, &owners::PLACES].concat());
        &PLACES
    }

    fn watches(&self) -> &'static [&'static str] {
        &["netlink:modules"]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        if !host.is_live() {
            let text = "which modules the kernel has loaded is only known on the running machine";
            return gather.finish_failed(Trouble::new(TroubleKind::NotObservable, LOADED, text));
        }
        let reading = match host.read(LOADED, TABLE_BYTES_MAX) {
            Ok(reading) => reading,
            // A kernel that cannot load any.
            Err(AccessError::Missing { .. }) => return gather.finish_not_applicable(),
            Err(error) => return gather.finish_failed(error.to_trouble()),
        };
        gather.source(LOADED);
        if reading.cut {
            gather.miss_rest(LOADED);
        }
        let mut modules = marked(&mut gather, host, &reading.bytes);
        let files = files(&mut gather, host);
        // Beside the kernel's own folder lie those that were built for it later (`updates`, `extra`, `weak-updates`).
        let foreign = files.iter().filter(|(_, file)| !file.is_own);
        for (name, _) in foreign {
            modules.entry(name.clone()).or_insert_with(|| module(name, false));
        }
        if modules.len() > MODULES_MAX {
            let text = format!("there are more than {MODULES_MAX} such modules; the rest is not listed");
            gather.miss(Trouble::new(TroubleKind::TooLarge, LOADED, text));
        }
        let started = started(&mut gather, host);
        modules = modules.into_iter().take(MODULES_MAX).collect();
        let of_module = |name: &String| files.get(name).map(|file| file.path.clone());
        let owners = Owners::of(host, &modules.keys().filter_map(of_module).collect(), "owners of kernel modules");
        owners.sources().for_each(|place| gather.source(place));
        for (name, mut module) in modules {
            module.file = of_module(&name);
            let owner = module.file.as_ref().map(|file| owners.of_path(file));
            module.carried_by = owner.map(Owner::told);
            module.package = module.carried_by.as_ref().and_then(CarriedBy::name).map(str::to_owned);
            module.started_by = started.get(&name).cloned();
            file::describe(&mut gather, host, &mut module);
            gather.item(LOADED, Observation::KernelModule(module));
        }
        gather.finish()
    }
}

/// Places beside the lists of packages.
const OWN_PLACES: &[&str] = &[
    LOADED,
    RELEASE,
    "/sys/module/*/version",
    "/sys/module/*/srcversion",
    "/sys/module/*/taint",
    "/lib/modules/*/modules.dep",
    "/lib/modules/*/*/*",
    "/lib/modules/*/*/*/*",
    "/lib/modules/*/*/*/*/*",
    "/lib/modules/*/*/*/*/*/*",
    "/lib/modules/*/*/*/*/*/*/*",
    "/lib/modules/*/*/*/*/*/*/*/*",
    "/etc/modules",
    "/etc/modules-load.d",
    "/etc/modules-load.d/*",
    "/run/modules-load.d",
    "/run/modules-load.d/*",
    "/usr/lib/modules-load.d",
    "/usr/lib/modules-load.d/*",
];

fn module(name: &str, loaded: bool) -> KernelModule {
    KernelModule {
        name: name.to_owned(),
        loaded,
        taint: None,
        version: None,
        source_version: None,
        file: None,
        authors: Vec::new(),
        license: None,
        has_signature: None,
        signer: None,
        package: None,
        carried_by: None,
        started_by: None,
    }
}

/// Loaded modules with a mark of the kernel: `name size users by, state address (OE)`.
fn marked(gather: &mut Gather, host: &dyn Host, table: &[u8]) -> BTreeMap<String, KernelModule> {
    let mut modules = BTreeMap::new();
    for line in String::from_utf8_lossy(table).lines() {
        let Some(name) = line.split_whitespace().next() else { continue };
        let marks = line.rsplit_once('(').and_then(|(_, rest)| rest.split(')').next());
        // `+` and `-` say that it is being loaded or taken out.
        let marks = marks.map(|marks| marks.replace(['+', '-'], "")).filter(|marks| !marks.is_empty());
        let Some(marks) = marks else { continue };
        let mut value = |file: &str| gather.value(host, &format!("/sys/module/{name}/{file}"));
        let taint = value("taint").or_else(|| Some(letters(&marks)));
        let (version, source_version) = (value("version"), value("srcversion"));
        modules.insert(name.to_owned(), KernelModule { taint, version, source_version, ..module(name, true) });
    }
    modules
}

/// Letters only: the marks are the kernel's, and the table could be a recorded one.
fn letters(marks: &str) -> String {
    marks.chars().filter(char::is_ascii_uppercase).take(8).collect()
}

/// One file of a module.
struct File {
    path: String,
    /// It lies where the kernel's own build put it.
    is_own: bool,
}

/// The file of every module that `depmod` knows for the kernel that runs: `updates/dkms/x.ko.zst: kernel/y.ko`.
fn files(gather: &mut Gather, host: &dyn Host) -> BTreeMap<String, File> {
    let mut files = BTreeMap::new();
    let Some(release) = gather.value(host, RELEASE).filter(|release| !release.contains('/')) else { return files };
    let folder = format!("/lib/modules/{release}");
    let place = format!("{folder}/modules.dep");
    let reader = match host.open(&place) {
        Ok(reader) => reader,
        // A container has no files of the kernel below it, and a unit can hide them: what is not loaded is not known then.
        Err(error) if error.is_missing() => {
            let text = "the list of the modules' files is not there, so modules that are not loaded, authors and signatures are \
                        not known; look outside of a container, and without ProtectKernelModules in the unit";
            gather.miss(Trouble::new(TroubleKind::Missing, place, text));
            return files;
        }
        Err(error) => {
            gather.miss_access(&error);
            return files;
        }
    };
    gather.source(&place);
    let mut limited = std::io::Read::take(reader, DEPENDENCIES_BYTES_MAX);
    let mut line = Vec::new();
    while limited.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
        let text = String::from_utf8_lossy(&line);
        let path = text.split(':').next().unwrap_or_default().trim();
        if let Some(name) = name_of(path).filter(|_| is_plain(path)) {
            files.insert(name, File { path: format!("{folder}/{path}"), is_own: path.starts_with("kernel/") });
        }
        line.clear();
    }
    files
}

/// Some older `depmod` wrote whole paths; and a path that leads elsewhere is nobody's.
fn is_plain(path: &str) -> bool {
    !path.starts_with('/') && !path.split('/').any(|part| matches!(part, "" | "." | ".."))
}

/// `example-raid.ko.xz` is the module `example_raid`.
fn name_of(path: &str) -> Option<String> {
    let (name, _) = path.rsplit('/').next()?.split_once(".ko")?;
    (!name.is_empty()).then(|| name.replace('-', "_"))
}

/// The file that has a module loaded at every start, by the module's name.
fn started(gather: &mut Gather, host: &dyn Host) -> BTreeMap<String, String> {
    let mut places = BTreeMap::new();
    for folder in LOAD_FOLDERS {
        match host.list(folder, LOAD_FILES_MAX) {
            Ok(listing) => {
                for name in listing.names.into_iter().filter(|name| name.ends_with(".conf")) {
                    places.entry(name.clone()).or_insert_with(|| format!("{folder}/{name}"));
                }
            }
            Err(error) if error.is_missing() => {}
            Err(error) => gather.miss_access(&error),
        }
    }
    let mut started = BTreeMap::new();
    for place in places.into_values().chain([LOAD_FILE.to_owned()]) {
        let Ok(reading) = host.read(&place, CONFIGURATION_BYTES_MAX) else { continue };
        for line in String::from_utf8_lossy(&reading.bytes).lines() {
            // /etc/modules has options behind the name; they stay where they are.
            let Some(name) = line.split_whitespace().next().filter(|name| !name.starts_with(['#', ';'])) else {
                continue;
            };
            started.entry(name.replace('-', "_")).or_insert_with(|| place.clone());
        }
    }
    started
}

#[cfg(test)]
mod tests;
