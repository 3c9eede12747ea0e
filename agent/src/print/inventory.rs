//! An inventory as tables: first how completely each collector looked, then what it found, one table per sort of thing.
//! It does not decide what is important; the order is that of the inventory.
//! Invariant: every trouble and every item is shown; nothing is shortened away without a sign.

mod guarded;
mod machine;
mod programs;
mod ways;

use super::{outcome_words, plain, table};
use comfy_table::Table;
use daicho_schemas::fact::observation::{
    CarriedBy, Hardware, HardwarePart, InterfaceKind, NetworkInterface, Observation, OperatingSystem, OriginMatch,
    PackageState, Provenance, SocketProcess,
};
use daicho_schemas::inventory::Inventory;

/// The whole inventory as text.
pub fn inventory_table(inventory: &Inventory) -> String {
    let mut text = String::from("Collectors / 収集\n");
    text.push_str(&summary(inventory).to_string());
    text.push('\n');
    if let Some(troubles) = troubles(inventory) {
        text.push_str("\nTroubles / 読めなかったもの\n");
        text.push_str(&troubles.to_string());
        text.push('\n');
    }
    let items = || inventory.collectors.iter().flat_map(|part| &part.items);
    for (title, heading, row) in SECTIONS {
        let rows: Vec<[String; 4]> = items().filter_map(row).map(|row| row.map(|cell| plain(&cell))).collect();
        if rows.is_empty() {
            continue;
        }
        let mut section = table(**heading);
        section.add_rows(rows);
        text.push_str(&format!("\n{title}\n{section}\n"));
    }
    text
}

fn summary(inventory: &Inventory) -> Table {
    let mut summary = table(["collector / 収集器", "outcome / 結果", "items / 件数", "troubles / 不可"]);
    for part in &inventory.collectors {
        summary.add_row([
            part.collector.to_string(),
            outcome_words(part.outcome).to_owned(),
            part.items.len().to_string(),
            part.troubles.len().to_string(),
        ]);
    }
    summary
}

fn troubles(inventory: &Inventory) -> Option<Table> {
    let mut troubles = table(["collector", "place / 場所", "what happened / 内容"]);
    for part in &inventory.collectors {
        for trouble in &part.troubles {
            troubles.add_row([part.collector.to_string(), plain(&trouble.place), plain(&trouble.text)]);
        }
    }
    (!troubles.is_empty()).then_some(troubles)
}

/// How one sort of thing becomes a row.
type AsRow = fn(&Observation) -> Option<[String; 4]>;

/// Title, heading and rows of each sort of thing, in reading order.
const SECTIONS: &[(&str, &[&str; 4], AsRow)] = &[
    ("Operating system / OS", &["name", "version", "kernel", "host"], |item| match item {
        Observation::OperatingSystem(system) => Some(operating_system(system)),
        _ => None,
    }),
    ("Platform / 動作環境", &["machine", "start", "kernel", "grounds"], machine::platform),
    (
        "Kernel modules from elsewhere / 付属でないカーネルモジュール",
        &["name", "state", "author", "file"],
        machine::module,
    ),
    ("Lasting connections / 続く通信", &["direction", "peer", "service", "process"], machine::session),
    ("Hardware / ハードウェア", &["part", "maker and model", "serial", "size or count"], |item| match item {
        Observation::Hardware(part) => Some(hardware(part)),
        _ => None,
    }),
    (
        "Network interfaces / ネットワークインターフェース",
        &["name", "sort", "address", "driver"],
        |item| match item {
            Observation::NetworkInterface(interface) => Some(network_interface(interface)),
            _ => None,
        },
    ),
    ("Signs of ways in / 外部からの経路の手がかり", &["what", "name", "towards", "seen by"], ways::way),
    ("Place in the network / ネットワーク上の位置", &["part", "value", "via", "interface and maker"], ways::place),
    ("Accounts / アカウント", &["account", "may log in by", "last login", "administrator"], guarded::account),
    ("Protection / 保護", &["what", "which", "state", "day, count, names"], guarded::protection),
    (
        "Services, jobs, containers / サービス・ジョブ・コンテナ",
        &["name", "state or when", "account", "program"],
        guarded::started,
    ),
    ("Listening sockets / 待ち受けポート", &["protocol", "address", "port", "processes"], |item| match item {
        Observation::ListeningSocket(socket) => {
            let protocol = socket.key().split(':').next().unwrap_or_default().to_owned();
            Some([protocol, socket.address.clone(), socket.port.to_string(), processes(&socket.processes)])
        }
        _ => None,
    }),
    (
        "Programs of no package, and changed files / パッケージに属さないプログラムと変更されたファイル",
        &["path", "package", "SHA-256", "started by"],
        programs::row,
    ),
    ("Packages / パッケージ", &["name", "version", "architecture", "state"], |item| match item {
        Observation::Package(package) => {
            let state = match package.state {
                PackageState::Installed => "installed",
                PackageState::ConfigFiles => "only configuration left",
                PackageState::Unfinished => "unfinished",
            };
            Some([package.name.clone(), package.version.clone(), or_dash(&package.architecture), state.into()])
        }
        _ => None,
    }),
    ("Package origins / パッケージの配布元", &["package", "origin", "suite", "found by"], |item| match item {
        Observation::PackageOrigin(origin) => {
            let by = match origin.matched {
                OriginMatch::Version => "version",
                OriginMatch::NameAndMaintainer => "name and maintainer",
            };
            let package = format!("{}:{}", origin.name, origin.architecture);
            Some([package, origin.origin.clone(), or_dash(&origin.suite), by.into()])
        }
        Observation::Package(package) => {
            let Provenance { repository, channel, signed_by, signer, .. } = &package.provenance;
            if [repository, channel, signed_by, signer].iter().all(|told| told.is_none()) {
                return None;
            }
            let name = format!("{}:{}", package.name, package.architecture.as_deref().unwrap_or(""));
            let by = match (repository, signer.as_ref().or(signed_by.as_ref())) {
                (Some(_), None) => "the package manager's record".to_owned(),
                (Some(_), Some(signer)) => format!("the package manager's record; signed by {signer}"),
                (None, Some(signer)) => format!("signed by {signer}"),
                (None, None) => "–".to_owned(),
            };
            Some([name, or_dash(repository), or_dash(channel), by])
        }
        _ => None,
    }),
    (
        "Packages of programming languages / プログラミング言語のパッケージ",
        &["name", "version", "application", "carried by"],
        |item| match item {
            Observation::LanguagePackage(package) => {
                let name = format!("{}: {}", package.ecosystem.as_str(), package.name);
                let carrier = package.carrier().unwrap_or_else(|| match package.carried_by {
                    CarriedBy::Unknown => "not known / 不明".into(),
                    _ => "–".into(),
                });
                Some([name, or_dash(&package.version), package.application.clone(), carrier])
            }
            _ => None,
        },
    ),
];

fn or_dash(value: &Option<String>) -> String {
    value.clone().unwrap_or_else(|| "–".into())
}

fn operating_system(system: &OperatingSystem) -> [String; 4] {
    let version = system.version.as_ref().or(system.version_id.as_ref()).cloned();
    let kernel = match (&system.kernel_release, &system.architecture) {
        (Some(release), Some(architecture)) => Some(format!("{release} {architecture}")),
        (release, _) => release.clone(),
    };
    [or_dash(&system.name), or_dash(&version), or_dash(&kernel), or_dash(&system.hostname)]
}

fn hardware(part: &Hardware) -> [String; 4] {
    let name = match part.part {
        HardwarePart::System => "system",
        HardwarePart::Board => "board",
        HardwarePart::Chassis => "chassis",
        HardwarePart::Bios => "BIOS",
        HardwarePart::Cpu => "CPU",
        HardwarePart::Memory => "memory",
        HardwarePart::Disk => "disk",
        HardwarePart::Nic => "NIC",
        HardwarePart::Processor => "processor",
        HardwarePart::MemoryModule => "memory module",
        HardwarePart::Bmc => "BMC",
        HardwarePart::Tpm => "TPM",
        HardwarePart::OemStrings => "maker's texts",
        HardwarePart::PciDevice => "PCI",
        HardwarePart::UsbDevice => "USB",
        HardwarePart::StorageController => "storage controller",
    };
    let name = if part.slot == "0" { name.to_owned() } else { format!("{name} {}", part.slot) };
    let firmware = part.firmware.as_ref().map(|firmware| format!("firmware {firmware}"));
    let words: Vec<&str> = [&part.maker, &part.model, &part.version, &part.device_id, &firmware]
        .into_iter()
        .flatten()
        .chain(&part.details)
        .map(String::as_str)
        .collect();
    let serial = match &part.serial {
        Some(serial) if part.serial_is_placeholder => format!("({serial})"),
        serial => or_dash(serial),
    };
    let size = match (part.capacity_bytes, part.count) {
        (Some(bytes), _) => format!("{} MiB", bytes >> 20),
        (None, Some(count)) => count.to_string(),
        (None, None) => "–".into(),
    };
    [name, words.join(" "), serial, size]
}

fn network_interface(interface: &NetworkInterface) -> [String; 4] {
    let sort = match &interface.interface_kind {
        InterfaceKind::Loopback => "loopback",
        InterfaceKind::Ethernet => "ethernet",
        InterfaceKind::Wireless => "wireless",
        InterfaceKind::Wwan => "mobile broadband",
        InterfaceKind::Bridge => "bridge",
        InterfaceKind::Bond => "bond",
        InterfaceKind::Vlan => "VLAN",
        InterfaceKind::Veth => "virtual cable",
        InterfaceKind::Wireguard => "WireGuard",
        InterfaceKind::Tun => "tun",
        InterfaceKind::Tap => "tap",
        InterfaceKind::Ppp => "PPP",
        InterfaceKind::KernelTunnel => "kernel tunnel",
        InterfaceKind::Other(word) => word,
    };
    let sort = if interface.interface_kind.may_be_remote_path() { format!("{sort} (!)") } else { sort.to_owned() };
    [interface.name.clone(), sort, or_dash(&interface.mac), or_dash(&interface.driver)]
}

fn processes(processes: &[SocketProcess]) -> String {
    if processes.is_empty() {
        return "(not known; often the kernel / 不明・カーネル)".into();
    }
    let names = processes.iter().map(|process| {
        let program = process.executable.clone().or_else(|| Some(process.name.clone()));
        let unit = process.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
        format!("{}{unit}", guarded::of_package(&program, &process.carried_by))
    });
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_schemas::batch::Outcome;
    use daicho_schemas::ids::CollectorId;
    use daicho_schemas::inventory::{INVENTORY_FORMAT, InventoryPart};
    use daicho_schemas::trouble::{Trouble, TroubleKind};

    /// A host's words can neither colour the terminal nor move its cursor, and every item and trouble has its row.
    #[test]
    fn everything_is_shown_and_nothing_is_obeyed() {
        let interface = NetworkInterface {
            name: "wg0\u{1b}[31m".into(),
            interface_kind: InterfaceKind::Wireguard,
            mac: None,
            driver: None,
            member_of: None,
            stands_on: Vec::new(),
        };
        let part = InventoryPart {
            collector: CollectorId::new("network_interfaces").unwrap(),
            outcome: Outcome::Partial,
            sources: Vec::new(),
            troubles: vec![Trouble::new(TroubleKind::Unreadable, "/sys/class/net/x", "bad\r\nwords")],
            items: vec![Observation::NetworkInterface(interface)],
        };
        let text = inventory_table(&Inventory { format: INVENTORY_FORMAT.into(), collectors: vec![part] });
        assert!(!text.contains(['\u{1b}', '\r']), "{text}");
        for shown in ["wg0", "WireGuard (!)", "partial 一部", "/sys/class/net/x", "bad"] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
    }
}
