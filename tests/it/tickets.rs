//! A planned change from its judgement to what agents see of it: reconciled, different, and the gravest alert by mail.
//! It does not test what the law asks, nor every way to differ; the model's tests do.
//! Invariant shown: a ticket explains what it planned and ends nothing, and what comes in a prohibition period is told at once.

use crate::alerts::routing;
use crate::load::now;
use daicho::book::Place;
use daicho::clock::SystemClock;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::fact::observation::Observation;
use harness::agent::{FakeAgent, full_report};
use harness::executables::{command, executables, said_beside};
use harness::hosts::{debian, debian_package, package};
use harness::mail::MailServer;
use harness::server::TestServer;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

const OFFICE: &str = "keieikikaku@example.jp";

/// A server with an agent, an office that is told by mail, and the people's command line.
struct Stage {
    mail: MailServer,
    server: TestServer,
    agent: FakeAgent,
    plan: Plan,
    batches: u64,
    folder: tempfile::TempDir,
}

fn day(ahead: i64) -> String {
    now().date_in_japan().plus_days(ahead).to_string()
}

/// REIJI-TOS 2 of the example's supplier comes to tos-1 within these days. Yesterday is among them, so that midnight is no matter.
fn change(id: &str, version: &str) -> Value {
    json!({
        "format": "daicho.change.v1", "change_id": id, "summary": "REIJI-TOS の更新 / REIJI-TOS 2", "equipment_id": "tos",
        "planned_on": day(-1), "planned_through": day(1),
        "changes": [{ "change": "component_name", "subject": "REIJI-TOS", "before": "1", "after": "2" }],
        "expected": [{ "sight": "component_appears", "hosts": ["tos-1"], "name": "tos-view", "version": version }],
    })
}

impl Stage {
    async fn set() -> Result<Self, String> {
        let mail = tokio::task::spawn_blocking(|| MailServer::start(false)).await.unwrap()?;
        let folder = tempfile::tempdir().unwrap();
        let alerts = folder.path().join("alerts.json");
        let office = json!([{ "name": "office", "language": "en", "mail": OFFICE }]);
        std::fs::write(&alerts, routing(&mail, office).to_string()).unwrap();
        let data = folder.path().join("data");
        let server = TestServer::start_told(&data, Place::Folder, None, Some(&alerts), Arc::new(SystemClock)).await?;
        let (plan, suppliers) = daicho::example::example_files("tos-1", "ID=debian\nNAME=\"Debian GNU/Linux\"\n");
        let api = &server.api;
        assert_eq!(api.post("/suppliers", json!(suppliers)).await.0, 201);
        assert_eq!(api.post("/plans", json!(plan)).await.0, 201);
        let agent = FakeAgent::enrol(api).await;
        let mut stage = Self { mail, server, agent, plan, batches: 0, folder };
        stage.see(&[]).await;
        Ok(stage)
    }

    /// The host now has these packages beside what its distribution has, and no others.
    async fn see(&mut self, packages: &[(&str, &str)]) {
        self.batches += 1;
        let maker = "REIJI <tos@terminal-software.example>";
        let own = packages.iter().map(|(name, version)| package(name, version, maker));
        let all: Vec<Observation> = std::iter::once(debian_package("bash", "5.2")).chain(own).collect();
        let reports = vec![
            full_report("operating_system", Outcome::Complete, vec![debian("tos-1")]),
            full_report("dpkg", Outcome::Complete, all),
        ];
        self.agent.send_well(self.agent.pack(self.batches, now(), reports)).await;
    }

    async fn ticket(&self, id: &str) -> Value {
        self.server.api.get(&format!("/tickets/{id}")).await
    }

    /// The open findings of a rule.
    async fn open(&self, rule: &str) -> Vec<Value> {
        let all = self.server.api.list("/findings?state=open").await;
        all.into_iter().filter(|finding| finding["rule_id"] == rule).collect()
    }

    async fn mails(&self, about: &str) -> Vec<Value> {
        let look = || async {
            let all = self.mail.taken_by(OFFICE).into_iter();
            let found: Vec<Value> = all.filter(|mail| mail["subject"].as_str().unwrap().contains(about)).collect();
            (!found.is_empty()).then_some(found)
        };
        self.server.api.until(&format!("a mail about {about}"), look).await
    }

    /// The people's command line against this server.
    async fn daicho(&self, arguments: &[&str]) -> String {
        let mut run = command(&executables().daicho);
        run.args(arguments).args(["--lang", "en", "--connect"]).arg(self.server.data.join("connect.json"));
        let (code, told) = said_beside(run).await;
        assert_eq!(code, Some(0), "{arguments:?}: {told}");
        told
    }
}

fn write(folder: &Path, name: &str, value: &Value) -> String {
    let path = folder.join(name);
    std::fs::write(&path, value.to_string()).unwrap();
    path.display().to_string()
}

/// Goal: what was planned is told as planned, what differs is found, and what comes in a prohibition period reaches people at once.
/// Method: one host, one agent, a real mail server; tickets by command line and REST.
#[test]
fn a_planned_change_is_judged_kept_reconciled_and_grave_in_a_prohibition_period() {
    harness::block_on(async {
        let mut stage = match Stage::set().await {
            Ok(stage) => stage,
            Err(why) => return harness::skipped("tickets with alerts by mail", &why),
        };
        let (status, judged) = stage.server.api.post("/changes/judge", change("chg-1", "2")).await;
        assert_eq!((status, judged["items"][0]["rows"].as_array().unwrap().is_empty()), (200, false), "{judged}");
        let file = write(stage.folder.path(), "change.json", &change("chg-1", "2"));
        let told = stage.daicho(&["ticket", "open", &file]).await;
        assert!(told.contains("Ticket chg-1 stands in the ledger"), "{told}");
        let (status, _) = stage.server.api.post("/tickets", json!({ "change": change("chg-2", "3") })).await;
        assert_eq!(status, 201);
        assert_eq!(stage.ticket("chg-1").await["standing"], "not_seen_yet");

        stage.see(&[("tos-view", "2")]).await;
        assert_eq!(stage.ticket("chg-1").await["standing"], "reconciled");
        assert_eq!(stage.ticket("chg-2").await["standing"], "not_seen_yet", "it fits the other ticket better");
        let planned = stage.open("undeclared_component").await;
        let planned = planned.iter().find(|finding| finding["components"][0] == "tos-view 2").unwrap();
        assert_eq!((&planned["planned_by"]["change_id"], &planned["severity"]), (&json!("chg-1"), &json!("notice")));
        assert_eq!(stage.ticket("chg-1").await["state"], "open", "only people end a ticket");

        stage.see(&[("tos-view", "2.1")]).await;
        let different = stage.ticket("chg-1").await;
        assert_eq!(
            (&different["standing"], &different["differing"][0]["how"]),
            (&json!("differs"), &json!("other_version"))
        );
        assert_eq!(stage.open("planned_change_differs").await.len(), 2, "neither 2 nor 3");
        stage.mails("Change that differs from its ticket").await;

        let mut waiting = json!(stage.plan);
        waiting["dates"] = json!({ "submitted_on": day(-9), "accepted_on": day(-3) });
        assert_eq!(stage.server.api.post("/plans", waiting).await.0, 201);
        stage.see(&[("tos-view", "2.1"), ("reiji-tos", "9")]).await;
        let grave = stage.open("changed_while_prohibited").await;
        assert_eq!((grave.len(), &grave[0]["severity"]), (1, &json!("gravest")), "{grave:?}");
        let first = &stage.server.api.list("/findings?state=open").await[0];
        assert_eq!(first["finding_id"], grave[0]["finding_id"], "it comes before everything else");
        let mail = stage.mails("reiji-tos").await.remove(0);
        assert!(mail["subject"].as_str().unwrap().contains("prohibition period"), "{mail}");

        let told = stage.daicho(&["ticket", "withdraw", "chg-2", "--reason", "next year"]).await;
        assert!(told.contains("chg-2"), "{told}");
        let list = stage.daicho(&["ticket", "list"]).await;
        assert!(list.contains("withdrawn") && list.contains("prohibition period"), "{list}");
        stage.server.stop().await;
    });
}
