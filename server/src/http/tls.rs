//! The listener: TLS for agents and people on one port, with the client's certificate handed to the handlers.
//! It does not know what a certificate entitles to; `auth` reads it.
//! Invariant: a certificate that reaches a handler was verified against our own authority.

use axum::Extension;
use axum_server::accept::Accept;
use axum_server::tls_rustls::RustlsAcceptor;
use rustls::pki_types::CertificateDer;
use std::future::Future;
use std::io;
use std::pin::Pin;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// The certificate that the other side of this connection proved to hold, if any.
#[derive(Clone, Debug)]
pub struct PeerCertificate(pub Option<CertificateDer<'static>>);

/// Accepts TLS and remembers the client's certificate for every request of the connection.
#[derive(Clone)]
pub struct PeerAcceptor(pub RustlsAcceptor);

type Accepted<S> = (tokio_rustls_stream::Stream, axum::middleware::AddExtension<S, PeerCertificate>);

/// The stream type of the TLS acceptor, named once.
mod tokio_rustls_stream {
    /// What [`axum_server::tls_rustls::RustlsAcceptor`] makes of a TCP connection.
    pub(super) type Stream =
        <axum_server::tls_rustls::RustlsAcceptor as axum_server::accept::Accept<tokio::net::TcpStream, ()>>::Stream;
}

impl<S> Accept<TcpStream, S> for PeerAcceptor
where
    S: Send + 'static,
    tokio_rustls_stream::Stream: AsyncRead + AsyncWrite + Unpin + Send,
{
    type Stream = tokio_rustls_stream::Stream;
    type Service = axum::middleware::AddExtension<S, PeerCertificate>;
    type Future = Pin<Box<dyn Future<Output = io::Result<Accepted<S>>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let acceptor = self.0.clone();
        Box::pin(async move {
            stream.set_nodelay(true)?;
            let (stream, service) = acceptor.accept(stream, service).await?;
            let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first()).cloned();
            let service = tower_layer(service, PeerCertificate(certificate.map(CertificateDer::into_owned)));
            Ok((stream, service))
        })
    }
}

fn tower_layer<S>(service: S, peer: PeerCertificate) -> axum::middleware::AddExtension<S, PeerCertificate> {
    tower::Layer::layer(&Extension(peer), service)
}
