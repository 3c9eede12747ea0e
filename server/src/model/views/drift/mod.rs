//! The drift: every component of every equipment in lines of one supplier, product and category, covered by a part or by none.
//! It does not know rules or the law; it says what stands against what, and which lines a fact has touched.
//! Invariant: it follows from the other views alone; kept up to date or built anew, it says the same.

mod declared;
mod hosts;
mod kept;
mod lines;
mod moves;
mod review;
mod sightings;

pub use hosts::{Fleet, HostDrift, HostWays, Hosts, Seen};
pub use lines::{EquipmentDrift, Line, LineKey, Stand};
pub use review::OpenKey;
pub use sightings::{Listed, ORDERS, Sightings, Variant, VariantNo};

use super::assets::Changed;
use super::circuits::CircuitKey;
use super::computers::ComputerKey;
use super::declarations::host_key;
use super::devices::DevicesChanged;
use super::remote_paths::AnswerKey;
use crate::model::meaning::{HostContext, INDEX_COLLECTOR, Marks, Meaning, Setting, SupplierKey, meaning_of};
use crate::model::networks::{Places, Prefix};
use crate::model::numbers::{HostNo, Interned, ItemNo};
use crate::model::prepared::Sort;
use crate::model::state::State;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::declaration::DeclaredWayIn;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::ids::{ChangeId, DeviceId, EquipmentId, RemotePathId, SupplierId};
use imbl::OrdMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a fact has touched: what rules must judge again.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    /// Products of a supplier on an equipment.
    pub products: BTreeSet<(EquipmentId, SupplierKey, String)>,
    /// Hosts whose name, membership, interfaces or hearing may have changed.
    pub hosts: BTreeSet<HostNo>,
    /// A host came to an equipment or left one: segments may be another's now.
    pub membership: bool,
    /// Names, as names are compared, that a host bore and bears no more.
    pub names: BTreeSet<String>,
    /// Network interfaces that came, went or are of another sort now.
    pub interfaces: BTreeSet<(HostNo, String)>,
    /// Software for remote control, tunnels or VPN that came, went or is seen otherwise now.
    pub tools: BTreeSet<(HostNo, String)>,
    /// Files that differ from their package's, or do so no more.
    pub changed_files: BTreeSet<(HostNo, String)>,
    /// Equipment whose plans changed: all that was said of it.
    pub equipment: BTreeSet<EquipmentId>,
    /// Computers that were decided about, or whose duties were moved.
    pub computers: BTreeSet<ComputerKey>,
    /// A supplier whose record changed.
    pub supplier: Option<SupplierId>,
    /// Components mean something else now, on whatever host: another record or decision.
    pub meanings: bool,
    /// Devices that were read, or whose paths were recorded.
    pub devices: BTreeSet<DeviceId>,
    /// Ways in of devices that came, went or are otherwise now.
    pub ways: BTreeSet<(DeviceId, String)>,
    /// Remote paths that were recorded, or whose contract ended.
    pub paths: BTreeSet<RemotePathId>,
    /// Vendors whose answer on remote maintenance came, ended, or may be contradicted now.
    pub answers: BTreeSet<AnswerKey>,
    /// Hardware addresses that are seen, or known to be somebody's, otherwise than before.
    pub macs: BTreeSet<String>,
    /// Networks in which a host stands now, or stood.
    pub segments: BTreeSet<Prefix>,
    /// Lines that came, changed or are missing in a list, or of which a person said what they are.
    pub circuits: BTreeSet<CircuitKey>,
    /// Tickets that were stated or moved, or to which something belongs that was seen.
    pub tickets: BTreeSet<ChangeId>,
}

impl Touched {
    /// Devices were read, by a person or an agent's drop folder.
    pub fn read(&mut self, changed: DevicesChanged) {
        self.devices.extend(changed.ids);
        self.ways.extend(changed.ways);
    }

    /// Everything there is: what judging from nothing looks at.
    pub fn everything(state: &State, drift: &Drift) -> Self {
        let lines = drift.equipment.iter().flat_map(|(id, drift)| drift.lines().map(move |line| (id, &line.key)));
        let products = lines.map(|(id, key)| (id.clone(), key.supplier.clone(), key.product.clone()));
        Self {
            products: products.collect(),
            hosts: state.agents.iter().map(|(host, _)| host).collect(),
            equipment: drift.spoken_of(state).cloned().collect(),
            computers: state.computers.iter().map(|(key, _)| key.clone()).collect(),
            devices: state.devices.ids().cloned().collect(),
            paths: state.remote_paths.iter().map(|path| path.recorded.remote_path_id.clone()).collect(),
            answers: state.remote_paths.answers().map(|(key, _)| key.clone()).collect(),
            macs: state.network_tables.macs(),
            circuits: state.circuits.iter().map(|(key, _)| key.clone()).collect(),
            tickets: state.tickets.iter().map(|(id, _)| id.clone()).collect(),
            ..Self::default()
        }
    }
}

/// Everything that follows from the other views.
#[derive(Clone, Debug, Default)]
pub struct Drift {
    /// The marks of the supplier records.
    pub marks: Arc<Marks>,
    /// Every host.
    pub hosts: Hosts,
    /// Every component in its variants.
    pub sightings: Sightings,
    /// Every equipment that a plan names.
    pub equipment: OrdMap<EquipmentId, Arc<EquipmentDrift>>,
    settings: Interned<Setting>,
    contexts: OrdMap<u32, Arc<HostContext>>,
    /// Ways in from outside that filed plans declare: host name as names are compared, interface, and how often.
    paths: OrdMap<(String, String), u32>,
    /// Software by which filed plans let somebody in: host name and software as they are compared, and how often.
    software: OrdMap<(String, String), u32>,
    /// Ways in of devices that filed plans declare, and how often.
    ways_in: OrdMap<DeclaredWayIn, u32>,
    /// Where hosts stand in the network, and whom they see there.
    pub places: Places,
    /// How often an observation was understood: what a test of the cost counts.
    #[cfg(test)]
    pub(crate) understood: u64,
}

impl Drift {
    /// Builds everything from the other views.
    pub fn rebuild(state: &State) -> Self {
        let mut drift = Self::default();
        drift.supplier_changed(state, None, &mut Touched::default());
        for plan in state.declarations.plans() {
            drift.plan_changed(state, None, Some(&plan.plan), &mut Touched::default());
        }
        for (host, _) in state.agents.iter() {
            drift.host_changed(state, host, &mut Touched::default());
            let came = state.assets.standing(host);
            let changed = Changed { came, ..Changed::default() };
            drift.reported(state, host, &changed, &mut Touched::default());
        }
        drift
    }

    /// Every equipment that a plan, a record of a path or a device names; some more than once.
    pub(crate) fn spoken_of<'a>(&'a self, state: &'a State) -> impl Iterator<Item = &'a EquipmentId> {
        let recorded = state.remote_paths.iter().filter_map(|path| path.recorded.equipment_id.as_ref());
        let devices = state.devices.ids().filter_map(|id| state.devices.recorded(id)?.equipment_id.as_ref());
        self.equipment.keys().chain(recorded).chain(devices)
    }

    /// The setting of a number.
    pub fn setting(&self, no: u32) -> Option<&Setting> {
        self.settings.get(no).map(|setting| &**setting)
    }

    /// Whether a filed plan declares a way in by this interface.
    pub fn is_declared_path(&self, hostname: &str, interface: &str) -> bool {
        self.paths.contains_key(&(host_key(hostname), interface.to_string()))
    }

    /// Whether a filed plan lets somebody in by this software of a host.
    pub fn is_declared_software(&self, hostname: &str, software: &str) -> bool {
        self.software.contains_key(&(host_key(hostname), software.to_lowercase()))
    }

    /// Whether a filed plan declares a way in of a device.
    pub fn is_declared_way_in(&self, device_id: &DeviceId, way_in: &str) -> bool {
        self.ways_in.contains_key(&DeclaredWayIn { device_id: device_id.clone(), way_in: way_in.into() })
    }

    fn hold_setting(&mut self, state: &State, setting: &Setting) -> u32 {
        let no = self.settings.hold(setting);
        if !self.contexts.contains_key(&no) {
            self.contexts.insert(no, Arc::new(setting.context(&self.marks, &state.decisions)));
        }
        no
    }

    fn release_setting(&mut self, no: u32) {
        if self.settings.release(no) {
            self.contexts.remove(&no);
        }
    }

    /// What an item means in a setting, where the host's index gives this origin.
    fn understand(&mut self, state: &State, item: ItemNo, origin: Option<ItemNo>, setting: u32) -> Option<Meaning> {
        #[cfg(test)]
        {
            self.understood += 1;
        }
        let context = self.contexts.get(&setting)?;
        let item = state.assets.items.get(item)?;
        match item.sort {
            Sort::System => context.operating_system.clone(),
            Sort::Hardware => Some(context.hardware.clone()),
            Sort::Package => {
                let origin = origin.and_then(|origin| match state.assets.items.get(origin)?.observation()? {
                    Observation::PackageOrigin(origin) => Some(origin),
                    _ => None,
                });
                meaning_of(&item.observation()?, origin.as_ref(), context, &self.marks, &state.decisions)
            }
            Sort::Program | Sort::Language => {
                meaning_of(&item.observation()?, None, context, &self.marks, &state.decisions)
            }
            Sort::Origin
            | Sort::Interface
            | Sort::Device
            | Sort::Tool
            | Sort::Safeguard
            | Sort::ChangedFile
            | Sort::Other => None,
        }
    }

    fn listed(state: &State, item: ItemNo) -> Option<Listed> {
        let (_, label) = state.assets.items.get(item)?.label.as_ref()?;
        Some(Listed { label: Arc::clone(label), item })
    }

    /// An agent enrolled, was revoked, fell silent or was heard.
    pub fn host_changed(&mut self, state: &State, host: HostNo, touched: &mut Touched) {
        touched.hosts.insert(host);
        let settings = match self.hosts.get(host) {
            Some(row) => (row.software, row.machine),
            None => {
                let [software, machine] = hosts::settings_of(state, host);
                (self.hold_setting(state, &software), self.hold_setting(state, &machine))
            }
        };
        let name = self.hosts.get(host).map_or_else(|| hosts::name_of(state, host), |row| row.name.clone());
        let system = self.hosts.get(host).map_or_else(|| hosts::system_of(state, host), |row| row.system);
        let ways = self.hosts.get(host).map(|row| row.ways.clone());
        self.host_is(state, host, (name, system), settings, ways.unwrap_or_default(), touched);
    }

    /// A report changed a host. Understands what changed, and only where the host as a whole changed, all of it.
    pub fn reported(&mut self, state: &State, host: HostNo, changed: &Changed, touched: &mut Touched) {
        touched.hosts.insert(host);
        let Some(before) = self.hosts.get(host).cloned() else { return };
        let sorts: BTreeSet<u8> = (&changed.came | &changed.went)
            .iter()
            .filter_map(|item| state.assets.items.get(item))
            .map(|item| {
                Self::way_touched(state, host, item, touched);
                item.sort as u8
            })
            .collect();
        let any = |sort: Sort| sorts.contains(&(sort as u8));
        let segments =
            |places: &Places| places.host(host).into_iter().flat_map(|own| own.segments()).collect::<Vec<_>>();
        let stood = segments(&self.places);
        let moved = (any(Sort::Other) || any(Sort::Interface)).then(|| self.places.look(state, host)).flatten();
        if let Some(macs) = moved {
            touched.macs.extend(macs);
            touched.segments.extend(stood.into_iter().chain(segments(&self.places)));
            // Tables may show somebody on a segment that is an equipment's only now.
            touched.macs.extend(state.network_tables.macs());
        }
        let (name, system) = if any(Sort::System) {
            (hosts::name_of(state, host), hosts::system_of(state, host))
        } else {
            (before.name.clone(), before.system)
        };
        let mut ways = before.ways.clone();
        if any(Sort::Interface) || any(Sort::Other) && hosts::has_ipsec(state, host) {
            ways.interfaces = Arc::new(hosts::remote_interfaces_of(state, host));
            // What is known as another tunnel's now is no way of its own any more.
            let gone = before.ways.interfaces.iter().filter(|name| !ways.interfaces.contains(name));
            touched.interfaces.extend(gone.map(|name| (host, name.clone())));
        }
        if any(Sort::Tool) {
            ways.tools = Arc::new(hosts::remote_tools_of(state, host));
        }
        let complete = state.coverage.outcome(host, INDEX_COLLECTOR) == Some(Outcome::Complete);
        let was_complete =
            matches!(self.setting(before.software), Some(Setting::Software { indexes_complete: true, .. }));
        let (mut software, mut machine) = (before.software, before.machine);
        if any(Sort::System) || any(Sort::Hardware) || complete != was_complete {
            let [soft, hard] = hosts::settings_of(state, host);
            (software, machine) = (self.hold_setting(state, &soft), self.hold_setting(state, &hard));
            self.release_setting(before.software);
            self.release_setting(before.machine);
        }
        self.items_moved(state, host, changed, (software, machine), touched);
        self.host_is(state, host, (name, system), (software, machine), ways, touched);
    }

    fn way_touched(state: &State, host: HostNo, item: &super::assets::Item, touched: &mut Touched) {
        let ways = match item.sort {
            Sort::Interface => &mut touched.interfaces,
            Sort::Tool => &mut touched.tools,
            Sort::ChangedFile => &mut touched.changed_files,
            _ => return,
        };
        ways.insert((host, state.assets.items.key_text(item.key).to_string()));
    }

    /// What is understood of a host as a whole, and of those whose names it takes or leaves.
    fn host_is(
        &mut self,
        state: &State,
        host: HostNo,
        (name, system): (Option<Arc<str>>, Option<ItemNo>),
        (software, machine): (u32, u32),
        ways: HostWays,
        touched: &mut Touched,
    ) {
        let before = self.hosts.get(host).cloned();
        let own_key = |name: &Arc<str>| Arc::<str>::from(host_key(name));
        let named = name.as_ref().map(own_key);
        let was_named = before.as_ref().and_then(|row| row.name.as_ref().map(own_key));
        if let Some(was) = was_named.as_ref().filter(|_| was_named != named) {
            // What a ticket expects on a host of the old name is looked for elsewhere now.
            touched.tickets.extend(state.tickets.on_host(was).into_iter().map(|(id, _)| id.clone()));
        }
        let namesakes = self.hosts.rename(host, was_named.as_ref(), named.as_ref());
        let agent_id = || state.agents.by_number(host).map_or("", |agent| agent.agent_id.as_str());
        let row = HostDrift {
            key: named.clone().unwrap_or_else(|| Arc::from(host_key(agent_id()))),
            name,
            software,
            machine,
            equipment: self.hosts.equipment_of(state, host, named.as_deref()),
            ways,
            system,
            components: before.as_ref().map_or(0, |row| row.components),
            seen: Seen::of(state, host),
        };
        self.move_host(state, host, row, touched);
        for other in namesakes {
            let Some(row) = self.hosts.get(other) else { continue };
            let equipment = self.hosts.equipment_of(state, other, Some(&row.key));
            if equipment != row.equipment {
                let row = HostDrift { equipment, ..row.clone() };
                touched.hosts.insert(other);
                self.move_host(state, other, row, touched);
            }
        }
    }
}
