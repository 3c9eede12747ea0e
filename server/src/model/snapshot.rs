//! The model as bytes and back: what a restart goes on from. Small views are JSON inside, large ones are written field by field.
//! It does not know where the bytes are kept; whoever keeps them also checks that they are whole.
//! Invariant: the bytes follow from the entries alone, and what is read back goes on as if it had never been written.

use super::numbers::Interned;
use daicho_schemas::canonical::Hash;
use daicho_schemas::time::UtcMicros;
use imbl::{OrdMap, Vector};
use roaring::RoaringBitmap;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Read, Write};
use std::sync::Arc;

/// The longest text or set in a snapshot, in bytes. A longer one was not written by us.
const FIELD_BYTES_MAX: u32 = 256 * 1024 * 1024;

/// Why a snapshot could not be written or read back. Then the entries are folded instead.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The bytes could not be written or read.
    #[error("the snapshot could not be written or read")]
    Bytes(#[from] io::Error),
    /// A view has no JSON form, or another one.
    #[error("a view in the snapshot does not fit")]
    Json(#[from] serde_json::Error),
    /// What stands there was not written by this release.
    #[error("the snapshot does not fit this release")]
    Broken,
}

type Done = Result<(), SnapshotError>;

/// What can be kept in a snapshot.
pub(crate) trait Keep: Sized {
    /// Writes it.
    fn keep(&self, out: &mut Out<'_>) -> Done;
    /// Reads it back.
    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError>;
}

/// Where a snapshot goes.
pub(crate) struct Out<'a>(&'a mut dyn Write);

/// Where a snapshot comes from.
pub(crate) struct In<'a>(&'a mut dyn Read);

impl<'a> Out<'a> {
    pub(crate) fn to(sink: &'a mut dyn Write) -> Self {
        Self(sink)
    }

    pub(crate) fn byte(&mut self, byte: u8) -> Done {
        Ok(self.0.write_all(&[byte])?)
    }

    pub(crate) fn flag(&mut self, flag: bool) -> Done {
        self.byte(u8::from(flag))
    }

    pub(crate) fn number(&mut self, number: u32) -> Done {
        Ok(self.0.write_all(&number.to_le_bytes())?)
    }

    pub(crate) fn long(&mut self, number: u64) -> Done {
        Ok(self.0.write_all(&number.to_le_bytes())?)
    }

    pub(crate) fn count(&mut self, count: usize) -> Done {
        self.number(u32::try_from(count).map_err(|_| SnapshotError::Broken)?)
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Done {
        self.count(bytes.len())?;
        Ok(self.0.write_all(bytes)?)
    }

    pub(crate) fn hash(&mut self, hash: &Hash) -> Done {
        Ok(self.0.write_all(&hash.0)?)
    }

    pub(crate) fn json<T: Serialize>(&mut self, value: &T) -> Done {
        self.bytes(&serde_json::to_vec(value)?)
    }
}

impl<'a> In<'a> {
    pub(crate) fn of(source: &'a mut dyn Read) -> Self {
        Self(source)
    }

    fn exactly<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, SnapshotError> {
        self.exactly().map(u8::from_le_bytes)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, SnapshotError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(SnapshotError::Broken),
        }
    }

    pub(crate) fn number(&mut self) -> Result<u32, SnapshotError> {
        self.exactly().map(u32::from_le_bytes)
    }

    pub(crate) fn long(&mut self) -> Result<u64, SnapshotError> {
        self.exactly().map(u64::from_le_bytes)
    }

    pub(crate) fn count(&mut self) -> Result<usize, SnapshotError> {
        usize::try_from(self.number()?).map_err(|_| SnapshotError::Broken)
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, SnapshotError> {
        let length = self.number()?;
        if length > FIELD_BYTES_MAX {
            return Err(SnapshotError::Broken);
        }
        let mut bytes = Vec::new();
        let read = self.0.take(u64::from(length)).read_to_end(&mut bytes)?;
        if number_of(read) == Some(length) { Ok(bytes) } else { Err(SnapshotError::Broken) }
    }

    pub(crate) fn hash(&mut self) -> Result<Hash, SnapshotError> {
        self.exactly().map(Hash)
    }

    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T, SnapshotError> {
        Ok(serde_json::from_slice(&self.bytes()?)?)
    }
}

fn number_of(length: usize) -> Option<u32> {
    u32::try_from(length).ok()
}

impl Keep for u32 {
    fn keep(&self, out: &mut Out<'_>) -> Done {
        out.number(*self)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        from.number()
    }
}

impl Keep for String {
    fn keep(&self, out: &mut Out<'_>) -> Done {
        out.bytes(self.as_bytes())
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        Self::from_utf8(from.bytes()?).map_err(|_| SnapshotError::Broken)
    }
}

impl Keep for Hash {
    fn keep(&self, out: &mut Out<'_>) -> Done {
        out.hash(self)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        from.hash()
    }
}

impl Keep for UtcMicros {
    fn keep(&self, out: &mut Out<'_>) -> Done {
        out.long(self.micros().cast_unsigned())
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        Self::from_micros(from.long()?.cast_signed()).map_err(|_| SnapshotError::Broken)
    }
}

impl Keep for RoaringBitmap {
    fn keep(&self, out: &mut Out<'_>) -> Done {
        out.count(self.serialized_size())?;
        Ok(self.serialize_into(&mut out.0)?)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        Ok(Self::deserialize_from(from.bytes()?.as_slice())?)
    }
}

impl<T: Keep> Keep for Option<T> {
    fn keep(&self, out: &mut Out<'_>) -> Done {
        out.flag(self.is_some())?;
        self.as_ref().map_or(Ok(()), |value| value.keep(out))
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        if from.flag()? { T::back(from).map(Some) } else { Ok(None) }
    }
}

impl<T: Keep> Keep for Arc<T> {
    fn keep(&self, out: &mut Out<'_>) -> Done {
        T::keep(self, out)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        T::back(from).map(Self::new)
    }
}

impl<T: Keep> Keep for Box<T> {
    fn keep(&self, out: &mut Out<'_>) -> Done {
        T::keep(self, out)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        T::back(from).map(Self::new)
    }
}

impl<A: Keep, B: Keep> Keep for (A, B) {
    fn keep(&self, out: &mut Out<'_>) -> Done {
        self.0.keep(out)?;
        self.1.keep(out)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        Ok((A::back(from)?, B::back(from)?))
    }
}

impl<T: Keep> Keep for Vec<T> {
    fn keep(&self, out: &mut Out<'_>) -> Done {
        out.count(self.len())?;
        self.iter().try_for_each(|value| value.keep(out))
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        (0..from.count()?).map(|_| T::back(from)).collect()
    }
}

impl<T: Keep + Clone> Keep for Vector<T> {
    fn keep(&self, out: &mut Out<'_>) -> Done {
        out.count(self.len())?;
        self.iter().try_for_each(|value| value.keep(out))
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let mut all = Self::new();
        for _ in 0..from.count()? {
            all.push_back(T::back(from)?);
        }
        Ok(all)
    }
}

impl<K: Keep + Ord + Clone, V: Keep + Clone> Keep for OrdMap<K, V> {
    fn keep(&self, out: &mut Out<'_>) -> Done {
        out.count(self.len())?;
        for (key, value) in self {
            key.keep(out)?;
            value.keep(out)?;
        }
        Ok(())
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let mut all = Self::new();
        for _ in 0..from.count()? {
            all.insert(K::back(from)?, V::back(from)?);
        }
        Ok(all)
    }
}

impl<T: Keep + Ord + Clone> Keep for Interned<T> {
    fn keep(&self, out: &mut Out<'_>) -> Done {
        out.count(self.slots().len())?;
        for slot in self.slots() {
            out.flag(slot.is_some())?;
            let Some((value, holders)) = slot else { continue };
            out.number(holders)?;
            value.keep(out)?;
        }
        Ok(())
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let mut slots = Vec::new();
        for _ in 0..from.count()? {
            let kept = from.flag()?;
            slots.push(if kept {
                let holders = from.number()?;
                Some((T::back(from)?, holders))
            } else {
                None
            });
        }
        Ok(Self::from_slots(slots.into_iter()))
    }
}

/// Kept as JSON: small views, and rows that seldom change.
macro_rules! keep_as_json {
    ($($sort:ty),+ $(,)?) => {$(
        impl Keep for $sort {
            fn keep(&self, out: &mut Out<'_>) -> Done {
                out.json(self)
            }

            fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
                from.json()
            }
        }
    )+};
}

keep_as_json!(
    daicho_schemas::ids::AgentId,
    daicho_schemas::ids::ChangeId,
    daicho_schemas::ids::CollectorId,
    daicho_schemas::ids::DutyId,
    daicho_schemas::ids::EquipmentId,
    daicho_schemas::ids::FindingId,
    daicho_schemas::ids::PersonId,
    daicho_schemas::ids::PlanId,
    daicho_schemas::ids::SupplierId,
    daicho_schemas::ids::TokenId,
    super::meaning::Setting,
    super::rows::DutyRow,
    super::views::access::PersonState,
    super::views::access::TokenState,
    super::views::agents::AgentState,
    super::views::declarations::PlanState,
    super::views::declarations::SupplierState,
);
