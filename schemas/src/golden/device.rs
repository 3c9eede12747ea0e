//! The samples of what devices' configurations say. They do not know parsers or admission.
//! Invariant: every field is filled, so that the golden bytes show all of them.

use super::*;
use crate::fact::device::*;
use crate::fact::device_networks::*;
use crate::fact::device_read::*;
use crate::fact::remote_path::*;

fn answered(answer: Answer, line: u32, text: &str) -> Answered {
    Answered { answer, because: vec![Ground { line: Some(line), text: Text::same(text) }] }
}

fn reading() -> DeviceReading {
    DeviceReading {
        family: "yamaha_rt".into(),
        source: DeviceSource {
            sha256: "5e".repeat(32),
            bytes: 18_200,
            sort: SourceSort::ConfigurationAndStatus,
            encoding: "Shift_JIS".into(),
            written: Some("Nov 20 2026 10:11:12".into()),
            lines: (1, 640),
        },
        extent: Extent::Partial,
        gaps: vec![Gap {
            sort: GapSort::Elsewhere,
            line: Some(210),
            text: Text::same("ip filter 1010 is not in the file"),
        }],
        identity: DeviceIdentity {
            name: Some("caterer-gw".into()),
            maker: Some("Yamaha".into()),
            model: Some("RTX1210".into()),
            serial: Some("EXAMPLE0001".into()),
            macs: vec!["00:00:5e:00:53:01".into()],
            firmware: vec![Firmware { version: "14.01.42".into(), build: Some("1".into()), running: Answer::Yes }],
        },
        ways_in: vec![WayIn {
            key: "tunnel 1".into(),
            sort: WayInSort::SiteToSite,
            technology: "ipsec-ikev1".into(),
            far_end: FarEnd::Address("192.0.2.10".into()),
            enabled: answered(Answer::Yes, 88, "tunnel enable 1"),
            restriction: Restriction {
                restricted: answered(Answer::Yes, 90, "one peer address"),
                sources: vec!["192.0.2.10".into()],
            },
            interface: Some("pp 1".into()),
            inside: vec!["198.51.100.0/24".into()],
            users: Some(3),
            second_factor: answered(Answer::NotApplicable, 88, "a tunnel between sites"),
        }],
        management: Restriction { restricted: answered(Answer::No, 12, "httpd host any"), sources: vec!["any".into()] },
        vpn: Restriction {
            restricted: answered(Answer::Yes, 90, "one peer address"),
            sources: vec!["192.0.2.10".into()],
        },
        logs_elsewhere: answered(Answer::Yes, 300, "syslog host"),
        log_targets: vec!["198.51.100.20".into()],
        administrators: Some(2),
        // Released without it: those bytes stay. `device_read.v1-networks` has it.
        networks: None,
    }
}

/// A reading that names networks.
fn networks() -> DeviceNetworks {
    DeviceNetworks {
        interfaces: vec![DeviceInterface {
            name: "lan1".into(),
            description: Some("給食サーバー".into()),
            addresses: vec!["192.0.2.1/24".into(), "2001:db8::1/64".into()],
            address_from_elsewhere: true,
            role: Some(InterfaceRole::Lan),
            vlan: Some(10),
            shut_down: Answer::No,
            line: 20,
        }],
        routes: vec![DeviceRoute {
            destination: "198.51.100.0/24".into(),
            next_hop: Some("192.0.2.254".into()),
            interface: Some("lan1".into()),
            line: 30,
        }],
    }
}

/// What an optional field adds to the bytes of a kind is kept beside what the kind was before it.
#[test]
fn readings_with_networks_hold() {
    let Some(Fact::DeviceRead(mut read)) = facts().into_iter().next() else { panic!("the first is a reading") };
    read.reading.networks = Some(networks());
    read.reading.check().unwrap();
    let fact = Fact::DeviceRead(read);
    let raw = fact.to_raw().unwrap();
    keep_golden("device_read.v1-networks", &serde_json::from_str::<serde_json::Value>(raw.get()).unwrap());
    assert_eq!(Fact::parse(fact.kind(), raw.get()).unwrap().to_raw().unwrap().get(), raw.get());
}

pub(super) fn observation() -> Observation {
    Observation::DeviceConfiguration(DeviceConfiguration {
        file_name: "caterer-gw.txt".into(),
        reading: Box::new(reading()),
    })
}

pub(super) fn probed() -> Observation {
    let value = |value: &str, rung| Some(ProbedValue { value: value.into(), rung });
    Observation::DeviceProbed(DeviceProbed {
        address: "192.0.2.10".into(),
        asked_on: day("2026-11-22"),
        run: Some(ProbeRun { began_at: instant("2026-11-22T01:02:03.000000Z"), allow_sha256: "a1".repeat(32) }),
        answered: vec![ProbedBy::SnmpEngine, ProbedBy::SnmpGet, ProbedBy::Tls],
        maker: value("Fortinet", ProbeRung::SnmpGet),
        model: value("FortiGate-60F", ProbeRung::SnmpEngine),
        firmware: value("7.2.8", ProbeRung::SnmpGet),
        serial: value("EXAMPLE0001", ProbeRung::BannerOrCertificate),
        engine_id: Some("800030440300005e005301".into()),
        mac: Some("00:00:5e:00:53:01".into()),
        certificate_sha256: Some("5e".repeat(32)),
    })
}

pub(super) fn facts() -> Vec<Fact> {
    let vendor = || SupplierId::new("example-networks").unwrap();
    let device_id = || DeviceId::new("caterer-gw").unwrap();
    vec![
        Fact::DeviceRead(DeviceRead {
            device_id: device_id(),
            equipment_id: Some(EquipmentId::new("emr").unwrap()),
            place: "厨房事務室".into(),
            owner: Some(HeldBy::Supplier(vendor())),
            taken_on: day("2026-11-20"),
            reading: Box::new(reading()),
            note: "給食会社の機器".into(),
        }),
        Fact::RemotePath(RemotePathRecorded {
            remote_path_id: RemotePathId::new("caterer").unwrap(),
            enters: PathEntry::DeviceWayIn { device_id: device_id(), way_in: "tunnel 1".into() },
            equipment_id: Some(EquipmentId::new("emr").unwrap()),
            near_end: "給食サーバー".into(),
            far_end: "給食会社の本社".into(),
            supplier_id: Some(vendor()),
            purpose: "給食の発注".into(),
            contract: Some(PlanId::new("plan-emr-2").unwrap()),
            patched_by: Some(HeldBy::Operator),
            accounts: Some(PathAccounts { count: Some(2), shared: Answer::No }),
            second_factor: Answer::Yes,
            log_review: Some(LogReview { by: "医療情報部".into(), last_on: Some(day("2026-11-01")) }),
            national_network: Some(NationalNetwork::Other),
            target_on: Some(day("2027-03-31")),
            removed_on: Some(day("2026-11-20")),
            on: day("2026-11-20"),
            note: "契約第7条".into(),
            replaces: Some(51),
        }),
        Fact::RemoteMaintenanceAnswered(RemoteMaintenanceAnswered {
            supplier_id: vendor(),
            equipment_id: EquipmentId::new("emr").unwrap(),
            uses: true,
            on: day("2026-11-20"),
            valid_through: day("2027-11-19"),
            answered_by: "保守部".into(),
            how: AnsweredBy::Form,
            note: "事業者確認用 2026".into(),
            replaces: Some(52),
        }),
        Fact::RemoteDaysEnded(RemoteDaysEnded {
            on: day("2027-11-20"),
            plan_ids: vec![PlanId::new("plan-emr-2").unwrap()],
            answer_seqs: vec![53],
        }),
    ]
}
