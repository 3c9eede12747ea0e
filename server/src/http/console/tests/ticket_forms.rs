//! The forms of a planned change and of a ticket, sent as a browser sends them: judged without a trace, made a ticket, moved.
//! They do not test what the law asks.
//! Invariant under test: judging writes nothing, and nothing enters without the token of the session's own page.

use super::door::{app_on, console, get_as, text};
use crate::http::App;
use crate::http::auth::StaffIdentity;
use crate::http::console::layout::Gate;
use crate::model::testing::{Script, plan, supplier};
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::fact::ticket::TicketState;
use daicho_schemas::ids::PersonId;
use daicho_schemas::refusal::Refusal;
use std::sync::Arc;
use tower::ServiceExt as _;

const SESSION: &str = "__Host-daicho=secret; daicho_lang=en";
const PLANNED: &str = "summary=%3Cb%3Eswitch&equipment_id=tos&planned_on=2026-12-20&planned_through=&change=component_swapped\
    &subject=switch&supplier_id=vendor&sight=component_appears&hosts=tos-1%2C+tos-2&name=tos-db&version=2&goes=tos-old";

fn aoi(_app: &App, _headers: &HeaderMap) -> Result<StaffIdentity, Refusal> {
    Ok(StaffIdentity { person_id: PersonId::new("aoi").unwrap(), roles: vec![Role::Operator] })
}

fn auditor(_app: &App, _headers: &HeaderMap) -> Result<StaffIdentity, Refusal> {
    Ok(StaffIdentity { person_id: PersonId::new("aud").unwrap(), roles: vec![Role::Auditor] })
}

fn house() -> Arc<App> {
    let mut script = Script::with_agent("tos-1");
    script.person("aoi", Role::Operator);
    script.person("aud", Role::Auditor);
    script.supplier(supplier("vendor"));
    script.plan(plan("plan-1", "tos").host("tos-1").host("tos-2"));
    app_on(&script)
}

async fn post(app: &Arc<App>, gate: Gate, path: &str, body: String) -> Response {
    let request = Request::post(path)
        .header(COOKIE, SESSION)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    console(Arc::clone(app), gate).oneshot(request).await.unwrap()
}

async fn token(app: &Arc<App>) -> String {
    let page = text(get_as(app, Gate(aoi), "/changes", SESSION).await).await;
    let (_, rest) = page.split_once("name=\"form\" value=\"").expect("a form");
    rest.split('"').next().unwrap().to_string()
}

#[tokio::test]
async fn judging_shows_what_the_law_asks_and_leaves_no_trace() {
    let app = house();
    let page = text(post(&app, Gate(auditor), "/changes", format!("act=judge&{PLANNED}")).await).await;
    for words in ["Judgement", "Whom to ask", "経済安全保障推進法", "<option value=\"tos\" selected>"] {
        assert!(page.contains(words), "{words} is missing");
    }
    assert!(page.contains("&#60;b&#62;switch") && !page.contains("<b>switch"), "what was typed stays, as text");
    let wrong =
        post(&app, Gate(aoi), "/changes", format!("act=judge&{PLANNED}&x=1").replace("2026-12-20", "soon")).await;
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    assert!(text(wrong).await.contains("planned_on"), "the field is named");
    assert!(app.model().tickets(None, None).is_empty());
}

#[tokio::test]
async fn a_change_becomes_a_ticket_once_and_a_person_ends_it() {
    let app = house();
    let open = format!("act=open&change_id=chg-1&{PLANNED}");
    assert_eq!(post(&app, Gate(aoi), "/changes", open.clone()).await.status(), StatusCode::FORBIDDEN, "no token");
    let token = token(&app).await;
    let open = format!("form={token}&{open}");
    assert_eq!(post(&app, Gate(auditor), "/changes", open.clone()).await.status(), StatusCode::FORBIDDEN);
    let answer = post(&app, Gate(aoi), "/changes", open.clone()).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[LOCATION], "/tickets/chg-1");
    let again = post(&app, Gate(aoi), "/changes", open.replace("2026-12-20", "2026-12-21")).await;
    assert_eq!(again.status(), StatusCode::CONFLICT, "the number is taken");
    let page = text(get_as(&app, Gate(aoi), "/tickets/chg-1", SESSION).await).await;
    assert!(page.contains("tos-db 2") && page.contains("tos-old") && page.contains("no agent speaks for this host"));
    let list = text(get_as(&app, Gate(auditor), "/tickets?state=open", SESSION).await).await;
    assert!(list.contains("0 / 4") && list.contains("chg-1"), "each of two things on each of two hosts");
    let step = |step: &str, more: &str| format!("form={token}&step={step}&on=2026-11-21&reason={more}");
    let refused = post(&app, Gate(aoi), "/tickets/chg-1", step("open:withdrawn", "")).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "a reason is needed");
    let done = post(&app, Gate(aoi), "/tickets/chg-1", step("open:withdrawn", "later")).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    let model = app.model();
    assert_eq!(model.ticket(&"chg-1".to_string().try_into().unwrap()).unwrap().state, TicketState::Withdrawn);
    let late = post(&app, Gate(aoi), "/tickets/chg-1", step("open:done", "")).await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    let nowhere = get_as(&app, Gate(aoi), "/tickets/nothing", SESSION).await;
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
}
