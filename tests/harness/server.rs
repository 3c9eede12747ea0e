//! A server: in this process (with a clock that the test sets), or as the real executable; and a client for its interface.
//! It does not know agents.
//! Invariant: the data folder goes when the server goes, unless the test keeps it.

use crate::executables::{Child, command, executables, free_port};
use daicho::book::Place;
use daicho::clock::{Clock, SystemClock};
use daicho::output::channels::routed::Routes;
use daicho::serve::{Connect, Running, Settings, start};
use daicho_schemas::fact::declaration::Plan;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long anything that should happen at once may take on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A server in this process.
pub struct TestServer {
    /// The server.
    pub running: Running,
    /// A client with the administrator's token.
    pub api: Api,
    /// The data folder.
    pub data: PathBuf,
}

impl TestServer {
    /// Starts in a folder, with the machine's clock.
    pub async fn start(data: &Path) -> Self {
        Self::start_at(data, Arc::new(SystemClock)).await
    }

    /// Starts in a folder, with a clock.
    pub async fn start_at(data: &Path, clock: Arc<dyn Clock>) -> Self {
        let server = Self::start_in(data, Place::Folder, None, clock).await;
        server.unwrap()
    }

    /// Starts with a ledger that may be elsewhere, and with the authority of that folder; or says why not.
    pub async fn start_in(
        data: &Path,
        place: Place,
        authority: Option<PathBuf>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        Self::start_told(data, place, authority, None, clock).await
    }

    /// The same with a routing file of alerts.
    pub async fn start_told(
        data: &Path,
        place: Place,
        authority: Option<PathBuf>,
        alerts: Option<&Path>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        crate::install_provider();
        let alerts = alerts.map(|path| Routes::open(path).unwrap());
        let settings = Settings {
            data: data.to_path_buf(),
            place,
            authority,
            webhook: None,
            alerts,
            listen: "127.0.0.1:0".parse().unwrap(),
            names: Vec::new(),
            silent_after_seconds: 2700,
            connect_file: "connect.json",
        };
        let running = start(settings, clock).await.map_err(|error| format!("{error:#}"))?;
        let api = Api::new(running.connect.clone());
        Ok(Self { running, api, data: data.to_path_buf() })
    }

    /// Stops it cleanly.
    pub async fn stop(self) {
        self.running.stop().await.unwrap();
    }
}

/// The server as its own process.
pub struct ServerProcess {
    /// The process.
    pub child: Child,
    /// The port it listens on; the same after every restart.
    pub port: u16,
    data: PathBuf,
    environment: Vec<(String, String)>,
}

impl ServerProcess {
    /// Starts `daicho serve` and waits until it answers.
    pub async fn start(data: &Path) -> (Self, Api) {
        Self::start_with(data, Vec::new()).await
    }

    /// The same with more in its environment.
    pub async fn start_with(data: &Path, environment: Vec<(String, String)>) -> (Self, Api) {
        let port = free_port();
        let child = spawn(data, port, &environment);
        let mut server = Self { child, port, data: data.to_path_buf(), environment };
        let api = server.wait().await;
        (server, api)
    }

    /// Starts it again on the same port and folder after it was killed.
    pub async fn restart(&mut self) -> Api {
        self.child.kill();
        self.child = spawn(&self.data, self.port, &self.environment);
        self.wait().await
    }

    async fn wait(&mut self) -> Api {
        // It reads its ledger first, however long that is.
        let until = Instant::now() + 20 * PATIENCE;
        let mut last = "there is no connect file".to_string();
        loop {
            let work = || self.child.work();
            assert!(Instant::now() < until, "the server does not answer: {last}; {}", work());
            assert!(self.child.0.try_wait().unwrap().is_none(), "the server ended by itself");
            if let Some(connect) = read_connect(&self.data.join("connect.json")) {
                let api = Api::new(connect);
                match api.try_get("/health").await {
                    Ok((200, _)) => return api,
                    other => last = format!("{other:?}"),
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// In the environment of a [`ServerProcess`]: a file to which it writes what it would say on standard error.
pub const LOG_TO: &str = "DAICHO_TEST_LOG_TO";

fn spawn(data: &Path, port: u16, environment: &[(String, String)]) -> Child {
    let log = environment.iter().find(|(name, _)| name == LOG_TO).map(|(_, path)| path);
    let log = log.map(|path| std::fs::File::options().create(true).append(true).open(path).unwrap());
    let child = command(&executables().daicho)
        .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
        .arg(data)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdout(std::process::Stdio::null())
        .stderr(log.map_or_else(std::process::Stdio::inherit, std::process::Stdio::from))
        .spawn()
        .unwrap();
    Child(child)
}

/// Reads a connect file, if it is whole.
pub fn read_connect(path: &Path) -> Option<Connect> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// The REST interface, as a script sees it.
#[derive(Clone)]
pub struct Api {
    /// How it connects.
    pub connect: Connect,
    http: reqwest::Client,
}

impl Api {
    /// Connects; nothing is sent yet.
    pub fn new(connect: Connect) -> Self {
        crate::install_provider();
        let pem = std::fs::read(&connect.ca).unwrap();
        let http = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .unwrap();
        Self { connect, http }
    }

    /// `GET` below `/api/v1`: status and JSON.
    pub async fn try_get(&self, path: &str) -> reqwest::Result<(u16, Value)> {
        let request = self.http.get(format!("{}/api/v1{path}", self.connect.url)).bearer_auth(&self.connect.token);
        answer(request.send().await?).await
    }

    /// `GET` below `/api/v1` that must succeed.
    pub async fn get(&self, path: &str) -> Value {
        let (status, value) = self.try_get(path).await.unwrap();
        assert_eq!(status, 200, "{path}: {value}");
        value
    }

    /// Every row of a list, over all its pages.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut next = String::new();
        for _page in 0..1000 {
            let separator = if path.contains('?') { '&' } else { '?' };
            let page = self.get(&format!("{path}{separator}limit=1000{next}")).await;
            rows.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => return rows,
            }
        }
        panic!("{path}: the list does not end");
    }

    /// `POST` below `/api/v1`: status and JSON.
    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.post_bytes(path, body.to_string().into_bytes()).await
    }

    /// `POST` of raw bytes below `/api/v1`.
    pub async fn post_bytes(&self, path: &str, body: Vec<u8>) -> (u16, Value) {
        let request = self.http.post(format!("{}/api/v1{path}", self.connect.url)).bearer_auth(&self.connect.token);
        answer(request.body(body).send().await.unwrap()).await.unwrap()
    }

    /// Enters the example operator's suppliers and plan, as for a Debian host `tos-1`. Answers the plan.
    pub async fn declare_example(&self) -> Plan {
        let (plan, suppliers) = daicho::example::example_files("tos-1", "ID=debian\nNAME=Debian\n");
        assert_eq!(self.post_bytes("/suppliers", serde_json::to_vec(&suppliers).unwrap()).await.0, 201);
        assert_eq!(self.post_bytes("/plans", serde_json::to_vec(&plan).unwrap()).await.0, 201);
        plan
    }

    /// A page as a browser without a session, but with the token, gets it.
    pub async fn page(&self, path: &str) -> (u16, String) {
        let request = self.http.get(format!("{}{path}", self.connect.url)).bearer_auth(&self.connect.token);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// Waits until a look at the server finds what it looks for.
    pub async fn until<T, F: Future<Output = Option<T>>>(&self, what: &str, mut look: impl FnMut() -> F) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(Instant::now() < until, "waited in vain for {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn answer(response: reqwest::Response) -> reqwest::Result<(u16, Value)> {
    let status = response.status().as_u16();
    let body = response.bytes().await?;
    Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}
