//! Joining when the server's first answer was lost on its way: the certificate is fetched by the key that is enrolled.
//! It does not know the real server; the answers are scripted.
//! Invariant tested: a lost answer costs nothing, and any other refusal stands as the server worded it.

use super::*;
use crate::clock::system_clock;
use crate::fake_server::{FakeServer, Reply, refusal};
use daicho_schemas::wire::{PATH_ENROLL, PATH_RENEW};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// A state folder, and a server that answers enrolments and renewals as it was last told.
struct Scene {
    folder: tempfile::TempDir,
    server: FakeServer,
    enrolment: Arc<Mutex<Reply>>,
    renewal: Arc<Mutex<Reply>>,
}

impl Scene {
    fn new() -> Self {
        let (enrolment, renewal) = (Arc::<Mutex<Reply>>::default(), Arc::<Mutex<Reply>>::default());
        let (on_enroll, on_renew) = (Arc::clone(&enrolment), Arc::clone(&renewal));
        let server = FakeServer::start(move |request| match request.path.as_str() {
            PATH_ENROLL => on_enroll.lock().unwrap().clone(),
            PATH_RENEW => on_renew.lock().unwrap().clone(),
            _ => (404, String::new()),
        });
        Self { folder: tempfile::tempdir().unwrap(), server, enrolment, renewal }
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn will_answer(&self, enrolment: Reply, renewal: Reply) {
        *self.enrolment.lock().unwrap() = enrolment;
        *self.renewal.lock().unwrap() = renewal;
    }

    fn certificate(&self) -> Reply {
        (200, serde_json::to_string(&self.server.certificate_for(&self.state())).unwrap())
    }

    fn join(&self) -> Result<AgentId, EnrollFault> {
        let (state, token) = (self.state(), self.server.token());
        let joining = join(&state, &self.server.address, None, &token, system_clock);
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(joining)
    }

    fn asked(&self) -> Vec<String> {
        self.server.requests().into_iter().map(|request| request.path).collect()
    }
}

#[test]
fn a_lost_answer_is_fetched_again_by_the_same_key() {
    for code in [RefusalCode::AgentAlreadyEnrolled, RefusalCode::TokenUsed] {
        let scene = Scene::new();
        scene.will_answer(refusal(409, code), scene.certificate());
        let agent = scene.join().unwrap();
        let identity = Identity::load(&scene.state()).unwrap();
        let key = load_or_make_key(&scene.state()).unwrap();
        assert_eq!((&agent, &identity.agent_id), (&agent_id(&key.verifying_key().to_bytes()), &agent));
        assert_eq!((identity.server.as_str(), identity.proxy), (scene.server.address.as_str(), None));
        assert_eq!(scene.asked(), [PATH_ENROLL, PATH_RENEW]);
        let renewal = &scene.server.requests()[1];
        assert!(!renewal.known, "there is no certificate to show");
        let body = String::from_utf8(renewal.body.clone()).unwrap();
        assert!(!body.contains(&scene.server.token().secret), "the key proves itself; the token is not told again");
    }
}

/// Whatever the server says to the second question, the first refusal names the real obstacle and its remedy.
#[test]
fn when_that_is_refused_too_the_first_refusal_is_told() {
    for second in [RefusalCode::AgentUnknown, RefusalCode::AgentRevoked] {
        let scene = Scene::new();
        scene.will_answer(refusal(403, RefusalCode::TokenUsed), refusal(403, second));
        let fault = scene.join().unwrap_err();
        assert!(matches!(&fault, EnrollFault::Refused(told) if told.code == RefusalCode::TokenUsed), "{fault:?}");
        assert!(matches!(Identity::load(&scene.state()), Err(IdentityFault::NotEnrolled)));
    }
}

/// An answer that nobody understands is no refusal: the remedy of the first one would mislead, trying again will not.
#[test]
fn an_unclear_second_answer_is_told_as_such() {
    let scene = Scene::new();
    scene.will_answer(refusal(409, RefusalCode::AgentAlreadyEnrolled), (502, "<html>".into()));
    assert!(matches!(scene.join(), Err(EnrollFault::Unclear(_))));
}

#[test]
fn other_refusals_are_not_asked_about_again() {
    for code in [RefusalCode::TokenUnknown, RefusalCode::TokenExpired, RefusalCode::AgentRevoked] {
        let scene = Scene::new();
        scene.will_answer(refusal(403, code), scene.certificate());
        assert!(matches!(scene.join(), Err(EnrollFault::Refused(told)) if told.code == code));
        assert_eq!(scene.asked(), [PATH_ENROLL], "{code:?}");
    }
}

/// A state folder that has its certificate was answered; enrolling a copy of it must not pass as a host of its own.
#[test]
fn a_copied_state_folder_is_refused_as_the_server_says() {
    let scene = Scene::new();
    scene.will_answer(scene.certificate(), (404, String::new()));
    scene.join().unwrap();
    scene.will_answer(refusal(409, RefusalCode::AgentAlreadyEnrolled), scene.certificate());
    let fault = scene.join().unwrap_err();
    assert!(
        matches!(&fault, EnrollFault::Refused(told) if told.code == RefusalCode::AgentAlreadyEnrolled),
        "{fault:?}"
    );
    assert_eq!(scene.asked(), [PATH_ENROLL, PATH_ENROLL]);
}

#[test]
fn a_certificate_for_another_agent_is_not_taken_by_this_way_either() {
    let (scene, other) = (Scene::new(), tempfile::tempdir().unwrap());
    let foreign = serde_json::to_string(&scene.server.certificate_for(other.path())).unwrap();
    scene.will_answer(refusal(409, RefusalCode::AgentAlreadyEnrolled), (200, foreign));
    assert!(matches!(scene.join(), Err(EnrollFault::Client(ClientFault::Enrolment(_)))));
    assert!(matches!(Identity::load(&scene.state()), Err(IdentityFault::NotEnrolled)));
}
