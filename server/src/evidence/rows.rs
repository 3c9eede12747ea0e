//! The rows of a pack: everything, or what concerns one 特定重要設備, each list whole.
//! It does not know files of a folder or pages. Invariant: nothing is left out without the pack's scope saying so: what cannot be
//! tied to one equipment is in every pack.

use super::ways::Ways;
use super::{HOSTS_MAX, json};
use crate::ledger::engine::Engine;
use crate::ledger::entry::{Author, Entry};
use crate::model::Model;
use crate::model::queries::ComponentQuery;
use crate::model::queries::law::EquipmentLaw;
use crate::model::queries::radius::suppliers_of;
use crate::model::rows::{
    ComponentRow, DutyRow, DutyTurn, EquipmentDetail, FindingRow, HostDetail, PlanRow, SupplierRow,
};
use crate::past::{Moment, PastFault};
use anyhow::Context as _;
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::Fact;
use daicho_schemas::ids::{AgentId, DutyId, EquipmentId, SupplierId};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Entries, and bytes beyond the first one, that are read at once.
const READ_ENTRIES: usize = 1000;
const READ_BYTES: usize = 16 * 1024 * 1024;

/// One host with everything on it.
#[derive(Serialize)]
pub(super) struct HostInventory {
    #[serde(flatten)]
    pub(super) host: HostDetail,
    pub(super) components: Vec<ComponentRow>,
}

/// One duty with its life.
#[derive(Serialize)]
pub(super) struct DutyWithLife {
    #[serde(flatten)]
    pub(super) duty: DutyRow,
    history: Vec<DutyTurn>,
}

/// An entry that rows of the pack name.
#[derive(Serialize)]
struct Rests {
    entry_seq: u64,
    entry_hash: Hash,
    kind: String,
    author: String,
    received_at: String,
    /// What rests on it.
    about: BTreeSet<String>,
}

/// The rows of a pack.
pub(super) struct Rows {
    pub(super) equipment: Vec<EquipmentDetail>,
    pub(super) law: Vec<EquipmentLaw>,
    pub(super) plans: Vec<PlanRow>,
    suppliers: Vec<SupplierRow>,
    pub(super) inventory: Vec<HostInventory>,
    pub(super) findings: Vec<FindingRow>,
    pub(super) duties: Vec<DutyWithLife>,
    pub(super) ways: Ways,
    rests_on: Vec<Rests>,
    /// What people stated, each entry as it stands.
    decisions: Vec<u8>,
    pub(super) decisions_total: usize,
}

impl Rows {
    pub(super) fn of(engine: &dyn Engine, moment: &Moment, only: Option<&EquipmentId>) -> Result<Self, PastFault> {
        let (model, day) = (&moment.model, moment.stand.day);
        let wanted = |id: &EquipmentId| only.is_none_or(|only| only == id);
        let ids: Vec<EquipmentId> =
            model.equipment(day).into_iter().map(|row| row.equipment_id).filter(wanted).collect();
        let plans: Vec<PlanRow> = model.plans(day).into_iter().filter(|row| wanted(&row.equipment_id)).collect();
        let named: BTreeSet<&SupplierId> = plans.iter().flat_map(|row| suppliers_of(&row.plan)).collect();
        let all = model.suppliers().into_iter();
        let suppliers = all.filter(|row| only.is_none() || named.contains(&row.record.supplier_id)).collect();
        let of_equipment = |id: &Option<EquipmentId>| only.is_none() || id.as_ref() == only;
        let findings = model.findings().into_iter().filter(|row| of_equipment(&row.equipment_id)).collect();
        let duties = model.duties().into_iter().filter(|row| wanted(&row.equipment_id));
        let life = |duty: DutyRow| DutyWithLife { history: model.duty_turns(&duty.duty_id).to_vec(), duty };
        let mut rows = Self {
            equipment: ids.iter().filter_map(|id| model.equipment_detail(id, day)).map(without_lists).collect(),
            law: ids.iter().filter_map(|id| model.equipment_law(id, day)).collect(),
            inventory: inventory(model, only)?,
            ways: Ways::of(model, &ids, only, day),
            duties: duties.map(life).collect(),
            plans,
            suppliers,
            findings,
            rests_on: Vec::new(),
            decisions: Vec::new(),
            decisions_total: 0,
        };
        rows.read_entries(engine, moment.stand.entry_seq, only)?;
        Ok(rows)
    }

    /// The entries that rows name, and those that people stated.
    fn read_entries(&mut self, engine: &dyn Engine, last_seq: u64, only: Option<&EquipmentId>) -> anyhow::Result<()> {
        let about = self.named_entries();
        let scope = Scope {
            only: only.cloned(),
            suppliers: self.suppliers.iter().map(|row| row.record.supplier_id.clone()).collect(),
            duties: self.duties.iter().map(|row| row.duty.duty_id.clone()).collect(),
        };
        let mut seq = 0;
        while seq < last_seq {
            let frames = engine.read(seq + 1, READ_ENTRIES, READ_BYTES)?;
            anyhow::ensure!(!frames.is_empty(), "entry {} is missing", seq + 1);
            for frame in frames.iter().take_while(|frame| frame.seq <= last_seq) {
                seq = frame.seq;
                let entry = Entry::parse(&frame.line).with_context(|| format!("entry {seq}"))?;
                if let Some(about) = about.get(&seq) {
                    self.rests_on.push(Rests {
                        entry_seq: seq,
                        entry_hash: entry.entry_hash,
                        kind: entry.kind.clone(),
                        author: entry.author.to_string(),
                        received_at: entry.received_at.to_string(),
                        about: about.clone(),
                    });
                }
                if matches!(entry.author, Author::Person(_)) && scope.holds(&entry.parse_fact()?) {
                    self.decisions.extend_from_slice(&frame.line);
                    self.decisions.push(b'\n');
                    self.decisions_total += 1;
                }
            }
        }
        Ok(())
    }

    fn named_entries(&self) -> BTreeMap<u64, BTreeSet<String>> {
        let mut about: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
        let mut rests = |seq: u64, what: String| {
            about.entry(seq).or_default().insert(what);
        };
        self.plans.iter().for_each(|row| rests(row.seq, format!("plan {}", row.plan_id)));
        self.suppliers.iter().for_each(|row| rests(row.seq, format!("supplier {}", row.record.supplier_id)));
        for row in &self.findings {
            rests(row.opened_seq, format!("finding {} opened", row.finding_id));
            if let Some(seq) = row.closed_seq {
                rests(seq, format!("finding {} closed", row.finding_id));
            }
        }
        for row in &self.duties {
            row.history.iter().for_each(|turn| rests(turn.seq, format!("duty {}", row.duty.duty_id)));
        }
        self.ways.named(&mut rests);
        about
    }

    /// The rows as files.
    pub(super) fn files(&self) -> serde_json::Result<BTreeMap<String, Vec<u8>>> {
        let mut files = BTreeMap::from([
            ("equipment.json".into(), json(&self.equipment)?),
            ("law.json".into(), json(&self.law)?),
            ("plans.json".into(), json(&self.plans)?),
            ("suppliers.json".into(), json(&self.suppliers)?),
            ("inventory.json".into(), json(&self.inventory)?),
            ("findings.json".into(), json(&self.findings)?),
            ("duties.json".into(), json(&self.duties)?),
            ("decisions.ndjson".into(), self.decisions.clone()),
            ("rests_on.json".into(), json(&self.rests_on)?),
        ]);
        files.extend(self.ways.files()?);
        Ok(files)
    }
}

/// Hosts, findings and duties stand whole in files of their own, not cut as on a page.
fn without_lists(detail: EquipmentDetail) -> EquipmentDetail {
    EquipmentDetail { hosts: Vec::new(), findings: Vec::new(), duties: Vec::new(), ..detail }
}

fn inventory(model: &Model, only: Option<&EquipmentId>) -> Result<Vec<HostInventory>, PastFault> {
    let mut agents: Vec<AgentId> = Vec::new();
    let mut cursor: Option<String> = None;
    while let Some(page) =
        model.hosts_page(crate::model::queries::Part { cursor: cursor.as_deref(), limit: None }, only)
    {
        agents.extend(page.items.into_iter().map(|row| row.agent_id));
        if agents.len() > HOSTS_MAX {
            let what = format!("more than {HOSTS_MAX} hosts: make a pack of each equipment (--equipment)");
            return Err(Refusal::new(RefusalCode::RequestMalformed).with(what).into());
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let host =
        |id: &AgentId| Some(HostInventory { host: model.host_detail(id)?, components: components(model, id, only) });
    Ok(agents.iter().filter_map(host).collect())
}

fn components(model: &Model, agent_id: &AgentId, only: Option<&EquipmentId>) -> Vec<ComponentRow> {
    let mut query =
        ComponentQuery { agent_id: Some(agent_id.clone()), equipment_id: only.cloned(), ..Default::default() };
    let mut rows = Vec::new();
    while let Some(page) = model.components(&query) {
        rows.extend(page.items);
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
    }
    rows
}

/// What a pack of one equipment holds of what people stated.
struct Scope {
    only: Option<EquipmentId>,
    suppliers: BTreeSet<SupplierId>,
    duties: BTreeSet<DutyId>,
}

impl Scope {
    fn holds(&self, fact: &Fact) -> bool {
        let Some(only) = &self.only else { return true };
        match fact {
            Fact::Plan(plan) => plan.equipment.equipment_id == *only,
            Fact::Supplier(record) => self.suppliers.contains(&record.supplier_id),
            Fact::PersonalDataErased(erased) => self.suppliers.contains(&erased.supplier_id),
            Fact::DutyMoved(moved) => self.duties.contains(&moved.duty_id),
            Fact::DutyAssigned(assigned) => self.duties.contains(&assigned.duty_id),
            Fact::DutyDated(dated) => self.duties.contains(&dated.duty_id),
            // It may concern this equipment, and nothing says that it does not.
            _ => true,
        }
    }
}
