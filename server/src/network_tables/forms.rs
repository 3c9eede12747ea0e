//! Tables as commands print them, by their head line or, where they have none, by the shape of every row.
//! It does not know leases. Invariant: a file that holds tables of two sorts is refused, not mixed.
//!
//! Shapes as public samples of these commands show them (ntc-templates for Cisco, Juniper and Allied Telesis), written anew here.

use super::{Found, mac_of, wrong};
use daicho_schemas::fact::network_table::NetworkTableSort;
use daicho_schemas::refusal::Refusal;
use std::net::IpAddr;

/// One form.
pub(super) struct Form {
    /// Its name in the ledger.
    pub(super) name: &'static str,
    sort: NetworkTableSort,
    /// Words that its head line has, in order; empty where it has none.
    head: &'static [&'static str],
    /// A row, by its words. False: it is none.
    row: fn(&[&str], &mut Found) -> bool,
}

use NetworkTableSort::{Arp, MacTable};

/// Every form.
pub(super) const FORMS: &[Form] = &[
    Form {
        name: "cisco_ios_arp",
        sort: Arp,
        head: &["protocol", "address", "age", "hardware", "type"],
        row: cisco_arp,
    },
    Form { name: "fortios_arp", sort: Arp, head: &["address", "age(min)", "hardware", "interface"], row: fortios_arp },
    Form {
        name: "allied_telesis_arp",
        sort: Arp,
        head: &["ip", "address", "mac", "address", "interface", "port"],
        row: allied_arp,
    },
    Form { name: "junos_arp", sort: Arp, head: &["mac", "address", "address", "interface"], row: junos_arp },
    Form { name: "allied_telesis_mac", sort: MacTable, head: &["vlan", "port", "mac", "fwd"], row: switch_mac },
    Form { name: "cisco_mac", sort: MacTable, head: &["vlan", "mac", "address", "type", "port"], row: switch_mac },
    Form { name: "linux_neigh", sort: Arp, head: &[], row: linux_neigh },
    Form { name: "unix_arp", sort: Arp, head: &[], row: unix_arp },
    Form { name: "windows_arp", sort: Arp, head: &[], row: windows_arp },
    Form { name: "cisco_asa_arp", sort: Arp, head: &[], row: asa_arp },
];

/// Reads a table.
pub(super) fn read(text: &str) -> Result<(&'static str, NetworkTableSort, Found), Refusal> {
    let mut found = Found::default();
    let mut used: Option<&Form> = None;
    let mut headed: Option<&Form> = None;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let Some(form) = FORMS.iter().find(|form| is_head(form, &words)) {
            headed = Some(form);
            continue;
        }
        let tried = match headed {
            Some(form) => vec![form],
            None => FORMS.iter().filter(|form| form.head.is_empty()).collect(),
        };
        match tried.into_iter().find(|form| (form.row)(&words, &mut found)) {
            Some(form) if used.is_some_and(|used| used.sort != form.sort) => {
                return Err(wrong("it holds tables of two sorts: hand them in one by one"));
            }
            Some(form) => used = Some(form),
            None if words.iter().any(|word| is_address(word)) && words.iter().any(|word| is_mac(word)) => {
                found.left_out = found.left_out.saturating_add(1);
            }
            None => {}
        }
    }
    let Some(form) = used.or(headed) else {
        let known = super::formats().collect::<Vec<_>>().join(", ");
        return Err(wrong(format!("none of the known forms is recognised: {known}")));
    };
    Ok((form.name, form.sort, found))
}

/// Whether a line has the words of a head line in order, and neither an address nor a hardware address.
fn is_head(form: &Form, words: &[&str]) -> bool {
    if form.head.is_empty() || words.iter().any(|word| is_address(word) || is_mac(word)) {
        return false;
    }
    let mut rest = words.iter().map(|word| word.to_lowercase());
    form.head.iter().all(|wanted| rest.any(|word| word.starts_with(wanted)))
}

fn is_address(word: &str) -> bool {
    word.parse::<IpAddr>().is_ok()
}

fn is_mac(word: &str) -> bool {
    // Twelve digits without anything between may be a number.
    word.len() > 12 && mac_of(word).is_some()
}

/// `Internet  192.0.2.1  9  0000.5e00.5301  ARPA  Vlan10`.
fn cisco_arp(words: &[&str], found: &mut Found) -> bool {
    let ["Internet", address, _, mac, _, rest @ ..] = words else { return false };
    if !is_address(address) {
        return false;
    }
    // `Incomplete` stands where nobody answered.
    found.put(mac, Some(address), rest.first().copied(), None);
    true
}

/// `192.0.2.1  0  00:00:5e:00:53:01  internal`.
fn fortios_arp(words: &[&str], found: &mut Found) -> bool {
    let [address, _, mac, port, ..] = words else { return false };
    put_arp(found, mac, address, Some(port))
}

/// `192.0.2.1  0000.5e00.5301  vlan10  port1.0.1  dynamic`.
fn allied_arp(words: &[&str], found: &mut Found) -> bool {
    let [address, mac, port, ..] = words else { return false };
    put_arp(found, mac, address, Some(port))
}

/// `00:00:5e:00:53:01  192.0.2.1  [a name]  vlan.20  none`.
fn junos_arp(words: &[&str], found: &mut Found) -> bool {
    let [mac, address, rest @ ..] = words else { return false };
    let port = rest.len().checked_sub(2).and_then(|at| rest.get(at)).copied();
    put_arp(found, mac, address, port)
}

/// `192.0.2.1 dev eth0 lladdr 00:00:5e:00:53:01 REACHABLE` (ip-neighbour(8)).
fn linux_neigh(words: &[&str], found: &mut Found) -> bool {
    let [address, "dev", port, "lladdr", mac, ..] = words else { return false };
    put_arp(found, mac, address, Some(port))
}

/// `? (192.0.2.1) at 00:00:5e:00:53:01 [ether] on eth0` (arp(8)); the name is left where it is.
fn unix_arp(words: &[&str], found: &mut Found) -> bool {
    let [_, address, "at", mac, rest @ ..] = words else { return false };
    let Some(address) = address.strip_prefix('(').and_then(|text| text.strip_suffix(')')) else { return false };
    let on = rest.iter().position(|word| *word == "on").and_then(|at| rest.get(at + 1)).copied();
    put_arp(found, mac, address, on)
}

/// `192.0.2.1  00-00-5e-00-53-01  dynamic`; the last word is in the language of the computer.
fn windows_arp(words: &[&str], found: &mut Found) -> bool {
    let [address, mac, _] = words else { return false };
    mac.contains('-') && put_arp(found, mac, address, None)
}

/// `inside 192.0.2.1 0000.5e00.5301 12`.
fn asa_arp(words: &[&str], found: &mut Found) -> bool {
    let [port, address, mac, age] = words else { return false };
    let aged = *age == "-" || age.chars().all(|c| c.is_ascii_digit());
    mac.contains('.') && aged && put_arp(found, mac, address, Some(port))
}

fn put_arp(found: &mut Found, mac: &str, address: &str, port: Option<&str>) -> bool {
    if !is_address(address) {
        return false;
    }
    found.put(mac, Some(address), port, None);
    true
}

/// A row of a switch: the VLAN is the first number before the hardware address, the port the last word behind it, or the one word
/// between the two. `*  10  0000.5e00.5301  dynamic  Yes  0  Te1/30`, `900  sa1  0000.5e00.5301  forward  dynamic`.
fn switch_mac(words: &[&str], found: &mut Found) -> bool {
    let Some(at) = words.iter().position(|word| is_mac(word)) else { return false };
    let (before, behind) = (words.get(..at).unwrap_or_default(), words.get(at + 1..).unwrap_or_default());
    let Some(mac) = words.get(at) else { return false };
    let is_number = |word: &&&str| word.chars().all(|c| c.is_ascii_digit());
    let vlan = before.iter().find(is_number).copied();
    let between = before.iter().rfind(|word| !is_number(word) && word.len() > 1).copied();
    // The switch's own addresses are nobody who was seen.
    if behind.iter().any(|word| matches!(word.to_lowercase().as_str(), "cpu" | "router" | "self")) {
        return true;
    }
    found.put(mac, None, between.or(behind.last().copied()), vlan);
    true
}
