//! What a filing says beyond equipment and parts: the introduction, the entrustment, relief, risk management measures.
//! It does not know the forms; `schemas/regimes/` has their fields, by the same names.
//! Invariant: everything is optional: what a draft does not say yet is absent, never an empty word.

use crate::ids::SupplierId;
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the filing of a plan says (経済安全保障推進法 52(2), 令和5年国土交通省令第62号 arts. 9 to 17).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FilingItems {
    /// 特定重要設備の供給者.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equipment_supplier: Option<SupplierId>,
    /// 導入の目的.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introduction_purpose: Option<String>,
    /// 導入に携わる者.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introduction_parties: Vec<IntroductionParty>,
    /// The day on which the equipment is planned to go into service: the end of the whole series of acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introduction_planned_on: Option<CalendarDate>,
    /// 委託の内容.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrustment_content: Option<String>,
    /// Relief for subcontractors (ord. 17), each with its proof.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reliefs: Vec<Relief>,
    /// The emergency (act 52(1) proviso, 54(1) proviso): why there was no time and no other way. With it, the filing comes after
    /// the introduction or entrustment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency_reason: Option<String>,
    /// リスク管理措置 (ord. 16).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub risk_measures: Vec<RiskMeasure>,
}

impl FilingItems {
    /// Whether nothing at all is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One who takes part in the introduction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntroductionParty {
    /// Who.
    pub supplier_id: SupplierId,
    /// 導入との関係: installs it, sells it, tests it.
    pub relation: String,
}

/// Relief for one subcontractor: both must hold, with proof (ord. 17). The name, representative, address and country can never be left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Relief {
    /// For whom.
    pub supplier_id: SupplierId,
    /// ① How the operator knows content and timing of the subcontracted work.
    pub knows_work: String,
    /// ② How access to the work zone, records of improper operation and audits are verified.
    pub verifies_access_and_records: String,
    /// The proof that goes with the plan.
    pub proof: String,
}

/// One risk management measure that the plan declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RiskMeasure {
    /// The heading in the regime's check list, or the operator's own id.
    pub measure_id: String,
    /// What is done.
    pub text: String,
    /// What shows it: a contract's clause, a test report, a certificate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
}
