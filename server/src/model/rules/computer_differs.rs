//! `computer_differs`: a computer in scope shows another product than the one that was confirmed of it.
//! It does not know whether that is a change to notify; a person decides about the computer anew.
//! Invariant: only what a host shows differs; what it does not show, or no agent looks at, is no difference.

use super::{Facts, Rule, computers_touched};
use crate::model::duties::computers::proposal::{UnitSort, seen_units};
use crate::model::findings::{Subject, Verdict};
use crate::model::prepared::Sort;
use crate::model::rows::Severity;
use crate::model::views::computers::ComputerState;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::text::Text;
use roaring::RoaringBitmap;

/// Its name.
pub(crate) const ID: &str = "computer_differs";

/// The rule.
pub(super) const RULE: Rule = Rule { id: ID, claim, subjects: computers_touched, judge };

fn claim() -> Text {
    Text::new(
        "特定重要電子計算機の製品が、確認したときと違います。",
        "A computer in scope shows another product than when it was confirmed.",
    )
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Computer(equipment, name) = subject else { return None };
    let computer = facts.state.computers.get(&(equipment.clone(), name.clone()))?;
    if !computer.judged.in_scope {
        return None;
    }
    let hosts: RoaringBitmap = facts.drift.hosts.of_name(name).collect();
    let items: Vec<Observation> = hosts.iter().flat_map(|host| observed(facts, host)).collect();
    let differing = differing(computer, &items);
    let (confirmed, seen) = differing.first()?;
    let more = differing.len() - 1;
    Some(Verdict {
        severity: Severity::Warning,
        title: Text::new(
            format!("{} の製品が確認したときと違います：{confirmed} → {seen}", computer.name),
            format!("{} shows another product than was confirmed: {confirmed} → {seen}", computer.name),
        ),
        why: Text::new(
            format!("届け出た製品名が変わると、変更の届出が要ります。ほかに {more} 件あります。"),
            format!("When the product that was notified changes, the change is notified. There are {more} more."),
        ),
        next: Text::new(
            "「電子計算機」のページでこの電子計算機を確認し直してください。届出済みなら、変わった日を書きます。",
            "Confirm the computer anew on the page of computers. If it was notified, give the day on which it changed.",
        ),
        equipment_id: Some(equipment.clone()),
        hosts,
        components: Vec::new(),
        supplier: None,
        planned_by: None,
    })
}

fn observed(facts: &Facts<'_>, host: u32) -> Vec<Observation> {
    let wanted = facts.state.assets.on(host, |item| matches!(item.sort, Sort::System | Sort::Hardware));
    wanted.into_iter().filter_map(|item| item.observation()).collect()
}

/// What was confirmed and what is seen instead, product by product.
fn differing(computer: &ComputerState, items: &[Observation]) -> Vec<(String, String)> {
    let seen = seen_units(items);
    let of = |sort: UnitSort| seen.iter().filter(move |(own, _)| *own == sort).map(|(_, name)| name.as_str());
    let products = computer.judged.products.iter().filter_map(|product| {
        let confirmed = product.seen_as.as_deref()?;
        let sort = if product.unit_id == "appliance" { UnitSort::ApplianceHardware } else { UnitSort::OperatingSystem };
        let instead = of(sort).next().filter(|_| of(sort).all(|name| name != confirmed))?;
        Some((confirmed.to_string(), instead.to_string()))
    });
    products.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::entry::Author;
    use crate::model::testing::{Script, operating_system, plan, supplier};
    use daicho_schemas::batch::Outcome;
    use daicho_schemas::fact::Fact;
    use daicho_schemas::fact::decision::Role;
    use serde_json::json;

    fn confirm(script: &mut Script, by: &Author, seen_as: &str) {
        let judged = serde_json::from_value(json!({
            "equipment_id": "tos", "computers": [{ "name": "TOS-1" }], "in_scope": true, "scope_id": "equipment-itself",
            "products": [{ "unit_id": "installed-software", "product": "Debian", "maker": "Debian Project",
                "introduced_on": "2026-11-01", "seen_as": seen_as }],
        }));
        script.push(by.clone(), Fact::ComputerJudged(judged.unwrap()));
    }

    #[test]
    fn another_system_under_a_confirmed_name_is_found_and_closes_when_it_is_confirmed_anew() {
        let mut script = Script::with_agent("tos-1");
        script.supplier(supplier("debian"));
        script.plan(plan("plan-1", "tos").host("tos-1").part("os", "operating_system", "debian"));
        let aoi = script.person("aoi", Role::Compliance);
        confirm(&mut script, &aoi, "debian system");
        assert_eq!(script.open_rows(ID), [], "nothing was seen yet");
        script.os_named("debian", "tos-1");
        assert_eq!(script.open_rows(ID), [], "what is seen is what was confirmed");
        script.os_named("other", "tos-1");
        let open = script.open_rows(ID);
        assert_eq!((open.len(), open[0].hosts), (1, 1));
        assert!(open[0].title.en.ends_with("debian system → other system"), "{}", open[0].title.en);
        script.report("operating_system", Outcome::Failed, Vec::new());
        assert_eq!(script.open_rows(ID).len(), 1, "a failed look takes nothing back");
        confirm(&mut script, &aoi, "other system");
        assert_eq!(script.open_rows(ID), []);
        script.assert_replay_is_idempotent();
    }

    #[test]
    fn only_what_the_host_shows_of_the_same_sort_is_compared() {
        let computer = |unit: &str, seen_as: Option<&str>| {
            let judged = serde_json::from_value(json!({
                "equipment_id": "tos", "computers": [{ "name": "a" }], "in_scope": true, "scope_id": "router",
                "products": [{ "unit_id": unit, "product": "p", "seen_as": seen_as }],
            }));
            ComputerState {
                name: "a".into(),
                judged: std::sync::Arc::new(judged.unwrap()),
                seq: 1,
                at: "2026-11-21T03:00:00.000000Z".parse().unwrap(),
                by: None,
                in_scope_since: None,
                changes: Vec::new(),
            }
        };
        let items = [operating_system("debian", None)];
        assert_eq!(differing(&computer("installed-software", None), &items), []);
        assert_eq!(differing(&computer("appliance", Some("EG-100")), &items), [], "no machine is seen");
        assert_eq!(differing(&computer("installed-software", Some("debian system")), &items), []);
        assert_eq!(differing(&computer("installed-software", Some("x")), &items).len(), 1);
    }
}
