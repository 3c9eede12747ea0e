//! WireGuard (wg-quick(8), systemd.netdev(5)), OpenVPN (openvpn(8)) and pppd (pppd(8)) as their files set them up.
//! It does not know keys, certificates or scripts in them.
//! Invariant: only the settings named here are looked at.

use super::{Look, far_end, sections, setting};
use daicho_schemas::fact::observation::{ConfiguredTunnelSort as Sort, Starts};
use std::collections::BTreeSet;

/// `/etc/wireguard/*.conf` of wg-quick.
pub(super) fn wireguard(look: &mut Look<'_>) {
    for file in look.names("/etc/wireguard", ".conf") {
        let place = format!("/etc/wireguard/{file}");
        let Some(text) = look.text(&place) else { continue };
        let name = file.trim_end_matches(".conf");
        let starts = look.starts(&format!("wg-quick@{name}.service"));
        look.item(Sort::Wireguard, &place, name, endpoints(&text, "Peer"), starts);
    }
}

/// `*.netdev` of systemd-networkd: what lies there comes up with the host.
pub(super) fn networkd(look: &mut Look<'_>) {
    const FOLDER: &str = "/etc/systemd/network";
    for file in look.names(FOLDER, ".netdev") {
        let place = format!("{FOLDER}/{file}");
        let Some(text) = look.text(&place) else { continue };
        let of = |wanted: &str| {
            let mut settings = sections(&text).filter(|(section, _)| *section == "NetDev");
            settings.find_map(|(_, line)| {
                setting(line).filter(|(key, _)| *key == wanted).map(|(_, value)| value.to_owned())
            })
        };
        if of("Kind").as_deref() != Some("wireguard") {
            continue;
        }
        let name = of("Name").unwrap_or_else(|| file.clone());
        look.item(Sort::Wireguard, &place, &name, endpoints(&text, "WireGuardPeer"), Starts::Automatically);
    }
}

fn endpoints(text: &str, peer: &str) -> BTreeSet<String> {
    let lines = sections(text).filter(|(section, _)| *section == peer);
    lines
        .filter_map(|(_, line)| {
            setting(line).filter(|(key, _)| *key == "Endpoint").and_then(|(_, value)| far_end(value))
        })
        .collect()
}

/// `*.conf` of OpenVPN in its three folders, with the unit that each folder has (openvpn's systemd units).
pub(super) fn openvpn(look: &mut Look<'_>) {
    for (folder, unit) in [
        ("/etc/openvpn", "openvpn"),
        ("/etc/openvpn/client", "openvpn-client"),
        ("/etc/openvpn/server", "openvpn-server"),
    ] {
        for file in look.names(folder, ".conf") {
            let place = format!("{folder}/{file}");
            let Some(text) = look.text(&place) else { continue };
            let name = file.trim_end_matches(".conf");
            let remotes = text.lines().filter_map(|line| {
                let mut words = line.split_whitespace();
                (words.next() == Some("remote")).then(|| far_end(words.next()?)).flatten()
            });
            let remotes = remotes.collect();
            let starts = match look.starts(&format!("{unit}@{name}.service")) {
                // Debian's openvpn.service starts what its defaults name, by a generator that is not read here.
                Starts::ByHand if folder == "/etc/openvpn" => Starts::Unknown,
                starts => starts,
            };
            look.item(Sort::Openvpn, &place, name, remotes, starts);
        }
    }
}

/// `/etc/ppp/peers/*`: the name only. What a file holds is a telephone number, an account or a program.
pub(super) fn ppp(look: &mut Look<'_>) {
    for name in look.names("/etc/ppp/peers", "") {
        look.item(Sort::Ppp, &format!("/etc/ppp/peers/{name}"), &name, BTreeSet::new(), Starts::Unknown);
    }
}
