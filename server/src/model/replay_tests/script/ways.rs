//! What can happen to devices, remote paths, vendors' answers and what is known about firmware; possible or not.
//! It does not check anything. Invariant: the same number makes the same step of the same ledger.

use crate::ledger::entry::Author;
use crate::model::testing::{Script, circuit, dropped, plan, probed, reading, way};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::device::{DeviceReading, Extent, SourceSort};
use daicho_schemas::ids::PersonId;
use serde_json::{Value, json};

const KEYS: [&str; 3] = ["tunnel 1", "tunnel 2", "wan"];

/// A reading of one of two boxes, or of one without a serial number; whole or in part, or what a command prints.
fn some_reading(n: usize) -> DeviceReading {
    let sorts = ["site_to_site", "remote_access", "management", "dynamic_dns"];
    let answers = ["yes", "no", "unknown"];
    let ways: Vec<Value> = (0..n % 4)
        .map(|i| way(KEYS[i % 3], sorts[(n + i) % 4], answers[(n / 2 + i) % 3], answers[(n / 3 + i) % 3]))
        .take(KEYS.len())
        .collect();
    let mut reading = reading(["S1", "S2", "s1"][n % 3], &ways);
    reading.extent = [Extent::Whole, Extent::Partial][n / 4 % 2];
    reading.source.sort = [SourceSort::Configuration, SourceSort::StatusOutput][usize::from(n % 7 == 6)];
    if n % 5 == 4 {
        (reading.identity.serial, reading.identity.name) = (None, Some("gw".into()));
    }
    if let Some(bank) = reading.identity.firmware.first_mut() {
        bank.version = ["14.01.38", "14.01.42"][n / 2 % 2].into();
    }
    reading
}

/// One of the things that can happen.
pub(super) fn happens(script: &mut Script, n: usize) {
    let aoi = || Author::Person(PersonId::new("aoi").unwrap());
    let (choice, n) = (n % 10, n / 10);
    let device = ["gw", "gw-2"][n % 2];
    match choice {
        0 | 1 => {
            let equipment = [json!("tos"), json!("gate"), json!(null)][n / 2 % 3].clone();
            let owner = [json!({ "supplier": "vendor" }), json!("operator"), json!(null)][n / 6 % 3].clone();
            script.device(device, &some_reading(n), json!({ "equipment_id": equipment, "owner": owner }));
        }
        2 => {
            let outcome = [Outcome::Complete, Outcome::Partial, Outcome::Failed][n / 3 % 3];
            let items = [vec![], vec![dropped(&some_reading(n))]][usize::from(outcome != Outcome::Failed)].clone();
            script.report("device_configurations", outcome, items);
        }
        3 => {
            let serial = json!({ "value": (["S1", "S3"][n / 2 % 2]), "rung": "snmp_get" });
            let more = [json!({}), json!({ "serial": serial })][n % 2].clone();
            let answers =
                [vec![], vec![probed(["192.0.2.1", "192.0.2.2"][n / 4 % 2], more)]][usize::from(n % 3 > 0)].clone();
            script.report("devices_probed", Outcome::Complete, answers);
        }
        4 | 5 => {
            let enters = [
                json!({ "device_way_in": { "device_id": device, "way_in": KEYS[n / 2 % 3] } }),
                json!({ "host_interface": { "host": "TOS-1", "interface": "wg0" } }),
                json!({ "software": { "host": "tos-2", "software": "ExampleDesk" } }),
            ];
            let more = json!({
                "enters": enters[n % 3], "contract": ([json!(null), json!("plan-3")][n / 3 % 2]),
                "equipment_id": ([json!("tos"), json!(null), json!("gate")][n / 6 % 3]),
                "national_network": ([json!(null), json!("online_eligibility")][usize::from(n % 8 == 7)]),
                "removed_on": ([json!(null), json!("2026-11-20")][usize::from(n % 6 == 5)]),
                "log_review": ([json!(null), json!({ "by": "情報部", "last_on": "2026-11-01" })][n / 4 % 2]),
            });
            script.path(["a", "b"][n / 5 % 2], (device, "x"), more);
        }
        6 => script.answer(["vendor", "other"][n % 2], n / 2 % 2 == 0, ["2026-11-21", "2027-11-21"][n / 4 % 2]),
        7 => {
            script.later(n % 3);
            script.days_ended();
        }
        8 => {
            let through = [json!("2026-11-22"), json!("2027-03-31"), json!(null)][n % 3].clone();
            let own =
                plan("plan-3", ["tos", "gate"][n / 3 % 2]).entrustment().contractor(["vendor", "other"][n / 6 % 2]);
            let own = own.dates(json!({ "submitted_on": "2026-01-05", "entrusted_through": through }));
            script.plan(if n % 4 == 0 { own.way_in(device, KEYS[n % 3]) } else { own });
        }
        _ => {
            let pack = json!({ "format": "daicho.firmware_pack.v1", "pack_id": (["y", "z"][n % 2]), "source": "test",
                "as_of": (["2026-11-19", "2026-11-20"][n / 2 % 2]), "confidence": "stated",
                "advisories": [{ "id": "CVE-2099-0002", "vendor": "Yamaha", "product": "yamaha_rt", "models": ["RTX1210"],
                    "affected": [{ "before": (["14.01.42", "14.01.30"][n / 4 % 2]), "branch": "14.01" }], "fixed": ["14.01.42"] }],
                "end_of_life": [{ "vendor": "Yamaha", "product": "yamaha_rt", "branch": "14.01",
                    "ends_on": (["2026-11-23", "2027-03-31"][n / 8 % 2]) }] });
            script.push(aoi(), Fact::FirmwareKnowledge(serde_json::from_value(pack).unwrap()));
        }
    }
}

const MACS: [&str; 3] = ["00:a0:de:00:53:01", "00:a0:de:00:53:02", "02:00:00:00:00:01"];
const LINES: [&str; 4] = ["L-1", "L-2", "L-3", "L-4"];

/// One of the things that can happen to what is known of networks and lines.
pub(super) fn networks(script: &mut Script, n: usize) {
    let aoi = || Author::Person(PersonId::new("aoi").unwrap());
    let (choice, n) = (n % 6, n / 6);
    let mac = MACS[n % 3];
    match choice {
        0 => {
            let rows: Vec<Value> = (0..n / 3 % 3)
                .map(|i| json!({ "mac": MACS[i], "address": format!("192.0.2.{}", 1 + n % 4) }))
                .collect();
            let read = json!({ "table_id": (["sw1", "sw2"][n % 2]), "sort": "arp", "format": "cisco_ios_arp",
                "taken_on": "2026-11-20", "sha256": "00".repeat(32), "bytes": 10, "rows": rows });
            script.push(aoi(), Fact::NetworkTableRead(serde_json::from_value(read).unwrap()));
        }
        1 => {
            let is = [json!(null), json!({ "device": "gw" }), json!({ "host": "tos-2" }), json!({ "other": "複合機" })];
            let said = json!({ "mac": mac, "is": is[n / 3 % 4], "on": "2026-11-20" });
            script.push(aoi(), Fact::NeighbourNamed(serde_json::from_value(said).unwrap()));
        }
        2 => {
            let outcome = [Outcome::Complete, Outcome::Partial, Outcome::Failed][n % 3];
            let address = ["192.0.2.10/24", "10.1.0.10/24", "198.51.100.10/28"][n / 3 % 3];
            let parts = [
                json!({ "kind": "network_place.v1", "part": "address", "value": address, "interface": "eth0" }),
                json!({ "kind": "network_place.v1", "part": "neighbour", "value": "192.0.2.1", "mac": mac }),
            ];
            let parts = parts.into_iter().take(n / 9 % 3).map(|part| serde_json::from_value(part).unwrap());
            let parts = if outcome == Outcome::Failed { Vec::new() } else { parts.collect() };
            script.report("network_place", outcome, parts);
        }
        3 => {
            let rows: Vec<Value> = LINES.iter().enumerate().filter(|(i, _)| n >> i & 1 == 1).map(|(i, key)| {
                let n = n / 16 + i;
                circuit(key, ["mobile", "internet", "unknown", "dial_up"][n % 4], json!({
                    "device": (["", "tos-1", "GW", "TOS-2", "S1"][n % 5]), "port": (["", "wwan0", "tunnel 1"][n % 3]),
                    "contract": (["", "plan-3"][n % 2]), "equipment": (["", "tos", "gate"][n % 3]),
                    "segment": ([json!(null), json!("192.0.2.0/24"), json!("198.51.100.0/24")][n / 2 % 3]),
                    "ends_on": ([json!(null), json!("2026-11-21")][usize::from(n % 7 == 6)]),
                }))
            }).collect();
            script.circuits(&rows, json!({ "left_out": u8::from(n % 5 == 4) }));
        }
        4 => {
            let is = [
                json!(null),
                json!({ "ended": "2026-11-20" }),
                json!({ "device": "gw" }),
                json!({ "host": "tos-2" }),
                json!({ "other": "FAX" }),
            ];
            script.settle(LINES[n % 4], is[n / 4 % 5].clone());
        }
        _ => uplinks(script, n),
    }
}

/// A policy of IPsec, a tunnel that may carry it, or a modem comes or goes.
fn uplinks(script: &mut Script, n: usize) {
    let tunnel = |more: Value| {
        let mut all = json!({ "kind": "tunnel.v1", "tunnel_kind": "ipsec", "local": "192.0.2.10",
            "remote": "203.0.113.9", "inside": ["0.0.0.0/0 > 0.0.0.0/0"], "source": "ipsec_policy" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    };
    let modem = json!({ "kind": "modem.v1", "device": "wwan0", "sort": (["modem", "possible"][n / 3 % 2]) });
    match n % 3 {
        0 => script.report("ipsec", Outcome::Complete, vec![tunnel(json!({}))].into_iter().take(n / 3 % 2).collect()),
        1 => {
            let own = json!({ "interface": "vti0", "tunnel_kind": "vti", "inside": [], "source": "link" });
            script.report("tunnels", Outcome::Complete, vec![tunnel(own)].into_iter().take(n / 3 % 2).collect());
        }
        _ => {
            let items = vec![serde_json::from_value(modem).unwrap()];
            script.report("modems", Outcome::Complete, items.into_iter().take(n / 6 % 2).collect());
        }
    }
}
