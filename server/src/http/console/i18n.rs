//! Every word of the console in Japanese and English, looked up by key in `server/i18n/{ja,en}/console.ftl`.
//! It does not know pages or rows; sentences that the model makes come as [`Text`] and never pass here.
//! Invariant: both files have the same keys, and every key that the code or a template names exists (tested).

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
use daicho_schemas::text::Language;
use fluent_templates::{LanguageIdentifier, Loader as _};
use std::borrow::Cow;
use unic_langid::langid;

pub use fluent_templates::fluent_bundle::FluentValue;

/// The cookie that keeps the language a person chose.
pub const LANGUAGE_COOKIE: &str = "daicho_lang";

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

/// The language a request asks for: the cookie, else `Accept-Language` (RFC 9110 section 12.5.4), else Japanese.
pub fn of_request(headers: &HeaderMap) -> Language {
    from_cookie(headers).or_else(|| from_accept_language(headers)).unwrap_or_default()
}

fn from_cookie(headers: &HeaderMap) -> Option<Language> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == LANGUAGE_COOKIE).and_then(|(_, value)| from_tag(value))
}

fn from_accept_language(headers: &HeaderMap) -> Option<Language> {
    let header = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(f32, Language)> = None;
    for range in header.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let primary = parts.next().unwrap_or_default().split('-').next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
        let Some(language) = from_tag(&primary).filter(|_| weight > 0.0) else { continue };
        if best.is_none_or(|(most, _)| weight > most) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: axum::http::HeaderName, value: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        of_request(&headers)
    }

    #[test]
    fn the_wish_with_the_greatest_weight_wins_and_japanese_is_the_default() {
        assert_eq!(asked(ACCEPT_LANGUAGE, "en-GB,en;q=0.9,ja;q=0.8"), Language::En);
        assert_eq!(asked(ACCEPT_LANGUAGE, "en;q=0.3, ja-JP;q=0.8"), Language::Ja);
        assert_eq!(asked(ACCEPT_LANGUAGE, "en;q=0"), Language::Ja);
        assert_eq!(asked(ACCEPT_LANGUAGE, "fr, de;q=0.5"), Language::Ja);
        assert_eq!(of_request(&HeaderMap::new()), Language::Ja);
    }

    #[test]
    fn the_cookie_stands_above_the_browsers_wish() {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, "en".parse().unwrap());
        headers.insert(COOKIE, "a=b; daicho_lang=ja".parse().unwrap());
        assert_eq!(of_request(&headers), Language::Ja);
        assert_eq!(asked(COOKIE, "daicho_lang=<script>"), Language::Ja);
    }
}
