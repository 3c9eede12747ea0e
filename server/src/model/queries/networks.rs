//! The network segments as rows: who observes each, which devices stand there, who was seen that is nobody's, and which segments a
//! route or a device leads to that no agent stands in.
//! It does not judge; the rules do. Invariant: a segment without an agent that is heard is never shown as observed, and a list of
//! neighbours is never shown as complete.

use super::super::Model;
use super::super::networks::{Prefix, makers::mac_of, makers::maker_of};
use super::super::numbers::HostNo;
use super::super::views::network_tables::NetworkTables;
use core::net::{IpAddr, SocketAddr};
use daicho_schemas::fact::device::Answer;
use daicho_schemas::fact::device_networks::{DeviceInterface, InterfaceRole};
use daicho_schemas::fact::network_table::NeighbourIs;
use daicho_schemas::ids::{AgentId, DeviceId, EquipmentId, NetworkTableId};
use daicho_schemas::text::Text;
use daicho_schemas::time::{CalendarDate, UtcMicros};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Segments in one answer; more are counted.
pub const SEGMENTS_MAX: usize = 2000;
/// Neighbours that are listed of one segment; more are counted.
pub const NEIGHBOURS_MAX: usize = 500;

/// How a segment is observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    /// No agent stands in it: what is there is not known.
    NotObserved,
    /// No agent stands in it and no table shows it; a device's configuration says that the device has an interface there.
    Declared,
    /// No agent stands in it; a table that a person handed in shows who was there on its day.
    ByTable,
    /// Agents stand in it, and none of them is heard.
    Silent,
    /// At least one agent that is heard stands in it. It sees who spoke to it lately, and whatever else is there is not known.
    ByAgents,
}

/// Whose a hardware address is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// A host's.
    Host(String),
    /// A device's.
    Device(DeviceId),
    /// A person said so.
    Said(NeighbourIs),
}

/// Somebody who was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NeighbourRow {
    /// The hardware address.
    pub mac: String,
    /// Its maker, where that is one of routers and VPN devices.
    pub maker: Option<String>,
    /// Under which addresses.
    pub addresses: Vec<IpAddr>,
    /// Who saw it.
    pub seen_by: Vec<String>,
    /// Whose it is; absent: nobody's that is known.
    pub whose: Option<Whose>,
}

/// An agent in a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SegmentAgent {
    /// The agent.
    pub agent_id: AgentId,
    /// The host's name.
    pub host: String,
    /// Whether it may speak and is heard.
    pub heard: bool,
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SegmentRow {
    /// The network.
    pub segment: Prefix,
    /// How it is observed.
    pub observed: Observed,
    /// The equipment whose hosts stand in it, or lead to it.
    pub equipment: Vec<EquipmentId>,
    /// The agents in it.
    pub agents: Vec<SegmentAgent>,
    /// The tables that show somebody in it, with their days.
    pub tables: Vec<(NetworkTableId, CalendarDate)>,
    /// What leads to it: routes of hosts and devices, ways in of devices.
    pub led_to_by: Vec<Text>,
    /// The interfaces of devices in it, as their configurations declare them; whether anything is there was not observed.
    pub declared_by: Vec<Text>,
    /// The devices that stand in it, as a hardware address shows or their configurations declare.
    pub devices: Vec<DeviceId>,
    /// Who was seen in it, at most [`NEIGHBOURS_MAX`].
    pub neighbours: Vec<NeighbourRow>,
    /// How many were seen in all.
    pub neighbours_total: usize,
    /// How many of them are nobody's that is known.
    pub unknown: usize,
    /// When an agent in it last looked.
    pub last_looked_at: Option<UtcMicros>,
}

/// Which segments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkQuery {
    /// Of this equipment.
    pub equipment_id: Option<EquipmentId>,
    /// Only observed like this.
    pub observed: Option<Observed>,
}

/// The segments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NetworkSheet {
    /// Not observed ones first, at most [`SEGMENTS_MAX`].
    pub segments: Vec<SegmentRow>,
    /// How many there are in all.
    pub total: usize,
    /// How many of them nobody observes.
    pub not_observed: usize,
    /// Agents that never told where they stand: too old, not a running machine, or not asked yet.
    pub agents_without_place: Vec<String>,
    /// Rows of tables of which nobody knows the segment: without an address, and of a table without one.
    pub rows_without_place: usize,
    /// Devices of which nobody knows in which segment they stand.
    pub devices_without_place: Vec<DeviceId>,
}

/// What is gathered of one segment.
#[derive(Default)]
struct Gathered {
    hosts: BTreeSet<HostNo>,
    equipment: BTreeSet<EquipmentId>,
    led_to_by: BTreeSet<(String, Text)>,
    declared: BTreeSet<(DeviceId, Text)>,
    tables: BTreeSet<(NetworkTableId, CalendarDate)>,
    seen: BTreeMap<String, Seen>,
}

#[derive(Default)]
struct Seen {
    maker: Option<String>,
    addresses: BTreeSet<IpAddr>,
    by: BTreeSet<String>,
}

impl Model {
    /// The segments that are known, on what is known now.
    pub fn networks(&self, query: &NetworkQuery) -> NetworkSheet {
        let mut all = self.gathered();
        let rows_without_place = self.shown_by_tables(&mut all);
        let owners = self.mac_owners();
        let mut sheet =
            NetworkSheet { rows_without_place, agents_without_place: self.without_place(), ..NetworkSheet::default() };
        let mut placed = BTreeSet::new();
        let mut rows = Vec::new();
        for (segment, gathered) in std::mem::take(&mut all) {
            let row = self.segment_row(segment, gathered, &owners);
            placed.extend(row.devices.iter().cloned());
            let here = query.equipment_id.as_ref().is_none_or(|id| row.equipment.contains(id));
            if here && query.observed.is_none_or(|observed| observed == row.observed) {
                rows.push(row);
            }
        }
        rows.sort_by_key(|row| (row.observed, row.segment));
        sheet.total = rows.len();
        let nobody = |row: &&SegmentRow| matches!(row.observed, Observed::NotObserved | Observed::Declared);
        sheet.not_observed = rows.iter().filter(nobody).count();
        rows.truncate(SEGMENTS_MAX);
        sheet.segments = rows;
        let devices = self
            .state
            .devices
            .iter()
            .filter(|device| query.equipment_id.as_ref().is_none_or(|id| device.equipment_id() == Some(id)));
        sheet.devices_without_place =
            devices.map(|device| device.id.clone()).filter(|id| !placed.contains(id)).collect();
        sheet
    }

    /// Agents that may speak and never said where they stand.
    fn without_place(&self) -> Vec<String> {
        let live = self.state.agents.iter().filter(|(_, agent)| agent.revoked.is_none());
        let silent = live.filter(|(host, _)| self.drift.places.host(*host).is_none_or(|own| own.addresses.is_empty()));
        silent.map(|(host, _)| self.host_named(host)).collect()
    }

    fn host_named(&self, host: HostNo) -> String {
        self.drift.hosts.get(host).map(|own| own.key.to_string()).unwrap_or_default()
    }

    fn equipment_of_host(&self, host: HostNo) -> impl Iterator<Item = EquipmentId> {
        self.drift.hosts.get(host).into_iter().flat_map(|own| own.equipment.iter().cloned())
    }

    fn gathered(&self) -> BTreeMap<Prefix, Gathered> {
        let places = &self.drift.places;
        let mut all: BTreeMap<Prefix, Gathered> = BTreeMap::new();
        for (host, place) in places.iter() {
            for segment in place.segments() {
                let own = all.entry(segment).or_default();
                own.hosts.insert(host);
                own.equipment.extend(self.equipment_of_host(host));
            }
        }
        for (host, place) in places.iter() {
            let name = self.host_named(host);
            for (to, via) in place.routes.iter().filter(|(to, _)| to.is_segment()) {
                let via = via.as_deref().unwrap_or("-");
                let text = Text::new(
                    format!("ホスト {name} の経路（次ホップ {via}）"),
                    format!("route of host {name} (next hop {via})"),
                );
                self.led_to(&mut all, *to, &name, text, self.equipment_of_host(host).collect());
            }
            for next in &place.next {
                let Some(segment) = places.segment_of(next.address) else { continue };
                let seen = all.entry(segment).or_default().seen.entry(next.mac.clone()).or_default();
                seen.maker = seen.maker.take().or_else(|| next.maker.clone());
                seen.addresses.insert(next.address);
                seen.by.insert(name.clone());
            }
        }
        self.declared_by_devices(&mut all);
        self.led_to_by_devices(&mut all);
        all
    }

    /// Something leads to a network. One that lies in an observed segment says nothing new; one that only covers some of them does.
    fn led_to(
        &self,
        all: &mut BTreeMap<Prefix, Gathered>,
        to: Prefix,
        by: &str,
        text: Text,
        equipment: BTreeSet<EquipmentId>,
    ) {
        let within = all.iter().any(|(segment, own)| !own.hosts.is_empty() && segment.covers(&to) && *segment != to);
        if within {
            return;
        }
        let own = all.entry(to).or_default();
        own.led_to_by.insert((by.to_string(), text));
        own.equipment.extend(equipment);
    }

    /// What the configurations of devices say of where they stand. Within a segment in which an agent stands it is that segment.
    fn declared_by_devices(&self, all: &mut BTreeMap<Prefix, Gathered>) {
        for device in self.state.devices.iter() {
            let Some((networks, on)) = device.networks() else { continue };
            let id = device.id;
            let used =
                |own: &&DeviceInterface| own.shut_down != Answer::Yes && own.role != Some(InterfaceRole::Loopback);
            for own in networks.interfaces.iter().filter(used) {
                // What a provider's line stands in is no part of the equipment.
                let equipment = device.equipment_id().filter(|_| own.role != Some(InterfaceRole::Wan));
                for address in &own.addresses {
                    let Some((_, network)) = Prefix::of_text(address) else { continue };
                    if !network.is_segment() || network.is_one_address() {
                        continue;
                    }
                    let observed =
                        |(segment, own): &(&Prefix, &Gathered)| !own.hosts.is_empty() && segment.covers(&network);
                    let segment = all.iter().find(observed).map_or(network, |(segment, _)| *segment);
                    let gathered = all.entry(segment).or_default();
                    let name = &own.name;
                    let text = Text::new(
                        format!("機器 {id} の {name}（{address}、{on} の設定）"),
                        format!("{name} of device {id} ({address}, configuration of {on})"),
                    );
                    gathered.declared.insert((id.clone(), text));
                    gathered.equipment.extend(equipment.cloned());
                }
            }
        }
    }

    fn led_to_by_devices(&self, all: &mut BTreeMap<Prefix, Gathered>) {
        for device in self.state.devices.iter() {
            let equipment: BTreeSet<EquipmentId> = device.equipment_id().cloned().into_iter().collect();
            let routes = device.networks().into_iter().flat_map(|(networks, _)| &networks.routes);
            for route in routes {
                let to = Prefix::of_text(&route.destination).map(|(_, to)| to);
                let Some(to) = to.filter(|to| to.is_segment() && !to.is_one_address()) else { continue };
                let (id, via) = (device.id, route.next_hop.as_ref().or(route.interface.as_ref()));
                let via = via.map_or("-", String::as_str);
                let text = Text::new(
                    format!("機器 {id} の経路（次ホップ {via}）"),
                    format!("route of device {id} (next hop {via})"),
                );
                self.led_to(all, to, id.as_str(), text, equipment.clone());
            }
            for (key, own) in device.ways() {
                for to in own.way.inside.iter().filter_map(|text| network_of(text)).filter(Prefix::is_segment) {
                    let id = device.id;
                    let text = Text::new(format!("機器 {id} の {key}"), format!("{key} of device {id}"));
                    self.led_to(all, to, id.as_str(), text, equipment.clone());
                }
            }
        }
    }

    /// Tables that people handed in. Answers how many rows stand in no segment that is known.
    fn shown_by_tables(&self, all: &mut BTreeMap<Prefix, Gathered>) -> usize {
        let tables = &self.state.network_tables;
        let networks = tables.iter().filter_map(|table| Prefix::of_text(table.read.segment.as_deref()?));
        for (_, network) in networks {
            all.entry(network).or_default();
        }
        // A switch knows no addresses; who answered for one under the same hardware address stands where that address does.
        let mut addresses: BTreeMap<&str, BTreeSet<IpAddr>> = BTreeMap::new();
        for row in tables.iter().flat_map(|table| &table.read.rows) {
            let address: Option<IpAddr> = row.address.as_ref().and_then(|text| text.parse().ok());
            addresses.entry(&row.mac).or_default().extend(address);
        }
        let mut nowhere = 0;
        for table in tables.iter() {
            let read = &table.read;
            let said = read.segment.as_deref().and_then(Prefix::of_text).map(|(_, network)| network);
            for row in &read.rows {
                let own: Option<IpAddr> = row.address.as_ref().and_then(|text| text.parse().ok());
                let known = addresses.get(row.mac.as_str());
                let one = own.or_else(|| known.filter(|all| all.len() == 1)?.first().copied());
                let found = one.and_then(|address| narrowest(all, address)).or(said);
                let Some(gathered) = found.and_then(|segment| all.get_mut(&segment)) else {
                    nowhere += 1;
                    continue;
                };
                gathered.tables.insert((read.table_id.clone(), read.taken_on));
                let seen = gathered.seen.entry(row.mac.clone()).or_default();
                seen.maker = seen.maker.take().or_else(|| maker_of(&row.mac).map(str::to_string));
                seen.addresses.extend(own);
                seen.by.insert(match &row.port {
                    Some(port) => format!("{} {port}", read.table_id),
                    None => read.table_id.to_string(),
                });
            }
        }
        nowhere
    }

    /// The tables that people handed in, and what they say of hardware addresses.
    pub fn network_tables(&self) -> &NetworkTables {
        &self.state.network_tables
    }

    /// The devices by the hardware addresses that their readings name.
    pub(crate) fn mac_owners(&self) -> BTreeMap<String, DeviceId> {
        let devices = self.state.devices.iter();
        let macs = devices.flat_map(|device| {
            let id = device.id.clone();
            device.identity().macs.into_iter().filter_map(move |mac| Some((mac_of(&mac)?, id.clone())))
        });
        macs.collect()
    }

    fn whose(
        &self,
        mac: &str,
        addresses: &BTreeSet<IpAddr>,
        hosts: &BTreeSet<HostNo>,
        owners: &BTreeMap<String, DeviceId>,
    ) -> Option<Whose> {
        if let Some(host) = self.drift.places.who_have(mac).next() {
            return Some(Whose::Host(self.host_named(host)));
        }
        if let Some(device) = owners.get(mac) {
            return Some(Whose::Device(device.clone()));
        }
        match self.state.network_tables.named(mac).and_then(|state| state.said.is.clone()) {
            Some(NeighbourIs::Device(device)) => return Some(Whose::Device(device)),
            Some(said) => return Some(Whose::Said(said)),
            None => {}
        }
        let has = |host: &&HostNo| {
            let place = self.drift.places.host(**host);
            place.is_some_and(|place| place.addresses.iter().any(|(own, ..)| addresses.contains(own)))
        };
        hosts.iter().find(has).map(|host| Whose::Host(self.host_named(*host)))
    }

    fn segment_row(&self, segment: Prefix, gathered: Gathered, owners: &BTreeMap<String, DeviceId>) -> SegmentRow {
        let agents: Vec<SegmentAgent> = gathered
            .hosts
            .iter()
            .filter_map(|host| {
                let agent_id = self.state.agents.by_number(*host)?.agent_id.clone();
                let heard = self.drift.hosts.get(*host).is_some_and(|own| own.seen.heard());
                Some(SegmentAgent { agent_id, host: self.host_named(*host), heard })
            })
            .collect();
        let observed = match (agents.is_empty(), agents.iter().any(|agent| agent.heard)) {
            (true, _) if gathered.tables.is_empty() && gathered.declared.is_empty() => Observed::NotObserved,
            (true, _) if gathered.tables.is_empty() => Observed::Declared,
            (true, _) => Observed::ByTable,
            (false, false) => Observed::Silent,
            (false, true) => Observed::ByAgents,
        };
        let mut neighbours: Vec<NeighbourRow> = gathered
            .seen
            .into_iter()
            .map(|(mac, seen)| NeighbourRow {
                whose: self.whose(&mac, &seen.addresses, &gathered.hosts, owners),
                mac,
                maker: seen.maker,
                addresses: seen.addresses.into_iter().collect(),
                seen_by: seen.by.into_iter().collect(),
            })
            .collect();
        // Nobody's first, and of those the ones whose maker builds ways in.
        neighbours.sort_by_key(|row| (row.whose.is_some(), row.maker.is_none(), row.mac.clone()));
        let declared = gathered.declared.iter().map(|(id, _)| id.clone());
        let seen = neighbours.iter().filter_map(|row| match &row.whose {
            Some(Whose::Device(id)) => Some(id.clone()),
            _ => None,
        });
        let devices: BTreeSet<DeviceId> = seen.chain(declared).collect();
        let (neighbours_total, unknown) =
            (neighbours.len(), neighbours.iter().filter(|row| row.whose.is_none()).count());
        neighbours.truncate(NEIGHBOURS_MAX);
        SegmentRow {
            segment,
            observed,
            equipment: gathered.equipment.into_iter().collect(),
            last_looked_at: gathered.hosts.iter().filter_map(|host| self.last_looked(*host)).max(),
            agents,
            tables: gathered.tables.into_iter().collect(),
            led_to_by: gathered.led_to_by.into_iter().map(|(_, text)| text).collect(),
            declared_by: gathered.declared.into_iter().map(|(_, text)| text).collect(),
            devices: devices.into_iter().collect(),
            neighbours,
            neighbours_total,
            unknown,
        }
    }

    fn last_looked(&self, host: HostNo) -> Option<UtcMicros> {
        let told = self.state.coverage.collectors(host);
        told.filter(|own| own.collector.as_str() == "network_place").map(|own| own.reported_at).max()
    }
}

/// The narrowest segment that is known and holds an address.
fn narrowest(all: &BTreeMap<Prefix, Gathered>, address: IpAddr) -> Option<Prefix> {
    let widths = if address.is_ipv4() { 1..=32 } else { 1..=128 };
    let mut wider = widths.rev().filter_map(|bits| Prefix::of(address, bits));
    wider.find(|segment| all.contains_key(segment))
}

/// What a device's way in names inside: a network, an address, an address with a port.
fn network_of(text: &str) -> Option<Prefix> {
    if let Some((_, network)) = Prefix::of_text(text) {
        return Some(network);
    }
    let address = text.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip())).ok()?;
    Prefix::of(address, if address.is_ipv4() { 32 } else { 128 })
}

#[cfg(test)]
#[path = "networks_tests.rs"]
mod tests;
