//! Hives of a Windows machine and the logs beside them, its tasks, phone books and drivers, as a failing disk or a hostile owner of an
//! image may have left them. The first byte picks which file of the machine it is; the second, whether it is whole, or one place of a
//! sound file is overwritten.
//! It does not know the formats. Invariant: whatever the bytes are, nothing panics or goes in circles, every key is within the limits, what
//! collectors say is within those of the contract, and the same at a second look.

use daicho_agent::access::registry::{REGISTRY_KEYS_MAX, REGISTRY_VALUES_MAX};
use daicho_agent::access::{Host, Platform, RecordedHost};
use daicho_agent::collect::{collectors_of, run};
use daicho_schemas::limits::{REPORT_ITEMS_MAX, REPORT_TROUBLES_MAX};
use std::path::Path;

/// A file of a machine, and a sound one.
type File = (&'static str, &'static [u8]);

macro_rules! hive {
    ($path:literal) => {
        include_bytes!(concat!("../../../agent/fixtures/windows/server_2019_hives/root/", $path))
    };
}

const SOFTWARE: File = ("Windows/System32/config/SOFTWARE", hive!("Windows/System32/config/SOFTWARE"));
const SYSTEM: File = ("Windows/System32/config/SYSTEM", hive!("Windows/System32/config/SYSTEM"));
const ACCOUNT: File = ("Users/ops01/NTUSER.DAT", hive!("Users/ops01/NTUSER.DAT"));
const ACCOUNTS: File = ("Windows/System32/config/SAM", hive!("Windows/System32/config/SAM"));
/// What collectors of such a machine read beside its registry: a task, a phone book, a driver that SYSTEM names.
const TASK: File = (
    "Windows/System32/Tasks/Odd",
    include_bytes!("../../../agent/fixtures/windows/windows_11/root/Windows/System32/Tasks/Microsoft/Windows/Odd"),
);
const BOOK: File = (
    "ProgramData/Microsoft/Network/Connections/Pbk/rasphone.pbk",
    include_bytes!(
        "../../../agent/fixtures/windows/windows_11/root/ProgramData/Microsoft/Network/Connections/Pbk/rasphone.pbk"
    ),
);
const DRIVER: File = (
    "Windows/system32/DRIVERS/exflt.sys",
    include_bytes!("../../../agent/fixtures/windows/windows_10_ltsc/root/Program Files/Example Guard/exflt.sys"),
);
/// Logs have no sound sample: a hive is one with the wrong header.
const LOG: File = ("Windows/System32/config/SOFTWARE.LOG1", SOFTWARE.1);
const FILES: [File; 8] = [SOFTWARE, SYSTEM, ACCOUNT, LOG, ACCOUNTS, TASK, BOOK, DRIVER];
/// Keys that are visited in one look.
const VISITS_MAX: usize = 3000;
/// Names between the root and a key that are visited.
const DEPTH_MAX: usize = 24;

pub(super) fn read(bytes: &[u8]) {
    let [pick, how, rest @ ..] = bytes else { return };
    let (place, sound) = FILES[usize::from(*pick) % FILES.len()];
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (place, sound) in [SOFTWARE, SYSTEM, ACCOUNT, ACCOUNTS] {
        write(folder.path(), place, sound);
    }
    let mut file = rest.to_vec();
    if how % 2 == 1 {
        // The first bytes say where the rest is written over a sound file.
        let (at, over) = rest.split_at(rest.len().min(3));
        let at = at.iter().fold(0_usize, |at, byte| at * 256 + usize::from(*byte)) % sound.len();
        file = sound.to_vec();
        file.iter_mut().skip(at).zip(over).for_each(|(place, byte)| *place = *byte);
    }
    if place == LOG.0 {
        // Only a hive that was left in the middle of writing asks its log.
        let mut dirty = SOFTWARE.1.to_vec();
        dirty[4] ^= 1;
        write(folder.path(), SOFTWARE.0, &dirty);
    }
    write(folder.path(), place, &file);
    let host = RecordedHost::image(folder.path());
    assert_eq!(host.platform(), Platform::Windows);
    let mut visits = VISITS_MAX;
    for top in ["HKLM/SOFTWARE", "HKLM/SYSTEM", "HKLM/SAM", "HKU"] {
        visit(&host, top, 0, &mut visits);
    }
    for collector in collectors_of(Platform::Windows) {
        let collected = run(collector, &host);
        let is_bug = collected.troubles.iter().any(|trouble| trouble.text.contains("please report this as a bug"));
        assert!(!is_bug, "{}: {:?}", collector.id(), collected.troubles);
        assert!(collected.items.len() <= REPORT_ITEMS_MAX && collected.troubles.len() <= REPORT_TROUBLES_MAX);
        assert_eq!(run(collector, &host), collected, "{}: a second look gives the same", collector.id());
    }
}

fn visit(host: &dyn Host, name: &str, depth: usize, visits: &mut usize) {
    if *visits == 0 || depth > DEPTH_MAX {
        return;
    }
    *visits -= 1;
    let Ok(key) = host.registry(name) else { return };
    assert!(key.values.len() <= REGISTRY_VALUES_MAX && key.keys.len() <= REGISTRY_KEYS_MAX);
    for below in &key.keys {
        visit(host, &format!("{name}/{below}"), depth + 1, visits);
    }
}

fn write(folder: &Path, place: &str, content: &[u8]) {
    let path = folder.join(place);
    std::fs::create_dir_all(path.parent().expect("it is below the folder")).expect("a folder can be made");
    std::fs::write(path, content).expect("a file can be written");
}

/// Every sound file whole, and each with one place of it overwritten.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let numbered = (0_u8..).zip(FILES);
    numbered
        .flat_map(|(number, (_, sound))| {
            let whole = [&[number, 0], sound].concat();
            [
                whole,
                vec![number, 1, 0, 0x10, 0x24, 0xff, 0xff, 0xff, 0xff],
                vec![number, 1, 0, 0x11, 0x00, 0, 0, 0, 0x80],
            ]
        })
        .collect()
}
