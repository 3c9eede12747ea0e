//! Where hosts stand in the network, and whose hardware addresses they see next to them, as their agents say.
//! It does not know devices, tables that people import, or what a neighbour is.
//! Invariant: it follows from what stands on the hosts alone, whether it was kept up to date or built anew.

use super::Prefix;
use crate::model::numbers::HostNo;
use crate::model::state::State;
use core::net::IpAddr;
use daicho_schemas::fact::observation::{NetworkPlace, Observation, PlacePart};
use imbl::{OrdMap, OrdSet};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The collectors that tell of it.
const COLLECTORS: [&str; 3] = ["neighbours", "network_interfaces", "network_place"];

/// Whom a host sees next to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeenNext {
    /// The hardware address.
    pub mac: String,
    /// The address.
    pub address: IpAddr,
    /// The maker, where the agent's list knows it.
    pub maker: Option<String>,
}

/// Where one host stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostPlace {
    /// Its addresses with their networks and interfaces.
    pub addresses: Vec<(IpAddr, Prefix, Option<String>)>,
    /// Networks to which it sends, with the next hop where there is one.
    pub routes: Vec<(Prefix, Option<String>)>,
    /// Whom it sees.
    pub next: Vec<SeenNext>,
    /// Its own hardware addresses.
    pub macs: Vec<String>,
}

/// Where every host stands.
#[derive(Clone, Debug, Default)]
pub struct Places {
    hosts: OrdMap<HostNo, Arc<HostPlace>>,
    seen: OrdSet<(String, HostNo)>,
    own: OrdSet<(String, HostNo)>,
    stand: OrdSet<(Prefix, HostNo)>,
}

impl HostPlace {
    fn of(state: &State, host: HostNo) -> Self {
        let mut place = Self::default();
        let told = state.assets.by_collector(host).filter(|(id, _)| COLLECTORS.contains(&id.as_str()));
        for (_, told) in told {
            for item in told.items.iter().filter_map(|no| state.assets.items.get(no)) {
                match item.observation() {
                    Some(Observation::NetworkPlace(part)) => place.part(&part),
                    Some(Observation::NetworkInterface(own)) => place.macs.extend(own.mac),
                    _ => {}
                }
            }
        }
        place.addresses.sort();
        place.routes.sort();
        place.next.sort();
        place.macs.sort();
        place.macs.dedup();
        place
    }

    fn part(&mut self, part: &NetworkPlace) {
        match part.part {
            PlacePart::Address => {
                let found = Prefix::of_text(&part.value);
                self.addresses.extend(found.map(|(own, network)| (own, network, part.interface.clone())));
            }
            PlacePart::Route => {
                self.routes.extend(Prefix::of_text(&part.value).map(|(_, network)| (network, part.via.clone())));
            }
            PlacePart::Neighbour => {
                let (Some(mac), Ok(address)) = (part.mac.clone(), part.value.parse()) else { return };
                self.next.push(SeenNext { mac, address, maker: part.maker.clone() });
            }
            PlacePart::RoutingRule
            | PlacePart::Resolver
            | PlacePart::Forwarding
            | PlacePart::DhcpServer
            | PlacePart::Announced => {}
        }
    }

    /// The segments in which it has an address.
    pub fn segments(&self) -> impl Iterator<Item = Prefix> {
        let own = self.addresses.iter().map(|(_, network, _)| *network);
        own.filter(|network| network.is_segment() && !network.is_one_address())
    }
}

impl Places {
    /// Looks at a host again. Answers, where anything changed, the hardware addresses that it sees, saw, has or had.
    pub(crate) fn look(&mut self, state: &State, host: HostNo) -> Option<BTreeSet<String>> {
        let now = HostPlace::of(state, host);
        let before = self.hosts.get(&host).cloned().unwrap_or_default();
        if *before == now {
            return None;
        }
        let mut macs = BTreeSet::new();
        for (place, more) in [(&*before, false), (&now, true)] {
            let mut put = |set: &mut OrdSet<(String, HostNo)>, mac: &String| {
                macs.insert(mac.clone());
                let row = (mac.clone(), host);
                if more {
                    set.insert(row);
                } else {
                    set.remove(&row);
                }
            };
            place.next.iter().for_each(|next| put(&mut self.seen, &next.mac));
            place.macs.iter().for_each(|mac| put(&mut self.own, mac));
            for segment in place.segments() {
                let row = (segment, host);
                if more {
                    self.stand.insert(row);
                } else {
                    self.stand.remove(&row);
                }
            }
        }
        if now == HostPlace::default() {
            self.hosts.remove(&host);
        } else {
            self.hosts.insert(host, Arc::new(now));
        }
        Some(macs)
    }

    /// One host.
    pub fn host(&self, host: HostNo) -> Option<&HostPlace> {
        self.hosts.get(&host).map(|place| &**place)
    }

    /// Every host of which anything is known.
    pub fn iter(&self) -> impl Iterator<Item = (HostNo, &HostPlace)> {
        self.hosts.iter().map(|(host, place)| (*host, &**place))
    }

    /// The hosts that see a hardware address.
    pub fn who_see<'a>(&'a self, mac: &'a str) -> impl Iterator<Item = HostNo> + 'a {
        under(&self.seen, mac)
    }

    /// The hosts that have a hardware address.
    pub fn who_have<'a>(&'a self, mac: &'a str) -> impl Iterator<Item = HostNo> + 'a {
        under(&self.own, mac)
    }

    /// The hosts that stand in a segment.
    pub fn who_stand_in(&self, segment: Prefix) -> impl Iterator<Item = HostNo> + '_ {
        self.stand.range((segment, 0)..).take_while(move |(own, _)| *own == segment).map(|(_, host)| *host)
    }

    /// The segment in which an address stands: the narrowest in which a host stands.
    pub fn segment_of(&self, address: IpAddr) -> Option<Prefix> {
        let widths = if address.is_ipv4() { 1..=31 } else { 1..=127 };
        let all = widths.rev().filter_map(|bits| Prefix::of(address, bits));
        all.into_iter().find(|segment| self.who_stand_in(*segment).next().is_some())
    }

    /// Whether a host stands in a network, or in a part of it.
    pub fn stands_within(&self, network: Prefix) -> bool {
        // What lies in a network comes behind it in order, before everything else.
        self.stand.range((network, 0)..).next().is_some_and(|(segment, _)| network.covers(segment))
    }

    /// Every segment in which a host stands, in order.
    pub fn segments(&self) -> BTreeSet<Prefix> {
        self.stand.iter().map(|(segment, _)| *segment).collect()
    }
}

fn under<'a>(set: &'a OrdSet<(String, HostNo)>, mac: &'a str) -> impl Iterator<Item = HostNo> + 'a {
    set.range((mac.to_string(), 0)..).take_while(move |(own, _)| own == mac).map(|(_, host)| *host)
}
