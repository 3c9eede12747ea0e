//! Files that nobody meant to be read: random, cut off, far too large. It does not know any maker's words.
//! Invariant: no panic, a refusal or a reading within its limits, and no restriction claimed of a part that the whole contradicts.

use super::samples;
use daicho_devices::{FILE_BYTES_MAX, File, NotRead, read, read_as};
use daicho_schemas::fact::device::{Answer, DeviceReading, Extent, GAPS_MAX, GROUNDS_MAX, GapSort, WAYS_IN_MAX};
use daicho_schemas::fact::device_networks::{INTERFACES_MAX, ROUTES_MAX};
use proptest::prelude::*;

fn within_limits(outcome: &Result<Vec<DeviceReading>, NotRead>) {
    let Ok(readings) = outcome else { return };
    assert!(!readings.is_empty());
    for reading in readings {
        assert!(reading.ways_in.len() <= WAYS_IN_MAX && reading.gaps.len() <= GAPS_MAX);
        assert!(reading.source.lines.0 <= reading.source.lines.1);
        reading.check().unwrap_or_else(|what| panic!("{what}: {reading:?}"));
        let answers =
            reading.ways_in.iter().flat_map(|way| [&way.enabled, &way.restriction.restricted, &way.second_factor]);
        for answered in
            answers.chain([&reading.management.restricted, &reading.vpn.restricted, &reading.logs_elsewhere])
        {
            assert!(answered.because.len() <= GROUNDS_MAX);
            let open = matches!(answered.answer, Answer::Unknown | Answer::NotApplicable);
            assert!(open || !answered.because.is_empty(), "an answer without a reason: {reading:?}");
        }
        let mut keys: Vec<&str> = reading.ways_in.iter().map(|way| way.key.as_str()).collect();
        keys.dedup();
        assert_eq!(keys.len(), reading.ways_in.len(), "keys are unique and sorted: {keys:?}");
        serde_json::to_string(reading).unwrap();
    }
}

fn all_ways(bytes: &[u8]) {
    let file = File::of(bytes).unwrap();
    within_limits(&file.read());
    for family in daicho_devices::families() {
        within_limits(&file.read_as(family));
    }
}

/// Every beginning of every sample (of a long one, every line and every fifth byte): what a part claims of restrictions holds for the whole, or says that it is partial.
#[test]
fn a_part_claims_no_restriction_that_the_whole_contradicts() {
    let mut wrong = Vec::new();
    for sample in samples::all() {
        let Ok(whole) = read(&sample.bytes) else { continue };
        let Some(whole) = whole.first() else { continue };
        let long = sample.bytes.len() > 3000;
        let ends = sample.bytes.iter().enumerate().filter(|(at, byte)| !long || **byte == b'\n' || at % 5 == 0);
        for (end, _) in ends {
            let Ok(part) = read_as(&whole.family, &sample.bytes[..end]) else { continue };
            let Some(part) = part.first().filter(|part| part.extent == Extent::Whole) else { continue };
            let pairs = [("management", &part.management, &whole.management), ("vpn", &part.vpn, &whole.vpn)];
            for (plane, part, whole) in pairs {
                if part.restricted.answer == Answer::Yes && whole.restricted.answer == Answer::No {
                    wrong.push(format!("{} cut at {end}: {plane}", sample.name));
                }
            }
        }
    }
    wrong.dedup_by_key(|wrong| wrong.split(" cut").next().unwrap().to_owned());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_too_large_is_refused() {
    assert_eq!(read(&vec![b'a'; FILE_BYTES_MAX + 1]).unwrap_err().code, "device_file_too_large");
    assert_eq!(read(&vec![b'\n'; 1_000_000]).unwrap_err().code, "device_file_not_text");
    assert_eq!(read("pp select 1\n".repeat(500_000).as_bytes()).unwrap_err().code, "device_file_too_large");
    assert_eq!(read(b"").unwrap_err().code, "device_file_not_text");
    assert_eq!(read(&[0; 4096]).unwrap_err().code, "device_file_not_text");
}

#[test]
fn a_line_of_ten_megabytes_is_cut_and_told() {
    let mut text = b"telnetd host lan1\nhttpd host ".to_vec();
    text.extend(std::iter::repeat_n(b"192.0.2.1 ", 1_000_000).flatten());
    all_ways(&text);
    assert_eq!(read(&text).unwrap()[0].extent, Extent::Partial);
}

#[test]
fn nesting_is_no_depth() {
    all_ways("config a\nedit b\n".repeat(100_000).as_bytes());
    all_ways(format!("<config>{}", "<a>".repeat(200_000)).as_bytes());
    all_ways("a {\n".repeat(150_000).as_bytes());
    all_ways("object-group network a\n group-object a\n".repeat(1000).as_bytes());
}

#[test]
fn a_hundred_thousand_filters_are_read() {
    let mut text = String::from("pp select 1\n pppoe use lan2\n ip pp secure filter in");
    for number in 0..2000 {
        text += &format!(" {number}");
    }
    text += "\n pp enable 1\nsshd service on\nsshd host any\n";
    for number in 0..100_000 {
        let action = if number % 3 == 0 { "reject" } else { "pass" };
        text += &format!("ip filter {number} {action} 10.{}.{}.0/28 * tcp * 22\n", number / 256 % 256, number % 256);
    }
    let readings = read(text.as_bytes()).unwrap();
    within_limits(&Ok(readings.clone()));
    assert_eq!(readings[0].management.restricted.answer, Answer::Yes);
}

/// Every published server asks every rule, and every tunnel its peer.
#[test]
fn thousands_of_servers_rules_and_tunnels_are_read() {
    let mut text = String::from("#NS13.1 Build 30.52\nset ns config -IPAddress 203.0.113.5 -netmask 255.255.255.0\n");
    for number in 0..5000 {
        let source = format!("10.{}.{}.0-10.{}.{}.255", number / 250, number % 250, number / 250, number % 250);
        text += &format!("add ns acl a{number} ALLOW -srcIP = {source} -destPort = 1-9999 -priority {}\n", number + 1);
    }
    text += "add ns acl rest DENY -priority 9000\napply ns acls\n";
    for number in 0..2000 {
        text +=
            &format!("add lb vserver v{number} TCP 203.0.113.6 {}\nbind lb vserver v{number} s{number}\n", number + 1);
    }
    text += "set ptp -state ENABLE\n";
    let readings = read(text.as_bytes()).unwrap();
    within_limits(&Ok(readings.clone()));
    assert_eq!(readings[0].management.restricted.answer, Answer::Yes);
    let mut text = String::from("firewall\n");
    for number in 1..5000 {
        text += &format!(" rule {number} permit any from a to b\n");
    }
    text += " protect\n";
    for number in 0..2000 {
        text += &format!("interface tunnel{number}\n tunnel mode ipsec ipv4\n tunnel destination dynamic\n");
    }
    within_limits(&read_as("awplus", text.as_bytes()));
}

/// More of everything than a reading holds: what is left out is told, and thousands of forwards through thousands of rules end.
#[test]
fn thousands_of_interfaces_routes_and_forwards_are_bounded() {
    let mut text = String::from(
        "ASA Version 9.16(4)\ninterface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 203.0.113.2 255.255.255.0\n",
    );
    for number in 0..INTERFACES_MAX + 100 {
        let (high, low) = (number / 250, number % 250);
        text +=
            &format!("interface Port0/1.{number}\n nameif i{number}\n ip address 10.{high}.{low}.1 255.255.255.0\n");
    }
    for number in 0..5000 {
        let (high, low) = (number / 250, number % 250);
        text += &format!("access-list in extended permit tcp host 10.{high}.{low}.9 any eq 443\n");
    }
    text += "access-group in in interface outside\n";
    for number in 1..1001 {
        let host = format!("10.9.{}.{}", number / 250, number % 250);
        text += &format!(
            "object network o{number}\n host {host}\n nat (inside,outside) static interface service tcp {number} {number}\n"
        );
    }
    for number in 0..ROUTES_MAX + 100 {
        text += &format!("route outside 10.{}.{}.0 255.255.255.0 203.0.113.1 1\n", number / 250, number % 250);
    }
    text += "Cryptochecksum:0\n: end\n";
    let readings = read(text.as_bytes()).unwrap();
    within_limits(&Ok(readings.clone()));
    let networks = readings[0].networks.as_ref().unwrap();
    assert_eq!((networks.interfaces.len(), networks.routes.len()), (INTERFACES_MAX, ROUTES_MAX));
    assert!(readings[0].gaps.iter().any(|gap| gap.sort == GapSort::TooLarge), "what was left out is told");
    let answers: Vec<Answer> = readings[0].ways_in.iter().map(|way| way.restriction.restricted.answer).collect();
    assert!(answers.contains(&Answer::Yes) && answers.contains(&Answer::Unknown), "what was not asked is unknown");
    assert!(!answers.contains(&Answer::No));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        all_ways(&bytes);
    }

    /// Lines of the samples in any order and mixture, which grammars meet more often than random bytes.
    #[test]
    fn shuffled_lines_do_no_harm(picks in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_u8..20), 1..120)) {
        let samples = samples::all();
        let mut text = Vec::new();
        for (sample, line, odd) in picks {
            let sample = sample.get(&samples);
            let lines: Vec<&[u8]> = sample.bytes.split(|byte| *byte == b'\n').collect();
            let line = line.get(&lines);
            let cut = if odd == 0 { line.len() / 2 } else { line.len() };
            text.extend_from_slice(&line[..cut]);
            text.push(if odd == 1 { b' ' } else { b'\n' });
        }
        all_ways(&text);
    }
}
