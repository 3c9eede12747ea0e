//! Check lists over what agents read of accounts, protection and services: named beside the item, and never an answer.
//! It does not know collectors. Invariant tested: what nobody looked at is missing, and no item is settled by a host.

use crate::model::queries::check_evidence::FromEvidence;
use crate::model::testing::{Script, plan, supplier};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::check_answer::{CheckAnswer, CheckedThing};
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::ids::EquipmentId;
use daicho_schemas::text::Text;
use serde_json::{Value, from_value, json};

fn script() -> Script {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("debian"));
    script.plan_as(plan("plan-1", "tos").host("tos-1").host("tos-2").build());
    script.os_named("debian", "tos-1");
    script
}

fn evidence(script: &Script, item: &str) -> FromEvidence {
    let list = if item.starts_with("water") { "water-standard" } else { "hospital-check-list" };
    let about = CheckedThing::Equipment(EquipmentId::new("tos").unwrap());
    let sheet = script.model.check_sheet(list, &about, "2026-11-22".parse().unwrap()).unwrap();
    let row = sheet.items.into_iter().find(|row| row.item.item_id == item).unwrap();
    let evidence = row.evidence.unwrap();
    assert_eq!(evidence.answer, CheckAnswer::Unknown, "{item} is for a person");
    evidence
}

fn en(texts: &[Text]) -> String {
    texts.iter().map(|text| text.en.clone()).collect::<Vec<_>>().join("; ")
}

fn seen(kind: &str, mut body: Value) -> Observation {
    body.as_object_mut().unwrap().insert("kind".into(), kind.into());
    from_value(body).unwrap()
}

fn account(uid: u32, name: Option<&str>, password: &str, last: Value, rights: Value) -> Observation {
    let mut body = json!({ "uid": uid, "sort": if name.is_some() { "system" } else { "person" }, "has_shell": true,
        "password": password, "last_login": last, "ssh_keys": 0, "rights": rights });
    if let Some(name) = name {
        body.as_object_mut().unwrap().insert("name".into(), name.into());
    }
    seen("account.v1", body)
}

fn with_accounts() -> Script {
    let mut script = script();
    let all = json!([{ "place": "/etc/sudoers:4", "every_command": true }]);
    let on = |day: &str| json!({ "known": "on", "on": day, "by": "lastlog" });
    let items = vec![
        account(0, Some("root"), "set", on("2026-11-21"), json!([])),
        account(1000, None, "set", on("2026-10-01"), all),
        account(1001, None, "set", json!({ "known": "never", "by": "lastlog" }), json!([])),
        account(1002, None, "locked", json!({ "known": "unknown" }), json!([])),
        account(1003, None, "empty", json!({ "known": "unknown" }), json!([])),
    ];
    script.report("accounts", Outcome::Complete, items);
    script
}

#[test]
fn a_host_that_nobody_looked_at_is_missing() {
    let script = script();
    for item in
        ["hospital-2-4", "hospital-2-5", "hospital-2-6", "hospital-2-9", "water-antivirus", "water-authentication"]
    {
        let missing = en(&evidence(&script, item).missing);
        assert!(missing.contains("tos-1: its agent reports nothing of"), "{item}: {missing}");
        assert!(missing.contains("1 hosts of the plan are not reported"), "{item}: {missing}");
    }
}

#[test]
fn accounts_that_can_be_used_are_named_with_the_longest_unused_first() {
    let script = with_accounts();
    let because = en(&evidence(&script, "hospital-2-5").because);
    let wanted = "tos-1: 4 accounts can log in: uid:1001 never, uid:1000 last on 2026-10-01 (52 days ago), \
                  root last on 2026-11-21 (1 days ago), uid:1003 last use unknown";
    assert!(because.contains(wanted), "{because}");
    assert!(!because.contains("uid:1002"), "a locked account without a key cannot be used");
    let because = en(&evidence(&script, "hospital-2-4").because);
    assert!(because.contains("may do everything: ") && because.contains("uid:1000 (/etc/sudoers:4)"), "{because}");
    assert!(because.contains("root") && !because.contains("uid:1001"), "{because}");
    let missing = en(&evidence(&script, "water-authentication").missing);
    assert!(missing.contains("tos-1: accounts that ask for no password: uid:1003"), "{missing}");
}

#[test]
fn protection_is_named_with_its_day_and_what_is_not_known_is_missing() {
    let mut script = script();
    let of = |aspect: &str, subject: &str, more: Value| {
        let mut body = json!({ "aspect": aspect, "subject": subject, "read_from": ["/x"] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        seen("protection.v1", body)
    };
    let items = vec![
        of("antivirus", "clamav", json!({ "name": "ClamAV", "state": "running", "on": "2026-11-20" })),
        of("antivirus", "other", json!({ "state": "running" })),
        of("updates_pending", "apt", json!({ "count": 3, "on": "2026-11-19" })),
        of("updates_installed", "dpkg", json!({ "on": "2026-11-01" })),
        of("usb_storage", "udev", json!({ "state": "enabled" })),
    ];
    script.report("protection", Outcome::Complete, items);
    let antivirus = evidence(&script, "water-antivirus");
    assert!(en(&antivirus.because).contains("ClamAV runs, definitions of 2026-11-20 (2 days ago)"), "{antivirus:?}");
    assert!(en(&antivirus.missing).contains("other runs, day of its definitions unknown"), "{antivirus:?}");
    let updates = evidence(&script, "hospital-2-6");
    assert!(
        en(&updates.missing).contains("by the list of apt of 2026-11-19, 3 security updates are not installed"),
        "{updates:?}"
    );
    assert!(en(&updates.because).contains("packages were last updated on 2026-11-01"), "{updates:?}");
    assert!(en(&evidence(&script, "hospital-2-9").because).contains("a restriction is set (udev)"));
}

#[test]
fn the_end_of_support_is_named_with_its_source() {
    let mut script = script();
    let os = |version: &str| {
        seen(
            "operating_system.v1",
            json!({ "family": "linux", "hostname": "tos-1", "os_id": "debian", "name": "Debian",
            "version_id": version }),
        )
    };
    script.report("operating_system", Outcome::Complete, vec![os("13")]);
    let support = evidence(&script, "water-os-support");
    assert!(en(&support.because).contains("regular support until 2028-08-09 (distro-info-data"), "{support:?}");
    script.report("operating_system", Outcome::Complete, vec![os("9")]);
    let support = evidence(&script, "water-os-support");
    assert!(en(&support.missing).contains("support ended on 2020-07-18"), "{support:?}");
}

#[test]
fn services_made_on_the_host_are_named_first() {
    let mut script = script();
    let unit = |name: &str, state: &str, place: &str| {
        seen("service_unit.v1", json!({ "name": name, "state": state, "place": place }))
    };
    let items = vec![
        unit("cron.service", "enabled", "/usr/lib/systemd/system/cron.service"),
        unit("own.service", "enabled", "/etc/systemd/system/own.service"),
        unit("locked.service", "masked", "/etc/systemd/system/locked.service"),
    ];
    script.report("services", Outcome::Complete, items);
    let because = en(&evidence(&script, "hospital-2-12").because);
    assert!(because.contains("2 units start by themselves or run (own.service, cron.service), 0 jobs"), "{because}");
}
