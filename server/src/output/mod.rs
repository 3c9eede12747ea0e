//! What leaves: the notices, which say what people are being told, and the channels on which they go out. Mail, syslog and
//! exports come here, too.
//! It does not know rules or law. Invariant: what was told stands in the ledger.

pub mod notices;

pub mod channels;
