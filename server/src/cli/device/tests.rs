//! Which id an imported device gets, and readings that were taken elsewhere.

use super::*;
use crate::model::testing::reading;

#[test]
fn a_device_is_called_by_its_name_or_else_by_maker_and_serial_number() {
    let mut own = reading("S1", &[]);
    own.identity.name = Some("Gate-1".into());
    assert_eq!(own_id(&own).unwrap().as_str(), "gate-1");
    own.identity.name = Some("受付 ルーター".into());
    assert_eq!(own_id(&own).unwrap().as_str(), "yamaha-s1");
    own.identity.serial = None;
    assert_eq!(own_id(&own), None);
    own.identity.name = Some("seen-0123".into());
    assert_eq!(own_id(&own), None, "ids that begin so are given by the ledger");
}

#[test]
fn readings_of_another_machine_are_taken_as_they_are_and_other_json_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("readings.json");
    let own = Readings { format: READINGS_FORMAT.into(), readings: vec![reading("S1", &[])] };
    std::fs::write(&path, serde_json::to_vec_pretty(&own).unwrap()).unwrap();
    assert_eq!(read(&path, None).unwrap(), own.readings);
    std::fs::write(&path, "{}").unwrap();
    let error = read(&path, None).unwrap_err();
    let refusal = error.downcast_ref::<Refusal>().unwrap();
    assert_eq!(refusal.code, RefusalCode::DeviceNotRead);
}

/// A few lines that two makers write alike are read once somebody says whose they are.
#[test]
fn a_family_that_is_named_is_believed_and_an_unknown_name_is_answered_with_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("part.txt");
    std::fs::write(&path, "hostname gw-1\ninterface GigabitEthernet0/1\n crypto map VPN\n").unwrap();
    assert!(read(&path, None).is_err(), "nothing in it is of one maker alone");
    let readings = read(&path, Some("cisco_ios")).unwrap();
    assert_eq!((readings[0].family.as_str(), readings[0].identity.name.as_deref()), ("cisco_ios", Some("gw-1")));
    let error = read(&path, Some("cisco")).unwrap_err();
    let refusal = error.downcast_ref::<Refusal>().unwrap();
    assert_eq!(refusal.code, RefusalCode::DeviceNotRead);
    for family in daicho_devices::families() {
        assert!(refusal.remedy.ja.contains(family) && refusal.remedy.en.contains(family), "{family}");
    }
}

#[test]
fn a_word_in_a_query_is_spelled_out() {
    assert_eq!(encoded("device:gw:tunnel 1").to_string(), "device%3Agw%3Atunnel%201");
}

#[test]
fn what_a_device_answered_is_told_with_what_it_rests_on_and_without_being_more_than_that() {
    let said = |value: &str, rung: &str| json!({ "value": value, "rung": rung });
    let probed = json!({ "address": "192.0.2.1", "asked_on": "2026-11-20", "answered": ["snmp_get", "tls"],
        "maker": said("Yamaha", "snmp_get"), "serial": said("S1", "banner_or_certificate") });
    let nothing = json!({ "address": "192.0.2.2", "asked_on": "2026-11-20", "answered": ["ssh"] });
    let device = json!({ "row": {}, "probed": [{ "probed": probed }],
        "perhaps": [{ "row": { "probed": nothing }, "mac": "00:00:5e:00:53:01" }] });
    let text = printed::device(&device, Language::En);
    assert!(text.contains("Yamaha [answer by SNMP], S1 [banner or certificate]"), "{text}");
    assert!(text.contains("nothing was recognised (perhaps of this device"), "{text}");
    assert!(printed::device(&device, Language::Ja).contains("問い合わせ 192.0.2.1 2026-11-20（SNMP GET, TLS）"));
}
