//! A list of a document that ends the reading where it has more items than it may, before they take memory.
//! It does not know what is in it. Invariant: no list longer than that is ever held.

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Items of one list of a document.
pub const ITEMS_MAX: usize = 50_000;

/// Such a list.
#[derive(Clone, Debug)]
pub(crate) struct Capped<T, const MAX: usize = ITEMS_MAX>(pub(crate) Vec<T>);

impl<T, const MAX: usize> Default for Capped<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Capped<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Items<T, const MAX: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Items<T, MAX> {
            type Value = Capped<T, MAX>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a list")
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Capped::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    if items.len() >= MAX {
                        return Err(A::Error::custom(format_args!("a list has more than {MAX} items")));
                    }
                    items.push(item);
                }
                Ok(Capped(items))
            }
        }
        from.deserialize_any(Items(PhantomData))
    }
}
