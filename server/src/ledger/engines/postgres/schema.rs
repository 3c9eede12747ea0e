//! The tables: made once, brought up to date by the first instance of a new release, one instance at a time.
//! It does not know what is in them. Invariant: a migration that was released is never edited, and none is undone.

use super::SCHEMA;
use super::fault::{DatabaseFault, words};
use super::rows::column;
use super::session::{Database, Live};
use refinery::{Migration, Runner};
use std::sync::Arc;

/// Every migration, in order. To change the tables, write the next file and add its line; the number is the last one's.
/// A change that older releases cannot live with also sets `works_from` in `head` to its own number.
const MIGRATIONS: [(&str, &str); SCHEMA as usize] = [
    ("V1__ledger", include_str!("migrations/V1__ledger.sql")),
    ("V2__beside", include_str!("migrations/V2__beside.sql")),
    ("V3__outbox", include_str!("migrations/V3__outbox.sql")),
];

/// Only one instance at a time may make tables. The first number is this product's.
const LOCK: &str = "SET lock_timeout = '120s'; SELECT pg_advisory_lock(7593172, 1)";

/// Makes the tables or brings them up to date.
pub(super) async fn prepare(database: &Arc<Database>) -> Result<(), DatabaseFault> {
    let mut live = database.connect().await?;
    if version(database, &live).await? < SCHEMA {
        let locked = live.client.batch_execute(LOCK).await;
        locked.map_err(|error| database.away(words(&error)))?;
        if version(database, &live).await? < SCHEMA {
            migrate(database, &mut live).await?;
        }
    }
    // The lock goes with the session.
    Ok(())
}

/// The newest migration that the database has; 0 where there are no tables yet.
pub(super) async fn version(database: &Database, live: &Live) -> Result<i32, DatabaseFault> {
    let ask = |statement| async move { live.rows(statement, &[]).await.map_err(|broken| broken.fault(database)) };
    let there = ask("SELECT to_regclass('daicho.refinery_schema_history') IS NOT NULL").await?;
    if !there.first().map_or(Ok(false), |row| column(row, 0))? {
        return Ok(0);
    }
    let newest = ask("SELECT coalesce(max(version), 0) FROM daicho.refinery_schema_history").await?;
    newest.first().map_or(Ok(0), |row| column(row, 0))
}

async fn migrate(database: &Database, live: &mut Live) -> Result<(), DatabaseFault> {
    let wrong = |what: String| DatabaseFault::Tables { place: database.address.to_string(), what };
    let schema = live.client.batch_execute("CREATE SCHEMA IF NOT EXISTS daicho").await;
    schema.map_err(|error| wrong(words(&error)))?;
    let migrations: Result<Vec<_>, _> =
        MIGRATIONS.iter().map(|(name, statements)| Migration::unapplied(name, statements)).collect();
    let runner = Runner::new(&migrations.map_err(|error| wrong(error.to_string()))?);
    let done = runner.run_async(&mut live.client).await;
    done.map(drop).map_err(|error| wrong(std::error::Error::source(&error).map_or_else(|| error.to_string(), root)))
}

/// What the database said, from behind the words of those who pass it on.
fn root(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
