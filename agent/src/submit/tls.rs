//! Whom the agent believes: one CA, pinned by the token's fingerprint before it is known and by itself afterwards.
//! It does not know HTTP, and it never looks at the system's list of public CAs.
//! Invariant: a server that cannot show a certificate of that one CA for its own name is not spoken to.

use daicho_schemas::canonical::Hash;
use ed25519_dalek::SigningKey;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

use super::identity::{Identity, IdentityFault, pkcs8};

/// TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// A certificate is not in PEM.
    #[error("a certificate cannot be read")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// rustls refused the configuration.
    #[error("TLS cannot be set up")]
    Rustls(#[from] rustls::Error),
    /// The key cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityFault),
}

/// SHA-256 of a certificate (DER): what an enrolment token carries.
pub(crate) fn fingerprint(certificate: &[u8]) -> Hash {
    Hash(Sha256::digest(certificate).into())
}

/// The fingerprint of the first certificate in a PEM text.
pub fn fingerprint_of_pem(pem: &str) -> Result<Hash, TlsFault> {
    Ok(fingerprint(&CertificateDer::from_pem_slice(pem.as_bytes())?))
}

/// For enrolment: believes only the CA with this fingerprint, which the server must show in its chain.
pub(super) fn pinned(ca_fingerprint: Hash) -> Result<ClientConfig, TlsFault> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = PinnedCa { ca_fingerprint, provider: Arc::clone(&provider) };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(with_protocols(config))
}

/// For everything after: believes only the CA of the identity, and shows the identity's certificate.
pub(super) fn mutual(identity: &Identity, key: &SigningKey) -> Result<ClientConfig, TlsFault> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(identity.ca_pem.as_bytes())?)?;
    let chain = CertificateDer::pem_slice_iter(identity.certificate_pem.as_bytes()).collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8(key)?));
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)?;
    let mut config = with_protocols(config);
    // One question at a time has nothing to multiplex: HTTP/1.1 spares a check-in half of its bytes.
    config.alpn_protocols.retain(|protocol| protocol != b"h2");
    Ok(config)
}

/// A configuration built by hand names no protocol, and everything would silently be HTTP/1.1.
fn with_protocols(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

/// Finds the pinned CA in what the server shows and lets the ordinary check run with it as the only root.
#[derive(Debug)]
struct PinnedCa {
    ca_fingerprint: Hash,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinnedCa {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let ca = intermediates.iter().find(|certificate| fingerprint(certificate) == self.ca_fingerprint);
        let ca = ca.ok_or(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone().into_owned())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider))
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
