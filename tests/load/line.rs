//! One connection of one agent: TCP, mutual TLS, HTTP, every byte counted on both sides of the handshake.
//! It does not know what is said over it.
//! Invariant: what is counted is what the socket carried, and the headers are those of `agent/src/submit/client.rs`.

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response, header};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, HandshakeKind};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

/// Where a server is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Its address.
    pub(crate) address: SocketAddr,
    /// The source addresses (all loopback) that the fleet is spread over.
    pub(crate) sources: u64,
}

/// A TCP connection that counts.
struct Counted {
    stream: TcpStream,
    bytes: Arc<AtomicU64>,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, out);
        self.bytes.fetch_add((out.filled().len() - before) as u64, Ordering::Relaxed);
        read
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(count)) = &written {
            self.bytes.fetch_add(*count as u64, Ordering::Relaxed);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

enum Sender {
    One(http1::SendRequest<Full<Bytes>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

/// An open connection.
pub(crate) struct Line {
    sender: Sender,
    connection: tokio::task::JoinHandle<()>,
    bytes: Arc<AtomicU64>,
    /// Bytes of the TLS handshake, both ways.
    pub(crate) handshake_bytes: u64,
    /// The server took our ticket.
    pub(crate) resumed: bool,
}

/// An answer.
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: u16,
    /// `Retry-After`, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// Its body.
    pub(crate) body: Bytes,
}

/// Opens a TCP connection from the source address that belongs to an agent's number.
pub(crate) async fn tcp(place: &Place, agent: u64) -> anyhow::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if place.sources > 1 {
        let number = u32::try_from(agent % place.sources)?;
        // 127.1.0.0/16: every address of 127/8 is this machine.
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::from_bits(0x7f01_0001 + number)), 0))?;
    }
    let stream = socket.connect(place.address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Line {
    /// Connects, with a certificate if the configuration has one.
    pub(crate) async fn open(place: &Place, agent: u64, tls: &Arc<ClientConfig>) -> anyhow::Result<Self> {
        let stream = tcp(place, agent).await.context("connect")?;
        let bytes = Arc::new(AtomicU64::new(0));
        let name = ServerName::IpAddress(place.address.ip().into());
        let counted = Counted { stream, bytes: Arc::clone(&bytes) };
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, counted).await.context("TLS")?;
        let session = stream.get_ref().1;
        let resumed = session.handshake_kind() == Some(HandshakeKind::Resumed);
        let two = session.alpn_protocol() == Some(b"h2");
        let handshake_bytes = bytes.load(Ordering::Relaxed);
        let io = TokioIo::new(stream);
        let (sender, connection) = if two {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
            (Sender::Two(sender), tokio::spawn(async move { drop(connection.await) }))
        } else {
            let (sender, connection) = http1::handshake(io).await?;
            (Sender::One(sender), tokio::spawn(async move { drop(connection.await) }))
        };
        Ok(Self { sender, connection, bytes, handshake_bytes, resumed })
    }

    /// Asks one thing.
    pub(crate) async fn post(
        &mut self,
        place: &Place,
        path: &str,
        body: Bytes,
        packed: bool,
    ) -> anyhow::Result<Answer> {
        let uri = match &self.sender {
            Sender::One(_) => path.to_string(),
            Sender::Two(_) => format!("https://{}{path}", place.address),
        };
        let mut request = Request::post(uri).header(header::CONTENT_TYPE, "application/json");
        if packed {
            request = request.header(header::CONTENT_ENCODING, "zstd");
        }
        request = request.header(header::USER_AGENT, "daicho-agent/0.1.0").header(header::ACCEPT, "*/*");
        if matches!(self.sender, Sender::One(_)) {
            request = request.header(header::HOST, place.address.to_string());
        }
        let request = request.body(Full::new(body))?;
        let response: Response<Incoming> = match &mut self.sender {
            Sender::One(sender) => sender.send_request(request).await?,
            Sender::Two(sender) => sender.send_request(request).await?,
        };
        let retry_after = response.headers().get(header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        Ok(Answer { status, retry_after, body })
    }

    /// Closes the connection as an agent does, and says how many bytes it carried after the handshake.
    pub(crate) async fn close(self) -> u64 {
        drop(self.sender);
        // It ends by itself when nobody can send on it any more.
        let _ended = self.connection.await;
        self.bytes.load(Ordering::Relaxed) - self.handshake_bytes
    }
}
