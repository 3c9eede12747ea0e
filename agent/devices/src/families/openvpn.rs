//! OpenVPN: a configuration of a server or a client.
//! It does not know the host's packet filter, nor whether anything starts this file.
//! Invariant: what stands between `<key>` and `</key>` and the like is never looked at.
//!
//! Syntax and meaning: the manual page openvpn(8).

use crate::blocks::after;
use crate::draft::{self, absence, ground};
use crate::families::{Family, weigh};
use crate::networks::{Networks, Say, inet, masked};
use crate::reach::Access;
use crate::split::Device;
use daicho_schemas::fact::device::{Answer, Answered, DeviceReading, FarEnd, GapSort, WayInSort};
use daicho_schemas::fact::device_networks::InterfaceRole;

/// The parser.
pub(crate) struct OpenVpn;

impl Family for OpenVpn {
    fn id(&self) -> &'static str {
        "openvpn"
    }

    fn weight(&self, line: &str) -> u32 {
        const SURE: &[&str] = &[
            "dev tun",
            "dev tap",
            "persist-tun",
            "persist-key",
            "tls-auth ",
            "tls-crypt ",
            "remote-cert-tls ",
            "ifconfig-pool-persist ",
            "resolv-retry ",
            "<tls-auth>",
        ];
        const SOME: &[&str] = &["proto udp", "proto tcp", "nobind", "<ca>", "client-to-client"];
        weigh(line, SURE, SOME)
    }

    fn read(&self, device: &Device<'_>, reading: &mut DeviceReading) {
        let mut inside: Option<(u32, &str)> = None;
        let mut statements: Vec<(u32, &str)> = Vec::new();
        for line in &device.config {
            let text = line.trimmed();
            if let Some((_, name)) = inside {
                if text.strip_prefix("</").and_then(|rest| rest.strip_suffix('>')) == Some(name) {
                    inside = None;
                }
            } else if let Some(name) = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
                // A block of connections holds statements; every other one holds a key or a certificate.
                if name != "connection" && name != "/connection" {
                    inside = Some((line.number, name));
                }
            } else if !text.is_empty() && !text.starts_with(['#', ';']) {
                statements.push((line.number, text));
            }
        }
        if let Some((line, _)) = inside {
            reading.gaps.push(draft::gap(
                GapSort::CutOff,
                Some(line),
                "鍵か証明書の途中で終わっています",
                "the file ends within a key or a certificate",
            ));
        }
        let config = Config { statements };
        config.fill(reading);
        config.networks(reading);
        reading.management = crate::reach::Access::unknown(absence(
            "OS の管理は、このファイルにはありません",
            "how the host is managed is not in the file",
        ))
        .restriction();
        reading.logs_elsewhere =
            draft::unknown(absence("ログの送り先はホストの設定です", "where its log goes is set on the host"));
        reading.vpn =
            draft::vpn_plane(&reading.ways_in, absence("接続の設定がありません", "no connection is configured"));
    }
}

struct Config<'l> {
    statements: Vec<(u32, &'l str)>,
}

impl<'l> Config<'l> {
    fn find(&self, words: &str) -> Option<(u32, &'l str)> {
        self.statements.iter().find_map(|(line, text)| after(text, words).map(|rest| (*line, rest)))
    }

    fn fill(&self, reading: &mut DeviceReading) {
        let started = || {
            draft::unknown(absence(
                "このファイルが起動時に使われるかは書かれていません",
                "whether anything starts this file is not in it",
            ))
        };
        let server =
            ["server", "server-bridge", "server-ipv6", "mode server"].iter().find_map(|words| self.find(words));
        let key = self.find("secret");
        if let Some((line, _)) = server.or(key.filter(|_| self.find("remote").is_none())) {
            let protocol = self
                .find("proto")
                .map_or("udp", |(_, protocol)| if protocol.starts_with("tcp") { "tcp" } else { "udp" });
            let port = ["port", "lport"].iter().find_map(|words| self.find(words)).map_or("1194", |(_, port)| port);
            let sort = if server.is_some() { WayInSort::RemoteAccess } else { WayInSort::SiteToSite };
            let mut way = draft::way(&format!("server {protocol}/{port}"), sort, "openvpn", FarEnd::Anyone);
            way.enabled = started();
            way.interface = self.find("local").map(|(_, address)| draft::word(address));
            way.restriction = Access::unknown(ground(
                line,
                "どこからでも待ち受けます。ホストのフィルタはファイルにありません",
                "it listens for everybody; the host's filter is not in the file",
            ))
            .restriction();
            way.second_factor = if server.is_some() { self.second(line) } else { draft::not_applicable() };
            reading.ways_in.push(way);
            return;
        }
        for (line, text) in self.statements.iter().take(2000) {
            let Some(rest) = after(text, "remote") else { continue };
            let words: Vec<&str> = rest.split_whitespace().take(3).collect();
            let Some(host) = words.first() else { continue };
            let address = host.parse::<std::net::IpAddr>().is_ok();
            let far = if address { FarEnd::Address(draft::word(host)) } else { FarEnd::Name(draft::word(host)) };
            let mut way = draft::way(&format!("remote {}", words.join(" ")), WayInSort::SiteToSite, "openvpn", far);
            way.enabled = started();
            let why = ground(*line, "こちらから書かれた相手につなぎます", "it connects to the far end named here");
            way.restriction = if self.find("float").is_some() {
                Access::unknown(ground(
                    *line,
                    "相手のアドレスが変わることを許しています（float）",
                    "the far end may change its address (float)",
                ))
            } else {
                Access::named([draft::word(host)], why)
            }
            .restriction();
            way.second_factor = draft::not_applicable();
            reading.ways_in.push(way);
        }
        if reading.ways_in.is_empty() {
            let gap = draft::gap(
                GapSort::CutOff,
                None,
                "server も remote もありません",
                "there is neither `server` nor `remote`",
            );
            reading.gaps.push(gap);
        }
    }

    /// The end of the tunnel, and the networks that are led into it. Where a client comes in has an address that the server gives.
    fn networks(&self, reading: &mut DeviceReading) {
        let Some((line, name)) = self.find("dev") else { return };
        let mut networks = Networks::new();
        let own = networks.interface(name, line);
        own.role(InterfaceRole::Tunnel);
        if let Some((_, rest)) = self.find("ifconfig") {
            let (address, mask) = rest.split_once(' ').unwrap_or((rest, ""));
            // Of two ends of a line, the second word is the other end's address and no mask.
            let found = masked(address, mask.trim()).filter(|_| mask.trim().starts_with("255."));
            found.into_iter().for_each(|found| own.address(Some(found)));
        }
        if self.find("pull").is_some() || self.find("client").is_some() {
            own.address(None);
        }
        for (words, six) in [("server", false), ("server-ipv6", true), ("route", false), ("route-ipv6", true)] {
            for (line, text) in &self.statements {
                let Some(rest) = after(text, words) else { continue };
                let rest: Vec<&str> = rest.split_whitespace().collect();
                let (to, hop) = match rest.as_slice() {
                    [prefix, hop @ ..] if six => (inet(prefix), hop.first()),
                    [address, mask, hop @ ..] => (masked(address, mask), hop.first()),
                    [address] => (masked(address, "32"), None),
                    [] => continue,
                };
                // `net_gateway` and an address of one's own lead beside the tunnel.
                let inward = words.starts_with("server") || hop.is_none_or(|hop| *hop == "vpn_gateway");
                if let (Some(to), true) = (to, inward) {
                    networks.route(*line, to, None, Some(name));
                }
            }
        }
        networks.end(reading);
    }

    /// A certificate and a password are two; one of them alone is one.
    fn second(&self, line: u32) -> Answered {
        let password =
            ["auth-user-pass-verify", "plugin", "management-client-auth"].iter().find_map(|words| self.find(words));
        let no_certificate = self.find("verify-client-cert").is_some_and(|(_, how)| how != "require")
            || self.find("client-cert-not-required").is_some();
        match (password, no_certificate) {
            (Some((line, _)), false) => draft::answered(
                Answer::Yes,
                ground(
                    line,
                    "証明書と名前・パスワードの両方を求めます",
                    "it asks for a certificate and for a name and a password",
                ),
            ),
            (Some((line, _)), true) => draft::unknown(ground(
                line,
                "証明書を求めず、パスワードの確かめ方はファイルにありません",
                "it asks for no certificate; how a password is checked is not in the file",
            )),
            (None, _) => draft::no(ground(line, "証明書だけで認証します", "a certificate is all it asks")),
        }
    }
}
