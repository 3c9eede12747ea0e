//! What a device sends back to the agent that asked it who it is: SNMP, SSH, HTTP, a certificate. The first byte picks.
//! It does not know the network.
//! Invariant: whatever comes back, what is kept of it is short and printable, and a secret is not in it.

use daicho_agent::probe::fingerprints::Fingerprints;
use daicho_agent::probe::menu::user::{Credential, Session};
use daicho_agent::probe::menu::{Answer, http, snmp, ssh, tls};
use daicho_schemas::text::printable;
use std::sync::OnceLock;

const COMMUNITY: &[u8] = b"EXAMPLE-SECRET-1";
const USER: &[u8] = br#"{"user":"daicho","authentication":{"protocol":"sha1","password":"EXAMPLE-SECRET-1"},
    "privacy":{"protocol":"aes128","password":"EXAMPLE-SECRET-2"}}"#;
/// Every kept text is at most 255 characters of up to four bytes.
const KEPT_BYTES_MAX: usize = 16 * 1024;

fn engine() -> snmp::Engine {
    snmp::Engine { engine_id: "8000049e0300a0de010203".into(), enterprise: 1182, mac: None, clock: (3, 1000) }
}

/// Making keys of a password costs a million bytes of hashing; one session serves all.
fn session() -> &'static Session {
    static SESSION: OnceLock<Session> = OnceLock::new();
    SESSION.get_or_init(|| Credential::parse(USER).unwrap().session(Some(&engine())).unwrap_or_else(|_| unreachable!()))
}

fn facts() -> &'static Fingerprints {
    static FACTS: OnceLock<Fingerprints> = OnceLock::new();
    FACTS.get_or_init(|| Fingerprints::load().unwrap())
}

pub(super) fn read(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let answer = match which % 6 {
        0 => snmp::read_engine(bytes).map(Answer::SnmpEngine),
        1 => snmp::read_v2c(bytes, COMMUNITY).map(Answer::SnmpGet),
        2 => ssh::identification(bytes).map(|identification| Answer::Ssh { identification }),
        3 => http::read(bytes).map(Answer::Http),
        4 => Some(Answer::Tls(tls::Certificate::read(bytes))),
        _ => session().read_answer(bytes.to_vec()).ok(),
    };
    let Some(answer) = answer else { return };
    let identified = facts().identify([&answer]);
    let kept = serde_json::to_string(&(&answer, &identified)).unwrap();
    assert!(kept.len() <= KEPT_BYTES_MAX, "{} bytes are kept", kept.len());
    assert_eq!(printable(&kept), kept);
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let with = |which: u8, bytes: &[u8]| [&[which], bytes].concat();
    let certificate = rcgen::generate_simple_self_signed(["device.example".to_owned()]).unwrap();
    vec![
        with(0, &snmp::discovery()),
        with(1, &snmp::v2c(COMMUNITY)),
        with(2, b"hello\r\nSSH-2.0-Cisco-1.25\r\n"),
        with(3, b"HTTP/1.1 200 OK\r\nServer: YAMAHA-RT\r\n\r\n<title>RTX</title>"),
        with(4, certificate.cert.der()),
        with(5, &session().request().unwrap()),
    ]
}
