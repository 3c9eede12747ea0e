//! A database of bbolt (go.etcd.io/bbolt), read in place: buckets of keys, values and buckets.
//! It does not know what stands in it, takes no lock and writes nothing.
//! Invariant: every offset is checked, no page is followed more often than there are pages, and what was read belongs to one state of the
//! database: where another was committed meanwhile, the answer is [`BoltError::Changing`].
//! Form: bbolt's `internal/common` (page, meta, bucket); numbers stand as the machine has them, so the magic tells their order.

use crate::access::AnyPlace;
use std::io::{self, Read, SeekFrom};

/// `Magic` and `Version` of bbolt.
const MAGIC: u32 = 0xED0C_DAED;
const VERSION: u32 = 2;
/// Page header: number, flags, count, overflow.
const HEADER_BYTES: usize = 16;
/// Meta: magic, version, page size, flags, root bucket, free list, pages, transaction, checksum.
const META_BYTES: usize = 64;
const CHECKED_BYTES: usize = 56;
/// An element of a branch or leaf.
const ELEMENT_BYTES: usize = 16;
/// A bucket's root and sequence, before the page that a small bucket brings along.
const BUCKET_BYTES: usize = 16;
const BRANCH: u16 = 0x01;
const LEAF: u16 = 0x02;
/// Page sizes of machines: 4 KiB, on some 16 or 64.
const PAGE_BYTES_MAX: u32 = 64 * 1024;
/// A page with what overflows of it; a container's whole specification stands in one.
const RUN_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Pages below pages; a tree of billions of keys has some ten.
const DEPTH_MAX: usize = 32;

/// Why a database was not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum BoltError {
    /// It begins otherwise.
    #[error("the file is no database of bbolt, or of a version that is not read here")]
    OtherFormat,
    /// Places in it lead outside, or its parts contradict each other.
    #[error("the database makes no sense: places in it lead outside or in circles")]
    Malformed,
    /// Its owner committed another state while it was read.
    #[error("the database changed while it was read")]
    Changing,
    /// Reading failed.
    #[error("the database could not be read to its end")]
    Read(#[from] io::Error),
}

/// A bucket: a tree of its own, or a page that its parent holds.
#[derive(Clone, Debug)]
pub(super) enum Bucket {
    /// The number of its root page.
    At(u64),
    /// The page itself.
    Within(Vec<u8>),
}

/// What stands under a key.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    /// Bytes.
    Value(Vec<u8>),
    /// More keys.
    Bucket(Bucket),
}

/// The last committed state, as one of the first two pages says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Meta {
    big_endian: bool,
    page_bytes: u32,
    root: u64,
    /// Pages that were ever used.
    pages: u64,
    transaction: u64,
}

/// An open database.
pub(super) struct Bolt {
    file: Box<dyn AnyPlace>,
    meta: Meta,
    visits_left: u64,
}

impl Bolt {
    /// Finds the last committed state.
    pub(super) fn open(mut file: Box<dyn AnyPlace>) -> Result<Self, BoltError> {
        let meta = last_state(&mut *file)?;
        Ok(Self { file, meta, visits_left: meta.pages })
    }

    /// The bucket of buckets.
    pub(super) fn root(&self) -> Bucket {
        Bucket::At(self.meta.root)
    }

    /// An error where another state was committed since this one was opened. A page of this state is written over by the second
    /// transaction after it at the earliest, and that one begins when the first has been committed.
    pub(super) fn is_still_as_opened(&mut self) -> Result<(), BoltError> {
        if last_state(&mut *self.file)? == self.meta { Ok(()) } else { Err(BoltError::Changing) }
    }

    /// The keys of a bucket in their order.
    pub(super) fn entries(&mut self, bucket: &Bucket) -> Result<Vec<(Vec<u8>, Entry)>, BoltError> {
        let mut found = Vec::new();
        match bucket {
            Bucket::At(number) => self.walk(*number, 0, &mut found)?,
            Bucket::Within(page) => self.leaf(page, &mut found)?,
        }
        Ok(found)
    }

    fn walk(&mut self, number: u64, depth: usize, found: &mut Vec<(Vec<u8>, Entry)>) -> Result<(), BoltError> {
        if depth > DEPTH_MAX {
            return Err(BoltError::Malformed);
        }
        let page = self.page(number)?;
        match self.number(&page, 8, 2)? {
            flags if flags == u64::from(LEAF) => self.leaf(&page, found),
            flags if flags == u64::from(BRANCH) => {
                for at in self.elements(&page)? {
                    let below = self.number(&page, at + 8, 8)?;
                    self.walk(below, depth + 1, found)?;
                }
                Ok(())
            }
            _ => Err(BoltError::Malformed),
        }
    }

    fn leaf(&self, page: &[u8], found: &mut Vec<(Vec<u8>, Entry)>) -> Result<(), BoltError> {
        if self.number(page, 8, 2)? != u64::from(LEAF) {
            return Err(BoltError::Malformed);
        }
        for at in self.elements(page)? {
            let field = |offset| self.number(page, at + offset, 4).and_then(size);
            let (flags, from, key_bytes, value_bytes) = (field(0)?, field(4)?, field(8)?, field(12)?);
            let key = cut(page, at.saturating_add(from), key_bytes)?;
            let value = cut(page, at.saturating_add(from).saturating_add(key_bytes), value_bytes)?;
            let entry = if flags & 1 == 0 { Entry::Value(value.to_vec()) } else { Entry::Bucket(self.bucket(value)?) };
            found.push((key.to_vec(), entry));
        }
        Ok(())
    }

    fn bucket(&self, value: &[u8]) -> Result<Bucket, BoltError> {
        match self.number(value, 0, 8)? {
            0 => Ok(Bucket::Within(value.get(BUCKET_BYTES..).ok_or(BoltError::Malformed)?.to_vec())),
            root => Ok(Bucket::At(root)),
        }
    }

    /// Where the elements of a page begin.
    fn elements(&self, page: &[u8]) -> Result<impl Iterator<Item = usize> + use<>, BoltError> {
        let count = size(self.number(page, 10, 2)?)?;
        let end = HEADER_BYTES + count * ELEMENT_BYTES;
        if end > page.len() {
            return Err(BoltError::Malformed);
        }
        Ok((HEADER_BYTES..end).step_by(ELEMENT_BYTES))
    }

    /// A page with all that overflows of it.
    fn page(&mut self, number: u64) -> Result<Vec<u8>, BoltError> {
        self.visits_left = self.visits_left.checked_sub(1).ok_or(BoltError::Malformed)?;
        let page_bytes = u64::from(self.meta.page_bytes);
        // The first two pages are the states themselves.
        if number < 2 || number >= self.meta.pages {
            return Err(BoltError::Malformed);
        }
        let at = number.checked_mul(page_bytes).ok_or(BoltError::Malformed)?;
        let header = read_at(&mut *self.file, at, HEADER_BYTES)?;
        let run = self.number(&header, 12, 4)?.saturating_add(1).saturating_mul(page_bytes);
        if self.number(&header, 0, 8)? != number || run > RUN_BYTES_MAX {
            return Err(BoltError::Malformed);
        }
        read_at(&mut *self.file, at, size(run)?)
    }

    fn number(&self, bytes: &[u8], at: usize, count: usize) -> Result<u64, BoltError> {
        number(bytes, at, count, self.meta.big_endian)
    }
}

/// The newer of the two states whose checksum is right.
fn last_state(file: &mut dyn AnyPlace) -> Result<Meta, BoltError> {
    let first = state_at(file, 0)?;
    // Where the first is damaged, the page size is not known: each is tried, as bbolt itself does.
    let sizes = match first {
        Some(meta) => vec![meta.page_bytes],
        None => (0..7).map(|shift| 1024 << shift).collect(),
    };
    let mut last = first;
    for page_bytes in sizes {
        let second = state_at(file, u64::from(page_bytes))?.filter(|meta| meta.page_bytes == page_bytes);
        last = last.into_iter().chain(second).max_by_key(|meta| meta.transaction);
    }
    last.ok_or(BoltError::OtherFormat)
}

fn state_at(file: &mut dyn AnyPlace, at: u64) -> Result<Option<Meta>, BoltError> {
    let page = match read_at(file, at, HEADER_BYTES + META_BYTES) {
        Ok(page) => page,
        Err(BoltError::Read(error)) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    };
    let own = cut(&page, HEADER_BYTES, META_BYTES)?;
    let Some(big_endian) = [false, true].into_iter().find(|big| number(own, 0, 4, *big).ok() == Some(MAGIC.into()))
    else {
        return Ok(None);
    };
    let field = |at, count| number(own, at, count, big_endian);
    let page_bytes = u32::try_from(field(8, 4)?).unwrap_or(u32::MAX);
    let is_sound = field(4, 4)? == u64::from(VERSION)
        && (1024..=PAGE_BYTES_MAX).contains(&page_bytes)
        && field(56, 8)? == checksum(cut(own, 0, CHECKED_BYTES)?);
    let meta = Meta { big_endian, page_bytes, root: field(16, 8)?, pages: field(40, 8)?, transaction: field(48, 8)? };
    Ok(is_sound.then_some(meta))
}

/// FNV-1a of 64 bits.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn read_at(file: &mut dyn AnyPlace, at: u64, count: usize) -> Result<Vec<u8>, BoltError> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    // Grows with what is there, not with what is claimed.
    let read = file.take(u64::try_from(count).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    if read == count { Ok(bytes) } else { Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()) }
}

fn cut(bytes: &[u8], from: usize, count: usize) -> Result<&[u8], BoltError> {
    bytes.get(from..).and_then(|rest| rest.get(..count)).ok_or(BoltError::Malformed)
}

fn number(bytes: &[u8], at: usize, count: usize, big_endian: bool) -> Result<u64, BoltError> {
    let own = cut(bytes, at, count)?;
    let add = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
    Ok(if big_endian { own.iter().fold(0, add) } else { own.iter().rev().fold(0, add) })
}

fn size(number: u64) -> Result<usize, BoltError> {
    usize::try_from(number).map_err(|_| BoltError::Malformed)
}
