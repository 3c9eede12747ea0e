//! A copied static executable is started from `/opt`: within seconds it is a finding, with its hash and what started it on the host's
//! page; when its file is gone, the finding closes. Real agent, real server.
//! It does not test what counts as owned; the agent's own tests do.
//! Invariant: processes and `/opt` are the test's own: it runs itself again in namespaces, and nothing outside is changed.

use harness::executables::Child;
use harness::namespaces::run_inside;
use harness::server::{Api, ServerProcess};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const INSIDE: &str = "DAICHO_TEST_PROGRAMS";
const OPTIONS: &[&str] = &[
    "--map-root-user",
    "--mount",
    "--propagation",
    "slave",
    "--uts",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
];
/// An empty `/opt`, a `/run` without this machine's units, and a name of its own.
const ENTER: &str = "mount -t tmpfs tmpfs /opt && mount -t tmpfs tmpfs /run && echo tos-1 > /proc/sys/kernel/hostname && exec \"$0\" \"$@\"";
/// A program that needs nothing beside itself, and one that is everywhere.
const STATIC: [(&str, &str); 2] = [("/usr/bin/busybox", "busybox"), ("/usr/bin/sleep", "sleep")];

/// Copies a program and starts it; whoever drops it ends it.
#[expect(clippy::disallowed_methods, reason = "a program that runs is what this test is about")]
fn start_copy(name: &str) -> (String, Child) {
    let (source, applet) = STATIC.into_iter().find(|(path, _)| Path::new(path).exists()).unwrap();
    let folder = format!("/opt/{name}");
    std::fs::create_dir_all(&folder).unwrap();
    let path = format!("{folder}/{applet}");
    std::fs::copy(source, &path).unwrap();
    let mut started = Command::new(&path);
    if applet == "busybox" {
        started.arg("sleep");
    }
    (path, Child(started.arg("600").spawn().unwrap()))
}

async fn finding(api: &Api, program: &str, state: &str) -> Option<Value> {
    let rows = api.list(&format!("/findings?state={state}")).await;
    let of = |row: &Value| row["components"].to_string().contains(program);
    rows.into_iter().find(|row| row["rule_id"] == "undeclared_component" && of(row))
}

async fn told(api: &Api, path: &str) -> Option<Value> {
    let host = api.get("/hosts").await["items"][0]["agent_id"].as_str()?.to_owned();
    let detail = api.get(&format!("/hosts/{host}")).await;
    detail["facts"].as_array()?.iter().find(|fact| fact["kind"] == "program.v1" && fact["path"] == path).cloned()
}

#[test]
fn a_program_that_is_started_from_opt_is_a_finding_within_seconds() {
    if std::env::var_os(INSIDE).is_none() {
        if let Err(why) = run_inside(
            "programs::a_program_that_is_started_from_opt_is_a_finding_within_seconds",
            INSIDE,
            OPTIONS,
            ENTER,
        ) {
            harness::skipped("programs", &why);
        }
        return;
    }
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let (_server, api) = ServerProcess::start(&folder.path().join("server")).await;
        let (plan, suppliers) = daicho::example::example_files("tos-1", "ID=debian\nVERSION_ID=\"12\"\n");
        assert_eq!(api.post_bytes("/suppliers", serde_json::to_vec(&suppliers).unwrap()).await.0, 201);
        assert_eq!(api.post_bytes("/plans", serde_json::to_vec(&plan).unwrap()).await.0, 201);
        let _agent = harness::real_agent::start(&api, &folder.path().join("agent"), &[]).await;

        let since = Instant::now();
        let (path, child) = start_copy("example");
        let opened = api.until("an open finding", || finding(&api, &path, "open")).await;
        harness::measured("from the start of a copied program to its finding", since.elapsed());
        assert_eq!(opened["supplier"]["confidence"], "unknown", "{opened}");
        let program = told(&api, &path).await.unwrap();
        let digest = { <sha2::Sha256 as sha2::Digest>::digest(std::fs::read(&path).unwrap()) };
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((program["sha256"].as_str(), &program["ownership"]), (Some(digest.as_str()), &"no_package".into()));
        let host = api.get("/hosts").await["items"][0]["agent_id"].as_str().unwrap().to_owned();
        let (_, page) = api.page(&format!("/hosts/{host}")).await;
        assert!(page.contains(&path) && page.contains(&digest), "the page of the host shows it");

        // It ended and its file is there: it is still a part of the host.
        drop(child);
        let (second, _running) = start_copy("second");
        api.until("the finding of a second program", || finding(&api, &second, "open")).await;
        assert!(finding(&api, &path, "open").await.is_some(), "absent is not gone");
        std::fs::remove_file(&path).unwrap();
        let (third, _running) = start_copy("third");
        api.until("the finding of a third program", || finding(&api, &third, "open")).await;
        let closed = api.until("a closed finding", || finding(&api, &path, "closed")).await;
        assert_eq!(closed["finding_id"], opened["finding_id"]);
    });
}
