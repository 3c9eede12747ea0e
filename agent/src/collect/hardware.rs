//! The machine's parts and what they say of themselves (SMBIOS by way of /sys, processors, memory, disks, adapters).
//! It does not know who supplied them: a maker's string is evidence, not a supplier.
//! Invariant: a placeholder serial is marked; a serial that may not be read is named, so the answer is partial.

mod controllers;
pub(super) mod names;
pub(super) mod placeholder;

use super::{Collected, Collector, Gather};
use crate::access::Host;
use daicho_schemas::fact::observation::{Hardware, HardwarePart, Observation};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};

const DMI: &str = "/sys/class/dmi/id";
const DEVICE_TREE_MODEL: &str = "/proc/device-tree/model";
const DEVICE_TREE_SERIAL: &str = "/proc/device-tree/serial-number";
const BLOCK: &str = "/sys/block";
const NET: &str = "/sys/class/net";
/// Disks or adapters.
const DEVICES_MAX: usize = 10_000;
/// The unit of `/sys/block/*/size`, whatever the disk's own blocks are.
const SECTOR_BYTES: u64 = 512;
/// Bytes before the serial in a SCSI unit serial number page (SPC, VPD page 80h).
const VPD_HEADER_BYTES: usize = 4;

/// Collects parts of the machine.
pub(crate) struct HardwareCollector;

impl Collector for HardwareCollector {
    fn id(&self) -> &'static str {
        "hardware"
    }

    fn about(&self) -> Text {
        Text::new(
            "筐体・基板・BIOS・CPU・メモリ・ディスクとその制御装置・NIC・BMC・TPM",
            "chassis, board, BIOS, CPU, memory, disks and their controllers, network adapters, BMC, TPM",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            DMI,
            "/sys/class/dmi/id/*",
            DEVICE_TREE_MODEL,
            DEVICE_TREE_SERIAL,
            BLOCK,
            "/sys/block/*/device",
            "/sys/block/*/size",
            "/sys/block/*/removable",
            "/sys/block/*/serial",
            "/sys/block/*/device/vendor",
            "/sys/block/*/device/model",
            "/sys/block/*/device/rev",
            "/sys/block/*/device/firmware_rev",
            "/sys/block/*/device/serial",
            "/sys/block/*/device/vpd_pg80",
            NET,
            "/sys/class/net/*/device",
            "/sys/class/net/*/device/vendor",
            "/sys/class/net/*/device/device",
            "/sys/class/net/*/address",
            "/sys/class/net/*/addr_assign_type",
            "/sys/class/net/*/device/driver",
            "/sys/class/net/*/device/infiniband",
            "/sys/class/net/*/device/infiniband/*/fw_ver",
            "/sys/class/scsi_host",
            "/sys/class/scsi_host/*",
            "/sys/class/scsi_host/*/*",
            "/sys/class/ipmi",
            "/sys/class/ipmi/*/device/bmc/firmware_revision",
            "/sys/class/ipmi/*/device/bmc/ipmi_version",
            "/sys/class/ipmi/*/device/bmc/manufacturer_id",
            "/sys/class/ipmi/*/device/bmc/product_id",
            "/sys/class/tpm",
            "/sys/class/tpm/*/tpm_version_major",
            "/sys/class/tpm/*/device/description",
            "/sys/class/tpm/*/device/caps",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &["netlink:devices/block"]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        if !host.is_live() {
            let text = "hardware is only known on the running machine";
            return gather.finish_failed(Trouble::new(TroubleKind::NotObservable, "/sys", text));
        }
        collect_board(&mut gather, host);
        collect_processors_and_memory(&mut gather, host);
        for name in names(&mut gather, host, BLOCK) {
            collect_disk(&mut gather, host, &name);
        }
        for name in names(&mut gather, host, NET) {
            collect_adapter(&mut gather, host, &name);
        }
        controllers::collect(&mut gather, host);
        gather.finish_failed_when_empty()
    }
}

/// Adds a part about which at least one thing is known.
pub(super) fn add(gather: &mut Gather, mut part: Hardware) {
    part.serial_is_placeholder = part.serial.as_deref().is_some_and(placeholder::is_placeholder);
    let told =
        [&part.maker, &part.model, &part.version, &part.serial, &part.firmware].iter().any(|value| value.is_some());
    if told || part.capacity_bytes.is_some() || part.count.is_some() {
        gather.item(&part.read_from.clone(), Observation::Hardware(part));
    }
}

fn collect_board(gather: &mut Gather, host: &dyn Host) {
    if !host.exists(DMI) {
        return collect_device_tree(gather, host);
    }
    gather.source(DMI);
    let mut value = |name: &str| gather.value(host, &format!("{DMI}/{name}"));
    let mut read = |sort: HardwarePart, names: [Option<&str>; 5]| {
        let [maker, model, version, serial, firmware] = names.map(|name| name.and_then(&mut value));
        Hardware { maker, model, version, serial, firmware, ..Hardware::new(sort, "0", DMI) }
    };
    let parts = [
        read(
            HardwarePart::System,
            [Some("sys_vendor"), Some("product_name"), Some("product_version"), Some("product_serial"), None],
        ),
        read(
            HardwarePart::Board,
            [Some("board_vendor"), Some("board_name"), Some("board_version"), Some("board_serial"), None],
        ),
        read(
            HardwarePart::Chassis,
            [Some("chassis_vendor"), None, Some("chassis_version"), Some("chassis_serial"), None],
        ),
        read(HardwarePart::Bios, [Some("bios_vendor"), None, Some("bios_version"), None, Some("bios_release")]),
    ];
    parts.into_iter().for_each(|part| add(gather, part));
}

/// Machines without SMBIOS (most ARM boards) name themselves in the device tree.
fn collect_device_tree(gather: &mut Gather, host: &dyn Host) {
    let Some(model) = gather.value(host, DEVICE_TREE_MODEL) else {
        let text = "this machine shows neither SMBIOS nor a device tree; its maker and model are not known";
        gather.miss(Trouble::new(TroubleKind::NotObservable, DMI, text));
        return;
    };
    gather.source(DEVICE_TREE_MODEL);
    let serial = gather.value(host, DEVICE_TREE_SERIAL);
    add(gather, Hardware { model: Some(model), serial, ..Hardware::new(HardwarePart::System, "0", DEVICE_TREE_MODEL) });
}

fn collect_processors_and_memory(gather: &mut Gather, host: &dyn Host) {
    let machine = host.machine();
    if machine.cpu_count.is_none() || machine.memory_bytes.is_none() {
        let text = "the kernel did not say which processors and how much memory there are";
        gather.miss(Trouble::new(TroubleKind::Unreadable, "/proc/cpuinfo", text));
    }
    let (maker, model, count) = (machine.cpu_maker, machine.cpu_model, machine.cpu_count);
    add(gather, Hardware { maker, model, count, ..Hardware::new(HardwarePart::Cpu, "0", "/proc/cpuinfo") });
    let capacity_bytes = machine.memory_bytes;
    add(gather, Hardware { capacity_bytes, ..Hardware::new(HardwarePart::Memory, "0", "/proc/meminfo") });
}

fn names(gather: &mut Gather, host: &dyn Host, folder: &str) -> Vec<String> {
    match host.list(folder, DEVICES_MAX) {
        Ok(listing) => {
            gather.source(folder);
            listing.names
        }
        Err(error) => {
            gather.miss_access(&error);
            Vec::new()
        }
    }
}

/// A disk is what has a device behind it: loop, RAM, zram, device-mapper and RAID devices have none.
fn collect_disk(gather: &mut Gather, host: &dyn Host, name: &str) {
    let folder = format!("{BLOCK}/{name}");
    if ["loop", "ram", "zram", "dm-"].iter().any(|virtual_disk| name.starts_with(virtual_disk))
        || !host.exists(&format!("{folder}/device"))
    {
        return;
    }
    let mut value = |path: &str| gather.value(host, &format!("{folder}/{path}"));
    // SATA disks behind the SCSI layer all claim the vendor "ATA".
    let maker = value("device/vendor").filter(|maker| maker != "ATA");
    let model = value("device/model");
    let firmware = value("device/rev").or_else(|| value("device/firmware_rev"));
    let serial = value("device/serial").or_else(|| value("serial"));
    // The size of a removable medium says something about today's medium, not about the drive.
    let fixed = value("removable").as_deref() != Some("1");
    let sectors = value("size").and_then(|text| text.parse::<u64>().ok()).filter(|sectors| *sectors > 0 && fixed);
    let capacity_bytes = sectors.and_then(|sectors| sectors.checked_mul(SECTOR_BYTES));
    let serial = serial.or_else(|| vpd_serial(gather, host, &format!("{folder}/device/vpd_pg80")));
    // PCI disks (virtio, NVMe) show the ids of their bus here; they are the maker's only words.
    add(
        gather,
        Hardware { maker, model, serial, firmware, capacity_bytes, ..Hardware::new(HardwarePart::Disk, name, &folder) },
    );
}

fn vpd_serial(gather: &mut Gather, host: &dyn Host, path: &str) -> Option<String> {
    let reading = host.read(path, 256).ok()?;
    let serial = reading.bytes.get(VPD_HEADER_BYTES..)?.trim_ascii();
    (!serial.is_empty()).then(|| gather.text(path, serial))
}

/// An adapter with a device behind it; bridges, tunnels and virtual cables have none.
fn collect_adapter(gather: &mut Gather, host: &dyn Host, name: &str) {
    let folder = format!("{NET}/{name}");
    if !host.exists(&format!("{folder}/device")) {
        return;
    }
    let mut value = |path: &str| gather.value(host, &format!("{folder}/{path}"));
    let ids = (value("device/vendor"), value("device/device"));
    // 0 is the kernel's word for: the address the device came with.
    let permanent = value("addr_assign_type").as_deref() == Some("0");
    let serial = if permanent {
        value("address").filter(|mac| mac.bytes().any(|byte| !matches!(byte, b'0' | b':')))
    } else {
        None
    };
    let firmware = controllers::adapter_firmware(gather, host, &folder);
    let driver = super::pci_devices::driver(host, &format!("{folder}/device"));
    let adapter = Hardware { serial, firmware, driver, ..Hardware::new(HardwarePart::Nic, name, &folder) };
    gather.item(&folder, Observation::Hardware(named(adapter, ids)));
}

/// An adapter by the names of its numbers (`0x8086`, `0x1572`); without names the numbers are its only words.
fn named(adapter: Hardware, (maker, model): (Option<String>, Option<String>)) -> Hardware {
    let digits = |id: &Option<String>| id.as_deref().and_then(|id| id.strip_prefix("0x")).map(str::to_owned);
    let Some((vendor, device)) = digits(&maker).zip(digits(&model)) else {
        return Hardware { maker, model, ..adapter };
    };
    let id = format!("{vendor}:{device}");
    let names = names::Names::of_pci(&[vendor.clone(), id.clone()].into_iter().collect());
    let (maker, model) = (names.get(&vendor).or(maker), names.get(&id).or(model));
    Hardware { maker, model, device_id: Some(id), ..adapter }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Machine, RecordedHost};
    use crate::collect::golden;
    use daicho_schemas::batch::Outcome;

    fn server() -> Machine {
        Machine {
            cpu_maker: Some("GenuineIntel".into()),
            cpu_model: Some("Example(R) Xeon(R) 4309 @ 2.80GHz".into()),
            cpu_count: Some(16),
            memory_bytes: Some(68_719_476_736),
            architecture: Some("x86_64".into()),
        }
    }

    #[test]
    fn samples_give_their_goldens_from_documented_places_only() {
        let rack = golden::running(&HardwareCollector, "rack_server", server());
        assert_eq!(golden::check(&HardwareCollector, "rack_server", &rack).outcome, Outcome::Complete);
        let arm = Machine { cpu_count: Some(4), memory_bytes: Some(4_294_967_296), ..Machine::default() };
        let board = golden::running(&HardwareCollector, "arm_board", arm);
        golden::check(&HardwareCollector, "arm_board", &board);
        golden::every_documented_place(&HardwareCollector, &[&rack, &board]);
    }

    #[test]
    fn a_serial_that_may_not_be_read_is_named() {
        let rack = golden::running(&HardwareCollector, "rack_server", server());
        let serial = "/sys/class/dmi/id/product_serial";
        let collected = HardwareCollector.collect(&rack.without_permission_for(&[serial]));
        assert_eq!(collected.outcome, Outcome::Partial);
        assert_eq!(
            (collected.troubles[0].kind, collected.troubles[0].place.as_str()),
            (TroubleKind::NotPermitted, serial)
        );
    }

    #[test]
    fn an_image_says_nothing_about_hardware() {
        let image = RecordedHost::image(golden::fixtures("hardware").join("rack_server/root"));
        let collected = HardwareCollector.collect(&image);
        assert_eq!((collected.outcome, collected.troubles[0].kind), (Outcome::Failed, TroubleKind::NotObservable));
    }
}
