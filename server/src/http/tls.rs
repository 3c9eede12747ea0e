//! The listener: TLS for agents and people on one port, with the client's certificate handed to the handlers.
//! It does not know what a certificate entitles to; `auth` reads it.
//! Invariant: a certificate that reaches a handler was verified against our own authority, and strangers who connect and
//! say nothing cannot use up what the others need.

use axum::Extension;
use axum_server::accept::Accept;
use axum_server::tls_rustls::RustlsAcceptor;
use rustls::pki_types::CertificateDer;
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

/// Connections at once. Agents close theirs after a few seconds; an open page holds one.
pub const CONNECTIONS_MAX: usize = 8192;
/// How long a new connection may say nothing.
const FIRST_BYTE_WITHIN: Duration = Duration::from_secs(15);

/// The certificate that the other side of this connection proved to hold, if any.
#[derive(Clone, Debug)]
pub struct PeerCertificate(pub Option<CertificateDer<'static>>);

/// Accepts TLS and remembers the client's certificate for every request of the connection.
#[derive(Clone)]
pub struct PeerAcceptor {
    tls: RustlsAcceptor,
    places: Arc<Semaphore>,
    sources: Sources,
}

impl PeerAcceptor {
    /// Takes at most so many connections at once.
    pub fn new(tls: RustlsAcceptor, connections_max: usize) -> Self {
        Self { tls, places: Arc::new(Semaphore::new(connections_max)), sources: Sources::new(connections_max) }
    }
}

/// What the TLS acceptor makes of a TCP connection.
type TlsStream = <RustlsAcceptor as Accept<TcpStream, ()>>::Stream;

/// A connection with a place of its own, which must speak soon.
pub struct Connection {
    stream: TlsStream,
    /// Absent once the first byte has come.
    first_byte_by: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
    _source: SourcePlace,
}

/// How many connections each address holds. One address may hold three quarters of all places: thousands of agents may stand
/// behind one relay or translated address, and still nobody shuts the others out.
#[derive(Clone)]
struct Sources {
    held: Arc<Mutex<BTreeMap<IpAddr, usize>>>,
    each_max: usize,
}

/// One connection of an address, while this lives.
struct SourcePlace {
    sources: Sources,
    source: IpAddr,
}

impl Sources {
    fn new(connections_max: usize) -> Self {
        Self { held: Arc::default(), each_max: (connections_max - connections_max / 4).max(1) }
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, source: IpAddr) -> Option<SourcePlace> {
        let mut held = self.held();
        let count = held.entry(source).or_default();
        if *count >= self.each_max {
            return None;
        }
        *count += 1;
        Some(SourcePlace { sources: self.clone(), source })
    }
}

impl Drop for SourcePlace {
    fn drop(&mut self) {
        let mut held = self.sources.held();
        let left = held.get(&self.source).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            held.remove(&self.source);
        } else {
            held.insert(self.source, left);
        }
    }
}

type WithPeer<S> = axum::middleware::AddExtension<S, PeerCertificate>;

impl<S: Send + 'static> Accept<TcpStream, S> for PeerAcceptor {
    type Stream = Connection;
    type Service = WithPeer<S>;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Connection, WithPeer<S>)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let acceptor = self.tls.clone();
        let place = Arc::clone(&self.places).try_acquire_owned();
        let sources = self.sources.clone();
        Box::pin(async move {
            // Closing at once tells the other side to come back later, and costs us nothing.
            let full = || io::Error::new(io::ErrorKind::WouldBlock, "every place is taken");
            let place = place.map_err(|_| full())?;
            let source = sources.take(stream.peer_addr()?.ip().to_canonical()).ok_or_else(full)?;
            stream.set_nodelay(true)?;
            let (stream, service) = acceptor.accept(stream, service).await?;
            let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first()).cloned();
            let peer = PeerCertificate(certificate.map(CertificateDer::into_owned));
            let first_byte_by = Some(Box::pin(tokio::time::sleep(FIRST_BYTE_WITHIN)));
            let connection = Connection { stream, first_byte_by, _place: place, _source: source };
            Ok((connection, tower::Layer::layer(&Extension(peer), service)))
        })
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, out);
        if read.is_ready() {
            self.first_byte_by = None;
        } else if let Some(limit) = &mut self.first_byte_by
            && limit.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_may_hold_much_but_never_everything() {
        let sources = Sources::new(8);
        let (relay, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let held: Vec<_> = (0..6).map(|_| sources.take(relay).unwrap()).collect();
        assert!(sources.take(relay).is_none());
        assert!(sources.take(other).is_some());
        drop(held);
        assert!(sources.take(relay).is_some());
        assert!(sources.held().is_empty(), "an address without connections costs no memory");
    }
}
