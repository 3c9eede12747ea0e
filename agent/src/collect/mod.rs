//! What is here: the list of collectors, and what each of them promises.
//! It does not know batches, servers or what a finding is; a collector reads through the door and states what it saw.
//! Invariant: absent is not gone and empty is not failed; every collector says how completely it could look.
//!
//! # Adding a collector
//!
//! 1. Write `collect/<id>.rs` with a unit struct that implements [`Collector`]; use [`Gather`] to build the answer.
//! 2. Add its line to [`COLLECTORS`] and its `mod` line; the order of the list is the order in the documentation.
//! 3. Put a sample into `fixtures/<id>/<sample>/` (`root/` as found on a host, `origin.md`), call
//!    `golden::check` in the collector's tests, and run `DAICHO_GOLDEN=write cargo test -p daicho-agent <id>` once.
//!    Read what it wrote before you commit it.

mod accounts;
mod apk;
mod apt_index;
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
mod ipsec;
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
mod usb_devices;
mod wireguard_peers;

#[cfg(test)]
mod damaged_tests;
#[cfg(test)]
mod golden;

pub use gather::{Collected, Gather};
pub(crate) use ipsec::kernel_has_ipsec;
pub(crate) use listening_sockets::table::parse_end as parse_socket_end;
pub use programs::take_apart;
pub(crate) use sessions::PEERS_MAX;

use crate::access::Host;
use daicho_schemas::batch::Outcome;
use daicho_schemas::ids::CollectorId;
use daicho_schemas::inventory::{INVENTORY_FORMAT, Inventory, InventoryPart};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::panic::{AssertUnwindSafe, catch_unwind};

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

    /// Whether one look says nothing yet: what it sees is kept by the running agent until several agree (`run/long_sessions.rs`).
    fn needs_several_looks(&self) -> bool {
        false
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
    &services::ServicesCollector,
    &containers::ContainersCollector,
];

/// Runs one collector. A collector that panics has failed; the others and the agent go on.
pub fn run(collector: &dyn Collector, host: &dyn Host) -> Collected {
    // A collector holds nothing beyond its own call, so nothing half-changed survives a panic.
    catch_unwind(AssertUnwindSafe(|| collector.collect(host))).unwrap_or_else(|_| Collected {
        outcome: Outcome::Failed,
        sources: Vec::new(),
        troubles: vec![Trouble::new(
            TroubleKind::Unreadable,
            collector.id(),
            "the collector stopped with an error of its own; please report this as a bug",
        )],
        items: Vec::new(),
    })
}

/// The typed name of a collector.
pub fn collector_id(collector: &dyn Collector) -> CollectorId {
    // Every id in the list is a constant of letters and underscores; a test looks at all of them.
    CollectorId::new(collector.id()).unwrap_or_else(|_| unreachable!("collector ids are well-formed"))
}

/// The whole state of one host; `before` is told which collector runs next.
pub fn inventory(host: &dyn Host, mut before: impl FnMut(&'static dyn Collector)) -> Inventory {
    let parts = COLLECTORS.iter().map(|collector| {
        before(*collector);
        let collected = run(*collector, host);
        let collected = if collector.needs_several_looks() { sessions::of_one_look(collected) } else { collected };
        let Collected { outcome, sources, troubles, items } = collected;
        InventoryPart { collector: collector_id(*collector), outcome, sources, troubles, items }
    });
    Inventory { format: INVENTORY_FORMAT.into(), collectors: parts.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::RecordedHost;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_well_formed_and_stand_once() {
        let ids: BTreeSet<_> = COLLECTORS.iter().map(|collector| collector_id(*collector)).collect();
        assert_eq!(ids.len(), COLLECTORS.len());
    }

    #[test]
    fn every_collector_has_fixtures_with_origin_and_golden() {
        for collector in COLLECTORS {
            let folder = golden::fixtures(collector.id());
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
        let host = RecordedHost::image(folder.path());
        for collector in COLLECTORS {
            let collected = run(*collector, &host);
            assert_ne!(collected.outcome, Outcome::Complete, "{}", collector.id());
            assert!(collected.items.is_empty(), "{}", collector.id());
        }
    }

    /// A collector that panics is a failed collector with a trouble, not a dead agent.
    #[test]
    fn a_panic_becomes_a_failed_outcome() {
        struct Panics;
        impl Collector for Panics {
            fn id(&self) -> &'static str {
                "panics"
            }
            fn about(&self) -> Text {
                Text::same("panics")
            }
            fn places(&self) -> &'static [&'static str] {
                &[]
            }
            fn watches(&self) -> &'static [&'static str] {
                &[]
            }
            fn collect(&self, _host: &dyn Host) -> Collected {
                panic!("on purpose")
            }
        }
        let collected = run(&Panics, &RecordedHost::image("/nonexistent"));
        assert_eq!(collected.outcome, Outcome::Failed);
        assert_eq!(collected.troubles[0].place, "panics");
    }
}
