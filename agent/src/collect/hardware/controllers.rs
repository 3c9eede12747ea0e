//! Controllers with firmware of their own: of disks (/sys/class/scsi_host), the management controller (/sys/class/ipmi), the TPM
//! (/sys/class/tpm), and network adapters whose driver tells it (/sys/class/infiniband).
//! It does not know what none of the kernel's files tells: most drivers of network and RAID cards keep their firmware's version to
//! their own tools. No device file is opened.
//! Invariant: a part is told by where it is plugged in, not by a number of the kernel that the next start may give to another.

use super::{DEVICES_MAX, add};
use crate::access::Host;
use crate::collect::Gather;
use crate::collect::pci_devices::number;
use daicho_schemas::fact::observation::{Hardware, HardwarePart};

const SCSI_HOSTS: &str = "/sys/class/scsi_host";
const BMCS: &str = "/sys/class/ipmi";
const TPMS: &str = "/sys/class/tpm";
/// Where drivers of controllers show their firmware, in order (drivers/scsi: mpt3sas, smartpqi, hpsa, aacraid, arcmsr, qla2xxx, lpfc).
const FIRMWARE: &[&str] = &[
    "version_fw",
    "firmware_version",
    "firmware_revision",
    "hba_kernel_version",
    "host_fw_version",
    "fw_version",
    "fwrev",
];
const MODELS: &[&str] = &["version_product", "board_name", "model", "host_fw_model", "model_name", "modelname"];
const SERIALS: &[&str] = &["serial_number", "board_tracer", "serial_num", "serialnum"];

/// Adds every controller.
pub(super) fn collect(gather: &mut Gather, host: &dyn Host) {
    for name in gather.names(host, SCSI_HOSTS, DEVICES_MAX) {
        storage(gather, host, &name);
    }
    for name in gather.names(host, BMCS, DEVICES_MAX) {
        management(gather, host, &name);
    }
    // `tpmrm0` is the same chip by another way.
    for name in gather.names(host, TPMS, DEVICES_MAX).iter().filter(|name| !name.starts_with("tpmrm")) {
        tpm(gather, host, name);
    }
}

/// A controller that tells more than its driver. Ports of SATA and sticks on USB have a host each and tell nothing.
fn storage(gather: &mut Gather, host: &dyn Host, name: &str) {
    let folder = format!("{SCSI_HOSTS}/{name}");
    let mut first = |files: &[&str]| files.iter().find_map(|file| gather.value(host, &format!("{folder}/{file}")));
    let (firmware, model, serial) = (first(FIRMWARE), first(MODELS), first(SERIALS));
    if firmware.is_none() && model.is_none() && serial.is_none() {
        return;
    }
    let driver = first(&["proc_name"]);
    let slot = host.read_link(&folder).ok().and_then(|target| slot_on_pci(&target)).unwrap_or_else(|| name.to_owned());
    let part = Hardware::new(HardwarePart::StorageController, slot, SCSI_HOSTS);
    add(gather, Hardware { model, serial, firmware, driver, ..part });
}

/// The last address on PCI in the path of a device: `0000:3b:00.0`.
fn slot_on_pci(path: &str) -> Option<String> {
    let is_address = |part: &&str| {
        let shape = part.bytes().map(|byte| if byte.is_ascii_hexdigit() { b'0' } else { byte });
        shape.eq(*b"0000:00:00.0")
    };
    path.rsplit('/').find(is_address).map(str::to_owned)
}

/// The kernel asks the controller for these itself (IPMI, "Get Device ID").
fn management(gather: &mut Gather, host: &dyn Host, name: &str) {
    let folder = format!("{BMCS}/{name}/device/bmc");
    let mut id = |file: &str, digits| {
        let path = format!("{folder}/{file}");
        host.exists(&path).then(|| number(gather, host, &path, digits)).flatten()
    };
    let device_id =
        id("manufacturer_id", 6).zip(id("product_id", 4)).map(|(maker, product)| format!("{maker}:{product}"));
    let mut value = |file: &str| gather.value(host, &format!("{folder}/{file}"));
    let (firmware, version) = (value("firmware_revision"), value("ipmi_version"));
    add(gather, Hardware { version, firmware, device_id, ..Hardware::new(HardwarePart::Bmc, name, BMCS) });
}

fn tpm(gather: &mut Gather, host: &dyn Host, name: &str) {
    let folder = format!("{TPMS}/{name}");
    let mut value = |file: &str| gather.value(host, &format!("{folder}/{file}"));
    let (major, description, caps) = (value("tpm_version_major"), value("device/description"), value("device/caps"));
    // Of TPM 1.2 only: lines such as `TCG version: 1.2`, `Firmware version: 4.32`.
    let said = |key: &str| {
        let line = caps.as_deref()?.lines().find_map(|line| line.strip_prefix(key))?;
        Some(line.trim().to_owned())
    };
    let version = said("TCG version:").or(major);
    let firmware = said("Firmware version:");
    add(gather, Hardware { model: description, version, firmware, ..Hardware::new(HardwarePart::Tpm, name, TPMS) });
}

/// The firmware of an adapter, where its driver shows it as a device of InfiniBand or RoCE (`mlx5`, `irdma`, `bnxt_re`).
pub(super) fn adapter_firmware(gather: &mut Gather, host: &dyn Host, folder: &str) -> Option<String> {
    let names = host.list(&format!("{folder}/device/infiniband"), DEVICES_MAX).ok()?.names;
    gather.value(host, &format!("{folder}/device/infiniband/{}/fw_ver", names.first()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_controller_is_told_by_its_place_on_pci() {
        let path = "../../devices/pci0000:3a/0000:3a:00.0/0000:3b:00.0/host6/scsi_host/host6";
        assert_eq!(slot_on_pci(path).as_deref(), Some("0000:3b:00.0"));
        for other in ["../../devices/platform/host0/scsi_host/host0", "", "/", "0000:3b:00:0", "0000:3g:00.0"] {
            assert_eq!(slot_on_pci(other), None, "{other}");
        }
    }
}
