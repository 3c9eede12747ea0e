//! IPsec without an interface: what its policies protect and towards whom (`XFRM_MSG_GETPOLICY`, `XFRM_MSG_GETSA`).
//! It does not know the daemon, its configuration, or the far end's identity; the kernel knows addresses only.
//! Invariant: keys are never looked at, and no number that changes with every new key (SPI, request id) enters.

use super::{Collected, Collector, Gather};
use crate::access::netlink::{address_of, attribute, messages, number16, number32};
use crate::access::{AccessError, Host, KernelTable};
use daicho_schemas::fact::observation::{Observation, TUNNEL_INSIDE_MAX, Tunnel, TunnelSource};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::{BTreeMap, BTreeSet};

/// Who has netlink sockets open; the kernel's own ends are listed too (net/netlink/af_netlink.c).
const SOCKETS: &str = "/proc/net/netlink";
const SOCKETS_BYTES_MAX: usize = 4 * 1024 * 1024;
/// `NETLINK_XFRM`.
const XFRM: &str = "6";
/// Policies or associations: about 400 bytes each.
const TABLE_BYTES_MAX: usize = 32 * 1024 * 1024;
const NOT_PERMITTED: Option<&str> = Some("the kernel can do IPsec, and whether it does is told to CAP_NET_ADMIN only");

/// `include/uapi/linux/xfrm.h`.
mod xfrm {
    pub(super) const NEW_POLICY: u16 = 0x13;
    pub(super) const NEW_STATE: u16 = 0x10;
    pub(super) const POLICY_BYTES: usize = 168;
    pub(super) const POLICY_DIRECTION: usize = 160;
    pub(super) const DIRECTION_OUT: u8 = 1;
    pub(super) const STATE_BYTES: usize = 224;
    pub(super) const TEMPLATE_BYTES: usize = 64;
    pub(super) const TEMPLATE: u16 = 5;
    pub(super) const INTERFACE_ID: u16 = 31;
}

/// The two ends, and the XFRM interface that it belongs to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Ends {
    local: Option<String>,
    remote: Option<String>,
    number: Option<u32>,
}

/// Collects IPsec policies and associations.
pub(crate) struct IpsecCollector;

impl Collector for IpsecCollector {
    fn id(&self) -> &'static str {
        "ipsec"
    }

    fn about(&self) -> Text {
        Text::new("IPsec のポリシーと相手（鍵は読み取らない）", "policies of IPsec and their far ends, without keys")
    }

    fn places(&self) -> &'static [&'static str] {
        &[SOCKETS, "netlink:ipsec-policies", "netlink:ipsec-states"]
    }

    fn watches(&self) -> &'static [&'static str] {
        &["netlink:links", "netlink:routes", "netlink:ipsec-policies"]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        if !host.is_live() {
            let text = "policies of IPsec are only known on the running machine";
            return gather.finish_failed(Trouble::new(TroubleKind::NotObservable, SOCKETS, text));
        }
        let is_there = match kernel_has_ipsec(host) {
            Ok(is_there) => is_there,
            Err(error) => return gather.finish_failed(error.to_trouble()),
        };
        gather.source(SOCKETS);
        if !is_there {
            // Asking would load the module, and nothing can be set up without it. Complete, so that what was there before a
            // restart is gone.
            return gather.finish();
        }
        let Some(policies) = gather.kernel_table(host, &KernelTable::IpsecPolicies, TABLE_BYTES_MAX, NOT_PERMITTED)
        else {
            return gather.finish_failed_when_empty();
        };
        let mut ends: BTreeMap<Ends, BTreeSet<String>> = BTreeMap::new();
        for message in messages(&policies).filter(|message| message.kind == xfrm::NEW_POLICY) {
            policy(message.body, &mut ends);
        }
        let known: BTreeSet<_> = ends.keys().flat_map(|ends| [ends.local.clone(), ends.remote.clone()]).collect();
        let place = KernelTable::IpsecPolicies.to_string();
        for (ends, inside) in ends {
            let inside = gather.first_of(&place, inside, TUNNEL_INSIDE_MAX);
            gather.item(&place, tunnel(ends, inside, TunnelSource::IpsecPolicy));
        }
        let states =
            gather.kernel_table(host, &KernelTable::IpsecStates, TABLE_BYTES_MAX, NOT_PERMITTED).unwrap_or_default();
        let place = KernelTable::IpsecStates.to_string();
        let states = messages(&states).filter(|message| message.kind == xfrm::NEW_STATE);
        let ends: BTreeSet<Ends> = states.filter_map(|message| state(message.body)).collect();
        for ends in ends.into_iter().filter(|ends| !known.contains(&ends.local) || !known.contains(&ends.remote)) {
            gather.item(&place, tunnel(ends, Vec::new(), TunnelSource::IpsecState));
        }
        gather.finish()
    }
}

/// Whether the kernel can do IPsec now. Asking itself would make it load the module.
pub(crate) fn kernel_has_ipsec(host: &dyn Host) -> Result<bool, AccessError> {
    let reading = host.read(SOCKETS, SOCKETS_BYTES_MAX)?;
    let table = String::from_utf8_lossy(&reading.bytes);
    Ok(table.lines().any(|line| line.split_ascii_whitespace().nth(1) == Some(XFRM)))
}

/// `struct xfrm_userpolicy_info` with its templates: whom it protects towards whom.
fn policy(body: &[u8], found: &mut BTreeMap<Ends, BTreeSet<String>>) -> Option<()> {
    let (policy, attributes) = body.split_at_checked(xfrm::POLICY_BYTES)?;
    let outwards = *policy.get(xfrm::POLICY_DIRECTION)? == xfrm::DIRECTION_OUT;
    let (source, destination) = (selector(policy, 16, 43)?, selector(policy, 0, 42)?);
    let number = attribute(attributes, xfrm::INTERFACE_ID).and_then(number32);
    let templates = attribute(attributes, xfrm::TEMPLATE).unwrap_or_default();
    for template in templates.chunks_exact(xfrm::TEMPLATE_BYTES) {
        let family = template.get(24..).and_then(number16)?;
        let address = |at: usize| Some(address_of(family, template.get(at..)?)?.to_string());
        let (from, to) = (address(28), address(0));
        let (local, remote) = if outwards { (from, to) } else { (to, from) };
        let inside = if outwards { format!("{source} > {destination}") } else { format!("{destination} > {source}") };
        found.entry(Ends { local, remote, number }).or_default().insert(inside);
    }
    Some(())
}

/// One side of a `struct xfrm_selector`: an address of 16 bytes, the family at 40, the length of the prefix elsewhere.
fn selector(policy: &[u8], at: usize, bits_at: usize) -> Option<String> {
    let family = policy.get(40..).and_then(number16)?;
    let any = if family == 2 { "0.0.0.0" } else { "::" };
    let address = address_of(family, policy.get(at..)?).map_or_else(|| any.to_owned(), |address| address.to_string());
    Some(format!("{address}/{}", policy.get(bits_at)?))
}

/// `struct xfrm_usersa_info`. Which of its ends is ours the kernel does not say: the one that sends is put first.
fn state(body: &[u8]) -> Option<Ends> {
    let (state, attributes) = body.split_at_checked(xfrm::STATE_BYTES)?;
    let family = state.get(212..).and_then(number16)?;
    let address = |at: usize| Some(address_of(family, state.get(at..)?)?.to_string());
    let number = attribute(attributes, xfrm::INTERFACE_ID).and_then(number32);
    Some(Ends { local: address(80), remote: address(56), number })
}

fn tunnel(ends: Ends, inside: Vec<String>, source: TunnelSource) -> Observation {
    let Ends { local, remote, number } = ends;
    let tunnel_kind = "ipsec".into();
    Observation::Tunnel(Tunnel { interface: None, tunnel_kind, local, remote, peer: None, number, inside, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use crate::collect::golden;
    use daicho_schemas::batch::Outcome;

    fn gateway() -> RecordedHost {
        golden::running(&IpsecCollector, "gateway", Machine::default())
    }

    #[test]
    fn the_sample_gives_its_golden_from_documented_places_only() {
        let host = gateway();
        let collected = golden::check(&IpsecCollector, "gateway", &host);
        assert_eq!(collected.outcome, Outcome::Complete);
        golden::every_documented_place(&IpsecCollector, &[&host]);
    }

    /// Three policies of one connection (out, in, forward) are one far end.
    #[test]
    fn the_directions_of_one_connection_are_one_far_end() {
        let items = IpsecCollector.collect(&gateway()).items;
        let ends: Vec<_> = items.iter().map(Observation::key).collect();
        // The third is an association that no policy names.
        assert_eq!(
            ends,
            ["ipsec 192.0.2.1 > 198.51.100.2", "ipsec 192.0.2.1 > 203.0.113.9", "ipsec 192.0.2.1 > any 7"]
        );
    }

    #[test]
    fn a_kernel_without_ipsec_is_not_asked() {
        let host = golden::running(&IpsecCollector, "without", Machine::default());
        let collected = golden::check(&IpsecCollector, "without", &host);
        assert_eq!((collected.outcome, collected.items.len()), (Outcome::Complete, 0));
        assert!(!host.accesses().iter().any(|place| place.starts_with("netlink:")));
    }

    #[test]
    fn without_the_capability_nothing_is_claimed() {
        let closed = gateway().without_permission_for(&["netlink:ipsec-policies", "netlink:ipsec-states"]);
        let collected = IpsecCollector.collect(&closed);
        assert_eq!((collected.outcome, collected.troubles[0].kind), (Outcome::Failed, TroubleKind::NotPermitted));
    }
}
