//! The forms on a duty's page, sent as a browser sends them: what enters, what is refused, what stays typed.
//! They do not test which step is possible.
//! Invariant under test: nothing enters without the token of the session's own page.

use super::door::{app_on, console, get_as, text};
use crate::http::App;
use crate::http::auth::StaffIdentity;
use crate::http::console::layout::Gate;
use crate::model::rows::{DutyRow, DutyState};
use crate::model::testing::{Script, package, plan};
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::ids::PersonId;
use daicho_schemas::refusal::Refusal;
use std::sync::Arc;
use tower::ServiceExt as _;

const SESSION: &str = "__Host-daicho=secret; daicho_lang=en";

fn aoi(_app: &App, _headers: &HeaderMap) -> Result<StaffIdentity, Refusal> {
    Ok(StaffIdentity { person_id: PersonId::new("aoi").unwrap(), roles: vec![Role::Compliance] })
}

fn auditor(_app: &App, _headers: &HeaderMap) -> Result<StaffIdentity, Refusal> {
    Ok(StaffIdentity { person_id: PersonId::new("aud").unwrap(), roles: vec![Role::Auditor] })
}

fn house() -> Arc<App> {
    let mut script = Script::with_agent("tos-1");
    script.person("aoi", Role::Compliance);
    script.person("aud", Role::Auditor);
    script.plan(plan("plan-1", "tos").host("tos-1").draft());
    script.dpkg(Outcome::Complete, &[package("tool", "1", "x.example")]);
    app_on(&script)
}

fn duty(app: &App) -> DutyRow {
    app.model().duties().remove(0)
}

async fn post(app: &Arc<App>, gate: Gate, cookie: &str, body: String) -> Response {
    let request = Request::post(format!("/duties/{}", duty(app).duty_id))
        .header(COOKIE, cookie)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    console(Arc::clone(app), gate).oneshot(request).await.unwrap()
}

/// The token on the page.
async fn token(app: &Arc<App>) -> String {
    let page = text(get_as(app, Gate(aoi), &format!("/duties/{}", duty(app).duty_id), SESSION).await).await;
    let (_, rest) = page.split_once("name=\"form\" value=\"").expect("a form");
    rest.split('"').next().unwrap().to_string()
}

#[tokio::test]
async fn a_step_enters_once_and_a_page_that_stood_open_is_told_who_was_first() {
    let app = house();
    let token = token(&app).await;
    let body = format!("form={token}&act=move&step=open:judged&on=2026-11-21&reason=%3Cb%3Ewhy%3C%2Fb%3E");
    let answer = post(&app, Gate(aoi), SESSION, body.clone()).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[LOCATION].to_str().unwrap(), format!("/duties/{}", duty(&app).duty_id));
    assert_eq!(duty(&app).state, DutyState::Judged);
    let late = post(&app, Gate(aoi), SESSION, body).await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    let page = text(late).await;
    assert!(page.contains("Somebody else has moved this duty") && page.contains("aoi"));
    assert!(page.contains("data-once"), "and a live page leaves it there");
    assert!(page.contains("&#60;b&#62;why") && !page.contains("<b>why"), "what was typed stays, as text");
}

#[tokio::test]
async fn an_owner_and_a_target_enter_and_a_wrong_day_is_said() {
    let app = house();
    let token = token(&app).await;
    let wrong = post(&app, Gate(aoi), SESSION, format!("form={token}&act=assign&owner=aoi&target_on=soon")).await;
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    let right = post(&app, Gate(aoi), SESSION, format!("form={token}&act=assign&owner=aoi&target_on=2026-12-01")).await;
    assert_eq!(right.status(), StatusCode::SEE_OTHER);
    let list = text(get_as(&app, Gate(aoi), "/duties?owner=aoi&due=soon", SESSION).await).await;
    assert!(list.contains("2026-12-01") && list.contains("in 10 days"));
    let none = text(get_as(&app, Gate(aoi), "/duties?owner=-", SESSION).await).await;
    assert!(none.contains("No duty fits this filter"));
}

/// The address is shown once, opens the calendar without a session, and nothing once it was taken back.
#[tokio::test]
async fn an_address_for_calendars_opens_until_it_is_taken_back() {
    let app = house();
    let token = token(&app).await;
    let said = async |calendar: &str, token: &str| {
        let body = format!("form={token}&calendar={calendar}");
        let request = Request::post("/duties")
            .header(COOKIE, SESSION)
            .header(HOST, "tos.example")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        console(Arc::clone(&app), Gate(aoi)).oneshot(request).await.unwrap()
    };
    assert_eq!(said("make", "").await.status(), StatusCode::FORBIDDEN);
    let page = text(said("make", &token).await).await;
    assert!(page.contains("data-once"), "a live page leaves it there");
    let (_, secret) = page.split_once("tos.example/calendar.ics?token=").unwrap();
    let path = format!("/calendar.ics?token={}", secret.split('<').next().unwrap());
    let fetched = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        crate::http::router(Arc::clone(&app)).oneshot(request).await.unwrap()
    };
    let answer = fetched(&path).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(text(answer).await.starts_with("BEGIN:VCALENDAR\r\n"));
    assert_eq!(fetched(&path.replace("token=", "token=0")).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(fetched("/calendar.ics").await.status(), StatusCode::UNAUTHORIZED);
    let again = text(get_as(&app, Gate(aoi), "/duties", SESSION).await).await;
    assert!(!again.contains("calendar.ics?token="), "shown once");
    assert_eq!(said("end", &token).await.status(), StatusCode::OK);
    assert_eq!(fetched(&path).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nothing_enters_without_the_token_or_without_the_role() {
    let app = house();
    let token = token(&app).await;
    let body = |token: &str| format!("form={token}&act=move&step=open:judged&on=2026-11-21&reason=x");
    let other_session = "__Host-daicho=other";
    for (gate, cookie, token) in [
        (Gate(aoi), SESSION, ""),
        (Gate(aoi), other_session, token.as_str()),
        (Gate(aoi), "", token.as_str()),
        (Gate(auditor), SESSION, token.as_str()),
    ] {
        assert_eq!(post(&app, gate, cookie, body(token)).await.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(duty(&app).state, DutyState::Open);
    let page = text(get_as(&app, Gate(auditor), &format!("/duties/{}", duty(&app).duty_id), SESSION).await).await;
    assert!(!page.contains("name=\"act\""), "who may not move it is shown no form");
}
