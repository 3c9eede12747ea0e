//! What a sample host shows of remote-control software, and what cannot be seen.
//! It does not test the list itself.
//! Invariant tested: evidence names its source, and what was not looked at is not absent.

use super::*;
use crate::access::{Machine, RecordedHost};
use crate::collect::golden;
use daicho_schemas::batch::Outcome;

fn maintained() -> RecordedHost {
    golden::running(&RemoteToolsCollector, "maintained", Machine::default())
}

fn tools_of(collected: &Collected) -> BTreeMap<String, RemoteTool> {
    let tools = collected.items.iter().filter_map(|item| match item {
        Observation::RemoteTool(tool) => Some((tool.tool.clone(), tool.clone())),
        _ => None,
    });
    tools.collect()
}

#[test]
fn the_sample_gives_its_golden_from_documented_places_only() {
    let host = maintained();
    let collected = golden::check(&RemoteToolsCollector, "maintained", &host);
    assert_eq!((collected.outcome, collected.troubles), (Outcome::Complete, Vec::new()));
    golden::every_documented_place(&RemoteToolsCollector, &[&host]);
}

/// Running, starting by itself, only installed, removed: four different things.
#[test]
fn what_runs_is_told_from_what_sleeps_and_what_is_gone() {
    let tools = tools_of(&RemoteToolsCollector.collect(&maintained()));
    assert!(tools["anydesk"].is_awake() && tools["frp"].is_awake() && tools["openvpn"].is_awake());
    assert!(!tools["teamviewer"].is_awake(), "its unit is masked");
    assert!(!tools["xrdp"].is_awake(), "its unit is there and nothing wants it");
    assert!(!tools.contains_key("rustdesk"), "only its configuration is left");
    assert_eq!(tools["anydesk"].last_use_on.map(|day| day.to_string()).as_deref(), Some("2026-11-05"));
}

#[test]
fn names_of_people_in_a_log_do_not_leave() {
    let said = format!("{:?}", RemoteToolsCollector.collect(&maintained()));
    for private in ["someone", "123456789", "EXAMPLE-SECRET-1", "notty"] {
        assert!(!said.contains(private), "{private}: {said}");
    }
}

/// Processes of an image are not known; an unreadable folder of units may hide any of them.
#[test]
fn what_was_not_looked_at_is_not_absent() {
    let image = RecordedHost::image(golden::fixtures("remote_tools").join("maintained/root"));
    let collected = RemoteToolsCollector.collect(&image);
    assert_eq!((collected.outcome, collected.troubles[0].kind), (Outcome::Partial, TroubleKind::NotObservable));
    let closed = maintained().without_permission_for(&["/etc/systemd/system"]);
    let collected = RemoteToolsCollector.collect(&closed);
    assert_eq!((collected.outcome, collected.troubles[0].kind), (Outcome::Partial, TroubleKind::NotPermitted));
}

/// `ipsec.service` is Libreswan's, and a second name of strongSwan's on Debian.
#[test]
fn a_name_that_two_share_is_no_evidence_beside_one_that_shows_more() {
    let tools = list::tools().unwrap();
    let tool = |id: &str| tools.iter().find(|tool| tool.id == id).unwrap();
    let unit = |name: &str| ToolEvidence { sort: ToolEvidenceSort::Unit, name: name.into(), state: None };
    let shared = BTreeSet::from([unit("ipsec.service")]);
    let more = BTreeSet::from([unit("ipsec.service"), unit("strongswan-starter.service")]);
    let kept = |strongswan: &BTreeSet<ToolEvidence>| {
        let found = vec![(tool("libreswan"), shared.clone()), (tool("strongswan"), strongswan.clone())];
        told_apart(found).into_iter().map(|(tool, _)| tool.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(kept(&more), ["strongswan"]);
    assert_eq!(kept(&shared), ["libreswan", "strongswan"], "which of the two is not known");
}
