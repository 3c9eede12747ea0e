//! Pages as of a day in the past: links and forms stay in that day, and what has no past refuses the question.
//! It does not know what a page shows. Invariant: nobody comes from a page of the past to one of today without choosing so.

use super::headers;
use crate::http::moment;
use crate::past::Question;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Parts of the console that have a past; the ledger itself, channels and assets are what they are.
const WITH_PAST: &[&str] = &[
    "duties",
    "findings",
    "equipment",
    "hosts",
    "components",
    "review",
    "decisions",
    "computers",
    "check-lists",
    "suppliers",
    "radius",
    "plans",
    "tickets",
    "firmware",
];
/// A page of ours, in bytes.
const PAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Leads on within the day that a page was asked for.
pub async fn keep_as_of(request: Request, next: Next) -> Response {
    // What is wrong with a question is said by whoever answers it.
    let Ok(Some(question)) = moment::question(request.uri()) else { return next.run(request).await };
    let here = request.uri().path().trim_start_matches('/').split('/').next().unwrap_or_default();
    if request.method() != Method::GET || !(here.is_empty() || WITH_PAST.contains(&here)) {
        return headers::strict(moment::now_only(request, next).await).await;
    }
    let answer = next.run(request).await;
    let html = answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if !html {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    let Ok(bytes) = to_bytes(body, PAGE_BYTES_MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let Ok(page) = std::str::from_utf8(&bytes) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(led_on(page, question)))
}

/// The page with the day in every link and form that leads to a page with a past. Templates write attributes in one way, and text
/// that came from elsewhere has its quotes escaped, so only our own attributes are met.
fn led_on(page: &str, question: Question) -> String {
    let hindsight = if question.hindsight { "&amp;hindsight=true" } else { "" };
    let asked = format!("as_of={}{hindsight}", question.as_of);
    let mut out = String::with_capacity(page.len() + page.len() / 8);
    let mut rest = page;
    while let Some(at) = rest.find("href=\"") {
        let (before, from) = rest.split_at(at + "href=\"".len());
        out.push_str(before);
        let end = from.find('"').unwrap_or(from.len());
        let (address, behind) = from.split_at(end);
        out.push_str(&with_day(address, &asked));
        rest = behind;
    }
    out.push_str(rest);
    let mut fields = format!("<input type=\"hidden\" name=\"as_of\" value=\"{}\">", question.as_of);
    if question.hindsight {
        fields.push_str("<input type=\"hidden\" name=\"hindsight\" value=\"true\">");
    }
    in_forms(&out, &fields)
}

fn with_day(address: &str, asked: &str) -> String {
    let (address, place) = address.split_once('#').map_or((address, None), |(address, place)| (address, Some(place)));
    let place = place.map(|place| format!("#{place}")).unwrap_or_default();
    let first = address.strip_prefix('/').map(|path| path.split(['/', '?']).next().unwrap_or_default());
    let leads = address.starts_with('?') || first.is_some_and(|first| first.is_empty() || WITH_PAST.contains(&first));
    // The way back to today says so itself.
    if !leads || address.contains("as_of=") {
        return format!("{address}{place}");
    }
    let join = if address.contains('?') { "&amp;" } else { "?" };
    format!("{address}{join}{asked}{place}")
}

/// Puts fields into every form that asks, but for the one that chooses the day.
fn in_forms(page: &str, fields: &str) -> String {
    let mut out = String::with_capacity(page.len() + fields.len());
    let mut rest = page;
    while let Some(at) = rest.find("<form ") {
        let end = rest.get(at..).and_then(|form| form.find('>')).map_or(rest.len(), |end| at + end + 1);
        let (head, behind) = rest.split_at(end);
        out.push_str(head);
        let form = head.get(at..).unwrap_or_default();
        if form.contains("method=\"get\"") && !form.contains("data-as-of") {
            out.push_str(fields);
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(hindsight: bool) -> Question {
        Question { as_of: "2026-03-31".parse().unwrap(), hindsight }
    }

    #[test]
    fn links_and_forms_stay_in_the_day() {
        let page = r##"<a href="/hosts/a?x=1#b">h</a><a href="/">s</a><a href="?page=2">2</a><form class="s" method="get" action="/radius"><form method="post" action="/duties">"##;
        let led = led_on(page, question(true));
        assert!(led.contains(r##"href="/hosts/a?x=1&amp;as_of=2026-03-31&amp;hindsight=true#b""##), "{led}");
        assert!(
            led.contains(r#"href="/?as_of=2026-03-31&amp;"#) && led.contains(r#"href="?page=2&amp;as_of"#),
            "{led}"
        );
        assert_eq!(led.matches("type=\"hidden\"").count(), 2, "{led}");
    }

    #[test]
    fn what_has_no_past_and_what_chooses_a_day_is_left_alone() {
        for left in [
            r#"<a href="/ledger/7">x</a>"#,
            r#"<link href="/assets/console.css">"#,
            r#"<a href="https://elsewhere.example/hosts">x</a>"#,
            r#"<a href="/hosts?as_of=">today</a>"#,
            r#"<form data-as-of method="get" action="/">"#,
            "href=\"/hosts",
        ] {
            let led = led_on(left, question(false));
            assert!(led == left || left.ends_with("/hosts"), "{led}");
        }
    }
}
