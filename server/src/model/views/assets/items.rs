//! The items: every distinct observation once, by number, with its key, its label and its canonical bytes.
//! It does not know on which hosts an item stands, only by how many reports it is held.
//! Invariant: an item that nobody holds is gone when the entry has been taken in; until then it can still be asked about.

use crate::model::numbers::{Interned, ItemNo, NumberSet, Table};
use crate::model::prepared::{Label, Seen, Sort};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::observation::Observation;
use imbl::OrdMap;
use roaring::RoaringBitmap;
use std::sync::Arc;

/// The number of a key: `deb:bash:amd64`.
pub type KeyNo = u32;

/// Every distinct observation that stands.
#[derive(Clone, Debug, Default)]
pub struct Items {
    pub(super) rows: Table<Row>,
    /// By the beginning of the hash, which nearly always tells which item it is.
    pub(super) by_hash: OrdMap<u64, NumberSet>,
    /// Often an observation that every host has in its own words: then there are many under one key.
    pub(super) by_key: OrdMap<KeyNo, NumberSet>,
    pub(super) keys: Interned<String>,
    pub(super) labels: Interned<Label>,
    pub(super) idle: RoaringBitmap,
}

/// What is asked of many items at once stands in the table itself.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) hash: Hash,
    pub(super) start: Start,
    pub(super) item: Arc<Item>,
    pub(super) holders: u32,
}

/// How a key begins: enough to put nearly any two keys in order.
pub(super) type Start = [u8; 24];

/// How a key begins.
pub(super) fn start(key: &str) -> Start {
    let mut start = [0; 24];
    start.iter_mut().zip(key.bytes()).for_each(|(place, byte)| *place = byte);
    start
}

/// A distinct observation.
#[derive(Debug)]
pub struct Item {
    /// Its hash.
    pub hash: Hash,
    /// Its key.
    pub key: KeyNo,
    /// Its label's number and its label, where it can be a component.
    pub label: Option<(u32, Arc<Label>)>,
    /// What sort it is.
    pub sort: Sort,
    /// Its canonical bytes.
    pub bytes: Box<[u8]>,
}

impl Item {
    /// What was observed. Absent only if the bytes are not what they were when they were hashed.
    pub fn observation(&self) -> Option<Observation> {
        serde_json::from_slice(&self.bytes).ok()
    }

    /// What people call it: the label, or the beginning of its hash.
    pub fn line(&self) -> String {
        self.label.as_ref().map_or_else(|| self.hash.short(), |(_, label)| label.line())
    }
}

/// The beginning of a hash.
pub(super) fn beginning(hash: &Hash) -> u64 {
    hash.0.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

fn leave<K: Ord + Clone>(sets: &mut OrdMap<K, NumberSet>, key: K, no: ItemNo) {
    if let Some(set) = sets.get_mut(&key) {
        set.remove(no);
        if set.is_empty() {
            sets.remove(&key);
        }
    }
}

impl Items {
    /// The number of an observation; it gets one if it has none.
    pub(super) fn number(&mut self, seen: &Seen) -> ItemNo {
        if let Some(no) = self.find(&seen.hash) {
            return no;
        }
        let key = self.keys.hold(&seen.key);
        let label = seen.label.as_ref().map(|label| self.labels.hold(label));
        let no = self.add(Item {
            hash: seen.hash,
            key,
            label: label.and_then(|no| Some((no, Arc::clone(self.labels.get(no)?)))),
            sort: seen.sort,
            bytes: seen.bytes.clone(),
        });
        self.idle.insert(no);
        no
    }

    fn add(&mut self, item: Item) -> ItemNo {
        let (hash, key) = (item.hash, item.key);
        let start = start(self.key_text(key));
        let no = self.rows.insert(Row { hash, start, item: Arc::new(item), holders: 0 });
        self.by_hash.entry(beginning(&hash)).or_default().insert(no);
        self.by_key.entry(key).or_default().insert(no);
        no
    }

    /// A report holds it.
    pub(super) fn hold(&mut self, no: ItemNo) {
        if let Some(row) = self.rows.get_mut(no) {
            row.holders += 1;
            if row.holders == 1 {
                self.idle.remove(no);
            }
        }
    }

    /// A report holds it no more.
    pub(super) fn release(&mut self, no: ItemNo) {
        if let Some(row) = self.rows.get_mut(no) {
            row.holders = row.holders.saturating_sub(1);
            if row.holders == 0 {
                self.idle.insert(no);
            }
        }
    }

    /// Forgets what nobody holds.
    pub(super) fn sweep(&mut self) {
        for no in std::mem::take(&mut self.idle) {
            let Some(Row { item, .. }) = self.rows.remove(no) else { continue };
            leave(&mut self.by_hash, beginning(&item.hash), no);
            leave(&mut self.by_key, item.key, no);
            self.keys.release(item.key);
            if let Some((label, _)) = &item.label {
                self.labels.release(*label);
            }
        }
    }

    /// One item.
    pub fn get(&self, no: ItemNo) -> Option<&Arc<Item>> {
        self.rows.get(no).map(|row| &row.item)
    }

    /// What the table itself says of an item.
    pub(super) fn row(&self, no: ItemNo) -> Option<&Row> {
        self.rows.get(no)
    }

    /// The item of a hash.
    pub fn find(&self, hash: &Hash) -> Option<ItemNo> {
        self.by_hash.get(&beginning(hash))?.find(|no| self.rows.get(no).is_some_and(|row| row.hash == *hash))
    }

    /// Every item, in order of numbers.
    pub fn iter(&self) -> impl Iterator<Item = (ItemNo, &Arc<Item>)> {
        self.rows.iter().map(|(no, row)| (no, &row.item))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The number of a key that some item has.
    pub fn key(&self, key: &str) -> Option<KeyNo> {
        self.keys.find(&key.to_string())
    }

    /// A key.
    pub fn key_text(&self, no: KeyNo) -> &str {
        self.keys.get(no).map_or("", |key| key.as_str())
    }

    /// Keys that begin with a prefix, in order.
    pub(crate) fn keys_from<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = KeyNo> + 'a {
        let all = self.keys.from(prefix.to_string());
        all.take_while(move |(key, _)| key.starts_with(prefix)).map(|(_, no)| no)
    }

    /// The items of a set that have a key. A set that one report makes has at most one.
    pub(crate) fn under(&self, set: &RoaringBitmap, key: KeyNo) -> Vec<ItemNo> {
        self.by_key.get(&key).map_or_else(Vec::new, |items| items.among(set))
    }
}
