//! Printed sheets: a vendor sees nothing of another one, and what is open stays open.

use super::*;
use crate::model::testing::{Script, plan, reading, supplier, tunnel, way};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Role;
use serde_json::json;

fn hospital() -> Script {
    let mut script = Script::with_agent("ehr-1");
    script.supplier(supplier("caterer"));
    script.supplier(supplier("scanner"));
    script.plan(plan("plan-1", "tos").host("ehr-1"));
    let open = way("any", "remote_access", "yes", "no");
    script.device("caterer-gw", &reading("S1", &[open]), json!({ "owner": { "supplier": "caterer" } }));
    script.device("scanner-gw", &reading("S2", &[tunnel("tunnel 1")]), json!({ "owner": { "supplier": "scanner" } }));
    script
}

fn tos() -> CheckedThing {
    CheckedThing::Equipment(EquipmentId::new("tos").unwrap())
}

fn sheet(script: &Script, vendor: Option<&str>) -> Option<PrintedSheet> {
    let vendor = vendor.map(|id| SupplierId::new(id).unwrap());
    script.model.printed_sheet("hospital-check-list", &tos(), vendor.as_ref(), "2026-11-21".parse().unwrap())
}

#[test]
fn a_vendor_sees_its_own_devices_and_nothing_of_another_one_or_of_our_answers() {
    let mut script = hospital();
    let by = script.person("aoi", Role::Compliance);
    let no = json!({ "about": { "equipment": "tos" }, "list_id": "hospital-check-list", "item_id": "hospital-2-14",
        "answer": "no", "on": "2026-11-01", "note": "内部の事情", "target_on": "2027-03-31" });
    script.push(by, Fact::CheckAnswered(serde_json::from_value(no).unwrap()));
    let sheet = sheet(&script, Some("scanner")).unwrap();
    let json = serde_json::to_string(&sheet.content).unwrap();
    assert!(json.contains("scanner-gw") && !json.contains("caterer") && !json.contains("内部の事情"), "{json}");
    let SheetContent::Vendor(own) = sheet.content else { unreachable!() };
    let numbers: Vec<&str> = own.items.iter().map(|item| item.item.number.as_str()).collect();
    assert_eq!((numbers.len(), numbers[0], numbers[13]), (14, "2-①", "2-⑭"), "numbers are the edition's");
    assert_eq!(own.items[13].target_on, Some("2027-03-31".parse().unwrap()));
    let answer = own.items[13].evidence.as_ref().unwrap().answer;
    assert_eq!(answer, CheckAnswer::Unknown, "a box of another vendor that anybody may reach is no \"no\" of this one");
    assert!(own.items[0].evidence.is_none(), "the ledger is no business of a vendor");
}

#[test]
fn an_inspection_sees_every_item_and_a_list_without_a_vendors_part_is_sent_to_nobody() {
    let script = hospital();
    let SheetContent::Inspection(rows) = sheet(&script, None).unwrap().content else { unreachable!() };
    assert!(rows.len() == 19 && rows.iter().all(CheckRow::is_open));
    assert!(sheet(&script, Some("nobody")).is_none());
    let (on, vendor) = ("2026-11-21".parse().unwrap(), SupplierId::new("caterer").unwrap());
    assert!(script.model.printed_sheet("water-standard", &tos(), Some(&vendor), on).is_none());
    assert!(script.model.printed_sheet("water-standard", &tos(), None, on).is_some());
}

#[test]
fn the_vendors_part_names_items_of_its_own_list() {
    for list in &regimes::check_lists().lists {
        let own = |id: &String| list.items.iter().any(|item| item.item_id == *id);
        assert!(list.vendor_part.iter().flat_map(|part| &part.item_ids).all(own), "{}", list.list_id);
    }
}
