//! Tables for people: an inventory, the agent's own status, a plan of probing and what came of it.
//! It does not collect, and it does not print; it makes text, in both languages where it speaks.
//! Invariant: what a host said cannot move the cursor or colour the terminal: control characters are shown as such.

mod costs;
mod documents;
mod inventory;
mod probe;
#[cfg(test)]
mod readme;
mod status;

pub use costs::costs_table;
pub use documents::inventory_text;
pub use inventory::inventory_table;
pub use probe::{plan_text, report_text};
pub use status::status_table;

use comfy_table::{ContentArrangement, Table, presets};
use daicho_schemas::batch::Outcome;

/// Wide enough for names and versions, narrow enough for a terminal of today.
const WIDTH_COLUMNS: u16 = 110;

/// An empty table with a heading.
fn table<const N: usize>(heading: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH_COLUMNS).set_header(heading);
    table
}

/// Text from a host, harmless to a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

/// An outcome in both languages.
fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Complete => "complete 完全",
        Outcome::Partial => "partial 一部",
        Outcome::NotApplicable => "not applicable 対象外",
        Outcome::Failed => "FAILED 失敗",
    }
}
