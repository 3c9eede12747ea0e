//! The targets of the harness without the rest of it, so that a fuzzer builds no browsers.
//! It does not know what they do. Invariant: the very same files as in the normal tests.

#[path = "../../harness/disk.rs"]
pub mod disk;
#[path = "../../harness/hostile/mod.rs"]
pub mod hostile;
