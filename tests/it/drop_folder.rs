//! A real configuration is laid into the drop folder of a real agent: the device and its ways in stand in the console, a finding asks
//! whose they are, and no secret of the file is anywhere on the server's disk.
//! It does not test what the parser understands. Invariant: the agent looks at an image, so nothing of this machine is told.

use harness::executables::{Child, command, executables};
use harness::server::{Api, TestServer};
use serde_json::Value;
use std::path::Path;

const SAMPLE: &str = "agent/devices/fixtures/yamaha_rt/caterer_shift_jis";

fn sample(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(SAMPLE);
    std::fs::read(folder.join(name)).unwrap()
}

/// Laid as a careful person would: written under a name that is not read, then renamed.
fn lay(folder: &Path, bytes: &[u8]) {
    std::fs::write(folder.join(".caterer.txt"), bytes).unwrap();
    std::fs::rename(folder.join(".caterer.txt"), folder.join("caterer.txt")).unwrap();
}

async fn start_agent(api: &Api, folder: &Path) -> Child {
    let (state, image) = (folder.join("agent"), folder.join("image"));
    std::fs::create_dir_all(image.join("etc")).unwrap();
    std::fs::write(image.join("etc/os-release"), "ID=debian\nVERSION_ID=\"12\"\n").unwrap();
    std::fs::create_dir_all(image.join("srv/devices")).unwrap();
    harness::real_agent::enrol(api, &state).await;
    let mut run = command(&executables().agent);
    run.arg("run").arg("--state").arg(&state).arg("--root").arg(&image).args(["--device-folder", "/srv/devices"]);
    Child(run.spawn().unwrap())
}

async fn device(api: &Api) -> Option<Value> {
    api.list("/devices").await.into_iter().next()
}

fn files_below(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.is_file() {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

#[test]
fn a_configuration_that_is_laid_there_becomes_a_device_and_tells_no_secret() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let server = TestServer::start(&folder.path().join("server")).await;
        let api = &server.api;
        let _agent = start_agent(api, folder.path()).await;
        api.until("the first report", || async {
            (api.get("/hosts").await["items"][0]["last_batch_number"].as_u64() > Some(0)).then_some(())
        })
        .await;
        assert!(device(api).await.is_none(), "the folder is empty");
        let drop_folder = folder.path().join("image/srv/devices");

        lay(&drop_folder, &sample("input.txt"));
        let shown = api.until("the device", || device(api)).await;
        let id = shown["device_id"].as_str().unwrap().to_owned();
        assert_eq!(shown["recorded"], false, "{shown}");
        let (status, page) = api.page(&format!("/devices/{id}")).await;
        assert!(status == 200 && page.contains("Yamaha"), "{status}");
        let detail = api.get(&format!("/devices/{id}")).await;
        let ways = detail["ways"].as_array().map_or(0, Vec::len);
        assert!(ways > 0, "{detail}");
        assert!(!detail.to_string().contains("EXAMPLE-SECRET") && !page.contains("EXAMPLE-SECRET"));
        let findings = api.list("/findings?state=open").await;
        assert!(findings.iter().any(|row| row["rule_id"] == "device_way_in_undeclared"), "{findings:?}");

        lay(&drop_folder, b"the quick brown fox EXAMPLE-SECRET-7\n");
        api.until("a trouble that names the file", || async {
            let host = api.get("/hosts").await["items"][0]["agent_id"].as_str()?.to_owned();
            let coverage = api.get(&format!("/hosts/{host}")).await["coverage"].to_string();
            coverage.contains("/srv/devices/caterer.txt").then_some(())
        })
        .await;
        assert!(device(api).await.is_some(), "what was read once stands while its file cannot be read");
        std::fs::remove_file(drop_folder.join("caterer.txt")).unwrap();
        api.until("no device", || async { device(api).await.is_none().then_some(()) }).await;

        server.stop().await;
        let mut files = Vec::new();
        files_below(folder.path(), &mut files);
        let secrets = String::from_utf8(sample("secrets.txt")).unwrap();
        let secrets: Vec<&str> = secrets.lines().chain(["EXAMPLE-SECRET-7"]).filter(|line| !line.is_empty()).collect();
        assert!(secrets.len() > 1 && files.len() > 3);
        for (place, bytes) in &files {
            for secret in &secrets {
                let there = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
                assert!(!there, "{secret} stands in {place}");
            }
        }
    });
}
