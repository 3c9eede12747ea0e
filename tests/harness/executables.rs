//! The real executables, built once per test run in the profile of the tests.
//! It does not know what they do.
//! Invariant: a test never runs an executable older than the sources.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where the executables are.
#[derive(Clone, Debug)]
pub struct Executables {
    /// `daicho`.
    pub daicho: PathBuf,
    /// `daicho-agent`.
    pub agent: PathBuf,
}

/// Builds `daicho` and `daicho-agent` if they are not current, and says where they are.
pub fn executables() -> &'static Executables {
    static BUILT: OnceLock<Executables> = OnceLock::new();
    BUILT.get_or_init(build)
}

#[expect(clippy::disallowed_methods, reason = "building the executables is the point")]
fn build() -> Executables {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--bins", "-p", "daicho", "-p", "daicho-agent"])
        .current_dir(workspace)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // target/debug/deps/it-<hash> → target/debug
    let folder = std::env::current_exe().unwrap();
    let folder = folder.parent().unwrap().parent().unwrap();
    Executables { daicho: folder.join("daicho"), agent: folder.join("daicho-agent") }
}

/// A command of one of them, with a quiet environment.
#[expect(clippy::disallowed_methods, reason = "running the executables is the point")]
pub fn command(executable: &Path) -> Command {
    let mut command = Command::new(executable);
    command.env("LANG", "C.UTF-8").env_remove("LC_ALL").env_remove("DAICHO_DATA").env_remove("DAICHO_CONNECT");
    command
        .env_remove("DAICHO_LEDGER")
        .env_remove("DAICHO_LEDGER_CA")
        .env_remove("DAICHO_AUTHORITY")
        .env_remove("DAICHO_WEBHOOK")
        .env_remove("DAICHO_ALERTS");
    command.env("DAICHO_LOG", "warn");
    command
}

/// Runs a command to its end: its exit code, and what it wrote to both streams, one after the other.
pub fn said(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

/// The same, beside the other tasks of a test: a server of ours goes on meanwhile.
pub async fn said_beside(mut command: Command) -> (Option<i32>, String) {
    tokio::task::spawn_blocking(move || said(&mut command)).await.unwrap()
}

/// A child process that is killed when the test ends, however it ends.
pub struct Child(pub std::process::Child);

impl Child {
    /// What the process has done so far: its state, and the seconds of a processor that it had.
    pub fn work(&self) -> String {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = [11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<u64>().ok()).sum::<u64>();
        format!("state {}, {} s of a processor", fields.first().unwrap_or(&"?"), ticks / 100)
    }

    /// Kills without warning, as `kill -9` does, and waits for the end.
    pub fn kill(&mut self) {
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A TCP port that was free a moment ago.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
