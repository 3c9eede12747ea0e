//! The agent for Windows under Wine: it enrols with a real server, reads the same host twice alike, runs as a service, keeps what it
//! saw while the server was away, and a program that is installed meanwhile is a finding at once.
//! It does not say how Windows itself behaves: Wine is not Windows. `tests/other-platforms/windows` builds the agent and starts this.
//! Invariant: the prefix of Wine is the test's own, and what it puts there it takes out.

use daicho_schemas::fact::supplier::SUPPLIERS_FORMAT;
use harness::server::{Api, ServerProcess};
use serde_json::Value;
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The executable, and the prefix of Wine; set by the script that made both.
const AGENT: &str = "DAICHO_WINDOWS_AGENT";
const PREFIX: &str = "DAICHO_WINE_PREFIX";
const SAMPLE: &str = "agent/devices/fixtures/yamaha_rt/caterer_shift_jis/input.txt";
/// Where installers tell Windows of their programs.
const UNINSTALL: &str = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall";
/// From the end of an installation to its finding: once a second keys are looked at, and a burst of changes is left to settle.
const INSTALLED_TO_FINDING_MAX: Duration = Duration::from_secs(2);
/// So many are installed, one after the other.
const PROGRAMS: [&str; 5] = ["Quay Planner", "Reefer Monitor", "Yard Gateway", "Berth Console", "Crane Logger"];

/// There is one prefix of Wine, with one service in it.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// One machine of Wine with the agent on it. Whoever drops it takes out what was put there and ends Wine.
struct Machine {
    agent: PathBuf,
    prefix: PathBuf,
    _alone: MutexGuard<'static, ()>,
}

impl Machine {
    fn found() -> Option<Self> {
        let path = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.exists());
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let machine = Self { agent: path(AGENT)?, prefix: path(PREFIX)?, _alone: alone };
        // Else Wine ends its services as soon as no other program runs.
        quiet(machine.program("wineserver").arg("-p")).status().ok()?;
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
        ended(command).await
    }

    /// The same, and it must end well.
    async fn done(&self, arguments: &[&str]) -> String {
        let (code, said) = self.agent(arguments).await;
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
        said
    }

    /// Makes the service, enrols it, starts it, and waits for its first report.
    async fn serve(&self, api: &Api, state: &str) {
        self.done(&["service", "install", "--state", state]).await;
        let token = harness::agent::token(api).await;
        self.done(&["enroll", "--server", &api.connect.url, "--state", state, "--token", &token]).await;
        self.done(&["service", "start"]).await;
        assert!(self.done(&["service", "status"]).await.contains("running"));
        api.until("the first report", || async { (batches(api).await > 0).then_some(()) }).await;
    }

    /// Writes what an installer writes last, or takes it out again, and says when that had been done.
    async fn registered(&self, change: &[&str]) -> Instant {
        let mut command = self.program("wine");
        command.args(["reg", change[0]]).arg(format!("{UNINSTALL}\\{}", change[1])).args(&change[2..]).arg("/f");
        let (code, said) = ended(command).await;
        assert_eq!(code, Some(0), "{change:?}: {said}");
        Instant::now()
    }

    fn drop_folder(&self) -> PathBuf {
        self.prefix.join("drive_c/ProgramData/Daicho/devices.d")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _not_there = quiet(self.program("wine").arg(&self.agent).args(["service", "uninstall"])).status();
        for name in PROGRAMS {
            let key = format!("{UNINSTALL}\\{name}");
            let _not_there = quiet(self.program("wine").args(["reg", "delete", &key, "/f"])).status();
        }
        let _ended = quiet(self.program("wineserver").arg("-k")).status();
        let _gone = std::fs::remove_dir_all(self.drop_folder());
    }
}

/// Says nothing to anybody.
fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

/// Runs a program to its end: its exit code, and what it wrote to both streams, one after the other. By way of files: what Wine starts beside the
/// first program of all lives on, and would hold a pipe open for as long.
async fn ended(mut command: Command) -> (Option<i32>, String) {
    let run = move || {
        let mut said = [tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap()];
        let [out, err] = said.each_ref().map(|file: &File| file.try_clone().unwrap());
        let status = command.stdin(Stdio::null()).stdout(out).stderr(err).status().unwrap();
        let mut text = Vec::new();
        for file in &mut said {
            file.rewind().unwrap();
            file.read_to_end(&mut text).unwrap();
        }
        (status.code(), String::from_utf8_lossy(&text).into_owned())
    };
    tokio::task::spawn_blocking(run).await.unwrap()
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

        machine.serve(&api, &state).await;
        let (code, said) = machine.agent(&["service", "install", "--state", &state]).await;
        assert_eq!(code, Some(1), "it is there already: {said}");
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

/// The name that a host gave itself.
fn hostname(inventory: &Value) -> &str {
    let parts = inventory["collectors"].as_array().unwrap();
    let part = parts.iter().find(|part| part["collector"] == "operating_system").unwrap();
    part["items"][0]["hostname"].as_str().unwrap()
}

async fn finding(api: &Api, program: &str, state: &str) -> Option<Value> {
    let rows = api.list(&format!("/findings?state={state}")).await;
    let of = |row: &Value| row["components"].to_string().contains(program);
    rows.into_iter().find(|row| row["rule_id"] == "undeclared_component" && of(row))
}

/// Several, because a machine that runs tests may stand still for a while: half of them have to be there in time, and each that was
/// not looked at before the schedule did would never be.
#[test]
fn a_program_that_is_installed_on_windows_is_a_finding_within_two_seconds() {
    let Some(machine) = Machine::found() else {
        return harness::skipped("windows", "no agent for Windows was built; run tests/other-platforms/windows");
    };
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let state = shown(&folder.path().join("agent"));
        let (_server, api) = ServerProcess::start(&folder.path().join("server")).await;
        let inventory = machine.done(&["inventory", "--format", "json"]).await;
        let inventory: Value = serde_json::from_str(&inventory).unwrap();
        assert_eq!(outcome(&inventory, "installed_programs"), "complete");
        let (plan, suppliers) = daicho::example::example(hostname(&inventory), None);
        let suppliers = serde_json::json!({ "format": SUPPLIERS_FORMAT, "suppliers": suppliers });
        assert_eq!(api.post("/suppliers", suppliers).await.0, 201);
        assert_eq!(api.post("/plans", serde_json::to_value(&plan).unwrap()).await.0, 201);
        machine.serve(&api, &state).await;

        let mut took = Vec::new();
        for program in PROGRAMS {
            assert!(finding(&api, program, "open").await.is_none());
            let since = machine.registered(&["add", program, "/v", "DisplayName", "/d", program]).await;
            api.until("an open finding", || finding(&api, program, "open")).await;
            took.push(since.elapsed());
            harness::measured("from the end of `reg add` to the finding", since.elapsed());
        }
        took.sort();
        assert!(took[PROGRAMS.len() / 2] <= INSTALLED_TO_FINDING_MAX, "{took:?}");

        machine.registered(&["delete", PROGRAMS[0]]).await;
        api.until("a closed finding", || finding(&api, PROGRAMS[0], "closed")).await;
        assert!(finding(&api, PROGRAMS[1], "open").await.is_some(), "the others are there still");
        machine.done(&["service", "stop"]).await;
    });
}
