//! 特定重要電子計算機 (サイバー対処能力強化法): which computers, what is notified, by when, what is exempt, what replaces a form.
//! It does not know a network; whether a computer is in scope is a person's confirmation of a proposal.
//! Invariant: exemption is from notification only, and the data says so.

use super::clocks::ClockRule;
use super::forms::{Form, FormField};
use super::{Basis, Head, Row, Wording};
use crate::text::Text;
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of the file format.
pub const COMPUTERS_FORMAT: &str = "daicho.regime-computers.v1";

/// The regime's rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComputersFile {
    /// Always [`COMPUTERS_FORMAT`].
    pub format: String,
    /// About the file.
    pub head: Head,
    /// What was in place on this day has a last day of its own.
    pub in_place_on: CalendarDate,
    /// Categories of computers.
    pub scope: Vec<ScopeCategory>,
    /// What is notified of a computer.
    pub units: Vec<NotifiedUnit>,
    /// What a notification says.
    pub fields: Vec<FormField>,
    /// By when.
    pub deadlines: Vec<ClockRule>,
    /// What need not be notified.
    pub exemptions: Vec<Exemption>,
    /// When a filing under 経済安全保障推進法 replaces a form.
    pub substitutions: Vec<Statement>,
    /// The forms.
    pub forms: Vec<Form>,
    /// Incidents and sanctions.
    pub statements: Vec<Statement>,
    /// Cases with what must come out.
    pub tests: Vec<ComputerTest>,
}

/// One category of computers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeCategory {
    /// Unique in the regime.
    pub scope_id: String,
    /// 1: equipment or a part of it; 2: connected over lines that are not public; 3: feeds data.
    pub item: u8,
    /// Which computers.
    pub name: Text,
    /// Whether the Japanese is the law's.
    pub wording: Wording,
    /// What shows it on a network, for a proposal.
    pub sign: Text,
    /// What it rests on.
    pub basis: Basis,
}

/// What is notified of one computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotifiedUnit {
    /// Unique in the regime.
    pub unit_id: String,
    /// Hardware of an appliance; OS, middleware, application of others.
    pub name: Text,
    /// What it rests on.
    pub basis: Basis,
}

/// Something that need not be notified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exemption {
    /// Unique in the regime.
    pub exemption_id: String,
    /// What.
    pub name: Text,
    /// Products that are meant, by full name or by the first words of it, without regard to ASCII case.
    pub products: Vec<String>,
    /// Their maker, in the spellings that count; empty where no product is named.
    pub makers: Vec<String>,
    /// What it rests on.
    pub basis: Basis,
}

/// Something the law says that no figure decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Unique in the regime.
    pub statement_id: String,
    /// What it says.
    pub text: Text,
    /// What it rests on.
    pub basis: Basis,
}

/// What is asked about one unit of a computer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UnitFacts {
    /// The day it was introduced; absent: not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introduced_on: Option<CalendarDate>,
    /// The day on which what was notified changed; absent: nothing was notified, or nothing changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_on: Option<CalendarDate>,
    /// The day the operator was designated, if that was after the regime began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub designated_on: Option<CalendarDate>,
    /// Product name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Manufacturer name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// Made for one operator or one corporate group; absent: not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_for_one: Option<bool>,
    /// The name under which it stands in a filed 導入等計画書.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filed_name: Option<String>,
    /// The supplier under which it stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filed_supplier: Option<String>,
}

/// Facts and what must come out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComputerTest {
    /// What the case shows.
    pub name: String,
    /// What is known.
    pub facts: UnitFacts,
    /// The exemption that fits, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exempt_by: Option<String>,
    /// The clock that runs, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<String>,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<CalendarDate>,
    /// Fields that are missing, by id.
    #[serde(default)]
    pub missing: Vec<String>,
    /// The names fit a filed plan, so that its copy may replace the form.
    #[serde(default)]
    pub substitutable: bool,
}

impl ComputersFile {
    pub(super) fn rows(&self) -> Vec<Row> {
        let scope = self.scope.iter().map(|row| Row::new("scope", &row.scope_id, &row.name, &row.basis, row));
        let units = self.units.iter().map(|row| Row::new("units", &row.unit_id, &row.name, &row.basis, row));
        let exemptions = self.exemptions.iter();
        let exemptions = exemptions.map(|row| Row::new("exemptions", &row.exemption_id, &row.name, &row.basis, row));
        let said = |list: &'static str, rows: &[Statement]| -> Vec<Row> {
            rows.iter().map(|row| Row::new(list, &row.statement_id, &row.text, &row.basis, row)).collect()
        };
        scope
            .chain(units)
            .chain(self.fields.iter().map(FormField::row))
            .chain(self.deadlines.iter().map(|clock| clock.row("deadlines")))
            .chain(exemptions)
            .chain(said("substitutions", &self.substitutions))
            .chain(self.forms.iter().map(Form::row))
            .chain(said("statements", &self.statements))
            .collect()
    }
}
