//! Strangers at the door: enrolment, renewal, check-in; certificate requests as they come, and with a signature that fits.
//! It does not know TLS. Invariant: a certificate carries the id of the key that signed the request, and nothing that was
//! asked for besides.

use super::scribe::{Scribe, TOKENS, agent, check_refusal, key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use daicho::authority::{AGENT_CERTIFICATE_SECONDS, AgentSigningError, Authority};
use daicho::intake::keeper::Receipt;
use daicho::intake::submission::Submission;
use daicho::ledger::entry::Author;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::AgentEnrolled;
use daicho_schemas::ids::TokenId;
use daicho_schemas::wire::{CheckIn, EnrollRequest, EnrollToken, RenewRequest};
use ed25519_dalek::Signer as _;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use std::sync::OnceLock;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The key that asks.
const ASKS: u8 = 77;

fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(|| {
        // The provider of this process; it fails only when it is there already.
        let _first = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        Authority::open(folder.path(), Scribe::new().now).unwrap()
    })
}

/// By the first byte: a request's JSON; a certificate request's text; its DER; the part of it that is signed, which is
/// signed here.
pub(super) fn enrolment(bytes: &[u8]) {
    let Some((mode, rest)) = bytes.split_first() else { return };
    match mode % 4 {
        0 => json(rest),
        1 => sign(&String::from_utf8_lossy(rest)),
        2 => sign(&pem(rest)),
        _ => sign(&pem(&signed(rest))),
    }
}

fn json(bytes: &[u8]) {
    if let Ok(request) = serde_json::from_slice::<EnrollRequest>(bytes) {
        if let Ok(token) = EnrollToken::parse(&request.token) {
            assert_eq!(EnrollToken::parse(&token.to_text()).unwrap(), token);
        }
        sign(&request.csr_pem);
    }
    if let Ok(request) = serde_json::from_slice::<RenewRequest>(bytes) {
        sign(&request.csr_pem);
    }
    if let Ok(check_in) = serde_json::from_slice::<CheckIn>(bytes) {
        assert_eq!(serde_json::from_slice::<CheckIn>(&serde_json::to_vec(&check_in).unwrap()).unwrap(), check_in);
    }
}

fn sign(csr_pem: &str) {
    let mut scribe = Scribe::new();
    let (key, agent_id) = match Authority::requested_agent(csr_pem) {
        Ok(asked) => asked,
        Err(refusal) => {
            check_refusal(&refusal);
            let signed = authority().sign_agent(csr_pem, scribe.now);
            assert!(matches!(signed, Err(AgentSigningError::Refusal(_))), "signed what was refused");
            return;
        }
    };
    let certificate = match authority().sign_agent(csr_pem, scribe.now) {
        Ok(certificate) => certificate,
        Err(AgentSigningError::Refusal(refusal)) => return check_refusal(&refusal),
        Err(AgentSigningError::Fault(fault)) => panic!("a request made us fail: {fault}"),
    };
    assert_eq!(certificate.agent_id, agent_id);
    check_certificate(&certificate.certificate_pem, &key, agent_id.as_str());
    let enrolled = AgentEnrolled {
        agent_id: agent_id.clone(),
        public_key: BASE64.encode(key),
        token_id: TokenId::new(TOKENS[0]).unwrap(),
        hostname: "x".into(),
    };
    let mut ask = || {
        scribe
            .admit(Submission::stated(Author::Agent(agent_id.clone()), Fact::AgentEnrolled(enrolled.clone())).unwrap())
    };
    assert!(matches!(ask(), Ok(Receipt::Appended { .. })), "a new key and an unused token");
    assert_eq!(ask(), Ok(Receipt::NothingNew), "the same once more");
    scribe.settle();
}

/// Ours, whatever was asked for: the key, the name, one use, one day, no authority.
fn check_certificate(pem: &str, key: &[u8; 32], agent_id: &str) {
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = BASE64.decode(base64).unwrap();
    let (rest, certificate) = X509Certificate::from_der(&der).unwrap();
    assert!(rest.is_empty());
    assert_eq!(certificate.public_key().subject_public_key.data.as_ref(), key);
    let names: Vec<_> = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok()).collect();
    assert_eq!(names, [agent_id]);
    assert_eq!(certificate.subject().iter().count(), 1, "nothing but our name");
    assert!(!certificate.is_ca());
    assert_eq!(certificate.subject_alternative_name().unwrap(), None);
    let uses = certificate.extended_key_usage().unwrap().unwrap();
    assert!(uses.value.client_auth && !uses.value.server_auth && !uses.value.any);
    let validity = certificate.validity();
    let seconds = validity.not_after.timestamp() - validity.not_before.timestamp();
    assert!((0..=AGENT_CERTIFICATE_SECONDS + 3600).contains(&seconds), "valid for {seconds} s");
}

fn pem(der: &[u8]) -> String {
    let body: String =
        BASE64.encode(der).as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line) + "\n").collect();
    format!("-----BEGIN CERTIFICATE REQUEST-----\n{body}-----END CERTIFICATE REQUEST-----\n")
}

/// `SEQUENCE { what is signed, the algorithm Ed25519, the signature }`.
fn signed(to_be_signed: &[u8]) -> Vec<u8> {
    let signature = key(ASKS).sign(to_be_signed).to_bytes();
    let algorithm: &[u8] = &[0x30, 5, 6, 3, 0x2b, 0x65, 0x70];
    let body = [to_be_signed, algorithm, &[3, 65, 0], &signature].concat();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[0x30, 0x84], &length[..], &body].concat()
}

fn request() -> Vec<u8> {
    let der = key(ASKS).to_pkcs8_der().unwrap();
    let der = rustls::pki_types::PrivatePkcs8KeyDer::from(der.as_bytes().to_vec());
    let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&der, &rcgen::PKCS_ED25519).unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["evil.example".into()]).unwrap();
    params.is_ca = rcgen::IsCa::NoCa;
    params.serialize_request(&pair).unwrap().der().to_vec()
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let whole = request();
    let text = pem(&whole);
    // The signed part is the first element: its header says how long it is.
    let header = if whole[1] == 0x81 { 3 } else { 4 };
    let inner = &whole[header..];
    let length = match inner[1] {
        0x81 => 3 + usize::from(inner[2]),
        0x82 => 4 + usize::from(inner[2]) * 256 + usize::from(inner[3]),
        short => 2 + usize::from(short),
    };
    let token = format!("daicho1_{}_t1_{}", "ab".repeat(32), "cd".repeat(32));
    let enroll = EnrollRequest { token, csr_pem: text.clone(), hostname: "tos-db-1".into() };
    let check_in = format!(r#"{{"number":3,"digest":"{}"}}"#, "00".repeat(32));
    let _known = agent(ASKS);
    vec![
        [&[0][..], &serde_json::to_vec(&enroll).unwrap()].concat(),
        [&[0][..], check_in.as_bytes()].concat(),
        [&[1][..], text.as_bytes()].concat(),
        [&[2][..], &whole].concat(),
        [&[3][..], &inner[..length]].concat(),
    ]
}
