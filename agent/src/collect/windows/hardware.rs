//! The machine's parts as Windows knows them: system, board, chassis and BIOS by the firmware's tables, processors, memory, disks, network
//! adapters, TPM.
//! It does not know capacities and serial numbers of built-in disks, nor firmware on cards: only drivers are told those.
//! Invariant: a part that is not there any more is not told, although the list keeps it (`devices.rs`); a placeholder serial is marked.
//!
//! `Control\SystemInformation` and `HARDWARE\DESCRIPTION\System` repeat words of the firmware where its tables are not there. Ids of disks follow
//! Microsoft, "Identifiers for SCSI Devices", "…IDE Devices": `SCSI\t*v(8)p(16)r(4)`, `IDE\t*v(40)r(8)`, padded with `_`.

use super::super::hardware::{add, names::Names};
use super::super::smbios::{cleaned, table};
use super::super::{Collected, Collector, Gather};
use super::devices::{self, Device, ENUM, class};
use super::{pci_devices, smbios};
use crate::access::{Host, Platform};
use daicho_schemas::fact::observation::{Hardware, HardwarePart};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};

/// What Windows keeps of the firmware's words, on the disk and as long as it runs.
pub(super) const SYSTEM_INFORMATION: &str = "HKLM/SYSTEM/CurrentControlSet/Control/SystemInformation";
const PROCESSORS: &str = "HKLM/HARDWARE/DESCRIPTION/System/CentralProcessor";
/// Buses on which disks, adapters and TPMs are.
const BUSES: [&str; 6] = ["ACPI", "IDE", "PCI", "SCSI", "USB", "USBSTOR"];
/// What a TPM is compatible with, and the version of its specification (TCG, "PC Client Platform TPM Profile": `MSFT0101`; TPM 1.2: `PNP0C31`).
const TPMS: [(&str, &str); 2] = [("MSFT0101", "2.0"), ("PNP0C31", "1.2")];

/// Collects parts of the machine.
pub(in crate::collect) struct HardwareCollector;

impl Collector for HardwareCollector {
    fn id(&self) -> &'static str {
        "hardware"
    }

    fn about(&self) -> Text {
        Text::new(
            "筐体・基板・BIOS・CPU・メモリ・ディスク・NIC・TPM（今あるもののみ）",
            "chassis, board, BIOS, CPU, memory, disks, network adapters, TPM that are there",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn lacks(&self) -> Option<Text> {
        Some(Text::new(
            "内蔵ディスクの容量とシリアル番号、ディスク制御装置とカードのファームウェアは不明",
            "capacity and serial number of built-in disks, controllers of disks and firmware on cards are not told",
        ))
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            smbios::DATA,
            SYSTEM_INFORMATION,
            PROCESSORS,
            "HKLM/HARDWARE/DESCRIPTION/System/CentralProcessor/0",
            ENUM,
            "HKLM/SYSTEM/CurrentControlSet/Enum/*",
            "HKLM/SYSTEM/CurrentControlSet/Enum/*/*",
            "HKLM/SYSTEM/CurrentControlSet/Enum/*/*/*",
            "HKLM/SYSTEM/CurrentControlSet/Enum/*/*/*/Properties/{83da6326-97a6-4088-9453-a1923f573b29}/*",
            devices::ROOT_ARRIVAL,
            devices::SERVED,
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &["HKLM/SYSTEM/CurrentControlSet/Enum/SCSI", "HKLM/SYSTEM/CurrentControlSet/Enum/USBSTOR"]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        machine(&mut gather, host);
        processors_and_memory(&mut gather, host);
        match devices::of_buses(&mut gather, host, &BUSES, is_part) {
            Ok(devices) => {
                devices.iter().filter(|device| device.is_of(class::DISK)).for_each(|one| disk(&mut gather, one));
                adapters(&mut gather, &devices);
                devices.iter().for_each(|device| tpm(&mut gather, device));
            }
            Err(trouble) => gather.miss(trouble),
        }
        gather.finish_failed_when_empty()
    }
}

/// System, board, chassis and BIOS.
fn machine(gather: &mut Gather, host: &dyn Host) {
    match smbios::tables(gather, host) {
        Ok(tables) => {
            for part in table::machine(&tables, smbios::DATA) {
                let part = cleaned(gather, part);
                add(gather, part);
            }
        }
        Err(trouble) => {
            gather.miss(trouble);
            words_of_firmware(gather, host);
        }
    }
}

/// Maker and model without the tables: no serial number, no board.
fn words_of_firmware(gather: &mut Gather, host: &dyn Host) {
    let Some(key) = gather.key(host, SYSTEM_INFORMATION) else { return };
    let mut text = |name: &str| gather.registry_text(SYSTEM_INFORMATION, &key, name);
    let part = |part| Hardware::new(part, "0", SYSTEM_INFORMATION);
    let system =
        Hardware { maker: text("SystemManufacturer"), model: text("SystemProductName"), ..part(HardwarePart::System) };
    let bios = Hardware { version: text("BIOSVersion"), ..part(HardwarePart::Bios) };
    for one in [system, bios] {
        let one = cleaned(gather, one);
        add(gather, one);
    }
}

/// What only the running machine says: `HARDWARE` is on no disk.
fn processors_and_memory(gather: &mut Gather, host: &dyn Host) {
    let processors = gather.key(host, PROCESSORS).map(|list| list.keys.len()).unwrap_or_default();
    let first = format!("{PROCESSORS}/0");
    match gather.subkey(host, &first) {
        Some(key) => {
            let cpu = Hardware {
                maker: gather.registry_text(&first, &key, "VendorIdentifier"),
                model: gather.registry_text(&first, &key, "ProcessorNameString"),
                count: u64::try_from(processors).ok(),
                ..Hardware::new(HardwarePart::Cpu, "0", PROCESSORS)
            };
            add(gather, cpu);
        }
        None => {
            let text = "which processors and how much memory there are is only known on the running machine";
            gather.miss(Trouble::new(TroubleKind::NotObservable, PROCESSORS, text));
        }
    }
    let capacity_bytes = host.machine().memory_bytes;
    add(gather, Hardware { capacity_bytes, ..Hardware::new(HardwarePart::Memory, "0", "windows:memory") });
}

fn disk(gather: &mut Gather, device: &Device) {
    let place = format!("{ENUM}/{}", device.path().replace('\\', "/"));
    let firmware = device.ids().iter().find_map(|id| revision_of(id));
    // On USB the number before the last `&` is the device's own, unless Windows made it.
    let own = device.path().starts_with("USBSTOR\\") && device.instance.chars().nth(1) != Some('&');
    let serial = device.instance.rsplit_once('&').map(|(serial, _)| serial).filter(|_| own);
    let slot = gather.text(&place, device.path().as_bytes());
    let part = Hardware {
        model: device.text("FriendlyName").map(|text| gather.text(&place, text.as_bytes())),
        serial: serial.map(|serial| gather.text(&place, serial.as_bytes())),
        firmware: firmware.map(|text| gather.text(&place, text.as_bytes())),
        driver: device.driver().map(|text| gather.text(&place, text.as_bytes())),
        ..Hardware::new(HardwarePart::Disk, slot, &place)
    };
    add(gather, part);
}

/// The revision at the end of a disk's whole id, which is that of its firmware.
fn revision_of(id: &str) -> Option<String> {
    let (bus, rest) = id.split_once("\\DISK")?;
    let (length, digits) = match bus {
        "IDE" => (48, 8),
        "SCSI" | "USBSTOR" => (28, 4),
        _ => return None,
    };
    let revision = rest.get(length - digits..).filter(|_| rest.len() == length)?.trim_matches('_');
    (!revision.is_empty()).then(|| revision.to_owned())
}

/// Adapters with a device behind them, by the names of their numbers on PCI.
fn adapters(gather: &mut Gather, devices: &[Device]) {
    let adapters = devices.iter().filter(|device| device.is_of(class::NETWORK));
    let found: Vec<_> = adapters.filter_map(pci_devices::found).collect();
    let id = |one: &super::super::pci_devices::Found| format!("{}:{}", one.vendor, one.device);
    let names = Names::of_pci(&found.iter().flat_map(|one| [one.vendor.clone(), id(one)]).collect());
    for one in found {
        let id = id(&one);
        let adapter = Hardware {
            maker: names.get(&one.vendor).or(Some(one.vendor)),
            model: names.get(&id).or(Some(one.device)),
            device_id: Some(id),
            driver: one.driver,
            ..Hardware::new(HardwarePart::Nic, one.slot, one.read_from)
        };
        add(gather, adapter);
    }
}

fn is_part(device: &Device) -> bool {
    device.is_of(class::DISK) || device.is_of(class::NETWORK) || tpm_version(device).is_some()
}

/// The version of the specification of a TPM; none of what is no TPM.
fn tpm_version(device: &Device) -> Option<&'static str> {
    let ids = device.ids();
    let is = |wanted: &str| ids.iter().any(|id| id.trim_start_matches('*').rsplit('\\').next() == Some(wanted));
    TPMS.iter().find(|(id, _)| is(id)).map(|(_, version)| *version)
}

fn tpm(gather: &mut Gather, device: &Device) {
    let Some(version) = tpm_version(device) else { return };
    let place = format!("{ENUM}/{}", device.path().replace('\\', "/"));
    let part = Hardware {
        version: Some(version.to_owned()),
        driver: device.driver().map(|text| gather.text(&place, text.as_bytes())),
        ..Hardware::new(HardwarePart::Tpm, gather.text(&place, device.path().as_bytes()), &place)
    };
    add(gather, part);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::RecordedHost;
    use crate::collect::run;
    use crate::collect::windows::golden;
    use daicho_schemas::batch::Outcome;
    use daicho_schemas::fact::observation::Observation;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check_running(&HardwareCollector, &["server_2022"]);
        let keys = |machine: &str| all[machine].items.iter().map(Observation::key).collect::<Vec<_>>();
        assert_eq!(
            keys("server_2019"),
            [
                "bios:0",
                "board:0",
                "chassis:0",
                "disk:SCSI\\Disk&Ven_NVMe&Prod_Example_SSD_1TB\\5&1a2b3c4&0&000000",
                "disk:USBSTOR\\Disk&Ven_SanDisk&Prod_Ultra_Fit&Rev_1.00\\EXAMPLE0001&0",
                "nic:0000:3b:00.0",
                "system:0",
                "tpm:ACPI\\MSFT0101\\1",
            ]
        );
        assert!(keys("windows_11").contains(&"cpu:0".to_owned()));
        assert_eq!(keys("server_2016_core"), ["bios:0", "system:0"], "without tables, what Windows keeps of them");
        assert_eq!(all["xp"].outcome, Outcome::Failed);
    }

    #[test]
    fn of_a_volume_processors_and_memory_are_not_told() {
        let host = RecordedHost::image(golden::folder().join("server_2019/root"));
        let collected = run(&HardwareCollector, &host);
        assert_eq!(collected.outcome, Outcome::Partial);
        assert!(collected.items.iter().all(|item| !item.key().starts_with("disk:")), "nothing tells which are there");
    }

    #[test]
    fn revisions_stand_at_the_end_of_a_whole_id_only() {
        let ide = "IDE\\DISKWDC_WD10EZEX-08WN4A0____________________01.01A01";
        assert_eq!(revision_of(ide).as_deref(), Some("01.01A01"));
        assert_eq!(revision_of("SCSI\\DISKNVME____EXAMPLE_SSD_1TB_2B2Q").as_deref(), Some("2B2Q"));
        for part in ["SCSI\\DISKNVME____", "IDE\\DISK", "SCSI\\DISKNVME____EXAMPLE_SSD_1TB_", "GENDISK", "SCSI\\DISKあ"]
        {
            assert_eq!(revision_of(part), None, "{part}");
        }
    }
}
