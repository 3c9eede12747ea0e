//! What the configuration of a remote-maintenance device says: who it is, and every way in that it opens.
//! It does not know how a maker writes it (the parsers do), the file itself, or whether anything of it was declared.
//! Invariant: no secret and no line of the file stands in it; a question that the file does not settle is `unknown`,
//! and what is `yes` or `no` says because of what.

use super::device_networks::DeviceNetworks;
use crate::text::Text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Ways in that one reading may hold; more are counted in a gap.
pub const WAYS_IN_MAX: usize = 2000;
/// Grounds under one answer; more are counted in the last one.
pub const GROUNDS_MAX: usize = 20;
/// Gaps of one reading; more are counted in the last one.
pub const GAPS_MAX: usize = 100;
/// One text that was taken from a file, in bytes.
pub const DEVICE_TEXT_BYTES_MAX: usize = 255;

/// An answer to a question about a device. Unknown is never yes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// はい.
    Yes,
    /// いいえ.
    No,
    /// What was read does not settle it.
    #[default]
    Unknown,
    /// The question does not arise: a device without VPN has no peers to restrict.
    NotApplicable,
}

/// What an answer rests on: our own sentence about what stands in the file, never the file's own line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ground {
    /// The line of the file, counted from 1, where one line shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What is seen there.
    pub text: Text,
}

/// An answer with what it rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// The answer.
    pub answer: Answer,
    /// Because of what. Empty only for an `unknown` of which nothing at all was seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Ground>,
}

impl Ground {
    /// A ground that no single line of a file shows.
    pub fn said(text: Text) -> Self {
        Self { line: None, text }
    }
}

impl Answered {
    /// An answer with one ground that no single line of a file shows.
    pub fn said(answer: Answer, text: Text) -> Self {
        Self { answer, because: vec![Ground::said(text)] }
    }

    /// Nothing settles it; why, in Japanese and English.
    pub fn unknown(ja: &str, en: &str) -> Self {
        Self::said(Answer::Unknown, Text::new(ja, en))
    }
}

/// From where something may be reached: 接続元制限, computed from filters and access lists, not from a keyword.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restriction {
    /// `yes`: only from named sources. `no`: from anywhere on at least one outside interface.
    pub restricted: Answered,
    /// The sources that are let in, as the file names them: addresses, prefixes, names. Sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
}

/// What sort of text was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceSort {
    /// A configuration, whole or in part.
    Configuration,
    /// What a command such as `show version` printed: it names the device and says nothing of its ways in.
    StatusOutput,
    /// Both in one paste.
    ConfigurationAndStatus,
    /// It is of this family but cannot be looked into (encrypted, binary): hash and date only.
    Opaque,
}

/// The file that was read. It is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceSource {
    /// SHA-256 of the file's bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// What sort of text.
    pub sort: SourceSort,
    /// The encoding in which it was understood, by the WHATWG name: `UTF-8`, `Shift_JIS`, `EUC-JP`.
    pub encoding: String,
    /// When the device wrote it, in the file's own words, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
    /// The first and last line of this device in a file of several, counted from 1.
    pub lines: (u32, u32),
}

/// How much of a file was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// Nothing hints at a missing part.
    Whole,
    /// A part is missing or was not understood; `gaps` say which. What is absent is not denied.
    Partial,
}

/// Why a part of a file is not in the reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapSort {
    /// The text ends inside a block or a line, or begins in one.
    CutOff,
    /// Residue of a terminal: a pager, colours, wrapped lines. It was taken out; what it hid is not known.
    Residue,
    /// A statement of which the meaning is known in general but not in this form.
    NotUnderstood,
    /// Something that the file names and does not hold: an access list, a template pushed from elsewhere.
    Elsewhere,
    /// A limit was reached.
    TooLarge,
    /// Bytes that are no text in any encoding we know.
    Encoding,
}

/// A part of a file that is not in the reading.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// Why.
    pub sort: GapSort,
    /// Where, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What is missing, in our words.
    pub text: Text,
}

/// The firmware of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Firmware {
    /// The version as the maker writes it: `14.01.42`, `7.4.8`, `9.12(4)67`, `10.7.18`.
    pub version: String,
    /// The build or revision beside it, where the maker has one: `2795`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// Whether it is the bank that runs. A configuration states what wrote it: `unknown` when two banks may differ.
    pub running: Answer,
}

/// Who a device is. What the file does not say is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceIdentity {
    /// The name it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The maker, in the name under which people know it: `Yamaha`, `NEC Platforms`, `Fortinet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// The model: `RTX1210`, `FortiGate-60F`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Hardware addresses that the file names, `aa:bb:cc:dd:ee:ff`, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub macs: Vec<String>,
    /// Firmware banks; the one that runs first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub firmware: Vec<Firmware>,
}

/// What sort of way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WayInSort {
    /// A tunnel to another site or box.
    SiteToSite,
    /// People or machines dial in: SSL-VPN, L2TP, PPTP, IKE with users.
    RemoteAccess,
    /// A port of the outside address leads to something inside.
    PortForward,
    /// A maker's or provider's cloud can reach and change the device.
    CloudManager,
    /// A second line: LTE, 5G, dial-up.
    MobileUplink,
    /// The device's own management is reachable on an outside interface.
    Management,
    /// A name that follows the outside address, which only helps to be found.
    DynamicDns,
}

/// The other end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FarEnd {
    /// An address or prefix.
    Address(String),
    /// A name.
    Name(String),
    /// Anybody who knows the key or password.
    Anyone,
    /// The file does not say.
    Unknown,
}

/// One way in that a device opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WayIn {
    /// Its identity within the device, from the file's own words: `tunnel 1`, `phase1-interface to-caterer`. It stays
    /// the same when the file is read again.
    pub key: String,
    /// What sort.
    pub sort: WayInSort,
    /// How: `ipsec-ikev1`, `ipsec-ikev2`, `ipsec`, `l2tp-ipsec`, `l2tpv3`, `pptp`, `ipip`, `gre`, `ssl-vpn`, `openvpn`,
    /// `wireguard`, `softether`, `sstp`, `tcp/3389`, `https`, `ssh`, `telnet`, `lte`, or the maker's name of a cloud.
    pub technology: String,
    /// The other end.
    pub far_end: FarEnd,
    /// Whether it is switched on.
    pub enabled: Answered,
    /// From where it may be reached.
    pub restriction: Restriction,
    /// The interface on the outside, as the file names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// Where it leads to inside, as the file names it: an address and port, a prefix.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inside: Vec<String>,
    /// How many users may come in by it; absent when the file does not say (a RADIUS server knows).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<u32>,
    /// Whether a second factor is asked of all of them.
    #[serde(default)]
    pub second_factor: Answered,
}

/// What the configuration, or the output of commands, of one device says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceReading {
    /// The parser that understood it: `yamaha_rt`, `nec_ix`, `fortios`, `cisco_asa`, `cisco_ios` …
    pub family: String,
    /// The file.
    pub source: DeviceSource,
    /// How much of it was understood.
    pub extent: Extent,
    /// What was not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// Who the device is.
    pub identity: DeviceIdentity,
    /// Every way in, sorted by key. With `extent` partial or a status output, an empty list says nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ways_in: Vec<WayIn>,
    /// The management plane as a whole: from where the device's own services may be reached.
    #[serde(default)]
    pub management: Restriction,
    /// The VPN plane as a whole: from where its VPN services may be reached.
    #[serde(default)]
    pub vpn: Restriction,
    /// Whether it sends its log somewhere else.
    #[serde(default)]
    pub logs_elsewhere: Answered,
    /// Where to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log_targets: Vec<String>,
    /// Accounts that may change the device; absent when the file does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub administrators: Option<u32>,
    /// Its interfaces and static routes; absent where the text names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub networks: Option<DeviceNetworks>,
}
