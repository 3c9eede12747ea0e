//! The declarations: the version of each plan and supplier record that stands, and the equipment that the plans name.
//! It does not know what was observed, nor in which phase a plan is on a given day.
//! Invariant: the version received last stands; earlier ones are counted here and kept in the ledger.

mod as_filed;

use crate::model::snapshot::{In, Keep, Out, SnapshotError};
use daicho_schemas::fact::decision::PersonalDataErased;
use daicho_schemas::fact::declaration::{Equipment, Plan, PlanDates, PlanKind};
use daicho_schemas::fact::supplier::{SupplierField, SupplierRecord, ValueState};
use daicho_schemas::ids::{EquipmentId, PlanId, SupplierId};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Plans and suppliers.
#[derive(Clone, Debug, Default)]
pub struct Declarations {
    plans: OrdMap<PlanId, Arc<PlanState>>,
    by_equipment: OrdSet<(EquipmentId, Option<PlanId>)>,
    suppliers: OrdMap<SupplierId, Arc<SupplierState>>,
}

/// A plan as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanState {
    /// The plan as filed or drafted.
    pub plan: Arc<Plan>,
    /// How many versions the ledger holds.
    pub versions: u64,
    /// The entry of the version that stands.
    pub seq: u64,
    /// The version that was filed, where a later one stands that was not filed anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_filed: Option<Arc<Plan>>,
    /// What the ministry was told of everybody whom the filed plan names: the records that stood when it was filed or its
    /// changes were reported last. What was empty then is taken from the first record that says it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub records_as_filed: BTreeMap<SupplierId, Arc<SupplierRecord>>,
}

impl PlanState {
    /// What was filed, where another version stands now and the plan is still open: not introduced. The end of an
    /// entrustment is a question of the day, which the decision table asks.
    pub fn changed_since(&self) -> Option<&Plan> {
        self.as_filed.as_deref().filter(|_| self.plan.dates.introduced_on.is_none())
    }

    /// What was filed, as far as another version after this one is to be compared with it: nothing, where this one was
    /// never filed or the other is a filing of its own.
    fn filed_before(&self, next: &Plan) -> Option<Arc<Plan>> {
        let (old, new) = (&self.plan.dates, &next.dates);
        let anew = |old: Option<CalendarDate>, new: Option<CalendarDate>| old.is_some() && old != new;
        let told = |dates: &PlanDates| (dates.change_submitted_on, dates.change_accepted_on, dates.reported_on);
        let changes_told = told(old) != told(new) && new.last_told_on() > old.last_told_on();
        let filing = anew(old.submitted_on, new.submitted_on) || anew(old.accepted_on, new.accepted_on) || changes_told;
        let filed = self.as_filed.as_ref().unwrap_or(&self.plan);
        (self.filed() && !filing).then(|| Arc::clone(filed))
    }

    /// The record of somebody as the ministry knows it, while the plan is open: not introduced.
    pub fn record_as_filed(&self, supplier: &SupplierId) -> Option<&SupplierRecord> {
        let open = self.plan.dates.introduced_on.is_none();
        self.records_as_filed.get(supplier).filter(|_| open).map(|record| &**record)
    }

    /// The version that the ministry has.
    fn filed_version(&self) -> &Plan {
        self.as_filed.as_deref().unwrap_or(&self.plan)
    }

    /// Whether its parts count as declared: an installation plan (form 4(1)) that was submitted. A draft binds nobody.
    pub fn covers(&self) -> bool {
        self.plan.plan_kind == PlanKind::Installation && self.filed()
    }

    /// Whether anything was filed at all, of either kind.
    pub fn filed(&self) -> bool {
        self.plan.dates.filed()
    }
}

/// A supplier record as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierState {
    /// The record.
    pub record: SupplierRecord,
    /// How many versions the ledger holds.
    pub versions: u64,
    /// The entry of the version that stands.
    pub seq: u64,
    /// What was erased of its people's data, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erasures: Vec<Erasure>,
}

/// People's data that was erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// The keys that are gone.
    pub key_ids: Vec<String>,
    /// The day in Japan.
    pub on: CalendarDate,
    /// The entry that says so.
    pub seq: u64,
}

impl SupplierState {
    /// A record from a file, which is in no ledger.
    pub fn of_file(record: SupplierRecord) -> Self {
        Self { record, versions: 1, seq: 0, erasures: Vec::new() }
    }

    /// What the record holds of an item, for a filing on a day.
    pub fn state_of(&self, field: SupplierField, filing_on: CalendarDate) -> ValueState {
        let key = match field {
            SupplierField::Representative => "representative",
            SupplierField::Holders => "holders",
            SupplierField::Officers => "officers",
            _ => "",
        };
        let boxes = self.record.items.personal().into_iter().filter(|(field, _)| *field == key);
        if boxes.filter_map(|(_, person)| person.sealed()).any(|sealed| self.is_erased(&sealed.key_id)) {
            return ValueState::Erased;
        }
        self.record.state_of(field, filing_on)
    }

    /// Whether what a key sealed is gone.
    pub fn is_erased(&self, key_id: &str) -> bool {
        self.erasures.iter().any(|erasure| erasure.key_ids.iter().any(|id| id == key_id))
    }
}

impl Declarations {
    /// A plan, new or in a new version. Answers the version before.
    pub(crate) fn plan(&mut self, plan: &Plan, seq: u64) -> Option<Arc<PlanState>> {
        let before = self.plans.get(&plan.plan_id).cloned();
        if let Some(before) = &before {
            self.by_equipment.remove(&(before.plan.equipment.equipment_id.clone(), Some(plan.plan_id.clone())));
        }
        self.by_equipment.insert((plan.equipment.equipment_id.clone(), Some(plan.plan_id.clone())));
        let versions = before.as_ref().map_or(0, |before| before.versions) + 1;
        let as_filed = before.as_ref().and_then(|before| before.filed_before(plan));
        let mut state =
            PlanState { plan: Arc::new(plan.clone()), versions, seq, as_filed, records_as_filed: BTreeMap::new() };
        state.records_as_filed = match &before {
            Some(before) if state.as_filed.is_some() => before.records_as_filed.clone(),
            _ if state.filed() => as_filed::records_of(plan, &self.suppliers),
            _ => BTreeMap::new(),
        };
        self.plans.insert(plan.plan_id.clone(), Arc::new(state));
        before
    }

    /// A supplier record, new or in a new version. Filed plans that name it compare with what they know of it.
    pub(crate) fn supplier(&mut self, record: &SupplierRecord, seq: u64) {
        let before = self.suppliers.get(&record.supplier_id);
        let versions = before.map_or(0, |before| before.versions) + 1;
        let erasures = before.map(|before| before.erasures.clone()).unwrap_or_default();
        let state = SupplierState { record: record.clone(), versions, seq, erasures };
        self.suppliers.insert(record.supplier_id.clone(), Arc::new(state));
        as_filed::said_later(&mut self.plans, record);
    }

    /// The data of a supplier's people was erased.
    pub(crate) fn erased(&mut self, erased: &PersonalDataErased, on: CalendarDate, seq: u64) {
        let Some(state) = self.suppliers.get_mut(&erased.supplier_id) else { return };
        Arc::make_mut(state).erasures.push(Erasure { key_ids: erased.key_ids.clone(), on, seq });
    }

    /// Every plan, in order of ids.
    pub fn plans(&self) -> impl Iterator<Item = &PlanState> {
        self.plans.values().map(|state| &**state)
    }

    /// The plans of one equipment, in order of ids.
    pub fn plans_of<'a>(&'a self, id: &'a EquipmentId) -> impl Iterator<Item = &'a PlanState> {
        let first = self.by_equipment.range((id.clone(), None)..);
        let own = first.take_while(move |(equipment, _)| equipment == id);
        own.filter_map(|(_, plan)| self.plan_state(plan.as_ref()?))
    }

    /// The plans of one equipment whose parts count as declared.
    pub fn covering_plans_of<'a>(&'a self, id: &'a EquipmentId) -> impl Iterator<Item = &'a PlanState> {
        self.plans_of(id).filter(|state| state.covers())
    }

    /// One plan.
    pub fn plan_state(&self, id: &PlanId) -> Option<&PlanState> {
        self.plans.get(id).map(|state| &**state)
    }

    /// Every supplier, in order of ids.
    pub fn suppliers(&self) -> impl Iterator<Item = (&SupplierId, &SupplierState)> {
        self.suppliers.iter().map(|(id, state)| (id, &**state))
    }

    /// One supplier.
    pub fn supplier_state(&self, id: &SupplierId) -> Option<&SupplierState> {
        self.suppliers.get(id).map(|state| &**state)
    }

    /// The name of a supplier; its id where nobody recorded it.
    pub fn supplier_name(&self, id: &SupplierId) -> Text {
        self.supplier_state(id).map_or_else(|| Text::same(id.as_str()), |state| state.record.name.clone())
    }

    /// Every equipment that a plan names, in order of ids, as the plan received last describes it.
    pub fn equipment(&self) -> BTreeMap<&EquipmentId, &PlanState> {
        let mut all: BTreeMap<&EquipmentId, &PlanState> = BTreeMap::new();
        for state in self.plans() {
            let stands = all.entry(&state.plan.equipment.equipment_id).or_insert(state);
            if state.seq > stands.seq {
                *stands = state;
            }
        }
        all
    }

    /// One equipment, as the plan received last describes it.
    pub fn equipment_described<'a>(&'a self, id: &'a EquipmentId) -> Option<&'a Equipment> {
        self.plans_of(id).max_by_key(|state| state.seq).map(|state| &state.plan.equipment)
    }

    /// The host names that the plans of one equipment list, spelled as first declared, in order.
    pub fn hosts_of(&self, id: &EquipmentId) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut hosts: Vec<String> = Vec::new();
        for host in self.plans_of(id).flat_map(|state| &state.plan.equipment.hosts) {
            if seen.insert(host_key(host)) {
                hosts.push(host.clone());
            }
        }
        hosts.sort_by_key(|host| host_key(host));
        hosts
    }
}

impl Keep for Declarations {
    fn keep(&self, out: &mut Out<'_>) -> Result<(), SnapshotError> {
        self.plans.keep(out)?;
        self.suppliers.keep(out)
    }

    fn back(from: &mut In<'_>) -> Result<Self, SnapshotError> {
        let plans = OrdMap::<PlanId, Arc<PlanState>>::back(from)?;
        let equipment =
            |(id, state): (&PlanId, &Arc<PlanState>)| (state.plan.equipment.equipment_id.clone(), Some(id.clone()));
        Ok(Self { by_equipment: plans.iter().map(equipment).collect(), plans, suppliers: Keep::back(from)? })
    }
}

/// How host names are compared: without regard to ASCII case (RFC 1035, section 2.3.3) and to a final dot.
pub fn host_key(hostname: &str) -> String {
    hostname.trim().trim_end_matches('.').to_ascii_lowercase()
}
