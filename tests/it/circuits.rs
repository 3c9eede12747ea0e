//! The operator's own list of lines on its way: read by the command, into the ledger, onto the page; a line that nothing explains, one
//! that left the list, and one that a host shows and the list does not hold.
//! It does not test which headers are known; the reader's own tests do. Invariant: no account or password of the list leaves its file.

use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::{Modem, ModemSort, Observation};
use harness::agent::{FakeAgent, full_report};
use harness::executables::{command, executables, said_beside};
use harness::server::{Api, TestServer};
use serde_json::json;
use std::path::Path;

const SECRET: &str = "EXAMPLE-SECRET-1";

/// A command as a person calls it, beside the server's own threads.
async fn daicho(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut run = command(&executables().daicho);
    run.current_dir(folder).env("DAICHO_CONNECT", "connect.json").args(["--lang", "ja"]).args(arguments);
    said_beside(run).await
}

async fn open(api: &Api, rule: &str) -> usize {
    let findings = api.list("/findings?state=open").await;
    findings.iter().filter(|row| row["rule_id"] == rule).count()
}

fn list(rows: &[&str]) -> String {
    format!("管理番号,通信事業者,回線種別,保守会社,接続機器,パスワード\n{}\n", rows.join("\n"))
}

#[test]
fn a_list_of_lines_is_read_held_against_what_is_seen_and_asked_for_when_a_line_leaves_it() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(folder.path()).await;
        let (api, at) = (&server.api, folder.path());
        std::fs::write(at.join("connect.json"), serde_json::to_vec(&api.connect).unwrap()).unwrap();
        let agent = FakeAgent::enrol(api).await;
        let modem = Modem {
            device: "wwan0".into(),
            sort: ModemSort::Modem,
            driver: None,
            usb_id: None,
            maker: None,
            product: None,
        };
        let report = full_report("modems", Outcome::Complete, vec![Observation::Modem(modem)]);
        agent.send_well(agent.pack(1, "2026-11-21T03:00:00.000000Z".parse().unwrap(), vec![report])).await;
        let (code, text) = daicho(at, &["circuits"]).await;
        assert!(code == Some(0) && text.contains("不明"), "{text}");
        assert_eq!(open(api, "uplink_in_no_circuit").await, 0, "without a list nobody knows");

        let vendor = format!("L-001,例示通信,インターネット接続,例示保守,caterer-gw,{SECRET}");
        let fax = "L-002,例示電話,電話回線,,,";
        std::fs::write(at.join("lines.csv"), list(&[&vendor, fax])).unwrap();
        let before = api.get("/ledger/head").await;
        let (code, text) = daicho(at, &["network", "circuits", "--dry-run", "lines.csv"]).await;
        assert!(code == Some(0) && text.contains("パスワード") && !text.contains(SECRET), "{text}");
        assert_eq!(api.get("/ledger/head").await, before, "a dry run sends nothing");
        let (code, text) = daicho(at, &["network", "circuits", "lines.csv"]).await;
        assert!(code == Some(0) && text.contains("L-001") && !text.contains(SECRET), "{text}");
        assert_eq!((open(api, "circuit_unexplained").await, open(api, "uplink_in_no_circuit").await), (2, 1));
        let (code, text) = daicho(at, &["network", "circuit", "L-002", "--other", "FAX"]).await;
        assert_eq!(code, Some(0), "{text}");
        assert_eq!(open(api, "circuit_unexplained").await, 1);

        std::fs::write(at.join("lines.csv"), list(&[fax])).unwrap();
        let (code, text) = daicho(at, &["network", "circuits", "lines.csv"]).await;
        assert!(code == Some(0) && text.contains("L-001"), "it says what is missing: {text}");
        assert_eq!((open(api, "circuit_unexplained").await, open(api, "circuit_missing").await), (0, 1));
        let (code, text) = daicho(at, &["circuits"]).await;
        assert!(code == Some(3) && text.contains("L-001"), "{text}");
        let (status, html) = api.page("/networks").await;
        assert!(status == 200 && html.contains("L-001") && html.contains("例示保守") && !html.contains(SECRET));
        assert_eq!(daicho(at, &["network", "circuit", "L-001", "--ended-on", "2026-01-31"]).await.0, Some(0));
        assert_eq!(open(api, "circuit_missing").await, 0);
        assert_eq!(api.get("/circuit-ledgers/circuits").await["editions"], json!(2));
        let no = ["network", "circuit", "L-404", "--other", "FAX"];
        assert!(daicho(at, &no).await.1.contains("not_found"));
        server.stop().await;
    });
}
