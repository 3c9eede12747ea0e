//! One flipped bit in any byte of any file of a ledger on disk: `daicho verify` sees it and says where, in every format.
//! It does not test exports; `ledger_walk.rs` does. Invariant shown: the entry that is named is the one that the byte belongs
//! to, the file that is named is the one it stands in, and nothing on the disk is changed by looking.

use daicho::ledger::engine::{Engine as _, EngineFault};
use daicho::ledger::engines::segments::{Looking, OpenFault};
use daicho::ledger::verify::{Report, verify_folder};
use harness::executables::{command, executables};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const FORMATS: [&str; 2] = ["segments-v1", "segments-v2"];
const HEADER_BYTES: usize = 72;
const FRAME_HEAD_BYTES: usize = 52;

/// A copy of a kept ledger, in a data folder, and its files in order.
fn copied(format: &str) -> (TempDir, Vec<PathBuf>) {
    let data = TempDir::new().unwrap();
    let ledger = data.path().join("ledger");
    fs::create_dir(&ledger).unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("ledgers").join(format);
    let mut paths = Vec::new();
    for file in fs::read_dir(kept).unwrap() {
        let file = file.unwrap();
        paths.push(ledger.join(file.file_name()));
        fs::copy(file.path(), paths.last().unwrap()).unwrap();
    }
    paths.sort();
    (data, paths)
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// For every byte of a segment, the entry that it belongs to; the header's belong to the first one.
fn owners(bytes: &[u8]) -> Vec<u64> {
    let mut owners = vec![u64::from(number(bytes, 12)); HEADER_BYTES];
    while owners.len() < bytes.len() {
        let frame = owners.len();
        let line_bytes = (number(bytes, frame) & 0x7fff_ffff) as usize;
        owners.resize(frame + FRAME_HEAD_BYTES + line_bytes, u64::from(number(bytes, frame + 8)));
    }
    assert_eq!(owners.len(), bytes.len(), "the last frame ends with the file");
    owners
}

fn verified(ledger: &Path) -> Report {
    verify_folder(ledger, None, Duration::ZERO, &mut |_| {}).unwrap()
}

/// Which entry cannot be read, and in which file, when everything is read from the first entry on.
fn unreadable(ledger: &Path) -> Option<(u64, PathBuf)> {
    let place = |fault| match fault {
        EngineFault::Damaged { seq, path, .. } => (seq, path),
        other => panic!("not called damaged: {other:?}"),
    };
    let (engine, opened) = match Looking::open(ledger) {
        Err(OpenFault::Engine(fault)) => return Some(place(fault)),
        opened => opened.unwrap(),
    };
    let mut seen = 0;
    while seen < engine.head().seq {
        match engine.read(seen + 1, usize::MAX, usize::MAX) {
            Ok(frames) => seen = frames.last().unwrap().seq,
            Err(fault) => return Some(place(fault)),
        }
    }
    opened.torn.into_iter().next().map(|torn| (torn.from_seq, torn.segment))
}

/// Every byte is flipped; the whole command's answer, which also checks every signature, is asked for now and then, or with
/// `DAICHO_EVERY_FLIP=1` each time.
#[test]
fn a_flipped_bit_in_any_byte_on_disk_is_found_and_placed() {
    let verified_every = if std::env::var_os("DAICHO_EVERY_FLIP").is_some() { 1 } else { 509 };
    for format in FORMATS {
        let (data, paths) = copied(format);
        let ledger = data.path().join("ledger");
        assert!(verified(&ledger).is_right() && unreadable(&ledger).is_none(), "{format}");
        let (began, mut flips) = (Instant::now(), 0);
        for path in &paths {
            let whole = fs::read(path).unwrap();
            for (at, owner) in owners(&whole).into_iter().enumerate() {
                let mut bent = whole.clone();
                bent[at] ^= 1 << (at % 8);
                fs::write(path, &bent).unwrap();
                let place = format!("{format}, byte {at} of {}", path.display());
                assert_eq!(unreadable(&ledger), Some((owner, path.clone())), "{place}");
                if flips % verified_every == 0 {
                    let bad = verified(&ledger).bad.unwrap_or_else(|| panic!("{place} was not noticed"));
                    assert_eq!(bad.seq, owner, "{place}: {bad:?}");
                    assert!(bad.text().en.contains(path.to_str().unwrap()), "{place}: {bad:?}");
                }
                flips += 1;
            }
            fs::write(path, &whole).unwrap();
        }
        assert!(verified(&ledger).is_right() && flips > 10_000, "{format}: {flips}");
        assert_eq!(fs::read_dir(&ledger).unwrap().count(), paths.len(), "{format}: looking adds no file");
        harness::measured(&format!("{format}: {flips} bytes flipped, each found"), began.elapsed());
    }
}

/// Goal: people see it, too. Method: the executable, on a byte of the very last append, which looks like a write that was
/// cut off: it says which file and how much, and the exit code is that of a bad ledger.
#[test]
fn the_command_tells_of_a_damaged_end() {
    let (data, paths) = copied(FORMATS[1]);
    let verify = || command(&executables().daicho).arg("verify").arg("--data").arg(data.path()).output().unwrap();
    assert!(verify().status.success());
    let last = paths.last().unwrap();
    let mut bytes = fs::read(last).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(last, &bytes).unwrap();
    let output = verify();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains(last.to_str().unwrap()) && said.contains("30"), "{said}");
}
