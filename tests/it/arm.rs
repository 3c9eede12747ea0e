//! The agent for ARM (aarch64) in qemu's user mode: of every recorded host it says byte for byte what the agent of this machine says, of
//! this machine it sees the same packages, and it enrols and hands over.
//! It does not say how ARM hardware behaves, nor its kernel: qemu translates the processor, and the kernel is this machine's.
//! `tests/other-platforms/arm` builds the agent and starts this.
//! Invariant: nothing but state folders of the test's own is written.

use harness::executables::{command, executables, said, said_beside};
use harness::server::{Api, ServerProcess};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The executable; the program that runs it, with its words; both set by the script.
const AGENT: &str = "DAICHO_ARM_AGENT";
const RUNNER: &str = "DAICHO_ARM_RUNNER";

/// The agent for ARM, ready to be told what to do.
struct Arm {
    agent: PathBuf,
    runner: Vec<String>,
}

impl Arm {
    fn found(test: &str) -> Option<Self> {
        let agent = std::env::var_os(AGENT).map(PathBuf::from).filter(|path| path.exists());
        let runner = std::env::var(RUNNER).ok().map(|words| words.split(' ').map(str::to_owned).collect());
        let found = agent.zip(runner).map(|(agent, runner)| Self { agent, runner });
        if found.is_none() {
            harness::skipped(test, "no agent for ARM was built; run tests/other-platforms/arm");
        }
        found
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(Path::new(&self.runner[0]));
        command.args(&self.runner[1..]).arg(&self.agent).args(arguments);
        command
    }

    /// It must end well. Answers what it said.
    fn done(&self, arguments: &[&str]) -> String {
        let (code, said) = said(&mut self.command(arguments));
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
        said
    }
}

/// Every recorded host of every collector.
fn recorded() -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("agent/fixtures");
    let below = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_dir()).collect::<Vec<_>>()
    };
    let mut roots: Vec<PathBuf> = below(&fixtures).iter().flat_map(|sort| below(sort)).collect();
    roots.iter_mut().for_each(|sample| sample.push("root"));
    roots.retain(|root| root.is_dir());
    roots.sort();
    roots
}

#[test]
fn an_agent_on_arm_says_of_recorded_hosts_what_the_agent_here_says() {
    let Some(arm) = Arm::found("arm::recorded") else { return };
    let roots = recorded();
    assert!(roots.len() > 50, "the recorded hosts are elsewhere");
    for root in &roots {
        let arguments = ["inventory", "--root", root.to_str().unwrap(), "--format", "json"];
        let (code, here) = said(command(&executables().agent).args(arguments));
        assert_eq!((code, arm.done(&arguments)), (Some(0), here), "{}", root.display());
    }
    harness::counted("recorded hosts told alike on ARM", roots.len().try_into().unwrap());
}

/// What a collector saw, and how much of it.
fn part<'a>(inventory: &'a Value, collector: &str) -> (&'a Value, &'a Value) {
    let parts = inventory["collectors"].as_array().unwrap();
    let part = parts.iter().find(|part| part["collector"] == collector).unwrap();
    (&part["outcome"], &part["items"])
}

async fn first_host(api: &Api) -> Value {
    api.get("/hosts").await["items"][0].clone()
}

#[test]
fn an_agent_on_arm_sees_this_machine_and_hands_over() {
    let Some(arm) = Arm::found("arm::live") else { return };
    harness::block_on(async {
        let arguments = ["inventory", "--format", "json"];
        let there: Value = serde_json::from_str(&arm.done(&arguments)).unwrap();
        let (_, here) = said(command(&executables().agent).args(arguments));
        let here: Value = serde_json::from_str(&here).unwrap();
        for collector in ["dpkg", "accounts"] {
            assert_eq!(part(&there, collector), part(&here, collector), "{collector}");
        }
        let system = |inventory: &Value| part(inventory, "operating_system").1[0].clone();
        let mut expected = system(&here);
        expected["architecture"] = "aarch64".into();
        assert_eq!(system(&there), expected, "all but the processor");

        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("agent").display().to_string();
        let (_server, api) = ServerProcess::start(&folder.path().join("server")).await;
        let token = harness::agent::token(&api).await;
        let enroll = ["enroll", "--server", &api.connect.url, "--state", &state, "--token", &token];
        for arguments in [&enroll[..], &["run", "--once", "--state", &state]] {
            let (code, said) = said_beside(arm.command(arguments)).await;
            assert_eq!(code, Some(0), "{arguments:?}: {said}");
        }
        let host = first_host(&api).await;
        assert!(host["last_batch_number"].as_u64() > Some(0), "{host}");
        assert_eq!(host["hostname"], expected["hostname"]);
    });
}
