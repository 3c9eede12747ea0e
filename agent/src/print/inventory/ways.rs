//! Rows for tunnels, remote-control software, configured tunnels, modems and the place in the network.
//! It does not know what any of it means or whether it was declared.
//! Invariant: one row for each observation.

use super::or_dash;
use daicho_schemas::fact::observation::{
    ConfiguredTunnel, DeviceConfiguration, DeviceProbed, Modem, NetworkPlace, Observation, RemoteTool, ToolEvidence,
    Tunnel, UnitState,
};
use serde::Serialize;

/// A sign of a way in from outside.
pub(super) fn way(item: &Observation) -> Option<[String; 4]> {
    Some(match item {
        Observation::Tunnel(Tunnel { interface, tunnel_kind, remote, peer, source, .. }) => {
            let name = interface.as_ref().unwrap_or(tunnel_kind).clone();
            let peer = peer.as_ref().map(|peer| peer.chars().take(12).collect());
            let towards = remote.clone().or(peer);
            [format!("tunnel ({tunnel_kind})"), name, or_dash(&towards), word(source)]
        }
        Observation::RemoteTool(RemoteTool { name, class, evidence, admits_from, .. }) => {
            let evidence: Vec<_> = evidence.iter().map(evidence_words).collect();
            let from = (!admits_from.is_empty()).then(|| format!("from {}", admits_from.join(", ")));
            [word(class), name.clone(), or_dash(&from), evidence.join(", ")]
        }
        Observation::ConfiguredTunnel(ConfiguredTunnel { sort, place, name, remotes, .. }) => {
            let towards = (!remotes.is_empty()).then(|| remotes.join(", "));
            [format!("configured {}", word(sort)), name.clone(), or_dash(&towards), place.clone()]
        }
        Observation::Modem(Modem { device, sort, driver, usb_id, .. }) => {
            let by = [driver, usb_id].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
            [word(sort), device.clone(), "–".into(), by]
        }
        Observation::DeviceConfiguration(DeviceConfiguration { file_name, reading }) => {
            let identity = &reading.identity;
            let known = identity.serial.as_ref().or(identity.name.as_ref());
            ["device".into(), or_dash(&known.cloned()), "–".into(), file_name.clone()]
        }
        Observation::DeviceProbed(DeviceProbed { address, maker, model, serial, .. }) => {
            let known = [maker, model, serial].into_iter().flatten().map(|own| own.value.clone()).collect::<Vec<_>>();
            let known = (!known.is_empty()).then(|| known.join(" "));
            ["device (probed)".into(), or_dash(&known), "–".into(), address.clone()]
        }
        _ => return None,
    })
}

/// A part of the place in the network.
pub(super) fn place(item: &Observation) -> Option<[String; 4]> {
    let Observation::NetworkPlace(NetworkPlace {
        part,
        value,
        interface,
        via,
        table,
        mac,
        maker,
        description,
        last_seen_on,
    }) = item
    else {
        return None;
    };
    let table = table.map(|table| format!("table {table}"));
    let last = last_seen_on.map(|day| format!("last seen {day}"));
    let more = [interface.clone(), table, maker.clone(), description.clone(), last]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    Some([word(part), value.clone(), or_dash(&via.clone().or_else(|| mac.clone())), more])
}

fn evidence_words(one: &ToolEvidence) -> String {
    let state = match one.state {
        Some(UnitState::Enabled) => " (enabled)",
        Some(UnitState::Disabled) => " (disabled)",
        Some(UnitState::Masked) => " (masked)",
        None => "",
    };
    format!("{} {}{state}", word(&one.sort), one.name)
}

/// A value of a closed list as it crosses the border, with spaces.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word.replace('_', " "),
        _ => "–".into(),
    }
}
