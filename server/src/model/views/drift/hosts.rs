//! What is understood of each host as a whole: its name, its settings, the equipment it belongs to, how it is seen.
//! It does not know its components.
//! Invariant: two agents speak for one host when its names agree; a revoked one does so until another has spoken since.

use crate::model::meaning::{INDEX_COLLECTOR, Setting};
use crate::model::numbers::{HostNo, ItemNo, place};
use crate::model::prepared::Sort;
use crate::model::state::State;
use crate::model::views::declarations::host_key;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::decision::Hearing;
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::fact::observation::{HardwarePart, Observation, Tunnel};
use daicho_schemas::ids::{EquipmentId, PlanId};
use imbl::{OrdMap, OrdSet, Vector};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is understood of one host.
#[derive(Clone, Debug, PartialEq)]
pub struct HostDrift {
    /// Its name: its own word, or else what its agent said when it enrolled.
    pub name: Option<Arc<str>>,
    /// Its name as names are compared; its agent's id while it has none.
    pub key: Arc<str>,
    /// The setting of its software, by number.
    pub software: u32,
    /// The setting of its machine, by number.
    pub machine: u32,
    /// The equipment it belongs to.
    pub equipment: Arc<BTreeSet<EquipmentId>>,
    /// What on it can be one end of a way in from outside.
    pub ways: HostWays,
    /// What it says of its operating system.
    pub system: Option<ItemNo>,
    /// Components on it.
    pub components: u64,
    /// How it is seen.
    pub seen: Seen,
}

/// What on a host can be one end of a way in from outside, each in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostWays {
    /// Network interfaces, by name.
    pub interfaces: Arc<Vec<String>>,
    /// Software by which somebody may come in, by its name in the list of tools.
    pub tools: Arc<Vec<String>>,
}

/// How a host is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its agent was not revoked.
    pub live: bool,
    /// Its agent is not heard.
    pub silent: bool,
    /// It has never sent anything.
    pub never: bool,
    /// A collector could not look completely.
    pub troubled: bool,
}

impl Seen {
    /// How a host is seen, as the views say.
    pub fn of(state: &State, host: HostNo) -> Self {
        let agent = state.agents.by_number(host);
        Self {
            live: agent.is_some_and(|agent| agent.revoked.is_none()),
            silent: state.coverage.hearing(host) == Hearing::Silent,
            never: agent.is_none_or(|agent| agent.last_batch_at.is_none()),
            troubled: state.coverage.troubled(host) > 0,
        }
    }

    /// Its agent may speak and is heard.
    pub fn heard(self) -> bool {
        self.live && !self.silent
    }
}

/// How many hosts are seen how; revoked agents are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fleet {
    /// Hosts with an agent that was not revoked.
    pub hosts: usize,
    /// Of these, hosts that are not heard.
    pub silent: usize,
    /// Of these, hosts that have never sent anything.
    pub never: usize,
    /// Of these, hosts where a collector could not look completely.
    pub troubled: usize,
}

impl Fleet {
    fn count(&mut self, seen: Seen, more: bool) {
        let counts = [
            (&mut self.hosts, true),
            (&mut self.silent, seen.silent),
            (&mut self.never, seen.never),
            (&mut self.troubled, seen.troubled),
        ];
        for (count, counted) in counts.into_iter().filter(|_| seen.live) {
            let one = usize::from(counted);
            *count = if more { *count + one } else { count.saturating_sub(one) };
        }
    }
}

/// Every host, by number and by name, and the plans that claim names.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    rows: Vector<Arc<HostDrift>>,
    named: OrdSet<(Arc<str>, HostNo)>,
    claims: OrdMap<String, Arc<BTreeSet<(EquipmentId, PlanId)>>>,
    nowhere: Arc<BTreeSet<EquipmentId>>,
    /// How many are seen how.
    pub fleet: Fleet,
}

impl Hosts {
    /// One host.
    pub fn get(&self, host: HostNo) -> Option<&HostDrift> {
        self.rows.get(place(host)).map(|row| &**row)
    }

    /// Every host, in order of numbers.
    pub fn iter(&self) -> impl Iterator<Item = &HostDrift> {
        self.rows.iter().map(|row| &**row)
    }

    /// The next host, or one that is understood anew.
    pub(super) fn put(&mut self, host: HostNo, row: HostDrift) {
        if let Some(before) = self.rows.get(place(host)).cloned() {
            self.fleet.count(before.seen, false);
        }
        self.fleet.count(row.seen, true);
        if place(host) < self.rows.len() {
            self.rows.set(place(host), Arc::new(row));
        } else {
            self.rows.push_back(Arc::new(row));
        }
    }

    /// A host goes by this name now. Answers the hosts whose place that may change: those of the old name and of the new.
    pub(super) fn rename(
        &mut self,
        host: HostNo,
        before: Option<&Arc<str>>,
        after: Option<&Arc<str>>,
    ) -> BTreeSet<HostNo> {
        if let Some(before) = before {
            self.named.remove(&(Arc::clone(before), host));
        }
        if let Some(after) = after {
            self.named.insert((Arc::clone(after), host));
        }
        let names = before.into_iter().chain(after);
        names.flat_map(|name| self.of_name(name).collect::<Vec<_>>()).filter(|other| *other != host).collect()
    }

    /// The hosts of a name, as names are compared.
    pub fn of_name<'a>(&'a self, name: &'a str) -> impl Iterator<Item = HostNo> + 'a {
        let all = self.named.range((Arc::from(name), 0)..);
        all.take_while(move |(other, _)| **other == *name).map(|(_, host)| *host)
    }

    /// A plan claims the hosts that it lists, or no more.
    pub(super) fn claim(&mut self, plan: &Plan, more: bool) {
        let claim = (plan.equipment.equipment_id.clone(), plan.plan_id.clone());
        for name in plan.equipment.hosts.iter().map(|name| host_key(name)) {
            let claims = self.claims.entry(name.clone()).or_default();
            if more {
                Arc::make_mut(claims).insert(claim.clone());
            } else {
                Arc::make_mut(claims).remove(&claim);
                if claims.is_empty() {
                    self.claims.remove(&name);
                }
            }
        }
    }

    /// The equipment that a host of this name belongs to.
    pub(super) fn equipment_of(&self, state: &State, host: HostNo, key: Option<&str>) -> Arc<BTreeSet<EquipmentId>> {
        let claims = key.and_then(|key| self.claims.get(key).map(|claims| (key, claims)));
        match claims {
            Some((key, claims)) if !self.is_replaced(state, host, key) => {
                Arc::new(claims.iter().map(|(equipment, _)| equipment.clone()).collect())
            }
            _ => Arc::clone(&self.nowhere),
        }
    }

    /// Whether an agent was revoked and another one has spoken for the host of this name since. A revoked agent's last word
    /// stands until then: revoking removes no machine.
    fn is_replaced(&self, state: &State, host: HostNo, key: &str) -> bool {
        let Some(own) = state.agents.by_number(host).filter(|agent| agent.revoked.is_some()) else { return false };
        self.of_name(key).filter(|other| *other != host && state.assets.host(*other).is_some()).any(|other| {
            let other = state.agents.by_number(other);
            other.is_some_and(|other| other.revoked.is_none() || other.last_seq() > own.last_seq())
        })
    }
}

/// The collectors that tell of IPsec without an interface, and of tunnels that have one.
const IPSEC_COLLECTOR: &str = "ipsec";
const TUNNEL_COLLECTOR: &str = "tunnels";

/// The key of what a host says of its operating system.
const SYSTEM_KEY: &str = "operating_system";

/// What a host says of its operating system: the first collector's word counts.
pub(super) fn system_of(state: &State, host: HostNo) -> Option<ItemNo> {
    let is_system = |no: &ItemNo| state.assets.items.get(*no).is_some_and(|item| item.sort == Sort::System);
    state.assets.under(host, SYSTEM_KEY).into_iter().find(is_system)
}

/// A host's name: its own word, or else what its agent said when it enrolled.
pub(super) fn name_of(state: &State, host: HostNo) -> Option<Arc<str>> {
    let own = state.assets.under(host, SYSTEM_KEY).into_iter().find_map(|item| {
        match state.assets.items.get(item)?.observation()? {
            Observation::OperatingSystem(os) => os.hostname,
            _ => None,
        }
    });
    let enrolled = || state.agents.by_number(host).map(|agent| agent.hostname.clone()).filter(|name| !name.is_empty());
    own.or_else(enrolled).map(Arc::from)
}

/// The settings of a host's software and machine.
pub(super) fn settings_of(state: &State, host: HostNo) -> [Setting; 2] {
    let observed = |item: u32| state.assets.items.get(item)?.observation();
    let system = state.assets.under(host, SYSTEM_KEY).into_iter().find_map(|item| match observed(item)? {
        Observation::OperatingSystem(os) => Some(os),
        _ => None,
    });
    let parts = state
        .assets
        .on(host, |item| item.sort == Sort::Hardware && state.assets.items.key_text(item.key).starts_with("system:"));
    let machine = parts.into_iter().find_map(|item| match item.observation()? {
        Observation::Hardware(part) if part.part == HardwarePart::System => Some(part),
        _ => None,
    });
    let indexes_complete = state.coverage.outcome(host, INDEX_COLLECTOR) == Some(Outcome::Complete);
    [Setting::software(system.as_ref(), indexes_complete), Setting::machine(machine.as_ref())]
}

/// A host's network interfaces that can be one end of a way in from outside, and what IPsec protects towards whom without one.
pub(super) fn remote_interfaces_of(state: &State, host: HostNo) -> Vec<String> {
    let interfaces = state.assets.on(host, |item| item.sort == Sort::Interface);
    let mut remote = BTreeSet::new();
    let mut policies = Vec::new();
    for item in interfaces {
        match item.observation() {
            Some(Observation::NetworkInterface(one)) if one.interface_kind.may_be_remote_path() => {
                remote.insert(one.name);
            }
            Some(Observation::Tunnel(one)) => policies.push(one),
            _ => {}
        }
    }
    if !policies.is_empty() {
        let tunnels = tunnels_of(state, host);
        let own = policies.iter().filter(|policy| !tunnels.iter().any(|tunnel| carries(tunnel, policy)));
        remote.extend(own.map(Tunnel::key));
    }
    remote.into_iter().collect()
}

/// Whether the host says anything of IPsec.
pub(super) fn has_ipsec(state: &State, host: HostNo) -> bool {
    let mut told = state.assets.by_collector(host);
    told.any(|(id, told)| id.as_str() == IPSEC_COLLECTOR && !told.items.is_empty())
}

/// The tunnels that have an interface.
fn tunnels_of(state: &State, host: HostNo) -> Vec<Tunnel> {
    let told = state.assets.by_collector(host).filter(|(id, _)| id.as_str() == TUNNEL_COLLECTOR);
    let items = told.flat_map(|(_, told)| told.items.iter()).filter_map(|no| state.assets.items.get(no)?.observation());
    let tunnels = items.filter_map(|item| match item {
        Observation::Tunnel(one) if one.interface.is_some() => Some(one),
        _ => None,
    });
    tunnels.collect()
}

/// Whether a policy of IPsec only encrypts what goes through a tunnel that has an interface: by the XFRM interface's number, as the
/// policy of a VTI (everything to everywhere), or for packets of the tunnel itself (from one end to the other). One that protects other
/// networks between the same ends is a way of its own.
fn carries(tunnel: &Tunnel, policy: &Tunnel) -> bool {
    if policy.number.is_some() {
        return tunnel.tunnel_kind == "xfrm" && tunnel.number == policy.number;
    }
    let (Some(local), Some(remote)) = (&policy.local, &policy.remote) else { return false };
    if tunnel.remote.as_ref() != Some(remote) || tunnel.local.as_ref().is_some_and(|own| own != local) {
        return false;
    }
    let everything = |inside: &String| matches!(inside.as_str(), "0.0.0.0/0 > 0.0.0.0/0" | "::/0 > ::/0");
    let bits = if remote.contains(':') { 128 } else { 32 };
    let itself = format!("{local}/{bits} > {remote}/{bits}");
    let fits =
        |inside: &String| if tunnel.tunnel_kind.starts_with("vti") { everything(inside) } else { *inside == itself };
    !policy.inside.is_empty() && policy.inside.iter().all(fits)
}

/// A host's software by which somebody may come in from outside.
pub(super) fn remote_tools_of(state: &State, host: HostNo) -> Vec<String> {
    let tools = state.assets.on(host, |item| item.sort == Sort::Tool);
    let remote: BTreeSet<String> = tools
        .into_iter()
        .filter_map(|item| match item.observation()? {
            Observation::RemoteTool(one) if one.class.may_let_in() => Some(one.tool),
            _ => None,
        })
        .collect();
    remote.into_iter().collect()
}
