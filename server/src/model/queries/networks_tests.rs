//! Segments over scripted ledgers: what nobody observes is said, a silent agent observes nothing, and who is nobody's is counted.

use super::*;
use crate::model::testing::{Script, plan, reading, tunnel};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::decision::Hearing;
use daicho_schemas::fact::observation::Observation;
use serde_json::{Value, json};

fn place(part: &str, value: &str, more: Value) -> Observation {
    let mut all = json!({ "kind": "network_place.v1", "part": part, "value": value, "interface": "eth0" });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

fn standing() -> Script {
    let mut script = Script::with_agent("ehr-1");
    script.plan(plan("plan-1", "tos").host("ehr-1"));
    let parts = vec![
        place("address", "192.0.2.10/24", json!({})),
        place("route", "198.51.100.0/24", json!({ "via": "192.0.2.1" })),
        place("route", "192.0.2.128/25", json!({ "via": "192.0.2.1" })),
        place("route", "default", json!({ "via": "192.0.2.1" })),
    ];
    script.report("network_place", Outcome::Complete, parts);
    let near =
        |address: &str, mac: &str, maker: Value| place("neighbour", address, json!({ "mac": mac, "maker": maker }));
    let seen = vec![
        near("192.0.2.1", "00:a0:de:00:53:01", json!("Yamaha")),
        near("192.0.2.9", "00:09:0f:00:53:02", json!("Fortinet")),
    ];
    script.report("neighbours", Outcome::Partial, seen);
    script
}

fn sheet(script: &Script) -> NetworkSheet {
    script.model.networks(&NetworkQuery::default())
}

#[test]
fn a_route_into_a_segment_without_an_agent_is_not_observed_and_stands_first() {
    let script = standing();
    let sheet = sheet(&script);
    let rows: Vec<_> = sheet.segments.iter().map(|row| (row.segment.to_string(), row.observed)).collect();
    let not = Observed::NotObserved;
    assert_eq!(rows, [("198.51.100.0/24".into(), not), ("192.0.2.0/24".into(), Observed::ByAgents)]);
    assert_eq!(sheet.not_observed, 1, "a part of an observed segment and the way out are no segments of their own");
    assert_eq!(sheet.segments[0].led_to_by[0].en, "route of host ehr-1 (next hop 192.0.2.1)");
    assert_eq!(sheet.segments[0].equipment, sheet.segments[1].equipment, "it is the equipment's gap");
    let json = serde_json::to_value(&sheet.segments[0]).unwrap();
    assert_eq!((&json["observed"], &json["neighbours_total"]), (&json!("not_observed"), &json!(0)));
    script.assert_replay_is_idempotent();
}

#[test]
fn who_is_nobodys_is_counted_until_a_device_or_a_host_has_the_address() {
    let mut script = standing();
    let here =
        |script: &Script| sheet(script).segments.into_iter().find(|row| row.observed != Observed::NotObserved).unwrap();
    assert_eq!((here(&script).neighbours_total, here(&script).unknown), (2, 2));
    let mut gateway = reading("S1", &[tunnel("tunnel 1")]);
    gateway.identity.macs = vec!["00:A0:DE:00:53:01".into()];
    assert_eq!(sheet(&script).devices_without_place, Vec::<DeviceId>::new());
    script.device("gw", &reading("S1", &[]), json!({}));
    assert_eq!(sheet(&script).devices_without_place.len(), 1);
    script.later(1);
    script.device("gw", &gateway, json!({}));
    assert_eq!((here(&script).unknown, here(&script).devices.len()), (1, 1));
    assert!(sheet(&script).devices_without_place.is_empty());
    let own: Observation = serde_json::from_value(json!({ "kind": "network_interface.v1", "name": "eth0",
        "interface_kind": "ethernet", "mac": "00:09:0f:00:53:02" }))
    .unwrap();
    script.enrol("ehr-2");
    script.report("network_interfaces", Outcome::Complete, vec![own]);
    assert_eq!(here(&script).unknown, 0, "the other host has it");
    script.assert_replay_is_idempotent();
}

#[test]
fn a_silent_agent_observes_nothing_and_one_that_never_said_where_it_stands_is_named() {
    let mut script = standing();
    script.hearing(Hearing::Silent);
    assert!(sheet(&script).segments.iter().all(|row| row.observed != Observed::ByAgents));
    script.enrol("ehr-2");
    assert_eq!(sheet(&script).agents_without_place, ["ehr-2"]);
}

#[test]
fn a_device_that_leads_into_a_segment_without_an_agent_says_so() {
    let mut script = standing();
    let mut way = tunnel("nat 1");
    way["inside"] = json!(["192.0.2.20:3389", "203.0.113.7:22", "2001:db8:1::/64", "<nonsense>"]);
    script.device("gw", &reading("S1", &[way]), json!({ "equipment_id": "tos" }));
    let query = NetworkQuery { equipment_id: None, observed: Some(Observed::NotObserved) };
    let rows: Vec<String> = script.model.networks(&query).segments.iter().map(|row| row.segment.to_string()).collect();
    assert_eq!(rows, ["198.51.100.0/24", "203.0.113.7/32", "2001:db8:1::/64"]);
}

#[test]
fn a_table_shows_who_was_there_and_does_not_observe() {
    let mut script = standing();
    let by = script.person("aoi", daicho_schemas::fact::decision::Role::Operator);
    let mut table = |id: &str, sort: &str, more: Value| {
        let mut all = json!({ "table_id": id, "sort": sort, "format": "cisco", "taken_on": "2026-11-20",
            "sha256": "00".repeat(32), "bytes": 10 });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        script.push(by.clone(), daicho_schemas::fact::Fact::NetworkTableRead(serde_json::from_value(all).unwrap()));
    };
    table(
        "arp",
        "arp",
        json!({ "rows": [{ "mac": "00:00:5e:00:53:11", "address": "198.51.100.7" },
        { "mac": "00:00:5e:00:53:12", "address": "203.0.113.9" }] }),
    );
    // The same box on a port of a switch; one that no table gives an address; one of a switch whose network was said.
    table(
        "sw1",
        "mac_table",
        json!({ "rows": [{ "mac": "00:00:5e:00:53:11", "port": "Gi1/0/1" }, { "mac": "00:00:5e:00:53:13" }] }),
    );
    table("sw2", "mac_table", json!({ "segment": "203.0.113.128/25", "rows": [{ "mac": "00:00:5e:00:53:14" }] }));
    let sheet = sheet(&script);
    let rows: Vec<_> =
        sheet.segments.iter().map(|row| (row.segment.to_string(), row.observed, row.neighbours_total)).collect();
    let by_table = Observed::ByTable;
    assert_eq!(
        rows,
        [
            ("198.51.100.0/24".into(), by_table, 1),
            ("203.0.113.128/25".into(), by_table, 1),
            ("192.0.2.0/24".into(), Observed::ByAgents, 2)
        ]
    );
    assert_eq!(sheet.segments[0].neighbours[0].seen_by, ["arp", "sw1 Gi1/0/1"]);
    assert_eq!(sheet.rows_without_place, 2, "an address in no known segment, and a hardware address without one");
    script.assert_replay_is_idempotent();
}

/// A device that stands on a line of its own: no agent sees it, and its configuration names where it stands.
#[test]
fn what_a_devices_configuration_declares_is_a_segment_that_nobody_observes() {
    let mut script = standing();
    let interface = |name: &str, address: &str, more: Value| {
        let mut all = json!({ "name": name, "addresses": [address], "shut_down": "no", "line": 3 });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let mut gateway = reading("S1", &[]);
    let networks = json!({
        "interfaces": [
            interface("lan1", "192.0.2.130/25", json!({ "role": "lan" })),
            interface("lan2", "10.20.0.1/24", json!({})),
            interface("lan3", "10.30.0.1/24", json!({ "shut_down": "yes" })),
            interface("loopback1", "10.40.0.1/24", json!({ "role": "loopback" })),
            interface("pp 1", "203.0.113.2/29", json!({ "role": "wan" })),
            interface("tunnel 1", "10.50.0.1/32", json!({ "role": "tunnel" })),
        ],
        "routes": [
            { "destination": "10.60.0.0/16", "interface": "tunnel 1", "line": 9 },
            { "destination": "0.0.0.0/0", "next_hop": "203.0.113.1", "line": 8 },
        ],
    });
    gateway.networks = serde_json::from_value(networks).unwrap();
    script.device("gw", &gateway, json!({ "equipment_id": "tos" }));
    let sheet = sheet(&script);
    let rows: Vec<_> = sheet.segments.iter().map(|row| (row.segment.to_string(), row.observed)).collect();
    let (not, declared) = (Observed::NotObserved, Observed::Declared);
    assert_eq!(
        rows,
        [
            ("10.60.0.0/16".into(), not),
            ("198.51.100.0/24".into(), not),
            ("10.20.0.0/24".into(), declared),
            ("203.0.113.0/29".into(), declared),
            ("192.0.2.0/24".into(), Observed::ByAgents),
        ],
        "what is switched off, a loopback and one address are no segments; a part of an observed one is that one"
    );
    assert_eq!(sheet.not_observed, 4, "what a configuration declares nobody has observed");
    assert!(sheet.devices_without_place.is_empty());
    let of = |segment: &str| sheet.segments.iter().find(|row| row.segment.to_string() == segment).unwrap();
    assert_eq!(of("10.20.0.0/24").declared_by[0].en, "lan2 of device gw (10.20.0.1/24, configuration of 2026-11-21)");
    assert_eq!(of("10.60.0.0/16").led_to_by[0].en, "route of device gw (next hop tunnel 1)");
    assert_eq!(of("192.0.2.0/24").devices.len(), 1);
    assert_eq!(of("10.20.0.0/24").equipment.len(), 1);
    assert!(of("203.0.113.0/29").equipment.is_empty(), "a provider's line is no part of the equipment");
    let json = serde_json::to_value(of("10.20.0.0/24")).unwrap();
    assert_eq!((&json["observed"], &json["neighbours_total"]), (&json!("declared"), &json!(0)));
    // A newer configuration that names no such interface takes it away; a host that comes to stand there observes it.
    script.later(1);
    gateway.networks = None;
    script.device("gw", &gateway, json!({ "equipment_id": "tos" }));
    assert!(script.model.networks(&NetworkQuery::default()).segments.iter().all(|row| row.declared_by.is_empty()));
    script.assert_replay_is_idempotent();
}
