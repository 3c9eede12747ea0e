//! The forms that decide about computers and answer check lists, sent as a browser sends them: what enters, what is refused, what stays typed.
//! It does not test what may be decided.
//! Invariant under test: nothing enters without the token of the session's own page, and alike computers are one entry.

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
use daicho_schemas::ids::{EquipmentId, PersonId};
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
    script.supplier(supplier("debian"));
    script.plan(plan("plan-1", "tos").host("tos-1").host("tos-2").part("os", "operating_system", "debian"));
    script.os_named("debian", "tos-1");
    script.enrol("tos-2");
    script.os_named("debian", "tos-2");
    app_on(&script)
}

async fn post(app: &Arc<App>, gate: Gate, body: String) -> Response {
    post_to(app, gate, "/computers", body).await
}

async fn post_to(app: &Arc<App>, gate: Gate, place: &str, body: String) -> Response {
    let request = Request::post(place)
        .header(COOKIE, SESSION)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    console(Arc::clone(app), gate).oneshot(request).await.unwrap()
}

async fn page(app: &Arc<App>, gate: Gate, query: &str) -> String {
    text(get_as(app, gate, &format!("/computers{query}"), SESSION).await).await
}

async fn token(app: &Arc<App>) -> String {
    let page = page(app, Gate(aoi), "").await;
    let (_, rest) = page.split_once("name=\"form\" value=\"").expect("a form");
    rest.split('"').next().unwrap().to_string()
}

#[tokio::test]
async fn alike_computers_are_decided_at_once_and_the_list_says_so() {
    let app = house();
    let open = page(&app, Gate(aoi), "").await;
    assert!(open.contains("2 hosts of the equipment are undecided") && open.contains("debian system"), "{open}");
    let token = token(&app).await;
    let body = format!(
        "form={token}&equipment=tos&one=&act=in&scope_id=equipment-itself&computer=tos-1%09&computer=tos-2%09&chosen.0=yes\
         &unit_id.0=installed-software&product.0=debian+system&seen_as.0=debian+system&maker.0=Debian+Project&introduced_on.0=2026-11-01"
    );
    let forged = post(&app, Gate(aoi), body.replace(&token, "x")).await;
    assert_eq!(forged.status(), StatusCode::FORBIDDEN);
    assert_eq!(post(&app, Gate(auditor), body.clone()).await.status(), StatusCode::FORBIDDEN);
    let before = app.model().seq();
    let done = post(&app, Gate(aoi), body.clone()).await;
    assert_eq!(
        (done.status(), done.headers()[LOCATION].to_str().unwrap()),
        (StatusCode::SEE_OTHER, "/computers?equipment=tos")
    );
    let model = app.model();
    assert!(model.seq() > before);
    let tos = EquipmentId::new("tos").unwrap();
    let state = |name: &str| model.computer_state(&tos, name).unwrap();
    assert_eq!(state("tos-1").seq, state("tos-2").seq, "alike: one entry");
    assert_eq!(state("tos-2").judged.products[0].seen_as.as_deref(), Some("debian system"));
    assert_eq!(model.duties().iter().filter(|duty| duty.regime == "jp-acd").count(), 2);
    let listed = page(&app, Gate(auditor), "").await;
    assert!(listed.contains("0 hosts of the equipment are undecided") && listed.contains("2027-03-01"), "{listed}");
    assert!(!listed.contains("name=\"act\""), "who does not keep duties is offered no form");
    let late = post(&app, Gate(aoi), body.replace("Debian+Project", "Other")).await;
    assert_eq!(late.status(), StatusCode::CONFLICT, "the page stood open from before the decision");
    assert!(text(late).await.contains("aoi decided about"));
}

#[tokio::test]
async fn a_refused_form_says_what_is_missing_and_keeps_what_was_typed() {
    let app = house();
    let token = token(&app).await;
    let out = format!("form={token}&equipment=tos&act=out&computer=tos-1%09&reason=");
    let refused = post(&app, Gate(aoi), out.clone()).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(refused).await.contains("reason: say why it is not in scope"));
    let none = post(&app, Gate(aoi), format!("form={token}&equipment=tos&act=out&reason=x")).await;
    assert!(text(none).await.contains("choose at least one"));
    let device = format!(
        "form={token}&equipment=tos&act=in&scope_id=&named=vpn-1&by_hand.0=yes&unit_id.0=appliance&product.0=%3Cb%3EGate&maker.0=Maker"
    );
    let page = text(post(&app, Gate(aoi), device.clone()).await).await;
    assert!(page.contains("scope_id: say by which") && page.contains("vpn-1"), "{page}");
    assert!(page.contains("&#60;b&#62;Gate") && !page.contains("<b>Gate"), "as text");
    let done = post(&app, Gate(aoi), device.replace("scope_id=", "scope_id=router")).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    assert_eq!(post(&app, Gate(aoi), out + "no+line").await.status(), StatusCode::SEE_OTHER);
    let one = super::door::get_as(&app, Gate(aoi), "/computers?equipment=tos&one=vpn-1", SESSION).await;
    assert!(text(one).await.contains("&#60;b&#62;Gate"), "a device that no agent sees has its page");
    assert_eq!(get_as(&app, Gate(aoi), "/computers?equipment=none", SESSION).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_answer_enters_once_and_a_refused_one_stays_typed() {
    let app = house();
    let token = token(&app).await;
    let place = "/check-lists";
    let list = "?about=equipment:tos&list=water-standard";
    let open = text(get_as(&app, Gate(aoi), &format!("{place}{list}"), SESSION).await).await;
    assert!(open.contains("Still open: 4") && open.contains("debian system 12"), "{open}");
    let said = |answer: &str, note: &str| {
        format!(
            "form={token}&about=equipment:tos&list=water-standard&item=water-locked&answer={answer}&on=2026-11-20&note={note}&evidence=a%0D%0Ab&replaces="
        )
    };
    assert_eq!(post_to(&app, Gate(auditor), place, said("yes", "")).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        post_to(&app, Gate(aoi), place, said("yes", "").replace(&token, "x")).await.status(),
        StatusCode::FORBIDDEN
    );
    let refused = post_to(&app, Gate(aoi), place, said("no", "")).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(refused).await;
    assert!(page.contains("note: say why the answer is no") && page.contains("<details open>"), "{page}");
    let done = post_to(&app, Gate(aoi), place, said("no", "%3Cb%3Ekey")).await;
    let back = "/check-lists?about=equipment:tos&list=water-standard#water-locked";
    assert_eq!((done.status(), done.headers()[LOCATION].to_str().unwrap()), (StatusCode::SEE_OTHER, back));
    let page = text(get_as(&app, Gate(auditor), &format!("{place}{list}"), SESSION).await).await;
    assert!(page.contains("Still open: 3") && page.contains("&#60;b&#62;key") && !page.contains("<b>key"), "{page}");
    assert!(!page.contains("name=\"answer\""), "who does not keep duties is offered no form");
    let late = post_to(&app, Gate(aoi), place, said("yes", "")).await;
    assert_eq!(late.status(), StatusCode::CONFLICT, "the page stood open from before the answer");
    for wrong in ["?about=equipment:none", "?about=tos", "?about=plan:plan-1&list=none"] {
        let answer = get_as(&app, Gate(aoi), &format!("{place}{wrong}"), SESSION).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{wrong}");
    }
    let sheet = get_as(&app, Gate(aoi), &format!("{place}.xlsx{list}"), SESSION).await;
    assert_eq!(sheet.status(), StatusCode::OK);
}
