//! Forms that change something: a page's own proof that it was this console that asked, and what a refusal says on a page.
//! It does not know what any form is about.
//! Invariant: a form is taken only with the token that only a page of this very session carries, and never from another site.

use super::layout::PageContext;
use crate::http::answers;
use crate::http::auth::{SESSION_COOKIE, cookie};
use axum::http::{HeaderMap, StatusCode};
use daicho_schemas::canonical::Hash;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use std::str::FromStr;

/// The token that forms of a session carry; absent without a session. It tells nothing about the session's own secret.
pub fn token(headers: &HeaderMap) -> Option<String> {
    let session = cookie(headers, SESSION_COOKIE)?;
    Some(Hash::of("daicho.form.v1", &[session.as_bytes()]).to_string())
}

/// Goes on only with a form that a page of this session sent (OWASP: token per session; W3C Fetch Metadata).
pub fn ours(headers: &HeaderMap, given: &str) -> Result<(), Refusal> {
    let elsewhere = headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    // Hashes are compared, so that the time of a comparison tells nothing.
    let hashed = |token: &str| Hash::of("daicho.form-compared.v1", &[token.as_bytes()]);
    let fits = token(headers).is_some_and(|token| hashed(&token) == hashed(given));
    if fits && !elsewhere {
        Ok(())
    } else {
        Err(Refusal::new(RefusalCode::NotAllowed).with("form: open the page anew"))
    }
}

/// What somebody typed into a field of several lines: browsers end them with CRLF (HTML, form submission).
pub fn words(typed: &str) -> String {
    typed.trim().replace("\r\n", "\n")
}

/// What was typed into a field of one line, without blanks around it; absent where nothing was.
pub fn filled(typed: &str) -> Option<&str> {
    Some(typed.trim()).filter(|text| !text.is_empty())
}

/// A day, a number or the like; absent where nothing was typed. A refusal of the form's own code names the field.
pub fn typed<T: FromStr>(code: RefusalCode, field: &str, typed: &str) -> Result<Option<T>, Refusal> {
    filled(typed).map(str::parse).transpose().map_err(|_| Refusal::new(code).with(field))
}

/// The status of a page that a form led to: its own, or that of what it says was refused.
pub fn status(refusal: Option<&Refusal>) -> StatusCode {
    refusal.map_or(StatusCode::OK, |refusal| answers::status(refusal.code))
}

/// A refusal as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// What happened.
    pub text: String,
    /// What to do.
    pub remedy: String,
    /// What is particular to this case.
    pub detail: String,
}

impl PageContext {
    /// A refusal in the reader's language.
    pub fn complaint(&self, refusal: &Refusal) -> Complaint {
        Complaint {
            text: self.say(&refusal.text).into(),
            remedy: self.say(&refusal.remedy).into(),
            detail: refusal.detail.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::COOKIE;

    #[test]
    fn only_a_page_of_the_same_session_and_site_is_heard() {
        let mut headers = HeaderMap::new();
        assert!(token(&headers).is_none() && ours(&headers, "").is_err(), "no session, no form");
        headers.insert(COOKIE, "__Host-daicho=secret".parse().unwrap());
        let ours_token = token(&headers).unwrap();
        assert!(!ours_token.contains("secret") && ours(&headers, &ours_token).is_ok());
        assert!(ours(&headers, "").is_err());
        let mut other = HeaderMap::new();
        other.insert(COOKIE, "__Host-daicho=other".parse().unwrap());
        assert!(ours(&other, &ours_token).is_err(), "another session");
        headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
        assert!(ours(&headers, &ours_token).is_err(), "another site");
        headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
        assert!(ours(&headers, &ours_token).is_ok());
    }
}
