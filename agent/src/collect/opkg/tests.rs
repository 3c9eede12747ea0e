//! What the opkg collector makes of sound, damaged and hostile databases.
//! It does not know other collectors.
//! Invariant tested: good packages are kept, bad ones named, and a feed is named only for the very version it lists.

use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;
use std::fs;

#[test]
fn the_sample_gives_its_golden_from_documented_places_only() {
    let sample = golden::running(&OpkgCollector, "openwrt", Machine::default());
    let collected = golden::check(&OpkgCollector, "openwrt", &sample);
    assert_eq!((collected.outcome, collected.troubles.len()), (Outcome::Complete, 0));
}

#[test]
fn damaged_stanzas_are_named_and_an_empty_database_is_no_result() {
    let folder = tempfile::tempdir().unwrap();
    let collect = || OpkgCollector.collect(&RecordedHost::image(folder.path()));
    assert_eq!(collect().outcome, Outcome::NotApplicable);
    fs::create_dir_all(folder.path().join("opt/lib/opkg")).unwrap();
    let status = folder.path().join("opt/lib/opkg/status");
    fs::write(&status, "").unwrap();
    assert_eq!((collect().outcome, collect().troubles.len()), (Outcome::NotApplicable, 1));
    let sound = "Package: a\nVersion: 1\nStatus: install ok installed\nArchitecture: all\n\n";
    for bad in [
        "Package: ../../etc/passwd\nStatus: install ok installed\n\n",
        "Package: b\nVersion: 1\nStatus: install ok perhaps\n\n",
        "Package: b\nVersion: 1\n\n",
        "Package: b\nVersion: 1\nno field\nStatus: install ok installed\n\n",
        "Package: b\nVersion: 1\nStatus: install ok installed\n",
    ] {
        fs::write(&status, format!("{sound}{bad}")).unwrap();
        let keys: Vec<_> = collect().items.iter().map(Observation::key).collect();
        assert_eq!((collect().outcome, keys), (Outcome::Partial, vec!["opkg:a:all".to_owned()]), "{bad}");
        assert_eq!(collect().troubles[0].place, "/opt/lib/opkg/status:6", "{bad}");
    }
    let tricky = "Package: ../../../etc/passwd\nVersion: 1\nStatus: install ok installed\n\n";
    fs::write(&status, tricky).unwrap();
    let host = RecordedHost::image(folder.path());
    OpkgCollector.collect(&host);
    assert!(host.accesses().iter().all(|path| !path.contains("passwd")), "{:?}", host.accesses());
}
