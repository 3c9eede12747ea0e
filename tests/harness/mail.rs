//! A real mail server on this machine: aiosmtpd from the distribution's packages, with TLS, AUTH and faults as a test asks.
//! It does not know what messages say; it hands over what an independent reader made of them.
//! Invariant: it listens on loopback only, and ends with the test process, however that ends.

use crate::executables::{Child, free_port};
use crate::packages;
use crate::server::PATIENCE;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const PYTHON: &str = "/usr/bin/python3";
const LIBRARY: &str = "/usr/lib/python3/dist-packages/aiosmtpd/smtp.py";
/// Who may send.
pub const USER: &str = "daicho";
/// The password of [`USER`]: a word that stands nowhere else, so that a test can look for it.
pub const PASSWORD: &str = "sesame-of-the-mail-server";

/// A mail server that a test may stop, kill and start again.
pub struct MailServer {
    /// Where it listens; the same after every restart.
    pub port: u16,
    implicit: bool,
    folder: PathBuf,
    child: Option<Child>,
    _folder: tempfile::TempDir,
}

impl MailServer {
    /// Starts one with STARTTLS, or with TLS from the first byte; or says why there is none.
    pub fn start(implicit: bool) -> Result<Self, String> {
        packages::ensure(Path::new(LIBRARY), &["python3", "python3-aiosmtpd"])?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        make_certificates(folder.path());
        std::fs::write(folder.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        let path = folder.path().to_path_buf();
        let mut server = Self { port: free_port(), implicit, folder: path, child: None, _folder: folder };
        server.restart();
        Ok(server)
    }

    /// Starts it again on the same port, with what it took before.
    #[expect(clippy::disallowed_methods, reason = "running the mail server is the point")]
    pub fn restart(&mut self) {
        self.kill();
        let settings = json!({
            "folder": self.folder, "cert": self.folder.join("cert.pem"), "key": self.folder.join("key.pem"),
            "implicit": self.implicit, "user": USER, "password": PASSWORD, "port": self.port,
        });
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/smtp_server.py");
        let mut command = Command::new(PYTHON);
        command.arg(script).arg(settings.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), self.port.to_string(), "the mail server does not start");
        self.child = Some(Child(child));
    }

    /// Kills it.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill();
        }
    }

    /// Waits until it has ended by itself, as `die` makes it.
    pub fn wait_for_end(&mut self) {
        let until = Instant::now() + PATIENCE;
        while self.child.as_mut().is_some_and(|child| child.0.try_wait().unwrap().is_none()) {
            assert!(Instant::now() < until, "the mail server does not end");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        self.child = None;
    }

    /// Begins or ends a fault: `stall`, `die` or `busy`.
    pub fn fault(&self, name: &str, on: bool) {
        let path = self.folder.join(name);
        if on {
            std::fs::write(path, "").unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }

    /// Every message that it wrote down, in order, whether it could say so or not.
    pub fn taken(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.join("taken.jsonl")).unwrap_or_default();
        // The last line may still be on its way.
        text.split_inclusive('\n').filter_map(|line| serde_json::from_str(line.strip_suffix('\n')?).ok()).collect()
    }

    /// The messages to one address.
    pub fn taken_by(&self, address: &str) -> Vec<Value> {
        self.taken().into_iter().filter(|message| message["to"] == json!([address])).collect()
    }

    /// What a routing file says of it.
    pub fn smtp(&self) -> Value {
        json!({
            "host": "localhost", "port": self.port, "security": if self.implicit { "tls" } else { "starttls" },
            "ca_file": self.folder.join("ca.pem"), "user": USER, "password_file": self.folder.join("password"),
            "from": "台帳 Daicho <daicho@example.jp>",
        })
    }

    /// Its folder, which goes when it goes.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A certificate of an authority that did not sign the server's.
    pub fn other_authority(&self) -> PathBuf {
        self.folder.join("other-ca.pem")
    }
}

fn authority(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    (pem, Issuer::new(params, key))
}

fn make_certificates(folder: &Path) {
    let (ca, issuer) = authority("mail test authority");
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_string()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    write("ca.pem", ca);
    write("other-ca.pem", authority("another authority").0);
    write("cert.pem", certificate.pem());
    write("key.pem", key.serialize_pem());
}
