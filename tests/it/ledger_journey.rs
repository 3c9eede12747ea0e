//! A ledger's way out and back: export, verify, flip a byte, import, replay; with the real executable.
//! It does not repeat the flip of every byte, which the ledger's own tests do.
//! Invariant: what leaves comes back with the same head.

use daicho_schemas::batch::Outcome;
use harness::agent::{FakeAgent, delta_report, full_report};
use harness::executables::{command, executables};
use harness::hosts::{debian, debian_package};
use harness::server::TestServer;
use std::path::Path;
use std::process::Output;

fn daicho(arguments: &[&str]) -> Output {
    command(&executables().daicho).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A ledger with a bit of everything in it: the hash of its head, and the agent that sent 19 batches to it.
pub(crate) async fn fill(data: &Path) -> (String, FakeAgent) {
    let server = TestServer::start(data).await;
    let api = &server.api;
    let (plan, suppliers) = daicho::example::example_files("tos-1", "ID=debian\nNAME=\"Debian GNU/Linux\"\n");
    assert_eq!(api.post_bytes("/suppliers", serde_json::to_vec(&suppliers).unwrap()).await.0, 201);
    assert_eq!(api.post_bytes("/plans", serde_json::to_vec(&plan).unwrap()).await.0, 201);
    let agent = FakeAgent::enrol(api).await;
    let now = server.running.app.clock.now();
    let mut known = std::collections::BTreeMap::new();
    let items = vec![debian_package("bash", "5.2"), debian_package("coreutils", "9.1")];
    delta_report("dpkg", &mut known, items.clone(), Vec::new());
    let reports = vec![
        full_report("operating_system", Outcome::Complete, vec![debian("tos-1")]),
        full_report("dpkg", Outcome::Complete, items),
    ];
    agent.send_well(agent.pack(1, now, reports)).await;
    for number in 2..20 {
        let package = harness::hosts::package("foreign", &number.to_string(), "Foreign <x@foreign.example>");
        let gone = if number % 3 == 0 { vec!["deb:foreign:amd64".to_string()] } else { Vec::new() };
        let put = if gone.is_empty() { vec![package] } else { Vec::new() };
        agent.send_well(agent.pack(number, now, vec![delta_report("dpkg", &mut known, put, gone)])).await;
    }
    // Notices may still come in by themselves; when the server has stopped, nothing does.
    let engine = std::sync::Arc::clone(&server.running.app.engine);
    server.stop().await;
    (engine.head().hash.to_string(), agent)
}

/// Export, verify, import and replay agree; one flipped byte is found and its entry named.
#[test]
fn a_ledger_goes_out_and_comes_back() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, copy) = (folder.path().join("data"), folder.path().join("copy"));
        let (data_text, copy_text) = (data.to_str().unwrap(), copy.to_str().unwrap());
        let (head, _) = fill(&data).await;

        let verified = daicho(&["verify", "--data", data_text]);
        assert!(verified.status.success(), "{}", text(&verified.stderr));
        assert!(text(&verified.stdout).contains(&head), "{}", text(&verified.stdout));
        let replayed = daicho(&["replay", "--data", data_text]);
        assert!(replayed.status.success(), "{}{}", text(&replayed.stdout), text(&replayed.stderr));

        let exported = daicho(&["export", "--data", data_text]);
        assert!(exported.status.success(), "{}", text(&exported.stderr));
        let file = folder.path().join("ledger.ndjson");
        std::fs::write(&file, &exported.stdout).unwrap();
        let verified = daicho(&["verify", file.to_str().unwrap()]);
        assert!(verified.status.success(), "{}", text(&verified.stderr));
        assert!(text(&verified.stdout).contains(&head));

        let imported = daicho(&["import", "--data", copy_text, file.to_str().unwrap()]);
        assert!(imported.status.success(), "{}", text(&imported.stderr));
        let again = daicho(&["export", "--data", copy_text]);
        assert_eq!(again.stdout, exported.stdout);

        let lines: Vec<&[u8]> = exported.stdout.split_inclusive(|byte| *byte == b'\n').collect();
        let flipped_line = lines.len() / 2;
        let offset: usize =
            lines[..flipped_line].iter().map(|line| line.len()).sum::<usize>() + lines[flipped_line].len() / 3;
        let mut flipped = exported.stdout.clone();
        flipped[offset] ^= 1;
        std::fs::write(&file, &flipped).unwrap();
        let refused = daicho(&["verify", file.to_str().unwrap()]);
        assert!(!refused.status.success());
        let said = [text(&refused.stdout), text(&refused.stderr)].concat();
        assert!(said.contains(&format!("{}", flipped_line + 1)), "{said}");
        let refused =
            daicho(&["import", "--data", folder.path().join("bad").to_str().unwrap(), file.to_str().unwrap()]);
        assert!(!refused.status.success());
    });
}
