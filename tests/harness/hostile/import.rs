//! Ledgers from elsewhere: an export as bytes, and facts that somebody linked properly without any admission.
//! It does not know files. Invariant: what was imported verifies, goes out as it came in, and folds without end or panic,
//! because a server starts from it.

use super::scribe::{GOLDEN_BATCH, GOLDEN_PLAN, GOLDEN_SUPPLIER, Scribe, agent, state_of};
use daicho::book::replay;
use daicho::ledger::chain::Head;
use daicho::ledger::engine::Engine as _;
use daicho::ledger::engines::memory::Memory;
use daicho::ledger::transfer::{ImportFault, export, import};
use daicho::ledger::verify::{verify_engine, verify_export};
use daicho::model::Model;
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::KINDS;

/// Facts of one made-up ledger; a longer input says nothing new.
const FACTS_MAX: usize = 30;

pub(super) fn lines(bytes: &[u8]) {
    let verified = verify_export(bytes, None, &mut |_| {}).unwrap();
    let engine = Memory::new();
    let imported = import(&engine, bytes, None, &mut |_| {});
    match &imported {
        Ok(imported) => {
            assert!(verified.is_right() || imported.final_newline_missing, "{verified:?}");
            assert_eq!(imported.head, verified.head);
        }
        Err(ImportFault::Bad(bad)) => {
            assert_eq!(verified.bad.as_ref().map(|bad| bad.seq), Some(bad.seq), "{bad:?}");
            assert!(!bad.text().ja.is_empty() && !bad.text().en.is_empty());
        }
        Err(fault) => panic!("{fault:?}"),
    }
    check(&engine, bytes);
}

/// What entered is the file up to the first bad place, is right, and folds.
fn check(engine: &Memory, bytes: &[u8]) {
    let head = engine.head();
    if head == Head::EMPTY {
        return;
    }
    let mut out = Vec::new();
    assert_eq!(export(engine, &mut out, &mut |_| {}).unwrap(), head);
    assert_eq!(out.iter().zip(bytes).position(|(a, b)| a != b), None, "it goes out as it came in");
    assert!(verify_engine(engine, Some(head.hash), &mut |_| {}).unwrap().bad.is_none());
    let (model, _) = replay(engine, Model::default(), Head::EMPTY).expect("what was imported can be folded");
    let kept = state_of(&model);
    let again = Model::read_snapshot(&mut kept.as_slice()).expect("and read");
    assert_eq!(state_of(&again), kept);
}

pub(super) fn lines_seeds() -> Vec<Vec<u8>> {
    let mut whole = Vec::new();
    export(&Scribe::new().engine, &mut whole, &mut |_| {}).unwrap();
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap();
    vec![whole[..=first].to_vec(), link(&linked_seeds()[0]), whole]
}

/// Rows of `kind number, author number, the fact's JSON`, one a line, linked as a ledger is.
pub(super) fn linked(bytes: &[u8]) {
    lines(&link(bytes));
}

fn link(bytes: &[u8]) -> Vec<u8> {
    let authors = [
        "server".to_string(),
        format!("agent:{}", agent(42)),
        format!("agent:{}", agent(43)),
        "person:admin".to_string(),
    ];
    let (mut out, mut prev, mut seq) = (Vec::new(), Hash::ZERO.to_string(), 0_u64);
    for row in bytes.split(|byte| *byte == b'\n').take(FACTS_MAX) {
        let [kind, author, fact @ ..] = row else { continue };
        let kind = KINDS[usize::from(*kind) % KINDS.len()];
        let author = &authors[usize::from(*author) % authors.len()];
        seq += 1;
        let time = format!("2026-11-21T{:02}:00:00.000000Z", seq % 24);
        let mut line = format!(
            r#"{{"seq":{seq},"received_at":"{time}","author":"{author}","kind":"{kind}","prev_hash":"{prev}","fact":"#
        )
        .into_bytes();
        line.extend_from_slice(fact);
        prev = Hash::of("daicho.entry.v1", &[&line]).to_string();
        line.extend_from_slice(format!(",\"entry_hash\":\"{prev}\"}}\n").as_bytes());
        out.extend(line);
    }
    out
}

pub(super) fn linked_seeds() -> Vec<Vec<u8>> {
    let enrolled = |number: u8, token: &str| {
        let agent = agent(number);
        format!(r#"{{"agent_id":"{agent}","public_key":"k","token_id":"{token}","hostname":"tos-db-1"}}"#)
    };
    let kind = |name: &str| u8::try_from(KINDS.iter().position(|kind| *kind == name).unwrap()).unwrap() + 33;
    let rows = [
        (kind("ledger_opened.v1"), r#"{"ledger_id":"00000000000000000000000000000000"}"#.to_string(), b' '),
        (kind("agent_enrolled.v1"), enrolled(42, "t1"), b' '),
        (kind("supplier.v1"), GOLDEN_SUPPLIER.to_string(), b'#'),
        (kind("plan.v1"), GOLDEN_PLAN.to_string(), b'#'),
        (kind("batch.v1"), GOLDEN_BATCH.to_string(), b'!'),
        (kind("agent_revoked.v1"), format!(r#"{{"agent_id":"{}","reason":"x"}}"#, agent(42)), b'#'),
        (kind("notices.v1"), include_str!("../../../schemas/golden/notices.v1.json").to_string(), b' '),
        (
            kind("coverage_changed.v1"),
            include_str!("../../../schemas/golden/coverage_changed.v1.json").to_string(),
            b' ',
        ),
        (kind("agent_enrolled.v1"), enrolled(43, "t1"), b' '),
    ];
    let bytes: Vec<Vec<u8>> =
        rows.iter().map(|(kind, fact, author)| [&[*kind, *author], fact.trim().as_bytes(), b"\n"].concat()).collect();
    vec![bytes.concat(), bytes[..4].concat(), bytes[2..].concat()]
}
