//! What a host shows of ways in from outside and of its place in the network, one of each.
//! It does not know any real host; the names are invented, the addresses are for documentation.
//! Invariant: every kind stands here, once with and once without a known far end where both occur.

use super::*;

pub(super) fn ways() -> Vec<Observation> {
    let evidence = |sort, name: &str, state| ToolEvidence { sort, name: name.into(), state };
    let tunnel = |name: &str, kind: &str, remote: Option<&str>, source| {
        Observation::Tunnel(Tunnel {
            interface: Some(name.into()),
            tunnel_kind: kind.into(),
            local: None,
            remote: remote.map(Into::into),
            peer: (source == TunnelSource::WireguardPeer).then(|| "ab".repeat(32)),
            number: None,
            inside: vec!["192.0.2.0/24".into()],
            source,
        })
    };
    let place = |part, value: &str, via: Option<&str>, maker: Option<&str>| {
        Observation::NetworkPlace(NetworkPlace {
            part,
            value: value.into(),
            interface: Some("eth0".into()),
            via: via.map(Into::into),
            table: via.map(|_| 220),
            mac: maker.map(|_| "00:a0:de:00:00:01".into()),
            maker: maker.map(Into::into),
            description: None,
            last_seen_on: maker.map(|_| on("2026-10-01")),
        })
    };
    vec![
        tunnel("wg0", "wireguard", Some("198.51.100.7"), TunnelSource::WireguardPeer),
        tunnel("tun0", "tun", None, TunnelSource::Link),
        Observation::RemoteTool(RemoteTool {
            tool: "anydesk".into(),
            name: "AnyDesk".into(),
            class: RemoteToolClass::RemoteControl,
            evidence: vec![
                evidence(ToolEvidenceSort::Package, "anydesk", None),
                evidence(ToolEvidenceSort::Unit, "anydesk.service", Some(UnitState::Enabled)),
            ],
            last_use_on: Some(on("2026-11-05")),
            admits_from: vec!["LocalSubnet".into()],
        }),
        Observation::ConfiguredTunnel(ConfiguredTunnel {
            sort: ConfiguredTunnelSort::SshReverse,
            place: "/etc/systemd/system/back-door.service".into(),
            name: "back-door.service".into(),
            remotes: vec!["relay.example".into()],
            starts: Starts::Automatically,
        }),
        Observation::Modem(Modem {
            device: "wwan0".into(),
            sort: ModemSort::Modem,
            driver: Some("qmi_wwan".into()),
            usb_id: Some("2c7c:0125".into()),
            maker: None,
            product: None,
        }),
        place(PlacePart::Address, "192.0.2.10/24", None, None),
        place(PlacePart::Route, "default", Some("192.0.2.1"), None),
        place(PlacePart::Neighbour, "192.0.2.1", None, Some("Yamaha")),
    ]
}
