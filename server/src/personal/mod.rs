//! Data of people at suppliers (officers, holders, representatives): sealed before it enters the ledger, with one key per supplier that
//! is kept outside it. When the key goes, the data is gone, in every entry and every copy of the ledger, and no hash breaks.
//! It does not know the ledger. Invariant: a key is on disk before anything is sealed with it; an erased key is never made again.

mod keys;
mod sealed;

#[cfg(test)]
mod tests;

pub use keys::{Key, KeyFault, Keys};
pub use sealed::{SealFault, open, seal, strange_box};
