//! Every maximum that two sides must agree on, with its unit in the name.
//! It does not know who enforces one; the agent cuts before it sends, the server refuses what is over.
//! Invariant: the limits fit into each other; a limit that does not is a compile error here.

/// One spooled batch as it goes over the wire, compressed.
pub const BATCH_WIRE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// One batch after decompression.
pub const BATCH_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Observations in one collector's report.
pub const REPORT_ITEMS_MAX: usize = 50_000;
/// Observations of one collector that may stand on one host, those included that only a complete look could retire.
pub const STANDING_ITEMS_MAX: usize = 2 * REPORT_ITEMS_MAX;
/// Collectors in one batch, and of one agent.
pub const BATCH_REPORTS_MAX: usize = 64;
/// Troubles in one collector's report; more are counted, not listed.
pub const REPORT_TROUBLES_MAX: usize = 200;
/// One text value read from a host, in bytes; longer ones are cut and the cut is a Trouble.
pub const OBSERVED_TEXT_BYTES_MAX: usize = 1024;
/// One entry of the ledger as a line.
pub const ENTRY_BYTES_MAX: usize = 40 * 1024 * 1024;
/// A plan or supplier file that a person imports.
pub const IMPORT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Things that change in one planned change.
pub const CHANGE_ITEMS_MAX: usize = 200;
/// One text of a planned change, in characters.
pub const CHANGE_TEXT_CHARS_MAX: usize = 2000;
/// Things that a planned change expects agents to see.
pub const EXPECTED_MAX: usize = 200;
/// Hosts on which one expected thing is to be seen.
pub const EXPECTED_HOSTS_MAX: usize = 100;
/// How far ahead of the server's clock a batch may be dated, in seconds.
pub const CLOCK_AHEAD_SECONDS_MAX: i64 = 300;
/// The agent's spool: bytes on disk before the oldest batches are given up.
pub const SPOOL_BYTES_MAX_DEFAULT: u64 = 256 * 1024 * 1024;
/// The agent's spool: age of a batch before it is given up, in days.
pub const SPOOL_AGE_DAYS_MAX_DEFAULT: u64 = 90;
/// Rows on one page of a list.
pub const PAGE_ITEMS_MAX: usize = 1000;

const _: () = assert!(BATCH_WIRE_BYTES_MAX <= BATCH_BYTES_MAX);
const _: () = assert!(BATCH_BYTES_MAX < ENTRY_BYTES_MAX);
const _: () = assert!((BATCH_WIRE_BYTES_MAX as u64) < SPOOL_BYTES_MAX_DEFAULT);
const _: () = assert!(IMPORT_BYTES_MAX < ENTRY_BYTES_MAX);
