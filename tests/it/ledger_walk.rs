//! The walk over a ledger, and the way out and in: every change is found, and every engine gives the same lines and head.
//! It does not repeat what the engines promise. Invariant shown: one flipped bit anywhere in an export names its entry.

use crate::book::{agent, agent_key, batch, frame, frames, head_of};
use daicho::ledger::chain::{ChainError, Head};
use daicho::ledger::engine::{Engine, Frame};
use daicho::ledger::engines::memory::{Memory, MemoryShelf};
use daicho::ledger::engines::segments::Segments;
use daicho::ledger::entry::{Author, EntryError};
use daicho::ledger::transfer::{ExportFault, ImportFault, Imported, export, import};
use daicho::ledger::verify::{NotedHead, Report, Wrong, verify_engine, verify_export};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::Fact;
use daicho_schemas::ids::{AgentId, PersonId};
use daicho_schemas::sign::{SignatureError, SignedBatch};
use serde_json::value::RawValue;
use std::io::{self, BufReader, Read};
use std::sync::Arc;
use tempfile::TempDir;

fn engine(entries: &[Frame]) -> Memory {
    let engine = Memory::new();
    engine.append(Head::EMPTY, entries).unwrap();
    engine
}

fn exported(engine: &dyn Engine) -> Vec<u8> {
    let mut bytes = Vec::new();
    assert_eq!(export(engine, &mut bytes, &mut |_| {}).unwrap(), engine.head());
    bytes
}

fn verified(bytes: &[u8]) -> Report {
    verify_export(bytes, None, &mut |_| {}).unwrap()
}

fn wrong(report: Report) -> Wrong {
    report.bad.expect("something is wrong").wrong
}

#[test]
fn a_whole_ledger_is_right_from_an_engine_and_from_a_file() {
    let all = frames(Head::EMPTY, 10, "a");
    let engine = engine(&all);
    let mut heard = Vec::new();
    for report in [
        verify_engine(&engine, None, &mut |entries| heard.push(entries)).unwrap(),
        verify_export(&*exported(&engine), None, &mut |_| {}).unwrap(),
    ] {
        assert!(report.is_right(), "{report:?}");
        assert_eq!((report.head, report.entries, report.batches), (engine.head(), 10, 3));
        assert_eq!((report.noted, report.final_newline_missing), (NotedHead::NotGiven, false));
    }
    assert_eq!(heard, [10]);
}

/// Every bit of every byte, line feeds included: found, with the entry, its line and the line's first byte.
#[test]
fn one_flipped_bit_anywhere_names_the_entry() {
    let all = frames(Head::EMPTY, 4, "a");
    let bytes = exported(&engine(&all));
    let mut starts = vec![0];
    starts.extend(bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1));
    for at in 0..bytes.len() {
        let line = starts.iter().rposition(|start| *start <= at).unwrap();
        for bit in 0..8 {
            let mut bent = bytes.clone();
            bent[at] ^= 1 << bit;
            let bad = verified(&bent).bad.unwrap_or_else(|| panic!("byte {at}, bit {bit} was not noticed"));
            assert_eq!(bad.seq, line as u64 + 1, "byte {at}, bit {bit}: {bad:?}");
            let place = bad.place.unwrap();
            assert_eq!((place.line, place.byte_offset), (line as u64 + 1, starts[line] as u64), "byte {at}, bit {bit}");
            assert!(bad.text().en.starts_with(&format!("Entry {} (line {}", line + 1, line + 1)));
        }
    }
}

#[test]
fn a_byte_more_or_less_anywhere_is_found() {
    let bytes = exported(&engine(&frames(Head::EMPTY, 3, "a")));
    for at in 0..bytes.len() - 1 {
        let without = [&bytes[..at], &bytes[at + 1..]].concat();
        assert!(!verified(&without).is_right(), "byte {at} left out");
        for more in [b'\n', b' ', b'{'] {
            let with = [&bytes[..at], &[more], &bytes[at..]].concat();
            assert!(!verified(&with).is_right(), "byte {more} put in at {at}");
        }
    }
}

#[test]
fn entries_left_out_moved_or_taken_from_another_ledger_are_found() {
    let (one, two) = (frames(Head::EMPTY, 4, "a"), frames(Head::EMPTY, 4, "b"));
    let lines = |order: [&Frame; 3]| order.map(|frame| [&*frame.line, b"\n"].concat()).concat();
    let number = |wanted, found| ChainError::Number { wanted, found };
    for (name, bytes, seq, error) in [
        ("first left out", lines([&one[1], &one[2], &one[3]]), 1, number(1, 2)),
        ("one left out", lines([&one[0], &one[2], &one[3]]), 2, number(2, 3)),
        ("moved", lines([&one[0], &one[2], &one[1]]), 2, number(2, 3)),
        ("twice", lines([&one[0], &one[1], &one[1]]), 3, number(3, 2)),
        ("from another ledger", lines([&one[0], &one[1], &two[2]]), 3, ChainError::Previous { seq: 3 }),
    ] {
        let bad = verified(&bytes).bad.unwrap();
        assert_eq!(bad.seq, seq, "{name}");
        assert!(matches!(bad.wrong, Wrong::Chain(found) if found == error), "{name}: {bad:?}");
    }
}

/// Somebody with the whole ledger can link it anew, but cannot sign for an agent; nor may an agent speak for another.
#[test]
fn a_batch_that_its_author_did_not_sign_is_found() {
    let first = frames(Head::EMPTY, 1, "a").remove(0);
    let other = AgentId::new("agent-other").unwrap();
    let signed = batch(1, agent());
    let changed = SignedBatch {
        batch: RawValue::from_string(signed.batch.get().replace("\"number\":1", "\"number\":2")).unwrap(),
        ..signed.clone()
    };
    let no_batch = SignedBatch::sign(RawValue::from_string("{\"number\":1}".into()).unwrap(), &agent_key());
    let after = |author: Author, signed: SignedBatch| {
        let second = frame(head_of(&first), author, Fact::Batch(signed));
        wrong(verify_engine(&engine(&[first.clone(), second]), None, &mut |_| {}).unwrap())
    };
    let found = after(Author::Agent(agent()), changed);
    assert!(matches!(found, Wrong::Signature(SignatureError::Signature)), "{found:?}");
    let found = after(Author::Agent(agent()), no_batch);
    assert!(matches!(found, Wrong::Batch(_)), "{found:?}");
    let found = after(Author::Agent(agent()), batch(1, other.clone()));
    assert!(matches!(&found, Wrong::Author { batch, .. } if *batch == other), "{found:?}");
    for author in [Author::Agent(other), Author::Server, Author::Person(PersonId::new("aoki").unwrap())] {
        let found = after(author.clone(), signed.clone());
        assert!(matches!(&found, Wrong::Author { entry, .. } if *entry == author), "{found:?}");
    }
}

#[test]
fn an_engine_that_keeps_a_line_under_another_hash_is_found() {
    let mut all = frames(Head::EMPTY, 3, "a");
    all[1].hash = Hash::of("test", &[]);
    let report = verify_engine(&engine(&all), None, &mut |_| {}).unwrap();
    assert_eq!((report.head, report.entries), (head_of(&all[0]), 1));
    let bad = report.bad.unwrap();
    assert!(bad.seq == 2 && matches!(bad.wrong, Wrong::Frame), "{bad:?}");
}

#[test]
fn a_file_that_was_converted_cut_or_emptied_is_called_that() {
    let all = frames(Head::EMPTY, 3, "a");
    let bytes = exported(&engine(&all));
    let text = String::from_utf8(bytes.clone()).unwrap();
    let found = wrong(verified(text.replace('\n', "\r\n").as_bytes()));
    assert!(matches!(found, Wrong::CarriageReturn), "{found:?}");
    assert!(matches!(wrong(verified(b"")), Wrong::Empty));
    assert!(matches!(wrong(verified(b"\n")), Wrong::Entry(EntryError::NoHash)));
    let found = wrong(verified(&bytes[..bytes.len() - 2]));
    assert!(matches!(found, Wrong::Entry(EntryError::NoHash)), "{found:?}");
    let without_newline = verified(&bytes[..bytes.len() - 1]);
    assert!(without_newline.is_right() && without_newline.final_newline_missing);
    assert_eq!(without_newline.entries, 3);
    assert!(without_newline.text().iter().any(|line| line.en.contains("no line feed")));
}

/// The chain alone cannot show that its end was cut off; a head that was noted elsewhere can.
#[test]
fn a_noted_head_shows_a_cut_end() {
    let all = frames(Head::EMPTY, 5, "a");
    let whole = engine(&all);
    let cut = engine(&all[..3]);
    let noted = |engine: &Memory, hash| {
        let report = verify_engine(engine, Some(hash), &mut |_| {}).unwrap();
        let from_file = verify_export(&*exported(engine), Some(hash), &mut |_| {}).unwrap();
        assert_eq!((report.noted, report.is_right()), (from_file.noted, from_file.is_right()));
        report
    };
    assert_eq!(noted(&whole, all[4].hash).noted, NotedHead::Last);
    assert_eq!(noted(&whole, all[2].hash).noted, NotedHead::Earlier { seq: 3 });
    assert!(noted(&whole, all[2].hash).is_right());
    let report = noted(&cut, all[4].hash);
    assert_eq!((report.noted, report.head), (NotedHead::Missing, head_of(&all[2])));
    let bad = report.bad.unwrap();
    assert!(bad.seq == 4 && matches!(bad.wrong, Wrong::NotedHeadMissing { noted } if noted == all[4].hash));
}

/// A line without an end does not fill the memory: no more of it is read than an entry may be long.
#[test]
fn an_endless_line_is_too_long() {
    let mut input = BufReader::new(io::repeat(b'x').take(1 << 40));
    let found = wrong(verify_export(&mut input, None, &mut |_| {}).unwrap());
    assert!(matches!(found, Wrong::Entry(EntryError::TooLong)), "{found:?}");
    assert!(input.into_inner().limit() > (1 << 40) - (41 << 20));
}

fn segments(folder: &TempDir) -> Segments {
    Segments::open(folder.path(), Arc::new(MemoryShelf::default())).unwrap().0
}

#[test]
fn every_engine_gives_the_same_lines_and_takes_them() {
    let all = frames(Head::EMPTY, 2500, "a");
    let first = engine(&all);
    let bytes = exported(&first);
    let folder = TempDir::new().unwrap();
    let second = segments(&folder);
    let mut heard = 0;
    let imported = import(&second, &*bytes, Some(first.head().hash), &mut |seq| heard = seq).unwrap();
    let (entries_there, entries_appended, final_newline_missing) = (0, 2500, false);
    let noted = NotedHead::Last;
    let wanted = Imported { head: first.head(), entries_there, entries_appended, final_newline_missing, noted };
    assert_eq!((imported, heard), (wanted, 2500));
    drop(second);
    let second = segments(&folder);
    assert_eq!(exported(&second), bytes);
    let third = Memory::new();
    import(&third, &*exported(&second), None, &mut |_| {}).unwrap();
    assert_eq!(third.head(), first.head());
    assert_eq!(exported(&third), bytes);
}

#[test]
fn an_import_goes_on_behind_a_common_head() {
    let all = frames(Head::EMPTY, 9, "a");
    let bytes = exported(&engine(&all));
    for there in [1, 4, 9] {
        let begun = engine(&all[..there]);
        let imported = import(&begun, &*bytes, None, &mut |_| {}).unwrap();
        assert_eq!((imported.entries_there, imported.entries_appended), (there as u64, 9 - there as u64));
        assert_eq!((begun.head(), exported(&begun)), (head_of(&all[8]), bytes.clone()));
    }
    let ahead = engine(&all);
    let older = exported(&engine(&all[..4]));
    let imported = import(&ahead, &*older, None, &mut |_| {}).unwrap();
    assert_eq!((imported.head, imported.entries_there, imported.entries_appended), (head_of(&all[8]), 4, 0));
}

#[test]
fn another_ledger_is_refused_and_nothing_of_it_enters() {
    let ours = frames(Head::EMPTY, 4, "a");
    for theirs in [2, 4, 7] {
        let bytes = exported(&engine(&frames(Head::EMPTY, theirs, "b")));
        let engine = engine(&ours);
        let fault = import(&engine, &*bytes, None, &mut |_| {}).unwrap_err();
        assert!(
            matches!(fault, ImportFault::OtherLedger { seq } if seq == theirs.min(4) as u64),
            "{theirs}: {fault:?}"
        );
        assert_eq!(engine.read(1, 10, usize::MAX).unwrap(), ours);
    }
}

/// Nothing from a bad place on enters; what stands before it does, and a whole file goes on from there.
#[test]
fn an_import_stops_at_the_first_bad_place() {
    let all = frames(Head::EMPTY, 6, "a");
    let bytes = exported(&engine(&all));
    let mut bent = bytes.clone();
    let place = all[..3].iter().map(|frame| frame.line.len() + 1).sum::<usize>() + 20;
    bent[place] ^= 1;
    let begun = Memory::new();
    let fault = import(&begun, &*bent, None, &mut |_| {}).unwrap_err();
    assert!(matches!(&fault, ImportFault::Bad(bad) if bad.seq == 4), "{fault:?}");
    assert_eq!(begun.head(), head_of(&all[2]));
    assert_eq!(import(&begun, &*bytes, None, &mut |_| {}).unwrap().entries_there, 3);
    assert_eq!(begun.head(), head_of(&all[5]));
    let fault = import(&Memory::new(), &b""[..], None, &mut |_| {}).unwrap_err();
    assert!(matches!(&fault, ImportFault::Bad(bad) if matches!(bad.wrong, Wrong::Empty)), "{fault:?}");
    let noted = Some(Hash::of("test", &[]));
    let fault = import(&Memory::new(), &*bytes, noted, &mut |_| {}).unwrap_err();
    assert!(
        matches!(&fault, ImportFault::Bad(bad) if matches!(bad.wrong, Wrong::NotedHeadMissing { .. })),
        "{fault:?}"
    );
}

#[test]
fn a_full_target_is_a_fault_and_not_a_short_export() {
    struct Full(usize);
    impl io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let engine = engine(&frames(Head::EMPTY, 6, "a"));
    let bytes = exported(&engine).len();
    export(&engine, Full(bytes), &mut |_| {}).unwrap();
    assert!(matches!(export(&engine, Full(bytes - 1), &mut |_| {}), Err(ExportFault::Write(_))));
}
