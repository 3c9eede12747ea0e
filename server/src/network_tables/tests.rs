//! One sample per form, written here after the shape of public samples, with addresses for documentation; and what is refused.

use super::*;
use NetworkTableSort::{Arp, DhcpLeases, MacTable};

fn rows(text: &str) -> (&'static str, NetworkTableSort, Vec<String>, u32) {
    let reading = read(text.as_bytes()).unwrap();
    let line = |row: &NetworkTableRow| {
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
        format!("{} {} {} {}", row.mac, or(&row.address), or(&row.port), or(&row.vlan))
    };
    (reading.format, reading.sort, reading.rows.iter().map(line).collect(), reading.left_out)
}

fn is(text: &str, format: &str, sort: NetworkTableSort, wanted: &[&str]) {
    let (own, own_sort, lines, left_out) = rows(text);
    assert_eq!((own, own_sort, left_out), (format, sort, 0), "{text}");
    assert_eq!(lines, wanted, "{format}");
}

const CISCO_ARP: &str = "sw1#show ip arp
Protocol  Address          Age (min)  Hardware Addr   Type   Interface
Internet  192.0.2.1               -   0000.5e00.5301  ARPA   Vlan10
Internet  192.0.2.9              12   0000.5e00.5302  ARPA   Vlan10
Internet  192.0.2.77              0   Incomplete      ARPA
sw1#";

#[test]
fn arp_tables_as_commands_print_them() {
    let two = ["00:00:5e:00:53:01 192.0.2.1 Vlan10 -", "00:00:5e:00:53:02 192.0.2.9 Vlan10 -"];
    is(CISCO_ARP, "cisco_ios_arp", Arp, &two);
    let one = |port: &str| format!("00:00:5e:00:53:01 192.0.2.1 {port} -");
    let text = "fw (root) # get system arp\nAddress           Age(min)   Hardware Addr      Interface\n192.0.2.1 3 00:00:5e:00:53:01 internal\n";
    is(text, "fortios_arp", Arp, &[&one("internal")]);
    let text = " IP Address      MAC Address     Interface    Port        Type\n192.0.2.1 0000.5e00.5301  vlan10      port1.0.1         dynamic\n";
    is(text, "allied_telesis_arp", Arp, &[&one("vlan10")]);
    let text = "MAC Address       Address         Interface     Flags\n00:00:5e:00:53:01 192.0.2.1    vlan.20        none\nTotal entries: 1";
    is(text, "junos_arp", Arp, &[&one("vlan.20")]);
    is(
        "192.0.2.1 dev eth0 lladdr 00:00:5e:00:53:01 REACHABLE\n192.0.2.2 dev eth0 FAILED\n",
        "linux_neigh",
        Arp,
        &[&one("eth0")],
    );
    is("gw.example (192.0.2.1) at 00:00:5e:00:53:01 [ether] on eth0\n", "unix_arp", Arp, &[&one("eth0")]);
    let text = "インターフェイス: 192.0.2.5 --- 0x3\n  インターネット アドレス  物理アドレス  種類\n  192.0.2.1   00-00-5e-00-53-01   動的\n  192.0.2.255  ff-ff-ff-ff-ff-ff  静的\n";
    is(text, "windows_arp", Arp, &[&one("-")]);
    is(
        "\tinside 192.0.2.1 0000.5e00.5301 12\n\toutside 192.0.2.2 0000.5e00.5302 -\n",
        "cisco_asa_arp",
        Arp,
        &[&one("inside"), "00:00:5e:00:53:02 192.0.2.2 outside -"],
    );
}

#[test]
fn tables_of_switches() {
    let text = "          Mac Address Table\n-------------------------------------------\n\nVlan    Mac Address       Type        Ports\n----    -----------       --------    -----\n All    0100.0ccc.cccc    STATIC      CPU\n  10    0000.5e00.5301    DYNAMIC     Gi1/0/1\nTotal Mac Addresses for this criterion: 2\n";
    is(text, "cisco_mac", MacTable, &["00:00:5e:00:53:01 - Gi1/0/1 10"]);
    let text = "  vlan   mac address     type    learn     age              ports\n------+----------------+--------+-----+----------+-----\n*  777  0000.5e00.53aa    static  No           -   Router\n   666  0000.5e00.5301   dynamic  Yes       1200   Te1/30\n";
    is(text, "cisco_mac", MacTable, &["00:00:5e:00:53:01 - Te1/30 666"]);
    let text = "VLAN port             mac            fwd\n900  sa1          0000.5e00.5301   forward   dynamic\n";
    is(text, "allied_telesis_mac", MacTable, &["00:00:5e:00:53:01 - sa1 900"]);
}

#[test]
fn leases_of_servers_without_the_names_of_computers() {
    let one = ["00:00:5e:00:53:01 192.0.2.1 - -"];
    let lease = |address: &str, state: &str, last: u8| {
        format!(
            "lease {address} {{\n  starts 0 2026/11/01 00:00:00;\n  binding state {state};\n  next binding state free;\n  hardware ethernet 00:00:5e:00:53:0{last};\n  client-hostname \"tanaka-pc\";\n}}\n"
        )
    };
    let text =
        [lease("192.0.2.1", "active", 2), lease("192.0.2.1", "active", 1), lease("192.0.2.2", "free", 3)].concat();
    is(&text, "isc_dhcpd", DhcpLeases, &one);
    let kea = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id\n192.0.2.1,00:00:5e:00:53:01,,3600,1780000000,1,0,0,tanaka-pc,0,,0\n192.0.2.2,00:00:5e:00:53:02,,3600,1780000000,1,0,0,,2,,0\n192.0.2.3,,01:02,3600,1780000000,1,0,0,,0,,0\n";
    is(kea, "kea_csv", DhcpLeases, &one);
    is(
        "1780000000 00:00:5e:00:53:01 192.0.2.1 tanaka-pc 01:00:00:5e:00:53:01\nduid 00:01\n1780000000 123 2001:db8::1 * 00:01\n",
        "dnsmasq",
        DhcpLeases,
        &one,
    );
    let windows = "#TYPE Microsoft.Management.Infrastructure.CimInstance\r\n\"IPAddress\",\"ScopeId\",\"AddressState\",\"ClientId\",\"HostName\"\r\n\"192.0.2.1\",\"192.0.2.0\",\"ActiveReservation\",\"00-00-5e-00-53-01\",\"tanaka-pc\"\r\n\"192.0.2.2\",\"192.0.2.0\",\"Expired\",\"00-00-5e-00-53-02\",\"\"\r\n";
    is(windows, "windows_dhcp_csv", DhcpLeases, &one);
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(windows.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(read(&utf16).unwrap().rows.len(), 1, "as Windows writes it");
    for text in [text.as_str(), kea, windows] {
        assert!(
            !format!("{:?}", read(text.as_bytes()).unwrap()).contains("tanaka"),
            "no name of a computer is taken over"
        );
    }
}

#[test]
fn what_a_terminal_leaves_behind_is_normal_and_what_is_cut_off_is_counted() {
    let text =
        CISCO_ARP.replace("Internet  192.0.2.9", " --More-- \u{8}\u{8}\u{8}\u{1b}[7m\u{1b}[0mInternet  192.0.2.9");
    assert_eq!(rows(&text).2.len(), 2);
    let (_, _, lines, left_out) =
        rows("lease 192.0.2.1 {\n hardware ethernet 00:00:5e:00:53:01;\n}\nlease 192.0.2.2 {\n hardware eth");
    assert_eq!((lines.len(), left_out), (1, 1), "the second one ends in the middle");
    let broken = CISCO_ARP.replace("Internet  192.0.2.9", "Intern");
    assert_eq!(rows(&broken).2.len(), 1);
}

#[test]
fn what_is_no_table_is_refused_with_a_reason() {
    let why = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    for bytes in [
        &b""[..],
        b"hello world\n",
        b"\x00\x01\x02\x03",
        b"interface Vlan10\n ip address 192.0.2.1 255.255.255.0\n",
        b"\xff\xfe\xfd",
    ] {
        assert!(!why(bytes).is_empty(), "{bytes:?}");
    }
    assert!(why(b"Protocol Address Age Hardware Type\n").contains("no row"), "a head line alone is no empty network");
    let two = format!(
        "{CISCO_ARP}\nVlan    Mac Address       Type        Ports\n  10    0000.5e00.5301    DYNAMIC     Gi1/0/1\n"
    );
    assert!(why(two.as_bytes()).contains("two sorts"));
    let many: String =
        (0..=TABLE_ROWS_MAX).map(|n| format!("192.0.2.1 dev eth{n} lladdr 00:00:5e:00:53:01 X\n")).collect();
    assert!(why(many.as_bytes()).contains("at most"));
    assert!(why(&vec![b'a'; FILE_BYTES_MAX + 1]).contains("at most"));
}
