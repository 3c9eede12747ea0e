//! Ways in that files of the host set up, whether or not they are up: WireGuard, OpenVPN, IPsec, PPP, NetworkManager, SSH.
//! It does not know whether they ever were up, nor configurations that lie elsewhere or that a program keeps to itself.
//! Invariant: a configured way counts even when it is down; keys, passwords and accounts are not read out of any line.

mod ipsec;
mod network_manager;
pub(super) mod ssh;
mod vpn;

use super::units::Units;
use super::{Collected, Collector, Gather};
use super::{jobs, units};
use crate::access::Host;
use daicho_schemas::fact::observation::{
    CONFIGURED_REMOTES_MAX, ConfiguredTunnel, ConfiguredTunnelSort, Observation, Starts,
};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::Trouble;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// One configuration; the largest in the field (OpenVPN with certificates in it) have some 20 KB.
const FILE_BYTES_MAX: usize = 1024 * 1024;
/// Files in one folder.
const FILES_MAX: usize = 2000;

/// Collects configured tunnels.
pub(crate) struct ConfiguredTunnelsCollector;

impl Collector for ConfiguredTunnelsCollector {
    fn id(&self) -> &'static str {
        "configured_tunnels"
    }

    fn about(&self) -> Text {
        Text::new(
            "設定済みのトンネル・VPN 接続・逆方向 SSH（停止中を含む。鍵は読み取らない）",
            "configured tunnels, VPN connections and reverse SSH, those that are down included, without keys",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        static PLACES: LazyLock<Vec<&str>> = LazyLock::new(|| [OWN_PLACES, units::PLACES, jobs::PLACES].concat());
        &PLACES
    }

    fn watches(&self) -> &'static [&'static str] {
        &[
            "/etc/wireguard",
            "/etc/systemd/network",
            "/etc/openvpn",
            "/etc/openvpn/client",
            "/etc/openvpn/server",
            "/etc/ipsec.d",
            "/etc/swanctl/conf.d",
            "/etc/ppp/peers",
            "/etc/NetworkManager/system-connections",
            "/etc/systemd/system",
        ]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut look = Look { gather: Gather::new(), host, units: Units::default() };
        look.units = Units::read(&mut look.gather, host);
        vpn::wireguard(&mut look);
        vpn::networkd(&mut look);
        vpn::openvpn(&mut look);
        vpn::ppp(&mut look);
        ipsec::read(&mut look);
        network_manager::read(&mut look);
        ssh::units(&mut look);
        ssh::jobs(&mut look);
        ssh::keys(&mut look);
        if look.gather.has_read_nothing() { look.gather.finish_not_applicable() } else { look.gather.finish() }
    }
}

/// Places beside units and tables of jobs.
const OWN_PLACES: &[&str] = &[
    "/etc/wireguard",
    "/etc/wireguard/*.conf",
    "/etc/systemd/network",
    "/etc/systemd/network/*.netdev",
    "/etc/openvpn",
    "/etc/openvpn/*.conf",
    "/etc/openvpn/client",
    "/etc/openvpn/client/*.conf",
    "/etc/openvpn/server",
    "/etc/openvpn/server/*.conf",
    "/etc/ipsec.conf",
    "/etc/ipsec.d",
    "/etc/ipsec.d/*.conf",
    "/etc/swanctl/swanctl.conf",
    "/etc/swanctl/conf.d",
    "/etc/swanctl/conf.d/*.conf",
    "/etc/ppp/peers",
    "/etc/NetworkManager/system-connections",
    "/etc/NetworkManager/system-connections/*.nmconnection",
    "/root/.ssh/authorized_keys",
    "/home",
    "/home/*/.ssh/authorized_keys",
];

/// One look at the host.
struct Look<'a> {
    gather: Gather,
    host: &'a dyn Host,
    units: Units,
}

impl Look<'_> {
    /// The names in a folder that end so, in order; none where there is no such folder.
    fn names(&mut self, folder: &str, ending: &str) -> Vec<String> {
        let names = self.gather.names(self.host, folder, FILES_MAX);
        names.into_iter().filter(|name| name.ends_with(ending)).collect()
    }

    /// A file's text; nothing where there is no such file.
    fn text(&mut self, place: &str) -> Option<String> {
        self.text_told(place, place)
    }

    /// The same, told as another place, where the path bears the name of an account.
    fn text_told(&mut self, place: &str, told: &str) -> Option<String> {
        match self.host.read(place, FILE_BYTES_MAX) {
            Ok(reading) => {
                self.gather.source(told);
                if reading.cut {
                    self.gather.miss_rest(told);
                }
                Some(String::from_utf8_lossy(&reading.bytes).into_owned())
            }
            Err(error) if error.is_missing() => None,
            Err(error) => {
                let trouble = error.to_trouble();
                self.gather.miss(Trouble::new(trouble.kind, told, "a file under this name could not be read"));
                None
            }
        }
    }

    /// Whether a unit comes up by itself.
    fn starts(&self, unit: &str) -> Starts {
        let wanted = self.units.states().get(unit).is_some_and(|state| state.is_wanted());
        if wanted { Starts::Automatically } else { Starts::ByHand }
    }

    fn item(&mut self, sort: ConfiguredTunnelSort, place: &str, name: &str, remotes: BTreeSet<String>, starts: Starts) {
        let remotes = self.gather.first_of(place, remotes, CONFIGURED_REMOTES_MAX);
        let name = self.gather.text(place, name.as_bytes());
        let seen = ConfiguredTunnel { sort, place: place.to_owned(), name, remotes, starts };
        self.gather.item(place, Observation::ConfiguredTunnel(seen));
    }
}

/// `key = value` or `key value`, without comment; lines of other forms say nothing.
fn setting(line: &str) -> Option<(&str, &str)> {
    let line = line.split(['#', ';']).next()?.trim();
    let (key, value) = line.split_once(['=', ' ', '\t'])?;
    Some((key.trim(), value.trim().trim_start_matches('=').trim().trim_matches('"')))
}

/// Lines with the section (`[name]`) they stand in.
fn sections(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut section = "";
    text.lines().filter_map(move |line| {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            section = name;
            return None;
        }
        Some((section, line))
    })
}

/// A name or address as a file writes it, if it is one: no account, no password, nothing that only looks like one.
fn far_end(word: &str) -> Option<String> {
    let word = word.rsplit('@').next()?.trim_matches(|mark| matches!(mark, '"' | '\''));
    let plain = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']' | b'%' | b'_' | b'/')
    };
    (!word.is_empty() && word.len() <= 253 && word.bytes().all(plain)).then(|| word.to_owned())
}

#[cfg(test)]
mod tests;
