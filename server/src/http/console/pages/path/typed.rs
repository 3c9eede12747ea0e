//! What the forms of a path say, as facts, and what they show before anybody typed. It does not know pages.
//! Invariant: an empty field is nothing said, and what cannot be read is refused with the field's name.

use crate::http::console::forms::{filled, typed, words};
use crate::model::Model;
use crate::model::queries::remote_paths::{PathRow, entry_named, path_key};
use crate::model::views::remote_paths::entry_key;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::device::Answer;
use daicho_schemas::fact::device_read::HeldBy;
use daicho_schemas::fact::remote_path::{
    LogReview, PathAccounts, PathEntry, RemoteMaintenanceAnswered, RemotePathRecorded,
};
use daicho_schemas::ids::SupplierId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::CalendarDate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const CODE: RefusalCode = RefusalCode::RemotePathWrong;

/// What the forms say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// The token of the session's forms.
    pub form: String,
    /// What is done: `record` or `answer`.
    pub act: String,
    /// Where the path enters.
    pub at: String,
    /// The operator's own id of the path.
    pub remote_path_id: String,
    /// 特定重要設備.
    pub equipment: String,
    /// Who comes in by it, or who answered.
    pub supplier: String,
    /// What it is for.
    pub purpose: String,
    /// The near end.
    pub near_end: String,
    /// The far end.
    pub far_end: String,
    /// The plan of the entrustment.
    pub contract: String,
    /// Who brings in corrections: `operator`, or the id of a supplier.
    pub patched_by: String,
    /// How many accounts.
    pub accounts: String,
    /// Whether one is shared.
    pub shared: String,
    /// Whether a second factor is asked of everybody.
    pub second_factor: String,
    /// Who looks at the log.
    pub log_by: String,
    /// When that was last done.
    pub log_on: String,
    /// The national network.
    pub national: String,
    /// 目標日.
    pub target_on: String,
    /// The day on which it was taken away.
    pub removed_on: String,
    /// The day that the record speaks of, or of the answer.
    pub on: String,
    /// What else is to be said.
    pub note: String,
    /// The entry of the record that was seen.
    pub replaces: String,
    /// Whether the vendor uses remote maintenance: `yes` or `no`.
    pub uses: String,
    /// The last day on which the answer counts.
    pub valid_through: String,
    /// The office or role that answered.
    pub answered_by: String,
    /// How.
    pub how: String,
    /// The document, the devices that it names.
    pub answer_note: String,
    /// The entry of the answer that was seen.
    pub answer_replaces: String,
}

fn wrong(field: &str) -> Refusal {
    Refusal::new(CODE).with(field)
}

/// The value of a word that machines see; nothing for an empty field.
fn word<T: DeserializeOwned>(field: &str, text: &str) -> Result<Option<T>, Refusal> {
    filled(text).map(|text| serde_json::from_value(Value::String(text.into()))).transpose().map_err(|_| wrong(field))
}

/// The word of a value.
fn spelled(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_string)).unwrap_or_default()
}

/// An id; nothing for an empty field.
fn id<T: TryFrom<String>>(field: &str, text: &str) -> Result<Option<T>, Refusal> {
    filled(text).map(|text| T::try_from(text.to_string())).transpose().map_err(|_| wrong(field))
}

/// Whose something is: `operator`, or the id of a supplier; nothing for an empty field.
fn held_by(field: &str, text: &str) -> Result<Option<HeldBy>, Refusal> {
    match filled(text) {
        Some("operator") => Ok(Some(HeldBy::Operator)),
        _ => Ok(id::<SupplierId>(field, text)?.map(HeldBy::Supplier)),
    }
}

fn text_of<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(String::new, ToString::to_string)
}

impl Typed {
    /// What stands, as the forms show it; where nothing does, what is seen of the path.
    pub fn of(row: &PathRow, today: CalendarDate) -> Self {
        let blank = Self {
            at: row.key.clone(),
            equipment: text_of(row.equipment.first()),
            supplier: text_of(row.supplier_id.as_ref()),
            on: today.to_string(),
            ..Self::default()
        };
        let answered = row.answer.as_ref().map(|state| (state.seq, &state.answered));
        let blank = match answered {
            None => blank,
            Some((seq, said)) => Self {
                uses: if said.uses { "yes" } else { "no" }.into(),
                answered_by: said.answered_by.clone(),
                how: spelled(&said.how),
                answer_note: said.note.clone(),
                answer_replaces: seq.to_string(),
                ..blank
            },
        };
        let Some(state) = row.said.as_ref() else { return blank };
        let own = &state.recorded;
        Self {
            remote_path_id: own.remote_path_id.to_string(),
            equipment: text_of(own.equipment_id.as_ref()),
            supplier: text_of(own.supplier_id.as_ref()),
            purpose: own.purpose.clone(),
            near_end: own.near_end.clone(),
            far_end: own.far_end.clone(),
            contract: text_of(own.contract.as_ref()),
            patched_by: match &own.patched_by {
                Some(HeldBy::Operator) => "operator".into(),
                Some(HeldBy::Supplier(id)) => id.to_string(),
                None => String::new(),
            },
            accounts: text_of(own.accounts.and_then(|own| own.count).as_ref()),
            shared: own.accounts.map_or_else(String::new, |own| spelled(&own.shared)),
            second_factor: spelled(&own.second_factor),
            log_by: own.log_review.as_ref().map_or_else(String::new, |own| own.by.clone()),
            log_on: text_of(own.log_review.as_ref().and_then(|own| own.last_on).as_ref()),
            national: own.national_network.as_ref().map_or_else(String::new, spelled),
            target_on: text_of(own.target_on.as_ref()),
            removed_on: text_of(own.removed_on.as_ref()),
            note: own.note.clone(),
            replaces: state.seq.to_string(),
            ..blank
        }
    }

    /// What was typed in one form, and in the other what stands.
    pub fn beside(self, stands: Self) -> Self {
        let Self { uses, valid_through, answered_by, how, answer_note, answer_replaces, .. } = stands.clone();
        match self.act.as_str() {
            "record" => Self { uses, valid_through, answered_by, how, answer_note, answer_replaces, ..self },
            _ => {
                let Self { act, uses, valid_through, answered_by, how, answer_note, answer_replaces, on, .. } = self;
                Self { act, uses, valid_through, answered_by, how, answer_note, answer_replaces, on, ..stands }
            }
        }
    }

    /// What the form says, with the place where the path enters: as it was recorded before, where it was.
    pub fn fact(&self, model: &Model) -> Result<(PathEntry, Fact), Refusal> {
        let named = entry_named(&self.at).ok_or_else(|| wrong("enters"))?;
        let key = entry_key(&named);
        let known = model.remote_paths_entering(&key).find(|own| own.stands());
        let enters = known.map_or(named.clone(), |own| own.recorded.enters.clone());
        let fact = match self.act.as_str() {
            "record" => Fact::RemotePath(self.record(enters.clone())?),
            "answer" => Fact::RemoteMaintenanceAnswered(self.answer()?),
            _ => return Err(wrong("act")),
        };
        Ok((enters, fact))
    }

    fn record(&self, enters: PathEntry) -> Result<RemotePathRecorded, Refusal> {
        let own_id = match filled(&self.remote_path_id) {
            Some(text) => text.to_string(),
            None => proposed_id(&enters),
        };
        let accounts = PathAccounts {
            count: typed(CODE, "accounts", &self.accounts)?,
            shared: word("shared", &self.shared)?.unwrap_or_default(),
        };
        let last_on = typed(CODE, "log_review.last_on", &self.log_on)?;
        let log_review = match (filled(&self.log_by), last_on) {
            (Some(by), last_on) => Some(LogReview { by: by.into(), last_on }),
            (None, Some(_)) => return Err(wrong("log_review.by: say which office or role looks at the log")),
            (None, None) => None,
        };
        Ok(RemotePathRecorded {
            remote_path_id: own_id.try_into().map_err(|_| wrong("remote_path_id"))?,
            enters,
            equipment_id: id("equipment_id", &self.equipment)?,
            near_end: self.near_end.trim().into(),
            far_end: self.far_end.trim().into(),
            supplier_id: id("supplier_id", &self.supplier)?,
            purpose: self.purpose.trim().into(),
            contract: id("contract", &self.contract)?,
            patched_by: held_by("patched_by", &self.patched_by)?,
            accounts: (accounts.count.is_some() || accounts.shared != Answer::Unknown).then_some(accounts),
            second_factor: word("second_factor", &self.second_factor)?.unwrap_or_default(),
            log_review,
            national_network: word("national_network", &self.national)?,
            target_on: typed(CODE, "target_on", &self.target_on)?,
            removed_on: typed(CODE, "removed_on", &self.removed_on)?,
            on: typed(CODE, "on", &self.on)?.ok_or_else(|| wrong("on"))?,
            note: words(&self.note),
            replaces: typed(CODE, "replaces", &self.replaces)?,
        })
    }

    fn answer(&self) -> Result<RemoteMaintenanceAnswered, Refusal> {
        Ok(RemoteMaintenanceAnswered {
            supplier_id: id("supplier_id", &self.supplier)?.ok_or_else(|| wrong("supplier_id: say who answered"))?,
            equipment_id: id("equipment_id", &self.equipment)?
                .ok_or_else(|| wrong("equipment_id: of which equipment"))?,
            uses: match self.uses.as_str() {
                "yes" => true,
                "no" => false,
                _ => return Err(wrong("uses: yes or no; no answer is no \"no\"")),
            },
            on: typed(CODE, "on", &self.on)?.ok_or_else(|| wrong("on"))?,
            valid_through: typed(CODE, "valid_through", &self.valid_through)?.ok_or_else(|| wrong("valid_through"))?,
            answered_by: self.answered_by.trim().into(),
            how: word("how", &self.how)?.ok_or_else(|| wrong("how"))?,
            note: words(&self.answer_note),
            replaces: typed(CODE, "replaces", &self.answer_replaces)?,
        })
    }
}

/// An id for a path of which nobody gave one: where it enters, in letters that ids have.
fn proposed_id(enters: &PathEntry) -> String {
    let key = path_key(enters);
    let (_, rest) = key.split_once(':').unwrap_or_default();
    let fits = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c } else { '-' };
    rest.chars().map(fits).take(daicho_schemas::ids::ID_BYTES_MAX).collect()
}
