//! HTTP to the server: one function per thing that can be said to it.
//! It does not retry, and it does not decide what an answer means for the spool.
//! Invariant: only the pinned CA is believed, no redirect is followed, no proxy is used unasked, and answers have a limit.

use super::identity::{Identity, certificate_request};
use super::tls::{self, TlsFault};
use super::{Answer, IdentityFault, understand};
use daicho_schemas::ids::AgentId;
use daicho_schemas::wire::{
    BatchAnswer, Certificate, CheckIn, CheckInAnswer, EnrollRequest, EnrollToken, PATH_BATCHES, PATH_CHECK_IN,
    PATH_ENROLL, PATH_RENEW, RenewRequest,
};
use ed25519_dalek::SigningKey;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Proxy, Response, Url, redirect};
use rustls::ClientConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// An answer; real ones have a few kB.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
const CONNECT_SECONDS_MAX: u64 = 15;
/// Without a byte for so long, the other side is gone.
const SILENCE_SECONDS_MAX: u64 = 60;
/// The largest batch over a slow line.
const REQUEST_SECONDS_MAX: u64 = 600;
/// A connection is closed soon after its last use: the next one is a quarter of an hour away.
const IDLE_SECONDS_MAX: u64 = 5;

/// Nothing, or nothing sensible, came back.
#[derive(Debug, thiserror::Error)]
pub enum ClientFault {
    /// The address is not `https://HOST[:PORT]`.
    #[error("'{0}' is not a server address such as https://daicho.example:8443")]
    Address(String),
    /// TLS could not be set up.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// The key or its request could not be used.
    #[error(transparent)]
    Identity(#[from] IdentityFault),
    /// The network, the proxy or the TLS handshake.
    #[error("the server could not be reached")]
    Network(#[from] reqwest::Error),
    /// The server gave a certificate for somebody else, or of another CA.
    #[error("the server's answer to the enrolment does not fit: {0}")]
    Enrolment(&'static str),
    /// A question could not be written as JSON.
    #[error("the request has no JSON form")]
    Json(#[from] serde_json::Error),
}

/// A way to the server as an enrolled agent.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    /// Shows no certificate: ours may have run out.
    bare: reqwest::Client,
    base: Url,
}

impl Client {
    /// With the identity's certificate.
    pub fn new(identity: &Identity, key: &SigningKey) -> Result<Self, ClientFault> {
        let base = server_address(&identity.server)?;
        let ca = tls::fingerprint_of_pem(&identity.ca_pem)?;
        let proxy = identity.proxy.as_deref();
        Ok(Self { http: http(tls::mutual(identity, key)?, proxy)?, bare: http(tls::pinned(ca)?, proxy)?, base })
    }

    /// Hands a spooled batch over: the bytes of its file.
    pub async fn send_batch(&self, bytes: Vec<u8>) -> Result<Answer<BatchAnswer>, ClientFault> {
        let request = self.http.post(join(&self.base, PATH_BATCHES)).header(CONTENT_TYPE, "application/json");
        answer(request.header(CONTENT_ENCODING, "zstd").body(bytes).send().await?).await
    }

    /// Says that this agent is alive and which state it believes the server has.
    pub async fn check_in(&self, check_in: &CheckIn) -> Result<Answer<CheckInAnswer>, ClientFault> {
        post(&self.http, join(&self.base, PATH_CHECK_IN), check_in).await
    }

    /// Asks for the next certificate of the same key.
    pub async fn renew(&self, key: &SigningKey, agent: &AgentId) -> Result<Answer<Certificate>, ClientFault> {
        let request = RenewRequest { csr_pem: certificate_request(key, agent)? };
        post(&self.bare, join(&self.base, PATH_RENEW), &request).await
    }
}

/// What an enrolment needs.
#[derive(Debug)]
pub struct Enrolment<'a> {
    /// The server's address.
    pub server: &'a str,
    /// The proxy to reach it by.
    pub proxy: Option<&'a str>,
    /// The one-time token.
    pub token: &'a EnrollToken,
    /// The host's name, as evidence only.
    pub hostname: String,
}

impl Enrolment<'_> {
    /// A way to the server that believes only the CA that the token names, and shows no certificate.
    fn client(&self) -> Result<(reqwest::Client, Url), ClientFault> {
        let base = server_address(self.server)?;
        Ok((http(tls::pinned(self.token.ca_fingerprint)?, self.proxy)?, base))
    }

    /// Lets a certificate pass only when it is for this agent and of the CA that the token names.
    fn fitting(&self, answer: Answer<Certificate>, agent: &AgentId) -> Result<Answer<Certificate>, ClientFault> {
        if let Answer::Yes(certificate) = &answer {
            if certificate.agent_id != *agent {
                return Err(ClientFault::Enrolment("the certificate is for another agent"));
            }
            if tls::fingerprint_of_pem(&certificate.ca_pem)? != self.token.ca_fingerprint {
                return Err(ClientFault::Enrolment("the CA is not the one that the token names"));
            }
        }
        Ok(answer)
    }
}

/// Joins a server. Nothing secret is sent before the server has shown the CA that the token names.
pub async fn enroll(
    enrolment: &Enrolment<'_>,
    key: &SigningKey,
    agent: &AgentId,
) -> Result<Answer<Certificate>, ClientFault> {
    let (http, base) = enrolment.client()?;
    let request = EnrollRequest {
        token: enrolment.token.to_text(),
        csr_pem: certificate_request(key, agent)?,
        hostname: enrolment.hostname.clone(),
    };
    enrolment.fitting(post(&http, join(&base, PATH_ENROLL), &request).await?, agent)
}

/// Asks for a certificate of a key that the server may have enrolled already. The request proves the key; the token is only
/// used to know the server by.
pub async fn certificate_again(
    enrolment: &Enrolment<'_>,
    key: &SigningKey,
    agent: &AgentId,
) -> Result<Answer<Certificate>, ClientFault> {
    let (http, base) = enrolment.client()?;
    let request = RenewRequest { csr_pem: certificate_request(key, agent)? };
    enrolment.fitting(post(&http, join(&base, PATH_RENEW), &request).await?, agent)
}

/// Checks an address: https, a host, nothing behind it.
pub fn server_address(text: &str) -> Result<Url, ClientFault> {
    let refused = || ClientFault::Address(text.chars().take(200).collect());
    let url = Url::parse(text).map_err(|_| refused())?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if url.scheme() == "https" && url.host_str().is_some() && bare && url.password().is_none() {
        Ok(url)
    } else {
        Err(refused())
    }
}

fn join(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(path);
    url
}

fn http(tls: ClientConfig, proxy: Option<&str>) -> Result<reqwest::Client, ClientFault> {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(CONNECT_SECONDS_MAX))
        .read_timeout(Duration::from_secs(SILENCE_SECONDS_MAX))
        .timeout(Duration::from_secs(REQUEST_SECONDS_MAX))
        .pool_idle_timeout(Duration::from_secs(IDLE_SECONDS_MAX))
        .user_agent(concat!("daicho-agent/", env!("CARGO_PKG_VERSION")));
    if let Some(proxy) = proxy {
        builder = builder.proxy(Proxy::all(proxy)?);
    }
    Ok(builder.build()?)
}

async fn post<Q: Serialize, A: DeserializeOwned>(
    http: &reqwest::Client,
    url: Url,
    question: &Q,
) -> Result<Answer<A>, ClientFault> {
    let body = serde_json::to_vec(question)?;
    answer(http.post(url).header(CONTENT_TYPE, "application/json").body(body).send().await?).await
}

async fn answer<A: DeserializeOwned>(mut response: Response) -> Result<Answer<A>, ClientFault> {
    let status = response.status().as_u16();
    let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let asked = header.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Ok(Answer::Unclear { why: format!("HTTP {status} with an answer over the limit"), asked });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(understand(status, asked, &body))
}
