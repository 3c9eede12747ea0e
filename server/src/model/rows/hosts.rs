//! What belongs to a host's row: how completely each collector looked, and which other tool told of it.
//! It does not know what was seen. Invariant: a tool's time is its own, and absent where it said none.

use daicho_schemas::batch::Outcome;
use daicho_schemas::ids::CollectorId;
use daicho_schemas::time::UtcMicros;
use daicho_schemas::trouble::Trouble;
use serde::{Deserialize, Serialize};

/// What one collector last said of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageRow {
    /// Which collector.
    pub collector: CollectorId,
    /// How completely it looked.
    pub outcome: Outcome,
    /// Observations that stand now.
    pub items: u64,
    /// When it last said so.
    pub reported_at: UtcMicros,
    /// When it last looked completely; absent when never.
    pub complete_at: Option<UtcMicros>,
    /// Which places it read.
    pub sources: Vec<String>,
    /// What would not be told.
    pub troubles: Vec<Trouble>,
}

/// Which other tool told of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldRow {
    /// Its name and version.
    pub tool: String,
    /// When it looked, by its own clock; absent where the file did not say.
    pub said_at: Option<UtcMicros>,
    /// The entry that holds what it said.
    pub entry_seq: u64,
}
