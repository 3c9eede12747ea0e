//! `remote_maintenance_unanswered`: a vendor that maintains an equipment never said whether it uses remote maintenance, said so too
//! long ago, or said no while a path of its is known.
//! It does not know days: that an answer is over was stated by an entry. Invariant: no answer is no "no".

use super::remote_paths::{maintainers, standing_record};
use super::{Facts, Rule};
use crate::model::findings::{Subject, Verdict};
use crate::model::rows::Severity;
use crate::model::views::devices::is_vpn;
use crate::model::views::drift::Touched;
use daicho_schemas::fact::device::{Answer, WayIn, WayInSort};
use daicho_schemas::fact::device_read::HeldBy;
use daicho_schemas::fact::remote_path::PathEntry;
use daicho_schemas::ids::{EquipmentId, SupplierId};
use daicho_schemas::text::Text;
use roaring::RoaringBitmap;
use std::collections::BTreeSet;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "remote_maintenance_unanswered", claim, subjects, judge };

fn claim() -> Text {
    Text::new(
        "保守に関わる事業者から、リモートメンテナンスの利用の有無について有効な回答がありません。",
        "A vendor that maintains an equipment has given no answer that counts on whether it uses remote maintenance.",
    )
}

fn subjects(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let devices = touched.devices.iter().filter_map(|id| facts.state.devices.recorded(id)?.equipment_id.as_ref());
    let equipment: BTreeSet<&EquipmentId> = touched.equipment.iter().chain(devices).collect();
    let pairs = equipment.into_iter().flat_map(|id| {
        let all = maintainers(facts.state, id).into_iter();
        all.map(|supplier| (id.clone(), supplier))
    });
    let answers = touched.answers.iter().cloned();
    // A record that comes later gives a name to whom devices and paths named before.
    let named = touched.supplier.iter().flat_map(|supplier| {
        let all: BTreeSet<&EquipmentId> = facts.drift.spoken_of(facts.state).collect();
        let own = all.into_iter().filter(|id| maintainers(facts.state, id).contains(supplier));
        own.map(|id| (id.clone(), supplier.clone()))
    });
    pairs.chain(answers).chain(named).map(|(equipment, supplier)| Subject::RemoteAnswer(equipment, supplier)).collect()
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::RemoteAnswer(equipment, supplier) = subject else { return None };
    if !maintainers(facts.state, equipment).contains(supplier) {
        return None;
    }
    let answer = facts.state.remote_paths.answer(&(equipment.clone(), supplier.clone()));
    let who = facts.state.declarations.supplier_name(supplier);
    let system = facts.equipment_name(equipment);
    let (severity, title) = match answer {
        None => (
            Severity::Notice,
            Text::new(
                format!("「{}」からリモートメンテナンスの有無の回答がありません（{}）", who.ja, system.ja),
                format!("{} has not said whether it uses remote maintenance ({})", who.en, system.en),
            ),
        ),
        Some(state) if state.ended => (
            Severity::Warning,
            Text::new(
                format!("「{}」のリモートメンテナンスについての回答の期限が過ぎました（{}）", who.ja, system.ja),
                format!("The answer of {} on remote maintenance is out of date ({})", who.en, system.en),
            ),
        ),
        Some(state) if !state.answered.uses => {
            let path = path_of(facts, equipment, supplier)?;
            (
                Severity::Critical,
                Text::new(
                    format!("「{}」の「利用なし」の回答と、経路「{path}」が食い違います（{}）", who.ja, system.ja),
                    format!("{} said that it uses none, and there is the path \"{path}\" ({})", who.en, system.en),
                ),
            )
        }
        Some(_) => return None,
    };
    Some(Verdict {
        severity,
        title,
        why: Text::new(
            "リモートメンテナンス（保守）の有無は、機器を持つ事業者しか知らないことがあります。回答がないことは「なし」ではありません。",
            "Whether there is remote maintenance may be known to the vendor alone. No answer does not mean none.",
        ),
        next: Text::new(
            "事業者に確かめ、回答の日・回答した部署・方法を記録してください。食い違うときは、見つかった経路を示して確かめ直してください。",
            "Ask the vendor, and record the day, the office that answered and how. Where it contradicts what is known, show them the path and ask again.",
        ),
        equipment_id: Some(equipment.clone()),
        hosts: RoaringBitmap::new(),
        components: vec![supplier.to_string()],
        supplier: None,
        planned_by: None,
    })
}

/// A path of a vendor on an equipment: one that a record or a plan gives it, or a way in of a device of its own.
fn path_of(facts: &Facts<'_>, equipment: &EquipmentId, supplier: &SupplierId) -> Option<String> {
    let state = facts.state;
    let recorded = state.remote_paths.iter().filter(|path| path.stands()).map(|path| &path.recorded);
    let mut own = recorded.filter(|path| {
        path.supplier_id.as_ref() == Some(supplier)
            && path.equipment_id.as_ref() == Some(equipment)
            && path.national_network.is_none()
    });
    if let Some(path) = own.next() {
        return Some(path.remote_path_id.to_string());
    }
    let declared = state.declarations.plans_of(equipment).filter(|plan| plan.filed());
    let mut declared = declared.flat_map(|plan| &plan.plan.remote_paths);
    if let Some(path) = declared.find(|path| path.supplier_id == *supplier) {
        return Some(path.remote_path_id.to_string());
    }
    let devices = state.devices.of_equipment(equipment).filter_map(|id| state.devices.get(id));
    let held = devices
        .filter(|device| device.recorded.is_some_and(|own| own.owner == Some(HeldBy::Supplier(supplier.clone()))));
    held.flat_map(|device| {
        let ways: Vec<String> = device
            .ways()
            .into_iter()
            .filter(|(key, own)| {
                let entry = PathEntry::DeviceWayIn { device_id: device.id.clone(), way_in: key.to_string() };
                let other = standing_record(state, &entry).is_some_and(|path| path.recorded.supplier_id.is_some());
                comes_in(&own.way) && own.way.enabled.answer == Answer::Yes && !other
            })
            .map(|(key, _)| format!("{} {key}", device.id))
            .collect();
        ways
    })
    .next()
}

/// Whether people come in by it: a tunnel, a dial-in, or management that is open to the outside.
fn comes_in(way: &WayIn) -> bool {
    is_vpn(way) || way.sort == WayInSort::Management
}

#[cfg(test)]
mod tests;
