//! Faults that are put in on purpose, one at a time, to show that the simulation sees them: a check that cannot fail proves
//! nothing. The tests run each until it is caught.
//! It does not know the checks. Invariant: without a mutant, nothing here has any effect.

/// One fault in one part of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// The engine says that an append is done before it is on disk, and a crash takes the end away.
    AcknowledgedTooEarly,
    /// The engine does not look whether somebody else was first.
    HeadNotCompared,
    /// A spooled batch is sometimes not on disk when the spool believes it is.
    SpoolNotSynced,
    /// A collector that saw only a part says that it saw everything.
    PartialCalledComplete,
    /// An instance lets a batch in whoever signed it.
    SignatureNotChecked,
    /// An instance states notices again that were stated already.
    ToldTwice,
    /// An instance forgets some of what it folded when it starts from a snapshot.
    SnapshotForgets,
    /// The silence watch never states anything.
    NobodyIsSilent,
}

impl Mutant {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::AcknowledgedTooEarly,
        Self::HeadNotCompared,
        Self::SpoolNotSynced,
        Self::PartialCalledComplete,
        Self::SignatureNotChecked,
        Self::ToldTwice,
        Self::SnapshotForgets,
        Self::NobodyIsSilent,
    ];
}
