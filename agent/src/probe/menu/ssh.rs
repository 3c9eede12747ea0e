//! The line with which an SSH server introduces itself (RFC 4253 section 4.2).
//! It does not send one byte, so no key exchange begins and no login is tried.
//! Invariant: at most [`GREETING_BYTES_MAX`] bytes are read, however the server goes on.

use super::{Answer, NoAnswer, close, connect, in_time, words};
use std::net::IpAddr;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The identification has at most 255 bytes; other lines may come before it.
pub const GREETING_BYTES_MAX: usize = 2048;
const IDENTIFICATION_BYTES_MAX: usize = 255;

/// Reads it.
///
/// # Errors
/// [`NoAnswer`] when there is none.
pub async fn ask(address: IpAddr, port: u16) -> Result<Answer, NoAnswer> {
    let mut stream = connect(address, port).await?;
    let greeting = in_time(read_greeting(&mut stream)).await;
    close(&mut stream).await;
    let identification =
        identification(&greeting?).ok_or(NoAnswer::NotUnderstood("no SSH identification (RFC 4253 section 4.2)"))?;
    Ok(Answer::Ssh { identification })
}

async fn read_greeting(stream: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, NoAnswer> {
    let mut greeting = Vec::new();
    while greeting.len() < GREETING_BYTES_MAX && identification(&greeting).is_none() {
        let mut piece = [0; 256];
        let count = stream.read(&mut piece).await?;
        if count == 0 {
            break;
        }
        greeting.extend_from_slice(piece.get(..count).unwrap_or_default());
    }
    greeting.truncate(GREETING_BYTES_MAX);
    Ok(greeting)
}

/// The first whole line that begins with `SSH-`.
pub fn identification(greeting: &[u8]) -> Option<String> {
    let mut lines: Vec<&[u8]> = greeting.split(|byte| *byte == b'\n').collect();
    // What is behind the last line feed is not a whole line.
    lines.pop();
    let line = lines.into_iter().find(|line| line.starts_with(b"SSH-"))?;
    words(line).filter(|_| line.len() <= IDENTIFICATION_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identification_is_a_whole_line() {
        let named = identification(b"hello\r\nSSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\x00\x00rest");
        assert_eq!(named.as_deref(), Some("SSH-2.0-OpenSSH_9.2p1 Debian-2"));
        let endless = [&b"SSH-2.0-"[..], &[b'a'; 300], b"\n"].concat();
        for none in [&b""[..], b"SSH-2.0-cut", b"HTTP/1.1 400\r\n", &endless] {
            assert_eq!(identification(none), None);
        }
        assert_eq!(identification(b"SSH-2.0-\x1b[2Jx\n").as_deref(), Some("SSH-2.0-\u{fffd}[2Jx"));
    }
}
