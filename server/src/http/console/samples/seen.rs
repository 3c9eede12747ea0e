//! What was seen: hosts, coverage, facts, components.
//! It does not know any real host; the names are invented.
//! Invariant: a host for each way of not being seen.

use super::*;

pub(in crate::http::console) fn over_quota() -> Vec<OverQuotaRow> {
    vec![OverQuotaRow { agent_id: agent(3), since: minute(2), refused: 1204 }]
}

pub(in crate::http::console) fn hosts() -> Vec<HostRow> {
    let row = |n: u64, name: Option<&str>, os: Option<&str>, equipment: Option<&str>, hearing, troubled| HostRow {
        agent_id: agent(n),
        hostname: name.map(Into::into),
        operating_system: os.map(Into::into),
        equipment_id: equipment.map(|id| EquipmentId::new(id).unwrap()),
        hearing,
        revoked: false,
        last_batch_at: name.map(|_| minute(n)),
        last_batch_number: 40 + n,
        told: None,
        components: if name.is_some() { 1503 } else { 0 },
        findings_open: n % 3,
        collectors_troubled: troubled,
    };
    let debian = Some("Debian GNU/Linux 12.5");
    let mut rows = vec![
        row(1, Some("tos-app-01"), debian, Some("tos"), Hearing::Heard, 0),
        row(2, Some("tos-db-01"), debian, Some("tos"), Hearing::Silent, 0),
        row(3, Some("tos-gw-01.terminal-1.control.reiji-port.example"), debian, Some("tos"), Hearing::Heard, 2),
        row(4, Some("yard-tablet-07"), None, None, Hearing::Heard, 1),
        row(5, None, None, None, Hearing::Heard, 0),
        row(6, Some("old-print-server"), Some("Red Hat Enterprise Linux 7.9"), None, Hearing::Silent, 0),
    ];
    rows[5].revoked = true;
    rows
}

/// Many rows, for pages.
pub(in crate::http::console) fn many_hosts() -> Vec<HostRow> {
    let model = &hosts()[0];
    (0..430).map(|n| HostRow { agent_id: agent(n), hostname: Some(format!("yard-{n:03}")), ..model.clone() }).collect()
}

pub(in crate::http::console) fn host_detail() -> HostDetail {
    let coverage = |collector: &str, outcome, items, complete: bool, troubles: Vec<Trouble>| CoverageRow {
        collector: CollectorId::new(collector).unwrap(),
        outcome,
        items,
        reported_at: minute(3),
        complete_at: complete.then(|| minute(2)),
        sources: vec!["/var/lib/dpkg/status".into(), "/etc/os-release".into()],
        troubles,
    };
    let denied = Trouble::new(TroubleKind::NotPermitted, "/sys/class/dmi/id/product_serial", "permission denied");
    let cut = Trouble::new(
        TroubleKind::Malformed,
        "/var/lib/dpkg/status:48211",
        "a stanza without a Package field was skipped",
    );
    HostDetail {
        row: hosts().remove(2),
        coverage: vec![
            coverage("dpkg", Outcome::Partial, 1494, true, vec![cut]),
            coverage("rpm", Outcome::NotApplicable, 0, false, vec![]),
            coverage("dmi", Outcome::Failed, 0, false, vec![denied]),
            coverage("network_interfaces", Outcome::Complete, 5, true, vec![]),
        ],
        facts: facts()
            .into_iter()
            .chain(machine())
            .chain(ways::ways())
            .chain(guarded::guarded())
            .chain(programs::programs())
            .collect(),
        applications: vec![
            ApplicationRow {
                application: "/opt/tomcat/webapps/berth.war".into(),
                carried_by: None,
                ecosystems: vec!["maven".into()],
                packages: 214,
            },
            ApplicationRow {
                application: "/usr/lib/python3/dist-packages".into(),
                carried_by: Some("deb python3-six".into()),
                ecosystems: vec!["pypi".into()],
                packages: 1,
            },
        ],
        losses: vec!["batches 17 to 19: spool full".into()],
        findings: findings().into_iter().take(2).collect(),
    }
}

fn facts() -> Vec<Observation> {
    let interface = |name: &str, interface_kind, mac: Option<&str>| {
        Observation::NetworkInterface(NetworkInterface {
            name: name.into(),
            interface_kind,
            mac: mac.map(Into::into),
            driver: mac.map(|_| "igb".into()),
            member_of: None,
            stands_on: Vec::new(),
        })
    };
    let socket = |protocol, address: &str, port, process: Option<(&str, &str)>| {
        let processes = process.map(|(name, path)| SocketProcess {
            name: name.into(),
            executable: Some(path.into()),
            carried_by: Some(CarriedBy::Package { ecosystem: "deb".into(), name: name.into() }),
            unit: Some(format!("{name}.service")),
        });
        Observation::ListeningSocket(ListeningSocket {
            protocol,
            address: address.into(),
            port,
            processes: processes.into_iter().collect(),
        })
    };
    let part = |part, slot: &str, maker: Option<&str>, model: Option<&str>, serial: Option<&str>, bytes| {
        Observation::Hardware(Hardware {
            maker: maker.map(Into::into),
            model: model.map(Into::into),
            serial: serial.map(Into::into),
            serial_is_placeholder: serial.is_some_and(|text| text.starts_with("To Be")),
            capacity_bytes: bytes,
            count: matches!(part, HardwarePart::Cpu).then_some(16),
            ..Hardware::new(part, slot, "/sys/class/dmi/id")
        })
    };
    vec![
        Observation::OperatingSystem(OperatingSystem {
            hostname: Some("tos-gw-01".into()),
            family: "linux".into(),
            os_id: Some("debian".into()),
            os_id_like: vec![],
            name: Some("Debian GNU/Linux".into()),
            version_id: Some("12".into()),
            version: Some("12.5".into()),
            codename: None,
            kernel_release: Some("6.1.0-18-amd64".into()),
            edition: None,
            release: None,
            installation: None,
            architecture: Some("x86_64".into()),
        }),
        interface("eth0", InterfaceKind::Ethernet, Some("02:00:5e:10:00:01")),
        interface("lo", InterfaceKind::Loopback, None),
        interface("tun0", InterfaceKind::Tun, None),
        interface("wg0", InterfaceKind::Wireguard, None),
        interface("can0", InterfaceKind::Other("can".into()), None),
        socket(SocketProtocol::Tcp, "0.0.0.0", 22, Some(("sshd", "/usr/sbin/sshd"))),
        socket(SocketProtocol::Udp6, "::", 51820, None),
        part(HardwarePart::System, "0", None, None, Some("To Be Filled By O.E.M."), None),
        part(HardwarePart::Cpu, "0", Some("ExampleCorp"), Some("EX-9 3.1 GHz"), None, None),
        part(HardwarePart::Memory, "0", None, None, None, Some(17_179_869_184)),
    ]
}

/// What is told of the machine below its system.
fn machine() -> Vec<Observation> {
    vec![
        Observation::Hardware(Hardware {
            maker: Some("Example Networks".into()),
            model: Some("EN-25 adapter".into()),
            device_id: Some("8086:1572".into()),
            subsystem_id: Some("1028:1f9c".into()),
            class: Some("0200".into()),
            driver: Some("i40e".into()),
            ..Hardware::new(HardwarePart::PciDevice, "0000:18:00.0", "/sys/bus/pci/devices/0000:18:00.0")
        }),
        Observation::Platform(Platform {
            is_virtual: Some(false),
            grounds: vec!["/proc/cpuinfo: no flag of a hypervisor".into()],
            uefi: Some(true),
            secure_boot: Some(false),
            lockdown: Some("none".into()),
            ..Platform::default()
        }),
        Observation::KernelModule(KernelModule {
            name: "example_raid".into(),
            loaded: true,
            taint: Some("OE".into()),
            version: Some("7.4.1".into()),
            source_version: None,
            file: Some("/lib/modules/6.1.0-18-amd64/updates/dkms/example_raid.ko".into()),
            authors: vec!["Example Storage".into()],
            license: Some("Proprietary".into()),
            has_signature: Some(false),
            signer: None,
            package: None,
            carried_by: Some(CarriedBy::Nobody),
            started_by: None,
        }),
        Observation::Session(Session {
            direction: SessionDirection::Outbound,
            remote: Some("198.51.100.20".into()),
            service_port: 8883,
            process: None,
        }),
    ]
}

pub(in crate::http::console) fn components() -> Vec<ComponentRow> {
    let row = |name: &str, version: Option<&str>, category, product: &str, supplier, hosts, status| ComponentRow {
        component_id: format!("deb:{name}:amd64:{}", version.unwrap_or("-")),
        name: name.into(),
        version: version.map(Into::into),
        architecture: Some("amd64".into()),
        sort: "deb".into(),
        carried_by: None,
        purl: version.map(|version| format!("pkg:deb/debian/{name}@{version}?arch=amd64")),
        sha256: None,
        category,
        product: product.into(),
        supplier,
        hosts,
        status,
    };
    let os = "Debian GNU/Linux";
    let mut rows = vec![
        row("acl", Some("2.3.1-3"), Category::OperatingSystem, os, debian(), 61_204, Some(DriftStatus::Covered)),
        row(
            "docker-ce",
            Some("5:27.3.1-1~debian.12~bookworm"),
            Category::Application,
            "docker-ce",
            docker(),
            2,
            Some(DriftStatus::Undeclared),
        ),
        row("mystery-agent", None, Category::Application, "mystery-agent", nobody(), 1, None),
    ];
    rows.extend((0..30).map(|n| {
        row(
            &format!("libexample{n}"),
            Some("1.0-1"),
            Category::OperatingSystem,
            os,
            debian(),
            3,
            Some(DriftStatus::Covered),
        )
    }));
    rows
}

pub(in crate::http::console) fn component_detail() -> ComponentDetail {
    let row = components().remove(1);
    let place = |n: u64, name: Option<&str>, equipment: Option<&str>| ComponentPlace {
        agent_id: agent(n),
        hostname: name.map(Into::into),
        equipment_id: equipment.map(|id| EquipmentId::new(id).unwrap()),
        first_seen_at: minute(n * 11),
    };
    ComponentDetail {
        observation: Observation::Package(Package {
            ecosystem: Ecosystem::Deb,
            name: row.name.clone(),
            version: row.version.clone().unwrap(),
            architecture: row.architecture.clone(),
            state: PackageState::Installed,
            source: None,
            maintainer: Some("Docker <support@docker.example>".into()),
            vendor: None,
            multi_arch: None,
            provenance: Default::default(),
        }),
        decisions: vec![decided()],
        places: vec![place(1, Some("tos-app-01"), Some("tos")), place(5, None, None)],
        other_versions: vec![ComponentRow { version: Some("5:26.1.0-1".into()), hosts: 1, ..row.clone() }],
        row,
    }
}

pub(in crate::http::console) fn seen() -> SeenRow {
    let hosts = hosts();
    let live = || hosts.iter().filter(|host| !host.revoked);
    SeenRow {
        hosts: live().count(),
        silent: live().filter(|host| host.hearing == Hearing::Silent).count(),
        never: live().filter(|host| host.last_batch_at.is_none()).count(),
        troubled: live().filter(|host| host.collectors_troubled > 0).count(),
        declared_not_heard: 2,
    }
}
