//! Alerts arrive: a real mail server, the real executable, and both of them killed in turn.
//! It does not test what a letter says beyond what a reader must find in it; `server/src/output/alerts/` does.
//! Invariant shown: each recipient has each message once, or twice under one Message-ID when somebody died in between.

use crate::load::now;
use daicho::book::Place;
use daicho::clock::{Clock, SetClock};
use daicho_schemas::batch::Outcome;
use daicho_schemas::time::UtcMicros;
use harness::agent::{FakeAgent, full_report};
use harness::executables::{command, executables};
use harness::hosts::{debian, wireguard};
use harness::mail::{MailServer, PASSWORD};
use harness::receiver::Receiver;
use harness::server::{Api, LOG_TO, ServerProcess, TestServer};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const OS_RELEASE: &str = "ID=debian\nNAME=\"Debian GNU/Linux\"\n";
const JAPANESE: &str = "keieikikaku@example.jp";
const ENGLISH: &str = "security@example.jp";

/// A server of ours beside a mail server, and an agent.
struct Stage {
    mail: MailServer,
    daicho: ServerProcess,
    api: Api,
    agent: FakeAgent,
    batches: u64,
    folder: tempfile::TempDir,
}

pub(crate) fn routing(mail: &MailServer, recipients: Value) -> Value {
    json!({
        "format": "daicho.alerts.v1", "console_url": "https://daicho.example.jp:8443",
        "smtp": mail.smtp(), "recipients": recipients,
    })
}

fn two() -> Value {
    json!([
        { "name": "compliance", "language": "ja", "mail": JAPANESE, "roles": ["compliance"] },
        { "name": "security", "language": "en", "mail": ENGLISH, "roles": ["security"] },
    ])
}

fn write(folder: &Path, routing: &Value) -> PathBuf {
    let path = folder.join("alerts.json");
    std::fs::write(&path, serde_json::to_vec_pretty(routing).unwrap()).unwrap();
    path
}

impl Stage {
    /// Everything running, a plan declared, and a host that has said nothing yet; or why not.
    async fn set(implicit: bool, routed: impl FnOnce(&MailServer) -> Value) -> Result<Self, String> {
        let mail = tokio::task::spawn_blocking(move || MailServer::start(implicit)).await.unwrap()?;
        let folder = tempfile::tempdir().unwrap();
        let alerts = write(folder.path(), &routed(&mail));
        let environment = vec![
            ("DAICHO_ALERTS".to_string(), alerts.display().to_string()),
            (LOG_TO.to_string(), folder.path().join("log").display().to_string()),
            ("DAICHO_LOG".to_string(), "debug".to_string()),
        ];
        let (daicho, api) = ServerProcess::start_with(&folder.path().join("data"), environment).await;
        let (plan, suppliers) = daicho::example::example_files("tos-1", OS_RELEASE);
        assert_eq!(api.post_bytes("/suppliers", serde_json::to_vec(&suppliers).unwrap()).await.0, 201);
        assert_eq!(api.post_bytes("/plans", serde_json::to_vec(&plan).unwrap()).await.0, 201);
        let agent = FakeAgent::enrol(&api).await;
        let mut stage = Self { mail, daicho, api, agent, batches: 0, folder };
        stage.see(&[]).await;
        Ok(stage)
    }

    /// The host now has these ways in, and no others.
    async fn see(&mut self, interfaces: &[&str]) {
        self.batches += 1;
        let items = interfaces.iter().map(|name| wireguard(name)).collect();
        let reports = vec![
            full_report("operating_system", Outcome::Complete, vec![debian("tos-1")]),
            full_report("network_interfaces", Outcome::Complete, items),
        ];
        self.agent.send_well(self.agent.pack(self.batches, now(), reports)).await;
    }

    /// Waits until a recipient has so many messages about something.
    async fn until_taken(&self, address: &str, about: &str, count: usize) -> Vec<Value> {
        let what = format!("{count} message(s) about {about} to {address}");
        let look = || async { Some(self.about(address, about)).filter(|found| found.len() >= count) };
        self.api.until(&what, look).await
    }

    fn about(&self, address: &str, about: &str) -> Vec<Value> {
        let all = self.mail.taken_by(address).into_iter();
        all.filter(|message| message["subject"].as_str().unwrap().contains(about)).collect()
    }

    /// Waits until nothing waits on a channel any more.
    async fn until_calm(&self, channel: &str) {
        let look = || async {
            let head = self.api.get("/health").await["head_seq"].as_u64()?;
            let row = &self.api.get("/channels").await["channels"][channel];
            (row["delivered_seq"].as_u64()? >= head && row["delayed_since"].is_null()).then_some(())
        };
        self.api.until("everything to be delivered", look).await;
    }

    /// Waits until it is said why nothing can be delivered.
    async fn until_why(&self, word: &str) {
        let look = || async {
            let row = &self.api.get("/channels").await["channels"]["mail-security"];
            row["why"].as_str().is_some_and(|why| why.contains(word)).then_some(())
        };
        self.api.until(word, look).await;
    }

    async fn restart(&mut self) {
        self.api = self.daicho.restart().await;
        self.agent.reconnect(&self.api);
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    async fn faults(&self) -> Vec<String> {
        let (_, lines) = self.api.page("/api/v1/ledger/entries?from=1&limit=500").await;
        let entries = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let faults = entries.filter(|entry| entry["kind"] == "fault_reported.v1");
        faults.map(|entry| entry["fact"].to_string()).collect()
    }
}

fn ids(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["message_id"].as_str().unwrap()).collect()
}

/// Goal: a grave finding is told once to each recipient, in their language, over TLS, and names what matters. Method: a way in
/// appears on a host of critical equipment; what an independent reader made of the messages is looked at.
#[test]
fn a_way_in_is_told_once_to_each_in_their_language_over_tls() {
    harness::block_on(async {
        for implicit in [false, true] {
            let mut stage = match Stage::set(implicit, |mail| routing(mail, two())).await {
                Ok(stage) => stage,
                Err(why) => return harness::skipped("alerts by mail", &why),
            };
            stage.see(&["wg0"]).await;
            let japanese = stage.until_taken(JAPANESE, "wg0", 1).await;
            let english = stage.until_taken(ENGLISH, "wg0", 1).await;
            let (japanese, english) = (&japanese[0], &english[0]);
            assert!(japanese["subject"].as_str().unwrap().starts_with("【台帳】計画書に記載のない"), "{japanese}");
            assert!(english["subject"].as_str().unwrap().starts_with("[Daicho] Undeclared way in"), "{english}");
            for (message, words) in [
                (japanese, ["法律上求められること", "次にすること"]),
                (english, ["What the law asks", "What to do next"]),
            ] {
                let (text, html) = (message["text"].as_str().unwrap(), message["html"].as_str().unwrap());
                for word in words.into_iter().chain(["tos-1", "wg0", "https://daicho.example.jp:8443/duties/duty-"]) {
                    assert!(text.contains(word) && html.contains(word), "{word}: {text}");
                }
                assert_eq!(message["defects"], json!([]));
                assert!(message["tls"].as_str().unwrap().starts_with("TLSv1."), "{message}");
            }
            assert_ne!(japanese["message_id"], english["message_id"]);
            stage.until_calm("mail-compliance").await;
            stage.until_calm("mail-security").await;
            stage.restart().await;
            stage.until_calm("mail-security").await;
            assert_eq!(stage.about(JAPANESE, "wg0").len(), 1);
            assert_eq!(stage.about(ENGLISH, "wg0").len(), 1, "a restart tells nothing twice");
            let log = stage.log();
            assert!(!log.contains(PASSWORD) && !log.contains(JAPANESE) && !log.contains(ENGLISH), "{log}");
        }
    });
}

/// Goal: a dead mail server costs time and nothing else, and people can see it. Method: it is killed before something is found,
/// our own server is killed too, and both come back.
#[test]
fn a_dead_mail_server_delays_and_loses_nothing() {
    harness::block_on(async {
        let mut stage = match Stage::set(false, |mail| routing(mail, two())).await {
            Ok(stage) => stage,
            Err(why) => return harness::skipped("a dead mail server", &why),
        };
        stage.mail.kill();
        stage.see(&["wg0"]).await;
        let delayed = || async {
            let row = &stage.api.get("/channels").await["channels"]["mail-security"];
            (!row["delayed_since"].is_null()).then_some(())
        };
        stage.api.until("the delay to be shown", delayed).await;
        stage.restart().await;
        stage.see(&["wg0", "wg1"]).await;
        stage.mail.restart();
        stage.until_taken(ENGLISH, "wg0", 1).await;
        stage.until_taken(ENGLISH, "wg1", 1).await;
        stage.until_calm("mail-compliance").await;
        stage.until_calm("mail-security").await;
        for address in [JAPANESE, ENGLISH] {
            let all = stage.mail.taken_by(address);
            let subjects: Vec<&str> = all.iter().map(|message| message["subject"].as_str().unwrap()).collect();
            assert_eq!(all.len(), 2, "each once and in order: {subjects:?}");
            assert!(subjects[0].contains("wg0") && subjects[1].contains("wg1"), "{subjects:?}");
        }
    });
}

/// Goal: who dies between the message and the note that it was sent makes one more message, and it can be told by its
/// Message-ID. Method: the mail server dies after it wrote a message down, before it says so; then ours dies while it waits.
#[test]
fn a_death_in_between_doubles_one_message_under_one_id() {
    harness::block_on(async {
        let only = json!([{ "name": "security", "language": "en", "mail": ENGLISH }]);
        let mut stage = match Stage::set(false, |mail| routing(mail, only)).await {
            Ok(stage) => stage,
            Err(why) => return harness::skipped("death between message and note", &why),
        };
        stage.mail.fault("die", true);
        stage.see(&["wg0"]).await;
        stage.until_taken(ENGLISH, "wg0", 1).await;
        stage.mail.wait_for_end();
        stage.mail.fault("die", false);
        stage.mail.restart();
        let twice = stage.until_taken(ENGLISH, "wg0", 2).await;
        assert_eq!(ids(&twice)[0], ids(&twice)[1]);

        stage.until_calm("mail-security").await;
        stage.mail.fault("stall", true);
        stage.see(&["wg0", "wg1"]).await;
        stage.until_taken(ENGLISH, "wg1", 1).await;
        stage.daicho.child.kill();
        stage.mail.fault("stall", false);
        stage.restart().await;
        let twice = stage.until_taken(ENGLISH, "wg1", 2).await;
        assert_eq!(ids(&twice)[0], ids(&twice)[1]);
        stage.until_calm("mail-security").await;
        assert_eq!((stage.about(ENGLISH, "wg0").len(), stage.about(ENGLISH, "wg1").len()), (2, 2));
    });
}

/// Goal: a mailbox that is gone holds up nobody, is reported in the ledger once, without its address, and not tried for ever.
#[test]
fn a_mailbox_that_is_gone_is_reported_once_and_holds_up_nobody() {
    harness::block_on(async {
        let recipients = json!([
            { "name": "left", "mail": "gone.person@example.jp" },
            { "name": "security", "language": "en", "mail": ENGLISH },
        ]);
        let mut stage = match Stage::set(false, |mail| routing(mail, recipients)).await {
            Ok(stage) => stage,
            Err(why) => return harness::skipped("a mailbox that is gone", &why),
        };
        stage.see(&["wg0"]).await;
        stage.until_taken(ENGLISH, "wg0", 1).await;
        stage.until_calm("mail-left").await;
        stage.see(&["wg0", "wg1"]).await;
        stage.until_taken(ENGLISH, "wg1", 1).await;
        let twice = || async {
            let row = &stage.api.get("/channels").await["channels"]["mail-left"];
            (row["refused"] == 2).then_some(())
        };
        stage.api.until("the second refusal to be counted", twice).await;
        let faults = stage.faults().await;
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains("mail-left") && faults[0].contains("550"), "{faults:?}");
        assert!(!faults[0].contains("gone.person"), "{faults:?}");
        assert!(!stage.log().contains("gone.person"));
    });
}

/// Goal: a mail server that another authority answers for is not spoken to, and a wrong password or a busy server costs time
/// only. Method: the same message, with what is wrong set right by and by.
#[test]
fn a_wrong_certificate_is_refused_and_a_wrong_password_waits() {
    harness::block_on(async {
        let wrong = |mail: &MailServer| {
            let mut file = routing(mail, two());
            file["smtp"]["ca_file"] = json!(mail.other_authority());
            file
        };
        let mut stage = match Stage::set(false, wrong).await {
            Ok(stage) => stage,
            Err(why) => return harness::skipped("a wrong certificate", &why),
        };
        stage.see(&["wg0"]).await;
        stage.until_why("certificate").await;
        assert_eq!(stage.mail.taken(), Vec::<Value>::new());

        let password = stage.folder.path().join("wrong-password");
        std::fs::write(&password, "guessed").unwrap();
        let mut file = routing(&stage.mail, two());
        file["smtp"]["password_file"] = json!(password);
        write(stage.folder.path(), &file);
        stage.restart().await;
        stage.until_why("535").await;
        assert_eq!(stage.faults().await, Vec::<String>::new(), "it is not the recipient that is wrong");

        stage.mail.fault("busy", true);
        write(stage.folder.path(), &routing(&stage.mail, two()));
        stage.restart().await;
        stage.until_why("451").await;
        stage.mail.fault("busy", false);
        stage.until_taken(ENGLISH, "wg0", 1).await;
        stage.until_taken(JAPANESE, "wg0", 1).await;
    });
}

/// Goal: a routing file can be tried before it is used. Method: the command line, with a good file and with wrong ones.
#[test]
fn a_routing_file_is_checked_and_tried_from_the_command_line() {
    let mail = match MailServer::start(false) {
        Ok(mail) => mail,
        Err(why) => return harness::skipped("daicho alerts", &why),
    };
    let folder = tempfile::tempdir().unwrap();
    let alerts = |arguments: &[&str]| {
        let path = folder.path().join("alerts.json");
        let mut command = command(&executables().daicho);
        let output = command.arg("alerts").arg(arguments[0]).arg(path).args(&arguments[1..]).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    };
    write(folder.path(), &routing(&mail, two()));
    let (code, said) = alerts(&["check"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("security@example.jp") && said.contains("08:00 JST"), "{said}");
    assert!(said.contains("role operator"), "what reaches nobody is said: {said}");
    assert!(!said.contains(PASSWORD));
    let (code, said) = alerts(&["test", "--to", "compliance"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(mail.taken_by(JAPANESE)[0]["subject"], "【台帳】通知の試験");
    let (code, said) = alerts(&["test", "--to", "nobody"]);
    assert!(code == 2 && said.contains("nobody"), "{said}");
    write(folder.path(), &routing(&mail, json!([{ "name": "left", "mail": "gone@example.jp" }])));
    let (code, said) = alerts(&["test", "--to", "left"]);
    assert!(code == 1 && said.contains("550"), "{said}");
    write(folder.path(), &routing(&mail, json!([{ "name": "x", "mial": "a@example.jp" }])));
    let (code, said) = alerts(&["check"]);
    assert!(code == 2 && said.contains("mial") && said.contains("line "), "{said}");
}

/// The last noon in Japan. A certificate counts for a day of the real clock, so a scripted day has to begin in this one.
fn last_noon() -> UtcMicros {
    let noon = 3 * 3600;
    let seconds = now().micros().div_euclid(1_000_000) - noon;
    UtcMicros::from_micros((seconds - seconds.rem_euclid(24 * 3600) + noon) * 1_000_000).unwrap()
}

/// The weekday of a noon in Japan.
fn weekday(noon: UtcMicros) -> &'static str {
    // 1970-01-01 was a Thursday.
    let days = usize::try_from(noon.micros().div_euclid(24 * 3600 * 1_000_000)).unwrap();
    ["thursday", "friday", "saturday", "sunday", "monday", "tuesday", "wednesday"][days % 7]
}

/// Goal: what is not urgent comes with the digest at its hour in Japan, once, also over a restart, and silence is broken by the
/// heartbeat. Method: a server in this process with a clock that the test sets.
#[test]
fn a_digest_comes_once_at_its_hour_and_the_heartbeat_breaks_silence() {
    harness::block_on(async {
        let mail = match MailServer::start(false) {
            Ok(mail) => mail,
            Err(why) => return harness::skipped("a digest", &why),
        };
        let folder = tempfile::tempdir().unwrap();
        let start = last_noon();
        let (first, second, third) = (start, start.plus_seconds(24 * 3600), start.plus_seconds(48 * 3600));
        let office = json!([{ "name": "office", "mail": JAPANESE, "immediate": [], "roles": ["security"],
                              "digest": { "hour": 8, "heartbeat": weekday(third) } }]);
        let alerts = write(folder.path(), &routing(&mail, office));
        let clock = Arc::new(SetClock::at(start));
        let data = folder.path().join("data");
        let begin = async || {
            let own: Arc<dyn Clock> = Arc::<SetClock>::clone(&clock);
            TestServer::start_told(&data, Place::Folder, None, Some(&alerts), own).await.unwrap()
        };
        let server = begin().await;
        let (plan, suppliers) = daicho::example::example_files("tos-1", OS_RELEASE);
        assert_eq!(server.api.post_bytes("/suppliers", serde_json::to_vec(&suppliers).unwrap()).await.0, 201);
        assert_eq!(server.api.post_bytes("/plans", serde_json::to_vec(&plan).unwrap()).await.0, 201);
        let agent = FakeAgent::enrol(&server.api).await;
        let reports = vec![
            full_report("operating_system", Outcome::Complete, vec![debian("tos-1")]),
            full_report("network_interfaces", Outcome::Complete, vec![wireguard("wg0")]),
        ];
        agent.send_well(agent.pack(1, start, reports)).await;
        server.stop().await;
        let server = begin().await;
        assert_eq!(mail.taken(), Vec::<Value>::new(), "nothing is told at once");
        let noted = async |server: &TestServer| {
            server.api.get("/channels").await["channels"]["digest-office"]["delivered_seq"].as_u64().unwrap_or_default()
        };
        let before = noted(&server).await;
        clock.advance_seconds(21 * 3600);
        let until = async |server: &TestServer, count: usize| {
            let look = || async { Some(mail.taken()).filter(|taken| taken.len() >= count) };
            server.api.until("a digest", look).await
        };
        let taken = until(&server, 1).await;
        let (subject, text) = (taken[0]["subject"].as_str().unwrap(), taken[0]["text"].as_str().unwrap());
        assert!(subject.starts_with(&format!("【台帳】まとめ {}", second.date_in_japan())), "{subject}");
        assert!(text.contains("wg0") && text.contains(&format!("{} 12:00:00", first.date_in_japan())), "{text}");
        // Who stopped it before it has noted that would have the same digest once more.
        server.api.until("the digest to be noted", || async { (noted(&server).await > before).then_some(()) }).await;
        server.stop().await;
        let server = begin().await;
        // The next morning is the heartbeat's.
        clock.advance_seconds(24 * 3600);
        let taken = until(&server, 2).await;
        let subject = format!("【台帳】まとめ {}", third.date_in_japan());
        assert!(taken[1]["subject"].as_str().unwrap().starts_with(&subject), "{}", taken[1]);
        assert!(!taken[1]["text"].as_str().unwrap().contains("wg0"), "{}", taken[1]);
        assert_eq!(taken.len(), 2);
        server.stop().await;
    });
}

/// Goal: a webhook in the routing file has everything that concerns it once by its key and in order, whatever mail does, and a
/// dead mail server holds it up by nothing. Method: a receiver that loses answers, beside a mail server that never comes up.
#[test]
fn a_webhook_has_what_concerns_it_while_mail_is_dead() {
    harness::block_on(async {
        let receiver = Receiver::start().await;
        let url = receiver.url.clone();
        let routed = |mail: &MailServer| {
            // Relative to the routing file, as an operator would write it.
            let secret = mail.folder().join("hook-url");
            std::fs::write(&secret, format!("{url}\n")).unwrap();
            let hook = json!({ "name": "siem", "webhook": { "url_file": secret }, "roles": ["security"] });
            routing(mail, json!([hook, { "name": "security", "mail": ENGLISH }]))
        };
        let mut stage = match Stage::set(false, routed).await {
            Ok(stage) => stage,
            Err(why) => return harness::skipped("a webhook beside dead mail", &why),
        };
        stage.mail.kill();
        for interfaces in [&["wg0"][..], &["wg0", "wg1"], &["wg1"]] {
            stage.see(interfaces).await;
        }
        stage.until_calm("webhook-siem").await;
        stage.restart().await;
        stage.until_calm("webhook-siem").await;
        let mut once: Vec<(String, Value)> = Vec::new();
        for (key, document) in receiver.taken() {
            match once.iter().find(|(known, _)| *known == key) {
                None => once.push((key, document)),
                Some((_, before)) => assert_eq!(*before, document, "one key stands for two documents"),
            }
        }
        let told: Vec<String> = once.iter().flat_map(|(_, document)| turns(document)).collect();
        let of_tunnels: Vec<&str> = told.iter().map(String::as_str).filter(|turn| turn.contains("wg")).collect();
        assert_eq!(of_tunnels, ["opened wg0", "opened wg1", "closed wg0"]);
        assert!(!stage.log().contains("/hook"), "the address may hold a secret");
    });
}

/// What became of which tunnel, in a document of notices.
fn turns(document: &Value) -> Vec<String> {
    let notices = document["notices"].as_array().unwrap().iter();
    let turn = |notice: &Value| {
        let title = notice["title"]["en"].as_str().unwrap();
        let about = ["wg0", "wg1"].into_iter().find(|name| title.contains(*name)).unwrap_or(title);
        format!("{} {about}", notice["transition"].as_str().unwrap())
    };
    notices.map(turn).collect()
}
