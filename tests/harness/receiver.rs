//! A receiver of webhooks, as an operator would run one: it remembers every key that it has seen.
//! It does not know what notices say. Invariant: of every few requests it takes one and its answer is lost, and it refuses
//! another one and takes nothing, as receivers do.

use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// One request: its key and its document.
pub type Taken = (String, Value);

/// A receiver on this machine.
pub struct Receiver {
    /// Where it listens.
    pub url: String,
    taken: Arc<Mutex<Vec<Taken>>>,
    listening: JoinHandle<()>,
}

impl Receiver {
    /// Begins to listen.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (taken, asked) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let kept = Arc::clone(&taken);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&kept), Arc::clone(&asked)));
            }
        });
        Self { url, taken, listening }
    }

    /// Everything that came, in the order in which it came.
    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn converse(mut stream: TcpStream, taken: Arc<Mutex<Vec<Taken>>>, asked: Arc<AtomicUsize>) {
    while let Some(request) = read_request(&mut stream).await {
        let status = match asked.fetch_add(1, Ordering::SeqCst) % 5 {
            2 => "503 Not taken",
            4 => "500 Lost",
            _ => "204 Taken",
        };
        if !status.starts_with("503") {
            taken.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        }
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// One request, if a whole one comes.
async fn read_request(stream: &mut TcpStream) -> Option<Taken> {
    let mut bytes = Vec::new();
    let head_bytes = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_bytes].to_vec()).ok()?;
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_string())
    };
    let length: usize = header("content-length")?.parse().ok()?;
    while bytes.len() < head_bytes + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let document = serde_json::from_slice(&bytes[head_bytes..head_bytes + length]).ok()?;
    Some((header("idempotency-key")?, document))
}
