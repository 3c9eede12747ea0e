//! Lines that are seen and stand in no list: of devices, by modems, PPP and public addresses of hosts.

use crate::model::testing::{Script, circuit, interface, plan, reading, way};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::{InterfaceKind, Observation};
use serde_json::{Value, json};

const RULE: &str = "uplink_in_no_circuit";

fn observed(value: Value) -> Observation {
    serde_json::from_value(value).unwrap()
}

fn modem(device: &str, sort: &str) -> Observation {
    observed(json!({ "kind": "modem.v1", "device": device, "sort": sort }))
}

fn address(value: &str) -> Observation {
    observed(json!({ "kind": "network_place.v1", "part": "address", "value": value, "interface": "eth0" }))
}

fn other() -> Value {
    circuit("other", "leased_line", json!({ "device": "elsewhere" }))
}

#[test]
fn a_mobile_line_of_a_device_is_asked_for_only_once_there_is_a_list() {
    let mut script = Script::with_agent("tos-1");
    let ways = [way("wwan 1", "mobile_uplink", "yes", "unknown"), way("wwan 2", "mobile_uplink", "no", "unknown")];
    script.device("gw", &reading("S1", &ways), json!({}));
    assert!(script.open(RULE).is_empty(), "without a list nobody knows");
    script.circuits(&[other()], json!({}));
    assert_eq!(script.open(RULE), ["gw wwan 1"]);
    script.circuits(&[other(), circuit("a", "internet", json!({ "device": "gw" }))], json!({}));
    assert_eq!(script.open(RULE).len(), 1, "a line of another sort at the same device is another one");
    script.circuits(&[other(), circuit("a", "internet", json!({ "device": "GW", "port": "WWAN 1" }))], json!({}));
    assert!(script.open(RULE).is_empty(), "the list names the port");
    script.circuits(&[other(), circuit("a", "mobile", json!({ "device": "s1" }))], json!({}));
    assert!(script.open(RULE).is_empty(), "by its serial number");
    script.circuits(&[other(), circuit("a", "mobile", json!({ "device": "s1", "ends_on": "2026-11-20" }))], json!({}));
    assert_eq!(script.open(RULE).len(), 1, "a line that ended is none");
    script.settle("other", json!({ "device": "gw" }));
    assert_eq!(script.open(RULE).len(), 1, "a leased line is no mobile one, whoever says that it ends there");
    script.assert_replay_is_idempotent();
}

#[test]
fn a_public_address_of_a_device_is_asked_for_unless_its_line_or_network_is_listed() {
    let mut script = Script::with_agent("tos-1");
    let mut told = reading("S1", &[]);
    let networks = json!({ "interfaces": [
        { "name": "lan1", "addresses": ["192.168.0.1/24"], "shut_down": "no", "line": 1 },
        { "name": "lan2", "addresses": ["203.0.113.5/29"], "role": "wan", "shut_down": "unknown", "line": 2 },
        { "name": "lan3", "addresses": ["198.51.100.1/29"], "shut_down": "yes", "line": 3 },
    ] });
    told.networks = Some(serde_json::from_value(networks).unwrap());
    script.circuits(&[other()], json!({}));
    script.device("gw", &told, json!({}));
    assert_eq!(script.open_rows(RULE)[0].components, ["gw lan2 203.0.113.5"]);
    script.circuits(&[other(), circuit("a", "mobile", json!({ "device": "elsewhere" }))], json!({}));
    assert_eq!(script.open(RULE).len(), 1);
    script.circuits(&[other(), circuit("a", "internet", json!({ "device": "gw" }))], json!({}));
    assert!(script.open(RULE).is_empty(), "a line to the Internet ends at this device");
    let wide = circuit("net", "internet", json!({ "device": "elsewhere", "segment": "203.0.113.0/29" }));
    script.circuits(&[other(), wide], json!({}));
    script.settle("a", json!({ "ended": "2026-11-21" }));
    assert!(script.open(RULE).is_empty(), "the address is of a line's network");
    script.assert_replay_is_idempotent();
}

#[test]
fn modems_ppp_and_public_addresses_of_a_host_are_one_question() {
    let mut script = Script::with_agent("tos-1");
    script.plan(plan("plan-1", "tos").host("tos-1"));
    script.circuits(&[other()], json!({}));
    script.report("modems", Outcome::Complete, vec![modem("wwan0", "modem"), modem("usb0", "possible")]);
    script.interfaces(
        Outcome::Complete,
        &[interface("ppp0", InterfaceKind::Ppp), interface("eth0", InterfaceKind::Ethernet)],
    );
    let inside = ["10.0.0.5/24", "100.64.0.9/10", "198.18.0.1/15", "2001:db8::1/64"].map(address);
    script.report("network_place", Outcome::Complete, [address("203.0.113.5/29")].into_iter().chain(inside).collect());
    let found = script.open_rows(RULE);
    assert_eq!(found[0].components, ["eth0 203.0.113.5", "ppp0", "wwan0"]);
    let lines = [other(), circuit("lte", "mobile", json!({ "device": "TOS-1", "port": "wwan0" }))];
    script.circuits(&lines, json!({}));
    assert!(script.open(RULE).is_empty(), "a mobile line at this host may carry all of them: nothing is claimed");
    let wide = circuit("net", "internet", json!({ "device": "elsewhere", "segment": "203.0.113.0/29" }));
    script.circuits(&[other(), wide], json!({}));
    assert!(script.open(RULE).is_empty(), "a line that left its list may be there still");
    script.settle("lte", json!({ "ended": "2026-11-21" }));
    assert_eq!(script.open_rows(RULE)[0].components, ["ppp0", "wwan0"], "the address is of a line's network");
    script.report("modems", Outcome::Failed, vec![]);
    assert_eq!(script.open_rows(RULE)[0].components.len(), 2, "absent is not gone");
    script.assert_replay_is_idempotent();
}
