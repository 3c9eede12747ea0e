//! What is here: the list of collectors, and what each of them promises.
//! It does not know batches, servers or what a finding is; a collector reads through the door and states what it saw.
//! Invariant: absent is not gone and empty is not failed; every collector says how completely it could look.
//!
//! # Adding a collector
//!
//! 1. Write `collect/<id>.rs` with a unit struct that implements [`Collector`]; use [`Gather`] to build the answer.
//!    A collector of Windows lies in `collect/windows/`; where it tells the same of a host as one of Linux does, it has the same id.
//! 2. Add its line to [`COLLECTORS`] and its `mod` line; the order of the list is the order in the documentation.
//! 3. Put a sample into `fixtures/<id>/<sample>/` (`root/` as found on a host, `origin.md`), call
//!    `golden::check` in the collector's tests, and run `DAICHO_GOLDEN=write cargo test -p daicho-agent <id>` once.
//!    Read what it wrote before you commit it. Windows machines are recorded as a whole in `fixtures/windows/`: add the keys that it reads to
//!    some of them, run `fixtures/make-hives.py` for the one that lies there as hives, and call `windows::golden::check`.

mod accounts;
mod apk;
mod apt_index;
mod bounded;
mod configured_tunnels;
mod containers;
mod cpu_microcode;
mod deb822;
mod device_configurations;
mod devices_probed;
mod dpkg;
mod flatpak;
mod gather;
mod hardware;
pub(crate) mod ipsec;
mod jobs;
mod kernel_modules;
pub mod language;
mod listening_sockets;
mod modems;
mod neighbours;
mod network_interfaces;
mod network_place;
mod operating_system;
mod opkg;
mod owners;
mod package_managers;
mod pacman;
mod pci_devices;
mod platform;
pub(crate) mod programs;
mod protection;
mod remote_tools;
mod rpm;
mod running;
mod services;
mod sessions;
mod smbios;
mod snap;
mod sqlite;
mod stanzas;
mod tar;
mod tunnels;
mod units;
mod unpack;
mod usb_devices;
mod windows;
mod wireguard_peers;

#[cfg(test)]
#[cfg(unix)]
mod damaged_tests;
#[cfg(test)]
mod golden;

pub use bounded::{run, run_counted};
pub use gather::{Collected, Gather};
pub(crate) use listening_sockets::table::parse_end as parse_socket_end;
pub use programs::take_apart;
pub(crate) use sessions::PEERS_MAX;

use crate::access::{Budget, Cost, Host, Platform};
use daicho_schemas::ids::CollectorId;
use daicho_schemas::inventory::{INVENTORY_FORMAT, Inventory, InventoryPart};
use daicho_schemas::text::Text;

/// Reads one sort of thing from a host and states what it saw.
pub trait Collector: Sync {
    /// The name of the collector: its file, its fixture folder, its part of a batch.
    fn id(&self) -> &'static str;

    /// What it collects, for people.
    fn about(&self) -> Text;

    /// Every place it may look at; `*` stands for one name. A test holds it to this list.
    fn places(&self) -> &'static [&'static str];

    /// Files and folders whose change means that it should look again. Empty where the kernel announces nothing by
    /// files: such a collector runs on the schedule and whenever another one runs.
    fn watches(&self) -> &'static [&'static str];

    /// On which platforms it looks. On others it is not applicable.
    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Linux]
    }

    /// What it leaves out on its platforms that the collector of the same name tells on others; absent where nothing.
    fn lacks(&self) -> Option<Text> {
        None
    }

    /// Whether one look says nothing yet: what it sees is kept by the running agent until several agree (`run/long_sessions.rs`).
    fn needs_several_looks(&self) -> bool {
        false
    }

    /// Whether it takes long, and what it tells of a change may come in the batch after that of the others. Not where the server judges
    /// what it tells together with what another one tells of the same change: a package without its origin would be a finding.
    fn may_follow(&self) -> bool {
        false
    }

    /// What one look may use. A collector that reads much ends by itself before, and says what it left out; this one stops it.
    fn budget(&self) -> Budget {
        Budget::USUAL
    }

    /// Looks.
    fn collect(&self, host: &dyn Host) -> Collected;
}

/// Every collector, in the order of the documentation and of an inventory.
pub static COLLECTORS: &[&dyn Collector] = &[
    &operating_system::OperatingSystemCollector,
    &hardware::HardwareCollector,
    &cpu_microcode::CpuMicrocodeCollector,
    &smbios::SmbiosCollector,
    &pci_devices::PciDevicesCollector,
    &usb_devices::UsbDevicesCollector,
    &platform::PlatformCollector,
    &kernel_modules::KernelModulesCollector,
    &dpkg::DpkgCollector,
    &rpm::RpmCollector,
    &apt_index::AptIndexCollector,
    &apk::ApkCollector,
    &pacman::PacmanCollector,
    &opkg::OpkgCollector,
    &snap::SnapCollector,
    &flatpak::FlatpakCollector,
    &package_managers::PackageManagersCollector,
    &network_interfaces::NetworkInterfacesCollector,
    &listening_sockets::ListeningSocketsCollector,
    &sessions::SessionsCollector,
    &tunnels::TunnelsCollector,
    &wireguard_peers::WireguardPeersCollector,
    &ipsec::IpsecCollector,
    &modems::ModemsCollector,
    &network_place::NetworkPlaceCollector,
    &neighbours::NeighboursCollector,
    &remote_tools::RemoteToolsCollector,
    &configured_tunnels::ConfiguredTunnelsCollector,
    &language::LanguagePackagesCollector,
    &device_configurations::DeviceConfigurationsCollector,
    &devices_probed::DevicesProbedCollector,
    &accounts::AccountsCollector,
    &protection::ProtectionCollector,
    &programs::ProgramsCollector,
    &programs::windows::WindowsProgramsCollector,
    &services::ServicesCollector,
    &containers::ContainersCollector,
    &windows::operating_system::OperatingSystemCollector,
    &windows::hardware::HardwareCollector,
    &windows::smbios::SmbiosCollector,
    &windows::pci_devices::PciDevicesCollector,
    &windows::usb_devices::UsbDevicesCollector,
    &windows::installed_programs::InstalledProgramsCollector,
    &windows::windows_updates::WindowsUpdatesCollector,
    &windows::services::ServicesCollector,
    &windows::autostart::AutostartCollector,
    &windows::network_interfaces::NetworkInterfacesCollector,
    &windows::kernel_modules::KernelModulesCollector,
    &windows::modems::ModemsCollector,
    &windows::network_place::NetworkPlaceCollector,
    &windows::configured_tunnels::ConfiguredTunnelsCollector,
    &windows::platform::PlatformCollector,
    &windows::appx::AppxCollector,
    &windows::remote_tools::RemoteToolsCollector,
    &windows::accounts::AccountsCollector,
    &windows::protection::ProtectionCollector,
];

/// The collectors of a platform, one for each name: its own, and those of others, which are not applicable there.
pub fn collectors_of(platform: Platform) -> Vec<&'static dyn Collector> {
    let runs = |collector: &&&dyn Collector| collector.platforms().contains(&platform);
    let mut chosen: Vec<&'static dyn Collector> = Vec::new();
    for collector in COLLECTORS {
        if chosen.iter().all(|known| known.id() != collector.id()) {
            let namesakes = COLLECTORS.iter().filter(|other| other.id() == collector.id());
            chosen.push(*namesakes.clone().find(runs).unwrap_or(collector));
        }
    }
    chosen
}

/// The typed name of a collector.
pub fn collector_id(collector: &dyn Collector) -> CollectorId {
    // Every id in the list is a constant of letters and underscores; a test looks at all of them.
    CollectorId::new(collector.id()).unwrap_or_else(|_| unreachable!("collector ids are well-formed"))
}

/// The state of one host as these collectors see it; `before` is told which collector runs next, `after` what it used.
pub fn inventory(
    host: &dyn Host,
    collectors: &[&'static dyn Collector],
    mut before: impl FnMut(&'static dyn Collector),
    mut after: impl FnMut(&'static dyn Collector, Cost),
) -> Inventory {
    let parts = collectors.iter().map(|collector| {
        before(*collector);
        let (collected, cost) = run_counted(*collector, host);
        after(*collector, cost);
        let is_asked = collector.platforms().contains(&host.platform());
        let is_unsure = is_asked && collector.needs_several_looks();
        let collected = if is_unsure { sessions::of_one_look(collected) } else { collected };
        let Collected { outcome, sources, troubles, items } = collected;
        InventoryPart { collector: collector_id(*collector), outcome, sources, troubles, items }
    });
    Inventory { format: INVENTORY_FORMAT.into(), collectors: parts.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::RecordedHost;
    use daicho_schemas::batch::Outcome;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_well_formed_and_stand_once() {
        let ids: BTreeSet<_> = COLLECTORS.iter().map(|collector| collector_id(*collector)).collect();
        for platform in [Platform::Linux, Platform::Windows] {
            let once: BTreeSet<_> = collectors_of(platform).into_iter().map(collector_id).collect();
            assert_eq!((once.len(), &once), (collectors_of(platform).len(), &ids));
            let runs = COLLECTORS.iter().filter(|collector| collector.platforms().contains(&platform));
            let names: Vec<_> = runs.map(|collector| collector.id()).collect();
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "one of each name for {platform:?}");
        }
    }

    #[test]
    fn every_collector_has_fixtures_with_origin_and_golden() {
        for collector in COLLECTORS {
            let folder = golden::fixtures(collector.id());
            if collector.platforms() == [Platform::Windows] {
                // Windows machines are recorded as a whole.
                let machines: Vec<_> =
                    std::fs::read_dir(windows::golden::folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
                assert!(machines.iter().all(|machine| machine.join("origin.md").is_file()));
                let golden = format!("expected/{}.json", collector.id());
                // Or beside the samples of its namesake, where files or processes are what it is about.
                let own = std::fs::read_dir(golden::fixtures(collector.id())).into_iter().flatten().flatten();
                let own = own.map(|entry| entry.path()).filter(|sample| sample.join("root/registry.reg").is_file());
                let goldens = machines.iter().map(|machine| machine.join(&golden));
                let mut goldens = goldens.chain(own.map(|sample| sample.join("expected.json")));
                assert!(goldens.any(|golden| golden.is_file()), "{}", collector.id());
                continue;
            }
            let samples: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
            assert!(!samples.is_empty(), "{}", collector.id());
            for sample in samples {
                assert!(sample.join("origin.md").is_file(), "{}", sample.display());
                assert!(sample.join("expected.json").is_file(), "{}", sample.display());
            }
        }
    }

    /// An empty image has no package manager, and what only a running machine tells is failed, never empty.
    #[test]
    fn an_empty_image_claims_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let linux = RecordedHost::image(folder.path());
        let without_hives = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(without_hives.path().join("Windows/System32/config")).unwrap();
        let windows = RecordedHost::image(without_hives.path());
        assert_eq!((linux.platform(), windows.platform()), (Platform::Linux, Platform::Windows));
        for (host, collector) in
            [&linux, &windows].into_iter().flat_map(|host| COLLECTORS.iter().map(move |one| (host, one)))
        {
            let collected = run(*collector, host);
            assert_ne!(collected.outcome, Outcome::Complete, "{}", collector.id());
            assert!(collected.items.is_empty(), "{}", collector.id());
        }
    }
}
