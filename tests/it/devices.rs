//! A device's configuration on its way into the ledger: read by the command, on the page, shown by an agent's drop folder; the paths
//! and answers that people record of it; and that no text of the file stands anywhere.
//! It does not test what a parser understands; the parsers' own tests do. Invariant: only the reading leaves the person's machine.

use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::{DeviceConfiguration, Observation};
use harness::agent::{FakeAgent, full_report};
use harness::executables::{command, executables, said_beside};
use harness::server::{Api, TestServer};
use serde_json::{Value, json};
use std::path::Path;

const SECRET: &str = "EXAMPLE-SECRET-1";

/// What a dry run on another machine printed.
fn readings(ways: &[Value]) -> Value {
    let reading = json!({
        "family": "yamaha_rt",
        "source": { "sha256": "5e".repeat(32), "bytes": 900, "sort": "configuration", "encoding": "UTF-8", "lines": [1, 40] },
        "extent": "whole",
        "identity": { "name": "caterer-gw", "maker": "Yamaha", "model": "RTX1210", "serial": "S1" },
        "ways_in": ways,
        "management": { "restricted": { "answer": "no", "because": [{ "line": 3, "text": { "ja": "全て", "en": "any" } }] } },
    });
    json!({ "format": "daicho.device_readings.v1", "readings": [reading] })
}

fn way(key: &str, restricted: &str) -> Value {
    let said = |answer: &str| json!({ "answer": answer, "because": [{ "line": 7, "text": { "ja": "設定", "en": "set so" } }] });
    json!({ "key": key, "sort": "remote_access", "technology": "l2tp-ipsec", "far_end": "anyone",
        "enabled": said("yes"), "restriction": { "restricted": said(restricted) } })
}

/// A command as a person calls it, beside the server's own threads.
async fn daicho(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut run = command(&executables().daicho);
    run.current_dir(folder).env("DAICHO_CONNECT", "connect.json").args(arguments);
    said_beside(run).await
}

async fn open(api: &Api, rule: &str) -> usize {
    let findings = api.list("/findings?state=open").await;
    findings.iter().filter(|row| row["rule_id"] == rule).count()
}

#[test]
fn a_vendors_box_is_read_recorded_and_put_right() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let api = &server.api;
        let at = folder.path();
        std::fs::write(at.join("connect.json"), serde_json::to_vec(&api.connect).unwrap()).unwrap();
        let plan = api.declare_example().await;
        let (equipment, vendor) = (plan.equipment.equipment_id.as_str(), plan.parts[0].supplier_id.as_str());
        std::fs::write(at.join("gw.json"), readings(&[way("anonymous 1", "no")]).to_string()).unwrap();

        let before = api.get("/ledger/head").await;
        let (code, text) = daicho(at, &["device", "import", "--dry-run", "gw.json"]).await;
        assert!(code == Some(0) && text.contains("anonymous 1") && text.contains("firmware: unknown"), "{text}");
        assert_eq!(api.get("/ledger/head").await, before, "a dry run sends nothing");
        let import = ["device", "import", "--equipment", equipment, "--owner", vendor, "gw.json"];
        let (code, text) = daicho(at, &import).await;
        assert!(code == Some(0) && text.contains("caterer-gw"), "{text}");
        let device = api.get("/devices/caterer-gw").await;
        assert_eq!((&device["row"]["undeclared"], &device["row"]["equipment_id"]), (&json!(1), &json!(equipment)));
        for rule in ["device_way_in_undeclared", "device_way_in_unrestricted"] {
            assert_eq!(open(api, rule).await, 1, "{rule}");
        }

        let record =
            ["path", "record", "caterer", "--device", "caterer-gw", "--way-in", "anonymous 1", "--supplier", vendor];
        let (code, text) = daicho(at, &[&record[..], &["--equipment", equipment]].concat()).await;
        assert_eq!(code, Some(0), "{text}");
        assert_eq!(
            (open(api, "device_way_in_undeclared").await, open(api, "remote_path_without_contract").await),
            (0, 1)
        );
        let more = ["path", "record", "caterer", "--second-factor", "no", "--log-reviewed-by", "IT office"];
        assert_eq!(daicho(at, &more).await.0, Some(0));
        let stands = api.get("/paths/caterer").await;
        assert_eq!((&stands["versions"], &stands["recorded"]["supplier_id"]), (&json!(2), &json!(vendor)), "{stands}");
        let answer =
            ["path", "answer", vendor, "--equipment", equipment, "--uses", "no", "--answered-by", "service desk"];
        let days = ["--how", "form", "--valid-through", "2099-12-31"];
        assert_eq!(daicho(at, &[&answer[..], &days].concat()).await.0, Some(0));
        assert_eq!(open(api, "remote_maintenance_unanswered").await, 1, "a no beside a path of its own contradicts");
        let (code, text) = daicho(at, &["path", "list", "--only", "without_contract"]).await;
        assert!(code == Some(0) && text.contains("device:caterer-gw:anonymous 1"), "{text}");
        for (page, words) in [("/devices", "caterer-gw"), ("/devices/caterer-gw", "anonymous 1"), ("/paths", "caterer")]
        {
            let (status, html) = api.page(page).await;
            assert!(status == 200 && html.contains(words), "{page}: {status}");
        }

        std::fs::write(at.join("gw.json"), readings(&[]).to_string()).unwrap();
        assert_eq!(daicho(at, &["device", "import", "gw.json"]).await.0, Some(0));
        let device = api.get("/devices/caterer-gw").await;
        assert_eq!(device["row"]["owner"], json!({ "supplier": vendor }), "what was not said anew stays");
        assert_eq!(open(api, "device_way_in_unrestricted").await, 0);
        server.stop().await;
    });
}

#[test]
fn a_file_that_is_no_configuration_is_refused_and_nothing_of_it_is_told() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let api = &server.api;
        let at = folder.path();
        std::fs::write(at.join("connect.json"), serde_json::to_vec(&api.connect).unwrap()).unwrap();
        let before = api.get("/ledger/head").await;
        let words = format!("the quick brown fox {SECRET}\n\u{0}\u{1}");
        std::fs::write(at.join("no.txt"), words).unwrap();
        let (code, text) = daicho(at, &["device", "import", "no.txt"]).await;
        assert!(code == Some(2) && text.contains("device_not_read") && !text.contains(SECRET), "{text}");
        let wrong = json!({ "device_id": "gw", "taken_on": "2026-11-21", "reading": { "family": SECRET } });
        assert_eq!(api.post("/devices", wrong).await.0, 400);
        assert_eq!(api.try_get("/devices/none").await.unwrap().0, 404);
        assert_eq!(api.get("/ledger/head").await, before);
        server.stop().await;
    });
}

#[test]
fn what_a_drop_folder_shows_is_listed_until_a_person_records_it() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let api = &server.api;
        let agent = FakeAgent::enrol(api).await;
        let own = readings(&[way("anonymous 1", "unknown")])["readings"][0].clone();
        let shown = DeviceConfiguration {
            file_name: "gw.txt".into(),
            reading: Box::new(serde_json::from_value(own.clone()).unwrap()),
        };
        let items = vec![Observation::DeviceConfiguration(shown)];
        let report = full_report("device_configurations", Outcome::Complete, items);
        agent.send_well(agent.pack(1, "2026-11-21T03:00:00.000000Z".parse().unwrap(), vec![report])).await;
        let devices = api.list("/devices").await;
        assert_eq!((devices.len(), &devices[0]["recorded"]), (1, &json!(false)));
        let read = json!({ "device_id": "gw", "taken_on": "2026-11-21", "reading": own });
        assert_eq!(api.post("/devices", read).await.0, 201);
        let devices = api.list("/devices").await;
        assert_eq!((devices.len(), &devices[0]["device_id"]), (1, &json!("gw")));
        server.stop().await;
    });
}
