//! The certificate that a TLS server shows: one handshake, then close_notify.
//! It does not judge whether the certificate is to be believed, and nothing is told to the server inside.
//! Invariant: a certificate that was shown is an answer, even when the handshake breaks afterwards; nothing else is.

use super::{Answer, NoAnswer, close, connect, in_time, words};
use daicho_schemas::time::UtcMicros;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::{ASN1Time, FromDer as _, X509Certificate};

/// What a certificate says of its holder. Nobody vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Its subject, in its own order: `O=Fortinet, OU=FortiGate, CN=…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Its issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// From when on it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<UtcMicros>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<UtcMicros>,
    /// SHA-256 of its DER, in hexadecimal.
    pub sha256: String,
}

impl Certificate {
    /// Reads DER. What is no X.509 still has its hash.
    pub fn read(der: &[u8]) -> Self {
        let sha256 = hex::encode(Sha256::digest(der));
        let Ok((_, parsed)) = X509Certificate::from_der(der) else {
            return Self { subject: None, issuer: None, valid_from: None, valid_until: None, sha256 };
        };
        let instant = |time: ASN1Time| UtcMicros::from_micros(time.timestamp().checked_mul(1_000_000)?).ok();
        Self {
            subject: words(parsed.subject().to_string().as_bytes()),
            issuer: words(parsed.issuer().to_string().as_bytes()),
            valid_from: instant(parsed.validity().not_before),
            valid_until: instant(parsed.validity().not_after),
            sha256,
        }
    }
}

/// Reads it.
///
/// # Errors
/// [`NoAnswer`] when none was shown.
pub async fn ask(address: IpAddr, port: u16) -> Result<Answer, NoAnswer> {
    let (stream, shown) = handshake(address, port).await?;
    if let Ok(mut stream) = stream {
        close(&mut stream).await;
    }
    shown.map(Answer::Tls).ok_or(NoAnswer::NotUnderstood("no certificate; perhaps only TLS older than 1.2"))
}

/// One connection and one handshake: the stream when it stands, and the certificate when one was shown.
pub(super) async fn handshake(
    address: IpAddr,
    port: u16,
) -> Result<(Result<TlsStream<TcpStream>, NoAnswer>, Option<Certificate>), NoAnswer> {
    let shown = Arc::new(Shown::default());
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| NoAnswer::NotUnderstood("TLS cannot be set up here"))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::<Shown>::clone(&shown))
        .with_no_client_auth();
    let stream = connect(address, port).await?;
    let name = ServerName::IpAddress(address.into());
    let connector = TlsConnector::from(Arc::new(config));
    let stream = in_time(async { Ok(connector.connect(name, stream).await?) }).await;
    let certificate = shown.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    Ok((stream, certificate.map(|der| Certificate::read(&der))))
}

/// Keeps what the server shows and believes everything: nothing is told to it that would need belief.
#[derive(Debug, Default)]
struct Shown(Mutex<Option<CertificateDer<'static>>>);

impl ServerCertVerifier for Shown {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(end_entity.clone().into_owned());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
