//! The form that settles a group of the review queue, sent as a browser sends it.
//! It does not test what a decision means.
//! Invariant under test: nothing enters without the token and the role, and a refused form keeps what was typed.

use super::door::{app_on, console, get_as, text};
use crate::http::App;
use crate::http::auth::StaffIdentity;
use crate::http::console::layout::Gate;
use crate::model::testing::{Script, listed, package, plan, supplier};
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION};
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
    let mut acme = supplier("acme");
    acme.name.en = "Acme Corporation".into();
    script.supplier(acme);
    script.plan(plan("plan-1", "tos").host("tos-1"));
    script.dpkg(Outcome::Complete, &[package("tool", "1", "x.example")]);
    script.report("apt_index", Outcome::Complete, vec![listed("tool", "ACME Inc.")]);
    app_on(&script)
}

fn path(app: &App) -> String {
    format!("/review/{}", app.model().review_from(0, 1).remove(0).group_id)
}

async fn post(app: &Arc<App>, gate: Gate, body: String) -> Response {
    let request = Request::post(path(app))
        .header(COOKIE, SESSION)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    console(Arc::clone(app), gate).oneshot(request).await.unwrap()
}

async fn token(app: &Arc<App>) -> String {
    let page = text(get_as(app, Gate(aoi), &path(app), SESSION).await).await;
    let (_, rest) = page.split_once("name=\"form\" value=\"").expect("a form");
    rest.split('"').next().unwrap().to_string()
}

#[tokio::test]
async fn a_proposal_is_accepted_with_a_reason_and_the_group_is_gone() {
    let app = house();
    let list = text(get_as(&app, Gate(aoi), "/review", SESSION).await).await;
    assert!(list.contains("ACME Inc.") && list.contains("Acme Corporation"), "with its proposal");
    let (token, group) = (token(&app).await, path(&app));
    let page = text(get_as(&app, Gate(aoi), &group, SESSION).await).await;
    assert!(page.contains("proposal:acme") && !page.contains(" checked"), "none is chosen beforehand");
    let body = |reason: &str| format!("form={token}&choice=proposal%3Aacme&category=middleware&reason={reason}");
    let silent = post(&app, Gate(aoi), body("+")).await;
    assert_eq!(silent.status(), StatusCode::BAD_REQUEST);
    let page = text(silent).await;
    assert!(page.contains("reason: it is missing") && page.contains("value=\"middleware\" selected"), "what was typed");
    let answer = post(&app, Gate(aoi), body("%3Cb%3Econtract")).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[LOCATION].to_str().unwrap(), "/review");
    assert_eq!(app.model().review_total(), 0);
    assert_eq!(get_as(&app, Gate(aoi), &group, SESSION).await.status(), StatusCode::NOT_FOUND);
    let rows = app.model().components(&Default::default()).unwrap().items;
    let page = text(get_as(&app, Gate(aoi), &format!("/components/{}", rows[0].component_id), SESSION).await).await;
    assert!(page.contains("&#60;b&#62;contract") && page.contains("confirmed by a person"), "with its provenance");
}

#[tokio::test]
async fn a_decision_is_taken_back_with_a_reason_and_stays_in_the_list() {
    let app = house();
    let token = token(&app).await;
    post(&app, Gate(aoi), format!("form={token}&choice=proposal%3Aacme&category=middleware&reason=contract")).await;
    let row = app.model().decisions_from(Default::default(), 0, 1).remove(0);
    let id = row.state.decision.decision_id.clone();
    let take_back = async |gate: Gate, reason: &str| {
        let request = Request::post("/decisions")
            .header(COOKIE, SESSION)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("form={token}&decision_id={id}&reason={reason}")))
            .unwrap();
        console(Arc::clone(&app), gate).oneshot(request).await.unwrap()
    };
    assert_eq!(take_back(Gate(auditor), "mistaken").await.status(), StatusCode::FORBIDDEN);
    let silent = take_back(Gate(aoi), "").await;
    assert_eq!(silent.status(), StatusCode::BAD_REQUEST);
    assert!(text(silent).await.contains("reason: it is missing"));
    assert_eq!(take_back(Gate(aoi), "mistaken").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(take_back(Gate(aoi), "mistaken").await.status(), StatusCode::CONFLICT, "once");
    assert_eq!(app.model().review_total(), 1, "it waits again");
    let standing = text(get_as(&app, Gate(aoi), "/decisions", SESSION).await).await;
    assert!(standing.contains("There is no such decision"));
    let all = text(get_as(&app, Gate(aoi), "/decisions?show=all", SESSION).await).await;
    assert!(all.contains("mistaken") && all.contains("withdrawn by"), "what was is still told");
}

#[tokio::test]
async fn what_is_not_relevant_says_why_and_impossible_choices_are_refused() {
    let app = house();
    let token = token(&app).await;
    for (choice, status) in [
        ("choice=", StatusCode::BAD_REQUEST),
        ("choice=other&supplier_id=", StatusCode::BAD_REQUEST),
        ("choice=other&supplier_id=ghost", StatusCode::UNPROCESSABLE_ENTITY),
        ("choice=category", StatusCode::BAD_REQUEST),
        ("choice=other&supplier_id=acme&valid_from=soon", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(post(&app, Gate(aoi), format!("form={token}&reason=x&{choice}")).await.status(), status, "{choice}");
    }
    assert_eq!(app.model().review_total(), 1);
    let answer = post(&app, Gate(aoi), format!("form={token}&reason=monitoring&choice=outside&category=")).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(app.model().review_total(), 0);
}

#[tokio::test]
async fn nothing_enters_without_the_token_or_without_the_role() {
    let app = house();
    let token = token(&app).await;
    for (gate, token) in [(Gate(aoi), ""), (Gate(auditor), token.as_str())] {
        let answer = post(&app, gate, format!("form={token}&choice=proposal%3Aacme&reason=x")).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(app.model().review_total(), 1);
    let page = text(get_as(&app, Gate(auditor), &path(&app), SESSION).await).await;
    assert!(!page.contains("name=\"choice\""), "who may not decide is shown no form");
}
