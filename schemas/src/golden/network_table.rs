//! The samples of tables of switches, routers and DHCP servers. They do not know admission: a sample need not make sense.
//! Invariant: every field is filled, so that the golden bytes show all of them.

use super::*;
use crate::fact::network_table::*;

pub(super) fn facts() -> Vec<Fact> {
    let row = NetworkTableRow {
        mac: "00:00:5e:00:53:01".into(),
        address: Some("192.0.2.1".into()),
        port: Some("Vlan10".into()),
        vlan: Some("10".into()),
    };
    vec![
        Fact::NetworkTableRead(NetworkTableRead {
            table_id: NetworkTableId::new("core-sw1-arp").unwrap(),
            sort: NetworkTableSort::Arp,
            format: "cisco_ios_arp".into(),
            taken_from: "core-sw1".into(),
            segment: Some("192.0.2.0/24".into()),
            taken_on: day("2026-11-20"),
            sha256: "00".repeat(32),
            bytes: 640,
            rows: vec![row],
            left_out: 1,
            note: "定例の確認".into(),
        }),
        Fact::NeighbourNamed(NeighbourNamed {
            mac: "00:00:5e:00:53:01".into(),
            is: Some(NeighbourIs::Device(DeviceId::new("caterer-gw").unwrap())),
            on: day("2026-11-20"),
            note: "銘板で確認".into(),
        }),
    ]
}
