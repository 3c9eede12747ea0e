//! Files about firmware that a person downloads and hands in: the catalogue of the exploited, CVE records, alerts, ends of
//! support, packs, and archives of them. It does not know HTTP.
//! Invariant: whatever the bytes are, they become packs that can be admitted, written and read back, or are refused in words
//! that can be printed; and a verdict by any of them is reached and is never better than what was read.

use super::scribe::check_refusal;
use daicho::firmware::{Import, merged};
use daicho::intake::firmware::{checked, parse_pack};
use daicho::model::firmware::products::PRODUCTS;
use daicho::model::firmware::verdict::{FirmwareState, Judged, verdict};
use daicho_schemas::fact::device::{Answer, Firmware};
use daicho_schemas::fact::firmware::FirmwarePack;
use daicho_schemas::refusal::Refusal;
use std::io::Cursor;

const TODAY: &str = "2026-11-21";

pub(super) fn files(bytes: &[u8]) {
    let today = TODAY.parse().unwrap();
    let as_of = bytes.len().is_multiple_of(2).then_some(today);
    let taken = |take: fn(&mut Import, &[u8]) -> Result<(), Refusal>| {
        let mut import = Import::begin(as_of, today);
        match take(&mut import, bytes).and_then(|()| import.finish()) {
            Err(refusal) => check_refusal(&refusal),
            Ok((packs, _)) => packs.iter().for_each(|taken| holds(&taken.pack)),
        }
    };
    taken(|import, bytes| import.file("fortios.json", &"0".repeat(64), bytes));
    taken(|import, bytes| import.archive("cves.zip", &"0".repeat(64), Cursor::new(bytes)));
}

fn holds(pack: &FirmwarePack) {
    let today = TODAY.parse().unwrap();
    checked(pack, today).unwrap();
    assert_eq!(&parse_pack(&serde_json::to_vec(pack).unwrap()).unwrap(), pack);
    checked(&merged(pack, pack.clone()), today).unwrap();
    let bounds =
        pack.advisories.iter().flat_map(|own| own.affected.iter().flat_map(|range| [&range.from, &range.before]));
    let versions = bounds.flatten().chain(pack.advisories.iter().flat_map(|own| &own.fixed)).take(8);
    for version in versions.map(String::as_str).chain(["7.4.2", "15.2(7)E3", "not a version"]) {
        for product in PRODUCTS {
            let firmware = vec![Firmware { version: version.into(), build: None, running: Answer::Yes }];
            let judged = Judged { family: Some(product.id.into()), maker: None, model: None, firmware };
            let verdict = verdict(&judged, std::iter::once(pack), today);
            let good = matches!(verdict.state, FirmwareState::Fixed | FirmwareState::NotAffected);
            assert!(!good || !verdict.reasons.is_empty(), "all right because of nothing: {verdict:?}");
        }
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let fixtures: [&[u8]; 12] = [
        include_bytes!("../../../server/src/firmware/fixtures/kev.json"),
        include_bytes!("../../../server/src/firmware/fixtures/cve-fortios.json"),
        include_bytes!("../../../server/src/firmware/fixtures/cve-panos.json"),
        include_bytes!("../../../server/src/firmware/fixtures/cve-ivanti.json"),
        include_bytes!("../../../server/src/firmware/fixtures/cve-netscaler.json"),
        include_bytes!("../../../server/src/firmware/fixtures/cve-asa.json"),
        include_bytes!("../../../server/src/firmware/fixtures/cve-jpcert.json"),
        include_bytes!("../../../server/src/firmware/fixtures/endoflife.json"),
        include_bytes!("../../../server/src/firmware/fixtures/fortios.json"),
        include_bytes!("../../../server/src/firmware/fixtures/alerts.xml"),
        include_bytes!("../../../server/src/firmware/fixtures/alerts.json"),
        include_bytes!("../../../schemas/golden/firmware_knowledge.v1.json"),
    ];
    fixtures.map(<[u8]>::to_vec).into()
}
