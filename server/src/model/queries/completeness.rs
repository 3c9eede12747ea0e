//! What a plan's suppliers and contractors must give and what is recorded of it, for a filing on a day.
//! It does not know the plan's own fields (equipment, parts, measures). Invariant: every role of the plan has a line for every item;
//! what nobody is named for is a line too.

use super::super::Model;
use super::super::parties::roles;
use daicho_schemas::fact::supplier::{SupplierField, SupplierRole, ValueState};
use daicho_schemas::ids::{PlanId, SupplierId};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::{Deserialize, Serialize};

/// One role of a plan with everything it must give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleRow {
    /// The role.
    pub role: SupplierRole,
    /// Who has it; absent where the plan names nobody.
    pub supplier_id: Option<SupplierId>,
    /// The name; empty where nobody is named.
    pub name: Text,
    /// Every item.
    pub items: Vec<ItemRow>,
}

/// One item of one role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemRow {
    /// Which.
    pub field: SupplierField,
    /// What is recorded of it.
    pub state: ValueState,
    /// Ord. 17 lets it be omitted if the plan shows with proof that the conditions hold.
    pub may_be_relieved: bool,
}

impl RoleRow {
    /// The items for which something has to be asked yet.
    pub fn open(&self) -> impl Iterator<Item = &ItemRow> {
        self.items.iter().filter(|item| !item.state.is_settled())
    }
}

impl Model {
    /// Role by role, what a plan needs of its suppliers for a filing on a day. `None`: there is no such plan.
    pub fn plan_completeness(&self, id: &PlanId, filing_on: CalendarDate) -> Option<Vec<RoleRow>> {
        let plan = self.plan(id)?;
        Some(roles(plan).into_iter().map(|(role, supplier)| self.role_row(role, supplier, filing_on)).collect())
    }

    fn role_row(&self, role: SupplierRole, supplier: Option<&SupplierId>, filing_on: CalendarDate) -> RoleRow {
        let stands = supplier.and_then(|id| self.state.declarations.supplier_state(id));
        let state = |field| stands.map_or(ValueState::Absent, |supplier| supplier.state_of(field, filing_on));
        let item = |field| ItemRow { field, state: state(field), may_be_relieved: role.may_be_relieved(field) };
        RoleRow {
            role,
            supplier_id: supplier.cloned(),
            name: stands.map(|supplier| supplier.record.name.clone()).unwrap_or_default(),
            items: role.fields().into_iter().map(item).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::entry::Author;
    use crate::model::testing::Script;
    use daicho_schemas::fact::Fact;
    use daicho_schemas::fact::decision::PersonalDataErased;
    use serde_json::{Value, json};

    fn day() -> CalendarDate {
        "2026-11-21".parse().unwrap()
    }

    fn supplier(script: &mut Script, id: &str, items: Value) {
        let record = json!({ "supplier_id": id, "name": { "ja": id, "en": id }, "country_of_law": "JP",
            "source": "test", "as_of": "2026-11-01", "items": items });
        script.push(Author::Server, Fact::Supplier(serde_json::from_value(record).unwrap()));
    }

    fn plan(script: &mut Script, kind: &str, more: Value) {
        let mut plan = json!({
            "format": "daicho.plan.v1", "plan_id": "p", "plan_kind": kind, "regime": "jp-espa",
            "operator": { "name": { "ja": "例示", "en": "Example" }, "business": "一般港湾運送" },
            "equipment": { "equipment_id": "tos", "equipment_type": "TOS", "name": { "ja": "例示", "en": "Example" },
                "function": "例示", "place": "例示県" },
            "dates": {},
        });
        plan.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        script.push(Author::Server, Fact::Plan(serde_json::from_value(plan).unwrap()));
    }

    fn rows(script: &Script) -> Vec<RoleRow> {
        script.model.plan_completeness(&PlanId::new("p").unwrap(), day()).unwrap()
    }

    fn open(row: &RoleRow) -> Vec<&str> {
        row.open().map(|item| item.field.key()).collect()
    }

    #[test]
    fn every_tier_has_its_lines_and_what_was_sent_directly_is_not_open() {
        let mut script = Script::with_agent("tos-01");
        let direct = json!({ "submitted_directly": { "on": "2026-11-02", "receipt": "R-1" } });
        supplier(&mut script, "a", json!({ "officers": direct, "officer_papers": direct }));
        supplier(&mut script, "b", json!({}));
        plan(
            &mut script,
            "entrustment",
            json!({ "contractors": ["a", "b"],
            "contractor_tiers": [{ "supplier_id": "a" }, { "supplier_id": "b", "parent": "a" }] }),
        );
        let rows = rows(&script);
        assert_eq!(
            rows.iter().map(|row| row.role).collect::<Vec<_>>(),
            [SupplierRole::Contractor, SupplierRole::Subcontractor]
        );
        let wanted = [
            "supplier_representative",
            "supplier_address",
            "supplier_holders",
            "supplier_foreign_government_revenue",
            "supplier_registry",
        ];
        assert_eq!(open(&rows[0]), wanted);
        let relieved = rows[1].open().filter(|item| item.may_be_relieved).count();
        assert_eq!((open(&rows[1]).len(), relieved), (7, 4));
        assert!(rows[0].items.iter().all(|item| !item.may_be_relieved));
    }

    #[test]
    fn a_role_without_anybody_is_a_line_and_erased_data_is_open_again() {
        let mut script = Script::with_agent("tos-01");
        let sealed = json!({ "known": { "value": [{ "sealed": { "key_id": "k1", "bytes": "", "complete": true } }],
            "source": "answer", "as_of": "2026-10-01" } });
        supplier(&mut script, "a", json!({ "officers": sealed }));
        plan(
            &mut script,
            "installation",
            json!({ "parts": [{ "part_id": "os", "category": "operating_system",
            "category_as_filed": "OS", "name": "OS", "function": "f", "supplier_id": "a" }] }),
        );
        let before = rows(&script);
        assert_eq!((before[0].supplier_id.as_ref(), open(&before[0]).len()), (None, SupplierField::ALL.len()));
        assert!(!open(&before[1]).contains(&"supplier_officers"));
        let erased = PersonalDataErased {
            supplier_id: SupplierId::new("a").unwrap(),
            key_ids: vec!["k1".into()],
            reason: "asked".into(),
        };
        script.push(Author::Server, Fact::PersonalDataErased(erased));
        let after = rows(&script);
        let officers = after[1].items.iter().find(|item| item.field == SupplierField::Officers).unwrap();
        assert_eq!(officers.state, ValueState::Erased);
    }
}
