//! Every datagram and connection that a run would send, in its order, with the exact bytes where we choose them.
//! It sends nothing, opens no credential and knows no hour; a run goes through the same list.
//! Invariant: what is not in the plan is not sent. No action of the menu is here twice, none is outside of it.

use super::allow::{Allow, SnmpVersion, Target};
use super::menu::{http, snmp};
use super::rules::{ANSWER_TIMEOUT, CONNECT_TIMEOUT, JITTER_MAX, PAUSE_MIN};
use daicho_schemas::text::Text;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::Duration;

/// One of the five things that can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// SNMPv3 discovery.
    SnmpEngine,
    /// SNMP GetRequest.
    SnmpGet,
    /// SSH identification.
    Ssh,
    /// TLS handshake.
    Tls,
    /// `GET /`.
    Http,
}

/// How it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// One datagram.
    Udp,
    /// One full connection.
    Tcp,
}

/// One datagram or one connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Action {
    /// To whom.
    pub address: IpAddr,
    /// What for.
    pub probe: Probe,
    /// How.
    pub transport: Transport,
    /// To which port.
    pub port: u16,
    /// What is sent, in words.
    pub text: Text,
    /// What is sent, byte for byte in hexadecimal, where we choose it and it holds no secret. Empty: nothing but the
    /// connection itself. Absent: it holds a secret or a random number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_hex: Option<String>,
}

/// Every action, in order: first every target's first, so that no device is asked twice in a row while others wait.
pub fn plan(allow: &Allow) -> Vec<Action> {
    let menus: Vec<Vec<Action>> = allow.file.targets.iter().map(of_target).collect();
    let longest = menus.iter().map(Vec::len).max().unwrap_or_default();
    (0..longest).flat_map(|step| menus.iter().filter_map(move |menu| menu.get(step).cloned())).collect()
}

fn of_target(target: &Target) -> Vec<Action> {
    let probes = &target.probes;
    let make = |probe, transport, port, text: (&str, &str), bytes: Option<Vec<u8>>| Action {
        address: target.address,
        probe,
        transport,
        port,
        text: Text::new(text.0, text.1),
        bytes_hex: bytes.map(hex::encode),
    };
    let mut menu = Vec::new();
    if let Some(engine) = probes.snmp_engine {
        let text = ("SNMPv3 のエンジン ID を問うデータグラム 1 個", "one SNMPv3 datagram that asks for the engine id");
        menu.push(make(Probe::SnmpEngine, Transport::Udp, engine.port, text, Some(snmp::discovery())));
    }
    if let Some(get) = &probes.snmp_get {
        let text = match get.version {
            SnmpVersion::V2c => (
                "SNMPv2c の GetRequest 1 個（sysDescr ほか、コミュニティ名は表示しない）",
                "one SNMPv2c GetRequest (sysDescr and four more; the community is not shown)",
            ),
            SnmpVersion::V3 => (
                "SNMPv3 の GetRequest 1 個（sysDescr ほか、認証情報は表示しない）",
                "one SNMPv3 GetRequest (sysDescr and four more; the user's keys are not shown)",
            ),
        };
        menu.push(make(Probe::SnmpGet, Transport::Udp, get.port, text, None));
    }
    if let Some(ssh) = probes.ssh {
        let text = (
            "接続 1 回、SSH の識別文字列を読むだけ（何も送らない）",
            "one connection that reads the SSH identification and sends nothing",
        );
        menu.push(make(Probe::Ssh, Transport::Tcp, ssh.port, text, Some(Vec::new())));
    }
    if let Some(tls) = probes.tls {
        let text =
            ("接続 1 回、TLS ハンドシェイク 1 回、close_notify", "one connection, one TLS handshake, close_notify");
        menu.push(make(Probe::Tls, Transport::Tcp, tls.port, text, None));
    }
    if let Some(options) = probes.http {
        let text = if options.tls {
            ("接続 1 回、TLS の中で GET / 1 回", "one connection, one GET / inside TLS")
        } else {
            ("接続 1 回、GET / 1 回", "one connection, one GET /")
        };
        let request = http::request(target.address);
        menu.push(make(Probe::Http, Transport::Tcp, options.port, text, Some(request)));
    }
    menu
}

/// How long it takes: at least, and at most when nobody answers.
pub fn duration(actions: &[Action]) -> (Duration, Duration) {
    let count = u32::try_from(actions.len()).unwrap_or(u32::MAX);
    let connections = actions.iter().filter(|action| action.transport == Transport::Tcp).count();
    let connections = u32::try_from(connections).unwrap_or(u32::MAX);
    let longest = PAUSE_MIN.saturating_add(JITTER_MAX).saturating_add(ANSWER_TIMEOUT);
    let closing = CONNECT_TIMEOUT.saturating_add(super::menu::CLOSE_TIMEOUT);
    let least = PAUSE_MIN.saturating_mul(count);
    (least, longest.saturating_mul(count).saturating_add(closing.saturating_mul(connections)))
}
