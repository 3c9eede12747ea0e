//! The word, shape and tone of a firmware verdict. It does not know how one is reached.
//! Invariant: the match is total, and `unknown` never looks like "all right".

use super::fragments::{Badge, Tone};
use super::layout::PageContext;
use crate::model::firmware::verdict::FirmwareState;
use daicho_schemas::fact::firmware::PackConfidence;

impl PageContext {
    /// How firmware stands.
    pub fn firmware_state(&self, state: &FirmwareState) -> Badge {
        let (tone, key) = match state {
            FirmwareState::Affected => (Tone::Alarm, "firmware-affected"),
            FirmwareState::EndOfLife => (Tone::Warn, "firmware-end-of-life"),
            FirmwareState::Unknown => (Tone::Unknown, "unknown"),
            FirmwareState::Fixed => (Tone::Good, "firmware-fixed"),
            FirmwareState::NotAffected => (Tone::Good, "firmware-not-affected"),
        };
        Badge { tone, label: self.t(key) }
    }

    /// How sure a source of knowledge about firmware is.
    pub fn pack_confidence(&self, confidence: &PackConfidence) -> String {
        self.t(match confidence {
            PackConfidence::Official => "firmware-official",
            PackConfidence::Collected => "firmware-collected",
            PackConfidence::Stated => "firmware-stated",
        })
    }

    /// A day of data, and that it is old where it is.
    pub fn stale(&self, stale: &bool) -> String {
        if *stale { self.t("firmware-stale") } else { String::new() }
    }
}
