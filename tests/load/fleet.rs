//! A seeded fleet: agents with keys, certificates, numbers and states, many in one process.
//! It does not measure and does not decide what is sent when; `scenarios` do.
//! Invariant: a fleet of the same seed is the same fleet, so a server that knows it already gives it new certificates.

use crate::images::{Image, Item, delta, full, interface};
use crate::line::Place;
use crate::target::Target;
use anyhow::{Context as _, bail};
use daicho_schemas::batch::{Batch, CollectorReport, ItemKey, Items, state_digest};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::observation::{InterfaceKind, Observation};
use daicho_schemas::ids::{AgentId, CollectorId};
use daicho_schemas::sign::{self, SignedBatch};
use daicho_schemas::time::UtcMicros;
use daicho_schemas::wire::{self, CheckIn, check_in_digest};
use ed25519_dalek::SigningKey;
use harness::agent::{batch, csr, key_pair};
use harness::dice::Dice;
use hyper::body::Bytes;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// zstd's level of the real agent (`agent/src/spool/batch_file.rs`).
const AGENT_ZSTD_LEVEL: i32 = 9;

/// What a fleet is made of.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The seed.
    pub(crate) seed: u64,
    /// How many hosts.
    pub(crate) hosts: u64,
    /// The kinds of hosts.
    pub(crate) images: Vec<Arc<Image>>,
    /// Whether agents offer HTTP/2.
    pub(crate) http2: bool,
}

/// What both sides know of an agent's host.
#[derive(Clone, Debug, Default)]
struct Known {
    number: u64,
    /// What differs from the image, per collector; nothing where an item is gone.
    differs: BTreeMap<CollectorId, BTreeMap<ItemKey, Option<Hash>>>,
    reported: bool,
}

/// One agent.
pub(crate) struct Agent {
    /// Its place in the fleet.
    pub(crate) index: u64,
    /// Its key.
    pub(crate) key: SigningKey,
    /// The id that follows from it.
    pub(crate) agent_id: AgentId,
    /// How it connects; remembers its TLS tickets.
    pub(crate) tls: Arc<ClientConfig>,
    image: Arc<Image>,
    known: Mutex<Known>,
}

/// The whole fleet.
pub(crate) struct Fleet {
    /// Every agent.
    pub(crate) agents: Vec<Arc<Agent>>,
    /// Where the server is.
    pub(crate) place: Place,
}

impl Agent {
    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn part(&self, collector: &str) -> anyhow::Result<&crate::images::Part> {
        let part = self.image.parts.iter().find(|part| part.collector.as_str() == collector);
        part.with_context(|| format!("the image has no {collector}"))
    }

    /// The next batch: everything there is on the host.
    pub(crate) fn full_report(&self, at: UtcMicros) -> anyhow::Result<Vec<u8>> {
        let differences = self.image.differences(self.index)?;
        let mut known = self.known();
        known.reported = true;
        let mut reports = Vec::new();
        for (part, differences) in self.image.parts.iter().zip(differences) {
            let differs: BTreeMap<&str, &Item> = differences.iter().map(|item| (item.key.as_str(), item)).collect();
            let items = part
                .items
                .iter()
                .map(|item| differs.get(item.key.as_str()).map_or(&item.seen, |item| &item.seen).clone());
            let items = items.collect();
            let changed = differences.iter().map(|item| (item.key.clone(), Some(item.hash))).collect();
            known.differs.insert(part.collector.clone(), changed);
            reports.push(full(&part.collector, items, &state(part, &known)));
        }
        self.pack(&mut known, at, reports)
    }

    /// The next batch: one package of another version.
    pub(crate) fn upgrade(&self, at: UtcMicros, dice: &mut Dice) -> anyhow::Result<Vec<u8>> {
        let part = self.part("dpkg")?;
        let picked = usize::try_from(dice.below(part.items.len() as u64))?;
        let mut seen = part.items.get(picked).context("no package")?.seen.clone();
        if let Observation::Package(package) = &mut seen {
            // A fleet's hosts upgrade to the same few versions.
            package.version = format!("{}+u{}", package.version, dice.below(50));
        }
        self.change(part, at, Some(Item::new(seen)?), None)
    }

    /// The next batch: a new way in from outside, which nobody declared.
    pub(crate) fn tunnel(&self, at: UtcMicros, name: &str) -> anyhow::Result<Vec<u8>> {
        let part = self.part("network_interfaces")?;
        self.change(part, at, Some(Item::new(interface(name, InterfaceKind::Wireguard, self.index))?), None)
    }

    fn change(
        &self,
        part: &crate::images::Part,
        at: UtcMicros,
        put: Option<Item>,
        gone: Option<ItemKey>,
    ) -> anyhow::Result<Vec<u8>> {
        let mut known = self.known();
        let before = state(part, &known);
        let differs = known.differs.entry(part.collector.clone()).or_default();
        differs.extend(put.iter().map(|item| (item.key.clone(), Some(item.hash))));
        differs.extend(gone.iter().map(|key| (key.clone(), None)));
        let after = state(part, &known);
        let put = put.into_iter().map(|item| item.seen).collect();
        let report = delta(&part.collector, &before, put, gone.into_iter().collect(), &after);
        self.pack(&mut known, at, vec![report])
    }

    fn pack(&self, known: &mut Known, at: UtcMicros, reports: Vec<CollectorReport>) -> anyhow::Result<Vec<u8>> {
        known.number += 1;
        pack(&batch(&self.agent_id, known.number, at, reports), &self.key, AGENT_ZSTD_LEVEL)
    }

    /// What the agent says when nothing changed.
    pub(crate) fn check_in(&self) -> anyhow::Result<Bytes> {
        let known = self.known();
        let digests: Vec<(CollectorId, Hash)> = if known.reported {
            self.image
                .parts
                .iter()
                .map(|part| (part.collector.clone(), state_digest(&part.collector, &state(part, &known))))
                .collect()
        } else {
            Vec::new()
        };
        let digest = check_in_digest(digests.iter().map(|(collector, digest)| (collector, digest)));
        Ok(serde_json::to_vec(&CheckIn { number: known.number, digest })?.into())
    }
}

fn state(part: &crate::images::Part, known: &Known) -> Items {
    let mut items = (*part.state).clone();
    for (key, hash) in known.differs.get(&part.collector).into_iter().flatten() {
        match hash {
            Some(hash) => items.insert(key.clone(), *hash),
            None => items.remove(key),
        };
    }
    items
}

/// Signs and packs as the real agent does.
pub(crate) fn pack(batch: &Batch, key: &SigningKey, level: i32) -> anyhow::Result<Vec<u8>> {
    let raw = serde_json::value::RawValue::from_string(serde_json::to_string(batch)?)?;
    Ok(zstd::encode_all(serde_json::to_vec(&SignedBatch::sign(raw, key))?.as_slice(), level)?)
}

/// The key of an agent of a fleet.
fn key(seed: u64, index: u64) -> SigningKey {
    SigningKey::from_bytes(&Hash::of("daicho.load.key", &[&seed.to_be_bytes(), &index.to_be_bytes()]).0)
}

/// What all of a fleet's TLS configurations share.
struct Trust {
    verifier: Arc<WebPkiServerVerifier>,
    alpn: Vec<Vec<u8>>,
}

impl Trust {
    fn new(ca_pem: &str, http2: bool) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes())?)?;
        let verifier = WebPkiServerVerifier::builder(Arc::new(roots)).build()?;
        let alpn = if http2 { vec![b"h2".to_vec(), b"http/1.1".to_vec()] } else { vec![b"http/1.1".to_vec()] };
        Ok(Self { verifier, alpn })
    }

    fn mutual(&self, certificate_pem: &str, key: &SigningKey) -> anyhow::Result<Arc<ClientConfig>> {
        let chain = vec![CertificateDer::from_pem_slice(certificate_pem.as_bytes())?];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key_pair(key).serialize_der()));
        let config = ClientConfig::builder().with_webpki_verifier(Arc::clone(&self.verifier));
        let mut config = config.with_client_auth_cert(chain, key)?;
        config.alpn_protocols.clone_from(&self.alpn);
        config.resumption = Resumption::in_memory_sessions(2);
        Ok(Arc::new(config))
    }
}

impl Fleet {
    /// Enrols every agent with a token of its own, or renews the certificates of those that the server knows.
    pub(crate) async fn enrol(target: &Target, plan: &Plan, place: Place, at_once: usize) -> anyhow::Result<Self> {
        let ca_pem = std::fs::read_to_string(&target.api.connect.ca)?;
        let trust = Arc::new(Trust::new(&ca_pem, plan.http2)?);
        let http = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(ca_pem.as_bytes())?])
            .no_proxy()
            .timeout(std::time::Duration::from_secs(120))
            .build()?;
        let images = Arc::new(plan.images.clone());
        let (seed, api) = (plan.seed, target.api.clone());
        let agents = crate::drive::each(plan.hosts, at_once, move |index| {
            let (http, trust, images, api) = (http.clone(), Arc::clone(&trust), Arc::clone(&images), api.clone());
            async move { enrol_one(&http, &api, &trust, &images, seed, index).await }
        })
        .await;
        let agents = agents.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Self { agents, place })
    }
}

async fn enrol_one(
    http: &reqwest::Client,
    api: &harness::server::Api,
    trust: &Trust,
    images: &[Arc<Image>],
    seed: u64,
    index: u64,
) -> anyhow::Result<Arc<Agent>> {
    let key = key(seed, index);
    let csr = csr(&key);
    let ask = async |path: &str, body: Value| -> anyhow::Result<(u16, Value)> {
        for _try in 0..100 {
            let answer = http
                .post(format!("{}{path}", api.connect.url))
                .bearer_auth(&api.connect.token)
                .body(body.to_string())
                .send()
                .await?;
            let status = answer.status().as_u16();
            let body = answer.bytes().await?;
            if status != 503 {
                return Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)));
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        bail!("{path}: always busy")
    };
    let (mut status, mut answer) = ask(wire::PATH_RENEW, json!({ "csr_pem": csr })).await?;
    if status != 200 {
        let (_, token) = ask("/api/v1/tokens", json!({})).await?;
        let token =
            token.get("token").and_then(Value::as_str).with_context(|| format!("no token: {token}"))?.to_string();
        let enrolment = json!({ "token": token, "csr_pem": csr, "hostname": format!("host-{index:06}") });
        (status, answer) = ask(wire::PATH_ENROLL, enrolment).await?;
    }
    let certificate = answer.get("certificate_pem").and_then(Value::as_str);
    let certificate = certificate.with_context(|| format!("enrolment: HTTP {status}: {answer}"))?;
    let image = images.get(usize::try_from(index)? % images.len().max(1)).context("no images")?;
    Ok(Arc::new(Agent {
        index,
        agent_id: sign::agent_id(&key.verifying_key().to_bytes()),
        tls: trust.mutual(certificate, &key)?,
        key,
        image: Arc::clone(image),
        known: Mutex::default(),
    }))
}

impl Agent {
    /// Takes over the number that the server has, as after a lost spool.
    pub(crate) fn agree(&self, number: u64) {
        let mut known = self.known();
        known.number = known.number.max(number);
    }
}
