//! What agents show, held against tickets: as planned, different in one thing, too early, too late, unseen, prohibited.
//! They do not test the law, nor admission.

use super::{How, Standing};
use crate::model::Event;
use crate::model::findings::At;
use crate::model::prepared::PreparedBatch;
use crate::model::rows::{FindingState, Severity, TicketDetail, UnmetCause};
use crate::model::testing::{Script, change, interface, package, plan, supplier};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Hearing;
use daicho_schemas::fact::observation::InterfaceKind;
use daicho_schemas::fact::ticket::TicketState;
use daicho_schemas::ids::ChangeId;
use serde_json::{Value, json};

const DIFFERS: &str = "planned_change_differs";
const UNSEEN: &str = "planned_change_unseen";
const PROHIBITED: &str = "changed_while_prohibited";
const UNDECLARED: &str = "undeclared_component";

/// Two hosts of a covered system, each of which has been looked at.
fn covered() -> Script {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("debian"));
    script.supplier(supplier("vendor"));
    script.plan(plan("plan-1", "tos").host("tos-1").host("tos-2").part("os", "operating_system", "debian"));
    let first = script.agent.clone();
    script.enrol("tos-2");
    script.os_named("debian", "tos-2");
    script.dpkg(Outcome::Complete, &[package("bash", "5.2", "debian.org")]);
    script.interfaces(Outcome::Complete, &[]);
    script.agent = first;
    script.os_named("debian", "tos-1");
    script.interfaces(Outcome::Complete, &[]);
    script.dpkg(Outcome::Complete, &[package("bash", "5.2", "debian.org")]);
    script
}

fn appears(hosts: &[&str]) -> Value {
    json!({ "sight": "component_appears", "hosts": hosts, "name": "tos-db", "version": "2", "supplier_id": "vendor" })
}

/// The covered system with a ticket: tos-db 2 of vendor comes to tos-1 from 2026-12-01 to 2026-12-03.
fn planned() -> Script {
    let mut script = covered();
    script.ticket(change("chg-1", "tos", ("2026-12-01", "2026-12-03"), json!([appears(&["tos-1"])])));
    script.on("2026-12-02");
    script
}

/// What dpkg tells from now on: bash, and one more package.
fn install(script: &mut Script, name: &str, version: &str, domain: &str) {
    let packages = [package("bash", "5.2", "debian.org"), package(name, version, domain)];
    script.dpkg(Outcome::Complete, &packages);
}

fn detail(script: &Script) -> TicketDetail {
    script.model.ticket_detail(&ChangeId::new("chg-1").unwrap(), "2026-12-02".parse().unwrap()).unwrap()
}

fn standing(script: &Script) -> Standing {
    script.assert_replay_is_idempotent();
    detail(script).row.standing
}

fn differences(script: &Script) -> Vec<(How, String)> {
    let all = detail(script).differences;
    all.into_iter().map(|row| (row.how, format!("{}@{}", row.seen.line(), row.seen.host))).collect()
}

#[test]
fn a_record_that_comes_later_counts_even_if_the_host_bears_another_name_by_then() {
    let mut script = planned();
    install(&mut script, "tos-db", "2", "maker.example");
    assert_eq!(script.open_rows(DIFFERS).len(), 1, "nobody knows who maker.example is");
    script.os_named("debian", "elsewhere");
    let mut vendor = supplier("vendor");
    vendor.recognise.maintainer_domains.push("maker.example".into());
    script.supplier(vendor);
    assert_eq!(script.open_rows(DIFFERS), [], "it is the vendor that was planned");
    script.assert_replay_is_idempotent();
}

#[test]
fn a_host_that_no_version_of_a_ticket_names_any_more_is_not_said_to_be_planned() {
    let mut script = Script::with_agent("elsewhere");
    let arrives = |host: &str| json!([{ "sight": "host_appears", "hosts": [host] }]);
    script.ticket(change("chg-1", "tos", ("2026-11-21", "2026-11-23"), arrives("tos-1")));
    script.os_named("debian", "tos-1");
    assert!(script.open_rows("undeclared_host")[0].planned_by.is_some());
    script.ticket(change("chg-1", "tos", ("2026-11-21", "2026-11-23"), arrives("tos-2")));
    assert_eq!(script.open_rows("undeclared_host")[0].planned_by, None);
    script.assert_replay_is_idempotent();
}

#[test]
fn the_period_of_a_filed_change_is_met_on_the_day_of_its_acceptance() {
    let mut script = covered();
    let running = json!({ "submitted_on": "2026-01-05", "accepted_on": "2026-01-10", "entrusted_from": "2026-04-01",
        "change_submitted_on": "2026-11-25", "change_accepted_on": "2026-12-02" });
    script.plan(plan("plan-2", "tos").host("tos-1").entrustment().dates(running));
    script.ticket(change("chg-1", "tos", ("2026-12-01", "2026-12-03"), json!([appears(&["tos-1"])])));
    assert_eq!(script.open_rows("planned_change_prohibited").len(), 1, "it begins in the middle of the window");
    script.ticket(change("chg-1", "tos", ("2026-11-30", "2026-12-01"), json!([appears(&["tos-1"])])));
    assert_eq!(script.open_rows("planned_change_prohibited").len(), 0);
}

#[test]
fn a_way_in_that_came_too_early_goes_with_its_host() {
    let mut script = covered();
    let accepted = plan("plan-1", "tos").host("tos-1").host("tos-2").part("os", "operating_system", "debian");
    script.plan(accepted.dates(json!({ "submitted_on": "2026-11-02", "accepted_on": "2026-11-20" })));
    script.interfaces(Outcome::Complete, &[interface("wg0", InterfaceKind::Wireguard)]);
    assert_eq!(script.open_rows(PROHIBITED).len(), 1);
    script.os_named("debian", "elsewhere");
    assert_eq!(script.open_rows(PROHIBITED), [], "the host is no part of the equipment any more");
    script.os_named("debian", "tos-1");
    assert_eq!(script.open_rows(PROHIBITED).len(), 1);
    script.assert_replay_is_idempotent();
}

#[test]
fn exactly_what_was_planned_is_reconciled_and_its_finding_says_so() {
    let mut script = planned();
    assert_eq!(standing(&script), Standing::NotSeenYet);
    install(&mut script, "tos-db", "2", "vendor.example");
    assert_eq!((standing(&script), script.open_rows(DIFFERS).len()), (Standing::Reconciled, 0));
    let finding = script.open_rows(UNDECLARED).remove(0);
    assert_eq!((finding.severity, finding.state), (Severity::Notice, FindingState::Open), "explained, not closed");
    assert_eq!(finding.planned_by.unwrap().change_id.as_str(), "chg-1");
    assert!(finding.title.en.ends_with("(planned: ticket chg-1)"), "{}", finding.title.en);
    assert_eq!(script.model.ticket(&ChangeId::new("chg-1").unwrap()).unwrap().state, TicketState::Open);
    assert!(!script.model.duties().is_empty(), "a ticket takes no duty away");
    let supplier = script.open_rows("undeclared_supplier").remove(0);
    assert!(supplier.planned_by.is_some());
}

#[test]
fn another_version_another_supplier_and_another_host_differ() {
    for (name, version, domain, how) in
        [("tos-db", "3", "vendor.example", How::OtherVersion), ("tos-db", "2", "elsewhere.example", How::OtherSupplier)]
    {
        let mut script = planned();
        install(&mut script, name, version, domain);
        assert_eq!(differences(&script), [(how, format!("{name} {version}@tos-1"))]);
        let open = script.open_rows(DIFFERS);
        assert_eq!((open.len(), open[0].severity), (1, Severity::Warning));
        assert!(open[0].why.en.contains(&how.text().en), "{}", open[0].why.en);
        assert_eq!(script.open_rows(UNDECLARED)[0].planned_by, None);
        install(&mut script, "tos-db", "2", "vendor.example");
        assert_eq!(
            (standing(&script), script.open_rows(DIFFERS).len()),
            (Standing::Reconciled, 0),
            "put right in time"
        );
    }
    let mut script = planned();
    script.agent = "agent-2".to_string().try_into().unwrap();
    install(&mut script, "tos-db", "2", "vendor.example");
    assert_eq!(differences(&script), [(How::OtherHost, "tos-db 2@tos-2".into())]);
}

#[test]
fn what_nobody_planned_on_the_ticket_s_host_is_an_extra_and_what_a_plan_covers_is_not() {
    let mut script = planned();
    let own = [
        package("bash", "5.3", "debian.org"),
        package("vim", "9", "debian.org"),
        package("tos-db", "2", "vendor.example"),
        package("anydesk", "6", "anydesk.example"),
    ];
    script.dpkg(Outcome::Complete, &own);
    assert_eq!(differences(&script), [(How::Extra, "anydesk 6@tos-1".into())]);
    let planned = |name: &str| {
        let mut rows = script.open_rows(UNDECLARED).into_iter();
        rows.find(|row| row.components[0].starts_with(name)).unwrap().planned_by.is_some()
    };
    assert!(planned("tos-db") && !planned("anydesk"));
    let mut script = script;
    script.dpkg(Outcome::Complete, &own[..3]);
    assert_eq!(standing(&script), Standing::Reconciled, "taken away again in the window");
}

#[test]
fn too_early_and_too_late_differ_and_a_silent_day_before_does_not() {
    for (day, how) in [("2026-11-30", How::TooEarly), ("2026-12-04", How::TooLate)] {
        let mut script = planned();
        script.on(day);
        install(&mut script, "tos-db", "2", "vendor.example");
        assert_eq!(differences(&script), [(how, "tos-db 2@tos-1".into())]);
        assert_eq!(script.open_rows(UNDECLARED)[0].planned_by, None, "outside its window nothing is planned");
    }
    let mut script = planned();
    install(&mut script, "tos-db", "2", "vendor.example");
    script.on("2026-12-10");
    script.dpkg(Outcome::Complete, &[package("bash", "5.2", "debian.org")]);
    install(&mut script, "tos-db", "2", "vendor.example");
    assert_eq!(standing(&script), Standing::Reconciled, "seen in time; what comes later is not the ticket's");
}

#[test]
fn what_is_not_seen_by_the_end_is_a_finding_that_names_the_silent_agent() {
    let mut script = planned();
    script.hearing(Hearing::Silent);
    let unmet = &detail(&script).row.unmet;
    assert_eq!((unmet[0].host.as_str(), unmet[0].cause), ("tos-1", UnmetCause::Silent), "not seen yet, and why");
    script.windows_ended();
    assert_eq!(script.open_rows(UNSEEN), [], "the window is not over");
    script.on("2026-12-04");
    script.windows_ended();
    assert_eq!(standing(&script), Standing::Unseen);
    let open = script.open_rows(UNSEEN);
    assert!(open[0].why.en.contains("agent-1 is silent since"), "{}", open[0].why.en);
    script.hearing(Hearing::Heard);
    assert!(script.open_rows(UNSEEN)[0].why.en.contains("it is seen, and this is not there"));
    assert_eq!(script.model.windows_ended("2026-12-05".parse().unwrap(), 10).change_ids, [], "stated once");
    install(&mut script, "tos-db", "2", "vendor.example");
    assert_eq!(differences(&script), [(How::TooLate, "tos-db 2@tos-1".into())]);
}

#[test]
fn each_host_of_a_ticket_counts_and_absent_is_not_gone() {
    let mut script = covered();
    let goes = json!({ "sight": "component_goes", "hosts": ["tos-2"], "name": "bash" });
    let expected = json!([appears(&["tos-1", "TOS-2"]), goes]);
    script.ticket(change("chg-1", "tos", ("2026-12-01", "2026-12-03"), expected));
    script.on("2026-12-02");
    install(&mut script, "tos-db", "2", "vendor.example");
    assert_eq!((standing(&script), detail(&script).row.met), (Standing::SeenInPart, 1));
    script.agent = "agent-2".to_string().try_into().unwrap();
    script.dpkg(Outcome::Partial, &[package("tos-db", "2", "vendor.example")]);
    assert_eq!((standing(&script), detail(&script).row.met), (Standing::SeenInPart, 2), "bash was not looked at");
    script.dpkg(Outcome::Failed, &[]);
    assert_eq!(detail(&script).row.met, 2);
    script.dpkg(Outcome::Complete, &[package("tos-db", "2", "vendor.example")]);
    assert_eq!((standing(&script), detail(&script).row.met), (Standing::Reconciled, 3));
}

#[test]
fn a_withdrawn_ticket_explains_nothing_and_one_without_expectations_is_left_to_people() {
    let mut script = planned();
    install(&mut script, "tos-db", "2", "vendor.example");
    script.move_ticket("chg-1", TicketState::Withdrawn);
    assert_eq!(script.open_rows(UNDECLARED)[0].planned_by, None);
    script.on("2026-12-10");
    script.windows_ended();
    assert_eq!(script.open_rows(UNSEEN), []);
    let mut script = covered();
    script.ticket(change("chg-1", "tos", ("2026-12-01", "2026-12-03"), json!([])));
    script.on("2026-12-10");
    script.windows_ended();
    assert_eq!((standing(&script), script.open_rows(UNSEEN)), (Standing::NothingToSee, vec![]));
}

#[test]
fn a_new_host_and_a_new_way_in_are_seen_as_planned() {
    let mut script = covered();
    let host = json!({ "sight": "host_appears", "hosts": ["tos-3"] });
    let tunnel = json!({ "sight": "interface_appears", "hosts": ["tos-1"], "name": "wg*" });
    let first_look = appears(&["tos-3"]);
    script.ticket(change("chg-1", "tos", ("2026-12-01", "2026-12-03"), json!([host, tunnel, first_look])));
    script.on("2026-12-02");
    script.interfaces(Outcome::Complete, &[interface("wg0", InterfaceKind::Wireguard)]);
    let path = script.open_rows("remote_path_undeclared").remove(0);
    assert_eq!((path.severity, path.planned_by.is_some()), (Severity::Notice, true));
    script.enrol("tos-3");
    let unlisted = script.open_rows("undeclared_host").remove(0);
    assert!(unlisted.planned_by.is_some(), "{unlisted:?}");
    install(&mut script, "tos-db", "2", "vendor.example");
    assert_eq!(standing(&script), Standing::Reconciled);
}

/// The covered system, whose plan was accepted on 2026-11-25: nothing may be introduced through 2026-12-24.
fn prohibited() -> Script {
    let mut script = planned();
    let dates = json!({ "submitted_on": "2026-11-20", "accepted_on": "2026-11-25" });
    let parts = plan("plan-1", "tos").host("tos-1").host("tos-2").part("os", "operating_system", "debian");
    script.plan(parts.part("db", "application", "vendor").dates(dates));
    script
}

#[test]
fn a_change_in_the_prohibition_period_is_the_gravest_finding_planned_or_not() {
    let mut script = prohibited();
    let before = script.open_rows("planned_change_prohibited").remove(0);
    assert_eq!(before.severity, Severity::Critical, "shown before it happens");
    install(&mut script, "tos-db", "2", "vendor.example");
    assert_eq!(standing(&script), Standing::Reconciled);
    let open = script.open_rows(PROHIBITED);
    assert_eq!((open.len(), open[0].severity), (1, Severity::Gravest), "declared, planned, and too early");
    assert!(open[0].why.en.contains("through 2026-12-24"), "{}", open[0].why.en);
    assert_eq!(script.model.findings()[0].finding_id, open[0].finding_id, "it comes first");
    install(&mut script, "anydesk", "6", "anydesk.example");
    assert_eq!(script.open(PROHIBITED), ["anydesk 6"], "what is gone is gone, by a complete look");
    script.on("2027-01-10");
    assert_eq!(script.open(PROHIBITED), ["anydesk 6"], "that the period is over makes nothing good");
    script.assert_replay_is_idempotent();
}

#[test]
fn an_update_a_first_look_and_what_stood_before_are_not_prohibited_but_a_planned_update_is() {
    let mut script = prohibited();
    script.dpkg(Outcome::Complete, &[package("bash", "5.3", "debian.org")]);
    script.dpkg(Outcome::Failed, &[]);
    script.report("rpm", Outcome::Complete, vec![package("first", "1", "vendor.example").observation()]);
    assert_eq!(script.open(PROHIBITED), Vec::<String>::new());
    let mut script = prohibited();
    let update = json!([{ "sight": "component_appears", "hosts": ["tos-1"], "name": "bash" }]);
    script.ticket(change("chg-2", "tos", ("2026-12-01", "2026-12-03"), update));
    script.dpkg(Outcome::Complete, &[package("bash", "5.3", "debian.org")]);
    assert_eq!(script.open(PROHIBITED), ["bash 5.3"]);
    script.dpkg(Outcome::Complete, &[package("bash", "5.4", "debian.org")]);
    assert_eq!(script.open(PROHIBITED), ["bash 5.4"], "an update of what came early came early");
}

#[test]
fn a_corrected_date_takes_the_gravest_finding_back_and_a_host_that_joins_early_has_one() {
    let mut script = prohibited();
    install(&mut script, "tos-db", "2", "vendor.example");
    script.enrol("tos-2x");
    assert_eq!(script.open_rows(PROHIBITED).len(), 1, "on no equipment");
    let parts =
        plan("plan-1", "tos").host("tos-1").host("tos-2").host("tos-4").part("os", "operating_system", "debian");
    let parts = parts.part("db", "application", "vendor");
    script.plan(parts.clone().dates(json!({ "submitted_on": "2026-11-20", "accepted_on": "2026-11-25" })));
    script.enrol("tos-4");
    assert_eq!(script.open(PROHIBITED), ["tos-4", "tos-db 2"]);
    let shortened =
        json!({ "submitted_on": "2026-11-20", "accepted_on": "2026-11-25", "prohibited_through": "2026-11-30" });
    script.plan(parts.dates(shortened));
    assert_eq!(script.open(PROHIBITED), Vec::<String>::new());
    script.assert_replay_is_idempotent();
}

#[test]
fn what_the_part_of_an_introduced_plan_covers_is_not_what_the_waiting_plan_prohibits() {
    let mut script = planned();
    let dates = json!({ "submitted_on": "2026-11-20", "accepted_on": "2026-11-25" });
    script.plan(plan("plan-2", "tos").host("tos-1").part("db", "application", "vendor").dates(dates));
    install(&mut script, "vim", "9", "debian.org");
    assert_eq!(script.open(PROHIBITED), Vec::<String>::new());
    install(&mut script, "tos-db", "2", "vendor.example");
    assert_eq!(script.open(PROHIBITED), ["tos-db 2"]);
}

/// What a report costs: of forty tickets of one equipment it touches its own, whatever else stands on its host.
#[test]
fn a_report_is_held_against_what_it_changed_and_touches_its_own_ticket_only() {
    let mut script = covered();
    let names: Vec<String> = (0..40).map(|n| format!("host-{n}")).collect();
    let all = names.iter().fold(plan("plan-2", "tos"), |plan, name| plan.host(name));
    script.plan(all.part("os", "operating_system", "debian"));
    let standing: Vec<_> = (0..50).map(|n| package(&format!("lib{n}"), "1", "debian.org")).collect();
    for (n, name) in names.iter().enumerate() {
        script.enrol(name);
        script.dpkg(Outcome::Complete, &standing);
        let expected = json!([appears(&[name.as_str()])]);
        script.ticket(change(&format!("chg-{n}"), "tos", ("2026-11-21", "2026-11-22"), expected));
    }
    let mut packages = standing;
    packages.remove(0);
    packages.push(package("tos-db", "2", "vendor.example"));
    let before = script.model.clone();
    script.dpkg(Outcome::Complete, &packages);
    let (seq, received_at, author, fact) = script.entries.last().unwrap();
    let event = Event { seq: *seq, received_at: *received_at, author, fact };
    let Fact::Batch(signed) = fact else { panic!("not a batch") };
    let mut model = before;
    let taken = model.state.take(&event, Some(&PreparedBatch::read(signed).unwrap()));
    let touched = model.follow(taken, At { seq: *seq, received_at: *received_at });
    let tickets: Vec<&str> = touched.tickets.iter().map(|id| id.as_str()).collect();
    assert_eq!((tickets, touched.hosts.len()), (vec!["chg-39"], 1));
    assert!(touched.equipment.is_empty() && touched.products.len() <= 2, "{touched:?}");
}
