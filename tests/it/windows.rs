//! The agent for Windows under Wine: it enrols with a real server, reads the same host twice alike, runs as a service, and keeps what it
//! saw while the server was away.
//! It does not say how Windows itself behaves: Wine is not Windows. `tests/other-platforms/windows` builds the agent and starts this.
//! Invariant: the prefix of Wine is the test's own, and what it puts there it takes out.

use harness::executables::said_beside;
use harness::server::{Api, ServerProcess};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The executable, and the prefix of Wine; set by the script that made both.
const AGENT: &str = "DAICHO_WINDOWS_AGENT";
const PREFIX: &str = "DAICHO_WINE_PREFIX";
const SAMPLE: &str = "agent/devices/fixtures/yamaha_rt/caterer_shift_jis/input.txt";

/// One machine of Wine with the agent on it. Whoever drops it takes the service out and ends Wine.
struct Machine {
    agent: PathBuf,
    prefix: PathBuf,
}

impl Machine {
    fn found() -> Option<Self> {
        let path = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.exists());
        let machine = Self { agent: path(AGENT)?, prefix: path(PREFIX)? };
        // Else Wine ends its services as soon as no other program runs.
        machine.program("wineserver").arg("-p").status().ok()?;
        Some(machine)
    }

    #[expect(clippy::disallowed_methods, reason = "Wine runs the other half of this test")]
    fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("WINEPREFIX", &self.prefix).env("WINEDEBUG", "-all").env_remove("DISPLAY");
        command
    }

    async fn agent(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = self.program("wine");
        command.arg(&self.agent).args(arguments);
        said_beside(command).await
    }

    /// The same, and it must end well.
    async fn done(&self, arguments: &[&str]) -> String {
        let (code, said) = self.agent(arguments).await;
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
        said
    }

    fn drop_folder(&self) -> PathBuf {
        self.prefix.join("drive_c/ProgramData/Daicho/devices.d")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _not_there = self.program("wine").arg(&self.agent).args(["service", "uninstall"]).output();
        let _ended = self.program("wineserver").arg("-k").status();
        let _gone = std::fs::remove_dir_all(self.drop_folder());
    }
}

/// A path of ours as Wine shows it.
fn shown(path: &Path) -> String {
    format!("Z:{}", path.display().to_string().replace('/', "\\"))
}

async fn batches(api: &Api) -> u64 {
    api.get("/hosts").await["items"][0]["last_batch_number"].as_u64().unwrap_or_default()
}

fn outcome<'a>(inventory: &'a Value, collector: &str) -> &'a str {
    let parts = inventory["collectors"].as_array().unwrap();
    let part = parts.iter().find(|part| part["collector"] == collector).unwrap();
    part["outcome"].as_str().unwrap()
}

#[test]
fn an_agent_on_windows_enrols_serves_and_keeps_what_it_saw() {
    let Some(machine) = Machine::found() else {
        return harness::skipped("windows", "no agent for Windows was built; run tests/other-platforms/windows");
    };
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let state = shown(&folder.path().join("agent"));
        let (mut server, api) = ServerProcess::start(&folder.path().join("server")).await;
        std::fs::create_dir_all(machine.drop_folder()).unwrap();

        let once = machine.done(&["inventory", "--format", "json"]).await;
        assert_eq!(once, machine.done(&["inventory", "--format", "json"]).await, "the same host gives the same bytes");
        let inventory: Value = serde_json::from_str(&once).unwrap();
        assert_eq!(outcome(&inventory, "dpkg"), "not_applicable", "it is no Linux");
        assert_eq!(outcome(&inventory, "device_configurations"), "complete");

        machine.done(&["service", "install", "--state", &state]).await;
        let (code, said) = machine.agent(&["service", "install", "--state", &state]).await;
        assert_eq!(code, Some(1), "it is there already: {said}");
        let token = harness::agent::token(&api).await;
        machine.done(&["enroll", "--server", &api.connect.url, "--state", &state, "--token", &token]).await;
        machine.done(&["service", "start"]).await;
        assert!(machine.done(&["service", "status"]).await.contains("running"));
        api.until("the first report", || async { (batches(&api).await > 0).then_some(()) }).await;
        let before = batches(&api).await;

        // What is seen while the server is away waits in the spool.
        server.child.kill();
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(SAMPLE);
        std::fs::copy(sample, machine.drop_folder().join("router.txt")).unwrap();
        let waits = folder.path().join("agent/spool");
        let is_spooled = || std::fs::read_dir(&waits).is_ok_and(|mut files| files.next().is_some());
        api.until("a batch in the spool", || async { is_spooled().then_some(()) }).await;
        let api = server.restart().await;
        api.until("what was seen meanwhile", || async { (batches(&api).await > before).then_some(()) }).await;
        api.until("the device", || async { api.list("/devices").await.into_iter().next() }).await;

        machine.done(&["service", "stop"]).await;
        assert!(machine.done(&["service", "status"]).await.contains("stopped"));
        let log = std::fs::read_to_string(folder.path().join("agent/agent.log")).unwrap();
        assert!(log.contains("started") && log.contains("stopped"), "{log}");
        machine.done(&["service", "uninstall"]).await;
        assert!(folder.path().join("agent/agent.key").exists(), "its identity stays");
        assert_eq!(machine.agent(&["service", "status"]).await.0, Some(1));
    });
}
