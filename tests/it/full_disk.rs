//! A full disk: the server refuses and says so, goes on answering, and takes everything once there is room again.
//! It does not test the engine's own bookkeeping; `engine_contract` does, at every point of failure.
//! Invariant: what was acknowledged before stands after; what was refused did not enter by half.

use daicho_schemas::batch::Outcome;
use daicho_schemas::wire;
use harness::agent::{FakeAgent, full_report};
use harness::executables::{command, executables};
use harness::hosts::{debian, debian_package};
use harness::server::ServerProcess;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A small file system of its own below the server's data folder, taken away when the test ends.
struct SmallDisk(PathBuf);

impl SmallDisk {
    #[expect(clippy::disallowed_methods, reason = "mounting is the point")]
    fn mount(folder: &Path, kibibytes: u32) -> Result<Self, String> {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        let size = format!("size={kibibytes}k");
        let mut mount = Command::new("mount");
        let output = mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder).output();
        match output {
            Ok(output) if output.status.success() => Ok(Self(folder.to_path_buf())),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for SmallDisk {
    #[expect(clippy::disallowed_methods, reason = "what was mounted is unmounted")]
    fn drop(&mut self) {
        // A folder that is still busy goes when the last file in it is closed.
        let _unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn report(count: usize) -> Vec<daicho_schemas::batch::CollectorReport> {
    let packages = (0..count).map(|n| debian_package(&format!("package-{n:05}"), "1.0")).collect();
    vec![
        full_report("operating_system", Outcome::Complete, vec![debian("test-host")]),
        full_report("dpkg", Outcome::Complete, packages),
    ]
}

fn code(answer: &Value) -> Option<&str> {
    answer["refusal"]["code"].as_str()
}

/// Sends until it is taken, waiting as long as each refusal asks: the server remembers a full disk for a moment.
async fn sent_when_asked_to(agent: &FakeAgent, batch: Vec<u8>) -> Value {
    for _ in 0..10 {
        let (status, retry_after, answer) = agent.answered(wire::PATH_BATCHES, batch.clone()).await;
        if status == 200 {
            return answer;
        }
        assert_eq!((status, code(&answer)), (507, Some("disk_full")), "{answer}");
        tokio::time::sleep(std::time::Duration::from_secs(retry_after.expect("a time to come back"))).await;
    }
    panic!("the disk has room, and the server goes on refusing");
}

#[test]
fn a_full_disk_refuses_and_recovers() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let disk = match SmallDisk::mount(&folder.path().join("ledger"), 1024) {
            Ok(disk) => disk,
            Err(why) => return harness::skipped("full_disk", &why),
        };
        let (mut server, api) = ServerProcess::start(folder.path()).await;
        let agent = FakeAgent::enrol(&api).await;
        let now = || daicho::clock::Clock::now(&daicho::clock::SystemClock);
        agent.send_well(agent.pack(1, now(), report(10))).await;

        // No room at all: whatever a batch packs to, it finds none.
        std::fs::write(disk.0.join("filler"), vec![0; 2048 * 1024]).unwrap_err();
        let waiting = agent.pack(2, now(), report(2000));
        let (status, answer) = agent.send(waiting.clone()).await;
        assert_eq!((status, code(&answer)), (507, Some("disk_full")), "{answer}");
        assert_eq!(api.get("/hosts").await["items"][0]["last_batch_number"], 1, "it goes on answering");
        let (status, answer) = agent.send(waiting.clone()).await;
        assert_eq!((status, code(&answer)), (507, Some("disk_full")), "{answer}");

        std::fs::remove_file(disk.0.join("filler")).unwrap();
        let answer = sent_when_asked_to(&agent, waiting).await;
        assert_eq!(answer["admitted"], "appended");
        assert_eq!(api.get("/hosts").await["items"][0]["last_batch_number"], 2);
        server.child.kill();
        let verified = command(&executables().daicho).arg("verify").arg("--data").arg(folder.path()).output().unwrap();
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    });
}
