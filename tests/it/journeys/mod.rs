//! One story per template that a ministry's paper names: from a recorded inventory through a change to its duty and worksheet.
//! It does not test single rules or rows; the model does.
//! Invariant: a story goes the way of a user: a template, records, a filing, an agent's word, and what the law asks of it.

mod airline;
mod hospital;
mod hospital_device;
mod port_terminal;
mod trucking;
mod water_plant;

use crate::load::now;
use daicho_schemas::inventory::Inventory;
use daicho_schemas::time::CalendarDate;
use harness::agent::{FakeAgent, full_report};
use harness::executables::{command, executables, said};
use harness::server::TestServer;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A recorded inventory: `hospital.before`.
fn recorded(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("journeys").join(format!("{name}.json"))
}

fn inventory(name: &str) -> Inventory {
    serde_json::from_slice(&std::fs::read(recorded(name)).unwrap()).unwrap()
}

/// A day, so many days from today in Japan.
fn day(from_today: i64) -> CalendarDate {
    now().date_in_japan().plus_days(from_today)
}

/// Runs `daicho`: exit code, and everything it printed.
fn daicho(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    said(command(&executables().daicho).current_dir(folder).args(arguments))
}

/// The draft that a template gives for an equipment on one host.
fn draft(folder: &Path, template: &str, host: &str, supplier: &str) -> Value {
    let named =
        ["equipment", "new", "--template", template, "--id", "eq", "--name", "例示設備", "--name-en", "Example"];
    let rest =
        ["--place", "例示県", "--host", host, "--supplier", supplier, "--operator", "例示事業者", "--out", "plan.json"];
    let (code, text) = daicho(folder, &[&named[..], &rest].concat());
    assert_eq!(code, Some(0), "{text}");
    let plan: Value = serde_json::from_slice(&std::fs::read(folder.join("plan.json")).unwrap()).unwrap();
    assert_eq!(plan["dates"], json!({}), "a template files nothing");
    plan
}

/// A supplier that is recognised by its mail domain and, on machines, by a vendor's name.
fn supplier(id: &str, domain: &str, vendor: &str) -> Value {
    let os_ids = if id == "debian" { json!(["debian"]) } else { json!([]) };
    json!({ "supplier_id": id, "name": { "ja": format!("{id}社"), "en": id },
        "recognise": { "maintainer_domains": [domain], "vendor_strings": [vendor], "os_ids": os_ids },
        "source": "契約書", "as_of": "2026-10-01" })
}

fn records(suppliers: &[Value]) -> Value {
    json!({ "format": "daicho.suppliers.v1", "suppliers": suppliers })
}

/// A part of a plan as it is filed.
fn part(id: &str, category: &str, as_filed: &str, supplier: &str, covers: &[&str]) -> Value {
    json!({ "part_id": id, "category": category, "category_as_filed": as_filed, "name": covers.first().unwrap_or(&id),
        "function": "例示", "supplier_id": supplier, "covers": covers })
}

/// Debian's share of every host here.
fn debian_part() -> Value {
    part("os", "operating_system", "OS", "debian", &[])
}

fn base_part() -> Value {
    part("base", "middleware", "ミドルウェア", "debian", &[])
}

/// A server with one agent, in a folder of its own.
struct Story {
    _folder: TempDir,
    server: TestServer,
    agent: FakeAgent,
    batches: u64,
}

impl Story {
    async fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let agent = FakeAgent::enrol(&server.api).await;
        Self { _folder: folder, server, agent, batches: 0 }
    }

    async fn enters(&self, path: &str, what: &Value) {
        let (status, answer) = self.server.api.post(path, what.clone()).await;
        assert_eq!(status, 201, "{path}: {answer}");
    }

    /// The agent says what was recorded of a host.
    async fn sees(&mut self, name: &str) {
        let reports = inventory(name).collectors.into_iter();
        let reports = reports.map(|part| full_report(part.collector.as_str(), part.outcome, part.items)).collect();
        self.batches += 1;
        self.agent.send_well(self.agent.pack(self.batches, now(), reports)).await;
    }

    /// The open findings of one rule, once there are that many.
    async fn findings(&self, rule: &str, count: usize) -> Vec<Value> {
        let look = || async {
            let all = self.server.api.list("/findings").await;
            let open: Vec<Value> =
                all.into_iter().filter(|row| row["rule_id"] == rule && row["state"] == "open").collect();
            (open.len() == count).then_some(open)
        };
        self.server.api.until(rule, look).await
    }

    /// The duties that hang on a finding.
    async fn duties(&self, finding: &Value) -> Vec<Value> {
        let all = self.server.api.list("/duties").await;
        all.into_iter().filter(|duty| duty["finding_id"] == finding["finding_id"]).collect()
    }

    /// A worksheet of a plan as a page and as a spreadsheet; the page is answered.
    async fn worksheet(&self, plan: &str, query: &str) -> String {
        let path = format!("/plans/{plan}/worksheet");
        let (status, file) = self.server.api.page(&format!("{path}.xlsx?{query}")).await;
        assert!(status == 200 && file.starts_with("PK"), "{status}");
        let (status, page) = self.server.api.page(&format!("{path}?{query}")).await;
        assert_eq!(status, 200);
        page
    }

    async fn end(self) {
        self.server.stop().await;
    }
}
