//! `unknown_device_on_segment`: a hardware address of a maker of routers and VPN devices stands on the segment of an equipment, and is
//! nobody's that is known. The weakest of evidence (by hardware address alone): it asks, and never says what the thing is.
//! It does not know makers beyond the agents' list. Invariant: who has not been seen lately is not gone, so only a person, a device's
//! reading or a host that has the address closes it, or a newer table where only a table showed it.

use super::{Facts, Rule};
use crate::model::findings::{Subject, Verdict};
use crate::model::networks::makers::{mac_of, maker_of};
use crate::model::rows::Severity;
use crate::model::views::drift::Touched;
use core::net::IpAddr;
use daicho_schemas::ids::EquipmentId;
use daicho_schemas::text::Text;
use roaring::RoaringBitmap;
use std::collections::BTreeSet;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "unknown_device_on_segment", claim, subjects, judge };

fn claim() -> Text {
    Text::new(
        "特定重要設備の区画に、ルーター・VPN 機器のメーカーの MAC アドレスを持つ、台帳にない機器があります。",
        "On a segment of a critical equipment there is a device in no ledger, whose hardware address is of a maker of routers and VPN devices.",
    )
}

/// The equipment on whose segments a hardware address is seen: by an agent of theirs, or by a table with an address there.
fn seen_on(facts: &Facts<'_>, mac: &str) -> BTreeSet<EquipmentId> {
    let places = &facts.drift.places;
    let in_tables = facts.state.network_tables.holding(mac).flat_map(|table| {
        let rows = table.read.rows.iter().filter(|row| row.mac == mac);
        rows.filter_map(|row| row.address.as_ref()?.parse::<IpAddr>().ok()).collect::<BTreeSet<IpAddr>>()
    });
    let segments = in_tables.filter_map(|address| places.segment_of(address)).collect::<BTreeSet<_>>();
    let hosts = segments.into_iter().flat_map(|segment| places.who_stand_in(segment)).chain(places.who_see(mac));
    hosts.filter_map(|host| facts.drift.hosts.get(host)).flat_map(|host| host.equipment.iter().cloned()).collect()
}

fn subjects(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let devices = touched.devices.iter().filter_map(|id| facts.state.devices.get(id));
    let of_devices = devices.flat_map(|device| device.identity().macs).filter_map(|mac| mac_of(&mac));
    let of_hosts = touched.hosts.iter().filter_map(|host| facts.drift.places.host(*host));
    let next = of_hosts.flat_map(|place| place.next.iter().map(|next| next.mac.clone()));
    // Hosts of an equipment stand on other segments than before.
    let moved = touched.membership || !touched.equipment.is_empty();
    let tables = if moved { facts.state.network_tables.macs() } else { BTreeSet::new() };
    let macs: BTreeSet<String> = touched.macs.iter().cloned().chain(of_devices).chain(next).chain(tables).collect();
    let wanted = macs.into_iter().filter(|mac| maker_of(mac).is_some());
    // Of every equipment: of one on which it is seen no more, what was said has to be judged too.
    let every = || facts.drift.equipment.keys();
    wanted.flat_map(|mac| every().map(move |id| Subject::Neighbour(id.clone(), mac.clone()))).collect()
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Neighbour(equipment, mac) = subject else { return None };
    let maker = maker_of(mac)?;
    let state = facts.state;
    let known = facts.drift.places.who_have(mac).next().is_some() || state.network_tables.named(mac).is_some();
    let of_device = || {
        let mut macs = state.devices.iter().flat_map(|device| device.identity().macs);
        macs.any(|own| mac_of(&own).as_deref() == Some(mac))
    };
    if known || of_device() || !seen_on(facts, mac).contains(equipment) {
        return None;
    }
    let system = facts.equipment_name(equipment);
    let hosts: RoaringBitmap = facts.drift.places.who_see(mac).collect();
    Some(Verdict {
        severity: Severity::Notice,
        title: Text::new(
            format!("{maker} の MAC アドレス {mac} の機器が台帳にありません（{}）", system.ja),
            format!("A device with the {maker} hardware address {mac} is in no ledger ({})", system.en),
        ),
        why: Text::new(
            "保守会社が置いた VPN 装置は、台帳にないことがあります。根拠は MAC アドレスだけで、機器が何かは分かりません。",
            "A vendor's VPN device may stand in nobody's ledger. The hardware address alone shows it: what the device is does not follow.",
        ),
        next: Text::new(
            "現物を確かめ、設定を取り込むか（daicho device import）、何かを記録してください（daicho network name）。",
            "Look at the device itself; then import its configuration (daicho device import) or say what it is (daicho network name).",
        ),
        equipment_id: Some(equipment.clone()),
        hosts,
        components: vec![mac.clone()],
        supplier: None,
        planned_by: None,
    })
}

#[cfg(test)]
mod tests {
    use crate::model::testing::{Script, plan, reading, tunnel};
    use daicho_schemas::batch::Outcome;
    use daicho_schemas::fact::Fact;
    use daicho_schemas::fact::decision::Role;
    use daicho_schemas::fact::observation::Observation;
    use serde_json::{Value, json};

    const RULE: &str = "unknown_device_on_segment";

    fn place(part: &str, value: &str, mac: Option<&str>) -> Observation {
        serde_json::from_value(json!({ "kind": "network_place.v1", "part": part, "value": value, "mac": mac })).unwrap()
    }

    fn standing() -> Script {
        let mut script = Script::with_agent("ehr-1");
        script.plan(plan("plan-1", "tos").host("ehr-1"));
        script.report("network_place", Outcome::Complete, vec![place("address", "192.0.2.10/24", None)]);
        script
    }

    fn table(script: &mut Script, rows: Value) {
        let by = script.person("aoi", Role::Operator);
        let read = json!({ "table_id": "sw1", "sort": "arp", "format": "cisco_ios_arp", "taken_on": "2026-11-20",
            "sha256": "00".repeat(32), "bytes": 10, "rows": rows });
        script.push(by, Fact::NetworkTableRead(serde_json::from_value(read).unwrap()));
    }

    fn name(script: &mut Script, is: Value) {
        let by = script.person("aoi", Role::Operator);
        let said = json!({ "mac": "00:a0:de:00:53:01", "is": is, "on": "2026-11-20" });
        script.push(by, Fact::NeighbourNamed(serde_json::from_value(said).unwrap()));
    }

    #[test]
    fn a_makers_address_next_to_a_host_fires_until_a_person_says_what_it_is() {
        let mut script = standing();
        let near = vec![
            place("neighbour", "192.0.2.1", Some("00:a0:de:00:53:01")),
            place("neighbour", "192.0.2.2", Some("02:00:00:00:00:01")),
        ];
        script.report("neighbours", Outcome::Partial, near);
        assert_eq!(script.open(RULE), ["00:a0:de:00:53:01"], "an address of no known maker asks nothing");
        name(&mut script, json!({ "other": "複合機" }));
        assert!(script.open(RULE).is_empty());
        name(&mut script, Value::Null);
        assert_eq!(script.open(RULE).len(), 1, "taken back");
        script.report("neighbours", Outcome::Partial, vec![]);
        assert_eq!(script.open(RULE).len(), 1, "who is silent is not gone");
        script.assert_replay_is_idempotent();
    }

    #[test]
    fn a_table_shows_it_too_and_a_device_that_names_the_address_closes_it() {
        let mut script = standing();
        let row = |address: &str, mac: &str| json!({ "mac": mac, "address": address });
        table(&mut script, json!([row("192.0.2.1", "00:a0:de:00:53:01"), row("198.51.100.1", "00:a0:de:00:53:02")]));
        assert_eq!(script.open(RULE), ["00:a0:de:00:53:01"], "the other one stands on no segment of an equipment");
        let mut gateway = reading("S1", &[tunnel("tunnel 1")]);
        gateway.identity.macs = vec!["00:A0:DE:00:53:01".into()];
        script.device("gw", &gateway, json!({}));
        assert!(script.open(RULE).is_empty());
        table(&mut script, json!([row("192.0.2.7", "00:09:0f:00:53:03")]));
        assert_eq!(script.open(RULE), ["00:09:0f:00:53:03"]);
        table(&mut script, json!([row("192.0.2.7", "02:00:00:00:00:09")]));
        assert!(script.open(RULE).is_empty(), "only the table showed it, and the newer one does not");
        script.assert_replay_is_idempotent();
    }
}
