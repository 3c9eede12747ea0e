//! What the rules of lines share: what stands at the end of a line, what explains it, whom it serves.
//! It does not judge. Invariant: the words of a list mean a device, a host, a plan or an equipment by its exact name only; what they may
//! mean besides is left open.

use super::Facts;
use super::remote_paths::{entry_of, runs};
use crate::model::findings::Subject;
use crate::model::state::State;
use crate::model::views::circuits::{CircuitState, end_key};
use crate::model::views::declarations::host_key;
use crate::model::views::drift::{Drift, Touched};
use daicho_schemas::fact::circuit::{CircuitIs, CircuitSort};
use daicho_schemas::fact::remote_path::PathEntry;
use daicho_schemas::ids::{DeviceId, EquipmentId, PlanId, SupplierId};
use daicho_schemas::text::Text;
use serde::Serialize;
use std::collections::BTreeSet;

/// What says what stands at the end of a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Explains {
    /// A person.
    Person(CircuitIs),
    /// A device of which a reading stands.
    Device(DeviceId),
    /// A host with an agent, by name.
    Host(String),
    /// A recorded or declared way in that enters at a device or host of that name.
    RemotePath(String),
    /// A network in which an agent stands.
    Segment(String),
    /// The plan of an entrustment that runs.
    Contract(PlanId),
}

/// Everything that explains a line.
pub(crate) fn explained(state: &State, drift: &Drift, own: &CircuitState) -> BTreeSet<Explains> {
    let mut found = BTreeSet::new();
    found.extend(own.is().cloned().map(Explains::Person));
    for words in own.ends() {
        found.extend(state.devices.named(&end_key(words)).cloned().map(Explains::Device));
        let host = host_key(words);
        if drift.hosts.of_name(&host).next().is_some() {
            found.insert(Explains::Host(host.clone()));
        }
        if paths_at(state, words, &host) {
            found.insert(Explains::RemotePath(words.to_string()));
        }
    }
    let segment = own.segment().filter(|segment| drift.places.stands_within(*segment));
    found.extend(segment.map(|segment| Explains::Segment(segment.to_string())));
    found.extend(contract_of(state, own).map(Explains::Contract));
    found
}

/// Whether a way in that is there, or that a filed plan declares, enters at something of that name.
fn paths_at(state: &State, words: &str, host: &str) -> bool {
    let here = |entry: &PathEntry| match entry {
        PathEntry::DeviceWayIn { device_id, .. } => device_id.as_str() == words,
        PathEntry::HostInterface { host: own, .. } | PathEntry::Software { host: own, .. } => host_key(own) == host,
    };
    let recorded = state.remote_paths.iter().filter(|path| path.stands()).map(|path| &path.recorded.enters);
    let filed = state.declarations.plans().filter(|plan| plan.filed());
    recorded.into_iter().any(here) || filed.flat_map(|plan| &plan.plan.remote_paths).any(|path| here(&entry_of(path)))
}

/// The entrustment that a line names, where it runs.
fn contract_of(state: &State, own: &CircuitState) -> Option<PlanId> {
    let id = PlanId::new(own.circuit.contract.clone()).ok()?;
    let plan = state.declarations.plan_state(&id)?;
    (plan.filed() && runs(state, plan)).then_some(id)
}

/// The equipment that a line serves, where the list names one of ours by its id or exact name.
pub(crate) fn equipment_of(state: &State, own: &CircuitState) -> Option<EquipmentId> {
    let words = own.circuit.equipment.as_str();
    if words.is_empty() {
        return None;
    }
    let by_id = EquipmentId::new(words).ok().filter(|id| state.declarations.equipment_described(id).is_some());
    by_id.or_else(|| {
        let all = state.declarations.equipment();
        let named = |plan: &&crate::model::views::declarations::PlanState| {
            let name = &plan.plan.equipment.name;
            name.ja == words || name.en == words
        };
        let mut named = all.into_iter().filter(|(_, plan)| named(plan)).map(|(id, _)| id.clone());
        named.next().filter(|_| named.next().is_none())
    })
}

/// The vendor who uses a line, where the list names one of ours by its id, exact name or another spelling of it.
pub(crate) fn user_of(state: &State, own: &CircuitState) -> Option<SupplierId> {
    let words = own.circuit.used_by.as_str();
    let mut parts = words.split(", ").chain([words]).filter(|part| !part.is_empty());
    parts.find_map(|part| {
        let by_id = SupplierId::new(part).ok().filter(|id| state.declarations.supplier_state(id).is_some());
        by_id.or_else(|| {
            let named = state.declarations.suppliers().filter(|(_, supplier)| {
                let record = &supplier.record;
                record.name.ja == part || record.name.en == part || record.aliases.iter().any(|alias| alias == part)
            });
            let mut ids = named.map(|(id, _)| id.clone());
            ids.next().filter(|_| ids.next().is_none())
        })
    })
}

/// The lines that a fact touches: those of a list that came, and those at whose end something is known otherwise now.
pub(super) fn circuits_touched(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let circuits = &facts.state.circuits;
    let subject = |(list, key): &(_, String)| Subject::Circuit(Clone::clone(list), key.clone());
    let mut found: BTreeSet<Subject> = touched.circuits.iter().map(subject).collect();
    // What a person does may concern any of them, and is rare; agents report all the time.
    let by_person = !(touched.equipment.is_empty() && touched.devices.is_empty() && touched.paths.is_empty());
    if by_person || touched.supplier.is_some() {
        found.extend(circuits.iter().map(|(key, _)| subject(key)));
        return found;
    }
    let are = touched.hosts.iter().filter_map(|host| Some(facts.drift.hosts.get(*host)?.key.to_string()));
    for name in are.chain(touched.names.iter().cloned()) {
        found.extend(circuits.ending_at_host(&name).map(|(key, _)| subject(key)));
    }
    if !touched.segments.is_empty() {
        found.extend(circuits.at_segments(&touched.segments).map(subject));
    }
    found
}

/// A sort of line, in words.
pub(crate) fn sort_text(sort: CircuitSort) -> Text {
    match sort {
        CircuitSort::LeasedLine => Text::new("専用線", "leased line"),
        CircuitSort::Internet => Text::new("インターネット接続", "internet access"),
        CircuitSort::Mobile => Text::new("モバイル回線", "mobile line"),
        CircuitSort::DialUp => Text::new("電話回線・ISDN", "telephone line or ISDN"),
        CircuitSort::ProviderVpn => Text::new("事業者の閉域網", "provider's closed network"),
        CircuitSort::Other => Text::new("その他の回線", "line of another sort"),
        CircuitSort::Unknown => Text::new("種別不明の回線", "line of unknown sort"),
    }
}

/// What people call a line: its key, what sort it is, and whose.
pub(super) fn name_of(own: &CircuitState) -> Text {
    let (circuit, sort) = (&own.circuit, sort_text(own.circuit.sort));
    let carrier = |before: &str| match circuit.carrier.as_str() {
        "" => String::new(),
        carrier => format!("{before}{carrier}"),
    };
    Text::new(
        format!("{}（{}{}）", circuit.key, sort.ja, carrier("、")),
        format!("{} ({}{})", circuit.key, sort.en, carrier(", ")),
    )
}
