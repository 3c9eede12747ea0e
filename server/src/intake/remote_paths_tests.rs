//! What may be said of a remote path and of a vendor's answer, and what contradicts what is known.

use super::*;
use crate::model::testing::{Script, plan, reading, supplier, tunnel};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Role;
use serde_json::{Value, json};

fn terminal() -> (Script, Author) {
    let mut script = Script::with_agent("tos-1");
    script.supplier(supplier("vendor"));
    script.supplier(supplier("other"));
    script.plan(plan("plan-1", "tos").host("tos-1"));
    script.plan(plan("plan-2", "tos").entrustment().contractor("vendor"));
    script.plan(plan("plan-3", "gate"));
    script.device("gw", &reading("S1", &[tunnel("tunnel 1")]), json!({}));
    let aoi = script.person("aoi", Role::Operator);
    (script, aoi)
}

fn with(mut all: Value, more: &Value) -> Value {
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

fn path(more: Value) -> RemotePathRecorded {
    let all = json!({
        "remote_path_id": "caterer", "enters": { "device_way_in": { "device_id": "gw", "way_in": "tunnel 1" } },
        "equipment_id": "tos", "supplier_id": "vendor", "on": "2026-11-21",
    });
    serde_json::from_value(with(all, &more)).unwrap()
}

#[test]
fn a_record_that_contradicts_what_is_known_is_refused_with_its_field() {
    let (mut script, aoi) = terminal();
    let today = "2026-11-21".parse().unwrap();
    let way =
        |device: &str, way: &str| json!({ "enters": { "device_way_in": { "device_id": device, "way_in": way } } });
    let cases = [
        (way("none", "tunnel 1"), RefusalCode::NotFound, "enters.device_id: none"),
        (way("gw", "tunnel 9"), RefusalCode::RemotePathWrong, "enters.way_in: 'tunnel 9' is none of tunnel 1"),
        (json!({ "supplier_id": "none" }), RefusalCode::SupplierUnknown, "supplier_id"),
        (json!({ "equipment_id": "none" }), RefusalCode::NotFound, "equipment_id"),
        (json!({ "contract": "none" }), RefusalCode::NotFound, "contract"),
        (json!({ "contract": "plan-1" }), RefusalCode::RemotePathWrong, "contract: plan-1 is a plan of installation"),
        (json!({ "contract": "plan-2", "equipment_id": "gate" }), RefusalCode::RemotePathWrong, "contract"),
        (json!({ "contract": "plan-2", "supplier_id": "other" }), RefusalCode::RemotePathWrong, "contract"),
        (json!({ "on": "2026-11-22" }), RefusalCode::RemotePathWrong, "on"),
        (json!({ "removed_on": "2026-11-22" }), RefusalCode::RemotePathWrong, "removed_on"),
        (json!({ "target_on": "2026-11-20" }), RefusalCode::RemotePathWrong, "target_on"),
        (json!({ "log_review": { "by": " " } }), RefusalCode::RemotePathWrong, "log_review.by"),
        (json!({ "replaces": 3 }), RefusalCode::RemotePathMeanwhile, "replaces"),
    ];
    for (more, code, field) in cases {
        let refusal = recorded(&script.model, &aoi, &path(more), today).unwrap_err();
        assert_eq!(refusal.code, code, "{refusal}");
        assert!(refusal.detail.starts_with(field), "{} / {field}", refusal.detail);
    }
    assert!(recorded(&script.model, &aoi, &path(json!({ "contract": "plan-2" })), today).unwrap());
    script.push(aoi.clone(), Fact::RemotePath(path(json!({}))));
    assert!(!recorded(&script.model, &aoi, &path(json!({})), today).unwrap(), "it says nothing new");
    let again = path(json!({ "purpose": "保守" }));
    let refusal = recorded(&script.model, &aoi, &again, today).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::RemotePathMeanwhile);
    let again = RemotePathRecorded { replaces: Some(script.seq()), ..again };
    assert!(recorded(&script.model, &aoi, &again, today).unwrap());
    let second = path(json!({ "remote_path_id": "second" }));
    let refusal = recorded(&script.model, &aoi, &second, today).unwrap_err();
    assert!(refusal.detail.contains("'caterer' enters there already"), "{}", refusal.detail);
}

#[test]
fn an_answer_has_a_source_and_an_end() {
    let (mut script, aoi) = terminal();
    let today: CalendarDate = "2026-11-21".parse().unwrap();
    let answer = |more: Value| -> RemoteMaintenanceAnswered {
        let all = json!({ "supplier_id": "vendor", "equipment_id": "tos", "uses": false, "on": "2026-11-20",
            "valid_through": "2027-11-19", "answered_by": "保守部", "how": "form" });
        serde_json::from_value(with(all, &more)).unwrap()
    };
    for (more, field) in [
        (json!({ "answered_by": " " }), "answered_by"),
        (json!({ "on": "2026-11-22" }), "on"),
        (json!({ "valid_through": "2026-11-19" }), "valid_through"),
        (json!({ "replaces": 1 }), "replaces"),
    ] {
        let refusal = answered(&script.model, &aoi, &answer(more), today).unwrap_err();
        assert!(refusal.detail.starts_with(field), "{}", refusal.detail);
    }
    assert!(answered(&script.model, &aoi, &answer(json!({})), today).unwrap());
    script.push(aoi.clone(), Fact::RemoteMaintenanceAnswered(answer(json!({}))));
    assert!(!answered(&script.model, &aoi, &answer(json!({})), today).unwrap());
    let due = script.model.remote_days_ended("2027-11-20".parse().unwrap(), 10);
    assert!(are_due(&script.model, &due) && due.answer_seqs.len() == 1);
    script.push(Author::Server, Fact::RemoteDaysEnded(due.clone()));
    assert!(!are_due(&script.model, &due), "another server stated it meanwhile");
}
