//! A ledger on the move: from segments into a database, out of the database with its own tools, and back.
//! It does not use load; `servers` does. Invariant: wherever it arrives, its head is the one it had, or one before it.

use crate::ledger_journey::fill;
use crate::load::now;
use daicho::book::Place;
use daicho::clock::SystemClock;
use daicho::ledger::engines::postgres::Address;
use daicho_schemas::batch::Outcome;
use harness::agent::{FakeAgent, full_report};
use harness::executables::{command, executables};
use harness::hosts::debian_package;
use harness::postgres::{Cluster, run};
use harness::server::TestServer;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

/// The command with a ledger in a database, or in a folder.
fn daicho(ledger: Result<&str, &Path>, arguments: &[&str]) -> Output {
    let mut daicho = command(&executables().daicho);
    daicho.args(arguments).args(["--lang", "en"]);
    match ledger {
        Ok(url) => daicho.env("DAICHO_LEDGER", url),
        Err(data) => daicho.env("DAICHO_DATA", data),
    };
    daicho.output().unwrap()
}

fn well(output: &Output) -> String {
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{words}{}", String::from_utf8_lossy(&output.stderr));
    words
}

fn place(url: &str, restored: bool) -> Place {
    harness::install_provider();
    Place::Database { address: Box::new(Address::parse(url, None).unwrap()), restored }
}

async fn serve(data: &Path, place: Place, authority: &Path) -> Result<TestServer, String> {
    TestServer::start_in(data, place, Some(authority.to_path_buf()), Arc::new(SystemClock)).await
}

async fn say(agent: &FakeAgent, number: u64) {
    let report = full_report("dpkg", Outcome::Complete, vec![debian_package("bash", &number.to_string())]);
    agent.send_well(agent.pack(number, now(), vec![report])).await;
}

/// Goal: an operator moves from segments into a database and loses nothing, not even an agent. Method: export, import,
/// verify with the commands; then a server on the database takes the next batch of an agent that never heard of it.
#[test]
fn a_ledger_moves_from_segments_into_a_database() {
    harness::block_on(async {
        let cluster = match Cluster::shared() {
            Ok(cluster) => cluster,
            Err(why) => return harness::skipped("a ledger moves into a database", &why),
        };
        let url = cluster.url(&cluster.database());
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("segments");
        let (head, mut agent) = fill(&data).await;

        let exported = daicho(Err(&data), &["export"]).stdout;
        let file = folder.path().join("ledger.jsonl");
        std::fs::write(&file, &exported).unwrap();
        let import = ["import", file.to_str().unwrap(), "--head", &head];
        assert!(well(&daicho(Ok(&url), &import)).contains(&head));
        assert!(well(&daicho(Ok(&url), &import)).starts_with("0 entries imported"), "twice is once");
        assert!(well(&daicho(Ok(&url), &["verify", "--head", &head])).contains(&head));
        assert_eq!(daicho(Ok(&url), &["export"]).stdout, exported, "what comes out is what went in, byte for byte");
        well(&daicho(Ok(&url), &["replay"]));

        let (new, other) = (folder.path().join("new"), folder.path().join("other"));
        let refused = serve(&other, place(&url, false), &other.join("authority")).await.err();
        let refused = refused.expect("a new authority takes the place of the one that the agents trust");
        assert!(refused.contains("copy ca.pem and ca.key"), "{refused}");
        let server = serve(&new, place(&url, false), &data.join("authority")).await.unwrap();
        agent.reconnect(&server.api);
        say(&agent, 20).await;
        server.stop().await;
    });
}

struct Drill {
    primary: Cluster,
    database: String,
    folder: tempfile::TempDir,
}

impl Drill {
    fn start() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut primary = Cluster::start()?;
        // What point-in-time recovery needs: every finished piece of the log is kept aside.
        std::fs::create_dir(primary.socket().join("kept")).unwrap();
        primary.own(&primary.socket().join("kept"));
        primary.stop();
        primary.set("archive_mode=on");
        primary.set(&format!("archive_command=cp %p {}/kept/%f", primary.socket().display()));
        primary.run_server();
        let database = primary.database();
        Ok(Self { primary, database, folder })
    }

    fn url(&self) -> String {
        self.primary.url(&self.database)
    }

    fn data(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn serve(&self, url: &str, restored: bool) -> Result<TestServer, String> {
        serve(&self.data("server"), place(url, restored), &self.data("authority")).await
    }
}

/// Goal: what `pg_dump` took while a server was writing comes back as a ledger, a server that knows more refuses it until a
/// person has said that it is meant, and then says so in the ledger. Method: the drill of the manual, step by step.
#[test]
fn a_dump_comes_back_and_what_it_lacks_is_said() {
    harness::block_on(async {
        let drill = match Drill::start() {
            Ok(drill) => drill,
            Err(why) => return harness::skipped("backup with pg_dump", &why),
        };
        let server = drill.serve(&drill.url(), false).await.unwrap();
        let agent = FakeAgent::enrol(&server.api).await;
        say(&agent, 1).await;
        let file = drill.primary.socket().join("dump");
        let dumped = server.running.app.engine.head();
        let mut dump = drill.primary.program("pg_dump");
        run(dump
            .args(["-U", "daicho", "-Fc", "-d", &drill.database, "-h"])
            .arg(drill.primary.socket())
            .arg("-f")
            .arg(&file))
        .unwrap();
        say(&agent, 2).await;
        server.stop().await;

        let restored = drill.primary.database();
        let mut restore = drill.primary.program("pg_restore");
        run(restore
            .args(["-U", "daicho", "-d", &restored, "--exit-on-error", "-h"])
            .arg(drill.primary.socket())
            .arg(&file))
        .unwrap();
        let url = drill.primary.url(&restored);
        well(&daicho(Ok(&url), &["verify", "--head", &dumped.hash.to_string()]));
        let refused = drill.primary.query(&restored, "DELETE FROM daicho.entries").unwrap_err();
        assert!(refused.contains("the ledger only grows"), "{refused}");

        let refused =
            drill.serve(&url, false).await.err().expect("a server that knows more goes on as if nothing was lost");
        assert!(refused.contains("older copy"), "{refused}");
        let server = drill.serve(&url, true).await.unwrap();
        let (_, lines) = server.api.page("/api/v1/ledger/entries?limit=500").await;
        let reported = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        assert_eq!(reported.filter(|entry| entry["kind"] == "fault_reported.v1").count(), 1, "{lines}");
        server.stop().await;
        let server = drill.serve(&url, false).await.unwrap();
        server.stop().await;
        well(&daicho(Ok(&url), &["verify"]));
    });
}

/// Goal: a copy made by `pg_basebackup` and the log kept since bring back everything up to the last kept piece. Method: the
/// copy is made early, the machine is lost, and the ledger must stand with the head that it had.
#[test]
fn a_base_backup_and_the_kept_log_bring_back_the_head() {
    harness::block_on(async {
        let mut drill = match Drill::start() {
            Ok(drill) => drill,
            Err(why) => return harness::skipped("backup with pg_basebackup", &why),
        };
        let server = drill.serve(&drill.url(), false).await.unwrap();
        let mut agent = FakeAgent::enrol(&server.api).await;
        let mut copy = Cluster::empty().unwrap();
        let mut backup = drill.primary.program("pg_basebackup");
        run(backup
            .args(["--username=daicho", "--checkpoint=fast", "--no-sync", "-h"])
            .arg(drill.primary.socket())
            .arg("-D")
            .arg(copy.data()))
        .unwrap();
        for number in 1..6 {
            say(&agent, number).await;
        }
        let engine = Arc::clone(&server.running.app.engine);
        server.stop().await;
        let head = engine.head().hash.to_string();
        drop(engine);
        let piece = drill.primary.query("postgres", "SELECT pg_walfile_name(pg_current_wal_lsn())").unwrap();
        drill.primary.query("postgres", "SELECT pg_switch_wal()").unwrap();
        let kept = format!("SELECT last_archived_wal >= '{piece}' FROM pg_stat_archiver");
        drill.primary.wait_for(&kept, "t");
        drill.primary.kill();

        copy.set(&format!("restore_command=cp {}/kept/%f %p", drill.primary.socket().display()));
        copy.set("recovery_target_action=promote");
        std::fs::write(copy.data().join("recovery.signal"), "").unwrap();
        copy.own(&copy.data().join("recovery.signal"));
        copy.run_server();
        copy.wait_for("SELECT NOT pg_is_in_recovery()", "t");
        let url = copy.url(&drill.database);
        well(&daicho(Ok(&url), &["verify", "--head", &head]));
        let server = drill.serve(&url, false).await.unwrap();
        agent.reconnect(&server.api);
        say(&agent, 6).await;
        server.stop().await;
        well(&daicho(Ok(&url), &["verify", "--head", &head]));
    });
}
