//! The server's own certificate authority: makes itself once, then signs the server's and the agents' certificates.
//! It does not know who may enrol; it signs what it is told to sign, and takes nothing but the key from a request.
//! Invariant: an agent's certificate carries the id derived from its key, whatever the request asked for.

use crate::secrets;
use daicho_schemas::canonical::Hash;
use daicho_schemas::ids::AgentId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::sign;
use daicho_schemas::time::UtcMicros;
use daicho_schemas::wire::Certificate;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ED25519, PublicKeyData as _,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long an agent's certificate is good for, in seconds: a day. Agents renew at one third left.
pub const AGENT_CERTIFICATE_SECONDS: i64 = 24 * 3600;
/// How long the server's own certificate is good for, in days; it is made anew at every start and every day.
const SERVER_CERTIFICATE_DAYS: i64 = 90;
/// How long the authority is good for, in days: twenty years, the life of a plant.
const AUTHORITY_DAYS: i64 = 20 * 365;
/// Certificates begin a little before they are made, for clocks that are behind. In seconds.
const BACKDATED_SECONDS: i64 = 300;
/// The server's own begin a month before: a host whose clock is behind must at least be able to say so.
const SERVER_BACKDATED_SECONDS: i64 = 30 * 24 * 3600;

/// Our own authority cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityFault {
    /// A file of it cannot be read or written.
    #[error("{doing} {path}")]
    File {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// One half of the authority is gone.
    #[error(
        "{missing} is missing: agents trust this authority and no other, so none is made in its place; restore it from a backup"
    )]
    Half {
        /// The file that is gone.
        missing: PathBuf,
    },
    /// The ledger's agents trust an authority that is not here.
    #[error(
        "{folder} holds no authority, and this ledger's agents trust one already: copy ca.pem and ca.key from a server that has them"
    )]
    Elsewhere {
        /// The folder where it should be.
        folder: PathBuf,
    },
    /// The ledger's agents trust another authority.
    #[error(
        "the authority in {folder} ({ours}) is not the one that this ledger's agents trust ({stands}): copy ca.pem and ca.key from a server that has it"
    )]
    Other {
        /// The folder.
        folder: PathBuf,
        /// The fingerprint found there.
        ours: Hash,
        /// The fingerprint that the agents trust.
        stands: Hash,
    },
    /// A certificate cannot be made or read.
    #[error("the certificate authority cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// A certificate does not fit TLS.
    #[error("the certificates do not fit TLS: {0}")]
    Tls(String),
    /// No randomness for a serial number.
    #[error(transparent)]
    Random(#[from] secrets::NoRandomness),
}

/// The authority, ready to sign.
pub struct Authority {
    ca_pem: String,
    ca_der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Reads the authority from its folder; none is made.
    pub fn open_made(folder: &Path) -> Result<Self, AuthorityFault> {
        let there = |name| folder.join(name).try_exists().unwrap_or(false);
        if there("ca.pem") || there("ca.key") {
            Self::read(folder)
        } else {
            Err(AuthorityFault::Elsewhere { folder: folder.into() })
        }
    }

    /// Reads the authority from its folder, or makes it there on the first start.
    pub fn open(folder: &Path, now: UtcMicros) -> Result<Self, AuthorityFault> {
        let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
        let there = |path: &Path| {
            path.try_exists().map_err(|source| AuthorityFault::File { doing: "look for", path: path.into(), source })
        };
        match (there(&certificate)?, there(&key)?) {
            (true, true) => {}
            // Every agent trusts the old authority and no other: making a new one would cut them all off, in silence.
            (true, false) => return Err(AuthorityFault::Half { missing: key }),
            (false, _) if there(&folder.join("made"))? => return Err(AuthorityFault::Half { missing: certificate }),
            // The key is written first, so a key alone is what a crash on the very first start leaves.
            (false, _) => {
                std::fs::create_dir_all(folder).map_err(|source| AuthorityFault::File {
                    doing: "create",
                    path: folder.into(),
                    source,
                })?;
                make(&certificate, &key, now)?;
                write_private(&folder.join("made"), b"")?;
            }
        }
        Self::read(folder)
    }

    fn read(folder: &Path) -> Result<Self, AuthorityFault> {
        let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
        let read = |path: &Path| {
            std::fs::read_to_string(path).map_err(|source| AuthorityFault::File {
                doing: "read",
                path: path.into(),
                source,
            })
        };
        let (ca_pem, key_pem) = (read(&certificate)?, read(&key)?);
        let ca_der = CertificateDer::from_pem_slice(ca_pem.as_bytes())
            .map_err(|error| AuthorityFault::Tls(error.to_string()))?;
        let issuer = Issuer::from_ca_cert_der(&ca_der, KeyPair::from_pem(&key_pem)?)?;
        Ok(Self { ca_pem, ca_der, issuer })
    }

    /// The authority's certificate in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// SHA-256 of the authority's certificate (DER): what an enrolment token pins.
    pub fn fingerprint(&self) -> Hash {
        use sha2::Digest as _;
        Hash(sha2::Sha256::digest(&self.ca_der).into())
    }

    /// The TLS side of the server, for these names and addresses. Client certificates are optional here and demanded by
    /// the handlers that need one, so that agents and browsers share one port.
    pub fn server_config(&self, names: &[String], now: UtcMicros) -> Result<ServerConfig, AuthorityFault> {
        let mut params = CertificateParams::new(names.to_vec())?;
        params.distinguished_name.push(DnType::CommonName, "Daicho server");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, now, SERVER_BACKDATED_SECONDS, SERVER_CERTIFICATE_DAYS * 24 * 3600)?;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;

        let mut roots = RootCertStore::empty();
        roots.add(self.ca_der.clone()).map_err(|error| AuthorityFault::Tls(error.to_string()))?;
        let clients = WebPkiClientVerifier::builder(Arc::new(roots))
            .allow_unauthenticated()
            .build()
            .map_err(|error| AuthorityFault::Tls(error.to_string()))?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        // The authority is sent along: an agent that enrols finds it there by the fingerprint in its token.
        let chain = vec![certificate.der().clone(), self.ca_der.clone()];
        let mut config = ServerConfig::builder()
            .with_client_cert_verifier(clients)
            .with_single_cert(chain, key)
            .map_err(|error| AuthorityFault::Tls(error.to_string()))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Agents come back every quarter of an hour: a ticket spares both sides the certificates, and the server remembers
        // nothing for it. The certificate in it is still looked at with every request (`http/auth.rs`).
        config.ticketer =
            rustls::crypto::aws_lc_rs::Ticketer::new().map_err(|error| AuthorityFault::Tls(error.to_string()))?;
        config.send_tls13_tickets = 1;
        Ok(config)
    }

    /// The agent whose key a certificate request (PEM) carries, with the key. Only Ed25519 is taken.
    pub fn requested_agent(csr_pem: &str) -> Result<([u8; 32], AgentId), Refusal> {
        let request = read_request(csr_pem)?;
        let key: [u8; 32] = request
            .public_key
            .der_bytes()
            .try_into()
            .map_err(|_| Refusal::new(RefusalCode::RequestMalformed).with("csr_pem: not an Ed25519 key"))?;
        Ok((key, sign::agent_id(&key)))
    }

    /// Signs a certificate for the key in a request. Names, usages and validity are ours.
    pub fn sign_agent(&self, csr_pem: &str, now: UtcMicros) -> Result<Certificate, AgentSigningError> {
        let (_, agent_id) = Self::requested_agent(csr_pem)?;
        let mut request = read_request(csr_pem)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, agent_id.as_str());
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, now, BACKDATED_SECONDS, AGENT_CERTIFICATE_SECONDS)
            .map_err(AgentSigningError::Fault)?;
        request.params = params;
        let certificate = request.signed_by(&self.issuer).map_err(|error| AgentSigningError::Fault(error.into()))?;
        Ok(Certificate {
            agent_id,
            certificate_pem: certificate.pem(),
            ca_pem: self.ca_pem.clone(),
            expires_at: now.plus_seconds(AGENT_CERTIFICATE_SECONDS),
        })
    }
}

/// An agent's certificate was not signed.
#[derive(Debug, thiserror::Error)]
pub enum AgentSigningError {
    /// The request is not one we take.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// Our own authority failed.
    #[error(transparent)]
    Fault(AuthorityFault),
}

fn read_request(csr_pem: &str) -> Result<CertificateSigningRequestParams, Refusal> {
    const CSR_BYTES_MAX: usize = 16 * 1024;
    let refused = |detail: String| Refusal::new(RefusalCode::RequestMalformed).with(format!("csr_pem: {detail}"));
    if csr_pem.len() > CSR_BYTES_MAX {
        return Err(refused(format!("over {CSR_BYTES_MAX} bytes")));
    }
    // This also checks that the request was signed with the key it carries.
    let request = CertificateSigningRequestParams::from_pem(csr_pem).map_err(|error| refused(error.to_string()))?;
    if request.public_key.algorithm() == &PKCS_ED25519 {
        Ok(request)
    } else {
        Err(refused("not an Ed25519 key".into()))
    }
}

fn make(certificate: &Path, key: &Path, now: UtcMicros) -> Result<(), AuthorityFault> {
    let mut params = CertificateParams::default();
    let name = format!("Daicho CA {}", secrets::random_hex::<4>()?);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut params, now, SERVER_BACKDATED_SECONDS, AUTHORITY_DAYS * 24 * 3600)?;
    let pair = KeyPair::generate()?;
    let made = params.self_signed(&pair)?;
    // The key first: a certificate without its key would stop every later start.
    write_private(key, pair.serialize_pem().as_bytes())?;
    write_private(certificate, made.pem().as_bytes())
}

fn set_validity(
    params: &mut CertificateParams,
    now: UtcMicros,
    backdated_seconds: i64,
    seconds: i64,
) -> Result<(), AuthorityFault> {
    let at = |seconds: i64| {
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
    };
    let now_seconds = now.micros() / 1_000_000;
    params.not_before = at(now_seconds - backdated_seconds);
    params.not_after = at(now_seconds + seconds);
    let serial = secrets::random_hex::<16>()?;
    params.serial_number = Some(hex::decode(serial).unwrap_or_default().into());
    Ok(())
}

/// Writes a file that only its owner can read: written aside, synced, renamed.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), AuthorityFault> {
    let fault = |doing| move |source| AuthorityFault::File { doing, path: path.into(), source };
    let aside = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&aside).map_err(fault("create"))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(fault("write"))?;
    std::fs::rename(&aside, path).map_err(fault("rename"))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(windows) {
        return Ok(());
    }
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault("sync the folder of"))
}
