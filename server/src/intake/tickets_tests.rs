//! What may be said of a ticket, and what is refused with its field. They do not test the law.

use super::*;
use crate::intake::changes::parse_change;
use crate::model::testing::{Script, change, plan, supplier};
use daicho_schemas::fact::Fact;
use daicho_schemas::planned::PlannedChange;
use serde_json::{Value, json};

const TODAY: &str = "2026-11-21";

struct Bench {
    script: Script,
    aoi: Author,
}

fn bench() -> Bench {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("vendor"));
    script.plan(plan("plan-1", "tos").host("tos-1"));
    let aoi = script.person("aoi", Role::Operator);
    Bench { script, aoi }
}

fn expected() -> Value {
    json!([{ "sight": "component_appears", "hosts": ["TOS-1"], "name": "tos-db", "version": "2", "supplier_id": "vendor" }])
}

fn planned(expected: Value) -> PlannedChange {
    change("chg-1", "tos", ("2026-12-01", "2026-12-03"), expected)
}

impl Bench {
    fn say(&self, author: &Author, change: PlannedChange, amends_seq: Option<u64>) -> Result<&'static str, String> {
        let said = TicketStated { change, amends_seq, note: String::new() };
        match stated(&self.script.model, author, &said) {
            Ok(Verdict::Append) => Ok("new"),
            Ok(_) => Ok("nothing new"),
            Err(refusal) => Err(format!("{} {}", refusal.code.as_str(), refusal.detail)),
        }
    }

    fn move_to(&self, to: TicketState, on: &str, reason: &str) -> Result<(), String> {
        let change_id = "chg-1".to_string().try_into().unwrap();
        let from = self.script.model.ticket(&change_id).map_or(TicketState::Open, |ticket| ticket.state);
        let said = TicketMoved { change_id, from, to, on: on.parse().unwrap(), reason: reason.into() };
        moved(&self.script.model, &self.aoi, &said, TODAY.parse().unwrap())
            .map_err(|refusal| format!("{} {}", refusal.code.as_str(), refusal.detail))
    }

    fn open(&mut self) -> u64 {
        let stated = TicketStated { change: planned(expected()), amends_seq: None, note: String::new() };
        self.script.push(self.aoi.clone(), Fact::TicketStated(stated));
        self.script.seq()
    }
}

#[test]
fn a_ticket_is_opened_once_and_amended_from_the_version_that_was_seen() {
    let mut bench = bench();
    assert_eq!(bench.say(&bench.aoi, planned(expected()), None), Ok("new"));
    let seq = bench.open();
    assert_eq!(bench.say(&bench.aoi, planned(expected()), None), Ok("nothing new"));
    let other = || PlannedChange { summary: "another".into(), ..planned(expected()) };
    let refused = bench.say(&bench.aoi, other(), None).unwrap_err();
    assert!(refused.starts_with("ticket_exists") && refused.contains(&format!("entry {seq}")), "{refused}");
    let refused = bench.say(&bench.aoi, other(), Some(seq - 1)).unwrap_err();
    assert!(refused.starts_with("ticket_changed_meanwhile"), "{refused}");
    assert_eq!(bench.say(&bench.aoi, other(), Some(seq)), Ok("new"));
    let unknown = PlannedChange { change_id: "chg-9".to_string().try_into().unwrap(), ..other() };
    assert!(bench.say(&bench.aoi, unknown, Some(seq)).unwrap_err().starts_with("not_found"));
}

#[test]
fn only_people_who_plan_changes_speak_of_tickets() {
    let mut bench = bench();
    let auditor = bench.script.person("ren", Role::Auditor);
    for author in [auditor, Author::Server] {
        assert!(bench.say(&author, planned(expected()), None).unwrap_err().starts_with("not_allowed"));
    }
    let admin = bench.script.person("sora", Role::Admin);
    assert_eq!(bench.say(&admin, planned(expected()), None), Ok("new"));
}

#[test]
fn what_no_record_knows_is_refused_and_a_window_before_the_permitted_day_is_not() {
    let mut bench = bench();
    let elsewhere = PlannedChange { equipment_id: "gate".to_string().try_into().unwrap(), ..planned(json!([])) };
    assert!(bench.say(&bench.aoi, elsewhere, None).unwrap_err().contains("no plan names the equipment 'gate'"));
    for (field, value, word) in [
        ("hosts", json!(["tos-9"]), "no plan of the equipment 'tos' lists the host 'tos-9'"),
        ("supplier_id", json!("nobody"), "no supplier record has the id 'nobody'"),
    ] {
        let mut wrong = expected();
        wrong[0][field] = value;
        let refused = bench.say(&bench.aoi, planned(wrong), None).unwrap_err();
        assert!(refused.contains(word) && refused.contains("expected"), "{refused}");
    }
    let mut new = expected();
    new[0]["hosts"] = json!(["tos-9"]);
    new.as_array_mut().unwrap().push(json!({ "sight": "host_appears", "hosts": ["tos-9"] }));
    assert_eq!(bench.say(&bench.aoi, planned(new), None), Ok("new"), "a host that is expected itself");
    let mut early = planned(expected());
    early.changes[0].change = "new_introduction".to_string().try_into().unwrap();
    early.planned_on = TODAY.parse().unwrap();
    assert_eq!(bench.say(&bench.aoi, early.clone(), None), Ok("new"));
    bench.script.push(
        bench.aoi.clone(),
        Fact::TicketStated(TicketStated { change: early, amends_seq: None, note: String::new() }),
    );
    let row = bench.script.model.tickets(None, None).remove(0);
    assert_eq!(row.planned_day_is_possible, Some(false), "judged and shown");
}

#[test]
fn a_file_that_cannot_be_meant_is_refused_with_its_field() {
    let good = serde_json::to_value(planned(expected())).unwrap();
    assert!(parse_change(good.to_string().as_bytes()).is_ok());
    for (pointer, value, field) in [
        ("/planned_through", json!("2026-11-30"), "planned_through"),
        ("/expected/0/hosts", json!([]), "expected[0].hosts"),
        ("/expected/0/name", json!(""), "expected[0].name"),
        ("/expected/0/name", json!("**"), "expected[0].name"),
        ("/expected/0/sight", json!("component_goes"), "expected[0].version"),
        ("/expected/0/sight", json!("host_appears"), "expected[0].name"),
        ("/expected/0/sight", json!("vanishes"), "vanishes"),
        ("/changes", json!([]), "changes"),
    ] {
        let mut wrong = good.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        let refusal = parse_change(wrong.to_string().as_bytes()).unwrap_err();
        assert!(refusal.detail.contains(field), "{pointer}: {}", refusal.detail);
    }
}

#[test]
fn a_ticket_goes_on_from_where_it_stands_with_a_reason_where_one_is_needed() {
    let mut bench = bench();
    assert!(bench.move_to(TicketState::Done, TODAY, "").unwrap_err().starts_with("not_found"));
    bench.open();
    assert!(bench.move_to(TicketState::Withdrawn, TODAY, " ").unwrap_err().contains("reason"));
    assert!(bench.move_to(TicketState::Done, "2026-11-22", "").unwrap_err().contains("after today"));
    assert!(bench.move_to(TicketState::Done, "2026-11-20", "").unwrap_err().contains("before the ticket was opened"));
    assert!(bench.move_to(TicketState::Open, TODAY, "x").unwrap_err().contains("open already"));
    assert_eq!(bench.move_to(TicketState::Done, TODAY, ""), Ok(()));
    bench.script.move_ticket("chg-1", TicketState::Done);
    assert!(bench.move_to(TicketState::Withdrawn, TODAY, "x").unwrap_err().contains("plan it again"));
    assert_eq!(bench.move_to(TicketState::Open, TODAY, "not yet after all"), Ok(()));
    let refused = bench.say(
        &bench.aoi,
        PlannedChange { summary: "x".into(), ..planned(expected()) },
        Some(bench.script.seq() - 1),
    );
    assert!(refused.unwrap_err().starts_with("ticket_move_impossible"));
}
