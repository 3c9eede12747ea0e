//! Small pieces that many pages share: a badge, a value that may be unknown, a supplier claim.
//! They do not know which page they stand on.
//! Invariant: a badge has a shape and a word beside its colour; what is not known is written as unknown, never left blank.

use super::layout::PageContext;
use crate::model::rows::{Confidence, SupplierClaim};
use askama::Template;
use askama::filters::HtmlSafe;
use daicho_schemas::time::CalendarDate;
use std::fmt::Display;

/// A word with a shape and a tone.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<span class="badge {{ tone.class() }}"><span class="shape" aria-hidden="true">{{ tone.shape() }}</span>{{ label }}</span>"#
)]
pub struct Badge {
    /// How it sounds.
    pub tone: Tone,
    /// The word.
    pub label: String,
}

impl HtmlSafe for Badge {}

/// How a badge sounds. Colour and shape follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Act now.
    Alarm,
    /// Act.
    Warn,
    /// Look.
    Note,
    /// As it should be.
    Good,
    /// Over, or of no consequence.
    Quiet,
    /// Not known.
    Unknown,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Alarm => "alarm",
            Self::Warn => "warn",
            Self::Note => "note",
            Self::Good => "good",
            Self::Quiet => "quiet",
            Self::Unknown => "unknown",
        }
    }

    fn shape(self) -> &'static str {
        match self {
            Self::Alarm => "◆",
            Self::Warn => "▲",
            Self::Note => "■",
            Self::Good => "●",
            Self::Quiet => "–",
            Self::Unknown => "?",
        }
    }
}

/// A value, or the word for not knowing it or having none.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% match value %}{% when Some(value) %}<bdi>{{ value }}</bdi>{% when None %}<span class="{{ class }}">{{ instead }}</span>{% endmatch %}"#
)]
pub struct Maybe {
    /// The value.
    pub value: Option<String>,
    /// What stands in its place.
    pub instead: String,
    /// Whether that is not knowing it, or simply having none.
    pub class: &'static str,
}

impl HtmlSafe for Maybe {}

/// Who supplies something, how sure we are, and why we say so.
#[derive(Template)]
#[template(path = "claim.html")]
pub struct Claim {
    name: String,
    record: Option<String>,
    unrecorded: String,
    sure: Badge,
    evidence: String,
}

impl HtmlSafe for Claim {}

impl PageContext {
    /// A value, or the word for not knowing it. An empty text counts as not known.
    pub fn maybe<T: Display>(&self, value: &Option<T>) -> Maybe {
        let value = value.as_ref().map(ToString::to_string).filter(|text| !text.trim().is_empty());
        Maybe { value, instead: self.t("unknown"), class: "unknown-value" }
    }

    /// A text, or the word for not knowing it when it is empty.
    pub fn filled(&self, text: &str) -> Maybe {
        self.maybe(&Some(text))
    }

    /// A supplier claim.
    pub fn claim(&self, claim: &SupplierClaim) -> Claim {
        let name = self.say(&claim.name).trim();
        Claim {
            name: if name.is_empty() { self.t("unknown") } else { name.to_string() },
            record: claim.supplier_id.as_ref().map(ToString::to_string),
            unrecorded: self.t("claim-unrecorded"),
            sure: self.confidence(&claim.confidence),
            evidence: claim.evidence.clone(),
        }
    }

    /// A supplier claim in a long list: why we say so is left out where we are sure.
    pub fn claim_brief(&self, claim: &SupplierClaim) -> Claim {
        let mut brief = self.claim(claim);
        if claim.confidence >= Confidence::High {
            brief.evidence.clear();
        }
        brief
    }

    /// A value that a thing may simply not have: a dash where it has none.
    pub fn or_none<T: Display>(&self, value: &Option<T>) -> Maybe {
        let value = value.as_ref().map(ToString::to_string).filter(|text| !text.trim().is_empty());
        Maybe { value, instead: self.t("none"), class: "aside" }
    }

    /// A date, or the words for one that nobody has recorded.
    pub fn date(&self, date: &Option<CalendarDate>) -> Maybe {
        Maybe { value: date.map(|date| date.to_string()), instead: self.t("date-not-recorded"), class: "unknown-value" }
    }
}
