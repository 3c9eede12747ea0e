//! Leases as DHCP servers keep or export them: ISC dhcpd (dhcpd.leases(5)), Kea's memfile (CSV), dnsmasq, and the CSV that
//! `Get-DhcpServerv4Lease | Export-Csv` writes.
//! It does not know tables of switches, and takes no name of a computer over: it may be a person's.
//! Invariant: of one address the last word of the file counts; what was given back or never taken is no row.

use super::{Found, mac_of};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Their names in the ledger.
pub(super) const FORMATS: [&str; 4] = ["isc_dhcpd", "kea_csv", "dnsmasq", "windows_dhcp_csv"];

/// Reads leases; `None` where it is none of these.
pub(super) fn read(text: &str) -> Option<(&'static str, Found)> {
    isc(text).map(|found| ("isc_dhcpd", found)).or_else(|| csv(text)).or_else(|| Some(("dnsmasq", dnsmasq(text)?)))
}

/// `lease 192.0.2.1 {` to `}`; `binding state active;` and `hardware ethernet …;` between.
fn isc(text: &str) -> Option<Found> {
    let mut leases: BTreeMap<IpAddr, Option<String>> = BTreeMap::new();
    let mut any = false;
    let mut open: Option<(IpAddr, Option<String>, bool)> = None;
    let mut left_out = 0_u32;
    for line in text.lines().map(str::trim) {
        let words: Vec<&str> = line.trim_end_matches(';').split_whitespace().collect();
        match words.as_slice() {
            ["lease", address, "{"] => {
                any = true;
                // A lease that another one begins in was cut off.
                left_out = left_out.saturating_add(u32::from(open.is_some()));
                open = address.parse().ok().map(|address| (address, None, true));
                left_out = left_out.saturating_add(u32::from(open.is_none()));
            }
            ["binding", "state", state] => {
                if let Some((_, _, active)) = &mut open {
                    *active = *state == "active";
                }
            }
            ["hardware", "ethernet", mac] => {
                if let Some((_, own, _)) = &mut open {
                    *own = mac_of(mac);
                }
            }
            ["}"] => {
                if let Some((address, mac, active)) = open.take() {
                    leases.insert(address, mac.filter(|_| active));
                }
            }
            _ => {}
        }
    }
    left_out = left_out.saturating_add(u32::from(open.is_some()));
    any.then(|| of(leases, left_out))
}

fn of(leases: BTreeMap<IpAddr, Option<String>>, left_out: u32) -> Found {
    let mut found = Found { left_out, ..Found::default() };
    for (address, mac) in leases {
        if let Some(mac) = mac {
            found.put(&mac, Some(&address.to_string()), None, None);
        }
    }
    found
}

/// A table with a head line: Kea's or Windows'.
fn csv(text: &str) -> Option<(&'static str, Found)> {
    // Windows PowerShell writes its types above the head line.
    let text = if text.starts_with("#TYPE") { text.split_once('\n')?.1 } else { text };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let heads: Vec<String> = reader.headers().ok()?.iter().map(|head| head.trim().to_lowercase()).collect();
    let place = |name: &str| heads.iter().position(|head| head == name);
    let kea = place("address").zip(place("hwaddr")).zip(place("state")).map(|((a, m), s)| ("kea_csv", a, m, s));
    let windows = place("ipaddress").zip(place("clientid")).zip(place("addressstate"));
    let windows = windows.map(|((a, m), s)| ("windows_dhcp_csv", a, m, s));
    let (format, address, mac, state) = kea.or(windows)?;
    let mut leases = BTreeMap::new();
    let mut left_out = 0_u32;
    for record in reader.records() {
        let fields = record.ok().and_then(|record| {
            let field = |at: usize| record.get(at).map(str::to_string);
            Some((field(address)?.trim().parse::<IpAddr>().ok()?, field(mac)?, field(state)?))
        });
        let Some((address, mac, state)) = fields else {
            left_out = left_out.saturating_add(1);
            continue;
        };
        // Kea: 0 is lent; 1 declined, 2 reclaimed, 3 released. Windows: `Active`, `ActiveReservation`.
        let lent = if format == "kea_csv" { state.trim() == "0" } else { state.trim().starts_with("Active") };
        leases.insert(address, mac_of(&mac).filter(|_| lent));
    }
    Some((format, of(leases, left_out)))
}

/// `1750000000 00:00:5e:00:53:01 192.0.2.1 name client-id`, a line each; `duid …` stands before those of IPv6.
fn dnsmasq(text: &str) -> Option<Found> {
    let mut leases = BTreeMap::new();
    let mut left_out = 0_u32;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["duid", _] => {}
            [expires, mac, address, _, _] if expires.chars().all(|c| c.is_ascii_digit()) => {
                match address.parse::<IpAddr>() {
                    // Of IPv6 the second word is no hardware address.
                    Ok(address) => drop(leases.insert(address, mac_of(mac).filter(|_| address.is_ipv4()))),
                    Err(_) => left_out = left_out.saturating_add(1),
                }
            }
            _ => return None,
        }
    }
    (!leases.is_empty()).then(|| of(leases, left_out))
}
