//! The last state that the server acknowledged, in a file of steps that is only added to, and written anew when it has grown to twice its use.
//! It does not know batches in flight, and it is never the only copy of anything: losing it costs one full report.
//! Invariant: what is read back is a state that was kept, or the first ones of its steps, and then the caller is told that it is not
//! the last; whatever stands in the file can neither stop nor mislead the agent (docs/decisions/0032-an-agent-at-rest.md).
//!
//! The file begins with a line that names the format. Each further line is one step: 64 hex digits, a space, JSON, a line feed. The digits are
//! SHA-256 over the digits of the line before and the JSON, so a line that is torn, changed, missing or from elsewhere ends what is believed.

use super::difference::{Known, Said};
use crate::files::{self, FileFault};
use daicho_schemas::batch::{ItemKey, Items};
use daicho_schemas::canonical::Hash;
use daicho_schemas::ids::CollectorId;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The first line.
const FORMAT: &[u8] = b"daicho acknowledged 1\n";
/// What the digests of lines are for.
const PURPOSE: &str = "daicho.agent.acknowledged.v1";
/// Digits of a digest, and the space behind them.
const DIGEST_BYTES: usize = 65;
/// Some 300,000 observations; what is more is not kept, and the next start reports in full.
const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Steps may use so much before the file is written anew, however small the state is.
const STEPS_BYTES_MIN: usize = 64 * 1024;
/// What earlier releases kept in a folder of sled, and what they moved aside of it.
const FOLDERS_OF_SLED: &[&str] =
    &["acknowledged", "acknowledged.broken-0", "acknowledged.broken-1", "acknowledged.broken-2"];

/// What is known of every collector. Shared: most changes are of one collector, and the others are not copied for it.
pub type Agreed = BTreeMap<CollectorId, Rc<Known>>;

/// What the server acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acknowledged {
    /// The last acknowledged batch; 0 for none.
    pub number: u64,
    /// The state after it, by collector.
    pub collectors: Agreed,
}

/// A step could not be kept.
#[derive(Debug, thiserror::Error)]
enum KeepFault {
    #[error("the acknowledged state has no JSON form")]
    Json(#[from] serde_json::Error),
    #[error("the acknowledged state is larger than {FILE_BYTES_MAX} bytes")]
    TooLarge,
    #[error(transparent)]
    File(#[from] FileFault),
}

/// From one state to the next; the first one from nothing.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    number: u64,
    collectors: BTreeMap<CollectorId, Change>,
}

/// What changed of one collector.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    said: Said,
    #[serde(default, skip_serializing_if = "Items::is_empty")]
    put: Items,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gone: Vec<ItemKey>,
}

impl Step {
    fn between(before: &Acknowledged, after: &Acknowledged) -> Self {
        let changed = after.collectors.iter().filter(|(id, known)| before.collectors.get(*id) != Some(*known));
        let change = |(id, known): (&CollectorId, &Rc<Known>)| {
            let none = Items::new();
            let earlier = before.collectors.get(id).map_or(&none, |known| &known.items);
            let is_new = |(key, hash): &(&ItemKey, &Hash)| earlier.get(*key) != Some(*hash);
            let put = known.items.iter().filter(is_new).map(|(key, hash)| (key.clone(), *hash)).collect();
            let gone = earlier.keys().filter(|key| !known.items.contains_key(*key)).cloned().collect();
            (id.clone(), Change { said: known.said, put, gone })
        };
        Self { number: after.number, collectors: changed.map(change).collect() }
    }

    fn apply(self, state: &mut Acknowledged) {
        state.number = self.number;
        for (id, Change { said, put, gone }) in self.collectors {
            let known = state.collectors.entry(id).or_insert_with(|| Rc::new(Known { items: Items::new(), said }));
            let known = Rc::make_mut(known);
            known.said = said;
            known.items.extend(put);
            for key in &gone {
                known.items.remove(key);
            }
        }
    }

    fn line(&self, before: Hash) -> Result<(Vec<u8>, Hash), serde_json::Error> {
        let json = serde_json::to_vec(self)?;
        let digest = digest(before, &json);
        Ok(([digest.to_string().as_bytes(), b" ", &json, b"\n"].concat(), digest))
    }
}

fn digest(before: Hash, json: &[u8]) -> Hash {
    Hash::of(PURPOSE, &[&before.0, json])
}

/// The file as it stands on the disk.
#[derive(Clone, Copy, Debug)]
struct Written {
    /// All of it, and the part that was written at once.
    bytes: usize,
    first_bytes: usize,
    /// Of its last line.
    digest: Hash,
}

/// The file.
#[derive(Debug)]
pub(super) struct AcknowledgedStore {
    state: PathBuf,
    path: PathBuf,
    /// None where its end is not known: the next step writes all of it.
    written: RefCell<Option<Written>>,
}

impl AcknowledgedStore {
    /// In the agent's state folder.
    pub(super) fn new(state: &Path) -> Self {
        Self { state: state.to_owned(), path: state.join("acknowledged.steps"), written: RefCell::new(None) }
    }

    /// Reads everything. `true` says that the file is damaged: then the state is one from before the damage.
    pub(super) fn load(&self) -> (Acknowledged, bool) {
        *self.written.borrow_mut() = None;
        self.remove_folders_of_sled();
        let bytes = match files::read_limited(&self.path, FILE_BYTES_MAX) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return (Acknowledged::default(), false),
            Err(fault) => {
                tracing::warn!(fault = %chain(&fault), "the acknowledged state cannot be read; the next report is full");
                return (Acknowledged::default(), true);
            }
        };
        let (state, read) = read_all(&bytes);
        if read.bytes == bytes.len() && !bytes.is_empty() {
            *self.written.borrow_mut() = Some(read);
            return (state, false);
        }
        tracing::warn!(
            path = %self.path.display(), bytes = bytes.len(), sound = read.bytes, batch.number = state.number,
            "the end of the acknowledged state is torn or damaged and was dropped; the next report is full"
        );
        (state, true)
    }

    /// Adds what changed between two states, or writes all of it where that is shorter in the long run. Where neither can be done, the file is
    /// removed: what it holds is no longer the acknowledged state.
    pub(super) fn advance(&self, before: &Acknowledged, after: &Acknowledged) -> Result<(), FileFault> {
        let written = self.written.borrow_mut().take();
        let kept = match self.add(written, before, after) {
            Ok(Some(written)) => Ok(written),
            Ok(None) => self.write_all(after),
            Err(fault) => {
                tracing::warn!(fault = %chain(&fault), "a step of the acknowledged state could not be added; all of it is written");
                self.write_all(after)
            }
        };
        match kept {
            Ok(written) => *self.written.borrow_mut() = Some(written),
            Err(fault) => {
                tracing::warn!(fault = %chain(&fault), "the acknowledged state is not kept; the next start reports in full");
                files::remove(&self.path)?;
                files::sync_folder_of(&self.path)?;
            }
        }
        Ok(())
    }

    /// Nothing where the file must be written anew.
    fn add(
        &self,
        written: Option<Written>,
        before: &Acknowledged,
        after: &Acknowledged,
    ) -> Result<Option<Written>, KeepFault> {
        let is_step = before.collectors.keys().all(|id| after.collectors.contains_key(id));
        let Some(written) = written.filter(|_| is_step) else { return Ok(None) };
        let (line, digest) = Step::between(before, after).line(written.digest)?;
        let bytes = written.bytes.saturating_add(line.len());
        if bytes - written.first_bytes > written.first_bytes.max(STEPS_BYTES_MIN) || bytes > FILE_BYTES_MAX {
            return Ok(None);
        }
        files::append_synced(&self.path, &line)?;
        Ok(Some(Written { bytes, digest, ..written }))
    }

    fn write_all(&self, state: &Acknowledged) -> Result<Written, KeepFault> {
        let (line, digest) = Step::between(&Acknowledged::default(), state).line(Hash::ZERO)?;
        let bytes = FORMAT.len().saturating_add(line.len());
        if bytes > FILE_BYTES_MAX {
            return Err(KeepFault::TooLarge);
        }
        files::write_private(&self.path, &[FORMAT, &line].concat())?;
        Ok(Written { bytes, first_bytes: bytes, digest })
    }

    /// Earlier releases kept the same in sled. What it held is told anew once.
    fn remove_folders_of_sled(&self) {
        for folder in FOLDERS_OF_SLED.iter().map(|name| self.state.join(name)).filter(|folder| folder.is_dir()) {
            match files::remove_folder(&folder) {
                Ok(()) => tracing::info!(
                    folder = %folder.display(),
                    "a database of an earlier release was removed; what it held is told anew in one full report"
                ),
                Err(fault) => {
                    tracing::warn!(fault = %chain(&fault), "a database of an earlier release is of no use any more and could not be removed");
                }
            }
        }
    }
}

/// The state after the sound lines, and how far they go.
fn read_all(bytes: &[u8]) -> (Acknowledged, Written) {
    let mut state = Acknowledged::default();
    let mut read = Written { bytes: 0, first_bytes: 0, digest: Hash::ZERO };
    let Some(mut rest) = bytes.strip_prefix(FORMAT) else { return (state, read) };
    read.bytes = FORMAT.len();
    while let Some(end) = memchr::memchr(b'\n', rest)
        && let Some((line, after)) = rest.split_at_checked(end.saturating_add(1))
        && let Some((step, digest)) = read_line(line, read.digest)
    {
        step.apply(&mut state);
        read.bytes = read.bytes.saturating_add(line.len());
        if read.first_bytes == 0 {
            read.first_bytes = read.bytes;
        }
        (read.digest, rest) = (digest, after);
    }
    (state, read)
}

fn read_line(line: &[u8], before: Hash) -> Option<(Step, Hash)> {
    let (stated, json) = line.strip_suffix(b"\n")?.split_at_checked(DIGEST_BYTES)?;
    let digest = digest(before, json);
    let is_sound = stated.strip_suffix(b" ")? == digest.to_string().as_bytes();
    if is_sound { serde_json::from_slice(json).ok().map(|step| (step, digest)) } else { None }
}

/// An error with all its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_schemas::batch::Outcome;
    use std::fs;

    fn state(number: u64, items: &[(&str, u8)]) -> Acknowledged {
        let items = items.iter().map(|(key, byte)| ((*key).to_owned(), Hash([*byte; 32]))).collect();
        let said = Said { outcome: Outcome::Complete, hash: Hash([u8::try_from(number).unwrap(); 32]) };
        Acknowledged {
            number,
            collectors: [(CollectorId::new("dpkg").unwrap(), Rc::new(Known { items, said }))].into(),
        }
    }

    fn steps() -> [Acknowledged; 4] {
        [
            Acknowledged::default(),
            state(1, &[("deb:a:amd64", 1), ("deb:b:amd64", 2)]),
            state(2, &[("deb:b:amd64", 3), ("deb:\n \u{7b2c}:", 4)]),
            state(7, &[]),
        ]
    }

    /// A store with all steps in its file, and where each of them ends.
    fn with_steps(folder: &Path) -> (AcknowledgedStore, Vec<usize>) {
        let store = AcknowledgedStore::new(folder);
        let mut ends = vec![FORMAT.len()];
        for pair in steps().windows(2) {
            store.advance(&pair[0], &pair[1]).unwrap();
            ends.push(usize::try_from(fs::metadata(&store.path).unwrap().len()).unwrap());
        }
        (store, ends)
    }

    #[test]
    fn what_was_acknowledged_is_read_back_after_every_step() {
        let folder = tempfile::tempdir().unwrap();
        let store = AcknowledgedStore::new(folder.path());
        assert_eq!(store.load(), (Acknowledged::default(), false));
        for pair in steps().windows(2) {
            store.advance(&pair[0], &pair[1]).unwrap();
            assert_eq!(AcknowledgedStore::new(folder.path()).load(), (pair[1].clone(), false));
            assert_eq!(store.load(), (pair[1].clone(), false), "and goes on from there");
        }
        let fewer = Acknowledged { number: 8, ..Acknowledged::default() };
        store.advance(&steps()[3], &fewer).unwrap();
        assert_eq!(store.load(), (fewer, false), "a collector that is not there any more");
    }

    /// Cut at any byte, the file gives the last whole step and says that there was more; and the next step can be kept.
    #[test]
    fn a_file_cut_at_any_byte_is_the_last_whole_step() {
        let folder = tempfile::tempdir().unwrap();
        let (store, ends) = with_steps(folder.path());
        let whole = fs::read(&store.path).unwrap();
        let next = state(8, &[("deb:d:amd64", 5)]);
        for cut in 0..=whole.len() {
            fs::write(&store.path, &whole[..cut]).unwrap();
            let read = store.load();
            let steps_kept = ends.iter().filter(|end| **end <= cut).count().saturating_sub(1);
            assert_eq!(read, (steps()[steps_kept].clone(), !ends.contains(&cut)), "cut at {cut}");
            // Each takes some syncs of the disk.
            if ends.iter().any(|end| cut.abs_diff(*end) < 2) || cut % 32 == 0 {
                store.advance(&read.0, &next).unwrap();
                assert_eq!(store.load(), (next.clone(), false), "cut at {cut}");
            }
        }
    }

    /// Any changed byte, a line that is missing or stands twice, and bytes behind the end: never another state than one that was kept.
    #[test]
    fn damage_ends_what_is_believed() {
        let folder = tempfile::tempdir().unwrap();
        let (store, ends) = with_steps(folder.path());
        let whole = fs::read(&store.path).unwrap();
        let damaged = |bytes: &[u8]| {
            fs::write(&store.path, bytes).unwrap();
            let (state, is_damaged) = store.load();
            assert!(is_damaged);
            state
        };
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 0x04;
            let sound = ends.iter().filter(|end| **end <= place).count().saturating_sub(1);
            assert_eq!(damaged(&bytes), steps()[sound], "changed at {place}");
        }
        assert_eq!(damaged(&[&whole[..ends[1]], &whole[ends[2]..]].concat()), steps()[1], "a missing line");
        assert_eq!(damaged(&[&whole[..ends[2]], &whole[ends[1]..]].concat()), steps()[2], "a line twice");
        assert_eq!(damaged(&[&whole[..], &[0; 4096]].concat()), steps()[3], "zeros, as a power failure leaves them");
        assert_eq!(damaged(b"[]"), steps()[0]);
        assert_eq!(damaged(&[0xff; 100_000]), steps()[0]);
    }

    /// A well-formed line with what this release does not write is not believed either.
    #[test]
    fn foreign_content_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let store = AcknowledgedStore::new(folder.path());
        for json in ["{}", r#"{"number":1,"collectors":{},"more":1}"#, r#"{"number":1,"collectors":{"D P":{}}}"#] {
            let line = format!("{} {json}\n", digest(Hash::ZERO, json.as_bytes()));
            fs::write(&store.path, [FORMAT, line.as_bytes()].concat()).unwrap();
            assert_eq!(store.load(), (Acknowledged::default(), true), "{json}");
        }
        let file = fs::File::create(&store.path).unwrap();
        file.set_len(FILE_BYTES_MAX as u64 + 1).unwrap();
        assert_eq!(store.load(), (Acknowledged::default(), true), "larger than it is ever written");
    }

    /// A thousand changes of one item among many: the file stays within twice the state and some.
    #[test]
    fn the_file_is_written_anew_before_it_grows_without_bound() {
        let folder = tempfile::tempdir().unwrap();
        let store = AcknowledgedStore::new(folder.path());
        let names: Vec<String> = (0..1_000).map(|number| format!("deb:package-{number}:amd64")).collect();
        let of = |byte: u8| state(1, &names.iter().map(|name| (name.as_str(), byte)).collect::<Vec<_>>());
        let (mut before, mut anew, mut largest) = (of(0), 0, 0);
        store.advance(&Acknowledged::default(), &before).unwrap();
        let first = fs::metadata(&store.path).unwrap().len();
        let mut length = first;
        for name in &names {
            let mut after = before.clone();
            let known = Rc::make_mut(after.collectors.values_mut().next().unwrap());
            known.items.insert(name.clone(), Hash([1; 32]));
            store.advance(&before, &after).unwrap();
            before = after;
            let now = fs::metadata(&store.path).unwrap().len();
            (anew, largest, length) = (anew + u32::from(now < length), largest.max(now), now);
        }
        assert_eq!(store.load(), (before, false));
        assert!((1..10).contains(&anew) && largest <= 2 * first + 100, "{anew} times, {largest} of {first} bytes");
    }

    /// A place that takes no file: the step is not kept, the agent goes on, and what stood there is not read as the last state.
    #[test]
    fn what_cannot_be_kept_is_not_read_as_the_last_state() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = with_steps(folder.path());
        fs::remove_file(&store.path).unwrap();
        // What is written aside has this name.
        fs::create_dir(store.path.with_extension("new")).unwrap();
        store.advance(&steps()[3], &state(8, &[])).unwrap();
        assert_eq!(store.load(), (Acknowledged::default(), false));
    }

    #[test]
    fn what_an_earlier_release_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in FOLDERS_OF_SLED.iter().chain(&["spool"]) {
            fs::create_dir_all(folder.path().join(name).join("blobs")).unwrap();
            fs::write(folder.path().join(name).join("db"), "sled").unwrap();
        }
        assert_eq!(AcknowledgedStore::new(folder.path()).load(), (Acknowledged::default(), false));
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["spool"]);
    }
}
