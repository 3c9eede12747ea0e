//! The forms (様式) and their fields: which item stands where, for which role, and whether the supplier may send it directly.
//! It does not know the values; plans and supplier records have them.
//! Invariant: a form names only fields that exist, and "may be submitted directly" is never guessed.

use super::{Basis, Head, Row, Wording};
use crate::fact::supplier::SupplierRole;
use crate::text::Text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of the file format.
pub const FORMS_FORMAT: &str = "daicho.regime-forms.v1";

/// Every form of a regime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormsFile {
    /// Always [`FORMS_FORMAT`].
    pub format: String,
    /// About the file.
    pub head: Head,
    /// The fields.
    pub fields: Vec<FormField>,
    /// The forms.
    pub forms: Vec<Form>,
    /// What is attached.
    pub attachments: Vec<Attachment>,
}

/// Whose data a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 特定社会基盤事業者.
    Operator,
    /// Those who take part in the introduction (導入に携わる者).
    IntroductionParty,
    /// A supplier or contractor, at every tier, in one of its roles.
    #[serde(untagged)]
    Supplier(SupplierRole),
}

/// Whether something may go to the minister without passing through the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direct {
    /// It may.
    Yes,
    /// It may not.
    No,
    /// The source that says so lost its marks: see the form's notes (記載上の注意).
    Unknown,
}

/// One field of forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormField {
    /// Unique in the regime; the decision table uses the same names.
    pub field_id: String,
    /// The block of the form.
    pub block: Text,
    /// What is asked.
    pub name: Text,
    /// Whether the Japanese is the law's.
    pub name_wording: Wording,
    /// Whose data.
    pub roles: Vec<Role>,
    /// Whether the supplier may send it directly to the minister.
    pub direct: Direct,
    /// When it may be left out, or is needed at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Text>,
    /// What it rests on.
    pub basis: Basis,
}

/// One form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Unique in the regime.
    pub form_id: String,
    /// 様式第四（一）.
    pub name: Text,
    /// What it is for.
    pub purpose: Text,
    /// By when, by clock.
    pub clocks: Vec<String>,
    /// Its fields, in order.
    pub fields: Vec<String>,
    /// What goes with it.
    pub attachments: Vec<String>,
    /// What it rests on.
    pub basis: Basis,
}

/// A paper that goes with a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// Unique in the regime.
    pub attachment_id: String,
    /// What it is.
    pub name: Text,
    /// For whom.
    pub roles: Vec<Role>,
    /// How old it may be on the day of filing, in months; absent where no limit is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_months_max: Option<u32>,
    /// When it may be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_be_omitted: Option<Text>,
    /// Whether the supplier may send it directly to the minister.
    pub direct: Direct,
    /// What it rests on.
    pub basis: Basis,
}

impl FormField {
    pub(super) fn row(&self) -> Row {
        Row::new("fields", &self.field_id, &self.name, &self.basis, self)
    }
}

impl Form {
    pub(super) fn row(&self) -> Row {
        Row::new("forms", &self.form_id, &self.name, &self.basis, self)
    }
}

impl FormsFile {
    pub(super) fn rows(&self) -> Vec<Row> {
        let attachments = self.attachments.iter();
        let attachments =
            attachments.map(|row| Row::new("attachments", &row.attachment_id, &row.name, &row.basis, row));
        self.forms.iter().map(Form::row).chain(self.fields.iter().map(FormField::row)).chain(attachments).collect()
    }
}
