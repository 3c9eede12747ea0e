//! The shared store in the ledger's database. Sessions are also kept here in memory, so that people stay signed in while the
//! database is away.
//! It does not know the ledger. Invariant: what another server ended is forgotten here as soon as the database tells.

use super::shared::Shared;
use super::{Store, StoreFault};
use crate::ledger::engines::postgres::{Database, DatabaseFault, Link, Postgres, column};
use daicho_schemas::canonical::Hash;
use daicho_schemas::ids::{AgentId, PersonId};
use daicho_schemas::time::UtcMicros;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

/// How long a session that is not known here is looked for, before the person is asked to sign in again.
const SESSION_WITHIN: Duration = Duration::from_secs(1);
/// Pause before sessions are read again after that failed.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

type Value<'a> = (&'a (dyn ToSql + Sync), Type);

/// The shared store of several servers.
pub struct InDatabase {
    database: Arc<Database>,
    link: Arc<Link>,
    known: Arc<Known>,
}

#[derive(Default)]
struct Known {
    sessions: Mutex<BTreeMap<Hash, (PersonId, UtcMicros)>>,
    /// When agents were heard by any server, as of the last look.
    heard: Mutex<BTreeMap<AgentId, UtcMicros>>,
}

fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

impl InDatabase {
    /// The shared store beside a ledger. `store` is this server's own: what it remembers of agents is taken over, so that a
    /// ledger that moved into a database forgets nobody.
    pub fn open(engine: &Postgres, store: &Store) -> Result<Self, StoreFault> {
        let (database, link, known) = (Arc::clone(engine.database()), engine.link(), Arc::new(Known::default()));
        let shared = Self { database, link, known };
        shared.note_heard(&store.heard().all()?)?;
        shared.learn_heard()?;
        shared.database.spawn(follow_sessions(Arc::clone(&shared.link), Arc::downgrade(&shared.known)));
        Ok(shared)
    }

    fn ask<F, W>(&self, work: F) -> Result<Vec<Row>, StoreFault>
    where
        F: FnOnce(Arc<Link>) -> W,
        W: Future<Output = Result<Vec<Row>, DatabaseFault>> + Send + 'static,
    {
        Ok(self.database.wait(work(Arc::clone(&self.link)))?)
    }
}

/// Keeps the sessions in memory as they are in the database.
async fn follow_sessions(link: Arc<Link>, known: Weak<Known>) {
    loop {
        // Rung by a change, and when following begins anew after a gap.
        link.database().people_changed().await;
        loop {
            let Some(here) = known.upgrade() else { return };
            let all = link.ask("SELECT token_hash, person_id, expires_at_micros FROM sessions", &[]).await;
            match all.and_then(|rows| rows.iter().map(session_of).collect::<Result<Vec<_>, _>>()) {
                Ok(all) => {
                    *lock(&here.sessions) = all.into_iter().flatten().collect();
                    break;
                }
                Err(_) => {
                    drop(here);
                    sleep(AGAIN_AFTER).await;
                }
            }
        }
    }
}

type Session = (Hash, (PersonId, UtcMicros));

/// A row as a session; one that cannot be read is nobody's.
fn session_of(row: &Row) -> Result<Option<Session>, DatabaseFault> {
    let (token, person, expires): (Vec<u8>, String, i64) = (column(row, 0)?, column(row, 1)?, column(row, 2)?);
    let token = token.try_into().ok().map(Hash);
    let pass = PersonId::new(person).ok().zip(UtcMicros::from_micros(expires).ok());
    Ok(token.zip(pass))
}

impl Shared for InDatabase {
    fn put_code(&self, code: &Hash, person_id: &PersonId, expires_at: UtcMicros) -> Result<(), StoreFault> {
        let (code, person, expires) = (code.0.to_vec(), person_id.to_string(), expires_at.micros());
        self.ask(move |link| async move {
            let values: [Value<'_>; 3] = [(&code, Type::BYTEA), (&person, Type::TEXT), (&expires, Type::INT8)];
            link.ask("INSERT INTO codes VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", &values).await
        })
        .map(drop)
    }

    fn take_code(&self, code: &Hash, now: UtcMicros) -> Result<Option<PersonId>, StoreFault> {
        let code = code.0.to_vec();
        let statement = "DELETE FROM codes WHERE code_hash = $1 RETURNING code_hash, person_id, expires_at_micros";
        let rows = self.ask(move |link| async move {
            // Not asked again after a failure: a code may then be gone, and the person makes another.
            link.ask_once(statement, &[(&code, Type::BYTEA)]).await
        })?;
        let taken = rows.first().map(session_of).transpose()?.flatten();
        Ok(taken.and_then(|(_, (person, expires_at))| (now < expires_at).then_some(person)))
    }

    fn put_session(&self, token: &Hash, person_id: &PersonId, expires_at: UtcMicros) -> Result<(), StoreFault> {
        let (hash, person, expires) = (token.0.to_vec(), person_id.to_string(), expires_at.micros());
        self.ask(move |link| async move {
            let statement = "INSERT INTO sessions VALUES ($1, $2, $3) ON CONFLICT (token_hash) \
                DO UPDATE SET expires_at_micros = excluded.expires_at_micros";
            let values: [Value<'_>; 3] = [(&hash, Type::BYTEA), (&person, Type::TEXT), (&expires, Type::INT8)];
            link.ask(statement, &values).await
        })?;
        lock(&self.known.sessions).insert(*token, (person_id.clone(), expires_at));
        Ok(())
    }

    fn session(&self, token: &Hash, now: UtcMicros) -> Result<Option<PersonId>, StoreFault> {
        let holder = |(person, expires_at): (PersonId, UtcMicros)| (now < expires_at).then_some(person);
        let here = lock(&self.known.sessions).get(token).cloned();
        if let Some(pass) = here {
            return Ok(holder(pass));
        }
        // It may have begun at another server a moment ago.
        let hash = token.0.to_vec();
        let rows = self.ask(move |link| async move {
            let statement = "SELECT token_hash, person_id, expires_at_micros FROM sessions WHERE token_hash = $1";
            let values = [(&hash as &(dyn ToSql + Sync), Type::BYTEA)];
            let asked = timeout(SESSION_WITHIN, link.ask(statement, &values)).await;
            asked.unwrap_or_else(|_| Err(link.database().silent()))
        })?;
        let Some((token, pass)) = rows.first().map(session_of).transpose()?.flatten() else { return Ok(None) };
        lock(&self.known.sessions).insert(token, pass.clone());
        Ok(holder(pass))
    }

    fn end_session(&self, token: &Hash) -> Result<(), StoreFault> {
        let hash = token.0.to_vec();
        self.ask(move |link| async move {
            link.ask("DELETE FROM sessions WHERE token_hash = $1", &[(&hash, Type::BYTEA)]).await
        })?;
        lock(&self.known.sessions).remove(token);
        Ok(())
    }

    fn drop_ended(&self, now: UtcMicros) -> Result<(), StoreFault> {
        let now = now.micros();
        self.ask(move |link| async move {
            let values: [Value<'_>; 1] = [(&now, Type::INT8)];
            link.ask("DELETE FROM codes WHERE expires_at_micros <= $1", &values).await?;
            link.ask("DELETE FROM sessions WHERE expires_at_micros <= $1", &values).await
        })
        .map(drop)
    }

    fn note_heard(&self, heard: &BTreeMap<AgentId, UtcMicros>) -> Result<(), StoreFault> {
        if heard.is_empty() {
            return Ok(());
        }
        let (ids, times): (Vec<String>, Vec<i64>) = heard.iter().map(|(id, at)| (id.to_string(), at.micros())).unzip();
        self.ask(move |link| async move {
            // A later time stays, unless it was noted by a clock that was far ahead.
            let statement = "INSERT INTO heard (agent_id, heard_at_micros) SELECT * FROM unnest($1, $2) \
                ON CONFLICT (agent_id) DO UPDATE SET heard_at_micros = excluded.heard_at_micros \
                WHERE heard.heard_at_micros < excluded.heard_at_micros \
                OR heard.heard_at_micros > (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + 300000000";
            let values: [Value<'_>; 2] = [(&ids, Type::TEXT_ARRAY), (&times, Type::INT8_ARRAY)];
            link.ask(statement, &values).await
        })
        .map(drop)
    }

    fn last_heard_at(&self, agent_id: &AgentId) -> Result<Option<UtcMicros>, StoreFault> {
        Ok(lock(&self.known.heard).get(agent_id).copied())
    }

    fn learn_heard(&self) -> Result<(), StoreFault> {
        let rows =
            self.ask(|link| async move { link.ask("SELECT agent_id, heard_at_micros FROM heard", &[]).await })?;
        let mut told = BTreeMap::new();
        for row in &rows {
            let (id, at): (String, i64) = (column(row, 0)?, column(row, 1)?);
            told.extend(AgentId::new(id).ok().zip(UtcMicros::from_micros(at).ok()));
        }
        *lock(&self.known.heard) = told;
        Ok(())
    }

    fn authority(&self) -> Result<Option<Hash>, StoreFault> {
        let rows = self.ask(|link| async move { link.ask("SELECT fingerprint FROM authority", &[]).await })?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(column::<Vec<u8>>(row, 0)?.try_into().ok().map(Hash))
    }

    fn pin_authority(&self, fingerprint: &Hash) -> Result<Hash, StoreFault> {
        let bytes = fingerprint.0.to_vec();
        self.ask(move |link| async move {
            let statement = "INSERT INTO authority (fingerprint) VALUES ($1) ON CONFLICT DO NOTHING";
            link.ask(statement, &[(&bytes, Type::BYTEA)]).await
        })?;
        Ok(self.authority()?.unwrap_or(*fingerprint))
    }

    fn outbox(&self, channel: &str, first: u64) -> Result<u64, StoreFault> {
        let (channel, begins) = (channel.to_string(), i64::try_from(first).unwrap_or(i64::MAX));
        let rows = self.ask(move |link| async move {
            let values: [Value<'_>; 2] = [(&channel, Type::TEXT), (&begins, Type::INT8)];
            link.ask("INSERT INTO outbox VALUES ($1, $2) ON CONFLICT DO NOTHING", &values).await?;
            link.ask("SELECT seq FROM outbox WHERE channel = $1", &[(&channel, Type::TEXT)]).await
        })?;
        let Some(row) = rows.first() else { return Ok(first) };
        Ok(u64::try_from(column::<i64>(row, 0)?).unwrap_or_default())
    }

    fn put_outbox(&self, channel: &str, seq: u64) -> Result<(), StoreFault> {
        let (channel, seq) = (channel.to_string(), i64::try_from(seq).unwrap_or(i64::MAX));
        self.ask(move |link| async move {
            let values: [Value<'_>; 2] = [(&channel, Type::TEXT), (&seq, Type::INT8)];
            link.ask("UPDATE outbox SET seq = greatest(seq, $2) WHERE channel = $1", &values).await
        })
        .map(drop)
    }
}
