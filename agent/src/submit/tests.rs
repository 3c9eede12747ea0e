//! What the agent makes of answers, and whom it believes.
//! It does not test batches' contents; the spool's tests do.
//! Invariant tested: a server without the pinned CA learns nothing, and no answer loses a batch.

use super::*;
use crate::fake_server::FakeServer;
use daicho_schemas::refusal::REFUSAL_CODES;
use daicho_schemas::sign::agent_id;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn try_enroll(server: &FakeServer, foreign: bool) -> Result<Answer<daicho_schemas::wire::Certificate>, ClientFault> {
    let folder = tempfile::tempdir().unwrap();
    let key = load_or_make_key(folder.path()).unwrap();
    let token = if foreign { server.foreign_token() } else { server.token() };
    let enrolment = Enrolment { server: &server.address, proxy: None, token: &token, hostname: "h".into() };
    block_on(enroll(&enrolment, &key, &agent_id(&key.verifying_key().to_bytes())))
}

/// The token is the only secret of an enrolment: it must not reach a server that cannot show the CA it names.
#[test]
fn the_token_goes_to_nobody_but_the_pinned_ca() {
    let server = FakeServer::start(|_| (200, "{}".into()));
    let fault = try_enroll(&server, true).unwrap_err();
    assert!(matches!(fault, ClientFault::Network(_)), "{fault:?}");
    assert!(server.requests().is_empty());
    assert!(matches!(try_enroll(&server, false).unwrap(), Answer::Unclear { .. }));
    assert!(String::from_utf8(server.requests()[0].body.clone()).unwrap().contains("BEGIN CERTIFICATE REQUEST"));
}

#[test]
fn a_certificate_for_another_agent_is_not_taken() {
    let other = tempfile::tempdir().unwrap();
    let shared = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let answer = std::sync::Arc::clone(&shared);
    let server = FakeServer::start(move |_| (200, answer.lock().unwrap().clone()));
    *shared.lock().unwrap() = serde_json::to_string(&server.certificate_for(other.path())).unwrap();
    assert!(matches!(try_enroll(&server, false), Err(ClientFault::Enrolment(_))));
}

#[test]
fn addresses_are_https_and_nothing_else() {
    for good in
        ["https://server.example", "https://server.example:8443/", "https://192.0.2.1:1", "https://[2001:db8::1]:8443"]
    {
        assert!(server_address(good).is_ok(), "{good}");
    }
    for bad in [
        "http://server.example",
        "server.example:8443",
        "https://",
        "https://h/path",
        "https://u:p@h",
        "https://h?q",
        "",
    ] {
        assert!(server_address(bad).is_err(), "{bad}");
    }
}

#[test]
fn answers_are_told_apart() {
    let read = |status, body: &str| understand::<u64>(status, None, body.as_bytes());
    assert_eq!(read(200, "7"), Answer::Yes(7));
    let refusal = Refusal::new(Code::Overloaded).with("detail");
    let body = serde_json::json!({ "refusal": refusal }).to_string();
    assert_eq!(read(503, &body), Answer::Refused { refusal: Box::new(refusal), asked: None });
    // A proxy's page, a code of a later release, a success that is none: never taken for an acknowledgement or a loss.
    for (status, body) in
        [(200, "<html>"), (502, "<html>"), (400, r#"{"refusal":{"code":"of_tomorrow"}}"#), (302, ""), (200, "")]
    {
        assert!(matches!(read(status, body), Answer::Unclear { .. }), "{status} {body}");
    }
}

/// Only what the remedy says: a batch leaves the spool, or sending stops, for these codes and no others.
#[test]
fn every_refusal_has_the_consequence_of_its_remedy() {
    let of = |wanted| {
        let codes = REFUSAL_CODES.iter().filter(|code| consequence(**code) == wanted);
        codes.map(|code| code.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(
        of(Consequence::Recollect),
        [
            "batch_malformed",
            "batch_too_large",
            "batch_signature_wrong",
            "batch_number_reused",
            "batch_out_of_order",
            "full_report_needed",
            "report_inconsistent",
        ]
    );
    assert_eq!(of(Consequence::WaitForClock), ["batch_from_the_future"]);
    assert_eq!(of(Consequence::StopSending), ["batch_for_other_agent", "agent_unknown", "agent_revoked"]);
}
