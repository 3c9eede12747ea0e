//! The only place of the agent that reads the time.
//! It does not know what an instant is used for; everything else is handed one.
//! Invariant: a clock before 1970 or after 9999 reads as 1970, and the server says that it does not fit.

use daicho_schemas::time::UtcMicros;
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time.
pub type Clock = fn() -> UtcMicros;

/// This host's time.
pub fn system_clock() -> UtcMicros {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is passed")]
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let micros = i64::try_from(since_epoch.as_micros()).unwrap_or(0);
    UtcMicros::from_micros(micros)
        .or_else(|_| UtcMicros::from_micros(0))
        .unwrap_or_else(|_| unreachable!("0 is an instant"))
}
