//! The disk under one agent: files and the acknowledged state, with the accidents that a real one has.
//! It does not know what is in a file.
//! Invariant: what a call did survives the process once the call has returned; a call that dies did all or nothing.

use crate::chaos::{PerMille, strikes};
use crate::mutant::Mutant;
use daicho_agent::files::FileFault;
use daicho_agent::spool::{Acknowledged, Disk, Listed};
use fastrand::Rng;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// What is on the disk: what a backup of it would hold.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// Files by path, with when they were written, in microseconds of the world's time.
    pub files: BTreeMap<PathBuf, (Vec<u8>, i64)>,
    /// What the server acknowledged; `None` when that cannot be read.
    pub acknowledged: Option<Acknowledged>,
}

#[derive(Debug)]
struct Inner {
    content: Content,
    rng: Rng,
    now_micros: i64,
    fails: PerMille,
    dies: PerMille,
    dead: bool,
    mutant: Option<Mutant>,
}

/// A disk.
#[derive(Debug)]
pub struct AgentDisk(RefCell<Inner>);

impl AgentDisk {
    /// An empty one.
    pub fn new(rng: Rng, mutant: Option<Mutant>) -> Self {
        let content = Content { acknowledged: Some(Acknowledged::default()), ..Content::default() };
        Self(RefCell::new(Inner { content, rng, now_micros: 0, fails: 0, dies: 0, dead: false, mutant }))
    }

    /// Sets the time and how often the next calls fail or die.
    pub fn prepare(&self, now_micros: i64, fails: PerMille, dies: PerMille) {
        let mut inner = self.0.borrow_mut();
        (inner.now_micros, inner.fails, inner.dies) = (now_micros, fails, dies);
    }

    /// Whether the process died in a call; it may start again afterwards.
    pub fn died(&self) -> bool {
        std::mem::replace(&mut self.0.borrow_mut().dead, false)
    }

    /// A copy of everything.
    pub fn content(&self) -> Content {
        self.0.borrow().content.clone()
    }

    /// Looks at everything, without accidents.
    pub fn with_content<T>(&self, look: impl FnOnce(&Content) -> T) -> T {
        look(&self.0.borrow().content)
    }

    /// Puts other content on it: a backup, or what an accident left.
    pub fn replace(&self, content: Content) {
        self.0.borrow_mut().content = content;
    }

    /// The bytes of a file, without accidents.
    pub fn look(&self, path: &Path) -> Option<Vec<u8>> {
        self.0.borrow().content.files.get(path).map(|(bytes, _)| bytes.clone())
    }

    /// Does a change, unless an accident comes in between.
    fn change<T>(&self, path: &Path, change: impl FnOnce(&mut Inner) -> T) -> Result<T, FileFault> {
        let inner = &mut *self.0.borrow_mut();
        if inner.dead {
            return Err(fault(path));
        }
        if strikes(&mut inner.rng, inner.dies) {
            inner.dead = true;
            if inner.rng.bool() {
                change(inner);
            }
            return Err(fault(path));
        }
        if strikes(&mut inner.rng, inner.fails) {
            return Err(fault(path));
        }
        Ok(change(inner))
    }

    fn read_only<T>(&self, path: &Path, look: impl FnOnce(&Inner) -> T) -> Result<T, FileFault> {
        let inner = &mut *self.0.borrow_mut();
        if inner.dead || strikes(&mut inner.rng, inner.fails / 4) {
            return Err(fault(path));
        }
        Ok(look(inner))
    }
}

fn fault(path: &Path) -> FileFault {
    FileFault { doing: "use", path: path.to_owned(), source: io::Error::other("the simulated disk") }
}

impl Disk for AgentDisk {
    fn make_folder(&self, path: &Path) -> Result<(), FileFault> {
        self.read_only(path, |_| ())
    }

    fn list(&self, folder: &Path) -> Result<Vec<Listed>, FileFault> {
        self.read_only(folder, |inner| {
            let files = inner.content.files.iter().filter(|(path, _)| path.parent() == Some(folder));
            files
                .map(|(path, (bytes, written))| Listed {
                    name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                    bytes: bytes.len() as u64,
                    age_seconds: u64::try_from((inner.now_micros - written) / 1_000_000).unwrap_or(0),
                })
                .collect()
        })
    }

    fn read(&self, path: &Path, _bytes_max: usize) -> Result<Option<Vec<u8>>, FileFault> {
        self.read_only(path, |inner| inner.content.files.get(path).map(|(bytes, _)| bytes.clone()))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), FileFault> {
        self.change(path, |inner| {
            let lazy =
                inner.mutant == Some(Mutant::SpoolNotSynced) && path.extension().is_some_and(|end| end == "batch");
            if !(lazy && inner.rng.u32(0..4) == 0) {
                inner.content.files.insert(path.to_owned(), (bytes.to_vec(), inner.now_micros));
            }
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FileFault> {
        self.change(from, |inner| {
            if let Some(file) = inner.content.files.remove(from) {
                inner.content.files.insert(to.to_owned(), file);
            }
        })
    }

    fn remove(&self, path: &Path) -> Result<(), FileFault> {
        self.change(path, |inner| drop(inner.content.files.remove(path)))
    }

    fn load_acknowledged(&self) -> Result<(Acknowledged, bool), FileFault> {
        let loaded = self.read_only(Path::new("acknowledged"), |inner| inner.content.acknowledged.clone())?;
        match loaded {
            Some(acknowledged) => Ok((acknowledged, false)),
            None => {
                // Given up: the next start finds none.
                self.0.borrow_mut().content.acknowledged = Some(Acknowledged::default());
                Ok((Acknowledged::default(), true))
            }
        }
    }

    fn keep_acknowledged(&self, _before: &Acknowledged, after: &Acknowledged) -> Result<(), FileFault> {
        self.change(Path::new("acknowledged"), |inner| inner.content.acknowledged = Some(after.clone()))
    }
}
