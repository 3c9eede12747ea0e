//! What leaves: the notices, which say what people are being told; the alerts, which make messages of them for whoever is
//! routed; and the channels on which they go out. Syslog and exports come here, too.
//! It does not know rules or law. Invariant: what was told stands in the ledger.

pub mod alerts;
pub mod calendar;
pub mod channels;
pub mod notices;
