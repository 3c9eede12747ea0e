//! Two days of one ledger give two answers, each for ever the same; and what is known today about a day is another question.
//! They do not test pages or commands. Invariant: what was asked for by day, instant and entry is one state.

use super::*;
use crate::ledger::engine::{EngineFault, Frame};
use crate::ledger::engines::memory::Memory;
use crate::ledger::entry::EntryDraft;
use crate::model::rows::ComponentQuery;
use crate::model::testing::{Script, bytes, package, plan, supplier};
use crate::past::kept::Past;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::Fact;
use daicho_schemas::ids::SupplierId;
use serde_json::json;
use std::sync::Arc;

/// A script's entries in a ledger.
pub(crate) fn ledger_of(script: &Script) -> Memory {
    let (engine, mut head) = (Memory::new(), Head::EMPTY);
    for (_, received_at, author, fact) in &script.entries {
        // Through its text, as every fact comes in.
        let raw = Fact::parse(fact.kind(), fact.to_raw().unwrap().get()).unwrap().to_raw().unwrap();
        let draft = EntryDraft { author: author.clone(), fact: fact.clone(), raw };
        let (entry, line) = Entry::link(head, *received_at, &draft).unwrap();
        engine.append(head, &[Frame { seq: entry.seq, hash: entry.entry_hash, line }]).unwrap();
        head = entry.head();
    }
    engine
}

fn now() -> UtcMicros {
    "2026-11-30T03:00:00.000000Z".parse().unwrap()
}

fn known(as_of: &str) -> Question {
    Question { as_of: as_of.parse().unwrap(), hindsight: false }
}

fn hindsight(as_of: &str) -> Question {
    Question { hindsight: true, ..known(as_of) }
}

fn ask(engine: &Memory, question: Question) -> Moment {
    at(engine, question, now(), &mut |_, _| ()).unwrap()
}

fn refused(engine: &Memory, question: Question) -> String {
    match at(engine, question, now(), &mut |_, _| ()) {
        Err(PastFault::Refused(refusal)) => refusal.detail,
        other => panic!("{other:?}"),
    }
}

fn record(as_of: &str, country: &str) -> daicho_schemas::fact::supplier::SupplierRecord {
    let mut record = supplier("vendor");
    record.as_of = as_of.parse().unwrap();
    record.country_of_law = Some(country.to_string().try_into().unwrap());
    record
}

fn country(moment: &Moment) -> Option<String> {
    let id = SupplierId::new("vendor").unwrap();
    moment.model.declarations().supplier_state(&id)?.record.country_of_law.as_ref().map(ToString::to_string)
}

/// The vendor is Japanese by the first record; on the 20th a record comes in that says that it was American since the 8th.
fn changed_supplier() -> Script {
    let mut script = Script::with_agent_on("tos-1", "2026-11-04");
    script.on("2026-11-05");
    script.supplier(record("2026-11-01", "JP"));
    script.plan(plan("plan-1", "tos").host("tos-1").part("app", "application", "vendor"));
    script.on("2026-11-10");
    script.dpkg(Outcome::Complete, &[package("foreign", "1", "unknown.example")]);
    script.on("2026-11-20");
    script.supplier(record("2026-11-08", "US"));
    script
}

#[test]
fn two_days_give_two_answers_and_hindsight_a_third() {
    let engine = ledger_of(&changed_supplier());
    let country = |question| country(&ask(&engine, question));
    assert_eq!(country(known("2026-11-09")).as_deref(), Some("JP"), "what the ledger knew then");
    assert_eq!(country(known("2026-11-20")).as_deref(), Some("US"));
    assert_eq!(country(hindsight("2026-11-09")).as_deref(), Some("US"), "what is known today about that day");
    assert_eq!(country(hindsight("2026-11-07")).as_deref(), Some("JP"), "the later record speaks of the 8th and after");
    let later = ask(&engine, hindsight("2026-11-09")).stand;
    assert!(later.hindsight && later.entries_later == 1, "{later:?}");
    assert!(later.text().en.contains("not what the ledger knew"), "{later:?}");
    // What agents saw on the 10th is no news about the 9th.
    let findings = |question| ask(&engine, question).model.findings_total(None, None);
    assert_eq!(findings(hindsight("2026-11-09")), findings(known("2026-11-09")));
    assert!(findings(known("2026-11-10")) > findings(known("2026-11-09")));
}

/// Decided on the 20th: the package was always of the vendor, and of somebody else since the 12th; the latter is taken back.
#[test]
fn a_decision_speaks_of_the_days_since_which_it_is_so() {
    let mut script = changed_supplier();
    script.supplier(supplier("other"));
    let foreign = || json!({ "name": "foreign" });
    script.decide("d1", foreign(), json!({ "supplier_id": "vendor" }));
    let since = json!({ "supplier_id": "other", "valid_from": "2026-11-12", "replaces": "d1" });
    script.decide("d2", foreign(), since);
    let supplied = |engine: &Memory, question| {
        let rows = ask(engine, question).model.components(&ComponentQuery::default()).unwrap().items;
        rows[0].supplier.supplier_id.as_ref().map(ToString::to_string)
    };
    let engine = ledger_of(&script);
    assert_eq!(supplied(&engine, known("2026-11-15")), None, "what the ledger knew then stays what it was");
    assert_eq!(supplied(&engine, hindsight("2026-11-10")).as_deref(), Some("vendor"));
    assert_eq!(supplied(&engine, hindsight("2026-11-15")).as_deref(), Some("other"));
    assert_eq!(supplied(&engine, known("2026-11-20")).as_deref(), Some("other"));
    script.withdraw("d2");
    let engine = ledger_of(&script);
    assert_eq!(supplied(&engine, hindsight("2026-11-15")), None, "nobody vouches for it any more");
    assert_eq!(supplied(&engine, hindsight("2026-11-10")).as_deref(), Some("vendor"));
}

#[test]
fn a_state_of_the_past_is_the_fold_of_its_entries_and_has_three_names() {
    let script = changed_supplier();
    let engine = ledger_of(&script);
    for (seq, received_at, ..) in &script.entries {
        let by_entry = ask(&engine, known(&seq.to_string()));
        let by_instant = ask(&engine, known(&received_at.to_string()));
        let (oracle, head) = book::fold_to(&engine, *seq).unwrap();
        assert_eq!(bytes(&by_entry.model), bytes(&oracle));
        assert_eq!((by_entry.stand.entry_seq, by_entry.stand.entry_hash), (head.seq, head.hash));
        assert_eq!(bytes(&by_instant.model), bytes(&by_entry.model));
        assert_eq!(by_instant.stand.day, received_at.date_in_japan());
    }
    let last = ask(&engine, known("2026-11-30"));
    assert_eq!(bytes(&last.model), bytes(&script.model));
    assert!(last.stand.day_not_over && last.stand.text().ja.contains("まだ終わっていません"));
}

#[test]
fn what_nobody_can_know_is_refused_in_words() {
    let script = changed_supplier();
    let engine = ledger_of(&script);
    assert!(refused(&engine, known("2026-12-01")).contains("after today"));
    assert!(refused(&engine, known("2026-11-30T03:00:00.000001Z")).contains("after now"));
    assert!(refused(&engine, known("2026-11-01")).contains("begins on"));
    assert!(refused(&engine, known("0")).contains("entries 1 to"));
    assert!(refused(&engine, known("99")).contains("entries 1 to"));
    for text in ["", "yesterday", "2026-02-30", "2026-11-21T12:00:00+09:00", "-1", "9999999999999999999"] {
        assert_eq!(text.parse::<AsOf>().unwrap_err().code, RefusalCode::AsOfWrong, "{text}");
    }
    // Before the ledger began, only hindsight can say something.
    assert_eq!(country(&ask(&engine, hindsight("2026-11-02"))).as_deref(), Some("JP"));
}

#[test]
fn a_report_that_was_on_its_way_speaks_of_its_own_time() {
    let mut script = Script::with_agent("tos-1");
    script.os("debian");
    let finished_at = match &script.entries.last().unwrap().3 {
        Fact::Batch(signed) => crate::model::prepared::PreparedBatch::read(signed).unwrap().finished_at,
        other => panic!("{other:?}"),
    };
    let engine = ledger_of(&script);
    let before = ask(&engine, known("1"));
    let stand = |end| {
        let located = Located { end, ..locate(&engine, hindsight("1"), now()).unwrap() };
        fold(&engine, &located, None, &mut |_, _| ()).unwrap().stand.entries_later
    };
    assert_eq!(before.stand.entry_seq, 1);
    assert_eq!([stand(finished_at), stand(finished_at.plus_seconds(-1))], [1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_share_one_fold_and_the_answer_is_kept() {
    let script = changed_supplier();
    let engine: Arc<dyn Engine> = Arc::new(ledger_of(&script));
    let past = Arc::new(Past::default());
    let mut asked = Vec::new();
    for _reader in 0..8 {
        let (past, engine, present) = (Arc::clone(&past), Arc::clone(&engine), script.model.clone());
        asked.push(tokio::spawn(async move { past.at(&engine, present, known("2026-11-09"), now()).await }));
    }
    for answer in asked {
        assert_eq!(country(&answer.await.unwrap().unwrap()).as_deref(), Some("JP"));
    }
    // The same state under another name, one that goes on from it, the present one, and a refusal.
    let ask = |question| past.at(&engine, script.model.clone(), question, now());
    let instant = ask(known("2026-11-09T03:00:00.000000Z")).await.unwrap();
    assert_eq!(instant.stand.as_of, "2026-11-09T03:00:00.000000Z");
    let later = ask(known("2026-11-10")).await.unwrap();
    assert_eq!(bytes(&later.model), bytes(&book::fold_to(engine.as_ref(), later.stand.entry_seq).unwrap().0));
    assert_eq!(bytes(&ask(known("2026-11-30")).await.unwrap().model), bytes(&script.model));
    assert!(matches!(ask(known("1999-01-01")).await, Err(PastFault::Refused(_))));
    past.tidy(now().plus_seconds(100_000));
    assert_eq!(country(&ask(hindsight("2026-11-09")).await.unwrap()).as_deref(), Some("US"));
}

/// A ledger that answers only when it is let.
struct Held {
    engine: Memory,
    open: std::sync::Mutex<bool>,
    opened: std::sync::Condvar,
}

impl Engine for Held {
    fn append(&self, expected: Head, frames: &[Frame]) -> Result<crate::ledger::engine::Appended, EngineFault> {
        self.engine.append(expected, frames)
    }

    fn read(&self, from_seq: u64, frames_max: usize, bytes_max: usize) -> Result<Vec<Frame>, EngineFault> {
        // Only a fold reads more than one.
        if frames_max > 1 {
            let open = self.open.lock().unwrap();
            // Whoever forgets to open does not hang the test.
            let patience = std::time::Duration::from_secs(60);
            drop(self.opened.wait_timeout_while(open, patience, |open| !*open).unwrap());
        }
        self.engine.read(from_seq, frames_max, bytes_max)
    }

    fn head(&self) -> Head {
        self.engine.head()
    }

    fn put_snapshot(&self, snapshot: &crate::ledger::engine::NewSnapshot<'_>) -> Result<(), EngineFault> {
        self.engine.put_snapshot(snapshot)
    }

    fn get_snapshot(&self) -> Result<Option<crate::ledger::engine::Snapshot>, EngineFault> {
        Ok(None)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_would_wait_long_is_told_and_one_too_many_is_asked_to_come_later() {
    let script = changed_supplier();
    let held = Arc::new(Held { engine: ledger_of(&script), open: false.into(), opened: std::sync::Condvar::new() });
    let engine: Arc<dyn Engine> = Arc::<Held>::clone(&held);
    let past = Past::answering_within(std::time::Duration::ZERO);
    let code = async |entry: u64| match past.at(&engine, Model::default(), known(&entry.to_string()), now()).await {
        Ok(moment) => Ok(moment.stand.entry_seq),
        Err(PastFault::Refused(refusal)) => Err(refusal.code),
        Err(fault) => panic!("{fault}"),
    };
    for entry in 1..=4 {
        assert_eq!(code(entry).await, Err(RefusalCode::AsOfPreparing), "{entry}");
    }
    assert_eq!(code(5).await, Err(RefusalCode::Overloaded));
    assert_eq!(code(1).await, Err(RefusalCode::AsOfPreparing), "the same question waits with the first one");
    *held.open.lock().unwrap() = true;
    held.opened.notify_all();
    let mut answer = Err(RefusalCode::AsOfPreparing);
    for _look in 0..1000 {
        answer = code(4).await;
        if answer.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(answer, Ok(4));
}
