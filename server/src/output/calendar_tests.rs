//! The calendar, read back line by line as RFC 5545 says: lines end in CRLF, at most 75 octets, folded with a blank.
//! They do not test who may fetch it.

use super::*;
use crate::ledger::entry::Author;
use crate::model::rows::DutyState;
use crate::model::testing::{Script, package, plan};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::fact::duty::DutyAssigned;
use std::collections::{BTreeMap, BTreeSet};

/// The events of a calendar by property name, parameters included.
fn events(ics: &str) -> Vec<BTreeMap<String, String>> {
    assert!(ics.ends_with("\r\n") && !ics.replace("\r\n", "").contains(['\r', '\n']), "every line ends in CRLF");
    assert!(ics.split("\r\n").all(|line| line.len() <= 75), "no line is longer than 75 octets");
    let whole = ics.replace("\r\n ", "");
    let mut lines = whole.lines();
    assert_eq!((lines.next(), whole.lines().last()), (Some("BEGIN:VCALENDAR"), Some("END:VCALENDAR")));
    let (mut all, mut open, mut own) = (Vec::new(), None, BTreeSet::new());
    for line in lines {
        match line {
            "BEGIN:VEVENT" => open = Some(BTreeMap::new()),
            "END:VEVENT" => all.extend(open.take()),
            _ => {
                let (name, value) = line.split_once(':').unwrap();
                if open.is_none() {
                    assert!(own.insert(line), "{line} stands twice");
                }
                if let Some(event) = &mut open {
                    assert!(event.insert(name.to_string(), value.to_string()).is_none(), "{name} stands twice");
                }
            }
        }
    }
    let names: Vec<&str> = own.iter().filter_map(|line| line.split([':', ';']).next()).collect();
    for once in ["VERSION", "PRODID", "METHOD", "CALSCALE"] {
        assert_eq!(names.iter().filter(|name| **name == once).count(), 1, "{once}");
    }
    all
}

fn house() -> (Script, Author) {
    let mut script = Script::with_agent("tos-1");
    let aoi = script.person("aoi", Role::Compliance);
    script.plan(plan("plan-1", "tos").host("tos-1").draft());
    script.dpkg(
        Outcome::Complete,
        &[package("tool,;\\-with-a-very-long-name-\u{202e}長長長長長長長長長長長長", "1", "x.example")],
    );
    (script, aoi)
}

fn assign(script: &mut Script, by: &Author, owner: DutyOwner, on: &str) {
    let duty_id = script.model.duties().remove(0).duty_id;
    let target_on = Some(on.parse().unwrap());
    script.push(
        by.clone(),
        Fact::DutyAssigned(DutyAssigned { duty_id, owner: Some(owner), target_on, note: String::new() }),
    );
}

#[test]
fn a_day_is_one_event_of_the_whole_day_that_counts_its_changes() {
    let (mut script, aoi) = house();
    assert_eq!(events(&ics(&script.model, None, Language::Ja)), [], "without delay is no day");
    assign(&mut script, &aoi, DutyOwner::Name("法務部".into()), "2026-12-31");
    let first = events(&ics(&script.model, None, Language::Ja)).remove(0);
    assert_eq!((first["DTSTART;VALUE=DATE"].as_str(), first["DTEND;VALUE=DATE"].as_str()), ("20261231", "20270101"));
    assert_eq!((first["SEQUENCE"].as_str(), first["DTSTAMP"].as_str()), ("1", "20261121T030500Z"));
    assert!(first["SUMMARY"].starts_with("自社の目標日：tool\\,\\;\\\\-with"), "{}", first["SUMMARY"]);
    assert!(first["DESCRIPTION"].contains("法務部") && !first["SUMMARY"].contains('\u{202e}'));
    assert_eq!(ics(&script.model, None, Language::Ja), ics(&script.model, None, Language::Ja));
    assign(&mut script, &aoi, DutyOwner::Name("法務部".into()), "2027-02-28");
    let later = events(&ics(&script.model, None, Language::En)).remove(0);
    assert_eq!((&later["UID"], later["SEQUENCE"].as_str()), (&first["UID"], "2"));
    assert_eq!(later["DTEND;VALUE=DATE"], "20270301");
    assert!(later["SUMMARY"].starts_with("Own target"));
}

#[test]
fn each_sort_of_day_is_an_event_of_its_own_and_what_is_met_goes() {
    let (mut script, aoi) = house();
    assign(&mut script, &aoi, DutyOwner::Name("法務部".into()), "2026-12-31");
    let before = events(&ics(&script.model, None, Language::En));
    script.move_duty(&aoi, DutyState::Submitted, "2026-11-25");
    assert_eq!(events(&ics(&script.model, None, Language::En)), []);
    script.move_duty(&aoi, DutyState::Accepted, "2026-12-01");
    let after = events(&ics(&script.model, None, Language::En));
    assert_eq!(after[0]["DTSTART;VALUE=DATE"], "20261231");
    let uids: BTreeSet<&String> = before.iter().chain(&after).map(|event| &event["UID"]).collect();
    assert_eq!(uids.len(), 2);
    script.move_duty(&aoi, DutyState::NotNeeded, "2026-12-02");
    assert_eq!(events(&ics(&script.model, None, Language::En)), []);
}

#[test]
fn a_calendar_of_ones_own_holds_what_one_sees_to() {
    let (mut script, aoi) = house();
    let person = PersonId::new("aoi").unwrap();
    assign(&mut script, &aoi, DutyOwner::Name("aoi".into()), "2026-12-31");
    assert_eq!(events(&ics(&script.model, Some(&person), Language::Ja)), [], "a name is not a person");
    assign(&mut script, &aoi, DutyOwner::Person(person.clone()), "2026-12-31");
    assert_eq!(events(&ics(&script.model, Some(&person), Language::Ja)).len(), 1);
}
