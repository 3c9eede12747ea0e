//! Reading while an append waits for the disk: readers neither wait nor see what is not on disk yet.
//! The disk here syncs when the test says so. Invariant shown: an entry is seen after its sync, and not before.

use crate::book::{frames, head_of};
use daicho::ledger::chain::Head;
use daicho::ledger::engine::{Appended, Engine};
use daicho::ledger::engines::memory::MemoryShelf;
use daicho::ledger::engines::segments::Segments;
use daicho::ledger::engines::segments::files::{Files, ReadFile, WriteFile};
use harness::disk::Disk;
use std::any::Any;
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// A disk whose syncs each say that they have begun, and wait to be let through.
struct SlowDisk {
    disk: Disk,
    gate: Arc<Gate>,
}

struct Gate {
    begun: Mutex<Sender<()>>,
    let_through: Mutex<Receiver<()>>,
}

struct SlowFile {
    file: Box<dyn WriteFile>,
    gate: Arc<Gate>,
}

impl WriteFile for SlowFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(offset, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.gate.begun.lock().unwrap().send(()).unwrap();
        self.gate.let_through.lock().unwrap().recv().unwrap();
        self.file.sync()
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.file.truncate(bytes)
    }
}

impl Files for SlowDisk {
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        self.disk.make_folder(folder)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        self.disk.lock(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.disk.list(folder)
    }

    fn length(&self, path: &Path) -> io::Result<u64> {
        self.disk.length(path)
    }

    fn read(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        self.disk.read(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        Ok(Box::new(SlowFile { file: self.disk.create(path)?, gate: Arc::clone(&self.gate) }))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        Ok(Box::new(SlowFile { file: self.disk.append(path)?, gate: Arc::clone(&self.gate) }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk.remove(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.disk.sync_folder(folder)
    }
}

#[test]
fn readers_do_not_wait_for_a_sync_and_do_not_see_what_it_writes() {
    let (begun, hear_begun) = channel();
    let (let_through, gate) = channel();
    let gate = Arc::new(Gate { begun: Mutex::new(begun), let_through: Mutex::new(gate) });
    let files = Arc::new(SlowDisk { disk: Disk::default(), gate });
    let shelf = Arc::new(MemoryShelf::default());
    let (engine, _) = Segments::open_with(files, Path::new("ledger"), shelf, 1).unwrap();
    let all = frames(Head::EMPTY, 6, "a");
    std::thread::scope(|scope| {
        let engine = &engine;
        let groups: Vec<_> = all.chunks(2).collect();
        scope.spawn(move || {
            for group in groups {
                let appended = engine.append(engine.head(), group).unwrap();
                assert_eq!(appended, Appended::Done(head_of(&group[1])));
            }
        });
        // Every group is synced once, and once more before it when it begins a file, as each does in files of one byte.
        for group in 0..3 {
            for _ in 0..2 {
                hear_begun.recv().unwrap();
                assert_eq!(engine.read(1, 10, usize::MAX).unwrap(), all[..2 * group]);
                assert_eq!(engine.head(), all[..2 * group].last().map_or(Head::EMPTY, head_of));
                let_through.send(()).unwrap();
            }
        }
    });
    assert_eq!(engine.read(1, 10, usize::MAX).unwrap(), all);
}
