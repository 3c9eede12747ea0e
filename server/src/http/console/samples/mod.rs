//! Rows written by hand for looking at pages and for testing them: a fictitious port terminal, and an empty house.
//! They do not come from the model; nothing here says how a row arises.
//! Invariant: every page has a sample here with long names, unknown values and many rows, and one with nothing.

mod computers;
mod declared;
mod devices;
mod firmware;
mod guarded;
mod judged;
mod programs;
mod reviewed;
mod seen;
mod tickets;
mod ways;

pub(in crate::http::console) use computers::*;
pub(in crate::http::console) use declared::*;
pub(in crate::http::console) use devices::*;
pub(in crate::http::console) use firmware::*;
pub(in crate::http::console) use judged::*;
pub(in crate::http::console) use reviewed::*;
pub(in crate::http::console) use seen::*;
pub(in crate::http::console) use tickets::*;

use crate::http::admission::OverQuotaRow;
use crate::http::console::fragments::Tone;
use crate::http::console::layout::{PageContext, Section, Waiting, waits};
use crate::model::rows::*;
use crate::past::Stand;
use daicho_schemas::batch::Outcome;
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::decision::Hearing;
use daicho_schemas::fact::declaration::*;
use daicho_schemas::fact::observation::*;
use daicho_schemas::fact::supplier::{Recognise, SupplierRecord};
use daicho_schemas::ids::*;
use daicho_schemas::text::{Language, Text};
use daicho_schemas::time::{CalendarDate, UtcMicros};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::sync::Arc;

pub(in crate::http::console) fn at(text: &str) -> UtcMicros {
    text.parse().unwrap()
}

pub(in crate::http::console) fn on(text: &str) -> CalendarDate {
    text.parse().unwrap()
}

fn minute(n: u64) -> UtcMicros {
    at("2026-11-20T22:00:00.000000Z").plus_seconds(i64::try_from(n).unwrap() * 60)
}

pub(in crate::http::console) fn context(language: Language, section: Section) -> PageContext {
    let open: Vec<_> = findings().into_iter().filter(|row| row.state == FindingState::Open).collect();
    let waiting = Waiting {
        duties: duties().iter().filter(|row| waits(row)).count() as u64,
        findings: open.len() as u64,
        newest: open.into_iter().max_by_key(|row| row.opened_seq).map(|row| (row.opened_seq, row.title)),
    };
    PageContext {
        language,
        person: Some("compliance-01".into()),
        here: "/".into(),
        section,
        today: on("2026-11-21"),
        waiting,
        trouble: None,
        form_token: Some("sample".into()),
        keeps_duties: true,
        stand: None,
        plans_changes: true,
        keeps_devices: true,
    }
}

pub(in crate::http::console) fn empty_context(language: Language, section: Section) -> PageContext {
    PageContext { waiting: Waiting::default(), ..context(language, section) }
}

fn agent(n: u64) -> AgentId {
    AgentId::new(format!("agent-{:032x}", 0x9f3c_0000_0000_u64 + n * 7919)).unwrap()
}

fn claim(id: &str, ja: &str, en: &str, evidence: &str, confidence: Confidence) -> SupplierClaim {
    let supplier_id = (!id.is_empty()).then(|| SupplierId::new(id).unwrap());
    SupplierClaim { supplier_id, name: Text::new(ja, en), evidence: evidence.into(), confidence }
}

fn debian() -> SupplierClaim {
    let evidence = "apt index: Origin Debian (bookworm)";
    claim("debian", "Debian プロジェクト", "Debian Project", evidence, Confidence::High)
}

fn docker() -> SupplierClaim {
    claim("", "Docker", "Docker", "apt index: Origin Docker (bookworm)", Confidence::Low)
}

fn nobody() -> SupplierClaim {
    claim("", "", "", "", Confidence::Unknown)
}

/// Every tone, so that a test can see each has its own shape.
pub(in crate::http::console) const TONES: [Tone; 6] =
    [Tone::Alarm, Tone::Warn, Tone::Note, Tone::Good, Tone::Quiet, Tone::Unknown];

/// A state of the past that a page shows.
pub(in crate::http::console) fn stand(hindsight: bool) -> Stand {
    Stand {
        as_of: "2026-11-10".into(),
        day: on("2026-11-10"),
        entry_seq: 57,
        entry_hash: Hash::of("sample", &[]),
        received_at: Some(minute(0)),
        day_not_over: false,
        hindsight,
        entries_later: if hindsight { 3 } else { 0 },
    }
}
