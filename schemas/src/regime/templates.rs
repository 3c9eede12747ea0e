//! Templates: what to begin with when a system is declared for the first time, and what to ask.
//! It does not know the operator's system; every answer is a person's.
//! Invariant: a template states nothing about suppliers or products, and a system that is not law yet says so.

use super::{Basis, Head, Row, Wording};
use crate::fact::declaration::Category;
use crate::text::Text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of the file format.
pub const TEMPLATE_FORMAT: &str = "daicho.regime-template.v1";

/// One system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateFile {
    /// Always [`TEMPLATE_FORMAT`].
    pub format: String,
    /// About the file.
    pub head: Head,
    /// Unique in the regime: `tos`.
    pub template_id: String,
    /// The system.
    pub name: Text,
    /// The business as a plan names it.
    pub business: String,
    /// The business in `sectors.v1.json`.
    pub business_id: String,
    /// 種類 as a plan names it.
    pub equipment_type: String,
    /// Whether the two above are the law's words.
    pub wording: Wording,
    /// 機能 as a plan names it.
    pub function: String,
    /// What it consists of.
    pub parts: Vec<TemplatePart>,
    /// Ids of 維持管理 and 操作 in `sectors.v1.json`.
    pub maintenance: Vec<String>,
    /// What a person must answer.
    pub questions: Vec<TemplateQuestion>,
    /// What it rests on.
    pub basis: Basis,
}

/// One category of 構成設備 in a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplatePart {
    /// Unique in the template.
    pub part_id: String,
    /// What it is in our words.
    pub category: Category,
    /// 区分 (種類) as it would be filed.
    pub category_as_filed: String,
    /// 機能 as it would be filed; a person makes it exact.
    pub function: String,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateQuestion {
    /// Unique in the template.
    pub question_id: String,
    /// The question.
    pub text: Text,
    /// Why it is asked.
    pub basis: Basis,
}

impl TemplateFile {
    pub(super) fn row(&self) -> Row {
        Row::new("templates", &self.template_id, &self.name, &self.basis, self)
    }
}
