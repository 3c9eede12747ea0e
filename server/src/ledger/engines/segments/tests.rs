//! Random lives of a ledger in files, against the reference engine: appends, reads, stops and torn ends in any order.
//! It does not test real entries; engines know bytes. Invariant shown: after every step both engines answer alike.

use super::*;
use crate::ledger::engines::memory::{Memory, MemoryShelf};
use daicho_schemas::canonical::Hash;
use proptest::prelude::*;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use tempfile::TempDir;

/// One step of a life.
#[derive(Clone, Debug)]
enum Step {
    /// Appends frames whose lines have these lengths.
    Append(Vec<usize>),
    /// Appends behind a head that is not the head.
    AppendElsewhere,
    /// Reads: the place in thousandths of the ledger, frames, bytes.
    Read(u64, usize, usize),
    /// Stops and starts.
    Reopen,
    /// Stops, leaves some bytes of an append that was never acknowledged at the end, and starts.
    Tear(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => prop::collection::vec(0_usize..900, 0..60).prop_map(Step::Append),
        1 => Just(Step::AppendElsewhere),
        4 => (0_u64..1100, 0_usize..100, 0_usize..5000).prop_map(|(place, frames, bytes)| Step::Read(place, frames, bytes)),
        2 => Just(Step::Reopen),
        2 => (1_usize..2000).prop_map(Step::Tear),
    ];
    prop::collection::vec(step, 1..25)
}

fn group(head: Head, lengths: &[usize]) -> Vec<Frame> {
    let frame = |(seq, length): (u64, &usize)| {
        let line = vec![u8::try_from(seq % 251).unwrap(); *length];
        Frame { seq, hash: Hash::of("test", &[&seq.to_be_bytes(), &line]), line }
    };
    (head.seq + 1..).zip(lengths).map(frame).collect()
}

struct Life {
    folder: TempDir,
    engine: Option<Segments>,
    reference: Memory,
}

impl Life {
    fn open(&mut self) -> OpenReport {
        self.engine = None;
        let shelf = Arc::new(MemoryShelf::default());
        let (engine, report) = Segments::open_with(Arc::new(RealFiles), self.folder.path(), shelf, 9000).unwrap();
        self.engine = Some(engine);
        assert_eq!(report.head, self.reference.head());
        report
    }

    fn append(&self, expected: Head, frames: &[Frame]) {
        let engine = self.engine.as_ref().unwrap();
        assert_eq!(engine.append(expected, frames).unwrap(), self.reference.append(expected, frames).unwrap());
    }

    /// Leaves the first bytes of an append at the end of the last file, as a crash does.
    fn tear(&mut self, bytes: usize) {
        self.engine = None;
        let names = RealFiles.list(self.folder.path()).unwrap();
        let Some(last) = names.iter().filter_map(|name| format::first_seq_of(name)).max() else {
            assert_eq!(self.open().torn, []);
            return;
        };
        let frames = group(self.reference.head(), &[2500]);
        // Plain, so that there are enough bytes to tear.
        let version = 1;
        let unfinished = &format::encode_group(&frames, version).unwrap().bytes[..bytes];
        let path = self.folder.path().join(format::segment_name(last));
        OpenOptions::new().append(true).open(&path).unwrap().write_all(unfinished).unwrap();
        let report = self.open();
        let [torn] = &report.torn[..] else { panic!("{report:?}") };
        assert_eq!(fs::read(&torn.kept_in).unwrap(), unfinished);
        assert_eq!((&torn.segment, torn.from_seq), (&path, self.reference.head().seq + 1));
    }

    fn step(&mut self, step: &Step) {
        let head = self.reference.head();
        match step {
            Step::Append(lengths) => self.append(head, &group(head, lengths)),
            Step::AppendElsewhere => self.append(Head { seq: head.seq + 1, hash: head.hash }, &group(head, &[5])),
            Step::Read(place, frames_max, bytes_max) => {
                let from = head.seq * place / 1000;
                let read = |engine: &dyn Engine| engine.read(from, *frames_max, *bytes_max).unwrap();
                assert_eq!(read(self.engine.as_ref().unwrap()), read(&self.reference));
            }
            Step::Reopen => assert_eq!(self.open().torn, []),
            Step::Tear(bytes) => self.tear(*bytes),
        }
        let all = |engine: &dyn Engine| engine.read(1, usize::MAX, usize::MAX).unwrap();
        assert_eq!(all(self.engine.as_ref().unwrap()), all(&self.reference));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_life_is_as_the_reference_lives_it(steps in steps()) {
        let mut life = Life { folder: TempDir::new().unwrap(), engine: None, reference: Memory::new() };
        life.open();
        for step in &steps {
            life.step(step);
        }
    }
}
