//! From what an agent reports to the notification of a computer (proposal, decision, duty, calendar, worksheet, change), and to the
//! answer of a check list.
//! It does not test what may be decided or which day counts; intake and model do.
//! Invariant: what agents see is a proposal until a person decides, and nothing is lost on the way to the form.

use daicho_schemas::batch::Outcome;
use harness::agent::{FakeAgent, full_report};
use harness::executables::{command, executables, said_beside};
use harness::hosts::{debian, wireguard};
use harness::server::{Api, TestServer};
use serde_json::{Value, json};
use std::path::Path;

fn row<'a>(list: &'a Value, name: &str) -> &'a Value {
    list["rows"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{name}: {list}"))
}

/// Two hosts report: one of the plan, one with a tunnel that no plan knows.
async fn report(api: &Api) {
    for host in ["tos-1", "vpn-1"] {
        let agent = FakeAgent::enrol(api).await;
        let mut reports = vec![full_report("operating_system", Outcome::Complete, vec![debian(host)])];
        if host == "vpn-1" {
            reports.push(full_report("network_interfaces", Outcome::Complete, vec![wireguard("wg0")]));
        }
        agent.send_well(agent.pack(1, "2026-11-21T03:00:00.000000Z".parse().unwrap(), reports)).await;
    }
}

/// `daicho acd …` of an equipment.
async fn acd(folder: &Path, equipment: &str, arguments: &[&str]) -> (Option<i32>, String) {
    daicho(folder, equipment, &[&["acd"], arguments].concat()).await
}

/// A command as a person calls it, beside the server's own threads.
async fn daicho(folder: &Path, equipment: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut run = command(&executables().daicho);
    run.current_dir(folder).args(arguments).args(["--equipment", equipment, "--connect", "connect.json"]);
    said_beside(run).await
}

async fn duty(api: &Api, row_id: &str) -> Value {
    let duties = api.list("/duties").await;
    duties.into_iter().find(|duty| duty["row_id"] == row_id).unwrap_or_else(|| panic!("{row_id}"))
}

/// The notification is there in every place where people look for duties, and on the form.
async fn is_everywhere(api: &Api, folder: &Path, equipment: &str) {
    let (status, calendar) = api.page("/calendar.ics").await;
    assert!(status == 200 && calendar.contains("20270205"), "the day stands in the calendar: {calendar}");
    let (status, page) = api.page("/computers").await;
    assert!(status == 200 && page.contains("tos-1") && page.contains("2027-02-05"), "{status}");
    let (status, page) = api.page(&format!("/equipment/{equipment}/acd-worksheet")).await;
    assert!(status == 200 && page.contains("様式第一") && page.contains("Debian Project"), "{status}: {page}");
    let (code, text) = acd(folder, equipment, &["worksheet", "--form", "acd-form-1", "--out", "form.xlsx"]).await;
    assert!(code == Some(0) && text.contains("Still open: 0"), "{text}");
    assert!(std::fs::read(folder.join("form.xlsx")).unwrap().starts_with(b"PK"));
}

const CONFIRM: [&str; 9] = [
    "confirm",
    "--computer",
    "tos-1",
    "--category",
    "equipment-itself",
    "--maker",
    "Debian Project",
    "--introduced-on",
    "2026-10-05",
];

#[test]
fn a_reported_host_becomes_a_notified_computer() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let api = &server.api;
        std::fs::write(folder.path().join("connect.json"), serde_json::to_vec(&api.connect).unwrap()).unwrap();
        let plan = api.declare_example().await;
        let equipment = plan.equipment.equipment_id.as_str();
        let list = format!("/computers?equipment_id={equipment}");
        assert_eq!(
            row(&api.get(&list).await, "tos-1")["proposed"]["observed"],
            false,
            "declared, and nobody looked yet"
        );
        report(api).await;
        let proposed = api.get(&list).await;
        assert!(row(&proposed, "tos-1")["decided"].is_null());
        assert!(row(&proposed, "tos-1")["proposed"]["units"].to_string().contains("Debian GNU/Linux"), "{proposed}");
        assert_eq!(row(&proposed, "vpn-1")["proposed"]["signs"][0]["scope_id"], "internet-address");
        assert!(api.list("/duties").await.iter().all(|duty| duty["regime"] != "jp-acd"), "a proposal obliges nobody");

        let (code, text) =
            acd(folder.path(), equipment, &[&CONFIRM[..], &["--product", "Debian GNU/Linux"]].concat()).await;
        assert_eq!(code, Some(0), "{text}");
        let refuse = ["refuse", "--computer", "vpn-1", "--reason", "another site"];
        let (code, text) = acd(folder.path(), equipment, &refuse).await;
        assert_eq!(code, Some(0), "{text}");
        let (code, text) = acd(folder.path(), equipment, &["computers"]).await;
        assert!(code == Some(0) && text.contains("2027-02-05") && text.contains("not in scope"), "{text}");
        let first = duty(api, "acd-introduction").await;
        assert_eq!((&first["due_on"], &first["regime"]), (&json!("2027-02-05"), &json!("jp-acd")), "{first}");
        is_everywhere(api, folder.path(), equipment).await;

        let moves = format!("/duties/{}/moves", first["duty_id"].as_str().unwrap());
        assert_eq!(api.post(&moves, json!({ "from": "open", "to": "submitted" })).await.0, 201);
        let other = [&CONFIRM[..], &["--product", "Other OS"]].concat();
        let (code, text) = acd(folder.path(), equipment, &other).await;
        assert!(code != Some(0) && text.contains("computer_change_day_wrong"), "{text}");
        let dated = [&other[..], &["--changed-on", "2026-10-20"]].concat();
        let (code, text) = acd(folder.path(), equipment, &dated).await;
        assert_eq!(code, Some(0), "{text}");
        assert_eq!(duty(api, "acd-change").await["due_on"], "2027-02-20");
        let (status, page) = api.page(&format!("/equipment/{equipment}/acd-worksheet?form=acd-form-2")).await;
        assert!(status == 200 && page.contains("Other OS") && page.contains("変更前: Debian GNU/Linux"), "{page}");
        assert_eq!(api.page(&format!("/equipment/{equipment}/acd-worksheet?form=acd-form-3")).await.0, 404);
        server.stop().await;
    });
}

#[test]
fn a_wrong_decision_is_refused_with_its_field_and_leaves_no_trace() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let api = &server.api;
        let plan = api.declare_example().await;
        let before = api.get("/ledger/head").await;
        let wrong = json!({ "equipment_id": plan.equipment.equipment_id, "computers": [{ "name": "tos-1" }],
            "in_scope": true, "scope_id": "moon" });
        let (status, refused) = api.post("/computers", wrong).await;
        assert_eq!((status, &refused["refusal"]["code"]), (422, &json!("computer_wrong")), "{refused}");
        assert!(refused["refusal"]["detail"].as_str().unwrap().starts_with("scope_id: 'moon'"), "{refused}");
        let (status, refused) = api.post("/computers", json!({ "equipment_id": "tos" })).await;
        assert_eq!((status, &refused["refusal"]["code"]), (400, &json!("request_malformed")), "{refused}");
        assert_eq!(api.try_get("/computers?equipment_id=none").await.unwrap().0, 404);
        assert_eq!(api.get("/ledger/head").await, before);
        server.stop().await;
    });
}

#[test]
fn a_check_list_is_answered_by_people_with_what_agents_see_beside_it() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let api = &server.api;
        std::fs::write(folder.path().join("connect.json"), serde_json::to_vec(&api.connect).unwrap()).unwrap();
        let plan = api.declare_example().await;
        let equipment = plan.equipment.equipment_id.as_str();
        report(api).await;
        let list = format!("/check-lists?equipment_id={equipment}&list_id=water-standard");
        let before = api.get(&list).await;
        assert_eq!(before[0]["counts"]["unanswered"], 4, "what agents see answers nothing: {before}");
        assert!(before[0]["items"][2]["seen"].to_string().contains("Debian GNU/Linux"), "{before}");
        let no = ["check-list", "answer", "water-locked", "--answer", "no", "--on", "2026-11-01"];
        let (code, text) = daicho(folder.path(), equipment, &no).await;
        assert!(code != Some(0) && text.contains("check_answer_wrong"), "a no says why: {text}");
        for more in [&["--note", "no key"][..], &["--note", "the key is ordered", "--target", "2027-03-31"]] {
            let (code, text) = daicho(folder.path(), equipment, &[&no[..], more].concat()).await;
            assert_eq!(code, Some(0), "{text}");
        }
        let after = api.get(&list).await;
        assert_eq!((&after[0]["counts"]["no"], &after[0]["items"][3]["answer"]["versions"]), (&json!(1), &json!(2)));
        let (code, text) = daicho(folder.path(), equipment, &["check-list", "show"]).await;
        assert!(code == Some(0) && text.contains("water-standard") && text.contains("open 3"), "{text}");
        let write = ["check-list", "write", "--list", "water-standard", "--out", "list.xlsx"];
        assert_eq!(daicho(folder.path(), equipment, &write).await.0, Some(0));
        assert!(std::fs::read(folder.path().join("list.xlsx")).unwrap().starts_with(b"PK"));
        let late = json!({ "about": { "equipment": equipment }, "list_id": "water-standard", "item_id": "water-locked",
            "answer": "yes", "on": "2026-11-02" });
        let (status, refused) = api.post("/check-answers", late).await;
        assert_eq!((status, &refused["refusal"]["code"]), (409, &json!("check_answered_meanwhile")), "{refused}");
        assert_eq!(api.try_get("/check-lists").await.unwrap().0, 400);
        assert_eq!(api.try_get("/check-lists?plan_id=none").await.unwrap().0, 404);
        server.stop().await;
    });
}
