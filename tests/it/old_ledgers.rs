//! Ledgers as every released format wrote them: they open, read, verify and grow in this release, for ever.
//! It does not know the formats. Invariant: files in `tests/ledgers/` are never changed; `DAICHO_GOLDEN=write` writes the
//! folder of the newest format where it is missing.

use crate::book::{frames, head_of};
use daicho::ledger::chain::Head;
use daicho::ledger::engine::{Appended, Engine};
use daicho::ledger::engines::memory::MemoryShelf;
use daicho::ledger::engines::segments::files::RealFiles;
use daicho::ledger::engines::segments::{Looking, Segments};
use daicho::ledger::verify::verify_engine;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// One folder per format; the last one is the format of this release.
const FORMATS: [&str; 2] = ["segments-v1", "segments-v2"];
const ENTRIES: usize = 30;

fn kept(format: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ledgers").join(format)
}

fn open(folder: &Path) -> Segments {
    let (engine, report) =
        Segments::open_with(Arc::new(RealFiles), folder, Arc::new(MemoryShelf::default()), 6000).unwrap();
    assert_eq!(report.torn, []);
    engine
}

fn grow(engine: &Segments, count: usize) {
    let all = frames(engine.head(), count, "a");
    for group in all.chunks(3) {
        assert_eq!(engine.append(engine.head(), group).unwrap(), Appended::Done(head_of(group.last().unwrap())));
    }
}

/// Writes the newest format's folder, once.
fn write_missing() {
    let folder = kept(FORMATS[FORMATS.len() - 1]);
    if std::env::var_os("DAICHO_GOLDEN").is_some() && !folder.exists() {
        grow(&open(&folder), ENTRIES);
        fs::remove_file(folder.join("lock")).unwrap();
    }
}

#[test]
fn ledgers_of_every_format_open_and_grow() {
    write_missing();
    let whole = frames(Head::EMPTY, ENTRIES + 7, "a");
    for format in FORMATS {
        let folder = TempDir::new().unwrap();
        for file in fs::read_dir(kept(format)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
        let (looking, _) = Looking::open(folder.path()).unwrap();
        assert_eq!(looking.read(1, usize::MAX, usize::MAX).unwrap(), whole[..ENTRIES], "{format}");
        let engine = open(folder.path());
        grow(&engine, 7);
        drop(engine);
        let engine = open(folder.path());
        assert_eq!(engine.read(1, usize::MAX, usize::MAX).unwrap(), whole, "{format}");
        let head = head_of(&whole[ENTRIES + 6]);
        assert!(verify_engine(&engine, Some(head.hash), &mut |_| {}).unwrap().is_right(), "{format}");
    }
}
