//! The oracle of the fold: a scripted ledger with every kind of turn, cut at every entry, folded from a snapshot and from
//! the first entry. It does not test single rules; it shows that no way of folding is different from another.
//! Invariant: snapshot and tail give the bytes and the answers that replaying everything gives.

mod script;

use super::findings::{At, Findings};
use super::prepared::{PreparedBatch, PreparedReport};
use super::queries::decisions::Asked;
use super::rules;
use super::testing::{Script, bytes, interface, package, plan};
use super::views::assets::Checked;
use super::views::drift::{Drift, Touched};
use super::{Event, Model};
use crate::ledger::entry::Author;
use daicho_schemas::batch::{Applied, Batch, Items, Outcome, apply_report, standing, state_digest};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::observation::InterfaceKind;
use daicho_schemas::ids::{AgentId, CollectorId};
use daicho_schemas::time::CalendarDate;
use proptest::prelude::*;
use script::{eventful, happens, told};
use std::collections::{BTreeMap, BTreeSet};

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens in whatever order: kept up to date equals built anew, and nothing is judged twice.
    #[test]
    fn any_ledger_folds_alike(steps in prop::collection::vec(any::<u16>(), 1..40)) {
        let mut script = Script::with_agent("tos-1");
        let mut slowly = Slowly::default();
        let mut resumed = Model::default();
        take(&mut resumed, &script.entries);
        for step in steps {
            let known = script.entries.len();
            happens(&mut script, step);
            for entry in &script.entries[known..] {
                slowly.assert_checks(&resumed, &entry.3);
                slowly.take(&entry.3);
                slowly.assert_same(&script.model);
            }
            take(&mut resumed, &script.entries);
            prop_assert_eq!(bytes(&resumed), bytes(&script.model));
            resumed = Model::read_snapshot(&mut bytes(&resumed).as_slice()).unwrap();
            let anew = Model { drift: Drift::rebuild(&script.model.state), state: script.model.state.clone() };
            prop_assert_eq!(answers(&script.model), answers(&anew));
            prop_assert_eq!(lines(&script.model), lines(&anew));
            prop_assert_eq!(open_ids(&script.model), open_ids_judged_anew(&anew));
        }
        script.assert_replay_is_idempotent();
    }
}

/// How many ledgers are made up: a few, or as many as `PROPTEST_CASES` asks for.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|asked| asked.parse().ok()).unwrap_or(96)
}

/// Every line as it reads, without numbers, which tell in which order things came.
fn lines(model: &Model) -> Vec<String> {
    let mut all = Vec::new();
    for (id, drift) in &model.drift.equipment {
        for line in drift.lines() {
            let components: Vec<_> = line.components.keys().map(|listed| listed.label.line()).collect();
            all.push(format!("{id} {:?} {:?} {:?} {components:?}", line.key, line.claim(), line.hosts));
        }
        all.push(format!(
            "{id} {:?} {:?} {:?} {:?}",
            drift.members,
            drift.declared,
            drift.counts(),
            drift.hosts_heard()
        ));
    }
    all
}

/// What stands and what is agreed, by the functions that agent and server share: the slow way that sets of numbers must equal.
#[derive(Default)]
struct Slowly {
    states: BTreeMap<(AgentId, CollectorId), [Items; 2]>,
    revoked: BTreeSet<AgentId>,
}

impl Slowly {
    fn take(&mut self, fact: &Fact) {
        if let Fact::AgentRevoked(revoked) = fact {
            self.revoked.insert(revoked.agent_id.clone());
        }
        let Fact::Batch(signed) = fact else { return };
        let batch: Batch = serde_json::from_str(signed.batch.get()).unwrap();
        if self.revoked.contains(&batch.agent_id) {
            return;
        }
        for report in &batch.reports {
            let known = self.states.entry((batch.agent_id.clone(), report.collector.clone())).or_default();
            let Applied::State(agreed) = apply_report(&known[1], report).unwrap() else { continue };
            *known = [standing(&known[0], &agreed, report.outcome), agreed];
        }
    }

    /// Before a batch is taken in, the model says of its reports what the slow way says.
    fn assert_checks(&self, model: &Model, fact: &Fact) {
        let Fact::Batch(signed) = fact else { return };
        let batch: Batch = serde_json::from_str(signed.batch.get()).unwrap();
        let nothing = Default::default();
        for (slow, fast) in batch.reports.iter().zip(PreparedBatch::read(signed).unwrap().reports) {
            let place = (batch.agent_id.clone(), slow.collector.clone());
            let [_, agreed] = self.states.get(&place).unwrap_or(&nothing);
            let other = PreparedReport { digest: Hash::ZERO, ..fast.clone() };
            let [said, otherwise] = [&fast, &other].map(|report| model.check_report(&batch.agent_id, report).unwrap());
            match apply_report(agreed, slow).unwrap() {
                Applied::OtherBase => assert_eq!(said, Checked::OtherBase),
                Applied::State(after) => {
                    let is_true = state_digest(&slow.collector, &after) == slow.digest;
                    assert_eq!(matches!(said, Checked::Fits { .. }), is_true, "{said:?}");
                    assert_eq!(otherwise, Checked::OtherDigest);
                }
            }
        }
    }

    fn assert_same(&self, model: &Model) {
        for ((agent, collector), [stands, agreed]) in &self.states {
            assert_eq!(model.standing_items(agent, collector).as_ref(), Some(stands));
            assert_eq!(model.agreed_items(agent, collector).as_ref(), Some(agreed));
            let known = model.state.assets.collector(model.state.agents.number(agent).unwrap(), collector).unwrap();
            assert_eq!(known.digest, state_digest(collector, agreed));
        }
    }
}

fn open_ids(model: &Model) -> Vec<String> {
    said(&model.state.findings)
}

/// Every open finding, without when it opened.
fn said(findings: &Findings) -> Vec<String> {
    let mut all: Vec<_> = findings.open().map(|(id, finding)| format!("{id} {:?}", finding.verdict)).collect();
    all.sort();
    all
}

/// What the rules say when everything is judged from nothing: the slow fold that the fast one must equal.
fn open_ids_judged_anew(model: &Model) -> Vec<String> {
    let mut findings = Findings::default();
    let touched = Touched::everything(&model.state, &model.drift);
    let at = At { seq: 1, received_at: "2026-11-21T03:00:00.000000Z".parse().unwrap() };
    rules::judge(&model.state, &model.drift, &mut findings, &touched, at);
    said(&findings)
}

fn answers(model: &Model) -> String {
    let today: CalendarDate = "2026-11-21".parse().unwrap();
    let equipment = model.equipment(today);
    let details: Vec<_> = equipment.iter().map(|row| model.equipment_detail(&row.equipment_id, today)).collect();
    let hosts: Vec<_> = model.hosts().iter().map(|row| model.host_detail(&row.agent_id)).collect();
    let components = model.components(&super::rows::ComponentQuery::default());
    let devices: Vec<_> = model.device_ids(None).iter().map(|id| model.device_detail(id, today)).collect();
    let paths = model.path_rows(&model.path_entries(&super::queries::remote_paths::PathQuery::default()), today);
    let ways = (devices, paths, model.remote_answers(None));
    serde_json::to_string(&(
        ways,
        details,
        hosts,
        components,
        model.findings(),
        model.duties().iter().map(|duty| (duty, model.duty_turns(&duty.duty_id))).collect::<Vec<_>>(),
        model.next_reminders(today.plus_days(9), 100),
        model.suppliers(),
        model.decisions_page(super::queries::Part::default(), Asked::Every),
        model.review_from(0, 100),
        model.plans(today),
        model.tickets(None, None).iter().map(|row| model.ticket_detail(&row.change_id, today)).collect::<Vec<_>>(),
    ))
    .unwrap()
}

fn take(model: &mut Model, entries: &[(u64, daicho_schemas::time::UtcMicros, Author, Fact)]) {
    for (seq, received_at, author, fact) in entries {
        model.apply(&Event { seq: *seq, received_at: *received_at, author, fact });
    }
}

#[test]
fn snapshot_and_tail_equal_a_full_replay_at_every_cut() {
    let script = eventful();
    let (whole, wanted) = (bytes(&script.model), answers(&script.model));
    for cut in 0..=script.entries.len() {
        let mut head = Model::default();
        take(&mut head, &script.entries[..cut]);
        let mut resumed = Model::read_snapshot(&mut bytes(&head).as_slice()).unwrap();
        assert_eq!(bytes(&resumed), bytes(&head), "a snapshot at {cut} reads back as it was written");
        assert_eq!(answers(&resumed), answers(&head), "and answers alike at {cut}");
        take(&mut resumed, &script.entries[cut..]);
        assert_eq!(bytes(&resumed), whole, "cut at {cut}");
        assert_eq!(answers(&resumed), wanted, "cut at {cut}");
    }
}

#[test]
fn what_was_kept_up_to_date_equals_what_is_built_anew_after_every_entry() {
    let script = eventful();
    let mut model = Model::default();
    for entry in &script.entries {
        take(&mut model, std::slice::from_ref(entry));
        let anew = Model { drift: Drift::rebuild(&model.state), state: model.state.clone() };
        assert_eq!(answers(&model), answers(&anew), "after entry {}", entry.0);
        assert_eq!(lines(&model), lines(&anew), "after entry {}", entry.0);
        for (host, anew) in model.drift.hosts.iter().zip(anew.drift.hosts.iter()) {
            assert_eq!(host.ways, anew.ways, "after entry {}", entry.0);
        }
    }
}

#[test]
fn an_overlapping_tail_changes_nothing() {
    let script = eventful();
    script.assert_replay_is_idempotent();
}

#[test]
fn notices_are_the_same_however_often_asked_and_gone_once_told() {
    let mut script = eventful();
    assert_eq!(script.model.pending_notices(), []);
    script.interfaces(Outcome::Complete, &[interface("tun0", InterfaceKind::Tun)]);
    let pending = script.model.pending_notices();
    assert_eq!(script.model.pending_notices(), pending);
    let ours: Vec<_> =
        pending.iter().map(|notice| (notice.rule_id.as_str(), notice.caused_by_seq, notice.opening)).collect();
    assert_eq!(ours, [("remote_path_undeclared", script.seq(), 1)]);
    told(&mut script);
    assert_eq!(script.model.pending_notices(), []);
    script.interfaces(Outcome::Complete, &[]);
    let closed = script.model.pending_notices();
    assert_eq!(closed.iter().map(|notice| notice.caused_by_seq).collect::<Vec<_>>(), [script.seq()]);
}

#[test]
fn the_replacement_of_a_revoked_agent_takes_its_host_over() {
    let mut script = Script::with_agent("tos-1");
    script.plan(plan("plan-1", "tos").host("tos-1"));
    script.os_named("debian", "tos-1");
    script.dpkg(Outcome::Complete, &[package("old", "1", "x.example")]);
    script.revoke();
    assert!(script.open("undeclared_component").contains(&"old 1".to_string()), "revoking removes no machine");
    script.enrol("tos-1");
    script.os_named("debian", "tos-1");
    assert_eq!(script.open("undeclared_component"), ["debian system 12"], "the new agent speaks for the host now");
}

#[test]
fn agent_admission_queries_follow_the_batches() {
    let mut script = Script::with_agent("tos-1");
    script.dpkg(Outcome::Complete, &[package("bash", "5.2", "debian.org")]);
    let id = script.agent.clone();
    let dpkg = daicho_schemas::ids::CollectorId::new("dpkg").unwrap();
    let known = script.model.agreed_items(&id, &dpkg).unwrap();
    assert_eq!(known.get("deb:bash:amd64"), Some(&package("bash", "5.2", "debian.org").hash()));
    let digest = daicho_schemas::batch::state_digest(&dpkg, &known);
    assert_eq!(script.model.check_in_digest(&id), daicho_schemas::wire::check_in_digest([(&dpkg, &digest)]));
    let agent = script.model.agent(&id).unwrap();
    assert_eq!((agent.last_number, agent.recent(1).unwrap().seq), (1, script.seq()));
}

/// An agent that lost what it knew and cannot see everything agrees with the server again at once: nothing is taken for
/// gone, its differences go on from what it said last, and a complete look decides about the rest.
#[test]
fn a_partial_look_in_full_begins_anew_and_takes_nothing_away() {
    let mut script = Script::with_agent("tos-1");
    let (a, b, c) = (package("a", "1", "x.example"), package("b", "1", "x.example"), package("c", "1", "x.example"));
    let stands = |script: &Script| -> Vec<String> {
        let rows = script.model.components(&crate::model::rows::ComponentQuery::default()).unwrap();
        rows.items.into_iter().filter(|row| row.sort == "deb").map(|row| row.name).collect()
    };
    script.dpkg(Outcome::Complete, &[a.clone(), b.clone()]);
    script.dpkg(Outcome::Partial, std::slice::from_ref(&a));
    assert_eq!(stands(&script), ["a", "b"]);
    script.delta("dpkg", vec![c.observation()], &[]);
    assert_eq!(stands(&script), ["a", "c"], "the difference was complete: what it does not know is gone");
    let kept = Model::read_snapshot(&mut bytes(&script.model).as_slice()).unwrap();
    assert_eq!(bytes(&kept), bytes(&script.model));
    script.dpkg(Outcome::Failed, &[]);
    assert_eq!(stands(&script), ["a", "c"]);
    script.dpkg(Outcome::NotApplicable, &[]);
    assert_eq!(stands(&script), ["a", "c"]);
    let host = script.model.host_detail(&script.agent).unwrap();
    let dpkg = host.coverage.iter().find(|row| row.collector.as_str() == "dpkg").unwrap();
    assert_eq!((dpkg.outcome, dpkg.items), (Outcome::Failed, 2), "a source that vanished has failed us");
    script.dpkg(Outcome::Complete, &[]);
    assert_eq!(stands(&script), Vec::<String>::new());
}
