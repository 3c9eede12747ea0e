//! The sectors with their businesses: criteria of designation, 特定重要設備, 構成設備, 維持管理・操作 (act art. 50, order art. 9).
//! It does not know whether anybody was designated: the minister's notice says so, not the criterion.
//! Invariant: one business has at most one rule on a day.

use super::figures::{Criterion, Figures, Measure, Verdict};
use super::{Basis, Confidence, Head, Row, Standing, Wording};
use crate::fact::declaration::Category;
use crate::text::Text;
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name of the file format.
pub const SECTORS_FORMAT: &str = "daicho.regime-sectors.v1";

/// Every sector of a regime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SectorsFile {
    /// Always [`SECTORS_FORMAT`].
    pub format: String,
    /// About the file.
    pub head: Head,
    /// What criteria ask for, by name.
    pub measures: BTreeMap<String, Measure>,
    /// 重要維持管理等.
    pub maintenance_kinds: Vec<MaintenanceKind>,
    /// The sectors, in the order of the research note; the law's item numbers move and are not kept.
    pub sectors: Vec<Sector>,
}

/// 維持管理 or 操作.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceKind {
    /// `maintenance`, `operation`.
    pub maintenance_kind_id: String,
    /// As the ordinance writes it.
    pub name: Text,
    /// What it rests on.
    pub basis: Basis,
}

/// One sector of art. 50(1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sector {
    /// `port`.
    pub sector_id: String,
    /// Its name.
    pub name: Text,
    /// The rules of its businesses.
    pub businesses: Vec<BusinessRule>,
}

/// How a sector says what its 構成設備 are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartStyle {
    /// Exactly what is listed.
    ClosedList,
    /// What is listed, where damage or misuse directly hinders the function.
    DirectHindranceTest,
    /// What is listed and other things especially necessary for the business.
    OpenList,
    /// Not set yet.
    NotSet,
}

/// One business in one period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BusinessRule {
    /// Unique: the business and its period.
    pub rule_id: String,
    /// The business, the same over all its periods.
    pub business_id: String,
    /// The business.
    pub name: Text,
    /// Whether the Japanese name is the law's.
    pub name_wording: Wording,
    /// The criterion in words.
    pub criterion_text: Text,
    /// The criterion as figures.
    pub criterion: Criterion,
    /// What those close to the threshold must do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_threshold: Option<Text>,
    /// 特定重要設備.
    pub equipment: Vec<EquipmentKind>,
    /// Ids of [`MaintenanceKind`].
    pub maintenance: Vec<String>,
    /// The days that matter.
    pub timeline: Timeline,
    /// What it rests on.
    pub basis: Basis,
    /// Cases with what must come out.
    pub tests: Vec<CriterionTest>,
}

/// When a business was first designated, and from when it must file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timeline {
    /// The first designations; absent where none is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_designated_on: Option<CalendarDate>,
    /// From when those first designated must file; absent where not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_duty_on: Option<CalendarDate>,
    /// How sure the two days are; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
}

/// One kind of 特定重要設備.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EquipmentKind {
    /// Unique in the file.
    pub equipment_kind_id: String,
    /// What it is called.
    pub name: Text,
    /// Whether the Japanese name is the law's.
    pub name_wording: Wording,
    /// What it must do to be one, and what is left out.
    pub definition: Text,
    /// How its parts are told.
    pub part_style: PartStyle,
    /// 構成設備.
    pub parts: Vec<PartCategory>,
}

/// One category of 構成設備 (区分, or 種類).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartCategory {
    /// Unique in the equipment.
    pub part_category_id: String,
    /// What it is in our words.
    pub category: Category,
    /// As it would be filed.
    pub name: Text,
    /// Whether the Japanese name is the law's.
    pub name_wording: Wording,
}

/// Figures and what must come out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CriterionTest {
    /// What the case shows.
    pub name: String,
    /// The day; absent: the first day of the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<CalendarDate>,
    /// What is given.
    pub figures: Figures,
    /// What must come out.
    pub expect: Verdict,
}

impl SectorsFile {
    /// Every rule with its sector.
    pub fn rules(&self) -> impl Iterator<Item = (&Sector, &BusinessRule)> {
        self.sectors.iter().flat_map(|sector| sector.businesses.iter().map(move |rule| (sector, rule)))
    }

    /// The rule of a business that holds on a day; where it is enacted and not in force, that one.
    pub fn rule_on(&self, business: &str, on: CalendarDate) -> Option<(&Sector, &BusinessRule)> {
        let of = || self.rules().filter(move |(_, rule)| rule.business_id == business);
        let pending = |rule: &BusinessRule| rule.basis.standing == Standing::EnactedNotInForce;
        of().find(|(_, rule)| rule.basis.holds_on(on)).or_else(|| of().find(|(_, rule)| pending(rule)))
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        let kinds = self.maintenance_kinds.iter();
        let kinds =
            kinds.map(|kind| Row::new("maintenance_kinds", &kind.maintenance_kind_id, &kind.name, &kind.basis, kind));
        kinds
            .chain(self.rules().map(|(_, rule)| Row::new("businesses", &rule.rule_id, &rule.name, &rule.basis, rule)))
            .collect()
    }
}
