//! `snapshot/…`: the model's state at one place of the ledger, in small chunks, with a hash over all of them.
//! It does not know what the bytes mean. Invariant: what comes back is what was put, byte for byte, or nothing at all; the last
//! whole snapshot stays until the next one is on disk.

use super::{Store, StoreFault, key};
use crate::ledger::chain::Head;
use crate::ledger::engine::{EngineFault, Snapshot, SnapshotShelf};
use daicho_schemas::canonical::Hash;
use serde::{Deserialize, Serialize};
use std::io;

/// sled protects values of this size: 16 of them fill a leaf, and leaves over 128 KiB go to files that sled never syncs.
const CHUNK_BYTES: usize = 4000;
/// Chunks that are written at once.
const CHUNKS_AT_ONCE: usize = 100;

const META: &[u8] = b"snapshot/meta";
const SLOTS: [&[u8]; 2] = [b"snapshot/chunk/0/", b"snapshot/chunk/1/"];

/// What is noted about the snapshot that stands.
#[derive(Serialize, Deserialize)]
struct Meta {
    slot: usize,
    head: Head,
    fold_version: u32,
    bytes: usize,
    hash: Hash,
}

/// Snapshots in the store.
pub struct Snapshots<'a>(&'a Store);

impl Store {
    /// The model's snapshots.
    pub fn snapshots(&self) -> Snapshots<'_> {
        Snapshots(self)
    }
}

impl Snapshots<'_> {
    /// Keeps a snapshot instead of the one before, and returns when it is on disk.
    pub fn put(&self, snapshot: &Snapshot) -> Result<(), StoreFault> {
        let slot = self.meta()?.map_or(0, |meta| 1 - meta.slot.min(1));
        let [zero, one] = SLOTS;
        let (part, old) = if slot == 0 { (zero, one) } else { (one, zero) };
        self.drop_chunks(part)?;
        for (group, chunks) in snapshot.bytes.chunks(CHUNK_BYTES * CHUNKS_AT_ONCE).enumerate() {
            let mut batch = sled::Batch::default();
            for (at, chunk) in chunks.chunks(CHUNK_BYTES).enumerate() {
                let number = (group * CHUNKS_AT_ONCE + at) as u64;
                batch.insert(key(part, &number.to_be_bytes()), chunk);
            }
            self.0.call("keeping a snapshot", |db| db.apply_batch(batch))?;
        }
        self.0.flush()?;
        let hash = hash(snapshot.head, snapshot.fold_version, &snapshot.bytes);
        let bytes = snapshot.bytes.len();
        let meta = Meta { slot, head: snapshot.head, fold_version: snapshot.fold_version, bytes, hash };
        let meta = serde_json::to_vec(&meta)?;
        self.0.call("keeping a snapshot", |db| db.insert(META, meta).map(drop))?;
        self.0.flush()?;
        self.drop_chunks(old)
    }

    /// The snapshot that stands; `None` when there is none or it is not whole.
    pub fn get(&self) -> Result<Option<Snapshot>, StoreFault> {
        let Some(meta) = self.meta()? else { return Ok(None) };
        let Some(part) = SLOTS.get(meta.slot) else { return Ok(None) };
        let bytes = self.0.call("reading a snapshot", |db| {
            let mut bytes = Vec::new();
            for item in db.scan_prefix(part) {
                let (_, chunk) = item?;
                bytes.extend_from_slice(&chunk);
                if bytes.len() > meta.bytes {
                    break;
                }
            }
            Ok(bytes)
        })?;
        let whole = bytes.len() == meta.bytes && hash(meta.head, meta.fold_version, &bytes) == meta.hash;
        Ok(whole.then_some(Snapshot { head: meta.head, fold_version: meta.fold_version, bytes }))
    }

    fn meta(&self) -> Result<Option<Meta>, StoreFault> {
        let meta = self.0.call("reading a snapshot", |db| db.get(META))?;
        Ok(meta.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    fn drop_chunks(&self, part: &[u8]) -> Result<(), StoreFault> {
        loop {
            let left = self.0.call("dropping a snapshot", |db| {
                let mut batch = sled::Batch::default();
                let mut found = 0;
                for name in db.scan_prefix(part).keys().take(CHUNKS_AT_ONCE) {
                    batch.remove(name?);
                    found += 1;
                }
                db.apply_batch(batch).map(|()| found)
            })?;
            if left < CHUNKS_AT_ONCE {
                return Ok(());
            }
        }
    }
}

fn hash(head: Head, fold_version: u32, bytes: &[u8]) -> Hash {
    Hash::of("daicho.snapshot.v1", &[&head.seq.to_be_bytes(), &head.hash.0, &fold_version.to_be_bytes(), bytes])
}

impl SnapshotShelf for Store {
    fn put(&self, snapshot: &Snapshot) -> Result<(), EngineFault> {
        let path = self.folder.clone();
        let stop = |fault| EngineFault::Stop { doing: "keeping a snapshot in", path, source: io::Error::other(fault) };
        self.snapshots().put(snapshot).map_err(stop)
    }

    fn get(&self) -> Result<Option<Snapshot>, EngineFault> {
        // A snapshot only saves time: whatever is wrong with it, the answer is to fold from the beginning.
        let got = self.snapshots().get();
        if let Err(fault) = &got {
            tracing::warn!(
                fault = fault as &dyn std::error::Error,
                "the snapshot cannot be read; folding from the first entry"
            );
        }
        Ok(got.unwrap_or(None))
    }
}
