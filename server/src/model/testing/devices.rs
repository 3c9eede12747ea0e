//! Devices, remote paths and vendors' answers for scripted ledgers. They do not know parsers: a reading is written by hand.
//! Invariant: what a test does not set is the same in every test.

use super::Script;
use crate::ledger::entry::Author;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::device::DeviceReading;
use daicho_schemas::fact::observation::{
    DeviceConfiguration, Observation, RemoteTool, RemoteToolClass, ToolEvidence, ToolEvidenceSort, UnitState,
};
use daicho_schemas::ids::PersonId;
use serde_json::{Value, json};

/// A whole configuration of a box with a serial number, with these ways in.
pub(crate) fn reading(serial: &str, ways: &[Value]) -> DeviceReading {
    serde_json::from_value(json!({
        "family": "yamaha_rt",
        "source": { "sha256": "5e".repeat(32), "bytes": 900, "sort": "configuration", "encoding": "UTF-8", "lines": [1, 40] },
        "extent": "whole",
        "identity": { "maker": "Yamaha", "model": "RTX1210", "serial": serial,
            "firmware": [{ "version": "14.01.42", "running": "unknown" }] },
        "ways_in": ways,
    }))
    .unwrap()
}

/// A tunnel that is switched on, from one address.
pub(crate) fn tunnel(key: &str) -> Value {
    way(key, "site_to_site", "yes", "yes")
}

/// A way in: its sort, whether it is on, whether its sources are restricted.
pub(crate) fn way(key: &str, sort: &str, enabled: &str, restricted: &str) -> Value {
    let said = |answer: &str| json!({ "answer": answer, "because": [{ "line": 7, "text": { "ja": "設定", "en": "set so" } }] });
    json!({
        "key": key, "sort": sort, "technology": "ipsec-ikev1", "far_end": { "address": "192.0.2.10" },
        "enabled": said(enabled), "restriction": { "restricted": said(restricted), "sources": ["192.0.2.10"] },
    })
}

fn aoi() -> Author {
    Author::Person(PersonId::new("aoi").unwrap())
}

fn with(mut all: Value, more: &Value) -> Value {
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

impl Script {
    /// A person hands in a reading of a device of `tos`; `more` says what else.
    pub(crate) fn device(&mut self, id: &str, reading: &DeviceReading, more: Value) {
        let on = self.start.date_in_japan();
        let all = json!({ "device_id": id, "equipment_id": "tos", "taken_on": on, "reading": reading });
        self.push(aoi(), Fact::DeviceRead(serde_json::from_value(with(all, &more)).unwrap()));
    }

    /// A person records a path by a way in of a device.
    pub(crate) fn path(&mut self, id: &str, (device, way_in): (&str, &str), more: Value) {
        let on = self.start.date_in_japan();
        let all = json!({
            "remote_path_id": id, "enters": { "device_way_in": { "device_id": device, "way_in": way_in } },
            "equipment_id": "tos", "supplier_id": "vendor", "on": on,
        });
        self.push(aoi(), Fact::RemotePath(serde_json::from_value(with(all, &more)).unwrap()));
    }

    /// A person records a path by software of a host.
    pub(crate) fn software_path(&mut self, id: &str, (host, software): (&str, &str), more: Value) {
        let on = self.start.date_in_japan();
        let all = json!({
            "remote_path_id": id, "enters": { "software": { "host": host, "software": software } },
            "equipment_id": "tos", "supplier_id": "vendor", "on": on,
        });
        self.push(aoi(), Fact::RemotePath(serde_json::from_value(with(all, &more)).unwrap()));
    }

    /// A vendor answers whether it uses remote maintenance on `tos`.
    pub(crate) fn answer(&mut self, supplier: &str, uses: bool, valid_through: &str) {
        let on = self.start.date_in_japan();
        let all = json!({
            "supplier_id": supplier, "equipment_id": "tos", "uses": uses, "on": on, "valid_through": valid_through,
            "answered_by": "保守部", "how": "form",
        });
        self.push(aoi(), Fact::RemoteMaintenanceAnswered(serde_json::from_value(all).unwrap()));
    }

    /// A person hands in an edition of the list `circuits`, as of the day on which the script is; rows are sorted here.
    pub(crate) fn circuits(&mut self, rows: &[Value], more: Value) {
        let on = self.start.date_in_japan();
        let mut rows: Vec<Value> = rows.to_vec();
        rows.sort_by_key(|row| row["key"].as_str().unwrap().to_string());
        let all = json!({ "circuit_ledger_id": "circuits", "source": "lines.xlsx", "as_of": on, "sha256": "00".repeat(32),
            "bytes": 10, "circuits": rows });
        self.push(aoi(), Fact::CircuitLedgerRead(serde_json::from_value(with(all, &more)).unwrap()));
    }

    /// A person says what a line of `circuits` is; null takes it back.
    pub(crate) fn settle(&mut self, key: &str, is: Value) {
        let on = self.start.date_in_japan();
        let all = json!({ "circuit_ledger_id": "circuits", "key": key, "is": is, "on": on });
        self.push(aoi(), Fact::CircuitSettled(serde_json::from_value(all).unwrap()));
    }

    /// The server states which days of contracts and answers are over.
    pub(crate) fn days_ended(&mut self) {
        let due = self.model.remote_days_ended(self.start.date_in_japan(), 100);
        self.push(Author::Server, Fact::RemoteDaysEnded(due));
    }
}

/// A line of a list; `more` says what else.
pub(crate) fn circuit(key: &str, sort: &str, more: Value) -> Value {
    with(json!({ "key": key, "sort": sort }), &more)
}

/// A tool by what shows it: `package x`, `process x`, `enabled x.service`, `masked x.service`. Its name for people has its first
/// letter large.
pub(crate) fn tool(id: &str, class: RemoteToolClass, evidence: &[&str]) -> RemoteTool {
    let one = |text: &&str| {
        let (sort, name) = text.split_once(' ').unwrap();
        let (sort, state) = match sort {
            "package" => (ToolEvidenceSort::Package, None),
            "process" => (ToolEvidenceSort::Process, None),
            "enabled" => (ToolEvidenceSort::Unit, Some(UnitState::Enabled)),
            _ => (ToolEvidenceSort::Unit, Some(UnitState::Masked)),
        };
        ToolEvidence { sort, name: name.into(), state }
    };
    let name = if id == "anydesk" { "AnyDesk".to_string() } else { format!("{}{}", id[..1].to_uppercase(), &id[1..]) };
    RemoteTool {
        tool: id.into(),
        name,
        class,
        evidence: evidence.iter().map(one).collect(),
        last_use_on: None,
        admits_from: Vec::new(),
    }
}

/// What an agent's drop folder shows.
pub(crate) fn dropped(reading: &DeviceReading) -> Observation {
    let configuration = DeviceConfiguration { file_name: "gw.txt".into(), reading: Box::new(reading.clone()) };
    Observation::DeviceConfiguration(configuration)
}

/// What a device at an address answered: maker, model and firmware by SNMP, and more.
pub(crate) fn probed(address: &str, more: Value) -> Observation {
    let said = |value: &str| json!({ "value": value, "rung": "snmp_get" });
    let all = json!({
        "address": address, "asked_on": "2026-11-20", "answered": ["snmp_get"],
        "maker": said("Yamaha"), "model": said("RTX1210"), "firmware": said("14.01.38"),
    });
    Observation::DeviceProbed(serde_json::from_value(with(all, &more)).unwrap())
}
