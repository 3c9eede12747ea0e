//! What downloaded files come to: packs with what the source says, and a count of what was left out.

use super::*;
use crate::model::firmware::verdict::{FirmwareState, Judged, Verdict, verdict};
use daicho_schemas::fact::device::{Answer, Firmware};
use daicho_schemas::fact::firmware::{OtherVersions, VersionRange};
use std::io::{Cursor, Write as _};

const FIXTURES: [(&str, &str); 12] = [
    ("kev.json", include_str!("fixtures/kev.json")),
    ("cve-fortios.json", include_str!("fixtures/cve-fortios.json")),
    ("cve-panos.json", include_str!("fixtures/cve-panos.json")),
    ("cve-ivanti.json", include_str!("fixtures/cve-ivanti.json")),
    ("cve-netscaler.json", include_str!("fixtures/cve-netscaler.json")),
    ("cve-asa.json", include_str!("fixtures/cve-asa.json")),
    ("cve-jpcert.json", include_str!("fixtures/cve-jpcert.json")),
    ("cve-rejected.json", include_str!("fixtures/cve-rejected.json")),
    ("endoflife.json", include_str!("fixtures/endoflife.json")),
    ("fortios.json", include_str!("fixtures/fortios.json")),
    ("alerts.xml", include_str!("fixtures/alerts.xml")),
    ("alerts.json", include_str!("fixtures/alerts.json")),
];

fn today() -> CalendarDate {
    "2026-11-21".parse().unwrap()
}

fn imported(names: &[&str]) -> (Vec<Taken>, BTreeMap<LeftOut, Counted>) {
    let mut import = Import::begin(None, today());
    for name in names {
        let (_, text) = FIXTURES.iter().find(|(own, _)| own == name).unwrap();
        import.file(name, &"0".repeat(64), text.as_bytes()).unwrap();
    }
    import.finish().unwrap()
}

fn only(names: &[&str]) -> FirmwarePack {
    let (mut packs, _) = imported(names);
    assert_eq!(packs.len(), 1, "{packs:?}");
    packs.remove(0).pack
}

fn judged(maker: &str, model: &str, version: &str, names: &[&str]) -> Verdict {
    let firmware = vec![Firmware { version: version.into(), build: None, running: Answer::Yes }];
    let judged = Judged { maker: Some(maker.into()), model: Some(model.into()), firmware, ..Judged::default() };
    let (packs, _) = imported(names);
    verdict(&judged, packs.iter().map(|taken| &taken.pack), today())
}

fn state(maker: &str, model: &str, version: &str, names: &[&str]) -> FirmwareState {
    judged(maker, model, version, names).state
}

#[test]
fn the_catalogue_of_the_exploited_only_marks() {
    let (packs, left_out) = imported(&["kev.json"]);
    let pack = &packs[0].pack;
    let rows: Vec<_> =
        pack.advisories.iter().map(|own| (own.id.as_str(), own.product.as_str(), own.has_versions())).collect();
    assert_eq!(
        rows,
        [
            ("CVE-2099-0001", "fortios", false),
            ("CVE-2099-0002", "cisco_ios", false),
            ("CVE-2099-0002", "cisco_iosxe", false),
            ("CVE-2099-0003", "cisco_iosxe", false),
            ("CVE-2099-0004", "fortios", false),
        ]
    );
    assert_eq!((pack.as_of.to_string().as_str(), pack.advisories[0].ransomware), ("2026-11-18", Some(true)));
    assert_eq!(pack.advisories[1].ransomware, None, "'Unknown' is not 'no'");
    assert_eq!(left_out[&LeftOut::OtherProduct].count, 2, "{left_out:?}");
    let alone = judged("Fortinet", "FortiGate-60F", "7.4.8", &["kev.json"]);
    assert_eq!((alone.state, alone.reasons[0].why), (FirmwareState::Unknown, "no_range"));
}

#[test]
fn a_cve_record_gives_ranges_and_settles_what_the_catalogue_marks() {
    let pack = only(&["cve-fortios.json"]);
    let advisory = &pack.advisories[0];
    assert_eq!((pack.pack_id.as_str(), pack.advisories.len()), ("cve-fortios", 1), "FortiProxy is another product");
    assert_eq!(
        advisory.affected[0],
        VersionRange { from: Some("6.4.0".into()), branch: Some("6.4".into()), ..VersionRange::default() }
    );
    assert_eq!((advisory.other_versions, advisory.kev_added), (OtherVersions::NotAffected, "2026-11-02".parse().ok()));
    let both = ["kev.json", "cve-fortios.json"];
    let fortigate = |version| state("Fortinet", "FortiGate-60F", version, &both[1..]);
    assert_eq!(fortigate("7.4.2"), FirmwareState::Affected);
    assert_eq!(fortigate("6.4.99"), FirmwareState::Affected);
    assert_eq!(fortigate("7.4.3"), FirmwareState::NotAffected);
    assert_eq!(fortigate("7.4.2,build9999 (special)"), FirmwareState::Unknown, "a special build may hold anything");
    assert_eq!(fortigate("7.4"), FirmwareState::Unknown);
    // CVE-2099-0004 is marked and has no versions: that alone keeps it from being all right.
    let verdict = judged("Fortinet", "FortiGate-60F", "7.4.3", &both);
    assert_eq!(verdict.state, FirmwareState::Unknown);
    assert_eq!(verdict.reasons[0].advisory_id.as_deref(), Some("CVE-2099-0004"));
}

#[test]
fn hotfixes_trains_editions_and_lists_are_read_as_the_makers_mean_them() {
    use FirmwareState::{Affected, Fixed, NotAffected, Unknown};
    for (maker, model, version, file, wanted) in [
        ("Palo Alto Networks", "PA-440", "10.2.9", "cve-panos.json", Affected),
        ("Palo Alto Networks", "PA-440", "10.2.9-h1", "cve-panos.json", Fixed),
        ("Palo Alto Networks", "PA-440", "10.2.8-h4", "cve-panos.json", Fixed),
        ("Palo Alto Networks", "PA-440", "10.2.8-h2", "cve-panos.json", Affected),
        ("Palo Alto Networks", "PA-440", "11.1.0", "cve-panos.json", NotAffected),
        ("Palo Alto Networks", "PA-440", "10.2.9-c1", "cve-panos.json", Unknown),
        ("Ivanti", "ISA6000", "22.7R2.4", "cve-ivanti.json", Affected),
        ("Ivanti", "ISA6000", "22.7R2.5", "cve-ivanti.json", Fixed),
        ("Ivanti", "ISA6000", "9.1R18.9", "cve-ivanti.json", Fixed),
        ("Ivanti", "ISA6000", "22.8R1", "cve-ivanti.json", Unknown),
        ("Citrix", "NetScaler VPX", "NS13.1: Build 48.47.nc", "cve-netscaler.json", Affected),
        ("Citrix", "NetScaler VPX", "13.1-49.13", "cve-netscaler.json", NotAffected),
        ("Citrix", "NetScaler VPX", "13.1-37.160 FIPS", "cve-netscaler.json", NotAffected),
        ("Citrix", "NetScaler VPX", "13.1-37.150 FIPS", "cve-netscaler.json", Affected),
        ("Citrix", "NetScaler VPX", "13.1-37.160", "cve-netscaler.json", Unknown),
        ("Cisco", "ASA5516", "9.12(4)67", "cve-asa.json", Affected),
        ("Cisco", "ASA5516", "9.12(4)68", "cve-asa.json", Unknown),
        ("I-O DATA", "UD-LT1", "2.1.8", "cve-jpcert.json", Affected),
        ("I-O DATA", "UD-LT1", "2.2.0", "cve-jpcert.json", Unknown),
        ("Century Systems", "NXR-1300", "7.4.9", "cve-jpcert.json", Affected),
        ("Century Systems", "FutureNet NXR-1300/LW", "7.4.8", "cve-jpcert.json", Affected),
        ("Century Systems", "NXR-1300", "6.4.9", "cve-jpcert.json", Unknown),
        ("Century Systems", "NXR-650", "21.1.0", "cve-jpcert.json", Unknown),
        ("Century Systems", "NXR-120", "5.0.0", "cve-jpcert.json", Unknown),
    ] {
        assert_eq!(state(maker, model, version, &[file]), wanted, "{maker} {model} {version}");
    }
}

#[test]
fn what_is_not_read_is_counted_and_says_less() {
    let (packs, left_out) = imported(&["cve-jpcert.json", "cve-rejected.json"]);
    assert_eq!(left_out[&LeftOut::NotPublished].examples, ["CVE-2099-0015"]);
    assert!(left_out[&LeftOut::VersionUnclear].examples[0].starts_with("CVE-2099-0014 nxr"), "{left_out:?}");
    let nxr = packs.iter().find(|taken| taken.pack.pack_id == "cve-nxr").unwrap();
    assert_eq!(
        nxr.pack.advisories.iter().map(|own| own.models[0].as_str()).collect::<Vec<_>>(),
        ["NXR-1300*", "NXR-650"]
    );
    assert_eq!(nxr.pack.as_of.to_string(), "2026-11-15", "the newest record says how new the list is");
}

#[test]
fn ends_of_support_are_read_in_both_shapes() {
    let (packs, _) = imported(&["endoflife.json"]);
    assert_eq!((packs[0].pack.pack_id.as_str(), packs[0].whole), ("endoflife-fortios", true));
    let fortigate = |version| judged("Fortinet", "FortiGate-60F", version, &["endoflife.json"]);
    assert_eq!(fortigate("7.0.17").state, FirmwareState::EndOfLife);
    let supported = fortigate("7.6.1");
    assert_eq!((supported.state, supported.reasons[0].why), (FirmwareState::Unknown, "still_supported"));
    // The older list does not say of which day it is.
    let (name, text) = FIXTURES[9];
    let refusal = Import::begin(None, today()).file(name, "", text.as_bytes()).unwrap_err();
    assert!(refusal.detail.contains("--as-of"), "{}", refusal.detail);
    let mut import = Import::begin(Some("2026-11-01".parse().unwrap()), today());
    import.file(name, &"0".repeat(64), text.as_bytes()).unwrap();
    let (packs, _) = import.finish().unwrap();
    let ends: Vec<_> = packs[0].pack.end_of_life.iter().map(|end| (end.ends_on.is_some(), end.ended)).collect();
    assert_eq!(ends, [(true, None), (false, Some(true))]);
}

#[test]
fn alerts_of_ipa_mark_in_both_shapes() {
    let pack = only(&["alerts.xml"]);
    let own = &pack.advisories[0];
    assert_eq!((own.id.as_str(), own.product.as_str(), pack.advisories.len()), ("CVE-2099-0020", "sonicos", 1));
    assert_eq!(own.jvn_id.as_deref(), Some("JVNDB-2099-000001"));
    assert_eq!(
        (own.link.as_deref(), pack.as_of.to_string()),
        (Some("https://www.ipa.go.jp/security/EXAMPLE-1.html"), "2026-11-17".into())
    );
    let pack = only(&["alerts.json"]);
    let ids: Vec<_> = pack.advisories.iter().map(|own| (own.id.as_str(), own.product.as_str())).collect();
    assert_eq!(ids, [("CVE-2099-0022", "nxr"), ("CVE-2099-0023", "nxr")]);
}

#[test]
fn an_archive_is_read_file_by_file_and_a_strange_file_in_it_is_counted() {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, text) in [FIXTURES[1], FIXTURES[2], ("notes.txt", "x"), ("broken.json", "{"), ("other.json", "{}")] {
        zip.start_file(format!("cves/{name}"), options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    let mut import = Import::begin(None, today());
    import.archive("cves.zip", &"0".repeat(64), Cursor::new(&bytes)).unwrap();
    let (packs, left_out) = import.finish().unwrap();
    assert_eq!(packs.iter().map(|taken| taken.pack.pack_id.as_str()).collect::<Vec<_>>(), ["cve-fortios", "cve-panos"]);
    assert_eq!((left_out[&LeftOut::OtherFile].count, left_out[&LeftOut::Unreadable].count), (2, 1));
    assert_eq!(packs[0].pack.files[0].name, "cves.zip");
    let half = &bytes[..bytes.len() / 2];
    let refusal = Import::begin(None, today()).archive("cves.zip", "", Cursor::new(half)).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::FirmwareFileMalformed);
}

#[test]
fn a_part_of_a_source_takes_nothing_away_and_keeps_the_days_apart() {
    let before = only(&["cve-fortios.json"]);
    let mut later = before.clone();
    later.as_of = today();
    later.advisories[0].id = "CVE-2099-0030".into();
    let both = merged(&before, later.clone());
    let days: Vec<_> =
        both.advisories.iter().map(|own| (own.id.as_str(), own.as_of.map(|day| day.to_string()))).collect();
    assert_eq!(days, [("CVE-2099-0001", Some("2026-11-10".into())), ("CVE-2099-0030", None)]);
    // An older file after a newer one: the pack stays of the newer day, and what is older says so.
    let turned = merged(&later, before);
    assert_eq!((turned.as_of, turned.advisories[0].as_of), (today(), "2026-11-10".parse().ok()));
    crate::intake::firmware::checked(&turned, today()).unwrap();
}

#[test]
fn what_is_no_such_file_is_refused_by_name() {
    for (bytes, says) in [
        (&b"{}"[..], "of no kind that we read"),
        (b"\x00\x01", "expected value"),
        (b"<html></html>", "of no kind that we read"),
        (b"<feed><entry>", "does not say of which day"),
        (b"{\"catalogVersion\":1,\"vulnerabilities\":{}}", "day"),
        (b"{\"dataType\":\"CVE_RECORD\"}", "cveId"),
    ] {
        let refusal = Import::begin(None, today()).file("strange", "", bytes).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::FirmwareFileMalformed);
        assert!(refusal.detail.starts_with("strange: ") && refusal.detail.contains(says), "{}", refusal.detail);
    }
}
