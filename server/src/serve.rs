//! Serving: the book, the authority, the listener and the watch over silent agents, wired together and taken apart.
//! It does not know arguments or terminals; `cli/` does.
//! Invariant: when `stop` returns, nothing that was acknowledged is only in memory.

use crate::authority::{Authority, write_private};
use crate::book::{self, Book};
use crate::clock::Clock;
use crate::http::tls::PeerAcceptor;
use crate::http::{self, App};
use crate::intake::submission::Submission;
use crate::ledger::entry::Author;
use crate::secrets;
use anyhow::Context as _;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::{AccessGranted, CoverageChanged, Hearing, Role};
use daicho_schemas::ids::PersonId;
use daicho_schemas::time::UtcMicros;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Where and how to serve.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The data folder: ledger, store, authority.
    pub data: PathBuf,
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// More names and addresses that the server is reached by.
    pub names: Vec<String>,
    /// After how long without a word an agent counts as silent, in seconds.
    pub silent_after_seconds: i64,
    /// The file in the data folder that tells scripts how to connect.
    pub connect_file: &'static str,
}

/// How scripts reach the server: the content of `connect.json` or `quickstart.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connect {
    /// The server's address.
    pub url: String,
    /// The path of the authority's certificate in PEM.
    pub ca: PathBuf,
    /// The bearer token.
    pub token: String,
}

/// A server that runs.
pub struct Running {
    /// What handlers reach.
    pub app: Arc<App>,
    /// How scripts reach it.
    pub connect: Connect,
    handle: axum_server::Handle<SocketAddr>,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
    watching: tokio::task::JoinHandle<()>,
}

/// How often the watch over silent agents looks, and how often the server's certificate is made anew.
const WATCH_EVERY: Duration = Duration::from_secs(15);
const CERTIFICATE_EVERY_SECONDS: i64 = 24 * 3600;
/// How long open connections may take to finish when the server stops.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// Starts serving. Returns once the port answers.
pub async fn start(settings: Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Running> {
    let Book { model, engine, store, door, moved } = book::open(&settings.data, Arc::clone(&clock)).await?;
    let authority = Arc::new(Authority::open(&settings.data.join("authority"), clock.now())?);
    let app = Arc::new(App { model, engine, clock, moved, door, store, authority });

    let listener = std::net::TcpListener::bind(settings.listen).with_context(|| {
        format!("cannot listen on {}: is another server running there? choose another with --listen", settings.listen)
    })?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let connect = connect(&app, &settings, address).await?;

    let names = server_names(&settings, address);
    let config = RustlsConfig::from_config(Arc::new(app.authority.server_config(&names, app.clock.now())?));
    let handle = axum_server::Handle::new();
    let server = axum_server::from_tcp(listener)?
        .acceptor(PeerAcceptor(RustlsAcceptor::new(config.clone())))
        .handle(handle.clone())
        .serve(http::router(Arc::clone(&app)).into_make_service());
    let serving = tokio::spawn(server);
    let watching = tokio::spawn(watch(Arc::clone(&app), settings.silent_after_seconds, config, names));
    Ok(Running { app, connect, handle, serving, watching })
}

impl Running {
    /// Stops: no new requests, what waits at the door enters, a snapshot is kept.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.watching.abort();
        self.handle.graceful_shutdown(Some(STOP_WITHIN));
        self.serving.await??;
        self.app.door.close().await;
        self.app.store.flush()?;
        Ok(())
    }

    /// Waits until the server ends by itself, which it only does on a fault.
    pub async fn ended(&mut self) -> anyhow::Result<()> {
        (&mut self.serving).await??;
        Ok(())
    }
}

fn server_names(settings: &Settings, address: SocketAddr) -> Vec<String> {
    let mut names = vec!["localhost".to_string(), "127.0.0.1".into(), "::1".into()];
    names.extend(hostname());
    if !address.ip().is_unspecified() {
        names.push(address.ip().to_string());
    }
    names.extend(settings.names.iter().cloned());
    names.sort();
    names.dedup();
    names
}

/// This machine's own name, where it tells.
pub fn hostname() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_string())
}

/// Makes sure that somebody can sign in, and writes down how. Whoever can write the data folder rules the server, so a
/// lost file is answered with a new token, as an entry that everybody can see.
async fn connect(app: &App, settings: &Settings, address: SocketAddr) -> anyhow::Result<Connect> {
    let path = settings.data.join(settings.connect_file);
    let ip = if address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
    let url = format!("https://{}", SocketAddr::new(ip, address.port()));
    let ca = std::path::absolute(settings.data.join("authority/ca.pem"))?;
    let kept = read_connect(&path)
        .filter(|kept| app.model().person_by_token_hash(&secrets::bearer_hash(&kept.token)).is_some());
    let token = match kept {
        Some(kept) => kept.token,
        None => grant_admin(app).await?,
    };
    let connect = Connect { url, ca, token };
    write_private(&path, &serde_json::to_vec_pretty(&connect)?)?;
    Ok(connect)
}

fn read_connect(path: &Path) -> Option<Connect> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

async fn grant_admin(app: &App) -> anyhow::Result<String> {
    let token = secrets::new_secret()?;
    let granted = AccessGranted {
        person_id: PersonId::new("admin")?,
        roles: vec![Role::Admin],
        token_hash: secrets::bearer_hash(&token),
    };
    app.door.admit(Submission::stated(Author::Server, Fact::AccessGranted(granted))?).await?;
    Ok(token)
}

/// Looks for agents that fell silent or are heard again, and states it in the ledger.
async fn watch(app: Arc<App>, silent_after_seconds: i64, config: RustlsConfig, names: Vec<String>) {
    let started_at = app.clock.now();
    let mut certificate_at = started_at;
    loop {
        tokio::time::sleep(WATCH_EVERY).await;
        let now = app.clock.now();
        for change in coverage_changes(&app, started_at, now, silent_after_seconds) {
            let entered = match Submission::stated(Author::Server, Fact::CoverageChanged(change)) {
                Ok(submission) => app.door.admit(submission).await.map(|_| ()),
                Err(error) => {
                    tracing::error!(%error, "a change of coverage could not be written");
                    continue;
                }
            };
            if let Err(refusal) = entered {
                tracing::warn!(%refusal, "a change of coverage could not enter; trying again soon");
            }
        }
        if now.seconds_since(certificate_at) >= CERTIFICATE_EVERY_SECONDS {
            match app.authority.server_config(&names, now) {
                Ok(fresh) => {
                    config.reload_from_config(Arc::new(fresh));
                    certificate_at = now;
                }
                Err(fault) => tracing::error!(%fault, "the server's certificate could not be made anew"),
            }
        }
    }
}

/// The agents whose hearing differs from what the ledger says. While the server itself was down nobody could be heard,
/// so silence counts from its start at the earliest.
pub fn coverage_changes(
    app: &App,
    started_at: UtcMicros,
    now: UtcMicros,
    silent_after_seconds: i64,
) -> Vec<CoverageChanged> {
    let model = app.model();
    let mut changes = Vec::new();
    for (agent_id, state) in model.agents() {
        if state.revoked.is_some() {
            continue;
        }
        let last_heard_at = app.store.heard().get(agent_id).ok().flatten().unwrap_or(started_at);
        let silent = now.seconds_since(last_heard_at.max(started_at)) > silent_after_seconds;
        let hearing = if silent { Hearing::Silent } else { Hearing::Heard };
        // An agent that is silent since before our own start is heard again only when it speaks.
        let spoke = last_heard_at >= started_at;
        let known = model.hearing(agent_id);
        let turned = known != hearing && (hearing == Hearing::Silent || spoke);
        if turned {
            changes.push(CoverageChanged { agent_id: agent_id.clone(), hearing, last_heard_at });
        }
    }
    changes
}
