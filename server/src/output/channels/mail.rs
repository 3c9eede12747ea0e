//! Mail: a letter to one address through a mail server, over TLS.
//! It does not know what a letter says, nor who leads. Invariant: a message that is sent once more has the same Message-ID;
//! neither password nor address stands in a log, an error or the ledger; nothing is said to a server that TLS did not prove.

use super::Undelivered;
use crate::output::alerts::letter::Letter;
use anyhow::Context as _;
use daicho_schemas::alerts::{Smtp, SmtpSecurity};
use daicho_schemas::canonical::Hash;
use daicho_schemas::text::printable;
use daicho_schemas::time::UtcMicros;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use std::error::Error as _;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How long the server may take over one command, and over a whole message.
const COMMAND_WITHIN: Duration = Duration::from_secs(20);
const MESSAGE_WITHIN: Duration = Duration::from_secs(60);
/// Connections at once: a mail server that takes few must not be filled by us.
const CONNECTIONS_MAX: usize = 3;
/// The largest file with a password or a webhook's address, in bytes.
const SECRET_BYTES_MAX: u64 = 4096;
/// The longest answer of a server that is repeated, in characters.
const ANSWER_CHARS_MAX: usize = 300;

/// A way to a mail server.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    turns: Arc<Semaphore>,
    host: String,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "mail through {}", self.host)
    }
}

/// Reads a file that holds one secret on one line.
pub fn read_secret(path: &Path) -> anyhow::Result<String> {
    let size = std::fs::metadata(path).with_context(|| format!("read {}", path.display()))?.len();
    anyhow::ensure!(size <= SECRET_BYTES_MAX, "{} is larger than {SECRET_BYTES_MAX} bytes", path.display());
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    anyhow::ensure!(!secret.is_empty() && !secret.contains(['\r', '\n']), "{} must hold one line", path.display());
    Ok(secret.to_string())
}

impl Mailer {
    /// Makes ready to send. Files are looked for in `folder` unless their paths are absolute; nothing is connected yet.
    pub fn open(smtp: &Smtp, folder: &Path) -> anyhow::Result<Self> {
        let tls = || -> anyhow::Result<TlsParameters> {
            let mut tls = TlsParameters::builder(smtp.host.clone());
            if let Some(file) = &smtp.ca_file {
                let path = folder.join(file);
                let pem = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
                let authorities = Certificate::from_pem(&pem).with_context(|| format!("read {}", path.display()))?;
                tls = tls.certificate_store(CertificateStore::None).add_root_certificate(authorities);
            }
            Ok(tls.build_rustls()?)
        };
        let tls = match smtp.security {
            SmtpSecurity::Starttls => Tls::Required(tls()?),
            SmtpSecurity::Tls => Tls::Wrapper(tls()?),
            SmtpSecurity::None => Tls::None,
        };
        // "Dangerous" because it begins without TLS: that is the next thing it is told.
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(smtp.host.clone()).port(smtp.port);
        builder = builder.tls(tls).timeout(Some(COMMAND_WITHIN));
        if let (Some(user), Some(file)) = (&smtp.user, &smtp.password_file) {
            builder = builder.credentials(Credentials::new(user.clone(), read_secret(&folder.join(file))?));
        }
        Ok(Self {
            transport: builder.build(),
            from: smtp.from.parse().context("the sender's address cannot be read")?,
            turns: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            host: smtp.host.clone(),
        })
    }

    /// The message that a letter becomes. `key` tells this message from every other one: sent once more, it is the same.
    pub fn message(&self, to: &Address, letter: &Letter, key: &Hash, at: UtcMicros) -> anyhow::Result<Message> {
        let micros = u64::try_from(at.micros()).unwrap_or_default();
        let key = key.to_string();
        let body = MultiPart::alternative()
            .boundary(format!("daicho-{}", key.chars().take(32).collect::<String>()))
            .singlepart(SinglePart::plain(letter.plain()))
            .singlepart(SinglePart::html(letter.html()?));
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .date(UNIX_EPOCH + Duration::from_micros(micros))
            .message_id(Some(format!("<{key}@{}>", self.from.email.domain())))
            .header(AutoSubmitted)
            .subject(letter.subject.clone());
        Ok(message.multipart(body)?)
    }

    /// Sends a letter. Returns when the mail server has taken it on.
    pub async fn send(&self, to: &Address, letter: &Letter, key: &Hash, at: UtcMicros) -> Result<(), Undelivered> {
        let later = |what: String| Undelivered::Later(without(&what, to));
        let message = self.message(to, letter, key, at).map_err(|error| later(error.to_string()))?;
        let _turn = self.turns.acquire().await.map_err(|error| later(error.to_string()))?;
        match timeout(MESSAGE_WITHIN, self.transport.send(message)).await {
            Ok(Ok(_taken)) => Ok(()),
            Ok(Err(error)) => Err(self.judge(&error, to).await),
            Err(_) => Err(later(format!("the mail server took longer than {} s", MESSAGE_WITHIN.as_secs()))),
        }
    }

    /// Whether a failure concerns this message for good, or the server as a whole. A server that lets nobody in (a wrong
    /// password, maintenance) answers with permanent codes, too; then the message waits.
    async fn judge(&self, error: &SmtpError, to: &Address) -> Undelivered {
        let said = without(&said(error), to);
        if !error.is_permanent() {
            return Undelivered::Later(said);
        }
        match timeout(MESSAGE_WITHIN, self.transport.test_connection()).await {
            Ok(Ok(true)) => Undelivered::Refused(error.status().map_or_else(String::new, |code| code.to_string())),
            _ => Undelivered::Later(said),
        }
    }
}

/// A failure with its causes on one line.
fn said(error: &SmtpError) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let words = deeper.to_string();
        if !said.contains(&words) {
            said = format!("{said}: {words}");
        }
        cause = deeper.source();
    }
    printable(&said).chars().take(ANSWER_CHARS_MAX).collect()
}

/// Servers repeat addresses in their answers; logs and pages need not.
fn without(said: &str, to: &Address) -> String {
    let address: &str = to.as_ref();
    said.replace(address, "…").replace(&address.to_lowercase(), "…")
}

/// `Auto-Submitted: auto-generated` (RFC 3834): no holiday note answers this.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_schemas::text::Language;
    use serde_json::json;

    fn mailer() -> Mailer {
        let smtp = json!({ "host": "localhost", "port": 25, "security": "none", "from": "台帳 <daicho@example.jp>" });
        Mailer::open(&serde_json::from_value(smtp).unwrap(), Path::new("/")).unwrap()
    }

    fn formatted(subject: &str) -> String {
        let mut letter = Letter::new(Language::Ja, subject);
        letter.field("alert-hosts", "x\r\n.\r\nQUIT");
        let key = Hash::of("test", &[]);
        let at = "2026-11-21T03:00:00.000000Z".parse().unwrap();
        let message = mailer().message(&"office@example.jp".parse().unwrap(), &letter, &key, at).unwrap();
        String::from_utf8(message.formatted()).unwrap()
    }

    #[test]
    fn a_hostile_subject_adds_no_header_and_everything_is_seven_bit() {
        let message = formatted("パッケージ evil\r\nBcc: everybody@example.jp\r\n\r\nbody\u{0}");
        let head = message.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc:")), "{head}");
        assert!(head.contains("Subject: =?utf-8?b?"), "{head}");
        assert!(message.is_ascii());
        assert!(message.lines().all(|line| line.len() <= 998));
        assert_eq!(head.lines().filter(|line| line.starts_with("To:")).count(), 1);
    }

    #[test]
    fn the_same_letter_and_key_are_the_same_bytes() {
        let message = formatted("件名");
        assert_eq!(message, formatted("件名"));
        let id = format!("Message-ID: <{}@example.jp>", Hash::of("test", &[]));
        assert!(message.contains(&id), "{message}");
        assert!(message.contains("Auto-Submitted: auto-generated") && message.contains("Sat, 21 Nov 2026 03:00:00"));
    }

    #[test]
    fn a_mailer_shows_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("p"), "sesame\n").unwrap();
        let smtp = json!({ "host": "localhost", "port": 25, "security": "none", "from": "a@example.jp",
                           "user": "u", "password_file": "p" });
        let mailer = Mailer::open(&serde_json::from_value(smtp).unwrap(), folder.path()).unwrap();
        assert_eq!(format!("{mailer:?}"), "mail through localhost");
        std::fs::write(folder.path().join("p"), "two\nlines\n").unwrap();
        assert!(read_secret(&folder.path().join("p")).unwrap_err().to_string().contains("one line"));
    }
}
