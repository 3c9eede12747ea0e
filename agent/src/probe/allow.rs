//! What people allow to be probed: single addresses, each with an owner, a reason and a last day, and the hours.
//! It does not send anything, and it does not know today.
//! Invariant: what is not written here is not probed. A name, a prefix, a group or an unknown word is refused, not guessed.

use chrono_tz::Tz;
use daicho_schemas::text::{Text, printable};
use daicho_schemas::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

/// The only format there is.
pub const ALLOW_FORMAT: &str = "daicho.probe_allow.v1";
/// The largest file that is read, in bytes.
pub const ALLOW_BYTES_MAX: usize = 256 * 1024;
/// Targets in one file.
pub const TARGETS_MAX: usize = 64;
/// An owner, a reason, a why: characters.
const WORDS_CHARS_MAX: usize = 200;
/// Windows and blackouts, each.
const HOURS_MAX: usize = 500;

/// The allow-list file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllowFile {
    /// `daicho.probe_allow.v1`.
    pub format: String,
    /// The time zone of windows, blackouts and last days, by its IANA name: `Asia/Tokyo`.
    #[serde(default = "tokyo")]
    pub time_zone: String,
    /// A file whose existence stops everything at once, beside the one in the state folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_file: Option<PathBuf>,
    /// Maintenance windows: nothing is sent outside of them, so an empty list allows nothing.
    pub windows: Vec<Hours>,
    /// Hours of every week in which nothing is sent: surgery, batch runs.
    #[serde(default)]
    pub weekly_blackouts: Vec<Hours>,
    /// Days and hours of the calendar in which nothing is sent: a vessel's stay, the end of the year.
    #[serde(default)]
    pub blackouts: Vec<Blackout>,
    /// Who may be asked what.
    pub targets: Vec<Target>,
}

fn tokyo() -> String {
    "Asia/Tokyo".into()
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    /// 月.
    Mon,
    /// 火.
    Tue,
    /// 水.
    Wed,
    /// 木.
    Thu,
    /// 金.
    Fri,
    /// 土.
    Sat,
    /// 日.
    Sun,
}

/// Hours of every week in local time. Where `until` is not later than `from`, they last until that time of the next day.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The days on which they begin.
    pub days: Vec<Day>,
    /// The first minute, `HH:MM`.
    pub from: String,
    /// The minute after the last, `HH:MM` or `24:00`.
    pub until: String,
    /// What they are for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A time of the calendar in which nothing is sent.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Blackout {
    /// The first minute in local time, `2026-12-28T17:00`.
    pub from: String,
    /// The minute after the last.
    pub until: String,
    /// What it is for.
    pub why: String,
}

/// What sort of device a target is. Controllers, instruments and medical devices are not on the list on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceSort {
    /// A VPN box.
    Vpn,
    /// A router.
    Router,
    /// A switch.
    Switch,
    /// A firewall.
    Firewall,
    /// A wireless access point.
    AccessPoint,
}

/// One device that may be asked.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its management address: one IPv4 or IPv6 address, never a name or a prefix.
    #[schemars(with = "String")]
    pub address: IpAddr,
    /// What sort of device the owner says it is.
    pub device: DeviceSort,
    /// Who answers for the device.
    pub owner: String,
    /// Why it is asked.
    pub reason: String,
    /// The last day on which it may be asked.
    pub expires_on: CalendarDate,
    /// What may be asked; each is off unless it stands here.
    pub probes: Probes,
}

/// The menu. There is nothing else on it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probes {
    /// One SNMPv3 discovery datagram (RFC 3414 section 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snmp_engine: Option<SnmpEngine>,
    /// One SNMP GetRequest with a credential that you configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snmp_get: Option<SnmpGet>,
    /// One connection that reads the SSH identification and sends nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssh: Option<Ssh>,
    /// One TLS handshake that reads the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// One `GET /`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<Http>,
}

/// Where the discovery datagram goes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnmpEngine {
    /// UDP port.
    #[serde(default = "port_snmp")]
    pub port: u16,
}

/// Where the GetRequest goes, and where its credential lies.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnmpGet {
    /// UDP port.
    #[serde(default = "port_snmp")]
    pub port: u16,
    /// The version that is spoken. `v3` needs `snmp_engine` on the same port.
    pub version: SnmpVersion,
    /// A file with the community or user, private to the agent's account (mode 0600). The secret is never in this list.
    pub credential_file: PathBuf,
}

/// A version of SNMP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SnmpVersion {
    /// SNMPv2c, community in clear.
    V2c,
    /// SNMPv3 with a user (USM).
    V3,
}

/// Where SSH is read.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ssh {
    /// TCP port.
    #[serde(default = "port_ssh")]
    pub port: u16,
}

/// Where the handshake is made.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// TCP port.
    #[serde(default = "port_https")]
    pub port: u16,
}

/// Where `GET /` goes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// TCP port.
    #[serde(default = "port_http")]
    pub port: u16,
    /// Inside TLS.
    #[serde(default)]
    pub tls: bool,
}

fn port_snmp() -> u16 {
    161
}
fn port_ssh() -> u16 {
    22
}
fn port_https() -> u16 {
    443
}
fn port_http() -> u16 {
    80
}

/// An allow-list that we will not work from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {} {}", .text.en, .remedy.en)]
pub struct AllowRefused {
    /// Where in the file.
    pub field: String,
    /// What is wrong with it.
    pub text: Text,
    /// What to do.
    pub remedy: Text,
}

/// An allow-list that is sound.
#[derive(Clone, Debug)]
pub struct Allow {
    /// What the file says.
    pub file: AllowFile,
    /// Its time zone.
    pub zone: Tz,
}

impl Allow {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// [`AllowRefused`] names the field and what to do.
    pub fn parse(bytes: &[u8]) -> Result<Self, AllowRefused> {
        if bytes.len() > ALLOW_BYTES_MAX {
            return refused("file", ("大きすぎます。", "It is too large."), ("分けてください。", "Split it."));
        }
        let mut file: AllowFile = serde_json::from_slice(bytes).map_err(|error| AllowRefused {
            field: format!("line {}", error.line()),
            text: Text::new(
                format!("読めません: {}", printable(&error.to_string())),
                format!("It cannot be read: {}.", printable(&error.to_string())),
            ),
            remedy: Text::new(
                "address は単一の IP アドレスです（名前・プレフィックス不可）。docs/operations/probing.md の例を見てください。",
                "An address is one IP address, no name and no prefix; see the example in docs/operations/probing.md.",
            ),
        })?;
        if file.format != ALLOW_FORMAT {
            let write = (format!("{ALLOW_FORMAT} としてください。"), format!("Write {ALLOW_FORMAT}."));
            return refused("format", ("知らない形式です。", "This format is not known."), write);
        }
        let Ok(zone) = file.time_zone.parse::<Tz>() else {
            let write = ("Asia/Tokyo などとしてください。", "Write Asia/Tokyo or the like.");
            return refused("time_zone", ("知らない時刻帯です。", "This is no time zone."), write);
        };
        check_hours(&file)?;
        check_targets(&mut file)?;
        Ok(Self { file, zone })
    }
}

fn refused<T>(
    field: impl Into<String>,
    (text_ja, text_en): (&str, &str),
    (ja, en): (impl Into<String>, impl Into<String>),
) -> Result<T, AllowRefused> {
    Err(AllowRefused { field: field.into(), text: Text::new(text_ja, text_en), remedy: Text::new(ja, en) })
}

fn check_hours(file: &AllowFile) -> Result<(), AllowRefused> {
    if [file.windows.len(), file.weekly_blackouts.len(), file.blackouts.len()].iter().any(|count| *count > HOURS_MAX) {
        return refused("windows", ("多すぎます。", "There are too many."), ("まとめてください。", "Join some."));
    }
    if file.windows.is_empty() {
        return refused(
            "windows",
            ("保守時間帯がありません。", "There is no maintenance window."),
            ("送ってよい曜日と時刻を書いてください。", "Write the days and hours in which something may be sent."),
        );
    }
    for (list, hours) in [("windows", &file.windows), ("weekly_blackouts", &file.weekly_blackouts)] {
        for (number, hours) in hours.iter().enumerate() {
            let sound = minute_of_day(&hours.from).is_some_and(|from| from < 24 * 60)
                && minute_of_day(&hours.until).is_some()
                && !hours.days.is_empty();
            if !sound {
                return refused(
                    format!("{list}[{number}]"),
                    ("曜日か時刻が読めません。", "Its days or times cannot be read."),
                    (
                        "\"days\":[\"sat\"],\"from\":\"01:00\",\"until\":\"04:00\" のように書いてください。",
                        "Write for instance \"days\":[\"sat\"],\"from\":\"01:00\",\"until\":\"04:00\".",
                    ),
                );
            }
        }
    }
    for (number, blackout) in file.blackouts.iter().enumerate() {
        if local_minute(&blackout.from).zip(local_minute(&blackout.until)).is_none_or(|(from, until)| from >= until) {
            return refused(
                format!("blackouts[{number}]"),
                ("始まりと終わりが読めないか、逆です。", "Its beginning and end cannot be read or are turned around."),
                ("2026-12-28T17:00 のように書いてください。", "Write them like 2026-12-28T17:00."),
            );
        }
    }
    Ok(())
}

/// Minutes since midnight; 1440 for `24:00`.
pub(super) fn minute_of_day(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    if hour.len() != 2 || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let minutes = hour.checked_mul(60)?.checked_add(minute)?;
    (minute < 60 && minutes <= 24 * 60).then_some(minutes)
}

/// A minute of the calendar in local time.
pub(super) fn local_minute(text: &str) -> Option<chrono::NaiveDateTime> {
    chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").ok()
}

fn check_targets(file: &mut AllowFile) -> Result<(), AllowRefused> {
    if file.targets.len() > TARGETS_MAX {
        let write = (format!("{TARGETS_MAX} 件までです。"), format!("At most {TARGETS_MAX} stand in one file."));
        return refused("targets", ("対象が多すぎます。", "There are too many targets."), write);
    }
    let mut seen = BTreeSet::new();
    for (number, target) in file.targets.iter_mut().enumerate() {
        let field = |name: &str| format!("targets[{number}].{name}");
        target.address = target.address.to_canonical();
        if !is_one_host(target.address) {
            return refused(
                field("address"),
                ("一台の機器を指すアドレスではありません。", "It is not the address of one device."),
                ("機器の管理アドレスを書いてください。", "Write the management address of the device."),
            );
        }
        if !seen.insert(target.address) {
            let write = ("一つにまとめてください。", "Join the two.");
            return refused(field("address"), ("二度書かれています。", "It stands there twice."), write);
        }
        for (name, words) in [("owner", &target.owner), ("reason", &target.reason)] {
            if words.trim().is_empty() || words.chars().count() > WORDS_CHARS_MAX || printable(words) != *words {
                return refused(
                    field(name),
                    ("空か、長すぎるか、制御文字があります。", "It is empty, too long or has control characters."),
                    ("200 文字以内で書いてください。", "Write up to 200 characters."),
                );
            }
        }
        let probes = &target.probes;
        let engine = probes.snmp_engine.map(|engine| engine.port);
        if probes.snmp_get.as_ref().is_some_and(|get| get.version == SnmpVersion::V3 && engine != Some(get.port)) {
            return refused(
                field("probes.snmp_get"),
                (
                    "SNMPv3 の GET には同じポートの snmp_engine が要ります。",
                    "SNMPv3 needs snmp_engine on the same port.",
                ),
                ("snmp_engine も書いてください。", "Switch on snmp_engine, too."),
            );
        }
    }
    Ok(())
}

/// Neither a group, nor everybody, nor nobody. A link-local address says nothing without its interface.
fn is_one_host(address: IpAddr) -> bool {
    let odd = match address {
        IpAddr::V4(four) => {
            four.is_broadcast() || four.octets().first().is_some_and(|first| matches!(first, 0 | 240..))
        }
        IpAddr::V6(six) => six.is_unicast_link_local(),
    };
    !odd && !address.is_multicast() && !address.is_unspecified()
}
