//! Inventories in the formats of others: bytes in, observations out; observations in, CycloneDX and SPDX out.
//! It does not know files, sockets, clocks, hosts or the ledger.
//! Invariant: what a format has no place for is carried by properties or said to be missing, never dropped silently; the same inventory
//! gives the same bytes.

mod capped;
pub mod cyclonedx;
mod items;
pub mod purl;
mod reading;
pub mod spdx;

pub use capped::ITEMS_MAX;
pub use reading::Reading;
