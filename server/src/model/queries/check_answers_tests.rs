//! Check lists over scripted ledgers: every item is counted once, unknown and expired are open, what is seen answers nothing.

use super::super::{check_evidence, check_seen};
use super::*;
use crate::model::testing::{Script, interface, plan, reading, supplier, tunnel, way};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::check_answer::CheckAnswered;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::fact::observation::{InterfaceKind, Observation};
use serde_json::{Value, json};

fn script() -> Script {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("debian"));
    let mut declared = plan("plan-1", "tos").host("tos-1").host("tos-2").remote_path("tos-2", "ppp0").build();
    declared.filing.risk_measures =
        serde_json::from_value(json!([{ "measure_id": "I-1", "text": "受入検査", "evidence": ["契約書"] }])).unwrap();
    script.plan_as(declared);
    script.os_named("debian", "tos-1");
    script.interfaces(Outcome::Complete, &[interface("wg0", InterfaceKind::Wireguard)]);
    script
}

fn tos() -> CheckedThing {
    CheckedThing::Equipment(EquipmentId::new("tos").unwrap())
}

fn answer(script: &mut Script, item_id: &str, more: Value) {
    let by = script.person("aoi", Role::Compliance);
    let mut all = json!({ "about": { "equipment": "tos" }, "list_id": "water-standard", "item_id": item_id,
        "answer": "yes", "on": "2026-11-01" });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answered: CheckAnswered = serde_json::from_value(all).unwrap();
    script.push(by, Fact::CheckAnswered(answered));
}

#[test]
fn every_item_is_counted_once_and_unknown_is_not_ok() {
    let mut script = script();
    let sheet =
        |script: &Script, on: &str| script.model.check_sheet("water-standard", &tos(), on.parse().unwrap()).unwrap();
    let counts = sheet(&script, "2026-11-21").counts;
    assert_eq!((counts.unanswered, counts.open()), (4, 4), "nothing is answered by what agents see");
    answer(&mut script, "water-authentication", json!({ "valid_through": "2026-11-30" }));
    answer(&mut script, "water-antivirus", json!({ "answer": "unknown", "note": "調査中" }));
    answer(&mut script, "water-locked", json!({ "answer": "no", "note": "鍵", "target_on": "2027-03-31" }));
    let counts = sheet(&script, "2026-11-30").counts;
    assert_eq!((counts.yes, counts.no, counts.unknown, counts.unanswered, counts.expired), (1, 1, 1, 1, 0));
    assert_eq!(counts.open(), 2, "a no is an answer; unknown and unanswered are not");
    let counts = sheet(&script, "2026-12-01").counts;
    assert_eq!((counts.yes, counts.expired, counts.open()), (0, 1, 3), "its last day has passed");
    script.assert_replay_is_idempotent();
}

#[test]
fn what_is_seen_stands_beside_with_its_source() {
    let script = script();
    let today = "2026-11-21".parse().unwrap();
    let sheet = |list: &str, about: &CheckedThing| script.model.check_sheet(list, about, today).unwrap();
    let vpn = sheet("vpn-questions", &tos());
    let present = &vpn.items[0];
    assert!(present.answer.is_none() && present.is_open());
    assert_eq!(present.seen[0].text.en, "remote paths that plans declare: tos-2 ppp0");
    assert_eq!(present.seen[1].text.en, "interfaces on hosts that can be one end: tos-1 wg0");
    assert_eq!(present.seen[1].source.en, "agents (1 of 2 hosts of the plan)");
    let water = sheet("water-standard", &tos());
    let system = water.items.iter().find(|row| row.item.item_id == "water-os-support").unwrap();
    assert!(system.seen[0].text.en.contains("debian system"), "{}", system.seen[0].text.en);
    let plan = CheckedThing::Plan("plan-1".to_string().try_into().unwrap());
    let risk = sheet(RISK_LIST, &plan);
    assert_eq!(risk.items[0].seen[0].text.en, "受入検査 (evidence: 契約書)");
    assert!(risk.items[1].seen.is_empty());
    let none = CheckedThing::Plan("none".to_string().try_into().unwrap());
    assert!(script.model.check_sheets(&none, today).is_none());
    assert_eq!(script.model.check_sheets(&plan, today).unwrap().len(), regimes::check_lists().lists.len());
}

#[test]
fn the_items_that_something_is_seen_of_are_in_the_file_and_ids_stand_once() {
    let ids: Vec<&str> =
        regimes::check_lists().lists.iter().flat_map(|list| &list.items).map(|item| item.item_id.as_str()).collect();
    for id in check_seen::ITEMS {
        assert!(ids.contains(&id), "{id}");
        assert!(!script().model.check_seen(&EquipmentId::new("tos").unwrap(), id).is_empty(), "{id}");
    }
    let distinct: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(distinct.len(), ids.len(), "an answer is found by its item alone");
}

fn from_evidence(script: &Script, list: &str, item: &str, on: &str) -> CheckRow {
    let sheet = script.model.check_sheet(list, &tos(), on.parse().unwrap()).unwrap();
    sheet.items.into_iter().find(|row| row.item.item_id == item).unwrap()
}

#[test]
fn a_device_that_anybody_may_reach_makes_a_no_whatever_somebody_answered() {
    let mut script = script();
    let row = |script: &Script| from_evidence(script, "hospital-check-list", "hospital-2-14", "2026-11-21");
    let evidence = row(&script).evidence.unwrap();
    assert_eq!((evidence.answer, evidence.because.len(), evidence.missing.len()), (CheckAnswer::Unknown, 0, 1));
    let list = json!({ "list_id": "hospital-check-list", "evidence": ["設定の写し"] });
    answer(&mut script, "hospital-2-14", list);
    assert!(!row(&script).is_open(), "nothing denies it");
    let open = way("any", "remote_access", "yes", "no");
    script.device("gw", &reading("S1", &[open]), json!({ "equipment_id": "tos" }));
    let denied = row(&script);
    assert_eq!(denied.evidence.as_ref().unwrap().answer, CheckAnswer::No);
    assert!(denied.is_denied() && denied.is_open(), "{denied:?}");
    let sheet = script.model.check_sheet("hospital-check-list", &tos(), "2026-11-21".parse().unwrap()).unwrap();
    assert_eq!((sheet.counts.denied, sheet.counts.yes), (1, 0));
    script.assert_replay_is_idempotent();
}

#[test]
fn vendors_are_asked_one_by_one_and_an_answer_that_is_over_counts_no_more() {
    let mut script = Script::with_agent("tos-1");
    script.plan(plan("plan-1", "tos").host("tos-1"));
    let row =
        |script: &Script, on: &str| from_evidence(script, "hospital-check-list", "hospital-2-2", on).evidence.unwrap();
    assert_eq!(row(&script, "2026-11-21").answer, CheckAnswer::Unknown, "nobody is known who could be asked");
    script.device("gw", &reading("S1", &[tunnel("tunnel 1")]), json!({ "equipment_id": "tos" }));
    script.supplier(supplier("vendor"));
    script.path("caterer", ("gw", "tunnel 1"), json!({ "equipment_id": "tos", "supplier_id": "vendor" }));
    assert_eq!(row(&script, "2026-11-21").answer, CheckAnswer::No, "it was never asked");
    script.answer("vendor", true, "2027-03-31");
    assert_eq!(row(&script, "2027-03-31").answer, CheckAnswer::Yes, "it was asked, whatever it answered");
    assert_eq!(row(&script, "2027-04-01").answer, CheckAnswer::No);
}

/// Item 2-② asks whom the rule asks: whose box leads there is asked too, a contractor of a draft is not.
#[test]
fn the_item_asks_the_same_vendors_as_the_rule() {
    let mut script = script();
    let named = |script: &Script| {
        let evidence = from_evidence(script, "hospital-check-list", "hospital-2-2", "2026-11-21").evidence.unwrap();
        evidence.because.iter().map(|text| text.en.split(':').next().unwrap().to_string()).collect::<Vec<_>>()
    };
    script.plan(plan("plan-2", "tos").entrustment().contractor("drafted").draft());
    assert_eq!(
        named(&script),
        ["vendor"],
        "the vendor of the path that the filed plan declares; the draft entrusts nothing"
    );
    script.device("gw", &reading("S1", &[]), json!({ "equipment_id": "tos", "owner": { "supplier": "caterer" } }));
    assert_eq!(named(&script), ["caterer", "vendor"]);
    assert_eq!(named(&script), script.open("remote_maintenance_unanswered"));
}

#[test]
fn the_items_that_evidence_answers_are_in_the_file_and_ask_devices_what_they_are_asked() {
    let mut script = script();
    script.device("gw", &reading("S1", &[tunnel("tunnel 1")]), json!({ "equipment_id": "tos" }));
    let lists = regimes::check_lists().lists.iter();
    let ids: Vec<&str> = lists.flat_map(|list| &list.items).map(|item| item.item_id.as_str()).collect();
    let asked: Vec<&str> =
        script.model.device_rows(None, script.today())[0].questions.iter().map(|question| question.key).collect();
    for (item, keys) in check_evidence::OF_DEVICES {
        assert!(ids.contains(&item), "{item}");
        assert!(keys.iter().all(|key| asked.contains(key)), "{item}");
    }
    assert!(ids.contains(&check_evidence::OF_VENDORS));
}

/// No collector, no answer: nothing of these items is ever more than unknown, and each says what would tell.
#[test]
fn items_that_nothing_settles_are_unknown_and_say_what_is_missing() {
    let mut script = script();
    let lists = regimes::check_lists().lists.iter();
    let ids: Vec<&str> = lists.flat_map(|list| &list.items).map(|item| item.item_id.as_str()).collect();
    let check = |script: &Script| {
        for item in check_evidence::STANDING {
            assert!(ids.contains(&item), "{item}");
            let list = if item.starts_with("water") { "water-standard" } else { "hospital-check-list" };
            let evidence = from_evidence(script, list, item, "2026-11-21").evidence.unwrap();
            assert_eq!(evidence.answer, CheckAnswer::Unknown, "{item}");
            assert!(!evidence.missing.is_empty(), "{item}");
        }
    };
    check(&script);
    script.device("gw", &reading("S1", &[tunnel("tunnel 1")]), json!({ "equipment_id": "tos" }));
    check(&script);
    let ledger = from_evidence(&script, "hospital-check-list", "hospital-2-1", "2026-11-21").evidence.unwrap();
    let en =
        |texts: &[daicho_schemas::text::Text]| texts.iter().map(|text| text.en.clone()).collect::<Vec<_>>().join("; ");
    assert!(en(&ledger.because).contains("agents report 1 of the 2 hosts"), "{}", en(&ledger.because));
    assert!(en(&ledger.missing).contains("1 hosts of the plan are not reported"), "{}", en(&ledger.missing));
}

/// Remote-control software that runs and of which no record says what it is for stands under what is missing, by name.
#[test]
fn software_that_lets_others_in_is_named_until_a_record_says_what_it_is_for() {
    let mut script = script();
    let tool: Observation =
        serde_json::from_value(json!({ "kind": "remote_tool.v1", "tool": "teamviewer", "name": "TeamViewer",
        "class": "remote_control", "evidence": [{ "sort": "process", "name": "teamviewerd" }] }))
        .unwrap();
    script.report("remote_tools", Outcome::Complete, vec![tool]);
    let texts =
        |script: &Script| from_evidence(script, "hospital-check-list", "hospital-2-12", "2026-11-21").evidence.unwrap();
    assert!(texts(&script).missing[0].en.starts_with("tos-1 TeamViewer: "), "{:?}", texts(&script));
    let by = script.person("aoi", Role::Compliance);
    let path = serde_json::from_value(json!({ "remote_path_id": "tv", "equipment_id": "tos", "on": "2026-11-20",
        "enters": { "software": { "host": "tos-1", "software": "TeamViewer" } } }));
    script.push(by, Fact::RemotePath(path.unwrap()));
    assert!(texts(&script).because[0].en.starts_with("tos-1 TeamViewer: "), "{:?}", texts(&script));
}
