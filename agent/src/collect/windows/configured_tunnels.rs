//! Ways in and out that settings of a Windows open: ports that it hands on itself (portproxy), and connections of its phone books (VPN, PPPoE,
//! dial-up). It does not know whether they ever were up, nor what programs of other makers keep to themselves.
//! Invariant: no password, no account and no telephone number is told; a phone book of a person is told as that of `*`.
//!
//! Microsoft, "netsh interface portproxy" (`PortProxy\v4tov4\tcp`: `listen address/port` = `connect address/port`) and "RASENTRY" (`Type` 1 is
//! a telephone line, 2 a VPN, 3 a cable, 5 broadband; `PhoneNumber` of a VPN is its far end).

use super::super::{Collected, Collector, Gather};
use crate::access::registry::{RegistryKey, RegistryValue};
use crate::access::{Host, Platform};
use daicho_schemas::fact::observation::{ConfiguredTunnel, ConfiguredTunnelSort, Observation, Starts};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};

/// What is handed on, by the sorts of address at both ends.
const PORT_PROXY: [&str; 4] = [
    "HKLM/SYSTEM/CurrentControlSet/Services/PortProxy/v4tov4/tcp",
    "HKLM/SYSTEM/CurrentControlSet/Services/PortProxy/v4tov6/tcp",
    "HKLM/SYSTEM/CurrentControlSet/Services/PortProxy/v6tov4/tcp",
    "HKLM/SYSTEM/CurrentControlSet/Services/PortProxy/v6tov6/tcp",
];
/// The service that does it.
const IP_HELPER: &str = "HKLM/SYSTEM/CurrentControlSet/Services/iphlpsvc";
/// Where the services of a Windows are: without them it is none.
const SERVICES: &str = super::services::SERVICES;
/// Phone books of everybody, of today and of Windows XP.
const OF_EVERYBODY: [&str; 2] = [
    "/ProgramData/Microsoft/Network/Connections/Pbk/rasphone.pbk",
    "/Documents and Settings/All Users/Application Data/Microsoft/Network/Connections/Pbk/rasphone.pbk",
];
/// Folders of persons, and the phone book in each.
const OF_PERSONS: [(&str, &str); 2] = [
    ("/Users", "AppData/Roaming/Microsoft/Network/Connections/Pbk/rasphone.pbk"),
    ("/Documents and Settings", "Application Data/Microsoft/Network/Connections/Pbk/rasphone.pbk"),
];
/// Persons that are looked at.
const PERSONS_MAX: usize = 4096;
/// A phone book; one connection has some 3 kB.
const BOOK_BYTES_MAX: usize = 1024 * 1024;
/// Connections and ports of one place.
const ENTRIES_MAX: usize = 1000;

/// Collects configured ways.
pub(in crate::collect) struct ConfiguredTunnelsCollector;

impl Collector for ConfiguredTunnelsCollector {
    fn id(&self) -> &'static str {
        "configured_tunnels"
    }

    fn about(&self) -> Text {
        Text::new(
            "ポートの転送（portproxy）と、電話帳の接続（VPN・PPPoE・ダイヤルアップ。電話番号とアカウントは読み取らない）",
            "ports that are handed on (portproxy), and connections of phone books: VPN, PPPoE, dial-up, without numbers and accounts",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn lacks(&self) -> Option<Text> {
        Some(Text::new(
            "他社製 VPN ソフトウェアの設定と SSH は不明",
            "settings of other makers' VPN software, and SSH, are not told",
        ))
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            PORT_PROXY[0],
            PORT_PROXY[1],
            PORT_PROXY[2],
            PORT_PROXY[3],
            IP_HELPER,
            SERVICES,
            OF_EVERYBODY[0],
            OF_EVERYBODY[1],
            "/Users",
            "/Users/*/AppData/Roaming/Microsoft/Network/Connections/Pbk/rasphone.pbk",
            "/Documents and Settings",
            "/Documents and Settings/*/Application Data/Microsoft/Network/Connections/Pbk/rasphone.pbk",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[PORT_PROXY[0], "/ProgramData/Microsoft/Network/Connections/Pbk"]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        if gather.key(host, SERVICES).is_none() {
            let text = "the registry has no list of services; if this is a Windows, its SYSTEM hive was not read";
            return gather.finish_failed(Trouble::new(TroubleKind::Missing, SERVICES, text));
        }
        let starts = gather.subkey(host, IP_HELPER).as_ref().map_or(Starts::Unknown, starts);
        for place in PORT_PROXY {
            if let Some(key) = gather.key(host, place) {
                ports(&mut gather, place, &key, starts);
            }
        }
        for place in OF_EVERYBODY {
            book(&mut gather, host, place, place);
        }
        for (folder, below) in OF_PERSONS {
            for person in persons(&mut gather, host, folder) {
                book(&mut gather, host, &format!("{folder}/{person}/{below}"), &format!("{folder}/*/{below}"));
            }
        }
        gather.finish()
    }
}

fn starts(service: &RegistryKey) -> Starts {
    match service.number("Start") {
        Some(2) => Starts::Automatically,
        Some(3) => Starts::ByHand,
        _ => Starts::Unknown,
    }
}

fn ports(gather: &mut Gather, place: &str, key: &RegistryKey, starts: Starts) {
    if key.values.len() > ENTRIES_MAX {
        gather.miss_rest(place);
    }
    for (listens, to) in key.values.iter().take(ENTRIES_MAX) {
        let RegistryValue::Text(to) = to else { continue };
        let way = ConfiguredTunnel {
            sort: ConfiguredTunnelSort::PortProxy,
            place: place.to_owned(),
            name: gather.text(place, listens.as_bytes()),
            remotes: vec![gather.text(place, to.as_bytes())],
            starts,
        };
        gather.item(place, Observation::ConfiguredTunnel(way));
    }
}

/// Folders of persons. On today's Windows the old folder is a link to the new one, and it lists nothing.
fn persons(gather: &mut Gather, host: &dyn Host, folder: &str) -> Vec<String> {
    if host.read_link(folder).is_ok() {
        return Vec::new();
    }
    let listing = match host.list(folder, PERSONS_MAX) {
        Ok(listing) => listing,
        Err(error) => {
            if !error.is_missing() {
                gather.miss_access(&error);
            }
            return Vec::new();
        }
    };
    if listing.cut {
        gather.miss_rest(folder);
    }
    if listing.unreadable_names > 0 {
        let text = format!("{} names of folders are no text and were left out", listing.unreadable_names);
        gather.miss(Trouble::new(TroubleKind::Malformed, folder, text));
    }
    // Everybody's own phone book was read already.
    listing.names.into_iter().filter(|name| !name.eq_ignore_ascii_case("All Users")).collect()
}

/// One phone book: sections with a name in brackets, lines `name=value`. `told` is what it is called in the report.
fn book(gather: &mut Gather, host: &dyn Host, place: &str, told: &str) {
    let reading = match host.read(place, BOOK_BYTES_MAX) {
        Ok(reading) => reading,
        Err(error) if error.is_missing() => return,
        Err(error) => {
            let kind = error.to_trouble().kind;
            return gather.miss(Trouble::new(kind, told, "a phone book could not be read"));
        }
    };
    gather.source(told);
    let entries = entries(&reading.bytes);
    if reading.cut || entries.len() > ENTRIES_MAX {
        gather.miss_rest(told);
    }
    for entry in entries.into_iter().take(ENTRIES_MAX) {
        let far_end = entry.far_end.filter(|_| entry.is_vpn);
        let way = ConfiguredTunnel {
            sort: ConfiguredTunnelSort::PhoneBook,
            place: told.to_owned(),
            name: gather.text(told, entry.name),
            remotes: far_end.map(|far_end| gather.text(told, far_end)).into_iter().collect(),
            starts: Starts::Unknown,
        };
        gather.item(told, Observation::ConfiguredTunnel(way));
    }
}

/// One connection.
struct Entry<'a> {
    name: &'a [u8],
    is_vpn: bool,
    far_end: Option<&'a [u8]>,
}

fn entries(bytes: &[u8]) -> Vec<Entry<'_>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        if let Some(name) = line.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) {
            entries.push(Entry { name, is_vpn: false, far_end: None });
        } else if let (Some(entry), Some(value)) = (entries.last_mut(), line.strip_prefix(b"Type=")) {
            entry.is_vpn = value == b"2";
        } else if let (Some(entry), Some(value)) = (entries.last_mut(), line.strip_prefix(b"PhoneNumber=")) {
            // Further far ends stand behind the first one.
            entry.far_end = entry.far_end.or(Some(value).filter(|value| !value.is_empty()));
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::golden;
    use daicho_schemas::batch::Outcome;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check(&ConfiguredTunnelsCollector, false);
        let told = |machine: &str| {
            let ways = all[machine].items.iter().map(|item| match item {
                Observation::ConfiguredTunnel(way) => (way.name.as_str(), way.remotes.join(" "), way.starts),
                other => panic!("{}", other.kind()),
            });
            ways.collect::<Vec<_>>()
        };
        assert_eq!(
            told("windows_11"),
            [
                ("Broadband", String::new(), Starts::Unknown),
                ("港湾 VPN", "vpn.port.example".to_owned(), Starts::Unknown),
                ("保守回線", "vpn.vendor.example".to_owned(), Starts::Unknown),
                ("遠隔保守 ISDN", String::new(), Starts::Unknown),
            ]
        );
        let text = format!("{:?}", all["windows_11"]);
        assert!(!text.contains("555-0100") && !text.contains("maint01"), "no number, no person: {text}");
        assert_eq!(told("server_2012_r2"), [("0.0.0.0/8443", "192.0.2.80/443".to_owned(), Starts::Automatically)]);
        assert_eq!((told("xp").len(), all["xp"].outcome), (0, Outcome::Complete));
    }
}
