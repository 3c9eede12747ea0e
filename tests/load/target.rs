//! The server under load: a child process of our own or one that runs already; what it costs and what it stored.
//! It does not know agents.
//! Invariant: cost is what the kernel charged the server's process, and "stored" is what the server shows afterwards.

use anyhow::{Context as _, bail};
use daicho::serve::Connect;
use harness::executables::{Child, command, free_port};
use harness::server::{Api, read_connect};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a server may take to answer for the first time: it may have a large ledger to read.
const START_WITHIN: Duration = Duration::from_secs(600);
/// The unit of times in `/proc/PID/stat` on every Linux that we build for, in microseconds.
const TICK_US: u64 = 10_000;

/// The server.
pub(crate) struct Target {
    /// A client with the administrator's token.
    pub(crate) api: Api,
    /// Its address.
    pub(crate) address: SocketAddr,
    /// Its process, where it is on this machine and known.
    pub(crate) pid: Option<u32>,
    child: Option<Child>,
    data: Option<PathBuf>,
    _folder: Option<tempfile::TempDir>,
}

/// What the server has used since it started.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Processor time of all threads, in microseconds.
    pub(crate) cpu_us: u64,
    /// Processor time of the thread that writes the ledger, in microseconds.
    pub(crate) door_us: u64,
}

/// What is there.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Stored {
    /// Entries in the ledger.
    pub(crate) entries: u64,
    /// Hosts that the console lists.
    pub(crate) hosts: u64,
}

impl Target {
    /// Starts the executable in a folder, or in one that goes with it.
    pub(crate) async fn start(executable: &Path, data: Option<&Path>) -> anyhow::Result<Self> {
        if !executable.exists() {
            bail!("{} is missing: build it with `cargo build --release -p daicho`", executable.display());
        }
        let folder = if data.is_none() { Some(tempfile::tempdir()?) } else { None };
        let data = data.or(folder.as_ref().map(tempfile::TempDir::path)).context("no folder")?.to_path_buf();
        let port = free_port();
        let mut target = Self {
            api: Api::new(Connect { url: String::new(), ca: ca_of_nobody(&data)?, token: String::new() }),
            address: SocketAddr::new([127, 0, 0, 1].into(), port),
            pid: None,
            child: None,
            data: Some(data),
            _folder: folder,
        };
        target.spawn(executable).await?;
        Ok(target)
    }

    /// A server that runs already, by its connect file.
    pub(crate) fn connect(file: &Path, pid: Option<u32>) -> anyhow::Result<Self> {
        let connect = read_connect(file).with_context(|| format!("{} is not a connect file", file.display()))?;
        let address = connect.url.trim_start_matches("https://").parse().context("the address")?;
        Ok(Self { api: Api::new(connect), address, pid, child: None, data: None, _folder: None })
    }

    async fn spawn(&mut self, executable: &Path) -> anyhow::Result<()> {
        let data = self.data.clone().context("not our server")?;
        let file = data.join("connect.json");
        let _none = std::fs::remove_file(&file);
        let mut child = command(executable);
        child.args(["serve", "--listen", &self.address.to_string(), "--data"]).arg(&data);
        let child = Child(child.stdout(std::process::Stdio::null()).spawn()?);
        self.pid = Some(child.0.id());
        self.child = Some(child);
        let until = Instant::now() + START_WITHIN;
        while Instant::now() < until {
            if let Some(connect) = read_connect(&file) {
                self.api = Api::new(connect);
                if self.api.try_get("/health").await.is_ok_and(|(status, _)| status == 200) {
                    return Ok(());
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("the server does not answer")
    }

    /// Stops the server without warning and starts it again on its folder. Says how long it took until it answered.
    pub(crate) async fn outage(&mut self, executable: &Path, away: Duration) -> anyhow::Result<Duration> {
        self.child.as_mut().context("only a server that was started here can be stopped")?.kill();
        tokio::time::sleep(away).await;
        let started = Instant::now();
        self.spawn(executable).await?;
        Ok(started.elapsed())
    }

    /// What it has used so far; nothing where its process is not known.
    pub(crate) fn usage(&self) -> Usage {
        let Some(pid) = self.pid else { return Usage::default() };
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or_default();
        Usage { cpu_us: (ticks(11) + ticks(12)) * TICK_US, door_us: door_us(pid).unwrap_or_default() }
    }

    /// Its memory now and at most, in bytes.
    pub(crate) fn memory(&self) -> (u64, u64) {
        let Some(pid) = self.pid else { return (0, 0) };
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let kilobytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()).unwrap_or_default()
        };
        (kilobytes("VmRSS:") * 1024, kilobytes("VmHWM:") * 1024)
    }

    /// Asks the server what is there.
    pub(crate) async fn stored(&self) -> anyhow::Result<Stored> {
        let (status, head) = self.api.try_get("/ledger/head").await?;
        let entries = head.get("seq").and_then(Value::as_u64).with_context(|| format!("HTTP {status}: {head}"))?;
        Ok(Stored { entries, hosts: self.count("/hosts").await? })
    }

    /// The rows of a list, over all its pages.
    pub(crate) async fn count(&self, list: &str) -> anyhow::Result<u64> {
        let (mut rows, mut cursor) = (0, String::new());
        loop {
            let (status, page) = self.api.try_get(&format!("{list}?limit=1000{cursor}")).await?;
            let items = page
                .get("items")
                .and_then(Value::as_array)
                .with_context(|| format!("{list}: HTTP {status}: {page}"))?;
            rows += items.len() as u64;
            match page.get("next").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(rows),
            }
        }
    }
}

/// The client needs some authority before the server has made its own.
fn ca_of_nobody(data: &Path) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(data)?;
    let path = data.join("no-ca.pem");
    std::fs::write(&path, rcgen::generate_simple_self_signed(Vec::new())?.cert.pem())?;
    Ok(path)
}

fn door_us(pid: u32) -> Option<u64> {
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let folder = task.ok()?.path();
        if std::fs::read_to_string(folder.join("comm")).is_ok_and(|name| name.trim() == "door") {
            let nanoseconds = std::fs::read_to_string(folder.join("schedstat")).ok()?;
            return Some(nanoseconds.split_whitespace().next()?.parse::<u64>().ok()? / 1000);
        }
    }
    None
}
