//! One `GET /`: status, `Server` and title of the page that a device shows to everybody.
//! It does not follow redirects, send cookies, or ask for anything else.
//! Invariant: at most [`PAGE_BYTES_MAX`] bytes are read, and only whole header lines are looked at.

use super::{Answer, NoAnswer, close, connect, in_time, tls, words};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// What is read of an answer.
pub const PAGE_BYTES_MAX: usize = 16 * 1024;

/// What a page says of the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The status: 200, 302, 401.
    pub status: u16,
    /// The `Server` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// The request, byte for byte. It names itself, so that whoever reads the device's log knows who asked.
pub fn request(address: IpAddr) -> Vec<u8> {
    let host = match address {
        IpAddr::V4(four) => four.to_string(),
        IpAddr::V6(six) => format!("[{six}]"),
    };
    let lines = [
        "GET / HTTP/1.1".to_owned(),
        format!("Host: {host}"),
        "User-Agent: daicho-agent (inventory; one request, no login)".to_owned(),
        "Accept: text/html".to_owned(),
        "Connection: close".to_owned(),
    ];
    format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes()
}

/// Asks.
///
/// # Errors
/// [`NoAnswer`] when no HTTP comes back.
pub async fn ask(address: IpAddr, port: u16, inside_tls: bool) -> Result<Answer, NoAnswer> {
    let request = request(address);
    let bytes = if inside_tls {
        let (stream, _) = tls::handshake(address, port).await?;
        talk(stream?, &request).await?
    } else {
        talk(connect(address, port).await?, &request).await?
    };
    read(&bytes).map(Answer::Http).ok_or(NoAnswer::NotUnderstood("no HTTP status line"))
}

/// What has come when time or room is up is looked at all the same.
async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
    let mut bytes = Vec::new();
    let conversation = async {
        stream.write_all(request).await?;
        stream.flush().await?;
        let mut piece = [0; 2048];
        while bytes.len() < PAGE_BYTES_MAX {
            let count = stream.read(&mut piece).await?;
            if count == 0 {
                break;
            }
            bytes.extend_from_slice(piece.get(..count).unwrap_or_default());
        }
        Ok(())
    };
    let ended = in_time(conversation).await;
    close(&mut stream).await;
    bytes.truncate(PAGE_BYTES_MAX);
    if bytes.is_empty() { ended.map(|()| bytes) } else { Ok(bytes) }
}

/// Reads an answer or the beginning of one.
pub fn read(bytes: &[u8]) -> Option<Page> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let head = bytes.get(..end.unwrap_or(bytes.len()))?;
    let body = end.and_then(|end| bytes.get(end.saturating_add(4)..)).unwrap_or_default();
    let mut lines: Vec<&[u8]> = head.split(|byte| *byte == b'\n').collect();
    if end.is_none() {
        lines.pop();
    }
    let (first, headers) = lines.split_first()?;
    let status = std::str::from_utf8(first).ok()?.trim().strip_prefix("HTTP/1.")?.split(' ').nth(1)?;
    let status = status.parse().ok().filter(|status| (100..600).contains(status))?;
    let server = headers.iter().find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        name.eq_ignore_ascii_case(b"server").then(|| words(value.get(1..).unwrap_or_default()))?
    });
    Some(Page { status, server, title: title(body) })
}

fn title(body: &[u8]) -> Option<String> {
    let lower = body.to_ascii_lowercase();
    let find = |from: usize, what: &[u8]| {
        let rest = lower.get(from..)?;
        rest.windows(what.len()).position(|here| here == what).and_then(|at| from.checked_add(at))
    };
    let open = find(find(0, b"<title")?, b">")?.checked_add(1)?;
    words(body.get(open..find(open, b"</title")?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_as_far_as_it_came() {
        let page = read(b"HTTP/1.1 401 Unauthorized\r\nserver:  YAMAHA-RT \r\n\r\n<HTML><Title lang=ja>\nRTX</TITLE>")
            .unwrap();
        assert_eq!((page.status, page.server.as_deref(), page.title.as_deref()), (401, Some("YAMAHA-RT"), Some("RTX")));
        let cut = read(b"HTTP/1.0 200 OK\r\nX: y\r\nServer: cut of").unwrap();
        assert_eq!((cut.status, cut.server, cut.title), (200, None, None));
        for none in [&b""[..], b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 999 x\r\n\r\n", b"HTTP/1.1\r\n\r\n", b"\xff\r\n\r\n"] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }
}
