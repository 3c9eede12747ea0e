//! Plans for scripted ledgers. They do not know who files them or when.
//! Invariant: what a test does not set is the same in every test.

use daicho_schemas::fact::declaration::Plan;
use serde_json::{Value, json};

/// A plan as a test describes it: installation, introduced on 2026-06-01, unless said otherwise.
#[derive(Clone)]
pub(crate) struct PlanScript(Value);

pub(crate) fn plan(plan_id: &str, equipment_id: &str) -> PlanScript {
    PlanScript(json!({
        "format": "daicho.plan.v1",
        "plan_id": plan_id,
        "plan_kind": "installation",
        "regime": "jp-espa",
        "operator": { "name": { "ja": "例示港運", "en": "Example Port" }, "business": "一般港湾運送" },
        "equipment": {
            "equipment_id": equipment_id,
            "equipment_type": "ターミナルオペレーションシステム",
            "name": { "ja": "例示TOS", "en": "Example TOS" },
            "function": "船舶へのコンテナの積込に関する計画の作成",
            "place": "例示県",
            "hosts": [],
        },
        "dates": { "submitted_on": "2026-01-05", "accepted_on": "2026-01-10", "introduced_on": "2026-06-01" },
        "parts": [],
        "remote_paths": [],
    }))
}

impl PlanScript {
    pub(crate) fn host(mut self, name: &str) -> Self {
        self.0["equipment"]["hosts"].as_array_mut().unwrap().push(json!(name));
        self
    }

    pub(crate) fn part(self, id: &str, category: &str, supplier: &str) -> Self {
        self.part_covering(id, category, supplier, &[])
    }

    pub(crate) fn part_covering(mut self, id: &str, category: &str, supplier: &str, covers: &[&str]) -> Self {
        self.0["parts"].as_array_mut().unwrap().push(json!({
            "part_id": id,
            "category": category,
            "category_as_filed": "ソフトウェア",
            "name": format!("part {id}"),
            "function": "機能",
            "supplier_id": supplier,
            "covers": covers,
        }));
        self
    }

    /// It declares a way in of a device.
    pub(crate) fn way_in(mut self, device: &str, way_in: &str) -> Self {
        self.0["remote_paths"].as_array_mut().unwrap().push(json!({
            "remote_path_id": device, "device": { "device_id": device, "way_in": way_in },
            "purpose": "保守", "supplier_id": "vendor",
        }));
        self
    }

    pub(crate) fn contractor(mut self, supplier: &str) -> Self {
        self.0["contractors"] = json!([supplier]);
        self
    }

    pub(crate) fn remote_path(mut self, host: &str, interface: &str) -> Self {
        self.0["remote_paths"].as_array_mut().unwrap().push(json!({
            "remote_path_id": format!("{host}-{interface}").replace([' ', '>'], "-"),
            "host": host,
            "interface": interface,
            "purpose": "保守",
            "supplier_id": "vendor",
        }));
        self
    }

    /// It declares that somebody comes in by software of a host.
    pub(crate) fn software(mut self, host: &str, software: &str) -> Self {
        self.0["remote_paths"].as_array_mut().unwrap().push(json!({
            "remote_path_id": format!("{host}-software"), "host": host, "software": software,
            "purpose": "保守", "supplier_id": "vendor",
        }));
        self
    }

    pub(crate) fn draft(self) -> Self {
        self.dates(json!({}))
    }

    pub(crate) fn dates(mut self, dates: Value) -> Self {
        self.0["dates"] = dates;
        self
    }

    pub(crate) fn entrustment(mut self) -> Self {
        self.0["plan_kind"] = json!("entrustment");
        self
    }

    pub(crate) fn build(self) -> Plan {
        serde_json::from_value(self.0).unwrap()
    }
}
