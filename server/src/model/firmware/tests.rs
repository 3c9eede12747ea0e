//! The verdict over all that is known: banks, models, days, and that nothing known is never "all right".

use super::verdict::{FirmwareState, Judged, Verdict, verdict};
use daicho_schemas::fact::device::{Answer, Firmware};
use daicho_schemas::fact::firmware::{FIRMWARE_PACK_FORMAT, FirmwarePack};
use serde_json::{Value, json};

fn pack(id: &str, as_of: &str, more: Value) -> FirmwarePack {
    let mut all = json!({ "format": FIRMWARE_PACK_FORMAT, "pack_id": id, "source": "test", "as_of": as_of, "confidence": "official" });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

fn yamaha(models: Value) -> FirmwarePack {
    pack(
        "yamaha",
        "2026-11-20",
        json!({ "advisories": [{ "id": "Y-1", "vendor": "Yamaha", "product": "yamaha_rt", "models": models,
        "affected": [{ "from": "15.02.01", "before": "15.02.31" }, { "before": "14.01.42" }],
        "fixed": ["15.02.31", "14.01.42"], "other_versions": "not_affected" }] }),
    )
}

fn device(maker: &str, model: Option<&str>, banks: &[(&str, Answer)]) -> Judged {
    let firmware =
        banks.iter().map(|(version, running)| Firmware { version: (*version).into(), build: None, running: *running });
    Judged { maker: Some(maker.into()), model: model.map(Into::into), firmware: firmware.collect(), family: None }
}

fn on(day: &str, judged: &Judged, packs: &[FirmwarePack]) -> Verdict {
    verdict(judged, packs.iter(), day.parse().unwrap())
}

const YES: Answer = Answer::Yes;

#[test]
fn without_knowledge_product_or_version_it_is_unknown() {
    let packs = [yamaha(json!([]))];
    for judged in [
        device("Yamaha", Some("RTX1210"), &[]),
        device("Cisco", Some("ASA5516"), &[("9.12(4)67", YES)]),
        device("Somebody", Some("Box"), &[("1.0", YES)]),
        device("Yamaha", None, &[("14.01.40", YES)]),
        Judged::default(),
    ] {
        let verdict = on("2026-11-21", &judged, &packs);
        assert_eq!((verdict.state, verdict.conditional), (FirmwareState::Unknown, false), "{judged:?}");
        assert!(!verdict.text.ja.is_empty() && !verdict.text.en.is_empty());
    }
}

#[test]
fn a_model_branch_says_nothing_of_another() {
    let packs = [yamaha(json!([]))];
    let state = |model, version| on("2026-11-21", &device("Yamaha", Some(model), &[(version, YES)]), &packs).state;
    assert_eq!(state("RTX1210", "Rev.14.01.40"), FirmwareState::Affected);
    assert_eq!(state("RTX1210", "Rev.14.01.42"), FirmwareState::Fixed);
    assert_eq!(state("RTX830", "Rev.15.02.30"), FirmwareState::Affected);
    assert_eq!(state("RTX1300", "Rev.23.00.05"), FirmwareState::Unknown, "23.00 is not newer than 15.02");
}

#[test]
fn models_are_told_apart_and_an_unnamed_one_is_unknown() {
    let packs = [yamaha(json!(["RTX12*"]))];
    let verdict = |model| on("2026-11-21", &device("Yamaha", Some(model), &[("14.01.40", YES)]), &packs);
    assert_eq!(verdict("RTX1210").state, FirmwareState::Affected);
    assert_eq!((verdict("NVR510").state, verdict("NVR510").reasons.len()), (FirmwareState::Unknown, 0));
    let named = Judged { family: Some("yamaha_rt".into()), ..device("Yamaha", None, &[("14.01.40", YES)]) };
    let unnamed = on("2026-11-21", &named, &packs);
    assert_eq!((unnamed.state, unnamed.reasons[0].why), (FirmwareState::Unknown, "model_unknown"));
}

#[test]
fn the_running_bank_counts_and_without_one_the_worst_with_an_if() {
    let packs = [yamaha(json!([]))];
    let state = |banks: &[(&str, Answer)]| {
        let verdict = on("2026-11-21", &device("Yamaha", Some("RTX1210"), banks), &packs);
        (verdict.state, verdict.conditional, verdict.banks.len(), verdict.text.en)
    };
    let (fixed, affected) = ("14.01.42", "14.01.40");
    let known = state(&[(fixed, YES), (affected, Answer::No)]);
    assert_eq!((known.0, known.1, known.2), (FirmwareState::Fixed, false, 1));
    let worst = state(&[(fixed, Answer::Unknown), (affected, Answer::Unknown)]);
    assert_eq!((worst.0, worst.1, worst.2), (FirmwareState::Affected, true, 2));
    assert!(worst.3.starts_with("if 14.01.40 is the one that runs"), "{}", worst.3);
    let not_it = state(&[(fixed, Answer::Unknown), (affected, Answer::No)]);
    assert_eq!((not_it.0, not_it.1, not_it.2), (FirmwareState::Fixed, true, 1));
}

#[test]
fn an_affected_version_is_affected_even_when_support_has_ended() {
    let ends = pack(
        "ends",
        "2026-11-01",
        json!({ "end_of_life": [
        { "vendor": "Yamaha", "product": "yamaha_rt", "models": ["RTX1200"], "ends_on": "2025-03-31" },
        { "vendor": "Yamaha", "product": "yamaha_rt", "branch": "14.01", "ends_on": "2027-03-31" }] }),
    );
    let packs = [yamaha(json!([])), ends];
    let verdict = |model, version, day| on(day, &device("Yamaha", Some(model), &[(version, YES)]), &packs);
    assert_eq!(verdict("RTX1210", "14.01.40", "2027-04-01").state, FirmwareState::Affected);
    assert_eq!(verdict("RTX1210", "14.01.42", "2027-03-31").state, FirmwareState::Fixed);
    assert_eq!(verdict("RTX1210", "14.01.42", "2027-04-01").state, FirmwareState::EndOfLife);
    assert_eq!(verdict("RTX1200", "10.01.71", "2026-11-21").state, FirmwareState::EndOfLife);
}

#[test]
fn a_verdict_carries_the_day_of_its_data_and_grows_stale() {
    let packs = [yamaha(json!([]))];
    let judged = device("Yamaha", Some("RTX1210"), &[("14.01.42", YES)]);
    for (day, stale) in [("2026-12-20", false), ("2026-12-21", true)] {
        let verdict = on(day, &judged, &packs);
        assert_eq!(
            (verdict.as_of, verdict.stale, verdict.reasons[0].stale),
            ("2026-11-20".parse().ok(), stale, stale),
            "{day}"
        );
    }
    // What is all right is only as fresh as the oldest that says so; what is affected, as what shows it.
    let older = pack(
        "old",
        "2025-01-01",
        json!({ "advisories": [{ "id": "Y-0", "vendor": "Yamaha", "product": "yamaha_rt",
        "affected": [{ "before": "14.01.20" }], "fixed": ["14.01.20"] }] }),
    );
    let both = [yamaha(json!([])), older];
    assert!(on("2026-11-21", &judged, &both).stale);
    let affected = device("Yamaha", Some("RTX1210"), &[("14.01.40", YES)]);
    assert!(!on("2026-11-21", &affected, &both).stale);
}

#[test]
fn an_operators_own_product_is_judged_by_maker_and_model() {
    let own = pack(
        "own",
        "2026-11-20",
        json!({ "advisories": [{ "id": "EX-1", "vendor": "Example Networks", "product": "example_os",
        "models": ["EG-100"], "affected": [{ "before": "2.1.9" }], "fixed": ["2.1.9"] }] }),
    );
    let state = |maker, model, version| {
        on("2026-11-21", &device(maker, Some(model), &[(version, YES)]), std::slice::from_ref(&own)).state
    };
    assert_eq!(state("Example Networks", "EG-100", "2.1.8"), FirmwareState::Affected);
    assert_eq!(state("Example Networks", "EG-100", "2.1.9"), FirmwareState::Fixed);
    assert_eq!(state("Example Networks", "EG-200", "2.1.8"), FirmwareState::Unknown);
    assert_eq!(state("Another", "EG-100", "2.1.8"), FirmwareState::Unknown);
    assert_eq!(state("Example Networks", "EG-100", "2.1.8b"), FirmwareState::Unknown);
}

#[test]
fn ios_and_ios_xe_are_told_apart_by_the_version_or_not_at_all() {
    let id =
        |version| super::products::of_device(Some("cisco_ios"), Some("Cisco"), None, Some(version)).map(|own| own.id);
    assert_eq!(id("15.2(7)E3"), Some("cisco_ios"));
    assert_eq!(id("17.9.4a"), Some("cisco_iosxe"));
    assert_eq!(id("3.16.4bS"), Some("cisco_iosxe"));
    assert_eq!(id("15.2"), None, "a configuration's `version 15.2` may be of either");
}

#[test]
fn what_contradicts_itself_is_unknown() {
    let both = pack(
        "both",
        "2026-11-20",
        json!({ "advisories": [{ "id": "B-1", "vendor": "Fortinet", "product": "fortios",
        "affected": [{ "from": "7.4.0", "through": "7.4.8" }], "not_affected": [{ "from": "7.4.5", "through": "7.4.5" }] }] }),
    );
    let state = |version| {
        on("2026-11-21", &device("Fortinet", Some("FGT60F"), &[(version, YES)]), std::slice::from_ref(&both)).state
    };
    assert_eq!(state("7.4.4"), FirmwareState::Affected);
    assert_eq!(state("7.4.5"), FirmwareState::Unknown);
    assert_eq!(state("7.4.9"), FirmwareState::Unknown, "the source says nothing of it");
}
