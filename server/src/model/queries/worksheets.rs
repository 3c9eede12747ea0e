//! The worksheet of a plan that stands, from the records that stand.
//! It does not fill anything in itself; `worksheet` does.
//! Invariant: the answer follows from the ledger, the form and the day of filing alone.

use super::super::Model;
use super::check_answers::RISK_LIST;
use crate::model::regimes;
use crate::model::views::computers::ComputerState;
use crate::worksheet::{ComputersFiling, Filing, Worksheet, add_measures, fill, fill_check_list, fill_computers};
use daicho_schemas::fact::check_answer::CheckedThing;
use daicho_schemas::ids::{EquipmentId, PlanId};
use daicho_schemas::regime::forms::FormsFile;
use daicho_schemas::time::CalendarDate;
use std::collections::BTreeMap;

impl Model {
    /// One form of one plan, filled in for a day of filing. `given` is what no plan can say, by field. `None` where there is no
    /// such plan or form, or the form is for plans of the other kind.
    pub fn worksheet(
        &self,
        forms: &FormsFile,
        form_id: &str,
        plan_id: &PlanId,
        filing_on: CalendarDate,
        given: BTreeMap<String, String>,
    ) -> Option<Worksheet> {
        let plan = &self.state.declarations.plan_state(plan_id)?.plan;
        let supplier = |id: &_| self.state.declarations.supplier_state(id);
        let mut sheet = fill(forms, form_id, &Filing { plan, supplier: &supplier, filing_on, given })?;
        if let Some(risk) = self.check_sheet(RISK_LIST, &CheckedThing::Plan(plan_id.clone()), filing_on) {
            add_measures(&mut sheet, &risk);
        }
        Some(sheet)
    }

    /// An ACD form of one equipment, filled in from the decisions on its computers. `None` where there is no such equipment or form.
    pub fn computers_worksheet(&self, id: &EquipmentId, form_id: &str, filing_on: CalendarDate) -> Option<Worksheet> {
        let plan = &self.state.declarations.plans_of(id).max_by_key(|state| state.seq)?.plan;
        let computers: Vec<ComputerState> =
            self.state.computers.of_equipment(id).map(|(_, state)| state.clone()).collect();
        let facts = |product: &_| self.computer_facts(id, product);
        let filing = ComputersFiling { plan, computers: &computers, facts: &facts, filing_on };
        fill_computers(regimes::computers()?, form_id, &filing)
    }

    /// A check list about a thing, with its answers, on a day. `None` where there is no such list or thing.
    pub fn check_list_worksheet(&self, list_id: &str, about: &CheckedThing, today: CalendarDate) -> Option<Worksheet> {
        let equipment = self.equipment_of(about)?;
        let plan = &self.state.declarations.plans_of(&equipment).max_by_key(|state| state.seq)?.plan;
        Some(fill_check_list(&self.check_sheet(list_id, about, today)?, plan, today))
    }
}
