//! Devices and remote paths from a scripted ledger: a fictitious terminal with a gateway of a vendor and one that only an agent showed.
//! It does not know pages. Invariant: one of each sort: declared, undeclared, open to everybody, read in part, only said, removed.

use crate::model::Model;
use crate::model::testing::{Script, circuit, dropped, interface, plan, probed, reading, supplier, tunnel, way};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::device::{Extent, Gap};
use daicho_schemas::fact::observation::InterfaceKind;
use serde_json::{from_value, json};

/// The ledger as it stands.
pub(in crate::http::console) fn devices_model() -> Model {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("vendor"));
    script.plan(plan("plan-1", "tos").host("tos-1").remote_path("tos-1", "wg0").way_in("gw", "tunnel 1"));
    script
        .plan(plan("plan-2", "tos").entrustment().contractor("vendor").dates(json!({ "submitted_on": "2026-01-05" })));
    script.interfaces(Outcome::Complete, &[interface("wg0", InterfaceKind::Wireguard)]);
    let open = way("sslvpn <b>設定</b>", "remote_access", "yes", "no");
    let mut gateway =
        reading("S1234567", &[tunnel("tunnel 1"), open, way("tunnel 9", "site_to_site", "unknown", "unknown")]);
    gateway.identity.name = Some("保守用 <b>ゲートウェイ</b>".into());
    gateway.management = serde_json::from_value(json!({ "restricted": { "answer": "no", "because": [
        { "line": 12, "text": { "ja": "httpd host any", "en": "httpd host any" } }] }, "sources": ["any"] }))
    .unwrap();
    script.device(
        "gw",
        &gateway,
        json!({ "owner": { "supplier": "vendor" }, "place": "東京都 計算機室 A-3", "note": "年 1 回点検" }),
    );
    let mut part = reading("S1234567", &[tunnel("tunnel 1")]);
    part.extent = Extent::Partial;
    let gap = json!({ "sort": "cut_off", "line": 40, "text": { "ja": "途中で終わっています", "en": "it ends inside a block" } });
    part.gaps = vec![from_value::<Gap>(gap).unwrap()];
    script.later(1);
    script.device("gw", &part, json!({ "owner": { "supplier": "vendor" }, "place": "東京都 計算機室 A-3" }));
    let shown = reading("S7654321", &[tunnel("tunnel 1")]);
    script.report("device_configurations", Outcome::Complete, vec![dropped(&shown)]);
    let serial = |text: &str| json!({ "value": text, "rung": "banner_or_certificate" });
    let run = json!({ "began_at": "2026-11-20T01:02:03.000000Z", "allow_sha256": "a1".repeat(32) });
    let known = json!({ "serial": serial("S1234567"), "run": run, "answered": ["snmp_engine", "snmp_get", "tls"],
        "engine_id": "800030440300005e005301", "mac": "00:00:5e:00:53:01" });
    let own = vec![
        probed("192.0.2.1", known),
        probed("192.0.2.7", json!({ "maker": serial("NEC <b>IX</b>"), "firmware": null })),
    ];
    script.report("devices_probed", Outcome::Complete, own);
    script.path(
        "caterer",
        ("gw", "tunnel 9"),
        json!({ "purpose": "給食の <b>発注</b>", "target_on": "2027-03-31",
        "log_review": { "by": "情報部", "last_on": "2026-11-01" }, "second_factor": "no" }),
    );
    let desk = json!({ "enters": { "software": { "host": "tos-1", "software": "ExampleDesk" } }, "removed_on": "2026-11-20",
        "contract": "plan-2" });
    script.path("desk", ("gw", "x"), desk);
    script.answer("vendor", false, "2027-11-20");
    let place = |part: &str, value: &str, mac: Option<&str>, maker: Option<&str>| {
        let via = (part == "route").then_some("192.0.2.1");
        from_value(json!({ "kind": "network_place.v1", "part": part, "value": value, "interface": "eth0", "mac": mac,
            "maker": maker, "via": via }))
        .unwrap()
    };
    let stands = vec![place("address", "192.0.2.10/24", None, None), place("route", "198.51.100.0/24", None, None)];
    script.report("network_place", Outcome::Complete, stands);
    let next = vec![
        place("neighbour", "192.0.2.1", Some("00:a0:de:00:53:01"), Some("Yamaha")),
        place("neighbour", "192.0.2.9", Some("00:09:0f:00:53:02"), Some("Fortinet")),
    ];
    script.report("neighbours", Outcome::Partial, next);
    lines_of(&mut script);
    script.model
}

/// A list of lines: one that is explained, one that nothing explains, one that left it; and a modem that stands in none.
fn lines_of(script: &mut Script) {
    let left = circuit("L-009", "dial_up", json!({ "carrier": "例示電話" }));
    script.circuits(&[left], json!({}));
    let lines = [
        circuit(
            "L-001",
            "internet",
            json!({ "carrier": "例示通信", "number": "CAF0000000001", "device": "gw", "port": "lan2",
            "purpose": "遠隔保守", "used_by": "vendor（供給者）", "equipment": "tos", "segment": "192.0.2.0/24" }),
        ),
        circuit(
            "L-002",
            "mobile",
            json!({ "place": "電気室 <b>地下</b>", "used_by": "設備保守会社", "device": "監視盤" }),
        ),
    ];
    script.circuits(&lines, json!({ "left_out": 1 }));
    script.circuits(&lines, json!({}));
    let modem = from_value(json!({ "kind": "modem.v1", "device": "wwan0", "sort": "modem" })).unwrap();
    script.report("modems", Outcome::Complete, vec![modem]);
}
