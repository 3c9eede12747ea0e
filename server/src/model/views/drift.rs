//! The drift: every component of every equipment in lines of one supplier, product and category, covered by a part or by none.
//! It does not know rules or the law; it says what stands against what, and which lines a fact has touched.
//! Invariant: it follows from the other views alone, so it is never stored; kept up to date or built anew, it is the same.

use super::assets::Changed;
use super::declarations::host_key;
use crate::model::cover::{self, CoverParts};
use crate::model::meaning::{HostContext, Marks, Meaning, SupplierKey, label, meaning_of, name_and_version};
use crate::model::rows::{Confidence, SupplierClaim};
use crate::model::state::State;
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::fact::observation::{Observation, Package, PackageOrigin};
use daicho_schemas::ids::{AgentId, EquipmentId, PartId, PlanId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What makes a line: components that agree in all of this are one line. The order puts a supplier's lines together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineKey {
    /// Who supplies it.
    pub supplier: SupplierKey,
    /// What a plan would call it.
    pub product: String,
    /// What it is.
    pub category: Category,
    /// The part that covers it; absent when none does.
    pub cover: Option<(PlanId, PartId)>,
    /// The supplier is recorded, but rests on a mark that anyone could have written: kept apart, so that it is seen.
    pub weak: bool,
}

/// One line: which components, on which hosts, by which claims, each with how often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Distinct components, with the number of hosts they stand on.
    pub components: BTreeMap<Hash, u32>,
    /// Hosts, with the number of components of this line on them.
    pub hosts: BTreeMap<AgentId, u32>,
    claims: BTreeMap<SupplierClaim, u32>,
}

impl Line {
    /// The weakest claim in the line: a line is only as sure as its least sure component.
    pub fn claim(&self) -> Option<&SupplierClaim> {
        self.claims.keys().min_by_key(|claim| claim.confidence)
    }
}

/// The drift of one equipment.
#[derive(Clone, Debug, Default)]
pub struct EquipmentDrift {
    /// Its lines.
    pub lines: BTreeMap<LineKey, Line>,
    /// The agents of its hosts.
    pub members: BTreeSet<AgentId>,
    parts: CoverParts,
}

impl EquipmentDrift {
    /// The lines of one supplier.
    pub fn lines_of<'a>(&'a self, supplier: &'a SupplierKey) -> impl Iterator<Item = (&'a LineKey, &'a Line)> {
        let first = LineKey {
            supplier: supplier.clone(),
            product: String::new(),
            category: Category::ServerHardware,
            cover: None,
            weak: false,
        };
        self.lines.range(first..).take_while(move |(key, _)| key.supplier == *supplier)
    }

    /// The part that covers a component, if one does.
    pub fn cover(&self, meaning: &Meaning, name: &str) -> Option<(PlanId, PartId)> {
        self.parts.cover(meaning, name)
    }
}

/// What is understood of one host.
#[derive(Clone, Debug)]
pub struct HostDrift {
    /// What is known of it as a whole.
    pub context: HostContext,
    /// The equipment it belongs to.
    pub equipment: BTreeSet<EquipmentId>,
    /// What each of its components means.
    pub judged: BTreeMap<Hash, Arc<Meaning>>,
    /// Its network interfaces that can be one end of a way in from outside.
    pub remote_interfaces: BTreeSet<String>,
}

/// What a fact has touched: what rules must judge again.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    /// Products of a supplier on an equipment.
    pub products: BTreeSet<(EquipmentId, SupplierKey, String)>,
    /// Agents whose host, membership, interfaces or hearing may have changed.
    pub agents: BTreeSet<AgentId>,
    /// Network interfaces that came, went or are of another sort now.
    pub interfaces: BTreeSet<(AgentId, String)>,
    /// A declaration changed: everything.
    pub everything: bool,
}

/// Everything that follows from the other views.
#[derive(Clone, Debug, Default)]
pub struct Drift {
    /// The marks of the supplier records.
    pub marks: Marks,
    /// Every host.
    pub hosts: BTreeMap<AgentId, HostDrift>,
    /// Every equipment that a plan names.
    pub equipment: BTreeMap<EquipmentId, EquipmentDrift>,
    /// Distinct components by name and version: the order of the list.
    pub order: BTreeSet<(String, String, Hash)>,
    claims: BTreeMap<String, BTreeSet<EquipmentId>>,
    meanings: BTreeSet<Arc<Meaning>>,
    /// How often an observation was understood: what a test of the cost counts.
    #[cfg(test)]
    pub(crate) understood: u64,
}

impl Drift {
    /// Builds everything from the other views.
    pub fn rebuild(state: &State) -> Self {
        let claims = state.declarations.equipment_by_host();
        let mut drift = Self { marks: Marks::of(&state.declarations), claims, ..Self::default() };
        for id in state.declarations.equipment().into_keys() {
            let parts = CoverParts::of(&state.declarations, id);
            drift.equipment.insert(id.clone(), EquipmentDrift { parts, ..EquipmentDrift::default() });
        }
        let mut touched = Touched::default();
        for (agent, _) in state.agents.iter() {
            drift.host_anew(state, agent, &mut touched);
        }
        for (hash, item) in state.assets.items() {
            drift.order_insert(hash, &item.observation);
        }
        drift
    }

    /// The equipment that an agent's host belongs to.
    fn equipment_of(&self, state: &State, agent: &AgentId, context: &HostContext) -> BTreeSet<EquipmentId> {
        let Some(hostname) = state.hostname(agent, context) else { return BTreeSet::new() };
        let Some(claimed) = self.claims.get(&host_key(&hostname)) else { return BTreeSet::new() };
        if state.is_replaced(agent, &hostname) { BTreeSet::new() } else { claimed.clone() }
    }

    /// An agent enrolled, was revoked, fell silent or was heard: judges its host anew only if it belongs elsewhere now.
    pub fn agent_changed(&mut self, state: &State, agent: &AgentId, touched: &mut Touched) {
        touched.agents.insert(agent.clone());
        let same =
            self.hosts.get(agent).is_some_and(|host| self.equipment_of(state, agent, &host.context) == host.equipment);
        if !same {
            self.host_anew(state, agent, touched);
        }
    }

    /// A host came, went or became part of another equipment, or what is known of it as a whole changed.
    pub fn host_anew(&mut self, state: &State, agent: &AgentId, touched: &mut Touched) {
        touched.agents.insert(agent.clone());
        let context = HostContext::of(agent, &state.assets, &state.coverage, &self.marks);
        let equipment = self.equipment_of(state, agent, &context);
        let before = self.hosts.remove(agent);
        if let Some(before) = before {
            for (hash, meaning) in &before.judged {
                let observation = state.assets.item(hash).map(|item| &item.observation);
                self.count(&before.equipment, agent, hash, observation, meaning, Step::Out, touched);
            }
            for id in &before.equipment {
                if let Some(drift) = self.equipment.get_mut(id) {
                    drift.members.remove(agent);
                }
            }
        }
        for id in &equipment {
            if let Some(drift) = self.equipment.get_mut(id) {
                drift.members.insert(agent.clone());
            }
        }
        let hashes: BTreeSet<Hash> = state.assets.on(agent).map(|(_, hash, _)| *hash).collect();
        let remote_interfaces = remote_interfaces(state, agent);
        touched.interfaces.extend(remote_interfaces.iter().map(|name| (agent.clone(), name.clone())));
        self.hosts.insert(agent.clone(), HostDrift { context, equipment, judged: BTreeMap::new(), remote_interfaces });
        self.judge(state, agent, &hashes, &BTreeMap::new(), touched);
    }

    /// A report changed a host. Judges what changed, and only where the host as a whole changed, all of it.
    /// Answers whether the host has another name now, which may concern other agents.
    pub fn reported(&mut self, state: &State, agent: &AgentId, changes: &[Changed], touched: &mut Touched) -> bool {
        touched.agents.insert(agent.clone());
        self.order_update(state, changes);
        self.interfaces_changed(state, agent, changes, touched);
        let context = HostContext::of(agent, &state.assets, &state.coverage, &self.marks);
        let equipment = self.equipment_of(state, agent, &context);
        let before = self.hosts.get(agent);
        let same = before.is_some_and(|host| host.context == context && host.equipment == equipment);
        let renamed = before.is_none_or(|host| host.context.hostname != context.hostname);
        let gone: BTreeMap<Hash, &Observation> =
            changes.iter().flat_map(|changed| &changed.gone).map(|(hash, observation)| (*hash, observation)).collect();
        let mut hashes: BTreeSet<Hash> = changes.iter().flat_map(|changed| changed.hashes.iter().copied()).collect();
        if same {
            hashes.extend(packages_of_changed_origins(state, agent, &hashes, &gone));
            self.judge(state, agent, &hashes, &gone, touched);
        } else {
            // Items that are gone are taken out first: afterwards nobody remembers what they were.
            self.judge(state, agent, &hashes, &gone, touched);
            self.host_anew(state, agent, touched);
        }
        renamed
    }

    fn interfaces_changed(&mut self, state: &State, agent: &AgentId, changes: &[Changed], touched: &mut Touched) {
        let came = changes.iter().flat_map(|changed| &changed.hashes).filter_map(|hash| state.assets.item(hash));
        let came = came.map(|item| &item.observation);
        let went = changes.iter().flat_map(|changed| &changed.gone).map(|(_, observation)| observation);
        let mut any = false;
        for observation in came.chain(went) {
            if let Observation::NetworkInterface(interface) = observation {
                touched.interfaces.insert((agent.clone(), interface.name.clone()));
                any = true;
            }
        }
        if any && let Some(host) = self.hosts.get_mut(agent) {
            host.remote_interfaces = remote_interfaces(state, agent);
        }
    }

    fn judge(
        &mut self,
        state: &State,
        agent: &AgentId,
        hashes: &BTreeSet<Hash>,
        gone: &BTreeMap<Hash, &Observation>,
        touched: &mut Touched,
    ) {
        let Some(mut host) = self.hosts.remove(agent) else { return };
        for hash in hashes {
            let item = state.assets.item(hash);
            let here = item.filter(|item| item.places.contains_key(agent)).map(|item| &item.observation);
            let after = here.and_then(|observation| self.understand(state, agent, observation, &host.context));
            let before = host.judged.get(hash).cloned();
            if before == after {
                continue;
            }
            let observation = item.map(|item| &item.observation).or_else(|| gone.get(hash).copied());
            if let Some(before) = &before {
                self.count(&host.equipment, agent, hash, observation, before, Step::Out, touched);
                host.judged.remove(hash);
            }
            if let Some(after) = after {
                self.count(&host.equipment, agent, hash, observation, &after, Step::In, touched);
                host.judged.insert(*hash, after);
            }
        }
        self.hosts.insert(agent.clone(), host);
    }

    fn understand(
        &mut self,
        state: &State,
        agent: &AgentId,
        observation: &Observation,
        context: &HostContext,
    ) -> Option<Arc<Meaning>> {
        #[cfg(test)]
        {
            self.understood += 1;
        }
        let origin = match observation {
            Observation::Package(package) => origin_of(state, agent, package),
            _ => None,
        };
        let meaning = Arc::new(meaning_of(observation, origin, context, &self.marks)?);
        if let Some(known) = self.meanings.get(&meaning) {
            return Some(known.clone());
        }
        self.meanings.insert(meaning.clone());
        Some(meaning)
    }

    #[expect(clippy::too_many_arguments, reason = "one step of a count names what, where, which way and who is told")]
    fn count(
        &mut self,
        equipment: &BTreeSet<EquipmentId>,
        agent: &AgentId,
        hash: &Hash,
        observation: Option<&Observation>,
        meaning: &Meaning,
        step: Step,
        touched: &mut Touched,
    ) {
        let Some((name, _)) = observation.map(name_and_version) else { return };
        let supplier = SupplierKey::of(&meaning.supplier);
        for id in equipment {
            let Some(drift) = self.equipment.get_mut(id) else { continue };
            let key = LineKey {
                supplier: supplier.clone(),
                product: meaning.product.clone(),
                category: meaning.category,
                cover: drift.parts.cover(meaning, &name),
                weak: meaning.supplier.supplier_id.is_some() && meaning.supplier.confidence <= Confidence::Low,
            };
            touched.products.insert((id.clone(), key.supplier.clone(), key.product.clone()));
            let line = drift.lines.entry(key.clone()).or_default();
            tally(&mut line.components, *hash, step);
            tally(&mut line.hosts, agent.clone(), step);
            tally(&mut line.claims, meaning.supplier.clone(), step);
            if line.components.is_empty() {
                drift.lines.remove(&key);
            }
        }
    }

    fn order_update(&mut self, state: &State, changes: &[Changed]) {
        for changed in changes {
            for (hash, gone) in &changed.gone {
                if state.assets.item(hash).is_none() {
                    self.order.remove(&order_key(hash, gone));
                }
            }
            for hash in &changed.hashes {
                if let Some(item) = state.assets.item(hash) {
                    self.order_insert(hash, &item.observation);
                }
            }
        }
    }

    fn order_insert(&mut self, hash: &Hash, observation: &Observation) {
        if cover::may_be_component(observation) {
            self.order.insert(order_key(hash, observation));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    In,
    Out,
}

fn tally<K: Ord>(counts: &mut BTreeMap<K, u32>, key: K, step: Step) {
    match step {
        Step::In => *counts.entry(key).or_insert(0) += 1,
        Step::Out => {
            if let Some(count) = counts.get_mut(&key) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    counts.remove(&key);
                }
            }
        }
    }
}

fn remote_interfaces(state: &State, agent: &AgentId) -> BTreeSet<String> {
    let remote = |observation: &Observation| match observation {
        Observation::NetworkInterface(interface) if interface.interface_kind.may_be_remote_path() => {
            Some(interface.name.clone())
        }
        _ => None,
    };
    state.assets.on(agent).filter_map(|(_, _, observation)| remote(observation)).collect()
}

/// Where a component stands in the list of components.
pub fn order_key(hash: &Hash, observation: &Observation) -> (String, String, Hash) {
    let (name, version) = name_and_version(observation);
    (name, version.unwrap_or_default(), *hash)
}

/// A component's name and version, by its hash.
pub fn label_of(state: &State, hash: &Hash) -> String {
    state.assets.item(hash).map_or_else(|| hash.short(), |item| label(&item.observation))
}

/// The repository that lists a package, by the host's own index.
pub fn origin_of<'a>(state: &'a State, agent: &AgentId, package: &Package) -> Option<&'a PackageOrigin> {
    let architecture = package.architecture.as_deref().unwrap_or("");
    let key = format!("{}:{}:{architecture}", package.ecosystem.as_str(), package.name);
    let host = state.assets.host(agent)?;
    host.collectors.values().filter_map(|collector| collector.items.get(&key)).find_map(|hash| {
        match &state.assets.item(hash)?.observation {
            Observation::PackageOrigin(origin) => Some(origin),
            _ => None,
        }
    })
}

/// The packages whose repository is another one now: they mean something else although they did not change themselves.
fn packages_of_changed_origins(
    state: &State,
    agent: &AgentId,
    hashes: &BTreeSet<Hash>,
    gone: &BTreeMap<Hash, &Observation>,
) -> BTreeSet<Hash> {
    let here = hashes.iter().filter_map(|hash| state.assets.item(hash)).map(|item| &item.observation);
    let mut packages = BTreeSet::new();
    for observation in here.chain(gone.values().copied()) {
        let Observation::PackageOrigin(origin) = observation else { continue };
        let key = origin.key();
        // rpm packages have their version behind the same beginning.
        let versions = format!("{key}:");
        let exact = state.assets.under(agent, &key).map(|(hash, _)| *hash);
        let several = state.assets.under_prefix(agent, &versions).map(|(hash, _)| *hash);
        packages.extend(exact.chain(several));
    }
    packages
}
