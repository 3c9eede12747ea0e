//! Hand over: what the server's answers mean for the batch that was sent.
//! It does not keep batches (`spool` does) and does not wait (`run` does).
//! Invariant: every refusal has exactly one consequence, and an answer that is not understood never loses a batch.

mod backoff;
mod client;
mod identity;
mod tls;

pub use backoff::Backoff;
pub use client::{Client, ClientFault, Enrolment, certificate_again, enroll, server_address};
pub use identity::{Identity, IdentityFault, load_key, load_or_make_key};
pub use tls::{TlsFault, fingerprint_of_pem};

use daicho_schemas::refusal::{Refusal, RefusalCode as Code};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// The server did what was asked.
    Yes(T),
    /// The server will not, and says why.
    Refused {
        /// Why, and what to do.
        refusal: Box<Refusal>,
        /// How long it asks to wait.
        asked: Option<Duration>,
    },
    /// Something answered that does not speak our language: a proxy, a newer server, a broken one.
    Unclear {
        /// What came, in short.
        why: String,
        /// How long it asks to wait.
        asked: Option<Duration>,
    },
}

/// What a refused batch means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// Move the batch to `refused/` and tell everything anew under a later number.
    Recollect,
    /// Keep the batch and send it later, when the clocks agree.
    WaitForClock,
    /// Keep collecting into the spool, send nothing more, and say so.
    StopSending,
    /// Keep the batch and try again.
    RetryLater,
}

/// What each refusal means for the agent: its remedy, in code.
pub fn consequence(code: Code) -> Consequence {
    match code {
        Code::BatchMalformed
        | Code::BatchTooLarge
        | Code::BatchSignatureWrong
        | Code::BatchNumberReused
        | Code::BatchOutOfOrder
        | Code::FullReportNeeded
        | Code::ReportInconsistent => Consequence::Recollect,
        Code::BatchFromTheFuture => Consequence::WaitForClock,
        Code::BatchForOtherAgent | Code::AgentUnknown | Code::AgentRevoked => Consequence::StopSending,
        Code::AgentAlreadyEnrolled
        | Code::CertificateMissing
        | Code::TokenUsed
        | Code::TokenExpired
        | Code::TokenUnknown
        | Code::RequestMalformed
        | Code::BodyTooLarge
        | Code::PlanMalformed
        | Code::SuppliersMalformed
        | Code::InventoryMalformed
        | Code::ChangeMalformed
        | Code::AlertsMalformed
        | Code::SupplierUnknown
        | Code::PersonalDataInClear
        | Code::SpreadsheetMalformed
        | Code::DecisionMalformed
        | Code::DecisionSupplierUnknown
        | Code::DecisionContradicts
        | Code::DecisionEnded
        | Code::DutyMovedMeanwhile
        | Code::DutyMoveImpossible
        | Code::DutyProhibited
        | Code::DutyDateWrong
        | Code::DutyReasonMissing
        | Code::DutyCautionUnread
        | Code::ComputerWrong
        | Code::ComputerExemptionWrong
        | Code::ComputerSubstituteWrong
        | Code::ComputerChangeDayWrong
        | Code::ComputerJudgedMeanwhile
        | Code::CheckAnswerWrong
        | Code::CheckAnsweredMeanwhile
        | Code::TicketExists
        | Code::TicketChangedMeanwhile
        | Code::TicketMoveImpossible
        | Code::DeviceWrong
        | Code::DeviceNotRead
        | Code::RemotePathWrong
        | Code::RemotePathMeanwhile
        | Code::NetworkTableWrong
        | Code::NetworkTableNotRead
        | Code::InventoryWrong
        | Code::InventoryNotRead
        | Code::CircuitsWrong
        | Code::FirmwareFileMalformed
        | Code::FirmwarePackWrong
        | Code::FirmwarePackOlder
        | Code::PersonUnknown
        | Code::NotSignedIn
        | Code::NotAllowed
        | Code::NotFound
        | Code::AsOfWrong
        | Code::AsOfPreparing
        | Code::CursorWrong
        | Code::DiskFull
        | Code::LedgerReadOnly
        | Code::AgentOverQuota
        | Code::LedgerAway
        | Code::Overloaded => Consequence::RetryLater,
    }
}

/// The body of an answer that refuses.
#[derive(Deserialize)]
struct RefusalBody {
    refusal: Refusal,
}

/// Reads an answer: success with what was expected, an error status with a refusal, or something else.
pub(crate) fn understand<T: DeserializeOwned>(status: u16, asked: Option<Duration>, body: &[u8]) -> Answer<T> {
    if (200..300).contains(&status) {
        return match serde_json::from_slice(body) {
            Ok(answer) => Answer::Yes(answer),
            Err(_) => Answer::Unclear { why: format!("HTTP {status} without the expected answer"), asked },
        };
    }
    match serde_json::from_slice::<RefusalBody>(body) {
        Ok(RefusalBody { refusal }) => Answer::Refused { refusal: Box::new(refusal), asked },
        Err(_) => Answer::Unclear { why: format!("HTTP {status}"), asked },
    }
}

#[cfg(test)]
mod tests;
