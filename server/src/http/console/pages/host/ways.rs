//! What a host shows of ways in from outside and of its place in the network, as rows of one shape.
//! It does not know whether any of it was declared; the findings of the host say that.
//! Invariant: a row repeats what the agent saw; where a far end is not known, it says so.

use crate::http::console::layout::PageContext;
use daicho_schemas::fact::observation::{
    ConfiguredTunnel, ConfiguredTunnelSort, Modem, ModemSort, NetworkPlace, Observation, PlacePart, RemoteTool,
    RemoteToolClass, Starts, ToolEvidence, ToolEvidenceSort, Tunnel, TunnelSource, UnitState,
};

/// One row.
pub struct SeenRow {
    /// What sort of thing, in words.
    pub sort: String,
    /// Its name.
    pub name: String,
    /// Where it leads; `None` where that is not known.
    pub towards: Option<String>,
    /// What shows it.
    pub seen_by: Vec<String>,
}

impl SeenRow {
    /// A way in, of whatever kind; `None` for what is none.
    pub fn way(ctx: &PageContext, observation: &Observation) -> Option<Self> {
        Some(match observation {
            Observation::Tunnel(body) => tunnel(ctx, body),
            Observation::RemoteTool(body) => tool(ctx, body),
            Observation::ConfiguredTunnel(body) => configured(ctx, body),
            Observation::Modem(body) => modem(ctx, body),
            _ => return None,
        })
    }

    /// A part of the host's place in the network.
    pub fn place(ctx: &PageContext, body: &NetworkPlace) -> Self {
        let sort = ctx.t(match body.part {
            PlacePart::Address => "place-address",
            PlacePart::Route => "place-route",
            PlacePart::RoutingRule => "place-rule",
            PlacePart::Resolver => "place-resolver",
            PlacePart::Forwarding => "place-forwarding",
            PlacePart::Neighbour => "place-neighbour",
            PlacePart::DhcpServer => "place-dhcp",
            PlacePart::Announced => "place-announced",
        });
        let table = body.table.map(|table| ctx.tx("place-table", table));
        let last = body.last_seen_on.map(|day| ctx.tx("place-last-seen", day));
        let seen_by = [body.interface.clone(), table, body.maker.clone(), body.description.clone(), last];
        let towards = body.via.clone().or_else(|| body.mac.clone());
        Self { sort, name: body.value.clone(), towards, seen_by: seen_by.into_iter().flatten().collect() }
    }
}

fn tunnel(ctx: &PageContext, body: &Tunnel) -> SeenRow {
    let name = body.interface.clone().unwrap_or_else(|| body.tunnel_kind.clone());
    let number = body.number.map(|number| ctx.tx("way-number", number));
    let local = body.local.as_ref().map(|local| ctx.tx("way-local", local));
    let by = ctx.t(match body.source {
        TunnelSource::Link => "way-by-link",
        TunnelSource::WireguardPeer => "way-by-wireguard",
        TunnelSource::IpsecPolicy => "way-by-policy",
        TunnelSource::IpsecState => "way-by-state",
    });
    let inside = (!body.inside.is_empty()).then(|| ctx.tx("way-inside", body.inside.join(", ")));
    SeenRow {
        sort: ctx.tx("way-tunnel", &body.tunnel_kind),
        name,
        towards: body.remote.clone(),
        seen_by: [Some(by), local, number, inside].into_iter().flatten().collect(),
    }
}

fn tool(ctx: &PageContext, body: &RemoteTool) -> SeenRow {
    let sort = ctx.t(match body.class {
        RemoteToolClass::RemoteControl => "way-tool-remote-control",
        RemoteToolClass::Tunnel => "way-tool-tunnel",
        RemoteToolClass::Rmm => "way-tool-rmm",
        RemoteToolClass::Vpn => "way-tool-vpn",
        RemoteToolClass::RemoteLogin => "way-tool-login",
        RemoteToolClass::Modem => "way-tool-modem",
    });
    let used = body.last_use_on.map(|day| ctx.tx("way-last-use", day));
    let admits = (!body.admits_from.is_empty()).then(|| ctx.tx("way-admits-from", body.admits_from.join(", ")));
    let seen_by = body.evidence.iter().map(|one| evidence(ctx, one)).chain(used).chain(admits).collect();
    SeenRow { sort, name: body.name.clone(), towards: None, seen_by }
}

fn evidence(ctx: &PageContext, one: &ToolEvidence) -> String {
    let key = match (one.sort, one.state) {
        (ToolEvidenceSort::Package, _) => "way-evidence-package",
        (ToolEvidenceSort::Unit, Some(UnitState::Enabled)) => "way-evidence-unit-enabled",
        (ToolEvidenceSort::Unit, Some(UnitState::Disabled)) => "way-evidence-unit-disabled",
        (ToolEvidenceSort::Unit, Some(UnitState::Masked)) => "way-evidence-unit-masked",
        (ToolEvidenceSort::Unit, None) => "way-evidence-unit",
        (ToolEvidenceSort::Process, _) => "way-evidence-process",
        (ToolEvidenceSort::File, _) => "way-evidence-file",
    };
    ctx.tx(key, &one.name)
}

fn configured(ctx: &PageContext, body: &ConfiguredTunnel) -> SeenRow {
    let sort = ctx.t(match body.sort {
        ConfiguredTunnelSort::Wireguard => "way-configured-wireguard",
        ConfiguredTunnelSort::Openvpn => "way-configured-openvpn",
        ConfiguredTunnelSort::Ipsec => "way-configured-ipsec",
        ConfiguredTunnelSort::Ppp => "way-configured-ppp",
        ConfiguredTunnelSort::NetworkManager => "way-configured-network-manager",
        ConfiguredTunnelSort::SshReverse => "way-configured-ssh-reverse",
        ConfiguredTunnelSort::SshPermitListen => "way-configured-ssh-listen",
        ConfiguredTunnelSort::PortProxy => "way-configured-port-proxy",
        ConfiguredTunnelSort::PhoneBook => "way-configured-phone-book",
    });
    let starts = ctx.t(match body.starts {
        Starts::Automatically => "way-starts-itself",
        Starts::ByHand => "way-starts-by-hand",
        Starts::Unknown => "way-starts-unknown",
    });
    let towards = (!body.remotes.is_empty()).then(|| body.remotes.join(", "));
    SeenRow { sort, name: body.name.clone(), towards, seen_by: vec![body.place.clone(), starts] }
}

fn modem(ctx: &PageContext, body: &Modem) -> SeenRow {
    let sort = ctx.t(match body.sort {
        ModemSort::Modem => "way-modem",
        ModemSort::Tethering => "way-tethering",
        ModemSort::Possible => "way-modem-possible",
    });
    let words = [&body.maker, &body.product, &body.usb_id, &body.driver];
    SeenRow { sort, name: body.device.clone(), towards: None, seen_by: words.into_iter().flatten().cloned().collect() }
}
