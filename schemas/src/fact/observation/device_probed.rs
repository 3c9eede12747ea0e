//! `device_probed.v1`: who a device seemed to be when a person had it asked (D-0021).
//! It does not know what was sent (the agent's log does), whose device it is, or its ways in: a device that answers says nothing of them.
//! Invariant: no credential and no free text of the device stands in it, only what our own fingerprints took from its answers; it
//! changes when somebody asks again, and not otherwise.

use crate::time::{CalendarDate, UtcMicros};
use core::net::IpAddr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// One value of a device's answer, in bytes.
pub const PROBED_TEXT_BYTES_MAX: usize = 255;
/// An engine id in hexadecimal digits: 5 to 32 bytes (RFC 3411).
const ENGINE_ID_DIGITS: RangeInclusive<usize> = 10..=64;

/// What a device was asked (D-0021: there is nothing else).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProbedBy {
    /// SNMPv3 discovery (RFC 3414 section 4), unauthenticated.
    SnmpEngine,
    /// An SNMP GetRequest with a credential that a person configured.
    SnmpGet,
    /// The identification of an SSH server (RFC 4253 section 4.2).
    Ssh,
    /// The certificate of a TLS server.
    Tls,
    /// The page that `GET /` brings.
    Http,
}

/// What a value rests on, from weak to strong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProbeRung {
    /// A banner, a page or a certificate: anybody can copy it.
    BannerOrCertificate,
    /// The enterprise number in an SNMPv3 engine id, unauthenticated: who made the SNMP agent.
    SnmpEngine,
    /// What the device's SNMP agent said to a configured credential.
    SnmpGet,
}

/// A value with what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbedValue {
    /// As the maker writes it.
    pub value: String,
    /// How sure.
    pub rung: ProbeRung,
}

/// The run of probing in which it answered: its lines in the agent's log begin there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbeRun {
    /// When the run began, by the agent's clock: the log's line `run_began`.
    pub began_at: UtcMicros,
    /// SHA-256 of the allow-list, 64 hexadecimal digits, as that line has it.
    pub allow_sha256: String,
}

/// One device that answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceProbed {
    /// The address that was asked, as IP addresses are written (RFC 5952).
    pub address: String,
    /// The day on which it last answered, in Japan.
    pub asked_on: CalendarDate,
    /// The run; absent where an earlier release of the agent asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<ProbeRun>,
    /// What it answered to, sorted.
    pub answered: Vec<ProbedBy>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<ProbedValue>,
    /// Which model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ProbedValue>,
    /// Its firmware.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<ProbedValue>,
    /// Its serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<ProbedValue>,
    /// Its SNMPv3 engine id, in hexadecimal. Devices that were set up as copies of each other share one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_id: Option<String>,
    /// The hardware address in that engine id, `aa:bb:cc:dd:ee:ff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// SHA-256 of its certificate, 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_sha256: Option<String>,
}

fn are_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

impl DeviceProbed {
    /// The address.
    pub fn key(&self) -> String {
        self.address.clone()
    }

    /// Whether it keeps to the limits of its shape; else the field and what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        let address: IpAddr = self.address.parse().map_err(|_| "address: one IP address".to_string())?;
        if address.to_string() != self.address {
            return Err(format!("address: it is written {address}"));
        }
        if self.answered.is_empty() || !self.answered.is_sorted_by(|one, next| one < next) {
            return Err("answered: at least one, sorted, each once".into());
        }
        for value in [&self.maker, &self.model, &self.firmware, &self.serial].into_iter().flatten() {
            let text = &value.value;
            if text.trim().is_empty() || text.len() > PROBED_TEXT_BYTES_MAX || text.chars().any(char::is_control) {
                return Err(format!("maker to serial: 1 to {PROBED_TEXT_BYTES_MAX} bytes on one line"));
            }
        }
        if self.engine_id.as_ref().is_some_and(|id| !ENGINE_ID_DIGITS.contains(&id.len()) || !are_digits(id)) {
            return Err("engine_id: 10 to 64 hexadecimal digits".into());
        }
        let hashes = [self.certificate_sha256.as_ref(), self.run.as_ref().map(|run| &run.allow_sha256)];
        if hashes.into_iter().flatten().any(|hash| hash.len() != 64 || !are_digits(hash)) {
            return Err("certificate_sha256, run.allow_sha256: 64 hexadecimal digits".into());
        }
        let is_mac = |mac: &String| mac.len() == 17 && mac.split(':').all(|byte| byte.len() == 2 && are_digits(byte));
        match &self.mac {
            Some(mac) if !is_mac(mac) => Err("mac: it is written aa:bb:cc:dd:ee:ff".into()),
            _ => Ok(()),
        }
    }

    /// What it rests on at best; absent where nothing of it was recognised.
    pub fn rung(&self) -> Option<ProbeRung> {
        let values = [&self.maker, &self.model, &self.firmware, &self.serial];
        values.into_iter().flatten().map(|value| value.rung).max()
    }
}
