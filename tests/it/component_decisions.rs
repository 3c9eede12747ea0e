//! From what two hosts report, through the queue of what nobody has settled, to a decision that changes a finding on both; and a
//! person's own table into decisions. It does not test who speaks where several decisions do; the model does.
//! Invariant: a proposal decides nothing, a table enters whole or not at all, and a duty outlives its finding.

use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::Observation;
use harness::agent::{FakeAgent, full_report};
use harness::executables::{command, executables, said};
use harness::hosts::{debian, debian_package, package};
use harness::server::TestServer;
use serde_json::{Value, json};
use std::path::Path;

const MAINTAINER: &str = "Reiji Soft Corporation <packages@reiji.example>";

fn suppliers() -> Value {
    let record = |id: &str, en: &str, recognise: Value| {
        json!({ "supplier_id": id, "name": { "ja": en, "en": en }, "recognise": recognise, "source": "test",
            "as_of": "2026-11-01" })
    };
    let debian = json!({ "os_ids": ["debian"], "maintainer_domains": ["debian.org"] });
    json!({ "format": "daicho.suppliers.v1",
        "suppliers": [record("debian", "Debian", debian), record("reiji", "Reiji Soft", json!({})),
            record("other", "Other", json!({}))] })
}

fn plan() -> Value {
    let part = |id: &str, category: &str, supplier: &str| {
        json!({ "part_id": id, "category": category, "category_as_filed": "ソフトウェア", "name": id, "function": "機能",
            "supplier_id": supplier })
    };
    json!({ "format": "daicho.plan.v1", "plan_id": "plan-1", "plan_kind": "installation", "regime": "jp-espa",
        "operator": { "name": { "ja": "例示港運", "en": "Example Port" }, "business": "一般港湾運送" },
        "equipment": { "equipment_id": "tos", "equipment_type": "TOS", "name": { "ja": "例示", "en": "Example" },
            "function": "例示", "place": "例示県", "hosts": ["tos-1", "tos-2"] },
        "dates": { "submitted_on": "2026-01-05", "accepted_on": "2026-01-10", "introduced_on": "2026-06-01" },
        "parts": [part("os", "operating_system", "debian"), part("tos", "application", "reiji")] })
}

async fn host(server: &TestServer, name: &str) {
    let agent = FakeAgent::enrol(&server.api).await;
    let items: Vec<Observation> = vec![
        debian_package("bash", "5.2"),
        package("reiji-tos", "7.1", MAINTAINER),
        package("reiji-report", "2.0", MAINTAINER),
        package("backup-agent", "1.0", "Somebody <x@backup.example>"),
    ];
    let reports = vec![
        full_report("operating_system", Outcome::Complete, vec![debian(name)]),
        full_report("dpkg", Outcome::Complete, items),
    ];
    agent.send_well(agent.pack(1, server.running.app.clock.now(), reports)).await;
}

/// Open findings of a rule: title and hosts.
async fn open(server: &TestServer, rule: &str) -> Vec<Value> {
    let found = server.api.get("/findings?state=open").await;
    let rows = found["items"].as_array().unwrap().iter();
    rows.filter(|row| row["rule_id"] == rule).cloned().collect()
}

async fn house(data: &Path) -> TestServer {
    let server = TestServer::start(data).await;
    assert_eq!(server.api.post("/suppliers", suppliers()).await.0, 201);
    assert_eq!(server.api.post("/plans", plan()).await.0, 201);
    host(&server, "tos-1").await;
    host(&server, "tos-2").await;
    server
}

#[test]
fn one_decision_from_the_queue_changes_the_finding_on_all_hosts() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = house(folder.path()).await;
        let api = &server.api;
        let undeclared = open(&server, "undeclared_component").await;
        assert_eq!(undeclared.len(), 3, "{undeclared:?}");
        let duties = api.get("/duties").await["items"].as_array().unwrap().len();
        assert!(duties > 0);

        let queue = api.get("/review").await;
        let group = &queue["items"][0];
        assert_eq!((&group["components"]["vendor"], &group["hosts"]), (&json!(MAINTAINER), &json!(2)), "{queue}");
        assert_eq!(group["proposals"][0]["supplier_id"], "reiji", "{group}");
        let path = format!("/review/{}", group["group_id"].as_str().unwrap());
        let (status, refused) = api.post(&path, json!({ "supplier_id": "reiji" })).await;
        assert_eq!((status, &refused["refusal"]["code"]), (400, &json!("decision_malformed")), "a reason is needed");
        let decision = json!({ "supplier_id": "reiji", "reason": "maintenance contract" });
        let (status, answer) = api.post(&path, decision.clone()).await;
        assert_eq!(status, 201, "{answer}");
        assert_eq!(api.post(&path, decision).await.0, 404, "it waits no more");

        let left = open(&server, "undeclared_component").await;
        assert_eq!((left.len(), left[0]["components"][0].as_str()), (1, Some("backup-agent 1.0")), "{left:?}");
        let components = api.get("/components?q=reiji-tos").await;
        let claim = &components["items"][0]["supplier"];
        assert_eq!((&claim["supplier_id"], &claim["confidence"]), (&json!("reiji"), &json!("decided")));
        assert!(claim["evidence"].as_str().unwrap().contains(answer["decision_id"].as_str().unwrap()), "{claim}");
        let after = api.get("/duties").await["items"].as_array().unwrap().clone();
        assert_eq!(after.len(), duties, "a duty never closes by itself");

        let contradiction = json!({ "components": group["components"], "supplier_id": "debian", "reason": "x" });
        let (status, refused) = api.post("/decisions", contradiction).await;
        assert_eq!((status, &refused["refusal"]["code"]), (409, &json!("decision_contradicts")));
        assert!(refused["refusal"]["detail"].as_str().unwrap().contains(answer["decision_id"].as_str().unwrap()));

        let id = answer["decision_id"].as_str().unwrap();
        let (status, _) = api.post(&format!("/decisions/{id}/withdraw"), json!({ "reason": "mistaken" })).await;
        assert_eq!(status, 200);
        assert_eq!(open(&server, "undeclared_component").await.len(), 3);
        let all = api.get("/decisions?all=true").await;
        assert_eq!(all["items"][0]["withdrawn"]["reason"], "mistaken", "what was is still told: {all}");
        server.stop().await;
    });
}

fn daicho(arguments: &[&str]) -> (Option<i32>, String) {
    said(command(&executables().daicho).args(["--lang", "en"]).args(arguments))
}

#[test]
fn a_table_shows_its_differences_and_enters_whole_or_not_at_all() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let server = house(&data).await;
        let file = folder.path().join("map.csv");
        let (data, table) = (data.to_str().unwrap().to_string(), file.to_str().unwrap().to_string());
        let map =
            |more: &[&str]| daicho(&[&["component", "map", table.as_str(), "--data", data.as_str()], more].concat());
        let good = format!("vendor,product,supplier,part\n{MAINTAINER},,Reiji Soft,\n,backup-agent,,no\n");
        std::fs::write(&file, format!("{good}Nobody,,Reiji Softt,\n")).unwrap();
        let (code, said) = map(&[]);
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("row 4 cannot be read") && said.contains("nothing was written"), "{said}");
        std::fs::write(&file, good).unwrap();
        let (code, said) = map(&["--dry-run"]);
        assert_eq!((code, said.matches("  new  ").count()), (Some(0), 2), "{said}");
        assert_eq!(open(&server, "undeclared_component").await.len(), 3, "so far nothing entered");
        let (code, said) = map(&[]);
        assert_eq!((code, said.contains("2 decisions stand")), (Some(0), true), "{said}");
        assert_eq!(open(&server, "undeclared_component").await, Vec::<Value>::new());
        let decisions = server.api.get("/decisions").await;
        let lines: Vec<&Value> = decisions["items"].as_array().unwrap().iter().collect();
        assert!(lines.iter().all(|row| row["decision"]["from_table"]["table"] == "map.csv"), "{decisions}");

        std::fs::write(&file, format!("vendor,supplier\n{MAINTAINER},other\n")).unwrap();
        let (code, said) = map(&[]);
        assert!(code == Some(3) && said.contains("REFUSED") && said.contains("reiji"), "{said}");
        let (code, said) = map(&["--replace"]);
        assert!(code == Some(0) && said.contains("replaces"), "{said}");
        let (code, said) = daicho(&["component", "decisions", "--all", "--data", &data]);
        assert!(code == Some(0) && said.contains("(ended)"), "{said}");
        let (code, said) = daicho(&["review", "list", "--data", &data]);
        assert!(code == Some(0) && said.contains("g-"), "{said}");
        let group = said.lines().find_map(|line| line.split_whitespace().next().filter(|word| word.starts_with("g-")));
        let decide =
            ["review", "decide", group.unwrap(), "--category", "middleware", "--reason", "manual", "--data", &data];
        let (code, said) = daicho(&decide);
        assert!(code == Some(0) && said.contains("stands in the ledger"), "{said}");
        server.stop().await;
    });
}
