//! What people hand in: suppliers and plans, drawn from a few that fit the hosts of the simulation.
//! It does not know admission; some of it is refused, as a plan may name a supplier that nobody has recorded.
//! Invariant: what is drawn follows from the random numbers alone.

use daicho_schemas::fact::Fact;
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::fact::supplier::SupplierRecord;
use fastrand::Rng;
use serde_json::json;

const SUPPLIERS: [&str; 3] = ["debian", "vendor", "other"];

/// A supplier's record or a plan.
pub fn declares(rng: &mut Rng, hosts: &[String]) -> Fact {
    if rng.bool() { Fact::Supplier(supplier(SUPPLIERS[rng.usize(0..3)], rng)) } else { Fact::Plan(plan(rng, hosts)) }
}

fn supplier(word: &str, rng: &mut Rng) -> SupplierRecord {
    let record = json!({
        "supplier_id": word,
        "name": { "ja": format!("{word}（供給者）"), "en": format!("{word} (supplier)") },
        "recognise": {
            "package_origins": [word],
            "maintainer_domains": [format!("{word}.example")],
            "vendor_strings": [word],
            "os_ids": if rng.bool() { vec![word] } else { Vec::new() },
        },
        "source": "simulation",
        "as_of": "2026-11-01",
    });
    serde_json::from_value(record).unwrap()
}

fn plan(rng: &mut Rng, hosts: &[String]) -> Plan {
    let number = rng.u32(1..3);
    let named: Vec<&String> = hosts.iter().filter(|_| rng.bool()).collect();
    let mut parts = Vec::new();
    for (at, category) in ["operating_system", "middleware", "application"].iter().enumerate() {
        if rng.bool() {
            let covers = if rng.bool() { vec!["*"] } else { Vec::new() };
            parts.push(json!({
                "part_id": format!("part-{at}"),
                "category": category,
                "category_as_filed": "ソフトウェア",
                "name": format!("part {at}"),
                "function": "機能",
                "supplier_id": SUPPLIERS[rng.usize(0..3)],
                "covers": covers,
            }));
        }
    }
    let paths: Vec<_> = named
        .iter()
        .filter(|_| rng.u32(0..3) == 0)
        .map(|host| {
            json!({
                "remote_path_id": format!("{host}-wg0"),
                "host": host,
                "interface": "wg0",
                "purpose": "保守",
                "supplier_id": "vendor",
            })
        })
        .collect();
    let dates = if rng.bool() {
        json!({ "submitted_on": "2026-01-05", "accepted_on": "2026-01-10", "introduced_on": "2026-06-01" })
    } else {
        json!({})
    };
    let plan = json!({
        "format": "daicho.plan.v1",
        "plan_id": format!("plan-{number}"),
        "plan_kind": if rng.bool() { "installation" } else { "entrustment" },
        "regime": "jp-espa",
        "operator": { "name": { "ja": "例示港運", "en": "Example Port" }, "business": "一般港湾運送" },
        "equipment": {
            "equipment_id": format!("equipment-{}", rng.u32(1..3)),
            "equipment_type": "ターミナルオペレーションシステム",
            "name": { "ja": "例示TOS", "en": "Example TOS" },
            "function": "船舶へのコンテナの積込に関する計画の作成",
            "place": "例示県",
            "hosts": named,
        },
        "dates": dates,
        "parts": parts,
        "remote_paths": paths,
    });
    serde_json::from_value(plan).unwrap()
}
