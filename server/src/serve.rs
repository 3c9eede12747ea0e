//! Serving: the book, the authority, the listener and the watch over silent agents, wired together and taken apart.
//! It does not know arguments or terminals; `cli/` does.
//! Invariant: when `stop` returns, nothing that was acknowledged is only in memory.

use crate::authority::{Authority, AuthorityFault, write_private};
use crate::book::{self, Book, Place};
use crate::clock::Clock;
use crate::http::admission::Admission;
use crate::http::heard::Heard;
use crate::http::set_back::SetBack;
use crate::http::tls::{CONNECTIONS_MAX, PeerAcceptor};
use crate::http::{self, App, UNPACKING_MAX};
use crate::intake::agents::Listening;
use crate::intake::submission::Submission;
use crate::ledger::entry::Author;
use crate::output::channels::Channel;
use crate::output::channels::digests;
use crate::output::channels::feed::Feed;
use crate::output::channels::outbox::{self, Sources};
use crate::output::channels::routed::{Routed, Routes};
use crate::output::channels::state::Channels;
use crate::output::channels::webhook::Webhook;
use crate::past::kept::Past;
use crate::personal::Keys;
use crate::secrets;
use crate::store::shared::Shared;
use anyhow::Context as _;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::{AccessGranted, CoverageChanged, Role};
use daicho_schemas::ids::PersonId;
use daicho_schemas::time::UtcMicros;
use hyper_util::rt::TokioTimer;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Where and how to serve.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The data folder: store, authority, and the ledger unless a database keeps it.
    pub data: PathBuf,
    /// Where the ledger is kept.
    pub place: Place,
    /// The authority's folder, if it is not the one in the data folder.
    pub authority: Option<PathBuf>,
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where notices are posted, if anywhere.
    pub webhook: Option<Webhook>,
    /// Who is told of what, if anybody.
    pub alerts: Option<Routes>,
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
    telling: Vec<tokio::task::JoinHandle<()>>,
}

/// The names that a connect file may have.
pub const CONNECT_FILES: [&str; 2] = ["connect.json", "quickstart.json"];

/// How often the watch over silent agents looks, and how often the server's certificate is made anew.
const WATCH_EVERY: Duration = Duration::from_secs(15);
const CERTIFICATE_EVERY_SECONDS: i64 = 24 * 3600;
/// How long a request's head may take.
const HEADER_WITHIN: Duration = Duration::from_secs(15);
/// How often a silent connection is asked whether anybody is there.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(30);
/// Requests at once on one connection: a page asks for a few things, an agent for one.
const STREAMS_MAX: u32 = 16;
/// Files that are kept back for the ledger and the store, whatever connections do.
const FILES_KEPT_BACK: u64 = 128;
/// How often, and with which pause, a stopped server looks whether the last request has let go of the ledger.
const LET_GO_LOOKS: u32 = 100;
const LET_GO_EVERY: Duration = Duration::from_millis(20);
/// How long open connections may take to finish when the server stops.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// Starts serving. Returns once the port answers.
pub async fn start(settings: Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Running> {
    let book = book::open(&settings.data, &settings.place, Arc::clone(&clock)).await?;
    let Book { model, engine, store, shared, leadership, door, moved } = book;
    let (folder, asked, now) = (authority_folder(&settings), Arc::clone(&shared), clock.now());
    let enrolled = model.read().unwrap_or_else(PoisonError::into_inner).agents().next().is_some();
    // A ledger that was imported into a database brings its agents along, and they trust the authority that it had.
    let moved_here = enrolled && matches!(settings.place, Place::Database { .. });
    let opened = tokio::task::spawn_blocking(move || open_authority(&folder, asked.as_ref(), moved_here, now)).await?;
    let authority = Arc::new(opened?);
    let app = Arc::new(App {
        model,
        engine,
        clock,
        moved,
        door,
        store,
        shared,
        leadership,
        authority,
        people: matches!(settings.place, Place::Folder).then(|| Arc::new(Keys::below(&settings.data))),
        admission: Admission::default(),
        unpacking: Semaphore::new(UNPACKING_MAX),
        heard: Heard::default(),
        set_back: SetBack::default(),
        readable: tokio::sync::Mutex::default(),
        channels: Arc::new(Channels::default()),
        past: Past::default(),
    });

    let listener = std::net::TcpListener::bind(settings.listen).with_context(|| {
        format!("cannot listen on {}: is another server running there? choose another with --listen", settings.listen)
    })?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let connect = connect(&app, &settings, address).await?;

    let telling = tell(&app, &settings).await?;
    let names = server_names(&settings, address);
    let config = RustlsConfig::from_config(Arc::new(app.authority.server_config(&names, app.clock.now())?));
    let handle = axum_server::Handle::new();
    let acceptor = PeerAcceptor::new(RustlsAcceptor::new(config.clone()), connections_max());
    let mut server = axum_server::from_tcp(listener)?.acceptor(acceptor).handle(handle.clone());
    let limits = server.http_builder();
    limits.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_WITHIN);
    limits
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(KEEP_ALIVE_EVERY))
        .max_concurrent_streams(STREAMS_MAX);
    let server = server.serve(http::router(Arc::clone(&app)).into_make_service());
    let serving = tokio::spawn(server);
    let watching = tokio::spawn(watch(Arc::clone(&app), settings.silent_after_seconds, config, names));
    Ok(Running { app, connect, handle, serving, watching, telling })
}

fn authority_folder(settings: &Settings) -> PathBuf {
    settings.authority.clone().unwrap_or_else(|| settings.data.join("authority"))
}

/// Begins to deliver notices on the channels that were asked for. A channel that is new begins here, before anything moves.
async fn tell(app: &App, settings: &Settings) -> anyhow::Result<Vec<tokio::task::JoinHandle<()>>> {
    let sources = Sources {
        feed: Arc::new(Feed::of(Arc::clone(&app.engine))),
        shared: Arc::clone(&app.shared),
        leadership: Arc::clone(&app.leadership),
        door: app.door.clone(),
        clock: Arc::clone(&app.clock),
        channels: Arc::clone(&app.channels),
    };
    let mut telling = Vec::new();
    if let Some(webhook) = settings.webhook.clone() {
        telling.push(begin(app, &sources, webhook).await?);
    }
    for route in settings.alerts.iter().flat_map(|alerts| alerts.routes.clone()) {
        if route.reads_letters() {
            let (shared, own, now, head) = (Arc::clone(&app.shared), route.clone(), app.clock.now(), app.engine.head());
            tokio::task::spawn_blocking(move || digests::places(shared.as_ref(), &own, now, head.seq)).await??;
            telling.push(tokio::spawn(digests::run(sources.clone(), route.clone(), Arc::clone(&app.model))));
        }
        telling.push(begin(app, &sources, Routed::new(route, Arc::clone(&app.model))).await?);
    }
    Ok(telling)
}

async fn begin<C: Channel>(app: &App, sources: &Sources, channel: C) -> anyhow::Result<tokio::task::JoinHandle<()>> {
    let (shared, first, name) = (Arc::clone(&app.shared), app.engine.head().seq, channel.name().to_string());
    tokio::task::spawn_blocking(move || shared.outbox(&name, first)).await??;
    Ok(tokio::spawn(outbox::run(sources.clone(), app.moved.subscribe(), channel)))
}

/// The authority that this ledger's agents trust. The first server of a ledger may make it, unless the ledger has agents
/// already; the others must be given it.
fn open_authority(folder: &Path, shared: &dyn Shared, moved_here: bool, now: UtcMicros) -> anyhow::Result<Authority> {
    let there = moved_here || shared.authority()?.is_some();
    let authority = if there { Authority::open_made(folder)? } else { Authority::open(folder, now)? };
    let (ours, stands) = (authority.fingerprint(), shared.pin_authority(&authority.fingerprint())?);
    if ours != stands {
        return Err(AuthorityFault::Other { folder: folder.into(), ours, stands }.into());
    }
    Ok(authority)
}

impl Running {
    /// Stops: no new requests, what waits at the door enters, a snapshot is kept.
    pub async fn stop(self) -> anyhow::Result<()> {
        for task in [self.watching].into_iter().chain(self.telling) {
            task.abort();
            // It was told to end; whether it had done so by itself makes no difference.
            let _ended = task.await;
        }
        self.handle.graceful_shutdown(Some(STOP_WITHIN));
        self.serving.await??;
        self.app.door.close().await;
        self.app.keep_heard();
        self.app.store.flush()?;
        // Requests that were cut off let go of the ledger a moment later, and whoever is started next wants it free.
        for _look in 0..LET_GO_LOOKS {
            if Arc::strong_count(&self.app) == 1 {
                break;
            }
            tokio::time::sleep(LET_GO_EVERY).await;
        }
        Ok(())
    }

    /// Waits until the server ends by itself, which it only does on a fault.
    pub async fn ended(&mut self) -> anyhow::Result<()> {
        (&mut self.serving).await??;
        Ok(())
    }
}

/// As many connections as this process may have files open, less what the ledger needs. The soft limit is raised to the
/// hard one first: it is 1,024 on most systems, from times when that was many.
#[cfg(unix)]
fn connections_max() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let free = files.unwrap_or(u64::MAX).saturating_sub(FILES_KEPT_BACK).max(1);
    usize::try_from(free).unwrap_or(usize::MAX).min(CONNECTIONS_MAX)
}

#[cfg(not(unix))]
fn connections_max() -> usize {
    CONNECTIONS_MAX
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
    let ca = std::path::absolute(authority_folder(settings).join("ca.pem"))?;
    // `serve` and `quickstart` may take turns on one folder: a token that still holds is kept, wherever it stands.
    let candidates = CONNECT_FILES.iter().filter_map(|name| read_connect(&settings.data.join(name)));
    let mut candidates =
        candidates.filter(|kept| app.model().person_by_token_hash(&secrets::bearer_hash(&kept.token)).is_some());
    let kept = candidates.next();
    let token = match kept {
        Some(kept) => kept.token,
        None => grant_admin(app, admin(&settings.place, address)?).await?,
    };
    let connect = Connect { url, ca, token };
    write_private(&path, &serde_json::to_vec_pretty(&connect)?)?;
    for other in CONNECT_FILES.iter().filter(|name| **name != settings.connect_file) {
        // It would name an address where nobody listens any more. Most often there is none.
        let _none = std::fs::remove_file(settings.data.join(other));
    }
    Ok(connect)
}

fn read_connect(path: &Path) -> Option<Connect> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Whom the token is made for: where several servers share a ledger each has its own, so that none takes another's away.
fn admin(place: &Place, address: SocketAddr) -> anyhow::Result<PersonId> {
    let name = match place {
        Place::Folder => "admin".into(),
        Place::Database { .. } => {
            let host: String = hostname().unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
            format!("admin-{}-{}", host.chars().take(48).collect::<String>(), address.port())
        }
    };
    Ok(PersonId::new(name)?)
}

async fn grant_admin(app: &App, person_id: PersonId) -> anyhow::Result<String> {
    let token = secrets::new_secret()?;
    let granted = AccessGranted { person_id, roles: vec![Role::Admin], token_hash: secrets::bearer_hash(&token) };
    app.door.state(Fact::AccessGranted(granted)).await?;
    Ok(token)
}

/// Reminders in one entry.
const REMINDERS_PER_ENTRY_MAX: usize = 200;
/// Tickets whose windows are stated to be over in one entry.
const WINDOWS_PER_ENTRY_MAX: usize = 200;

/// Looks for agents that fell silent or are heard again, and states it in the ledger, where this server speaks for all.
async fn watch(app: Arc<App>, silent_after_seconds: i64, config: RustlsConfig, names: Vec<String>) {
    let mut certificate_at = app.clock.now();
    // Before it led nobody may have listened: silence counts from here at the earliest.
    let mut listening = app.leadership.leads().then(|| Listening::from(certificate_at));
    loop {
        tokio::time::sleep(WATCH_EVERY).await;
        let now = app.clock.now();
        listening = app.leadership.leads().then(|| listening.unwrap_or_else(|| Listening::from(now)));
        app.admission.tidy(now);
        app.past.tidy(now);
        let (asked, leads) = (Arc::clone(&app), listening.is_some());
        if let Err(error) = tokio::task::spawn_blocking(move || exchange_heard(&asked, leads)).await {
            tracing::error!(%error, "what was heard could not be exchanged");
        }
        if let Some(listening) = &mut listening {
            state_coverage(&app, listening, now, silent_after_seconds).await;
            state_reminders(&app, now).await;
            state_windows(&app, now).await;
            state_remote_days(&app, now).await;
        }
        if now.seconds_since(certificate_at) >= CERTIFICATE_EVERY_SECONDS {
            match app.authority.server_config(&names, now) {
                Ok(fresh) => {
                    config.reload_from_config(Arc::new(fresh));
                    certificate_at = now;
                    forget_ended(&app, now).await;
                }
                Err(fault) => tracing::error!(%fault, "the server's certificate could not be made anew"),
            }
        }
    }
}

/// Tells the other servers whom this one heard, and asks them, where silence is watched for.
fn exchange_heard(app: &App, leads: bool) {
    app.keep_heard();
    if leads && let Err(error) = app.shared.learn_heard() {
        tracing::warn!(%error, "it is not known whom the other servers heard");
    }
}

async fn state_coverage(app: &App, listening: &mut Listening, now: UtcMicros, silent_after_seconds: i64) {
    for change in coverage_changes(app, listening, now, silent_after_seconds) {
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
}

/// States which days of duties people are being reminded of. What another server stated meanwhile is not stated again.
async fn state_reminders(app: &App, now: UtcMicros) {
    let due = app.model().next_reminders(now.date_in_japan(), REMINDERS_PER_ENTRY_MAX);
    if !due.reminders.is_empty()
        && let Err(error) = app.door.state(Fact::Reminders(due)).await
    {
        tracing::warn!(%error, "reminders could not enter; trying again soon");
    }
}

/// States which tickets' windows are over. What another server stated meanwhile is not stated again.
async fn state_windows(app: &App, now: UtcMicros) {
    let ended = app.model().windows_ended(now.date_in_japan(), WINDOWS_PER_ENTRY_MAX);
    if !ended.change_ids.is_empty()
        && let Err(error) = app.door.state(Fact::WindowsEnded(ended)).await
    {
        tracing::warn!(%error, "that windows are over could not enter; trying again soon");
    }
}

/// States which contracts of remote paths and which vendors' answers are over.
async fn state_remote_days(app: &App, now: UtcMicros) {
    let ended = app.model().remote_days_ended(now.date_in_japan(), WINDOWS_PER_ENTRY_MAX);
    if !(ended.plan_ids.is_empty() && ended.answer_seqs.is_empty())
        && let Err(error) = app.door.state(Fact::RemoteDaysEnded(ended)).await
    {
        tracing::warn!(%error, "that days of remote paths are over could not enter; trying again soon");
    }
}

/// Sessions and codes whose time is over. What cannot be forgotten today is forgotten tomorrow.
async fn forget_ended(app: &App, now: UtcMicros) {
    let shared = Arc::clone(&app.shared);
    let forgotten = tokio::task::spawn_blocking(move || shared.drop_ended(now)).await;
    if let Ok(Err(error)) = forgotten {
        tracing::warn!(%error, "ended sessions could not be forgotten");
    }
}

/// The agents whose hearing differs from what the ledger says.
pub fn coverage_changes(
    app: &App,
    listening: &mut Listening,
    now: UtcMicros,
    silent_after_seconds: i64,
) -> Vec<CoverageChanged> {
    listening.changes(&app.model(), |agent_id| app.last_heard_at(agent_id), now, silent_after_seconds)
}
