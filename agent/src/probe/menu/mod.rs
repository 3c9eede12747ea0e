//! The menu: what can be asked of a device, one file each. There is nothing else, on purpose: no IKE, no second path, no
//! login, no discovery by broadcast.
//! It does not know rules, hours or logs; whoever calls has asked them.
//! Invariant: one datagram or one connection for each call, nothing is repeated by us, and a hostile answer costs a
//! few seconds and a few kilobytes.

pub mod http;
pub mod snmp;
pub mod ssh;
pub mod tls;
pub mod user;

use super::rules::{ANSWER_TIMEOUT, CONNECT_TIMEOUT};
use daicho_schemas::text::printable;
use serde::{Deserialize, Serialize};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long the other side may take to close.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// What is read and thrown away while closing, so that no reset is sent over bytes that were on their way.
const CLOSE_BYTES_MAX: usize = 64 * 1024;
/// One text from a device, in characters.
const TEXT_CHARS_MAX: usize = 255;

/// What a device answered. No volatile value is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "probe", rename_all = "snake_case")]
pub enum Answer {
    /// SNMPv3 discovery.
    SnmpEngine(snmp::Engine),
    /// SNMP GetRequest.
    SnmpGet(snmp::Values),
    /// SSH identification.
    Ssh {
        /// As it stands there: `SSH-2.0-OpenSSH_9.2p1`.
        identification: String,
    },
    /// TLS handshake.
    Tls(tls::Certificate),
    /// `GET /`.
    Http(http::Page),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// Nobody answered in time.
    #[error("no answer within the time allowed / 制限時間内に応答なし")]
    Silent,
    /// The connection was refused or broke.
    #[error("the connection failed / 接続失敗: {0}")]
    Connection(#[from] io::Error),
    /// Something came back that is not what was asked for.
    #[error("what came back could not be read / 応答を解釈できません: {0}")]
    NotUnderstood(&'static str),
    /// The credential cannot be used; nothing was sent.
    #[error("the credential cannot be used / 認証情報を使えません: {0}")]
    Credential(String),
}

/// One full connection.
async fn connect(address: IpAddr, port: u16) -> Result<TcpStream, NoAnswer> {
    let stream = timeout(CONNECT_TIMEOUT, TcpStream::connect(SocketAddr::new(address, port)));
    Ok(stream.await.map_err(|_| NoAnswer::Silent)??)
}

/// Says that we are done, and waits a little for the other side to say the same.
async fn close(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let farewell = async {
        if stream.shutdown().await.is_ok() {
            let mut rest = vec![0; 4096];
            let mut read = 0_usize;
            while let Ok(count @ 1..) = stream.read(&mut rest).await {
                read = read.saturating_add(count);
                if read > CLOSE_BYTES_MAX {
                    break;
                }
            }
        }
    };
    // Whoever goes on talking is hung up on.
    let _late = timeout(CLOSE_TIMEOUT, farewell).await;
}

/// Within the time that one conversation may take.
async fn in_time<T>(work: impl Future<Output = Result<T, NoAnswer>>) -> Result<T, NoAnswer> {
    timeout(ANSWER_TIMEOUT, work).await.map_err(|_| NoAnswer::Silent)?
}

/// What a device wrote, fit to be shown and kept.
fn words(bytes: &[u8]) -> Option<String> {
    let text: String = String::from_utf8_lossy(bytes).trim().chars().take(TEXT_CHARS_MAX).collect();
    Some(printable(&text)).filter(|text| !text.is_empty())
}
