//! Tables of switches, routers and DHCP servers that a person hands in.
//! It does not know any command. Invariant: whatever the bytes are, there is a refusal in words that can be printed, or rows within
//! their limits that the ledger's door takes as they are.

use daicho::network_tables;
use daicho_schemas::fact::network_table::{NetworkTableRow, TABLE_ROWS_MAX, TABLE_TEXT_BYTES_MAX};

pub(super) fn read(bytes: &[u8]) {
    let reading = match network_tables::read(bytes) {
        Err(refused) => return assert!(!refused.to_string().is_empty()),
        Ok(reading) => reading,
    };
    assert!((1..=TABLE_ROWS_MAX).contains(&reading.rows.len()));
    assert!(reading.rows.is_sorted_by(|one, other| one < other));
    for NetworkTableRow { mac, address, port, vlan } in &reading.rows {
        assert_eq!(daicho::model::networks::makers::mac_of(mac).as_ref(), Some(mac));
        assert!(address.as_ref().is_none_or(|text| text.parse::<std::net::IpAddr>().is_ok()));
        for text in [port, vlan].into_iter().flatten() {
            assert!(text.len() <= TABLE_TEXT_BYTES_MAX && !text.chars().any(char::is_control), "{text:?}");
        }
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let files = [
        "Protocol  Address          Age (min)  Hardware Addr   Type   Interface\nInternet  192.0.2.1  -  0000.5e00.5301  ARPA   Vlan10\n",
        "Vlan    Mac Address       Type        Ports\n  10    0000.5e00.5301    DYNAMIC     Gi1/0/1\n",
        "192.0.2.1 dev eth0 lladdr 00:00:5e:00:53:01 REACHABLE\n",
        "lease 192.0.2.1 {\n  binding state active;\n  hardware ethernet 00:00:5e:00:53:01;\n}\n",
        "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state\n192.0.2.1,00:00:5e:00:53:01,,1,1,1,0,0,,0\n",
        "1780000000 00:00:5e:00:53:01 192.0.2.1 * *\n",
        "\"IPAddress\",\"AddressState\",\"ClientId\"\r\n\"192.0.2.1\",\"Active\",\"00-00-5e-00-53-01\"\r\n",
    ];
    files.iter().map(|file| file.as_bytes().to_vec()).collect()
}
