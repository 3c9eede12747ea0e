//! Batches: as bytes over the wire, and as whole lives of agents that sign what they say.
//! It does not know HTTP. Invariant: a batch enters once; sent again it is found where it is.

use super::choices::Choices;
use super::scribe::{AGENTS, GOLDEN_BATCH, GOLDEN_PLAN, GOLDEN_SUPPLIER, Scribe, agent, check_refusal, key};
use super::ways;
use daicho::intake::keeper::Receipt;
use daicho::intake::submission::Submission;
use daicho_schemas::batch::{
    Applied, BATCH_FORMAT, Batch, Body, CollectorReport, Lost, Outcome, apply_report, state_digest,
};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::{AgentRevoked, CoverageChanged, FaultReported, Hearing};
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::fact::supplier::SupplierRecord;
use daicho_schemas::ids::{AgentId, CollectorId};
use daicho_schemas::sign::SignedBatch;
use daicho_schemas::text::Text;
use daicho_schemas::time::UtcMicros;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use serde_json::value::RawValue;

/// Steps of one life; a longer input says nothing new.
const STEPS_MAX: usize = 40;

/// The bytes of a request body, as they come (first byte even) or still to be packed (odd).
pub(super) fn wire(bytes: &[u8]) {
    let Some((mode, rest)) = bytes.split_first() else { return };
    let packed = if mode % 2 == 0 { rest.to_vec() } else { zstd::encode_all(rest, 1).unwrap() };
    let mut scribe = Scribe::new();
    hand_over(&mut scribe, &packed, &agent(42));
    scribe.settle();
}

pub(super) fn wire_seeds() -> Vec<Vec<u8>> {
    let text = GOLDEN_BATCH.as_bytes();
    vec![[&[1], text].concat(), [&[0][..], &zstd::encode_all(text, 3).unwrap()].concat()]
}

/// Hands a batch over, and once more if it entered.
fn hand_over(scribe: &mut Scribe, packed: &[u8], speaker: &AgentId) -> bool {
    let admitted = Submission::batch(packed, speaker).and_then(|submission| scribe.admit(submission));
    match admitted {
        Err(refusal) => check_refusal(&refusal),
        Ok(Receipt::Appended { seq }) => {
            let again = Submission::batch(packed, speaker).and_then(|submission| scribe.admit(submission));
            assert_eq!(again, Ok(Receipt::AlreadyThere { seq }), "a batch that is sent again");
            return true;
        }
        Ok(_) => {}
    }
    false
}

/// A life: three agents report, plans and suppliers change, agents are revoked, in any order and partly wrongly.
pub(super) fn signed(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let mut scribe = Scribe::new();
    let mut numbers = [0_u64; AGENTS.len()];
    for _ in 0..STEPS_MAX {
        if choices.is_empty() {
            break;
        }
        let place = choices.below(3);
        match choices.below(10) {
            0 => state(&mut scribe, plan(&mut choices)),
            1 => state(&mut scribe, supplier(&mut choices)),
            2 => {
                let fact = decided(&mut choices, AGENTS[place], scribe.now);
                state(&mut scribe, fact);
            }
            4 => {
                let seq = u64::from(choices.byte()) % 40;
                if let Err(refusal) = scribe.state_as_person(ways::stated(&mut choices, seq)) {
                    check_refusal(&refusal);
                }
            }
            3 => scribe.now = scribe.now.plus_seconds(i64::from(choices.byte()) * 3600),
            _ => {
                let batch = batch(&mut choices, &scribe, AGENTS[place], numbers[place] + 1);
                let number = batch.number;
                let text = serde_json::to_string(&batch).unwrap();
                let signed = SignedBatch::sign(RawValue::from_string(text).unwrap(), &key(AGENTS[place]));
                let packed = zstd::encode_all(serde_json::to_vec(&signed).unwrap().as_slice(), 1).unwrap();
                if hand_over(&mut scribe, &packed, &agent(AGENTS[place])) {
                    numbers[place] = number;
                }
            }
        }
    }
    scribe.settle();
}

pub(super) fn signed_seeds() -> Vec<Vec<u8>> {
    // Any bytes are a life. Rows of every step, and a mixture.
    let mixed: Vec<u8> = (0..600_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let mut seeds: Vec<Vec<u8>> = (0..10_u8).map(|step| [0, step, 1, 1, 0, 2, step, 3].repeat(12)).collect();
    seeds.extend(mixed.chunks(150).map(<[u8]>::to_vec));
    seeds
}

fn state(scribe: &mut Scribe, fact: Fact) {
    if let Err(refusal) = scribe.state(fact) {
        check_refusal(&refusal);
    }
}

fn plan(choices: &mut Choices) -> Fact {
    let mut plan: Plan = serde_json::from_str(GOLDEN_PLAN).unwrap();
    plan.equipment.hosts = (0..choices.below(3)).map(|_| choices.text()).collect();
    plan.parts.iter_mut().for_each(|part| part.covers = vec![choices.text()]);
    if choices.rarely(3) {
        plan.parts.clear();
    }
    if choices.rarely(3) {
        plan.remote_paths.iter_mut().for_each(|path| path.interface = choices.text());
    }
    if choices.rarely(4) {
        plan.plan_id = daicho_schemas::ids::PlanId::new("plan-2").unwrap();
    }
    Fact::Plan(plan)
}

fn supplier(choices: &mut Choices) -> Fact {
    let mut record: SupplierRecord = serde_json::from_str(GOLDEN_SUPPLIER).unwrap();
    record.recognise.package_origins = vec![choices.text()];
    record.recognise.vendor_strings = vec![choices.text()];
    record.recognise.maintainer_domains = vec![choices.text()];
    record.recognise.os_ids = vec![choices.text()];
    Fact::Supplier(record)
}

fn decided(choices: &mut Choices, about: u8, now: UtcMicros) -> Fact {
    let agent_id = agent(about);
    match choices.below(4) {
        0 => Fact::AgentRevoked(AgentRevoked { agent_id, reason: choices.text() }),
        1 => Fact::FaultReported(FaultReported {
            what: Text::new(choices.text(), choices.text()),
            done: Text::same(choices.text()),
        }),
        turn => {
            let hearing = if turn == 2 { Hearing::Silent } else { Hearing::Heard };
            Fact::CoverageChanged(CoverageChanged { agent_id, hearing, last_heard_at: now })
        }
    }
}

/// A batch that is mostly right: its differences start from what the ledger has, and its digests are true.
fn batch(choices: &mut Choices, scribe: &Scribe, speaker: u8, number: u64) -> Batch {
    let collectors = ["dpkg", "operating_system", "network_interfaces", "apt_index", "devices_probed"];
    let first = choices.below(5);
    let count = choices.below(3);
    let mut reports: Vec<CollectorReport> =
        (0..=count).map(|at| report(choices, scribe, speaker, collectors[(first + at) % 5])).collect();
    if choices.rarely(12) {
        reports.push(reports[0].clone());
    }
    let at = scribe.now.plus_seconds(if choices.rarely(16) { 400 } else { 0 });
    let lost = choices.rarely(8).then(|| Lost { first_number: 1, last_number: number, reason: choices.text() });
    let number = number + u64::from(choices.rarely(8)) * u64::from(choices.byte());
    let agent_id = agent(if choices.rarely(16) { 99 } else { speaker });
    Batch { format: BATCH_FORMAT.into(), agent_id, number, started_at: at, finished_at: at, reports, lost }
}

fn report(choices: &mut Choices, scribe: &Scribe, speaker: u8, collector: &str) -> CollectorReport {
    let collector = CollectorId::new(collector).unwrap();
    let known = scribe.model.agreed_items(&agent(speaker), &collector).unwrap_or_default();
    let outcome = [Outcome::Complete, Outcome::Complete, Outcome::Partial, Outcome::Failed, Outcome::NotApplicable]
        [choices.below(5)];
    let says_nothing = matches!(outcome, Outcome::Failed | Outcome::NotApplicable) && !choices.rarely(8);
    let count = if says_nothing { 0 } else { choices.below(5) };
    let items = (0..count).map(|_| choices.observation()).collect();
    let body = if choices.byte().is_multiple_of(2) {
        Body::Full { items }
    } else {
        let gone = match known.keys().nth(choices.below(4)) {
            Some(key) if outcome == Outcome::Complete => vec![key.clone()],
            _ => Vec::new(),
        };
        let base = if choices.rarely(12) { Hash::ZERO } else { state_digest(&collector, &known) };
        Body::Delta { base, put: items, gone }
    };
    let troubles = (0..choices.below(2)).map(|_| Trouble::new(TroubleKind::Missing, choices.text(), choices.text()));
    let troubles = troubles.collect();
    let sources = vec![choices.text()];
    let mut report = CollectorReport { collector, outcome, sources, troubles, body, digest: Hash::ZERO };
    if let Ok(Applied::State(state)) = apply_report(&known, &report)
        && !choices.rarely(16)
    {
        report.digest = state_digest(&report.collector, &state);
    }
    report
}
