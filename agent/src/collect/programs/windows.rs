//! Programs that run on a Windows and that no installer's record names: path, digest, and what the file tells of itself.
//! It does not know suppliers or plans, and it does not verify signatures: a signer is who the file names.
//! Invariant: "no installer's record names it" is only said where every record was read, and only of files outside of the folders in which
//! installers lay programs; of others nobody can say whose they are, and that is what is said.
//!
//! Records: `InstallLocation`, `DisplayIcon` and `UninstallString` of the Uninstall keys (of the machine in both views, and of every account whose
//! profile can be read), and the files of Windows Installer's components. What lies below `/Windows` counts as Windows' own, which is not
//! checked: it has no list that could be read without asking its own services.

use super::{ANYWHERE, Budget, Looked, pe};
use crate::access::registry::{HKLM, HKU};
use crate::access::windows_paths::local_path;
use crate::access::{AccessError, Host, PROCESSES, Platform, ProcessSeen};
use crate::collect::{Collected, Collector, Gather};
use daicho_schemas::fact::observation::{
    Observation, Ownership, PROGRAM_STARTERS_MAX, PackageDigestSort, Program, ProgramPlace, ProgramSort, ProgramToldBy,
    Starter, StarterSort,
};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::{BTreeMap, BTreeSet};

/// Where programs of Windows are looked for.
const PLACES: &[&str] = &[
    PROCESSES,
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Uninstall",
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Uninstall/*",
    "HKLM/SOFTWARE/WOW6432Node/Microsoft/Windows/CurrentVersion/Uninstall",
    "HKLM/SOFTWARE/WOW6432Node/Microsoft/Windows/CurrentVersion/Uninstall/*",
    "HKU",
    "HKU/*/Software/Microsoft/Windows/CurrentVersion/Uninstall",
    "HKU/*/Software/Microsoft/Windows/CurrentVersion/Uninstall/*",
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Installer/UserData",
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Installer/UserData/*/Components",
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Installer/UserData/*/Components/*",
    ANYWHERE,
];
const UNINSTALL: &str = "Microsoft/Windows/CurrentVersion/Uninstall";
const COMPONENTS: &str = "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Installer/UserData";
/// Windows Installer's components that are looked at; a workstation with much on it has some 50,000.
const COMPONENTS_MAX: usize = 500_000;
/// Folders of Windows itself and of its packages of applications (AppX), which another collector tells.
const OF_WINDOWS: &[&str] = &["/windows/", "/program files/windowsapps/"];
/// Folders in which installers lay programs; the name below is the program's own.
const OF_INSTALLERS: &[&str] = &["/program files/", "/program files (x86)/"];

/// Folders of many programs: a record that names one says nothing of what else is in it.
const SHARED: &[&str] = &[
    "/program files/",
    "/program files (x86)/",
    "/program files/common files/",
    "/program files (x86)/common files/",
    "/programdata/",
    "/users/",
];
/// Ends of folders into which anybody lays anything.
const LOOSE: &[&str] = &["/downloads/", "/desktop/", "/documents/", "/temp/"];

/// One executable that runs.
struct Running {
    path: String,
    starters: BTreeSet<Starter>,
}

/// Collects programs of nobody on Windows.
pub(crate) struct WindowsProgramsCollector;

impl Collector for WindowsProgramsCollector {
    fn id(&self) -> &'static str {
        "programs"
    }

    fn about(&self) -> Text {
        Text::new(
            "どのインストーラーの記録にもない実行中のプログラム（版と署名者はファイル自身の記載で、検証はしない）",
            "running programs that no installer's record names (version and signer are the file's own word, not verified)",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn lacks(&self) -> Option<Text> {
        Some(Text::new(
            "起動設定だけのもの、スクリプト、Windows フォルダー内、変更されたファイル",
            "what is only set to start, scripts, what lies below /Windows, changed files",
        ))
    }

    fn places(&self) -> &'static [&'static str] {
        PLACES
    }

    fn watches(&self) -> &'static [&'static str] {
        &[PROCESSES]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        collect(host)
    }
}

fn collect(host: &dyn Host) -> Collected {
    let mut gather = Gather::new();
    let processes = match host.processes() {
        Ok(processes) => processes,
        Err(AccessError::Missing { .. }) => {
            let text = "which programs run is only known on the running machine";
            return gather.finish_failed(Trouble::new(TroubleKind::NotObservable, PROCESSES, text));
        }
        Err(error) => return gather.finish_failed(error.to_trouble()),
    };
    gather.source(PROCESSES);
    let mut running = running(&mut gather, host, &processes);
    let mut budget = Budget::default();
    remembered(host, &mut budget, &mut running);
    running.retain(|path, _| !OF_WINDOWS.iter().any(|folder| path.starts_with(folder)));
    let text = "programs below /Windows and in packages of applications are taken for what they say; who put them there is not checked";
    gather.miss(Trouble::new(TroubleKind::NotObservable, "/Windows", text));
    let mut records = Records::default();
    records.read_uninstall(&mut gather, host);
    running.retain(|path, _| !records.folders.iter().any(|folder| path.starts_with(folder)));
    if !running.is_empty() {
        records.read_components(&mut gather, host, &running);
        running.retain(|path, _| !records.files.contains(path));
    }
    for (path, one) in running {
        let in_programs = OF_INSTALLERS.iter().any(|folder| path.starts_with(folder));
        let ownership = if in_programs || records.incomplete { Ownership::Unknown } else { Ownership::NoPackage };
        if let Some(program) = program(&mut gather, host, &mut budget, one, ownership) {
            gather.item(PROCESSES, Observation::Program(program));
        }
    }
    gather.finish()
}

/// The executables of processes, by their paths without regard to case.
fn running(gather: &mut Gather, host: &dyn Host, processes: &[ProcessSeen]) -> BTreeMap<String, Running> {
    let names: BTreeMap<u32, &str> = processes.iter().map(|process| (process.number, process.name.as_str())).collect();
    let mut running: BTreeMap<String, Running> = BTreeMap::new();
    let mut closed = BTreeSet::new();
    for process in processes {
        let Some(path) = &process.path else {
            // What the kernel itself runs is no file: `System`, `Registry`, `Memory Compression`.
            if process.name.to_ascii_lowercase().ends_with(".exe") {
                closed.insert(process.name.as_str());
            }
            continue;
        };
        let one = running.entry(path.to_lowercase()).or_insert_with(|| Running {
            // Whoever starts a program may spell it as he likes.
            path: host.canonical(path).unwrap_or_else(|_| path.clone()),
            starters: BTreeSet::new(),
        });
        let parent = process.parent.and_then(|parent| names.get(&parent));
        let starter = |name: &str| Starter { sort: StarterSort::Process, name: name.to_owned(), line: None };
        one.starters.extend(parent.map(|name| starter(name)));
    }
    if !closed.is_empty() {
        let text = format!("the executables of {} programs may not be asked for by this account", closed.len());
        gather.miss(Trouble::new(TroubleKind::NotPermitted, PROCESSES, text));
    }
    running
}

/// What was seen running before and is the same file still is a part of the host until somebody removes or replaces it.
fn remembered(host: &dyn Host, budget: &mut Budget, running: &mut BTreeMap<String, Running>) {
    for program in host.seen_programs().iter().filter(|program| program.place == ProgramPlace::Host) {
        let digest = budget.digest(&mut Gather::new(), host, &program.path, PackageDigestSort::Sha256);
        if !matches!(digest, Looked::Digest { hex, .. } if Some(&hex) == program.sha256.as_ref()) {
            continue;
        }
        let one = running.entry(program.path.to_lowercase());
        let one = one.or_insert_with(|| Running { path: program.path.clone(), starters: BTreeSet::new() });
        one.starters.extend(program.started_by.iter().cloned());
    }
}

/// What installers wrote down, in small letters.
#[derive(Default)]
struct Records {
    folders: BTreeSet<String>,
    files: BTreeSet<String>,
    incomplete: bool,
}

impl Records {
    fn read_uninstall(&mut self, gather: &mut Gather, host: &dyn Host) {
        let before = gather.misses();
        let users = gather.key(host, HKU).map(|users| users.keys).unwrap_or_default();
        let of_users = users.iter().map(|user| format!("{HKU}/{user}/Software/{UNINSTALL}"));
        let of_machine = ["SOFTWARE", "SOFTWARE/WOW6432Node"].map(|view| format!("{HKLM}/{view}/{UNINSTALL}"));
        for place in of_machine.into_iter().chain(of_users) {
            for (_, record) in gather.uninstall_records(host, &place).unwrap_or_default() {
                let words = ["InstallLocation", "DisplayIcon", "UninstallString"];
                let told = words.iter().filter_map(|word| Some((*word, record.text(word)?)));
                self.folders.extend(told.filter_map(|(word, text)| folder(text, word == "InstallLocation")));
            }
        }
        self.incomplete |= gather.misses() > before;
    }

    /// Whose components the running files are: each component has a value for each product, with the path of its file.
    fn read_components(&mut self, gather: &mut Gather, host: &dyn Host, running: &BTreeMap<String, Running>) {
        let before = gather.misses();
        let users = gather.key(host, COMPONENTS).map(|users| users.keys).unwrap_or_default();
        let mut left = COMPONENTS_MAX;
        for user in users {
            let place = format!("{COMPONENTS}/{user}/Components");
            let Some(components) = gather.subkey(host, &place) else { continue };
            for name in components.keys {
                if left == 0 {
                    gather.miss_rest(&place);
                    break;
                }
                left -= 1;
                let Some(component) = gather.subkey(host, &format!("{place}/{name}")) else { continue };
                let texts = component.values.iter().filter_map(|(product, _)| component.text(product));
                self.files.extend(texts.filter_map(path_of).filter(|path| running.contains_key(path)));
            }
        }
        self.incomplete |= gather.misses() > before;
    }
}

/// The folder that an installer's record speaks of, with a separator at its end. A folder of Windows, of all programs or of a whole
/// volume is nobody's own: `msiexec` takes programs out, and says nothing of where they are.
fn folder(text: &str, is_folder: bool) -> Option<String> {
    let text = text.trim();
    let quoted = text.strip_prefix('"').and_then(|rest| rest.split('"').next());
    let bare = text.split(',').next().unwrap_or(text);
    let command = bare.to_lowercase().find(".exe").and_then(|end| bare.get(..end + 4)).unwrap_or(bare);
    let path = path_of(quoted.unwrap_or(if is_folder { text } else { command }))?;
    let folder = if is_folder { path.trim_end_matches('/') } else { path.rsplit_once('/')?.0 };
    let folder = format!("{folder}/");
    let is_own = folder.matches('/').count() > 1
        && !OF_WINDOWS.iter().any(|of| folder.starts_with(of))
        && !SHARED.contains(&folder.as_str())
        && !LOOSE.iter().any(|loose| folder.ends_with(loose));
    is_own.then_some(folder)
}

/// A path that Windows writes, in small letters and as the door names it.
fn path_of(text: &str) -> Option<String> {
    local_path(text).map(|path| path.to_lowercase())
}

/// What a file tells; nothing where it is gone by now.
fn program(
    gather: &mut Gather,
    host: &dyn Host,
    budget: &mut Budget,
    one: Running,
    ownership: Ownership,
) -> Option<Program> {
    let (sha256, size_bytes) = match budget.digest(gather, host, &one.path, PackageDigestSort::Sha256) {
        Looked::Digest { hex, size_bytes } => (Some(hex), Some(size_bytes)),
        Looked::Unread { size_bytes } => (None, size_bytes),
        Looked::Gone => return None,
    };
    let mut piece = |offset: u64, bytes_max: usize| {
        host.read_at(&one.path, offset, bytes_max).map(|reading| reading.bytes).unwrap_or_default()
    };
    let told = pe::read(&mut piece).unwrap_or_default();
    let (name, version) = told.version.unzip();
    let starters = one.starters.into_iter().take(PROGRAM_STARTERS_MAX);
    Some(Program {
        path: gather.text("paths of programs", one.path.as_bytes()),
        place: ProgramPlace::Host,
        sort: ProgramSort::Executable,
        ownership,
        sha256,
        size_bytes,
        build_id: None,
        told_by: name.is_some().then_some(ProgramToldBy::VersionResource),
        name,
        version: version.flatten(),
        signed_by: told.signer,
        interpreter: None,
        seen_running: true,
        started_by: starters
            .map(|starter| Starter { name: gather.text("what starts programs", starter.name.as_bytes()), ..starter })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use crate::collect::golden;
    use daicho_schemas::batch::Outcome;

    fn host() -> RecordedHost {
        golden::running(&WindowsProgramsCollector, "windows_terminal", Machine::default())
    }

    fn told(collected: &Collected) -> Vec<(&str, Ownership)> {
        fn program(item: &Observation) -> Option<&Program> {
            if let Observation::Program(program) = item { Some(program) } else { None }
        }
        collected.items.iter().filter_map(program).map(|program| (program.path.as_str(), program.ownership)).collect()
    }

    #[test]
    fn what_no_record_names_is_told_and_what_one_names_is_not() {
        let collected = golden::check(&WindowsProgramsCollector, "windows_terminal", &host());
        assert_eq!(collected.outcome, Outcome::Partial, "who put files below /Windows is not checked");
        assert_eq!(
            told(&collected),
            [
                ("/Program Files/Loose/loose.exe", Ownership::Unknown),
                ("/ProgramData/Vendor/updater.exe", Ownership::NoPackage),
                ("/Tools/gate.exe", Ownership::NoPackage),
            ]
        );
        let text = serde_json::to_string(&collected.items).unwrap();
        assert!(text.contains("ゲート中継サービス") && text.contains("Shiomi System Code Signing EXAMPLE"), "{text}");
    }

    #[test]
    fn where_a_record_cannot_be_read_nobody_can_say_whose_a_program_is() {
        let closed = format!("{HKLM}/SOFTWARE/WOW6432Node/{UNINSTALL}/Old");
        let collected = WindowsProgramsCollector.collect(&host().without_permission_for(&[&closed]));
        assert!(told(&collected).iter().all(|(_, ownership)| *ownership == Ownership::Unknown), "{collected:?}");
    }

    #[test]
    fn a_record_names_a_folder_of_its_own_or_none() {
        let icon = |text| folder(text, false);
        assert_eq!(folder(r"C:\Oracle\", true).as_deref(), Some("/oracle/"));
        assert_eq!(folder(r"D:\PACS", true).as_deref(), Some("d:/pacs/"));
        assert_eq!(icon(r#""C:\Vendor\Un Install.EXE" /S"#).as_deref(), Some("/vendor/"));
        assert_eq!(icon(r"C:\Program Files\Yard\yard.exe,-3").as_deref(), Some("/program files/yard/"));
        for nobodys in
            ["MsiExec.exe /I{1}", r"C:\Windows\Installer\x.exe", r"C:\Program Files\x.exe", r"C:\x.exe", "", "C", "あ:"]
        {
            assert_eq!(icon(nobodys), None, "{nobodys}");
        }
        assert_eq!(icon(r"C:\Users\op\Downloads\setup.exe"), None, "anybody lays files there");
        assert_eq!(folder(r"C:\", true), None);
        assert_eq!(folder(r"\\server\share\x", true), None);
    }
}
