//! What leaves: so far the notices, which say what people are being told. Mail, webhooks, syslog and exports come here,
//! one file each, one line in this list.
//! It does not know rules or law. Invariant: what was told stands in the ledger.

pub mod notices;
