//! A change judged before it is made: as somebody new to the product does it, and over the REST interface.
//! It does not test what the tables say; the model does.
//! Invariant: judging leaves no trace in the ledger, and both ways give the same answer.

use harness::executables::{command, executables};
use harness::server::{Api, TestServer};
use serde_json::{Value, json};
use std::path::Path;

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn judged(folder: &Path) -> (Option<i32>, Value) {
    let mut check = command(&executables().daicho);
    check.current_dir(folder).args([
        "check",
        "--format",
        "json",
        "--plan",
        "plan.json",
        "--suppliers",
        "suppliers.json",
    ]);
    let output = check.args(["--change", "change.json"]).output().unwrap();
    let answer = serde_json::from_slice(&output.stdout);
    (output.status.code(), answer.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr))))
}

/// The README's section, step by step.
#[test]
fn the_planned_replacement_of_a_switch_is_judged_from_the_readme_alone() {
    let folder = tempfile::tempdir().unwrap();
    let example = command(&executables().daicho).current_dir(folder.path()).args(["example", "."]).output().unwrap();
    assert!(example.status.success(), "{}", String::from_utf8_lossy(&example.stderr));
    let (code, swapped) = judged(folder.path());
    assert_eq!((code, &swapped["change"]["outcome"]), (Some(3), &json!("report")), "{swapped}");
    assert!(!swapped["change"]["items"][0]["rows"][0]["question"].is_null());
    let path = folder.path().join("change.json");
    let mut change = read(&path);
    change["changes"][0]["change"] = json!("new_introduction");
    std::fs::write(&path, change.to_string()).unwrap();
    let (code, anew) = judged(folder.path());
    assert_eq!((code, &anew["change"]["outcome"]), (Some(3), &json!("file_first")));
    assert_eq!(anew["change"]["acceptance_assumed"], true);
    assert!(anew["change"]["earliest_on"].as_str() > anew["change"]["accepted_on"].as_str(), "{anew}");
    change["emergency"] = json!({ "reason": "the switch burns" });
    std::fs::write(&path, change.to_string()).unwrap();
    assert_eq!(judged(folder.path()).1["change"]["outcome"], "notify");
}

async fn head(api: &Api) -> Value {
    api.get("/ledger/head").await
}

#[test]
fn the_server_judges_and_writes_nothing() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let api = &server.api;
        api.declare_example().await;
        let change = json!(daicho::example::example_change("2026-11-21".parse().unwrap()));
        let before = head(api).await;
        let (status, answer) = api.post("/changes/judge", change.clone()).await;
        assert_eq!((status, &answer["outcome"]), (200, &json!("report")), "{answer}");
        assert_eq!(answer["items"][0]["rows"][0]["row_id"], "installation-introduced-component-anew");
        let mut elsewhere = change.clone();
        elsewhere["equipment_id"] = json!("elsewhere");
        let (status, refused) = api.post("/changes/judge", elsewhere).await;
        assert_eq!((status, &refused["refusal"]["code"]), (400, &json!("change_malformed")), "{refused}");
        let mut stranger = api.connect.clone();
        stranger.token = "0".repeat(64);
        assert_eq!(Api::new(stranger).post("/changes/judge", change).await.0, 401);
        assert_eq!(head(api).await, before, "a judgement left a trace");
        server.stop().await;
    });
}
