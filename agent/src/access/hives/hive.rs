//! One hive: its keys and values, found by name, read cell by cell from its file. The format is Windows' own (regf 1.0 to 1.6), by the
//! public description at <https://github.com/msuhanov/regf>.
//! It does not know which part of the registry it is, nor what its keys mean.
//! Invariant: whatever the bytes are, each question reads a bounded number of cells and bytes, nothing is followed in a circle, and a key
//! of which a part is damaged says that it is cut.

use super::super::AnyPlace;
use super::super::registry::{
    REGISTRY_KEY_BYTES_MAX, REGISTRY_KEYS_MAX, REGISTRY_VALUE_BYTES_MAX, REGISTRY_VALUES_MAX, RegistryKey,
    RegistryValue, folded, instant_of_filetime,
};
use super::log::{self, BaseBlock};
use super::pages::Pages;
use std::collections::BTreeMap;

/// Names of keys that are remembered with their cells, over all folders of keys.
const NAMES_KEPT_MAX: usize = 262_144;
/// Where no cell is.
const NO_CELL: u32 = u32::MAX;
/// Values longer than this lie in several cells, from version 1.4 on.
const ONE_CELL_BYTES_MAX: u32 = 16_344;

/// An open hive.
pub(super) struct Hive {
    pages: Pages,
    head: BaseBlock,
    /// What is read may be older than what Windows had promised to write, or not be whole.
    is_doubtful: bool,
    below: BTreeMap<u32, Below>,
    names_kept: usize,
}

/// The keys directly below one key.
#[derive(Clone, Default)]
struct Below {
    /// The cell of each, by its name as Windows compares it; with the name as it is written.
    cells: std::sync::Arc<BTreeMap<String, (String, u32)>>,
    cut: bool,
    unreadable_names: usize,
}

impl Hive {
    /// Opens a hive. `logs` answers its logs, and is asked only where the hive was left in the middle of writing. None where this is
    /// no hive.
    pub(super) fn open(file: Box<dyn AnyPlace>, logs: impl FnOnce() -> Vec<Vec<u8>>) -> Option<Self> {
        let mut pages = Pages::new(file);
        let mut head = BaseBlock::parse(&pages.base_block()?)?;
        let mut is_doubtful = false;
        if head.is_dirty() {
            match log::replay(&mut pages, head, &logs()) {
                Some(replayed) => head = replayed,
                None => is_doubtful = true,
            }
        }
        Some(Self { pages, head, is_doubtful, below: BTreeMap::new(), names_kept: 0 })
    }

    /// The key with these names, one below the other from the root on. None where there is no such key.
    pub(super) fn key<'a>(&mut self, names: impl Iterator<Item = &'a str>) -> Option<RegistryKey> {
        let mut cell = self.head.root;
        for name in names {
            cell = self.below(cell).cells.get(&folded(name))?.1;
        }
        self.read_key(cell)
    }

    fn read_key(&mut self, cell: u32) -> Option<RegistryKey> {
        let node = self.node(cell)?;
        let Below { cells, cut, unreadable_names } = self.below(cell);
        let mut key = RegistryKey {
            keys: cells.values().map(|(name, _)| name.clone()).collect(),
            written_at: instant_of_filetime(node.written),
            cut: cut || self.is_doubtful,
            unreadable_names,
            ..RegistryKey::default()
        };
        self.read_values(&node, &mut key);
        key.sort();
        Some(key)
    }

    fn read_values(&mut self, node: &Node, key: &mut RegistryKey) {
        let stated = usize::try_from(node.values).unwrap_or(usize::MAX);
        let count = stated.min(REGISTRY_VALUES_MAX);
        key.cut |= count < stated;
        if count == 0 {
            return;
        }
        let list = self.cell(node.values_list, count * 4).unwrap_or_default();
        key.cut |= list.len() < count * 4;
        let mut bytes_left = REGISTRY_KEY_BYTES_MAX;
        for place in list.as_chunks::<4>().0 {
            match self.read_value(u32::from_le_bytes(*place), &mut bytes_left) {
                Read::Value(name, value) => key.values.push((name, value)),
                Read::BadName => key.unreadable_names = key.unreadable_names.saturating_add(1),
                Read::Damaged => key.cut = true,
            }
        }
    }

    fn read_value(&mut self, cell: u32, bytes_left: &mut usize) -> Read {
        self.try_value(cell, bytes_left).unwrap_or(Read::Damaged)
    }

    fn try_value(&mut self, cell: u32, bytes_left: &mut usize) -> Option<Read> {
        // A name has at most 16383 characters.
        let bytes = self.cell(cell, 20 + 2 * 16_383)?;
        let number = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let short = |at: usize| Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        if !bytes.starts_with(b"vk") {
            return None;
        }
        let name = bytes.get(20..)?.get(..usize::from(short(2)?))?;
        let Some(name) = name_of(name, short(16)? & 1 != 0) else { return Some(Read::BadName) };
        let (stated, place, sort) = (number(4)?, number(8)?, number(12)?);
        let length = stated & 0x7fff_ffff;
        let size = usize::try_from(length).ok()?;
        let data = if stated != length {
            // Short values lie in the place of their own offset.
            place.to_le_bytes().get(..size)?.to_vec()
        } else if size == 0 {
            Vec::new()
        } else if size > REGISTRY_VALUE_BYTES_MAX {
            return Some(Read::Value(name, RegistryValue::TooLarge { size_bytes: length.into() }));
        } else {
            *bytes_left = bytes_left.checked_sub(size)?;
            self.data(place, length)?
        };
        Some(Read::Value(name, RegistryValue::of(sort, &data)))
    }

    fn data(&mut self, place: u32, length: u32) -> Option<Vec<u8>> {
        let size = usize::try_from(length).ok()?;
        if length <= ONE_CELL_BYTES_MAX || self.head.minor < 4 {
            return self.cell(place, size).filter(|data| data.len() == size);
        }
        let record = self.cell(place, 8)?;
        let &[b'd', b'b', low, high, a, b, c, d] = record.as_slice() else { return None };
        let count = usize::from(u16::from_le_bytes([low, high]));
        let list = self.cell(u32::from_le_bytes([a, b, c, d]), count * 4)?;
        let mut data = Vec::with_capacity(size);
        for segment in list.as_chunks::<4>().0 {
            let wanted = (size - data.len()).min(ONE_CELL_BYTES_MAX as usize);
            let piece = self.cell(u32::from_le_bytes(*segment), wanted)?;
            data.extend_from_slice(&piece);
            if piece.len() < wanted || data.len() >= size {
                break;
            }
        }
        (data.len() == size).then_some(data)
    }

    fn below(&mut self, cell: u32) -> Below {
        if let Some(known) = self.below.get(&cell) {
            return known.clone();
        }
        let below = self.read_below(cell);
        if self.names_kept >= NAMES_KEPT_MAX {
            self.below.clear();
            self.names_kept = 0;
        }
        self.names_kept = self.names_kept.saturating_add(below.cells.len() + 1);
        self.below.insert(cell, below.clone());
        below
    }

    fn read_below(&mut self, cell: u32) -> Below {
        let Some(node) = self.node(cell) else { return Below { cut: true, ..Below::default() } };
        let mut below = Below::default();
        if node.keys == 0 || node.keys_list == NO_CELL {
            return below;
        }
        let places = self.places(node.keys_list, &mut below.cut);
        below.cut |= usize::try_from(node.keys).is_ok_and(|stated| places.len() < stated);
        let mut cells = BTreeMap::new();
        for place in places {
            match self.node(place).map(|node| node.name) {
                Some(Some(name)) => _ = cells.entry(folded(&name)).or_insert((name, place)),
                Some(None) => below.unreadable_names = below.unreadable_names.saturating_add(1),
                None => below.cut = true,
            }
        }
        below.cells = cells.into();
        below
    }

    /// The cells of the keys in a list, which may be a list of lists, but no deeper.
    fn places(&mut self, list: u32, cut: &mut bool) -> Vec<u32> {
        let (lists, mut places) = match self.list(list) {
            Some((true, lists)) => (lists, Vec::new()),
            Some((false, places)) => (Vec::new(), places),
            None => {
                *cut = true;
                return Vec::new();
            }
        };
        for list in lists {
            let more = match self.list(list) {
                Some((false, more)) if !more.is_empty() => more,
                _ => {
                    // A list that holds nothing could stand here any number of times.
                    *cut = true;
                    break;
                }
            };
            places.extend(more);
            if places.len() > REGISTRY_KEYS_MAX {
                break;
            }
        }
        *cut |= places.len() > REGISTRY_KEYS_MAX;
        places.truncate(REGISTRY_KEYS_MAX);
        places
    }

    /// One list: whether of lists, and the cells in it.
    fn list(&mut self, cell: u32) -> Option<(bool, Vec<u32>)> {
        let head = self.cell(cell, 4)?;
        let &[first, second, low, high] = head.as_slice() else { return None };
        let count = usize::from(u16::from_le_bytes([low, high]));
        let each = match &[first, second] {
            b"lf" | b"lh" => 8,
            b"li" | b"ri" => 4,
            _ => return None,
        };
        let bytes = self.cell(cell, 4 + count * each)?;
        let entries = bytes.get(4..)?.chunks_exact(each);
        let places = entries.filter_map(|entry| entry.first_chunk().map(|place| u32::from_le_bytes(*place)));
        Some((first == b'r', places.collect()))
    }

    fn node(&mut self, cell: u32) -> Option<Node> {
        // A name has at most 255 characters.
        let bytes = self.cell(cell, 76 + 2 * 255)?;
        let number = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let short = |at: usize| Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        if !bytes.starts_with(b"nk") {
            return None;
        }
        let flags = short(2)?;
        let name = bytes.get(76..)?.get(..usize::from(short(72)?))?;
        Some(Node {
            name: name_of(name, flags & 0x20 != 0),
            written: u64::from(number(4)?) | u64::from(number(8)?) << 32,
            keys: number(20)?,
            keys_list: number(28)?,
            // Of a key that stands for a handle, this is the handle.
            values: if flags & 0x40 == 0 { number(36)? } else { 0 },
            values_list: number(40)?,
        })
    }

    /// What lies in a cell, at most so many bytes of it. None where the cell is free, crosses the end of the hive or of its own bin's data.
    fn cell(&mut self, offset: u32, bytes_max: usize) -> Option<Vec<u8>> {
        if !offset.is_multiple_of(8) || offset >= self.head.data_bytes {
            return None;
        }
        let size = self.pages.read(offset, 4)?;
        let size = i32::from_le_bytes(*size.first_chunk()?);
        let size = size.checked_neg().and_then(|size| u32::try_from(size).ok()).filter(|size| *size >= 8)?;
        offset.checked_add(size).filter(|end| *end <= self.head.data_bytes)?;
        let length = usize::try_from(size - 4).ok()?.min(bytes_max);
        self.pages.read(offset.checked_add(4)?, length)
    }
}

/// What became of a value.
enum Read {
    Value(String, RegistryValue),
    BadName,
    Damaged,
}

/// What a key's own cell says.
struct Node {
    /// None where it is no text.
    name: Option<String>,
    written: u64,
    keys: u32,
    keys_list: u32,
    values: u32,
    values_list: u32,
}

/// A name: one byte for each character of Latin-1, or UTF-16.
fn name_of(bytes: &[u8], is_compressed: bool) -> Option<String> {
    if is_compressed {
        return Some(bytes.iter().map(|byte| char::from(*byte)).collect());
    }
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
    char::decode_utf16(units).collect::<Result<_, _>>().ok()
}
