//! One device as all its readings, and its answers, together show it: who it is, its ways in, and how sure that is.
//! It does not know plans or recorded paths.
//! Invariant: a later partial reading adds and changes, and takes nothing away; what nobody read is unknown.

use super::{DeviceState, ProbedState, ReadingState, tells_ways};
use crate::model::views::circuits::end_key;
use daicho_schemas::fact::device::{Answer, Answered, DeviceIdentity, Extent, Restriction, WayIn, WayInSort};
use daicho_schemas::fact::device_networks::DeviceNetworks;
use daicho_schemas::fact::observation::ProbeRung;
use daicho_schemas::ids::{DeviceId, EquipmentId};
use daicho_schemas::time::CalendarDate;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// A device with its readings, newest first.
#[derive(Clone, Debug)]
pub struct Device<'a> {
    /// Its id.
    pub id: &'a DeviceId,
    /// What a person recorded of it; absent where only an agent's folder shows it.
    pub recorded: Option<&'a DeviceState>,
    /// Every reading that stands.
    pub readings: Vec<&'a ReadingState>,
    /// What it answered when it was asked, newest first. Without a reading there are no ways in, and that says nothing of them.
    pub probed: Vec<&'a ProbedState>,
}

/// What a device is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// It opens a tunnel or lets people dial in.
    Vpn,
    /// It opens none, and all of its configuration was read.
    NoVpn,
    /// What was read does not settle it.
    Unknown,
}

/// A way in as it stands.
#[derive(Clone, Debug)]
pub struct StandingWay<'a> {
    /// What was read last of it. What a partial reading leaves open and an earlier one settled against us stays settled.
    pub way: WayIn,
    /// The reading.
    pub from: &'a ReadingState,
    /// Whether a later reading, which was partial, does not name it.
    pub earlier: bool,
}

impl<'a> Device<'a> {
    pub(super) fn of(
        id: &'a DeviceId,
        recorded: Option<&'a DeviceState>,
        mut readings: Vec<&'a ReadingState>,
        mut probed: Vec<&'a ProbedState>,
    ) -> Self {
        readings.sort_by_key(|own| Reverse((own.taken_on, own.seq)));
        probed.sort_by_key(|own| Reverse((own.probed.asked_on, own.seq)));
        Self { id, recorded, readings, probed }
    }

    /// The equipment that it leads to, where a person said so.
    pub fn equipment_id(&self) -> Option<&'a EquipmentId> {
        self.recorded?.equipment_id.as_ref()
    }

    /// The newest configuration.
    pub fn configuration(&self) -> Option<&'a ReadingState> {
        self.readings.iter().copied().find(|own| tells_ways(&own.reading))
    }

    /// The newest reading of any sort.
    pub fn newest(&self) -> Option<&'a ReadingState> {
        self.readings.first().copied()
    }

    /// Who it is: of every question the newest reading that answers it, else its newest answer that does.
    pub fn identity(&self) -> DeviceIdentity {
        let probed: Vec<DeviceIdentity> = self.probed.iter().map(|own| own.identity()).collect();
        let all = || self.readings.iter().map(|own| &own.reading.identity).chain(&probed);
        let text = |field: fn(&DeviceIdentity) -> &Option<String>| all().find_map(|own| field(own).clone());
        DeviceIdentity {
            name: text(|own| &own.name),
            maker: text(|own| &own.maker),
            model: text(|own| &own.model),
            serial: text(|own| &own.serial),
            macs: all().map(|own| &own.macs).find(|macs| !macs.is_empty()).cloned().unwrap_or_default(),
            firmware: all().map(|own| &own.firmware).find(|banks| !banks.is_empty()).cloned().unwrap_or_default(),
        }
    }

    /// What people call it, in small letters: its id, its name, its serial number.
    pub fn names(&self) -> BTreeSet<String> {
        let identity = self.identity();
        let all = [Some(self.id.to_string()), identity.name, identity.serial].into_iter().flatten();
        all.map(|name| end_key(&name)).filter(|name| !name.is_empty()).collect()
    }

    /// Whether the firmware that [`Self::identity`] names is what the device is known to run: a reading names it and no newer answer
    /// names another, or the device itself told it to a credential.
    pub fn firmware_is_sure(&self) -> bool {
        let told = |own: &ProbedState| own.probed.firmware.clone();
        let Some(read) = self.readings.iter().find(|own| !own.reading.identity.firmware.is_empty()) else {
            let newest = self.probed.iter().find_map(|own| told(own));
            return newest.is_some_and(|own| own.rung == ProbeRung::SnmpGet);
        };
        let newer = self.probed.iter().filter(|own| own.probed.asked_on >= read.taken_on).filter_map(|own| told(own));
        let same = |version: &str| read.reading.identity.firmware.iter().any(|bank| bank.version == version);
        newer.into_iter().all(|own| same(&own.value))
    }

    /// The configurations that say what stands, newest first: back to the last one that was understood as a whole. Those behind the
    /// first are earlier ones.
    fn told(&self) -> Vec<(&'a ReadingState, bool)> {
        let mut told = Vec::new();
        for own in self.readings.iter().copied().filter(|own| tells_ways(&own.reading)) {
            told.push((own, !told.is_empty()));
            if own.reading.extent == Extent::Whole {
                break;
            }
        }
        told
    }

    /// Its interfaces and static routes as its newest configuration that names any tells them, and of which day that is.
    pub fn networks(&self) -> Option<(&'a DeviceNetworks, CalendarDate)> {
        self.told().into_iter().find_map(|(from, _)| Some((from.reading.networks.as_ref()?, from.taken_on)))
    }

    /// Every way in, by key.
    pub fn ways(&self) -> BTreeMap<&'a str, StandingWay<'a>> {
        let mut ways: BTreeMap<&'a str, StandingWay<'a>> = BTreeMap::new();
        for (from, earlier) in self.told() {
            for way in &from.reading.ways_in {
                let first = || StandingWay { way: way.clone(), from, earlier };
                ways.entry(way.key.as_str()).or_insert_with(first).said_before(way);
            }
        }
        ways
    }

    /// One way in, without looking at what the others say.
    pub fn way(&self, key: &str) -> Option<StandingWay<'a>> {
        let mut stands: Option<StandingWay<'a>> = None;
        for (from, earlier) in self.told() {
            let Some(way) = from.reading.ways_in.iter().find(|way| way.key == key) else { continue };
            stands.get_or_insert_with(|| StandingWay { way: way.clone(), from, earlier }).said_before(way);
        }
        stands
    }

    /// Whether it opens ways in by VPN.
    pub fn kind(&self) -> DeviceKind {
        let ways = self.ways();
        let mut vpn = ways.values().filter(|own| is_vpn(&own.way)).map(|own| own.way.enabled.answer);
        if vpn.any(|enabled| enabled == Answer::Yes) {
            return DeviceKind::Vpn;
        }
        let settled = ways.values().filter(|own| is_vpn(&own.way)).all(|own| own.way.enabled.answer == Answer::No);
        match self.configuration() {
            Some(own) if own.reading.extent == Extent::Whole && settled => DeviceKind::NoVpn,
            _ => DeviceKind::Unknown,
        }
    }

    /// From where its management may be reached, as its newest configuration says.
    pub fn management(&self) -> Restriction {
        self.plane(|own| &own.reading.management)
    }

    /// From where its VPN services may be reached: one that is on and open to anybody decides, else its newest configuration says.
    pub fn vpn(&self) -> Restriction {
        let open = |way: &WayIn| {
            let on = way.enabled.answer == Answer::Yes;
            is_vpn(way) && on && way.restriction.restricted.answer == Answer::No
        };
        let open = self.ways().into_values().map(|own| own.way).find(|way| open(way));
        open.map_or_else(|| self.plane(|own| &own.reading.vpn), |way| way.restriction.clone())
    }

    /// What the newest configuration says; what it leaves open, being partial, an earlier "no" answers. An earlier "yes" does not.
    fn plane(&self, of: fn(&ReadingState) -> &Restriction) -> Restriction {
        let told = self.told();
        let Some((newest, _)) = told.first() else { return Restriction::default() };
        let no = |own: &&Restriction| own.restricted.answer == Answer::No;
        let stands = match of(newest) {
            open if open.restricted.answer == Answer::Unknown => {
                told.iter().map(|(own, _)| of(own)).find(no).unwrap_or(open)
            }
            said => said,
        };
        stands.clone()
    }

    /// Whether it sends its log elsewhere.
    pub fn logs_elsewhere(&self) -> Answered {
        self.configuration().map(|own| own.reading.logs_elsewhere.clone()).unwrap_or_default()
    }
}

impl StandingWay<'_> {
    /// An earlier reading of it: that it is on, or open to everybody, is not taken back by a reading that does not know.
    fn said_before(&mut self, way: &WayIn) {
        if self.way.enabled.answer == Answer::Unknown && way.enabled.answer == Answer::Yes {
            self.way.enabled = way.enabled.clone();
        }
        let (now, then) = (&self.way.restriction.restricted.answer, &way.restriction.restricted.answer);
        if *now == Answer::Unknown && *then == Answer::No {
            self.way.restriction = way.restriction.clone();
        }
    }
}

/// Whether a way in is a VPN in the sense of the survey: a tunnel, or people who dial in.
pub(crate) fn is_vpn(way: &WayIn) -> bool {
    matches!(way.sort, WayInSort::SiteToSite | WayInSort::RemoteAccess)
}
