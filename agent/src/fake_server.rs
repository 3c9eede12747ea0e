//! A server for tests: real TLS with an own CA on loopback, HTTP by hand, answers from a script. Not part of the agent.
//! It does not know the ledger; it notes what it was asked.
//! Invariant: what the agent sends here is what it would send to the real server, byte for byte.

use crate::submit::load_or_make_key;
use daicho_schemas::canonical::Hash;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::sign::agent_id;
use daicho_schemas::time::UtcMicros;
use daicho_schemas::wire::{Certificate, EnrollToken};
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// Whether a client certificate was shown.
    pub(crate) known: bool,
}

/// Status and body.
pub(crate) type Reply = (u16, String);
type Script = dyn FnMut(&Request) -> Reply + Send;

/// The server.
pub(crate) struct FakeServer {
    pub(crate) address: String,
    ca: CertifiedIssuer<'static, KeyPair>,
    requests: Arc<Mutex<Vec<Request>>>,
    port: u16,
    stop: Arc<AtomicBool>,
}

impl FakeServer {
    /// Starts on a free port with these answers.
    pub(crate) fn start(script: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".into()]).unwrap().signed_by(&key, &ca).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(ca.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .allow_unauthenticated()
            .build()
            .unwrap();
        let chain = vec![certificate.der().clone(), ca.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (requests, stop) = (Arc::<Mutex<Vec<Request>>>::default(), Arc::<AtomicBool>::default());
        let (noted, stopped, config) = (Arc::clone(&requests), Arc::clone(&stop), Arc::new(config));
        let mut script: Box<Script> = Box::new(script);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                // A client that turns away in the handshake is part of what is tested.
                let _ended = serve(stream, &config, &noted, &mut script);
            }
        });
        Self { address: format!("https://localhost:{port}"), ca, requests, port, stop }
    }

    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// A token that pins this server's CA.
    pub(crate) fn token(&self) -> EnrollToken {
        EnrollToken {
            ca_fingerprint: crate::submit::fingerprint_of_pem(&self.ca.pem()).unwrap(),
            token_id: daicho_schemas::ids::TokenId::new("t1").unwrap(),
            secret: "ab".repeat(32),
        }
    }

    /// A token for another server.
    pub(crate) fn foreign_token(&self) -> EnrollToken {
        EnrollToken { ca_fingerprint: Hash::of("another", &[]), ..self.token() }
    }

    /// The answer to an enrolment or renewal of the agent in this state folder.
    pub(crate) fn certificate_for(&self, state: &Path) -> Certificate {
        let key = load_or_make_key(state).unwrap();
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(
            &PrivatePkcs8KeyDer::from(key.to_pkcs8_der().unwrap().as_bytes()),
            &rcgen::PKCS_ED25519,
        );
        let certificate = CertificateParams::new(Vec::new()).unwrap().signed_by(&pair.unwrap(), &self.ca).unwrap();
        let expires_at: UtcMicros = "2099-01-01T00:00:00.000000Z".parse().unwrap();
        Certificate {
            agent_id: agent_id(&key.verifying_key().to_bytes()),
            certificate_pem: certificate.pem(),
            ca_pem: self.ca.pem(),
            expires_at,
        }
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the listener, so that its thread ends.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

/// A refusal as the real server words it.
pub(crate) fn refusal(status: u16, code: RefusalCode) -> Reply {
    (status, serde_json::json!({ "refusal": Refusal::new(code) }).to_string())
}

fn serve(
    stream: TcpStream,
    config: &Arc<ServerConfig>,
    noted: &Mutex<Vec<Request>>,
    script: &mut Box<Script>,
) -> std::io::Result<()> {
    let connection = ServerConnection::new(Arc::clone(config)).unwrap();
    let mut tls = StreamOwned::new(connection, stream);
    let mut bytes = Vec::new();
    let (head_end, length) = loop {
        let mut piece = [0; 4096];
        let read = tls.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&piece[..read]);
        if let Some(end) = memchr::memmem::find(&bytes, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            break (end, length.unwrap_or(0_usize));
        }
    };
    while bytes.len() < head_end + 4 + length {
        let mut piece = [0; 4096];
        let read = tls.read(&mut piece)?;
        bytes.extend_from_slice(&piece[..read]);
    }
    let head = String::from_utf8_lossy(&bytes[..head_end]).to_lowercase();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let known = tls.conn.peer_certificates().is_some_and(|chain: &[CertificateDer<'_>]| !chain.is_empty());
    let request = Request { path, head, body: bytes[head_end + 4..].to_vec(), known };
    noted.lock().unwrap().push(request.clone());
    let (status, body) = script(&request);
    let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    tls.write_all(answer.as_bytes())?;
    tls.conn.send_close_notify();
    tls.flush()
}
