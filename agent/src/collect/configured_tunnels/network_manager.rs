//! VPN and mobile connections of NetworkManager (nm-settings-keyfile(5)).
//! It does not know connections that are kept elsewhere (ifcfg, netplan), secrets or accounts.
//! Invariant: only type, name, far end and whether it connects by itself are looked at.

use super::{Look, far_end, sections, setting};
use daicho_schemas::fact::observation::{ConfiguredTunnelSort as Sort, Starts};
use std::collections::BTreeSet;

const FOLDER: &str = "/etc/NetworkManager/system-connections";
/// Types that lead elsewhere.
const TYPES: &[&str] = &["adsl", "cdma", "gsm", "ip-tunnel", "ppp", "pppoe", "tun", "vpn", "wireguard"];
/// Where plugins and types keep the far end.
const FAR_ENDS: &[&str] = &["remote", "gateway", "endpoint", "address", "right", "host"];

/// All connections.
pub(super) fn read(look: &mut Look<'_>) {
    for file in look.names(FOLDER, ".nmconnection") {
        let place = format!("{FOLDER}/{file}");
        let Some(text) = look.text(&place) else { continue };
        let (mut name, mut sort, mut starts) = (file.clone(), String::new(), None);
        let mut remotes = BTreeSet::new();
        for (section, line) in sections(&text) {
            // The name of such a section is a public key; it is not kept.
            let leads_away = matches!(section, "vpn" | "ip-tunnel") || section.starts_with("wireguard-peer.");
            match setting(line) {
                Some(("id", value)) if section == "connection" => name = value.to_owned(),
                Some(("type", value)) if section == "connection" => sort = value.to_owned(),
                Some(("autoconnect", value)) if section == "connection" => starts = Some(value == "true"),
                Some((key, value)) if leads_away && FAR_ENDS.contains(&key) => remotes.extend(far_end(value)),
                _ => {}
            }
        }
        if !TYPES.contains(&sort.as_str()) {
            continue;
        }
        let starts = match (starts, sort.as_str()) {
            (Some(false), _) => Starts::ByHand,
            // A VPN comes up with another connection that names it, which may lie elsewhere.
            (_, "vpn") => Starts::Unknown,
            _ => Starts::Automatically,
        };
        look.item(Sort::NetworkManager, &place, &name, remotes, starts);
    }
}
