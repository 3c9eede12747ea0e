//! Sessions with the database: made when they are needed, made anew after they broke, each with a term of its own.
//! It does not know appends or pages. Invariant: before a new session is used, everything it can see is as durable as the
//! database promises, and the newest entry that this instance knows is there.

use super::address::Address;
use super::fault::{DatabaseFault, is_damage, words};
use super::{SCHEMA, rows};
use crate::ledger::chain::Head;
use daicho_schemas::canonical::Hash;
use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, Connection, Row};

/// The oldest PostgreSQL that is taken.
const MAJOR_MIN: i32 = 14;
/// How long making a session may take, with everything that is asked first.
const SESSION_WITHIN: Duration = Duration::from_secs(15);
/// How long an answer may take before the session is given up.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// After a session could not be made, how long the next attempt waits: a database that is away is not asked by every request.
const AGAIN_AFTER: Duration = Duration::from_millis(300);
/// What every session begins with. A statement that is cut off by a limit of time would be taken for one that was committed
/// (the wait for a replica ends as if it had succeeded), so there is none; waiting for a lock is limited instead.
const BEGINNING: &str = "SET search_path = daicho; SET statement_timeout = 0; SET lock_timeout = '10s'; \
    SET client_min_messages = warning; SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; \
    SET tcp_keepalives_count = 2; SET default_transaction_isolation = 'read committed';";

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A server: it writes, and what it reads may be acknowledged to others.
    Serving,
    /// Somebody who only looks, also at a replica.
    Looking,
}

/// A database and what is known about the ledger in it.
pub struct Database {
    pub(super) address: Address,
    purpose: Purpose,
    runtime: Option<Runtime>,
    known: Mutex<Head>,
    /// Rung when the head may have moved, and when a session ended.
    pub(super) moved: Notify,
    /// Rung when people's sessions may have changed.
    pub(super) people: Notify,
    /// Why nothing more may be done with this database, if that is so.
    stopped: OnceLock<DatabaseFault>,
    /// For somebody who only looks: the head is not the last entry, which must not keep anybody from looking at the others.
    pub(super) doubt: OnceLock<DatabaseFault>,
}

impl Database {
    pub(super) fn new(address: Address, purpose: Purpose) -> Result<Arc<Self>, DatabaseFault> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("database")
            .enable_all()
            .build()
            .map_err(|error| DatabaseFault::Away { place: address.to_string(), what: error.to_string() })?;
        let known = Mutex::new(Head::EMPTY);
        let (moved, people, stopped, doubt) = (Notify::new(), Notify::new(), OnceLock::new(), OnceLock::new());
        Ok(Arc::new(Self { address, purpose, runtime: Some(runtime), known, moved, people, stopped, doubt }))
    }

    /// The newest entry that anybody here was told of.
    pub(super) fn known(&self) -> Head {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why nothing more may be done with this database, if that is so.
    pub(super) fn stopped(&self) -> Option<&DatabaseFault> {
        self.stopped.get()
    }

    /// Ends the work with this database: whatever comes back, this instance must not go on as if nothing had happened.
    pub(super) fn stop(&self, fault: &DatabaseFault) {
        tracing::error!(%fault, "nothing more is written to the database");
        let _first = self.stopped.set(fault.clone());
    }

    /// Notes a head. It never goes back.
    pub(super) fn learn(&self, head: Head) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if head.seq > known.seq {
            *known = head;
        }
    }

    /// Runs something on the database's own thread and waits for it, whoever calls.
    pub fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, DatabaseFault>> + Send + 'static,
    ) -> Result<T, DatabaseFault> {
        let Some(runtime) = &self.runtime else { return Err(self.away("the server is stopping")) };
        let (done, waiting) = sync_channel(1);
        runtime.spawn(async move {
            // Fails only when nobody waits any more.
            let _heard = done.send(work.await);
        });
        waiting.recv().unwrap_or_else(|_| Err(self.away("the request was given up")))
    }

    /// Returns when people's sessions may have changed since the last time.
    pub(crate) async fn people_changed(&self) {
        self.people.notified().await;
    }

    /// The fault of an answer that did not come in time.
    pub(crate) fn silent(&self) -> DatabaseFault {
        self.away("no answer in time")
    }

    /// Runs something on the database's own thread, without waiting.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.runtime {
            runtime.spawn(work);
        }
    }

    pub(super) fn away(&self, what: impl Into<String>) -> DatabaseFault {
        DatabaseFault::Away { place: self.address.to_string(), what: what.into() }
    }

    /// A connection without a term, as it is needed before there are tables.
    pub(super) async fn connect(self: &Arc<Self>) -> Result<Live, DatabaseFault> {
        let config = self.address.config(self.purpose == Purpose::Serving);
        let (client, connection) =
            config.connect(self.address.tls.clone()).await.map_err(|error| self.away(words(&error)))?;
        let doubted = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(listen(connection, Arc::clone(self), Arc::clone(&doubted)));
        let live = Live { client, term: AtomicI64::new(0), doubted, task };
        live.client.batch_execute(BEGINNING).await.map_err(|error| self.away(words(&error)))?;
        if self.purpose == Purpose::Looking {
            let read_only = "SET default_transaction_read_only = on";
            live.client.batch_execute(read_only).await.map_err(|error| self.away(words(&error)))?;
        } else {
            self.check_promises(&live).await?;
        }
        Ok(live)
    }

    /// What the database says that it keeps is on disk, on replicas too where it has them.
    async fn check_promises(&self, live: &Live) -> Result<(), DatabaseFault> {
        let asked = "SELECT current_setting('server_version_num')::integer / 10000, \
            current_setting('fsync') = 'on', current_setting('full_page_writes') = 'on', \
            current_setting('synchronous_commit') IN ('on', 'remote_apply')";
        let row = live.one(self, asked, &[]).await?;
        let place = self.address.to_string();
        let found: i32 = rows::column(&row, 0)?;
        if found < MAJOR_MIN {
            return Err(DatabaseFault::TooOld { place, found, needed: MAJOR_MIN });
        }
        for (at, setting) in [(1, "fsync"), (2, "full_page_writes")] {
            if !rows::column::<bool>(&row, at)? {
                return Err(DatabaseFault::NotDurable { place, setting });
            }
        }
        if !rows::column::<bool>(&row, 3)? {
            let forced = live.client.batch_execute("SET synchronous_commit = on").await;
            forced.map_err(|error| self.away(words(&error)))?;
        }
        Ok(())
    }

    /// Takes a term: from here on, requests of this instance's older sessions change nothing, and what can be seen is durable.
    async fn take_term(&self, live: &Live) -> Result<(), DatabaseFault> {
        let row = live.one(self, "SELECT term, works_from FROM take_term()", &[]).await?;
        let (term, needed) = (rows::column(&row, 0)?, rows::column(&row, 1)?);
        if needed > SCHEMA {
            return Err(DatabaseFault::NewerRelease { place: self.address.to_string(), needed, ours: SCHEMA });
        }
        live.term.store(term, Ordering::SeqCst);
        Ok(())
    }

    /// The head, if it is the last entry, and if the entry that this instance knows is behind it.
    pub(super) async fn checked_head(&self, live: &Live) -> Result<Head, DatabaseFault> {
        let known = self.known();
        let seq = rows::number(known.seq)?;
        let row = live.one(self, rows::HEAD, &[(&seq, Type::INT8)]).await?;
        let head = match rows::head_of(&row) {
            Err(fault @ DatabaseFault::Damaged { seq, .. }) if self.purpose == Purpose::Looking => {
                let _first = self.doubt.set(fault);
                Head { seq, hash: Hash::ZERO }
            }
            head => head?,
        };
        let there: Option<Vec<u8>> = rows::column(&row, 4)?;
        if known.seq > 0 && there.as_deref() != Some(known.hash.0.as_slice()) {
            return Err(DatabaseFault::OtherLedger { place: self.address.to_string(), seq: known.seq });
        }
        Ok(head)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Passes on what the database says by itself, until the connection ends.
async fn listen<S, T>(mut connection: Connection<S, T>, database: Arc<Database>, doubted: Arc<AtomicBool>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        match message {
            AsyncMessage::Notification(note) if note.channel() == "daicho_sessions" => database.people.notify_one(),
            AsyncMessage::Notification(_) => database.moved.notify_one(),
            AsyncMessage::Notice(notice) => {
                // Among these is that the wait for a replica was cut off: what follows looks like a commit that is safe.
                tracing::warn!(code = notice.code().code(), "the database warns: {}", notice.message());
                doubted.store(true, Ordering::SeqCst);
            }
            _ => {}
        }
    }
    database.moved.notify_one();
}

/// A session that stands, until the connection breaks.
pub(crate) struct Live {
    pub(super) client: Client,
    pub(super) term: AtomicI64,
    doubted: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Live {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Live {
    /// Whether the database has warned of anything, so that what it calls committed must be looked at once more.
    pub(super) fn is_doubted(&self) -> bool {
        self.doubted.load(Ordering::SeqCst)
    }

    /// One statement in one round trip, with a limit of time.
    pub(super) async fn rows(
        &self,
        statement: &str,
        values: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, Broken> {
        match timeout(ANSWER_WITHIN, self.client.query_typed(statement, values)).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) => Err(Broken::Said(error)),
            Err(_) => Err(Broken::Silent),
        }
    }

    async fn one(
        &self,
        database: &Database,
        statement: &str,
        values: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Row, DatabaseFault> {
        let rows = self.rows(statement, values).await.map_err(|broken| broken.fault(database))?;
        rows.into_iter().next().ok_or_else(rows::no_head)
    }
}

/// A statement was not answered as it should be.
pub(super) enum Broken {
    /// The database or the connection says why.
    Said(tokio_postgres::Error),
    /// No answer came in time.
    Silent,
}

impl Broken {
    pub(super) fn words(&self) -> String {
        match self {
            Self::Said(error) => words(error),
            Self::Silent => format!("no answer within {} seconds", ANSWER_WITHIN.as_secs()),
        }
    }

    /// The same as a fault. Which entry is damaged is for the caller to say.
    pub(super) fn fault(&self, database: &Database) -> DatabaseFault {
        match self {
            Self::Said(error) if is_damage(error) => DatabaseFault::Damaged { seq: 0, what: self.words() },
            _ => database.away(self.words()),
        }
    }
}

/// One session at a time, for one purpose. Requests share it.
pub struct Link {
    pub(super) database: Arc<Database>,
    state: tokio::sync::Mutex<State>,
}

#[derive(Default)]
struct State {
    live: Option<Arc<Live>>,
    failed: Option<(Instant, String)>,
}

impl Link {
    pub(super) fn new(database: &Arc<Database>) -> Arc<Self> {
        Arc::new(Self { database: Arc::clone(database), state: tokio::sync::Mutex::default() })
    }

    /// The database.
    pub(crate) fn database(&self) -> &Arc<Database> {
        &self.database
    }

    /// The session, made anew if the last one broke.
    pub(crate) async fn live(&self) -> Result<Arc<Live>, DatabaseFault> {
        if let Some(fault) = self.database.stopped() {
            return Err(fault.clone());
        }
        let mut state = self.state.lock().await;
        if let Some(live) = state.live.as_ref().filter(|live| !live.client.is_closed()) {
            return Ok(Arc::clone(live));
        }
        if let Some((_, what)) = state.failed.as_ref().filter(|(at, _)| at.elapsed() < AGAIN_AFTER) {
            return Err(self.database.away(what.clone()));
        }
        state.live = None;
        let made = timeout(SESSION_WITHIN, self.make()).await;
        let made = made.unwrap_or_else(|_| Err(self.database.away("no session came about in time")));
        state.failed = match &made {
            Err(DatabaseFault::Away { what, .. }) => Some((Instant::now(), what.clone())),
            _ => None,
        };
        if let Err(fault) = &made
            && fault.is_for_good()
        {
            self.database.stop(fault);
        }
        let live = Arc::new(made?);
        state.live = Some(Arc::clone(&live));
        Ok(live)
    }

    async fn make(&self) -> Result<Live, DatabaseFault> {
        let live = self.database.connect().await?;
        if self.database.purpose == Purpose::Serving {
            self.database.take_term(&live).await?;
        }
        let head = self.database.checked_head(&live).await?;
        self.database.learn(head);
        Ok(live)
    }

    /// Gives a session up, so that the next request makes a new one.
    pub(super) async fn give_up(&self, live: &Arc<Live>) {
        let mut state = self.state.lock().await;
        if state.live.as_ref().is_some_and(|standing| Arc::ptr_eq(standing, live)) {
            state.live = None;
        }
    }

    /// One statement on this link; asked once more on a new session when the old one broke. For what may be done twice.
    pub(crate) async fn ask(
        &self,
        statement: &str,
        values: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, DatabaseFault> {
        match self.ask_live(statement, values).await? {
            Err(Broken::Said(error)) if error.as_db_error().is_none() => self.ask_once(statement, values).await,
            Err(broken) => Err(broken.fault(&self.database)),
            Ok(rows) => Ok(rows),
        }
    }

    /// One statement on this link, sent once.
    pub(crate) async fn ask_once(
        &self,
        statement: &str,
        values: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, DatabaseFault> {
        self.ask_live(statement, values).await?.map_err(|broken| broken.fault(&self.database))
    }

    async fn ask_live(
        &self,
        statement: &str,
        values: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Result<Vec<Row>, Broken>, DatabaseFault> {
        let live = self.live().await?;
        let answered = live.rows(statement, values).await;
        if answered.is_err() {
            self.give_up(&live).await;
        }
        Ok(answered)
    }
}
