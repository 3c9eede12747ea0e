//! One sample of every kind of observation about ways in from outside.
//! Runs in tests only. It does not know how golden files are compared.
//! Invariant: a sample that was released is never changed.

use super::day;
use crate::fact::observation::*;

pub(super) fn observations() -> Vec<Observation> {
    vec![
        Observation::Tunnel(Tunnel {
            interface: Some("wg0".into()),
            tunnel_kind: "wireguard".into(),
            local: None,
            remote: Some("198.51.100.7".into()),
            peer: Some("5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8".into()),
            number: None,
            inside: vec!["192.0.2.0/24".into(), "2001:db8::/48".into()],
            source: TunnelSource::WireguardPeer,
        }),
        Observation::RemoteTool(RemoteTool {
            tool: "teamviewer".into(),
            name: "TeamViewer".into(),
            class: RemoteToolClass::RemoteControl,
            evidence: vec![
                ToolEvidence { sort: ToolEvidenceSort::Package, name: "teamviewer-host".into(), state: None },
                ToolEvidence {
                    sort: ToolEvidenceSort::Unit,
                    name: "teamviewerd.service".into(),
                    state: Some(UnitState::Enabled),
                },
            ],
            last_use_on: Some(day("2026-11-02")),
            admits_from: Vec::new(),
        }),
        Observation::ConfiguredTunnel(ConfiguredTunnel {
            sort: ConfiguredTunnelSort::Wireguard,
            place: "/etc/wireguard/wg0.conf".into(),
            name: "wg0".into(),
            remotes: vec!["vpn.maintainer.example:51820".into()],
            starts: Starts::ByHand,
        }),
        Observation::NetworkPlace(NetworkPlace {
            part: PlacePart::Route,
            value: "default".into(),
            interface: Some("eth0".into()),
            via: Some("192.0.2.1".into()),
            table: Some(220),
            mac: None,
            maker: None,
            description: None,
            last_seen_on: None,
        }),
        Observation::Modem(Modem {
            device: "cdc-wdm0".into(),
            sort: ModemSort::Modem,
            driver: Some("qmi_wwan".into()),
            usb_id: Some("2c7c:0125".into()),
            maker: Some("Quectel".into()),
            product: Some("EC25".into()),
        }),
    ]
}
