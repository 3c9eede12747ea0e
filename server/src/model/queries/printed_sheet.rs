//! A check list as it is printed: for an inspection with the answers that stand, or for one vendor to fill in (事業者確認用).
//! It does not know pages or paper.
//! Invariant: a vendor's sheet holds nothing of another vendor and no answer of the operator's own; what is open is left open.

use super::super::Model;
use super::super::regimes;
use super::super::rules::remote_paths::{maintainers, runs};
use super::super::views::remote_paths::AnswerState as VendorAnswer;
use super::check_answers::CheckRow;
use super::check_evidence::FromEvidence;
use super::devices::DeviceRow;
use super::remote_paths::{PathQuery, PathRow};
use daicho_schemas::fact::check_answer::{CheckAnswer, CheckedThing};
use daicho_schemas::ids::{EquipmentId, PlanId, SupplierId};
use daicho_schemas::regime::check_lists::{CheckItem, CheckList, VendorPart};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::Serialize;

/// A sheet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PrintedSheet {
    /// The list, as the regime's file has it.
    pub list: &'static CheckList,
    /// Who uses it.
    pub operator: Text,
    /// The equipment.
    pub equipment_id: EquipmentId,
    /// Its name.
    pub equipment: Text,
    /// The day it is of.
    pub on: CalendarDate,
    /// The last entry that it knows.
    pub seq: u64,
    /// For whom.
    pub content: SheetContent,
}

/// For whom a sheet is, and what stands on it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SheetContent {
    /// For an inspection: every item with its answer.
    Inspection(Vec<CheckRow>),
    /// For one vendor.
    Vendor(Box<VendorSheet>),
}

/// What stands on a vendor's sheet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VendorSheet {
    /// What the regime's file says of such sheets.
    pub part: &'static VendorPart,
    /// The vendor.
    pub supplier_id: SupplierId,
    /// Its name.
    pub name: Text,
    /// Its entrustments on the equipment that run, with first and last day.
    pub contracts: Vec<(PlanId, Option<CalendarDate>, Option<CalendarDate>)>,
    /// The items it is asked.
    pub items: Vec<VendorItem>,
    /// Its devices that lead to the equipment.
    pub devices: Vec<DeviceRow>,
    /// The ways in that are recorded or declared as its.
    pub paths: Vec<PathRow>,
    /// What it last answered about remote maintenance.
    pub answer: Option<VendorAnswer>,
}

/// An item on a vendor's sheet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VendorItem {
    /// The item.
    pub item: &'static CheckItem,
    /// What its own devices and its own answer say.
    pub evidence: Option<FromEvidence>,
    /// The day on which the operator's no is to become a yes.
    pub target_on: Option<CalendarDate>,
}

impl Model {
    /// The vendors who can be asked about an equipment, with their names.
    pub fn vendors_of(&self, equipment: &EquipmentId) -> Vec<(SupplierId, Text)> {
        let all = maintainers(&self.state, equipment).into_iter();
        all.map(|id| (id.clone(), self.state.declarations.supplier_name(&id))).collect()
    }

    /// A list about an equipment as it is printed, for a vendor where one is named. `None` where there is no such list, equipment or
    /// vendor, or vendors are not sent that list.
    pub fn printed_sheet(
        &self,
        list_id: &str,
        about: &CheckedThing,
        vendor: Option<&SupplierId>,
        today: CalendarDate,
    ) -> Option<PrintedSheet> {
        let list = regimes::check_lists().lists.iter().find(|list| list.list_id == list_id)?;
        let equipment = self.equipment_of(about)?;
        let plan = &self.state.declarations.plans_of(&equipment).max_by_key(|state| state.seq)?.plan;
        let content = match vendor {
            None => SheetContent::Inspection(self.check_sheet(list_id, about, today)?.items),
            Some(id) => SheetContent::Vendor(Box::new(self.vendor_sheet(list, about, id, today)?)),
        };
        Some(PrintedSheet {
            list,
            operator: plan.operator.name.clone(),
            equipment: plan.equipment.name.clone(),
            equipment_id: equipment,
            on: today,
            seq: self.state.seq,
            content,
        })
    }

    fn vendor_sheet(
        &self,
        list: &'static CheckList,
        about: &CheckedThing,
        id: &SupplierId,
        today: CalendarDate,
    ) -> Option<VendorSheet> {
        let part = list.vendor_part.as_ref()?;
        let equipment = self.equipment_of(about)?;
        let declared = &self.state.declarations;
        if declared.supplier_state(id).is_none() && !maintainers(&self.state, &equipment).contains(id) {
            return None;
        }
        let bearing = self.check_bearing(&equipment, today).of_vendor(id);
        let items = list.items.iter().filter(|item| part.item_ids.contains(&item.item_id)).map(|item| {
            let answered = self.check_answer(about, &item.item_id).map(|state| &state.answered);
            let no = answered.filter(|answered| answered.answer == CheckAnswer::No);
            VendorItem {
                item,
                evidence: bearing.of_own(&item.item_id),
                target_on: no.and_then(|answered| answered.target_on),
            }
        });
        let contracts = declared.plans_of(&equipment).filter(|state| runs(&self.state, state) && state.filed());
        let contracts = contracts.filter(|state| state.plan.contractors.contains(id)).map(|state| {
            let dates = &state.plan.dates;
            (state.plan.plan_id.clone(), dates.entrusted_from, dates.entrusted_through)
        });
        let wanted =
            PathQuery { equipment_id: Some(equipment.clone()), supplier_id: Some(id.clone()), ..PathQuery::default() };
        let paths = self.path_rows(&self.path_entries(&wanted), today);
        let stands = |row: &PathRow| row.said.as_ref().is_none_or(|said| said.stands());
        Some(VendorSheet {
            part,
            supplier_id: id.clone(),
            name: declared.supplier_name(id),
            contracts: contracts.collect(),
            items: items.collect(),
            paths: paths.into_iter().filter(stands).collect(),
            answer: self.remote_answer_state(&equipment, id).cloned(),
            devices: bearing.devices,
        })
    }
}

#[cfg(test)]
#[path = "printed_sheet_tests.rs"]
mod tests;
