//! One case for each rule: what is allowed without it, and forbidden by it.
//! It does not send anything; times are given.
//! Invariant: each case begins with an action that is allowed, so that the rule under test is the one that speaks.

use super::*;
use crate::probe::log::Line;
use crate::probe::plan::{Probe, plan};
use serde_json::{Value, json};

/// A Wednesday, 02:30 in Japan.
const NOW: &str = "2026-11-24T17:30:00.000000Z";
const TARGET: &str = "192.0.2.10";

fn file() -> Value {
    json!({
        "format": "daicho.probe_allow.v1",
        "windows": [{"days": ["wed"], "from": "01:00", "until": "04:00"}],
        "targets": [{
            "address": TARGET, "device": "vpn", "owner": "情報システム室", "reason": "台帳の突合",
            "expires_on": "2026-11-25", "probes": {"ssh": {}}
        }]
    })
}

struct Case {
    file: Value,
    evidence: Evidence,
    before: Evidence,
    tally: Tally,
    now: &'static str,
}

fn case() -> Case {
    let (evidence, before) = (Evidence::default(), Evidence::default());
    Case { file: file(), evidence, before, tally: Tally::default(), now: NOW }
}

/// The rule that forbids it, and whether it stops all.
fn judged(case: &Case) -> Option<(&'static str, bool)> {
    let allow = Allow::parse(case.file.to_string().as_bytes()).unwrap();
    let actions = plan(&allow);
    let moment = Moment {
        allow: &allow,
        evidence: &case.evidence,
        before: &case.before,
        tally: &case.tally,
        fingerprints: &Fingerprints::load().unwrap(),
        now: case.now.parse().unwrap(),
    };
    may(&allow.file.targets[0], &actions[0], moment).err().map(|forbidden| {
        assert!(!forbidden.text.ja.is_empty() && !forbidden.remedy.ja.is_empty());
        (forbidden.rule, forbidden.stops_all)
    })
}

fn at(now: &'static str) -> Option<(&'static str, bool)> {
    judged(&Case { now, ..case() })
}

#[test]
fn without_a_reason_against_it_it_is_allowed() {
    assert_eq!(judged(&case()), None);
}

#[test]
fn a_stop_file_stops_everything() {
    let evidence = Evidence { stopped: true, ..Evidence::default() };
    assert_eq!(judged(&Case { evidence, ..case() }), Some(("stop_file", true)));
}

#[test]
fn what_cannot_be_seen_is_not_ruled_out() {
    let evidence = Evidence { unreadable: vec!["/proc/net/tcp".into()], ..Evidence::default() };
    assert_eq!(judged(&Case { evidence, ..case() }), Some(("not_seen", true)));
}

#[test]
fn rising_link_errors_stop_everything_and_old_ones_do_not() {
    let errors = |link_errors| Evidence { link_errors, ..Evidence::default() };
    assert_eq!(judged(&Case { evidence: errors(7), before: errors(7), ..case() }), None);
    assert_eq!(judged(&Case { evidence: errors(8), before: errors(7), ..case() }), Some(("link_errors", true)));
}

/// The last day ends at midnight in Japan, which is 15:00 of the same day in UTC.
#[test]
fn a_permission_ends_with_its_last_day_in_local_time() {
    let mut case = Case { now: "2026-11-25T14:59:59.000000Z", ..case() };
    case.file["windows"] =
        json!([{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "until": "24:00"}]);
    assert_eq!(judged(&case), None);
    case.now = "2026-11-25T15:00:00.000000Z";
    assert_eq!(judged(&case), Some(("expired", false)));
}

#[test]
fn outside_of_a_window_nothing_is_sent() {
    assert_eq!(at("2026-11-24T15:59:59.000000Z"), Some(("window", true)));
    assert_eq!(at("2026-11-24T16:00:00.000000Z"), None);
    assert_eq!(at("2026-11-24T18:59:59.000000Z"), None);
    assert_eq!(at("2026-11-24T19:00:00.000000Z"), Some(("window", true)));
    // The same hour on the day before.
    assert_eq!(at("2026-11-23T17:30:00.000000Z"), Some(("window", true)));
}

#[test]
fn a_window_over_midnight_belongs_to_the_day_on_which_it_begins() {
    let mut case = case();
    case.file["windows"] = json!([{"days": ["tue"], "from": "23:00", "until": "03:00"}]);
    assert_eq!(judged(&case), None);
    case.file["windows"] = json!([{"days": ["wed"], "from": "23:00", "until": "03:00"}]);
    assert_eq!(judged(&case), Some(("window", true)));
}

#[test]
fn blackouts_go_before_windows() {
    let mut weekly = case();
    weekly.file["weekly_blackouts"] =
        json!([{"days": ["tue"], "from": "22:00", "until": "02:31", "why": "夜間バッチ"}]);
    assert_eq!(judged(&weekly), Some(("blackout", true)));
    weekly.file["weekly_blackouts"][0]["until"] = json!("02:30");
    assert_eq!(judged(&weekly), None);
    let mut dated = case();
    dated.file["blackouts"] = json!([{"from": "2026-11-24T08:00", "until": "2026-11-25T02:31", "why": "入港"}]);
    assert_eq!(judged(&dated), Some(("blackout", true)));
    dated.file["blackouts"][0]["until"] = json!("2026-11-25T02:30");
    assert_eq!(judged(&dated), None);
}

#[test]
fn ports_of_controllers_medical_devices_and_printers_are_never_opened() {
    for port in [102, 502, 1090, 2404, 4840, 9100, 104, 11112, 20000, 34963, 44818, 47808, 55003] {
        let mut case = case();
        case.file["targets"][0]["probes"] = json!({"ssh": {"port": port}});
        assert_eq!(judged(&case), Some(("port", false)), "{port}");
        case.file["targets"][0]["probes"] = json!({"snmp_engine": {"port": port}});
        assert_eq!(judged(&case), Some(("port", false)), "{port}");
    }
}

#[test]
fn a_device_of_a_controller_maker_is_left_alone() {
    let seen = |mac| Evidence { neighbours: [(TARGET.parse().unwrap(), mac)].into(), ..Evidence::default() };
    assert_eq!(judged(&Case { evidence: seen(Mac([0, 0xa0, 0xde, 1, 2, 3])), ..case() }), None);
    let omron = seen(Mac([0, 0, 0x0a, 1, 2, 3]));
    assert_eq!(judged(&Case { evidence: omron, ..case() }), Some(("controller", false)));
    let mut six = case();
    six.file["targets"][0]["address"] = json!("2001:db8::200:aff:fe01:203");
    assert_eq!(judged(&six), Some(("controller", false)));
}

#[test]
fn a_device_that_speaks_to_us_like_a_controller_is_left_alone() {
    let spoken_to =
        |address: &str| Evidence { controllers_spoken_to: [address.parse().unwrap()].into(), ..Evidence::default() };
    assert_eq!(judged(&Case { evidence: spoken_to("192.0.2.11"), ..case() }), None);
    assert_eq!(judged(&Case { evidence: spoken_to(TARGET), ..case() }), Some(("ics_session", false)));
}

fn sent(times: u32, probes: Value, answered: bool) -> Case {
    let mut case = case();
    case.file["targets"][0]["probes"] = probes;
    let allow = Allow::parse(case.file.to_string().as_bytes()).unwrap();
    let now: UtcMicros = NOW.parse().unwrap();
    for _ in 0..times {
        case.tally.add(&Line::sending(&plan(&allow)[0], None, now));
        let result = Line::Result { at: now, target: TARGET.parse().unwrap(), probe: Probe::Ssh, answered, why: None };
        case.tally.add(&result);
    }
    case
}

#[test]
fn six_connections_and_twelve_datagrams_a_day_are_enough() {
    assert_eq!(judged(&sent(5, json!({"ssh": {}}), true)), None);
    assert_eq!(judged(&sent(6, json!({"ssh": {}}), true)), Some(("daily_budget", false)));
    assert_eq!(judged(&sent(11, json!({"snmp_engine": {}}), true)), None);
    assert_eq!(judged(&sent(12, json!({"snmp_engine": {}}), true)), Some(("daily_budget", false)));
}

#[test]
fn two_failures_in_a_row_are_enough() {
    assert_eq!(judged(&sent(1, json!({"ssh": {}}), false)), None);
    assert_eq!(judged(&sent(2, json!({"ssh": {}}), false)), Some(("failures", false)));
}

/// The kernel repeats a SYN after one second, and again after two or three.
#[test]
fn the_pace_keeps_the_rules_of_the_working_paper() {
    const { assert!(CONNECT_TIMEOUT.as_millis() < 2000 && CONNECT_TIMEOUT.as_millis() > 1000) };
    const { assert!(ANSWER_TIMEOUT.as_secs() <= 3 && PAUSE_MIN.as_secs() >= 1 && JITTER_MAX.as_secs() >= 1) };
}
