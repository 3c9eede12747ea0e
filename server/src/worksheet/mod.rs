//! The worksheets: a form's every field with its value, its source, and what is missing, for whoever fills in the ministry's form.
//! It does not know the law (`schemas/regimes/` does), the ledger, or what day it is; it is given a plan, records and a day.
//! Invariant: no field of the form is left out: what we do not have is said to be missing, what the supplier sends itself is said so.

mod check_list;
mod computers;
mod fill;
mod values;
mod words;
pub mod xlsx;

pub use check_list::{add_measures, answer_word, fill_check_list};
pub use computers::{ComputersFiling, fill_computers};
pub use fill::{Filing, fill, fits};
pub use words::{direct_word, state_word};

use daicho_schemas::ids::{PlanId, SupplierId};
use daicho_schemas::regime::Confidence;
use daicho_schemas::regime::forms::Direct;
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::Serialize;

/// A form, filled in as far as it can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Worksheet {
    /// Which form: `form-4-1`.
    pub form_id: String,
    /// 様式第四（一）.
    pub form: Text,
    /// What it is for.
    pub purpose: Text,
    /// The plan; absent where the form is not about one.
    pub plan_id: Option<PlanId>,
    /// The operator.
    pub operator: Text,
    /// The equipment.
    pub equipment: Text,
    /// The day of filing for which papers, revenue years and shares were judged.
    pub filing_on: CalendarDate,
    /// The fields in the order of the form, party by party and part by part.
    pub rows: Vec<WorksheetRow>,
    /// What is attached, party by party.
    pub attachments: Vec<WorksheetRow>,
    /// What is weak about the form itself: the form's columns were not seen, and so on.
    pub note: Option<Text>,
}

impl Worksheet {
    /// Rows that somebody still has to see to, in order, attachments last.
    pub fn open(&self) -> impl Iterator<Item = &WorksheetRow> {
        self.rows.iter().chain(&self.attachments).filter(|row| row.state.is_open())
    }
}

/// One field for one party or part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorksheetRow {
    /// The block of the form.
    pub block: Text,
    /// Whom or what it is about; absent where it is about the filing itself.
    pub about: Option<About>,
    /// The field, by the name that regime packs use.
    pub field_id: String,
    /// What is asked.
    pub name: Text,
    /// The value; empty where there is none.
    pub value: Text,
    /// Where it stands.
    pub state: RowState,
    /// Where the value came from; empty where there is none.
    pub source: String,
    /// The day the value speaks about.
    pub as_of: Option<CalendarDate>,
    /// Whether the supplier may send it directly to the minister.
    pub direct: Direct,
    /// How sure the law behind the field is.
    pub confidence: Confidence,
    /// When the field is needed, and why a value cannot be used.
    pub note: Option<Text>,
}

/// Whom or what a row is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct About {
    /// In words: 構成設備 1「…」の供給者 ….
    pub text: Text,
    /// The supplier, where it is about one that is named.
    pub supplier_id: Option<SupplierId>,
}

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowState {
    /// We have it.
    Stated,
    /// The supplier sent it to the minister directly.
    SubmittedDirectly,
    /// It does not have to be given: a condition that does not hold, or relief that is claimed.
    NotNeeded,
    /// We have something that cannot go with a filing on that day.
    Unusable,
    /// It was erased on somebody's request.
    Erased,
    /// We have nothing.
    Missing,
}

impl RowState {
    /// Whether somebody still has to see to it.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Unusable | Self::Erased | Self::Missing)
    }
}

/// An entry of the ledger as a source.
fn entry(seq: u64) -> String {
    format!("台帳 / ledger #{seq}")
}
