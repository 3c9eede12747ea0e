//! Sentences for people, always in both languages.
//! It does not know which language somebody reads; the page or the terminal picks one.
//! Invariant: no text reaches a person in one language only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The language a person reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Japanese, the default.
    #[default]
    Ja,
    /// English.
    En,
}

/// What a stranger wrote, fit to be shown in a terminal, a log or a page: control characters, and those that turn the
/// direction of writing, become U+FFFD.
pub fn printable(words: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    words.chars().map(|c| if c.is_control() || turns(c) { '\u{fffd}' } else { c }).collect()
}

/// One sentence or name in Japanese and English.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Both languages at once.
    pub fn new(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { ja: ja.into(), en: en.into() }
    }

    /// The same words in both languages: a package name, a model number.
    pub fn same(words: impl Into<String>) -> Self {
        let words = words.into();
        Self { ja: words.clone(), en: words }
    }

    /// The sentence in one language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Ja => &self.ja,
            Language::En => &self.en,
        }
    }
}
