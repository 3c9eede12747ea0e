//! What may enter of what other tools say, and what it comes to: a host of its own, marked, retired by complete lists only.

use super::*;

use crate::model::testing::{Script, package};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::Role;
use serde_json::{Value, json};

fn part(outcome: &str, names: &[&str]) -> Value {
    let items: Vec<Value> =
        names.iter().map(|name| serde_json::to_value(package(name, "1", "x.example").observation()).unwrap()).collect();
    json!({ "collector": "syft", "outcome": outcome, "sources": [], "troubles": [], "items": items })
}

fn said(more: Value) -> InventoryTold {
    let mut all = json!({ "host": "tos-1", "tool": "syft", "format": "syft_16", "said_at": "2026-11-20T00:00:00.000000Z",
        "sha256": "00".repeat(32), "bytes": 10, "parts": [part("complete", &["bash", "zsh"])] });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

fn now() -> UtcMicros {
    "2026-11-21T00:00:00.000000Z".parse().unwrap()
}

#[test]
fn it_enters_whole_within_limits_and_never_an_older_one() {
    let mut script = Script::with_agent("tos-1");
    let by = script.person("aoi", Role::Operator);
    let asked = |script: &Script, more: Value| told(&script.model, &by, &said(more), now());
    assert_eq!(asked(&script, json!({})).ok(), Some(true));
    let twice = part("complete", &["bash", "bash"]);
    for (more, field) in [
        (json!({ "host": " " }), "host"),
        (json!({ "host": "a\nb" }), "host"),
        (json!({ "tool": "x".repeat(300) }), "tool"),
        (json!({ "sha256": "00" }), "sha256"),
        (json!({ "said_at": "2026-11-22T00:00:00.000000Z" }), "said_at"),
        (json!({ "parts": [] }), "parts"),
        (json!({ "parts": [part("complete", &[]), part("complete", &[])] }), "parts: one source"),
        (json!({ "parts": [part("failed", &["bash"])] }), "parts: syft"),
        (json!({ "parts": [twice] }), "parts: syft: one item twice"),
        (json!({ "note": "x".repeat(5000) }), "note"),
    ] {
        let refused = asked(&script, more).unwrap_err();
        assert!(refused.detail.starts_with(field), "{field}: {refused:?}");
    }
    script.push(by.clone(), Fact::InventoryTold(said(json!({}))));
    assert_eq!(asked(&script, json!({})).ok(), Some(false), "it says nothing new");
    assert_eq!(asked(&script, json!({ "sha256": "11".repeat(32) })).ok(), Some(true));
    let older = json!({ "said_at": "2026-11-19T00:00:00.000000Z", "sha256": "11".repeat(32) });
    assert!(asked(&script, older).unwrap_err().detail.contains("older"));
    let nobody = script.person("eye", Role::Auditor);
    assert_eq!(told(&script.model, &nobody, &said(json!({})), now()).unwrap_err().code, RefusalCode::NotAllowed);
}

#[test]
fn it_stands_beside_the_agents_host_and_only_a_whole_list_takes_away() {
    let mut script = Script::with_agent("tos-1");
    let by = script.person("aoi", Role::Operator);
    script.dpkg(Outcome::Complete, &[package("bash", "1", "x.example")]);
    let tell = |script: &mut Script, outcome: &str, names: &[&str]| {
        script.push(by.clone(), Fact::InventoryTold(said(json!({ "parts": [part(outcome, names)] }))));
        let rows = script.model.hosts();
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert_eq!((rows[0].told.is_none(), rows[0].components), (true, 1), "the agent's own host is as it was");
        assert_eq!(rows[1].told.as_ref().map(|told| told.tool.as_str()), Some("syft"));
        assert_eq!(rows[1].hostname.as_deref(), Some("tos-1"));
        assert!(rows[1].agent_id.as_str().starts_with("told-"));
        rows[1].components
    };
    assert_eq!(tell(&mut script, "complete", &["bash", "zsh"]), 2);
    assert_eq!(tell(&mut script, "partial", &["vim"]), 3, "absent is not gone");
    assert_eq!(tell(&mut script, "complete", &["vim"]), 1);
}
