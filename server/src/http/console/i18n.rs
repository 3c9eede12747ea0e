//! What language a request asks for. The words themselves are in [`crate::i18n`], which messages share.
//! It does not know pages or rows.
//! Invariant: a request without a wish that we can fulfil is answered in Japanese.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
use daicho_schemas::text::Language;

pub use crate::i18n::{FluentValue, from_tag, lookup, tag};

/// The cookie that keeps the language a person chose.
pub const LANGUAGE_COOKIE: &str = "daicho_lang";

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
