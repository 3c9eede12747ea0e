//! PostgreSQL from the distribution's packages: a cluster of its own in a temporary folder, reached by a Unix socket.
//! It does not know what is kept in it.
//! Invariant: it listens on no network, and however the test process ends, the cluster ends and its folder goes.

use crate::executables::Child;
use crate::packages;
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// How long a cluster may take to answer or to stop.
const PATIENCE: Duration = Duration::from_secs(60);
/// What every cluster is started with. Everything that promises durability is as in production.
const SETTINGS: [&str; 8] = [
    "listen_addresses=",
    "shared_buffers=32MB",
    "max_connections=200",
    "wal_level=replica",
    "max_wal_senders=8",
    "wal_keep_size=256MB",
    "hot_standby=on",
    "log_line_prefix=%m %p %a ",
];

/// A database server that a test may stop, kill, copy and start again.
pub struct Cluster {
    folder: PathBuf,
    binaries: PathBuf,
    settings: Vec<String>,
    server: Option<Child>,
    held: Mutex<Option<String>>,
    port: u16,
    _watchdog: Watchdog,
    _folder: tempfile::TempDir,
}

/// Ends the cluster when this process is gone, whatever ended it: a static is never dropped, and a killed test neither.
struct Watchdog(std::process::Child);

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ended = self.0.wait();
    }
}

/// The folder of PostgreSQL's programs, of the newest release that is here.
pub fn binaries() -> Result<PathBuf, String> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    FOUND.get_or_init(find).clone()
}

fn find() -> Result<PathBuf, String> {
    let all = Path::new("/usr/lib/postgresql");
    packages::ensure(all, &["postgresql"])?;
    let releases = std::fs::read_dir(all).map_err(|error| error.to_string())?;
    let found = releases.filter_map(|entry| entry.ok().map(|entry| entry.path().join("bin")));
    found.filter(|bin| bin.join("postgres").exists()).max().ok_or("no PostgreSQL below /usr/lib/postgresql".into())
}

impl Cluster {
    /// A new cluster with nothing in it, running.
    pub fn start() -> Result<Self, String> {
        let mut cluster = Self::empty()?;
        let data = cluster.data();
        let mut initdb = cluster.program("initdb");
        initdb.args(["--username=daicho", "--auth=trust", "--data-checksums", "--no-sync", "--encoding=UTF8", "-D"]);
        run(initdb.arg(data))?;
        cluster.run_server();
        Ok(cluster)
    }

    /// A folder for a cluster, without data. `data` is to be filled, then [`Self::run_server`] called.
    pub fn empty() -> Result<Self, String> {
        let binaries = binaries()?;
        // The path of a socket may be 107 bytes long: the system's own folder for temporary files is short enough.
        let folder = tempfile::Builder::new().prefix("dpg").tempdir().map_err(|error| error.to_string())?;
        if let Some((user, group)) = other_user() {
            chown(folder.path(), Some(user), Some(group)).map_err(|error| error.to_string())?;
        }
        let watchdog = watch(folder.path())?;
        let settings = SETTINGS.iter().map(ToString::to_string).collect();
        let path = folder.path().to_path_buf();
        Ok(Self {
            folder: path,
            binaries,
            settings,
            server: None,
            held: Mutex::new(None),
            port: 5432,
            _watchdog: watchdog,
            _folder: folder,
        })
    }

    /// One cluster for all tests of this process that do not stop it; or why there is none.
    pub fn shared() -> Result<&'static Self, String> {
        static SHARED: OnceLock<Result<Cluster, String>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref().map_err(Clone::clone)
    }

    /// The cluster's data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The folder of the cluster's socket.
    pub fn socket(&self) -> &Path {
        &self.folder
    }

    /// Adds a setting for the next start, `name=value`.
    pub fn set(&mut self, setting: &str) {
        self.settings.push(setting.into());
    }

    /// Takes another port than the usual one, from the next start on.
    pub fn listen_on(&mut self, port: u16) {
        self.port = port;
    }

    /// One of PostgreSQL's programs, as the user that may run them.
    #[expect(clippy::disallowed_methods, reason = "running the database is the point")]
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.join(name));
        command
            .current_dir(&self.folder)
            .env("LC_ALL", "C.UTF-8")
            .env("PGPORT", self.port.to_string())
            .stdin(Stdio::null());
        if let Some((user, group)) = other_user() {
            command.uid(user).gid(group);
        }
        command
    }

    /// Starts the server on what is in the data folder, and waits until it answers.
    pub fn run_server(&mut self) {
        let log = std::fs::File::options().append(true).create(true).open(self.folder.join("log")).unwrap();
        let until = Instant::now() + PATIENCE;
        loop {
            let mut command = self.program("postgres");
            command.arg("-D").arg(self.data()).arg("-k").arg(&self.folder);
            for setting in &self.settings {
                command.args(["-c", setting]);
            }
            command.stdout(log.try_clone().unwrap()).stderr(log.try_clone().unwrap());
            let mut server = Child(command.spawn().unwrap());
            loop {
                // What a killed server left behind may still be ending; then the new one ends by itself.
                if server.0.try_wait().unwrap().is_some() {
                    break;
                }
                if self.query("postgres", "SELECT 1").is_ok() {
                    self.server = Some(server);
                    return;
                }
                assert!(Instant::now() < until, "PostgreSQL does not answer: {}", self.log_end());
                std::thread::sleep(Duration::from_millis(20));
            }
            assert!(Instant::now() < until, "PostgreSQL does not start: {}", self.log_end());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The last lines of the server's log.
    pub fn log_end(&self) -> String {
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Kills the server and all its children at once, as a power cut does, less the loss of the system's own cache.
    pub fn kill(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let pid = server.0.id();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        server.kill();
        for child in children.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)) {
            // Most have ended with their parent.
            let _gone = kill_process(child, Signal::KILL);
        }
    }

    /// Stops the server in order, ending every session.
    pub fn stop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let pid = Pid::from_child(&server.0);
        kill_process(pid, Signal::INT).unwrap();
        server.0.wait().unwrap();
    }

    /// Makes this cluster, which must not run, a fresh copy of another one that follows it, and starts it.
    pub fn follow(&mut self, primary: &Self) -> Result<(), String> {
        // Nothing there, or what is left of a primary that died.
        let _gone = std::fs::remove_dir_all(self.data());
        let mut copy = primary.program("pg_basebackup");
        copy.args(["--username=daicho", "--checkpoint=fast", "--no-sync", "--write-recovery-conf", "-h"]);
        run(copy.arg(primary.socket()).arg("-D").arg(self.data()))?;
        self.run_server();
        Ok(())
    }

    /// From here on, this cluster acknowledges nothing before one that follows it has it on its disk.
    pub fn wait_for_followers(&self) {
        self.query("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'").unwrap();
        self.query("postgres", "SELECT pg_reload_conf()").unwrap();
        self.wait_for("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'", "1");
    }

    /// Waits until a question has the answer that it should have.
    pub fn wait_for(&self, question: &str, answer: &str) {
        let until = Instant::now() + PATIENCE;
        while self.query("postgres", question).as_deref() != Ok(answer) {
            assert!(Instant::now() < until, "{question} is never {answer}: {}", self.log_end());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Gives a file or folder to the user that runs the server.
    pub fn own(&self, path: &Path) {
        if let Some((user, group)) = other_user() {
            chown(path, Some(user), Some(group)).unwrap();
        }
    }

    /// Holds a follower's receiving still, or lets it go on: meanwhile it confirms nothing.
    pub fn hold_still(&self, still: bool) {
        let pid = self.query("postgres", "SELECT pid FROM pg_stat_wal_receiver").unwrap_or_default();
        let pid = if still { pid } else { self.held.lock().unwrap().take().unwrap_or(pid) };
        if let Some(receiver) = pid.parse().ok().and_then(Pid::from_raw) {
            *self.held.lock().unwrap() = still.then_some(pid);
            kill_process(receiver, if still { Signal::STOP } else { Signal::CONT }).unwrap();
        }
    }

    /// Cuts a follower off from what it follows, without it or the other noticing anything else.
    pub fn cut_off(&self) {
        self.query("postgres", "ALTER SYSTEM SET primary_conninfo = ''").unwrap();
        self.query("postgres", "SELECT pg_reload_conf()").unwrap();
        self.wait_for("SELECT count(*) FROM pg_stat_wal_receiver", "0");
    }

    /// Makes a follower take writes.
    pub fn promote(&self) {
        assert_eq!(self.query("postgres", "SELECT pg_promote()").as_deref(), Ok("t"), "{}", self.log_end());
    }

    /// Makes a database that nobody else uses and gives its name.
    pub fn database(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("daicho_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.query("postgres", &format!("CREATE DATABASE {name}")).unwrap();
        name
    }

    /// The address of a database in this cluster.
    pub fn url(&self, database: &str) -> String {
        Self::url_of(&[self], database)
    }

    /// The address of a database that is in whichever of these clusters takes writes.
    pub fn url_of(clusters: &[&Self], database: &str) -> String {
        let hosts = clusters.iter().map(|cluster| cluster.folder.display().to_string().replace('/', "%2F"));
        format!("postgres://daicho@{}/{database}", hosts.collect::<Vec<_>>().join(","))
    }

    /// Runs statements as the owner: what they gave, one row to a line, columns parted by `|`.
    pub fn query(&self, database: &str, statements: &str) -> Result<String, String> {
        self.query_as("daicho", database, statements)
    }

    /// The same as another user.
    pub fn query_as(&self, user: &str, database: &str, statements: &str) -> Result<String, String> {
        let mut psql = self.program("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", user, "-d", database, "-h"]);
        run(psql.arg(&self.folder).args(["-c", statements])).map(|text| text.trim_end().to_string())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Runs a program to its end: what it wrote, or what it complained of.
pub fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// PostgreSQL does not run as root: there, the user that Debian's package made.
fn other_user() -> Option<(u32, u32)> {
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields[0] == "postgres");
    fields.map(|fields| (fields[2].parse().unwrap(), fields[3].parse().unwrap()))
}

#[expect(clippy::disallowed_methods, reason = "watching over the database is the point")]
fn watch(folder: &Path) -> Result<Watchdog, String> {
    const SCRIPT: &str = r#"
        trap '' INT TERM
        read -r _ <&0
        test -f "$1/data/postmaster.pid" && kill -QUIT "$(head -n 1 "$1/data/postmaster.pid")" && sleep 1
        rm -rf "$1"
    "#;
    let child = Command::new("sh")
        .args(["-c", SCRIPT, "watchdog"])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    child.map(Watchdog).map_err(|error| error.to_string())
}
