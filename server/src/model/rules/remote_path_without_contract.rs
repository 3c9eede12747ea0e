//! `remote_path_without_contract`: a path by which somebody comes in, of which no contract is known or whose contract is over.
//! It does not know what a contract says. Invariant: that a last day is over was stated by an entry; a path that was removed, or
//! that leads to a national network, needs none.

use super::remote_paths::{ContractState, contract_of, contract_with, entry_of, runs, standing_record};
use super::{Facts, Rule};
use crate::model::findings::{Subject, Verdict};
use crate::model::rows::Severity;
use crate::model::views::declarations::PlanState;
use crate::model::views::drift::Touched;
use crate::model::views::remote_paths::PathState;
use daicho_schemas::fact::declaration::PlanKind;
use daicho_schemas::ids::{EquipmentId, PlanId, RemotePathId};
use daicho_schemas::text::Text;
use roaring::RoaringBitmap;
use std::collections::BTreeSet;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "remote_path_without_contract", claim, subjects, judge };

fn claim() -> Text {
    Text::new(
        "リモート保守経路に、対応する委託の契約がありません。",
        "A remote path belongs to no contract of entrustment that runs.",
    )
}

fn subjects(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let paths = &facts.state.remote_paths;
    // Of the equipment to which a path leads, or of another one on which its contract is.
    let is_touched = |id: &EquipmentId| touched.equipment.contains(id);
    let bears = |path: &&PathState| {
        let own = &path.recorded;
        let contract = own.contract.as_ref().and_then(|plan| facts.state.declarations.plan_state(plan));
        own.equipment_id.as_ref().is_some_and(is_touched)
            || contract.is_some_and(|contract| is_touched(&contract.plan.equipment.equipment_id))
    };
    let touched_too = paths.iter().filter(|_| !touched.equipment.is_empty()).filter(bears);
    let touched_too = touched_too.map(|path| &path.recorded.remote_path_id);
    let recorded = touched.paths.iter().chain(touched_too).cloned().map(Subject::RemotePath);
    let plans = || touched.equipment.iter().flat_map(|id| facts.state.declarations.plans_of(id));
    // A path may lead to no equipment, or to another one, and its contract's period change all the same.
    let of_contract = plans().flat_map(|plan| paths.of_contract(&plan.plan.plan_id));
    let of_contract = of_contract.map(|path| Subject::RemotePath(path.recorded.remote_path_id.clone()));
    let declared = plans().flat_map(declared_in);
    // A record is judged instead of what plans of any equipment declare at the same place, now or until now.
    let all = facts.state.declarations.plans().filter(|_| !touched.paths.is_empty());
    let told_twice = all.flat_map(declared_in);
    recorded.chain(of_contract).chain(declared).chain(told_twice).collect()
}

fn declared_in(plan: &PlanState) -> impl Iterator<Item = Subject> {
    let id = &plan.plan.plan_id;
    plan.plan.remote_paths.iter().map(|path| Subject::DeclaredPath(id.clone(), path.remote_path_id.clone()))
}

/// What is the matter with a path's contract.
enum Matter {
    /// Nobody named one.
    Missing,
    /// Its last day is over.
    Ended(PlanId),
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    match subject {
        Subject::RemotePath(id) => of_record(facts, id),
        Subject::DeclaredPath(plan, id) => of_plan(facts, plan, id),
        _ => None,
    }
}

fn of_record(facts: &Facts<'_>, id: &RemotePathId) -> Option<Verdict> {
    let path = facts.state.remote_paths.get(id).filter(|path| path.stands())?;
    let matter = match contract_of(facts.state, path) {
        ContractState::Stands | ContractState::NotApplicable => return None,
        ContractState::Missing => Matter::Missing,
        ContractState::Ended => Matter::Ended(path.recorded.contract.clone()?),
    };
    Some(verdict(id, path.recorded.equipment_id.clone(), &matter))
}

fn of_plan(facts: &Facts<'_>, plan: &PlanId, id: &RemotePathId) -> Option<Verdict> {
    let state = facts.state.declarations.plan_state(plan).filter(|state| state.filed())?;
    let path = state.plan.remote_paths.iter().find(|path| path.remote_path_id == *id)?;
    // What a person recorded of it says more, and is judged instead.
    if standing_record(facts.state, &entry_of(path)).is_some() {
        return None;
    }
    let equipment = &state.plan.equipment.equipment_id;
    let matter = match state.plan.plan_kind {
        PlanKind::Entrustment if runs(facts.state, state) => return None,
        _ if contract_with(facts.state, equipment, &path.supplier_id).is_some() => return None,
        PlanKind::Entrustment => Matter::Ended(plan.clone()),
        PlanKind::Installation => Matter::Missing,
    };
    Some(verdict(id, Some(equipment.clone()), &matter))
}

fn verdict(id: &RemotePathId, equipment_id: Option<EquipmentId>, matter: &Matter) -> Verdict {
    let severity = match (&equipment_id, matter) {
        (None, _) => Severity::Notice,
        (Some(_), _) => Severity::Warning,
    };
    let title = match matter {
        Matter::Missing => Text::new(
            format!("経路「{id}」に委託の契約がありません"),
            format!("Remote path \"{id}\" belongs to no contract"),
        ),
        Matter::Ended(plan) => Text::new(
            format!("経路「{id}」の契約「{plan}」の期間が終わっています"),
            format!("Remote path \"{id}\": the period of its contract \"{plan}\" is over"),
        ),
    };
    Verdict {
        severity,
        title,
        why: Text::new(
            "誰がどの契約で外部から入るのかが分からない経路は、使われていても止められず、責任の所在も定まりません。重要維持管理等の委託に当たるなら届出にも関わります。",
            "Of a path whose contract nobody knows, nobody can say who may use it or who answers for it. If it is an entrustment of 重要維持管理等, a filing may be due.",
        ),
        next: Text::new(
            "契約を確かめ、委託の計画（contract）を経路の記録に書いてください。契約がないか終わっているなら、経路を止めて removed_on を記録します。",
            "Find the contract and name its plan of entrustment (contract) in the record of the path. If there is none, or it is over, take the path away and record that (removed_on).",
        ),
        equipment_id,
        hosts: RoaringBitmap::new(),
        components: vec![id.to_string()],
        supplier: None,
        planned_by: None,
    }
}

#[cfg(test)]
mod tests;
