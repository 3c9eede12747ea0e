//! The form of a device, sent as a browser sends it: a file, a pasted text, a chosen family; and what is refused.
//! It does not test what a parser understands. Invariant under test: no text of a configuration comes back, also where it is refused.

use super::door::{app_on, console, text};
use crate::http::App;
use crate::http::auth::StaffIdentity;
use crate::http::console::forms;
use crate::http::console::layout::Gate;
use crate::http::console::pages::devices::FORM_BYTES_MAX;
use crate::model::testing::Script;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use daicho_schemas::fact::decision::Role;
use daicho_schemas::ids::PersonId;
use daicho_schemas::refusal::Refusal;
use std::sync::Arc;
use tower::ServiceExt as _;

const SESSION: &str = "__Host-daicho=secret; daicho_lang=en";
const SECRET: &str = "EXAMPLE-SECRET-1";

fn aoi(_app: &App, _headers: &HeaderMap) -> Result<StaffIdentity, Refusal> {
    Ok(StaffIdentity { person_id: PersonId::new("aoi").unwrap(), roles: vec![Role::Operator] })
}

fn house() -> Arc<App> {
    let mut script = Script::with_agent("tos-1");
    script.person("aoi", Role::Operator);
    app_on(&script)
}

/// The parts of a form with the token of the session's own page.
fn body(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, SESSION.parse().unwrap());
    let token = forms::token(&headers).unwrap();
    let mut body = Vec::new();
    for (name, value) in [("form", token.as_bytes()), ("taken_on", b"2026-11-20")].iter().chain(parts) {
        let file = if *name == "file" { "; filename=\"gw.txt\"" } else { "" };
        body.extend(format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes());
        body.extend(*value);
        body.extend(b"\r\n");
    }
    body.extend(b"--b--\r\n");
    body
}

async fn post(app: &Arc<App>, body: Vec<u8>) -> Response {
    let request = Request::post("/devices")
        .header(COOKIE, SESSION)
        .header(CONTENT_TYPE, "multipart/form-data; boundary=b")
        .body(Body::from(body))
        .unwrap();
    console(Arc::clone(app), Gate(aoi)).oneshot(request).await.unwrap()
}

#[tokio::test]
async fn a_file_is_read_as_a_paste_is_and_only_one_of_the_two_is_taken() {
    let app = house();
    let config = format!("hostname gw-1\ninterface GigabitEthernet0/1\n crypto map VPN\nusername a secret {SECRET}\n");
    let answer = post(&app, body(&[("file", config.as_bytes())])).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "nothing in it is of one maker alone");
    let page = text(answer).await;
    assert!(page.contains("device_not_read") || page.contains("role=\"alert\""), "{page}");
    assert!(!page.contains(SECRET));
    let both = [("family", "cisco_ios".as_bytes()), ("file", config.as_bytes()), ("text", config.as_bytes())];
    let answer = post(&app, body(&both)).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(answer).await;
    assert!(page.contains("only one of the two") && !page.contains(SECRET), "{page}");
    assert!(page.contains("<option selected>cisco_ios</option>"), "what was chosen stays");
    for parts in [&both[..2], &[both[0], both[2], ("device", b"gw-2")][..]] {
        let answer = post(&app, body(parts)).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{parts:?}");
        assert!(answer.headers()[LOCATION].to_str().unwrap().starts_with("/devices/gw-"));
    }
    let devices = app.model();
    assert_eq!(devices.devices().ids().count(), 2);
}

#[tokio::test]
async fn what_is_too_large_or_cut_short_is_said_and_nothing_enters() {
    let app = house();
    let answer = post(&app, body(&[("file", &vec![b'x'; FORM_BYTES_MAX])])).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let mut cut = body(&[("file", b"hostname gw-1\n")]);
    cut.truncate(cut.len() - 12);
    assert_eq!(post(&app, cut).await.status(), StatusCode::BAD_REQUEST);
    let other = String::from_utf8(body(&[])).unwrap().replace("name=\"form\"\r\n\r\n", "name=\"form\"\r\n\r\nx");
    assert_eq!(post(&app, other.into_bytes()).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(app.model().devices().ids().count(), 0);
}
