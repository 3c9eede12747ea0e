//! Following what other instances write, and holding the one lock that says who speaks for all of them.
//! It does not read entries; it says where the head is now. Invariant: nothing is missed, because after every gap the head is
//! looked at again; and who has lost the session has lost the lead.

use super::fault::{DatabaseFault, words};
use super::rows;
use super::session::{Database, Link, Live};
use crate::ledger::chain::Head;
use daicho_schemas::text::Text;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::time::timeout;
use tokio_postgres::types::Type;

/// How often the head is looked at without having been told: a lost notification costs this long, and so does a lost leader.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Looks between two checks that the coming months have their partitions: about an hour.
const LOOKS_PER_PARTITION_CHECK: u32 = 1800;
/// The lock of whoever leads; the first number is this product's.
const LEAD: &str = "SELECT pg_try_advisory_lock(7593172, 3)";

/// What is done when the head has moved.
pub(super) type Tell = Arc<dyn Fn(Head) + Send + Sync>;

/// What others may see of the following.
#[derive(Default)]
pub(super) struct Following {
    pub(super) leads: AtomicBool,
    pub(super) tell: Mutex<Option<Tell>>,
    /// Why nothing can be written now, for people.
    pub(super) trouble: Mutex<Option<Text>>,
}

impl Following {
    fn set_trouble(&self, trouble: Option<Text>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    fn told(&self, head: Head) {
        let tell = self.tell.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(tell) = tell {
            tell(head);
        }
    }
}

/// Follows until the database is dropped.
pub(super) async fn follow(link: Arc<Link>, following: Weak<Following>) {
    let mut looks = 0_u32;
    let mut session: Option<Arc<Live>> = None;
    loop {
        let Some(here) = following.upgrade() else { return };
        if looks.is_multiple_of(LOOKS_PER_PARTITION_CHECK)
            && let Err(fault) = link.ask("SELECT make_partitions()", &[]).await
        {
            tracing::warn!(%fault, "the partitions of the coming months could not be made; trying again later");
        }
        looks = looks.wrapping_add(1);
        session = match look(&link, session, &here).await {
            Ok(live) => Some(live),
            Err(fault) => {
                tracing::warn!(%fault, "the ledger cannot be followed");
                here.leads.store(false, Ordering::SeqCst);
                here.set_trouble(Some(fault.text()));
                None
            }
        };
        drop(here);
        // Rung by a notification, and at once when a session ends.
        let _rung = timeout(LOOK_EVERY, link.database.moved.notified()).await;
    }
}

/// One look: the session stands, it listens, the lead is taken if it is free, the head is told.
async fn look(link: &Arc<Link>, before: Option<Arc<Live>>, here: &Following) -> Result<Arc<Live>, DatabaseFault> {
    let live = link.live().await?;
    let fresh = before.is_none_or(|before| !Arc::ptr_eq(&before, &live));
    if fresh {
        // The lock went with the session that held it.
        here.leads.store(false, Ordering::SeqCst);
    }
    match look_with(&link.database, &live, fresh, here).await {
        Ok(head) => {
            link.database.learn(head);
            here.set_trouble(None);
            here.told(head);
            Ok(live)
        }
        Err(fault) => {
            link.give_up(&live).await;
            Err(fault)
        }
    }
}

async fn look_with(database: &Database, live: &Live, fresh: bool, here: &Following) -> Result<Head, DatabaseFault> {
    if fresh {
        // Listening begins before the head is read: nothing can move unseen between the two.
        let listening = live.client.batch_execute("LISTEN daicho_head; LISTEN daicho_sessions");
        listening.await.map_err(|error| database.away(words(&error)))?;
        database.people.notify_one();
    }
    let ask =
        |statement, values| async move { live.rows(statement, values).await.map_err(|broken| broken.fault(database)) };
    if !here.leads.load(Ordering::SeqCst) {
        let leads = ask(LEAD, &[]).await?.first().map_or(Ok(false), |row| rows::column(row, 0))?;
        here.leads.store(leads, Ordering::SeqCst);
        if leads {
            tracing::info!("this instance speaks for all of them now");
        }
    }
    rows::head_of(ask(rows::HEAD, &[(&0_i64, Type::INT8)]).await?.first().ok_or_else(rows::no_head)?)
}
