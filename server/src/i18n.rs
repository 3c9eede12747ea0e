//! Every word of pages and messages in Japanese and English, looked up by key in `server/i18n/{ja,en}/`.
//! It does not know pages, mails or rows; sentences that the model makes come as [`daicho_schemas::text::Text`] and never
//! pass here. Invariant: both languages have the same keys, and every key that the code or a template names exists (tested).

use daicho_schemas::fact::duty::DeadlineKind;
use daicho_schemas::text::Language;
use fluent_templates::{LanguageIdentifier, Loader as _};
use std::borrow::Cow;
use unic_langid::langid;

pub use fluent_templates::fluent_bundle::FluentValue;

const JAPANESE: LanguageIdentifier = langid!("ja");
const ENGLISH: LanguageIdentifier = langid!("en");

#[expect(
    clippy::disallowed_types,
    reason = "what the macro expands to keeps its bundles in this type; nothing iterates over it"
)]
mod loader {
    fluent_templates::static_loader! {
        pub(super) static LOCALES = {
            locales: "./i18n",
            fallback_language: "ja",
            // Values stand in elements of their own in the pages; invisible marks around them would end up in copied text.
            customise: |bundle| bundle.set_use_isolating(false),
        };
    }
}

/// The words behind a key. A key without words comes back in marks that no page may ever show.
pub fn lookup(language: Language, key: &str, values: &[(&'static str, FluentValue<'static>)]) -> String {
    let locale = match language {
        Language::Ja => &JAPANESE,
        Language::En => &ENGLISH,
    };
    #[expect(
        clippy::disallowed_types,
        reason = "the loader takes its arguments in this type; nothing iterates over it"
    )]
    let arguments: std::collections::HashMap<Cow<'static, str>, FluentValue<'static>> =
        values.iter().map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect();
    loader::LOCALES.try_lookup_complete(locale, key, Some(&arguments)).unwrap_or_else(|| format!("⟦{key}⟧"))
}

/// The language's tag, for `lang` attributes and links.
pub fn tag(language: Language) -> &'static str {
    match language {
        Language::Ja => "ja",
        Language::En => "en",
    }
}

/// The language behind a tag, if it is one of ours.
pub fn from_tag(tag: &str) -> Option<Language> {
    match tag {
        "ja" => Some(Language::Ja),
        "en" => Some(Language::En),
        _ => None,
    }
}

/// The key of what a tag of confidence means, in a sentence.
pub fn confidence_key(tag: &str) -> &'static str {
    match tag {
        "STAT" => "basis-stat-explained",
        "SEED" => "basis-seed-explained",
        "SEC" => "basis-sec-explained",
        "MACH" => "basis-mach-explained",
        "INF" => "basis-inf-explained",
        "MEM" => "basis-mem-explained",
        _ => "basis-unknown-explained",
    }
}

/// The key of what sort of day it is.
pub fn deadline_key(deadline: DeadlineKind) -> &'static str {
    match deadline {
        DeadlineKind::Law => "duty-day-law",
        DeadlineKind::Answer => "duty-day-answer",
        DeadlineKind::Target => "duty-day-target",
        DeadlineKind::Permitted => "duty-day-permitted",
    }
}
