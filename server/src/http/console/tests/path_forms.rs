//! The forms of a remote path, sent as a browser sends them: a record, its amendment, a vendor's answer; and who may not.
//! They do not test what a record means for rules. Invariant under test: nothing enters without the token of the session's own page or
//! without the role, a refused form keeps what was typed, and a record replaces only the one that was seen.

use super::door::{app_on, console, get_as, text};
use crate::http::App;
use crate::http::auth::StaffIdentity;
use crate::http::console::layout::Gate;
use crate::model::queries::remote_paths::{ContractState, path_key};
use crate::model::testing::{Script, plan, reading, supplier, tunnel};
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::fact::remote_path::PathEntry;
use daicho_schemas::ids::{DeviceId, PersonId};
use daicho_schemas::refusal::Refusal;
use serde_json::json;
use std::sync::Arc;
use tower::ServiceExt as _;

const SESSION: &str = "__Host-daicho=secret; daicho_lang=en";
const AT: &str = "at=device%3Agw%3Atunnel+1";

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
    script.plan(plan("plan-1", "tos").host("tos-1"));
    script.plan(plan("plan-2", "tos").entrustment().contractor("vendor"));
    script.device("gw", &reading("S1", &[tunnel("tunnel 1")]), json!({}));
    app_on(&script)
}

async fn post(app: &Arc<App>, gate: Gate, body: String) -> Response {
    let request = Request::post("/paths/one")
        .header(COOKIE, SESSION)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    console(Arc::clone(app), gate).oneshot(request).await.unwrap()
}

async fn page_of(app: &Arc<App>) -> String {
    text(get_as(app, Gate(aoi), &format!("/paths/one?{AT}"), SESSION).await).await
}

fn field(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("name=\"{name}\"")).expect("the field");
    let (_, rest) = rest.split_once("value=\"").expect("its value");
    rest.split('"').next().unwrap().to_string()
}

fn row(app: &Arc<App>) -> crate::model::queries::remote_paths::PathRow {
    let entry = PathEntry::DeviceWayIn { device_id: DeviceId::new("gw").unwrap(), way_in: "tunnel 1".into() };
    app.model().path_by_key(&path_key(&entry), "2026-11-21".parse().unwrap()).unwrap()
}

#[tokio::test]
async fn a_path_is_recorded_amended_and_its_vendor_s_answer_entered() {
    let app = house();
    let page = page_of(&app).await;
    let token = field(&page, "form");
    let record = format!(
        "form={token}&act=record&{AT}&remote_path_id=&equipment=tos&supplier=vendor&purpose=maintenance&on=2026-11-21"
    );
    let done = post(&app, Gate(aoi), format!("{record}&accounts=2&shared=no&second_factor=yes")).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    assert_eq!(done.headers()[LOCATION], "/paths/one?at=device:gw:tunnel%201");
    let own = row(&app);
    let said = own.said.unwrap();
    assert_eq!((said.recorded.remote_path_id.as_str(), own.contract), ("gw-tunnel-1", ContractState::Missing));
    assert_eq!(said.recorded.accounts.and_then(|own| own.count), Some(2));
    assert_eq!(said.by.as_ref().map(PersonId::as_str), Some("aoi"));

    let page = page_of(&app).await;
    let (replaces, id) = (field(&page, "replaces"), field(&page, "remote_path_id"));
    assert_eq!((replaces, id.as_str()), (said.seq.to_string(), "gw-tunnel-1"), "what stands is in the form");
    let amended = record.replace("remote_path_id=", &format!("remote_path_id={id}"));
    let stale = post(&app, Gate(aoi), format!("{amended}&contract=plan-2")).await;
    assert_eq!(stale.status(), StatusCode::CONFLICT, "the record that was seen is named, or nothing is replaced");
    let done = post(&app, Gate(aoi), format!("{amended}&contract=plan-2&replaces={}", said.seq)).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    assert_eq!(row(&app).contract, ContractState::Stands);

    let answer = format!(
        "form={token}&act=answer&{AT}&equipment=tos&supplier=vendor&on=2026-11-21&valid_through=2027-11-20&how=form"
    );
    let refused = post(&app, Gate(aoi), format!("{answer}&uses=yes&answered_by=")).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "an office or role answers");
    let nothing = post(&app, Gate(aoi), format!("{answer}&answered_by=support")).await;
    assert_eq!(nothing.status(), StatusCode::UNPROCESSABLE_ENTITY, "no answer is no \"no\"");
    let done = post(&app, Gate(aoi), format!("{answer}&uses=yes&answered_by=support&answer_note=letter+7")).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    let answered = row(&app).answer.unwrap().answered;
    assert_eq!((answered.uses, answered.note.as_str()), (true, "letter 7"));
}

#[tokio::test]
async fn nothing_enters_without_the_token_or_without_the_role_and_what_was_typed_stays() {
    let app = house();
    let token = field(&page_of(&app).await, "form");
    let record = format!("act=record&{AT}&equipment=tos&supplier=vendor&purpose=%3Cb%3Ekitchen&on=2026-11-21");
    assert_eq!(post(&app, Gate(aoi), format!("{record}&form=other")).await.status(), StatusCode::FORBIDDEN);
    let refused = post(&app, Gate(auditor), format!("{record}&form={token}")).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(row(&app).said.is_none());
    let late = post(&app, Gate(aoi), format!("{record}&form={token}&log_on=2026-11-01")).await;
    assert_eq!(late.status(), StatusCode::UNPROCESSABLE_ENTITY, "who looked is asked for");
    let page = text(late).await;
    assert!(
        page.contains("&#60;b&#62;kitchen") || page.contains("&lt;b&gt;kitchen"),
        "what was typed is still there, as text"
    );
    for nowhere in
        ["", "at=", "at=device%3Agw", "at=device%3A..%2F%3Ax", "at=moon%3Aa%3Ab", "kind=software&host=&name="]
    {
        let answer = get_as(&app, Gate(aoi), &format!("/paths/one?{nowhere}"), SESSION).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{nowhere}");
    }
    let new = get_as(&app, Gate(aoi), "/paths/one?kind=software&host=tos-9&name=ExampleDesk", SESSION).await;
    assert_eq!(new.status(), StatusCode::OK, "a path that nothing shows can be recorded");
}
