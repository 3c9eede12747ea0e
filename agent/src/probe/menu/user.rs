//! SNMP credentials from a private file, and what SNMPv3 does with a user's (RFC 3414; the cryptography is snmp2's).
//! It does not guess or store them; they live in this process only.
//! Invariant: no secret leaves this module but inside a datagram to the device that it is for. Nothing here can be
//! printed, and no error names more than the file.

use super::snmp::{self, ANSWER_BYTES_MAX, Engine, Values, guarded};
use super::{Answer, NoAnswer};
use crate::files;
use serde::Deserialize;
use snmp2::v3::{Auth, AuthProtocol, Cipher, KeyExtension, Security};
use snmp2::{Error, Pdu};
use std::fs::File;
use std::io::Read as _;
use std::net::IpAddr;
use std::path::Path;

/// A credential file, in bytes.
const CREDENTIAL_BYTES_MAX: u64 = 4096;

/// A credential as people write it: `{"community": "…"}` or `{"user": "…", …}`.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Written {
    Community { community: String },
    User(User),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    user: String,
    #[serde(default)]
    authentication: Option<Authentication>,
    #[serde(default)]
    privacy: Option<Privacy>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Authentication {
    protocol: AuthenticationProtocol,
    password: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AuthenticationProtocol {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Privacy {
    protocol: PrivacyProtocol,
    password: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PrivacyProtocol {
    Des,
    Aes128,
    Aes192,
    Aes256,
}

/// A credential. It has no way to be shown.
pub struct Credential(Written);

impl Credential {
    /// Reads a private file.
    ///
    /// # Errors
    /// [`NoAnswer::Credential`] names the file and what is wrong with it, never what is in it.
    pub fn read(path: &Path) -> Result<Self, NoAnswer> {
        let wrong = |why: &str| NoAnswer::Credential(format!("{}: {why}", path.display()));
        let file = File::open(path).map_err(|error| wrong(&error.to_string()))?;
        let found = file.metadata().map_err(|error| wrong(&error.to_string()))?;
        if !found.is_file() {
            return Err(wrong("not a plain file"));
        }
        match files::others_may_read(&found) {
            Some(false) => {}
            Some(true) => return Err(wrong("others may read it; set its mode to 0600")),
            None => {
                return Err(wrong("this system does not tell who else may read it; run the probe from a Linux host"));
            }
        }
        let mut text = Vec::new();
        file.take(CREDENTIAL_BYTES_MAX).read_to_end(&mut text).map_err(|error| wrong(&error.to_string()))?;
        Self::parse(&text).ok_or_else(|| wrong("it is not in the form of docs/operations/probing.md"))
    }

    /// Reads what people wrote. It says no more than whether it fits: a reader's message could repeat a piece of it.
    pub fn parse(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok().map(Self)
    }

    /// What it takes to talk with it. Version 3 needs the engine that answered before.
    ///
    /// # Errors
    /// [`NoAnswer::Credential`] when it does not fit.
    pub fn session(self, engine: Option<&Engine>) -> Result<Session, NoAnswer> {
        match (self.0, engine) {
            (Written::Community { community }, None) => Ok(Session(Keys::Community(community.into_bytes()))),
            (Written::User(user), Some(engine)) => {
                let security = guarded(|| user.security(engine));
                let security = security.map_err(|error| NoAnswer::Credential(snmp::said(error)))?;
                Ok(Session(Keys::User(Box::new(security))))
            }
            (Written::Community { .. }, Some(_)) => Err(NoAnswer::Credential("v3 needs a user".into())),
            (Written::User(_), None) => Err(NoAnswer::Credential("v2c needs a community".into())),
        }
    }
}

/// A credential, fitted to the device. It has no way to be shown either.
pub struct Session(Keys);

enum Keys {
    Community(Vec<u8>),
    User(Box<Security>),
}

impl Session {
    /// The GetRequest, ready to be sent.
    ///
    /// # Errors
    /// [`NoAnswer::Credential`] when it cannot be sealed.
    pub fn request(&self) -> Result<Vec<u8>, NoAnswer> {
        match &self.0 {
            Keys::Community(community) => Ok(snmp::v2c(community)),
            Keys::User(security) => guarded(|| seal(security)).map_err(|error| NoAnswer::Credential(snmp::said(error))),
        }
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`NoAnswer::NotUnderstood`] when it is none of ours.
    pub fn read_answer(&self, mut bytes: Vec<u8>) -> Result<Answer, NoAnswer> {
        bytes.truncate(ANSWER_BYTES_MAX);
        let values = match &self.0 {
            Keys::Community(community) => snmp::read_v2c(&bytes, community),
            Keys::User(security) => {
                let mut security = security.clone();
                let read = guarded(|| Values::of(Pdu::from_bytes_with_security(&bytes, Some(&mut security))?));
                read.ok()
            }
        };
        let values = values.filter(|values| !values.is_empty());
        values.map(Answer::SnmpGet).ok_or(NoAnswer::NotUnderstood("no SNMP response to our request, or a refusal"))
    }
}

/// The library only seals what it has read: it reads our own open message, and seals that.
fn seal(security: &Security) -> Result<Vec<u8>, Error> {
    let (engine, user) = (security.engine_id(), security.username());
    let open = snmp::v3(engine, user, true);
    let mut nobody = Security::new(user, b"").with_auth(Auth::NoAuthNoPriv).with_engine_id(engine)?;
    let message = Pdu::from_bytes_with_security(&open, Some(&mut nobody))?;
    message.to_bytes_with_security(Some(security))
}

/// Asks once.
///
/// # Errors
/// [`NoAnswer`] when nothing of use comes back.
pub async fn ask(address: IpAddr, port: u16, session: &Session, request: &[u8]) -> Result<Answer, NoAnswer> {
    session.read_answer(snmp::exchange(address, port, request).await?)
}

impl User {
    fn security(&self, engine: &Engine) -> Result<Security, Error> {
        let password = self.authentication.as_ref().map(|given| given.password.as_bytes()).unwrap_or_default();
        let protocol = match self.authentication.as_ref().map(|given| given.protocol) {
            Some(AuthenticationProtocol::Md5) => AuthProtocol::Md5,
            Some(AuthenticationProtocol::Sha1) | None => AuthProtocol::Sha1,
            Some(AuthenticationProtocol::Sha224) => AuthProtocol::Sha224,
            Some(AuthenticationProtocol::Sha256) => AuthProtocol::Sha256,
            Some(AuthenticationProtocol::Sha384) => AuthProtocol::Sha384,
            Some(AuthenticationProtocol::Sha512) => AuthProtocol::Sha512,
        };
        let auth = match (&self.authentication, &self.privacy) {
            (None, _) => Auth::NoAuthNoPriv,
            (Some(_), None) => Auth::AuthNoPriv,
            (Some(_), Some(privacy)) => {
                let cipher = match privacy.protocol {
                    PrivacyProtocol::Des => Cipher::Des,
                    PrivacyProtocol::Aes128 => Cipher::Aes128,
                    PrivacyProtocol::Aes192 => Cipher::Aes192,
                    PrivacyProtocol::Aes256 => Cipher::Aes256,
                };
                Auth::AuthPriv { cipher, privacy_password: privacy.password.as_bytes().to_vec() }
            }
        };
        Security::new(self.user.as_bytes(), password)
            .with_auth(auth)
            .with_auth_protocol(protocol)
            .with_key_extension_method(KeyExtension::Reeder)
            .with_engine_id(&engine.id())
            .map(|security| security.with_engine_boots_and_time(engine.clock.0, engine.clock.1))
    }
}

// Where this system does not tell who may read a file, none is read.
#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    const USER: &str = r#"{"user":"daicho","authentication":{"protocol":"sha256","password":"EXAMPLE-SECRET-1"},
        "privacy":{"protocol":"aes128","password":"EXAMPLE-SECRET-2"}}"#;

    fn written(text: &str, mode: u32) -> (tempfile::TempDir, Result<Credential, NoAnswer>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credential");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let read = Credential::read(&path);
        (folder, read)
    }

    #[test]
    fn a_credential_that_others_can_read_or_that_is_odd_is_not_used_and_not_shown() {
        assert!(written(USER, 0o600).1.is_ok());
        for (text, mode) in [(USER, 0o640), (USER, 0o604), ("EXAMPLE-SECRET-1", 0o600), (r#"{"community":1}"#, 0o600)] {
            let shown = written(text, mode).1.err().unwrap().to_string();
            assert!(!shown.contains("SECRET"), "{shown}");
        }
    }

    #[test]
    fn a_request_of_a_user_is_sealed_for_its_engine() {
        let engine =
            Engine { engine_id: "8000049e0300a0de010203".into(), enterprise: 1182, mac: None, clock: (3, 1000) };
        assert!(written(USER, 0o600).1.unwrap().session(None).is_err());
        let session = written(USER, 0o600).1.unwrap().session(Some(&engine)).unwrap();
        let request = session.request().unwrap();
        assert!(request.windows(6).any(|here| here == b"daicho"));
        assert!(!request.windows(6).any(|here| here == b"SECRET"));
        // Our own request is no answer to it; neither is a piece of it.
        for end in 0..=request.len() {
            assert!(session.read_answer(request[..end].to_vec()).is_err());
        }
    }
}
