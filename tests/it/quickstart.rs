//! Quickstart, as a newcomer runs it: the real executables, this very host, an example operator.
//! It does not change the host; what appears and disappears does so in a root of its own (`live_console`).
//! Invariant: when quickstart ends, its agent ends; a second start goes on with the same ledger.

use harness::executables::{Child, command, executables, free_port};
use harness::server::{Api, PATIENCE, read_connect};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

struct Quickstart {
    child: Child,
    said: Vec<String>,
}

/// Starts quickstart and reads what it says up to the sign-in link.
fn quickstart(data: &Path, port: u16) -> Quickstart {
    let mut child = command(&executables().daicho)
        .args(["quickstart", "--listen", &format!("127.0.0.1:{port}"), "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = Vec::new();
    for line in lines {
        let line = line.unwrap();
        let linked = line.contains("/sign-in/");
        said.push(line);
        if linked {
            break;
        }
    }
    Quickstart { child: Child(child), said }
}

#[expect(clippy::disallowed_methods, reason = "kill(1) asks the process to end, as Ctrl-C would")]
fn ask_to_end(child: &mut Child) {
    let pid = child.0.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let until = Instant::now() + PATIENCE;
    while child.0.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until, "quickstart does not end");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(child.0.wait().unwrap().success());
}

/// A newcomer's first five minutes: it starts, says where to go, shows this host with something declared and something
/// not, stops cleanly, and the second start knows everything.
#[test]
fn quickstart_shows_this_host_and_continues() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let port = free_port();
        let mut first = quickstart(&data, port);
        assert!(first.said.iter().any(|line| line.contains(&format!("127.0.0.1:{port}"))), "{:?}", first.said);
        let connect = read_connect(&data.join("quickstart.json")).unwrap();
        assert_eq!(connect.url, format!("https://127.0.0.1:{port}"));
        let api = Api::new(connect);

        let hosts = api.list("/hosts").await;
        assert_eq!(hosts.len(), 1, "{hosts:?}");
        assert_eq!(hosts[0]["equipment_id"], "tos");
        let equipment = api.get("/equipment/tos").await;
        let drift: Vec<&Value> = equipment["drift"].as_array().unwrap().iter().collect();
        let with = |status: &str| drift.iter().filter(|line| line["status"] == status).count();
        assert!(with("covered") > 0, "the distribution is declared: {drift:?}");
        assert!(with("undeclared") > 0, "some of the host is not: {drift:?}");
        assert!(!api.list("/findings?state=open").await.is_empty());
        let duties = api.list("/duties").await;
        assert!(duties.iter().all(|duty| !duty["articles"].as_array().unwrap().is_empty()), "{duties:?}");

        // The link works once.
        let link = first.said.last().unwrap().trim().to_string();
        let path = link.strip_prefix(&api.connect.url).unwrap().to_string();
        assert_eq!(api.page(&path).await.0, 303);
        let head = api.get("/ledger/head").await;
        ask_to_end(&mut first.child);

        let mut second = quickstart(&data, port);
        let api = Api::new(read_connect(&data.join("quickstart.json")).unwrap());
        let later = api.get("/ledger/head").await;
        assert_eq!(later["ledger_id"], head["ledger_id"]);
        assert!(later["seq"].as_u64() >= head["seq"].as_u64());
        assert_eq!(api.list("/hosts").await.len(), 1, "the agent did not enrol a second time");
        ask_to_end(&mut second.child);
    });
}
