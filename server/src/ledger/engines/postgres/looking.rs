//! A ledger in a database for somebody who only looks: verified and exported while servers write, also on a replica.
//! It does not follow. Invariant: the session is read-only, so nothing in the database changes.

use super::address::Address;
use super::fault::DatabaseFault;
use super::session::{Database, Link, Purpose};
use super::{read, schema};
use crate::ledger::chain::Head;
use crate::ledger::engine::{Appended, Engine, EngineFault, Frame, NewSnapshot, Snapshot};
use std::sync::Arc;

/// A ledger to be read only, up to the head it had when it was opened.
pub struct Looking {
    database: Arc<Database>,
    reader: Arc<Link>,
    head: Head,
}

impl Looking {
    /// Opens the ledger in a database, whether or not servers work on it.
    pub fn open(address: &Address) -> Result<Self, DatabaseFault> {
        let database = Database::new(address.clone(), Purpose::Looking)?;
        let reader = Link::new(&database);
        let (looking, first) = (Arc::clone(&database), Arc::clone(&reader));
        database.wait(async move {
            let live = looking.connect().await?;
            if schema::version(&looking, &live).await? == 0 {
                return Err(DatabaseFault::NoLedger { place: looking.address.to_string() });
            }
            let live = first.live().await?;
            // A number before the first one would find the first month all the same.
            let before_first = "SELECT 1 FROM volumes WHERE first_seq < 1";
            let wrong = live.rows(before_first, &[]).await.map_err(|broken| broken.fault(&looking))?;
            let what = "the table `volumes` does not say where the first month begins".into();
            if wrong.is_empty() { Ok(()) } else { Err(DatabaseFault::Damaged { seq: 1, what }) }
        })?;
        let head = database.known();
        Ok(Self { database, reader, head })
    }
}

impl Engine for Looking {
    /// Always refused: somebody who only looks has nothing to say.
    fn append(&self, _expected: Head, _frames: &[Frame]) -> Result<Appended, EngineFault> {
        Err(EngineFault::Poisoned)
    }

    fn read(&self, from_seq: u64, frames_max: usize, bytes_max: usize) -> Result<Vec<Frame>, EngineFault> {
        let mut frames = read(&self.reader, from_seq, frames_max, bytes_max)?;
        if let Some(fault @ DatabaseFault::Damaged { seq, .. }) = self.database.doubt.get() {
            frames.retain(|frame| frame.seq < *seq);
            if from_seq >= *seq {
                return Err(fault.clone().into());
            }
        }
        Ok(frames)
    }

    fn head(&self) -> Head {
        self.head
    }

    fn put_snapshot(&self, _snapshot: &NewSnapshot<'_>) -> Result<(), EngineFault> {
        Ok(())
    }

    fn get_snapshot(&self) -> Result<Option<Snapshot>, EngineFault> {
        Ok(None)
    }
}
