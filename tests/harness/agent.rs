//! An agent that a test plays: it enrols, signs and sends like the real one, and can also do all of it wrong.
//! It does not collect anything; `hosts` makes up what it says.
//! Invariant: what it sends is what the test built, byte for byte.

use crate::server::{Api, PATIENCE};
use daicho_schemas::batch::{BATCH_FORMAT, Batch, Body, CollectorReport, ItemKey, Outcome, item_hash, state_digest};
use daicho_schemas::canonical::{Hash, canonical_bytes};
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::ids::{AgentId, CollectorId};
use daicho_schemas::sign::{self, SignedBatch};
use daicho_schemas::time::UtcMicros;
use daicho_schemas::wire;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An agent's key and what belongs to it.
pub struct FakeAgent {
    /// The key.
    pub key: SigningKey,
    /// The id that follows from it.
    pub agent_id: AgentId,
    /// The certificate in PEM, with the key behind it.
    pub identity_pem: String,
    /// The state that was acknowledged, per collector.
    pub states: BTreeMap<CollectorId, BTreeMap<ItemKey, Hash>>,
    url: String,
    http: reqwest::Client,
}

/// A key from fresh randomness.
pub fn new_key() -> SigningKey {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).unwrap();
    SigningKey::from_bytes(&seed)
}

/// The key as rcgen knows it.
pub fn key_pair(key: &SigningKey) -> rcgen::KeyPair {
    let der = key.to_pkcs8_der().unwrap();
    let der = rustls::pki_types::PrivatePkcs8KeyDer::from(der.as_bytes().to_vec());
    rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&der, &rcgen::PKCS_ED25519).unwrap()
}

/// A certificate request for a key.
pub fn csr(key: &SigningKey) -> String {
    rcgen::CertificateParams::default().serialize_request(&key_pair(key)).unwrap().pem().unwrap()
}

/// A new enrolment token.
pub async fn token(api: &Api) -> String {
    let (status, answer) = api.post("/tokens", json!({})).await;
    assert_eq!(status, 201, "{answer}");
    answer["token"].as_str().unwrap().to_string()
}

fn client(api: &Api, identity: Option<&str>) -> reqwest::Client {
    let pem = std::fs::read(&api.connect.ca).unwrap();
    let mut builder = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
        .no_proxy()
        .timeout(PATIENCE);
    if let Some(identity) = identity {
        builder = builder.identity(reqwest::Identity::from_pem(identity.as_bytes()).unwrap());
    }
    builder.build().unwrap()
}

/// Asks to enrol with a token and a key: status and answer.
pub async fn enrol_with(api: &Api, token: &str, key: &SigningKey) -> (u16, Value) {
    let body = json!({ "token": token, "csr_pem": csr(key), "hostname": "test-host" });
    let request = client(api, None).post(format!("{}{}", api.connect.url, wire::PATH_ENROLL));
    let response = request.body(body.to_string()).send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null))
}

/// Asks for the next certificate of a key, without showing any: status and answer.
pub async fn renew_with(api: &Api, key: &SigningKey) -> (u16, Value) {
    let body = json!({ "csr_pem": csr(key) });
    let request = client(api, None).post(format!("{}{}", api.connect.url, wire::PATH_RENEW));
    let response = request.body(body.to_string()).send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null))
}

/// A report in full, with its digest.
pub fn full_report(collector: &str, outcome: Outcome, items: Vec<Observation>) -> CollectorReport {
    let collector = CollectorId::new(collector).unwrap();
    let state: BTreeMap<_, _> = items.iter().map(|item| (item.key(), item_hash(item).unwrap())).collect();
    let digest = state_digest(&collector, &state);
    CollectorReport {
        collector,
        outcome,
        sources: Vec::new(),
        troubles: Vec::new(),
        body: Body::Full { items },
        digest,
    }
}

/// A difference, with its digests: `known` is the state before, and becomes the state after.
pub fn delta_report(
    collector: &str,
    known: &mut BTreeMap<ItemKey, Hash>,
    put: Vec<Observation>,
    gone: Vec<ItemKey>,
) -> CollectorReport {
    let collector = CollectorId::new(collector).unwrap();
    let base = state_digest(&collector, known);
    for item in &put {
        known.insert(item.key(), item_hash(item).unwrap());
    }
    for key in &gone {
        known.remove(key);
    }
    let digest = state_digest(&collector, known);
    let outcome = Outcome::Complete;
    let body = Body::Delta { base, put, gone };
    CollectorReport { collector, outcome, sources: Vec::new(), troubles: Vec::new(), body, digest }
}

/// A batch of an agent, dated now.
pub fn batch(agent_id: &AgentId, number: u64, at: UtcMicros, reports: Vec<CollectorReport>) -> Batch {
    Batch {
        format: BATCH_FORMAT.into(),
        agent_id: agent_id.clone(),
        number,
        started_at: at,
        finished_at: at,
        reports,
        lost: None,
    }
}

/// Signs a batch.
pub fn signed(batch: &Batch, key: &SigningKey) -> SignedBatch {
    let text = String::from_utf8(canonical_bytes(batch).unwrap()).unwrap();
    SignedBatch::sign(serde_json::value::RawValue::from_string(text).unwrap(), key)
}

/// A signed batch as it goes over the wire.
pub fn packed(signed: &SignedBatch) -> Vec<u8> {
    zstd::encode_all(serde_json::to_vec(signed).unwrap().as_slice(), 3).unwrap()
}

impl FakeAgent {
    /// Enrols a new agent.
    pub async fn enrol(api: &Api) -> Self {
        let key = new_key();
        let (status, answer) = enrol_with(api, &token(api).await, &key).await;
        assert_eq!(status, 200, "{answer}");
        let identity_pem = format!("{}{}", answer["certificate_pem"].as_str().unwrap(), key_pair(&key).serialize_pem());
        Self {
            agent_id: sign::agent_id(&key.verifying_key().to_bytes()),
            http: client(api, Some(&identity_pem)),
            url: api.connect.url.clone(),
            states: BTreeMap::new(),
            identity_pem,
            key,
        }
    }

    /// Makes a new connection, as after a restart of the server.
    pub fn reconnect(&mut self, api: &Api) {
        self.http = client(api, Some(&self.identity_pem));
        self.url = api.connect.url.clone();
    }

    /// Speaks to another instance from here on, over the connection that stands there if there is one.
    pub fn turn_to(&mut self, api: &Api) {
        self.url.clone_from(&api.connect.url);
    }

    /// A batch of this agent, signed and packed.
    pub fn pack(&self, number: u64, at: UtcMicros, reports: Vec<CollectorReport>) -> Vec<u8> {
        packed(&signed(&batch(&self.agent_id, number, at, reports), &self.key))
    }

    /// Sends bytes to a path: status and answer, or nothing when the connection broke.
    pub async fn try_send(&self, path: &str, body: Vec<u8>) -> Option<(u16, Value)> {
        let response = self.http.post(format!("{}{path}", self.url)).body(body).send().await.ok()?;
        let status = response.status().as_u16();
        let body = response.bytes().await.ok()?;
        Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }

    /// Sends bytes to a path; the server must answer: status, `Retry-After` in seconds, answer.
    pub async fn answered(&self, path: &str, body: Vec<u8>) -> (u16, Option<u64>, Value) {
        let response =
            self.http.post(format!("{}{path}", self.url)).body(body).send().await.expect("the server answers");
        let status = response.status().as_u16();
        let retry_after = response.headers().get(reqwest::header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        let body = response.bytes().await.unwrap();
        (status, retry_after, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// Sends a packed batch; the server must answer.
    pub async fn send(&self, body: Vec<u8>) -> (u16, Value) {
        self.try_send(wire::PATH_BATCHES, body).await.expect("the server answers")
    }

    /// Sends a packed batch that must be accepted.
    pub async fn send_well(&self, body: Vec<u8>) -> Value {
        let (status, answer) = self.send(body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }
}
