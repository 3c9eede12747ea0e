//! What an edited declaration changes of the one before, in the words that the decision tables are written in.
//! It does not know what a change asks for, nor which of the two was filed.
//! Invariant: only what a plan tells the ministry counts. Hosts, categories in our words and marks of recognition are ours;
//! a field that was empty before says nothing of what was filed, so filling it is no change.

mod filing;
mod party;

pub use party::party_changes;

use daicho_schemas::change::{Change, PartyChange, PartyRole};
use daicho_schemas::fact::declaration::{DeclaredPart, Plan};
use daicho_schemas::ids::SupplierId;
use daicho_schemas::planned::ChangeItem;
use std::collections::BTreeMap;

/// What `after` changes of `before`, two versions of one plan.
pub fn changes_between(before: &Plan, after: &Plan) -> Vec<ChangeItem> {
    let mut found = Found::default();
    let (old, new) = (&before.equipment, &after.equipment);
    let subject = &new.name.ja;
    found.differs(Change::OperatorName, &before.operator.name.ja, &before.operator.name.ja, &after.operator.name.ja);
    found.differs(Change::EquipmentType, subject, &old.equipment_type, &new.equipment_type);
    found.differs(Change::EquipmentName, subject, &old.name.ja, &new.name.ja);
    found.differs(Change::EquipmentFunction, subject, &old.function, &new.function);
    found.differs(Change::EquipmentPlace, subject, &old.place, &new.place);
    found.entrusted(before, after);
    found.parts(&before.parts, &after.parts);
    found.contractors(before, after);
    found.filing(before, after);
    found.0
}

fn item(change: Change, subject: &str, before: Option<String>, after: Option<String>) -> ChangeItem {
    let subject = subject.to_string();
    ChangeItem { change, subject, before, after, part_id: None, supplier_id: None, data: BTreeMap::new() }
}

#[derive(Default)]
struct Found(Vec<ChangeItem>);

impl Found {
    fn differs(&mut self, change: Change, subject: &str, before: &str, after: &str) {
        if before != after {
            self.0.push(item(change, subject, Some(before.into()), Some(after.into())));
        }
    }

    fn entrusted(&mut self, before: &Plan, after: &Plan) {
        let subject = &after.equipment.name.ja;
        let (old, new) = (&before.dates, &after.dates);
        if let (Some(old), Some(new)) = (old.entrusted_from, new.entrusted_from) {
            self.differs(Change::EntrustmentTime, subject, &old.to_string(), &new.to_string());
        }
        if let (Some(old), Some(new)) = (old.entrusted_through, new.entrusted_through) {
            let change = if new < old { Change::EntrustmentPeriodShortened } else { Change::EntrustmentPeriod };
            self.differs(change, subject, &old.to_string(), &new.to_string());
        }
    }

    fn parts(&mut self, before: &[DeclaredPart], after: &[DeclaredPart]) {
        let old: BTreeMap<_, _> = before.iter().map(|part| (&part.part_id, part)).collect();
        let new: BTreeMap<_, _> = after.iter().map(|part| (&part.part_id, part)).collect();
        for (id, part) in &old {
            match new.get(id) {
                None => self.of_part(part, Change::ComponentDropped, Some(part.name.clone()), None),
                Some(now) => self.part(part, now),
            }
        }
        for part in new.iter().filter(|(id, _)| !old.contains_key(*id)).map(|(_, part)| part) {
            self.of_part(part, Change::ComponentAdded, None, Some(part.name.clone()));
        }
    }

    fn part(&mut self, old: &DeclaredPart, new: &DeclaredPart) {
        let replaced = Change::Party(PartyRole::ComponentSupplier, PartyChange::Replaced);
        let country = |part: &DeclaredPart| part.manufacturing_country.as_ref().map(ToString::to_string);
        let (made_before, made_now) = (country(old), country(new));
        let known = made_before.is_some() && made_now.is_some();
        for (change, before, after) in [
            (Change::ComponentCategory, Some(old.category_as_filed.clone()), Some(new.category_as_filed.clone())),
            (Change::ComponentName, Some(old.name.clone()), Some(new.name.clone())),
            (Change::ComponentFunction, Some(old.function.clone()), Some(new.function.clone())),
            (replaced, Some(old.supplier_id.to_string()), Some(new.supplier_id.to_string())),
            (Change::ComponentManufacturingCountry, made_before.filter(|_| known), made_now.filter(|_| known)),
        ] {
            if before != after {
                self.of_part(new, change, before, after);
            }
        }
    }

    fn of_part(&mut self, part: &DeclaredPart, change: Change, before: Option<String>, after: Option<String>) {
        let (part_id, supplier_id) = (Some(part.part_id.clone()), Some(part.supplier_id.clone()));
        self.0.push(ChangeItem { part_id, supplier_id, ..item(change, &part.name, before, after) });
    }

    /// One who goes for one who comes, in the same role, is a replacement. A change of name weighs the same for a contractor and
    /// a subcontractor; a change of country does not.
    fn contractors(&mut self, before: &Plan, after: &Plan) {
        let role = |plan: &Plan, id: &SupplierId| {
            let below = plan.contractor_tiers.iter().any(|tier| tier.supplier_id == *id && tier.parent.is_some());
            if below { PartyRole::Subcontractor } else { PartyRole::Contractor }
        };
        for wanted in [PartyRole::Contractor, PartyRole::Subcontractor] {
            let gone = before.contractors.iter().filter(|id| !after.contractors.contains(id));
            let gone: Vec<&SupplierId> = gone.filter(|id| role(before, id) == wanted).collect();
            let came = after.contractors.iter().filter(|id| !before.contractors.contains(id));
            let came: Vec<&SupplierId> = came.filter(|id| role(after, id) == wanted).collect();
            let mut party = |change, old: Option<&SupplierId>, new: Option<&SupplierId>| {
                let Some(subject) = new.or(old) else { return };
                let (old, new) = (old.map(ToString::to_string), new.map(ToString::to_string));
                let item = item(Change::Party(wanted, change), subject.as_str(), old, new);
                self.0.push(ChangeItem { supplier_id: Some(subject.clone()), ..item });
            };
            if let ([old], [new]) = (gone.as_slice(), came.as_slice()) {
                party(PartyChange::Replaced, Some(old), Some(new));
                continue;
            }
            gone.into_iter().for_each(|old| party(PartyChange::Dropped, Some(old), None));
            came.into_iter().for_each(|new| party(PartyChange::Added, None, Some(new)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::plan;
    use serde_json::{Value, json};

    fn words(items: &[ChangeItem]) -> Vec<String> {
        items.iter().map(|item| item.change.to_string()).collect()
    }

    fn whole() -> Plan {
        let mut plan =
            plan("plan-1", "tos").part("os", "operating_system", "debian").part("app", "application", "vendor").build();
        plan.contractors = vec![SupplierId::new("a").unwrap(), SupplierId::new("b").unwrap()];
        plan
    }

    /// What one edit of the plan's JSON brings up.
    fn edited(pointer: &str, value: Value) -> Vec<String> {
        let mut json = serde_json::to_value(whole()).unwrap();
        *json.pointer_mut(pointer).unwrap() = value;
        words(&changes_between(&whole(), &serde_json::from_value(json).unwrap()))
    }

    #[test]
    fn every_field_that_the_ministry_was_told_is_compared_and_no_other() {
        assert_eq!(words(&changes_between(&whole(), &whole())), Vec::<String>::new());
        for (pointer, value, word) in [
            ("/operator/name/ja", json!("x"), "operator_name"),
            ("/equipment/equipment_type", json!("x"), "equipment_type"),
            ("/equipment/name/ja", json!("x"), "equipment_name"),
            ("/equipment/function", json!("x"), "equipment_function"),
            ("/equipment/place", json!("x"), "equipment_place"),
            ("/parts/0/category_as_filed", json!("x"), "component_category"),
            ("/parts/0/name", json!("x"), "component_name"),
            ("/parts/0/function", json!("x"), "component_function"),
            ("/parts/0/supplier_id", json!("x"), "component_supplier_replaced"),
            ("/contractors", json!(["a", "c"]), "contractor_replaced"),
            ("/contractors", json!(["a", "b", "c"]), "contractor_added"),
            ("/contractors", json!(["b"]), "contractor_dropped"),
        ] {
            assert_eq!(edited(pointer, value), [word], "{pointer}");
        }
        for (pointer, value) in [
            ("/equipment/hosts", json!(["other"])),
            ("/parts/0/category", json!("firmware")),
            ("/parts/0/covers", json!(["x*"])),
            ("/dates/introduced_on", json!("2026-07-01")),
            ("/contractors", json!(["b", "a"])),
        ] {
            assert_eq!(edited(pointer, value), Vec::<String>::new(), "{pointer}");
        }
    }

    #[test]
    fn a_part_comes_goes_and_keeps_its_id() {
        let mut after = whole();
        after.parts.remove(0);
        after.parts.push(plan("p", "tos").part("db", "middleware", "vendor").build().parts.remove(0));
        let found = changes_between(&whole(), &after);
        assert_eq!(words(&found), ["component_dropped", "component_added"]);
        assert_eq!((found[0].part_id.as_ref().unwrap().as_str(), found[0].after.as_deref()), ("os", None));
        assert_eq!((found[1].part_id.as_ref().unwrap().as_str(), found[1].after.as_deref()), ("db", Some("part db")));
    }

    #[test]
    fn a_country_that_was_not_recorded_before_is_no_change() {
        let made = |country: Option<&str>| {
            let mut plan = whole();
            plan.parts[0].manufacturing_country = country.map(|country| country.to_string().try_into().unwrap());
            plan
        };
        assert_eq!(words(&changes_between(&made(None), &made(Some("JP")))), Vec::<String>::new());
        let moved = changes_between(&made(Some("JP")), &made(Some("TW")));
        assert_eq!(words(&moved), ["component_manufacturing_country"]);
    }

    #[test]
    fn a_period_of_entrustment_that_ends_earlier_is_shortened() {
        let through = |day: &str| {
            let dates =
                json!({ "submitted_on": "2026-01-05", "entrusted_from": "2026-04-01", "entrusted_through": day });
            plan("plan-2", "tos").entrustment().dates(dates).build()
        };
        let change = |day: &str| words(&changes_between(&through("2026-12-31"), &through(day)));
        assert_eq!(change("2026-11-30"), ["entrustment_period_shortened"]);
        assert_eq!(change("2027-03-31"), ["entrustment_period"]);
    }
}
