//! A small ledger that does in one thread what the door does: admit, link, append, fold, tell.
//! It does not know who submits. Invariant: after every step the ledger verifies, and what it means follows from its lines.

use daicho::book::replay;
use daicho::intake::keeper::Receipt;
use daicho::intake::submission::Submission;
use daicho::intake::{Verdict, admit};
use daicho::ledger::chain::Head;
use daicho::ledger::engine::{Appended, Engine, Frame};
use daicho::ledger::engines::memory::Memory;
use daicho::ledger::entry::{Author, Entry, EntryDraft};
use daicho::ledger::transfer::{export, import};
use daicho::ledger::verify::verify_engine;
use daicho::model::{Event, Model};
use daicho::output::notices;
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::{AccessGranted, AgentEnrolled, LedgerOpened, Role, TokenIssued};
use daicho_schemas::ids::{AgentId, PersonId, TokenId};
use daicho_schemas::refusal::{REFUSAL_CODES, Refusal, RefusalCode};
use daicho_schemas::sign::agent_id;
use daicho_schemas::text::printable;
use daicho_schemas::time::UtcMicros;
use ed25519_dalek::SigningKey;
use std::sync::OnceLock;

/// The most that a refusal may say of its own, in bytes: it goes into an answer and a log.
const DETAIL_BYTES_MAX: usize = 4096;

pub(super) const GOLDEN_PLAN: &str = include_str!("../../../schemas/golden/plan.v1.json");
pub(super) const GOLDEN_SUPPLIER: &str = include_str!("../../../schemas/golden/supplier.v1.json");
pub(super) const GOLDEN_TICKET: &str = include_str!("../../../schemas/golden/planned_change.v1.json");
pub(super) const GOLDEN_BATCH: &str = include_str!("../../../schemas/golden/batch.v1.json");

/// Who sees to devices.
const PERSON: &str = "aoi";

/// The key of an agent: 42 is the one of the golden batch.
pub(super) fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

pub(super) fn agent(number: u8) -> AgentId {
    agent_id(&key(number).verifying_key().to_bytes())
}

/// The agents that are enrolled from the start.
pub(super) const AGENTS: [u8; 3] = [42, 43, 44];
/// Tokens that nobody has used.
pub(super) const TOKENS: [&str; 2] = ["t-unused-1", "t-unused-2"];

/// The ledger.
pub(super) struct Scribe {
    pub(super) model: Model,
    pub(super) engine: Memory,
    pub(super) now: UtcMicros,
    began_with: Head,
}

fn start() -> UtcMicros {
    "2026-11-21T04:00:00.000000Z".parse().unwrap()
}

fn beginning() -> &'static (Model, Vec<Frame>) {
    static BEGINNING: OnceLock<(Model, Vec<Frame>)> = OnceLock::new();
    BEGINNING.get_or_init(|| {
        let mut scribe =
            Scribe { model: Model::default(), engine: Memory::new(), now: start(), began_with: Head::EMPTY };
        let mut facts = vec![
            Fact::LedgerOpened(LedgerOpened { ledger_id: "00".repeat(16) }),
            Fact::parse("supplier.v1", GOLDEN_SUPPLIER).unwrap(),
            Fact::parse("plan.v1", GOLDEN_PLAN).unwrap(),
            Fact::AccessGranted(AccessGranted {
                person_id: PersonId::new(PERSON).unwrap(),
                roles: vec![Role::Security],
                token_hash: Hash::of("test", &[]),
            }),
        ];
        for token in TOKENS {
            let (token_id, secret_hash) = (TokenId::new(token).unwrap(), Hash::of("test", &[]));
            let expires_at = start().plus_seconds(86_400);
            facts.push(Fact::TokenIssued(TokenIssued { token_id, secret_hash, expires_at }));
        }
        facts.extend(AGENTS.map(|number| {
            Fact::AgentEnrolled(AgentEnrolled {
                agent_id: agent(number),
                public_key: "key".into(),
                token_id: TokenId::new(format!("t-{number}")).unwrap(),
                hostname: "tos-db-1".into(),
            })
        }));
        for fact in facts {
            let raw = fact.to_raw().unwrap();
            scribe.write(&EntryDraft { author: Author::Server, fact, raw }).unwrap();
        }
        (scribe.model, scribe.engine.read(1, usize::MAX, usize::MAX).unwrap())
    })
}

impl Scribe {
    /// A ledger with three agents, a supplier and a plan.
    pub(super) fn new() -> Self {
        let (model, frames) = beginning();
        let engine = Memory::new();
        engine.append(Head::EMPTY, frames).unwrap();
        let began_with = engine.head();
        Self { model: model.clone(), engine, now: start(), began_with }
    }

    /// Asks to enter, as the door would.
    pub(super) fn admit(&mut self, submission: Submission) -> Result<Receipt, Refusal> {
        let head = self.engine.head();
        match admit(&self.model, &submission, self.now)? {
            Verdict::AlreadyThere { seq } => {
                assert!(seq <= head.seq, "entry {seq} is not there");
                Ok(Receipt::AlreadyThere { seq })
            }
            Verdict::NothingNew => Ok(Receipt::NothingNew),
            Verdict::Append => {
                let seq = self.write(&submission.draft)?;
                self.tell();
                Ok(Receipt::Appended { seq })
            }
        }
    }

    /// States something as a person or the server.
    pub(super) fn state(&mut self, fact: Fact) -> Result<Receipt, Refusal> {
        self.admit(Submission::stated(Author::Server, fact).unwrap())
    }

    /// States something as the person who sees to devices.
    pub(super) fn state_as_person(&mut self, fact: Fact) -> Result<Receipt, Refusal> {
        let person = Author::Person(PersonId::new(PERSON).unwrap());
        self.admit(Submission::stated(person, fact).unwrap())
    }

    fn write(&mut self, draft: &EntryDraft) -> Result<u64, Refusal> {
        let head = self.engine.head();
        let (entry, line) = Entry::link(head, self.now, draft)
            .map_err(|error| Refusal::new(RefusalCode::RequestMalformed).with(error.to_string()))?;
        assert!(!line.contains(&b'\n') && !line.contains(&b'\r'), "an entry is one line");
        let read = Entry::parse(&line).expect("what was admitted can be read");
        read.parse_fact().expect("what was admitted is still a fact");
        let frame = Frame { seq: entry.seq, hash: entry.entry_hash, line };
        assert_eq!(self.engine.append(head, &[frame]).unwrap(), Appended::Done(entry.head()));
        let (seq, received_at) = (entry.seq, entry.received_at);
        self.model.apply(&Event { seq, received_at, author: &entry.author, fact: &draft.fact });
        Ok(seq)
    }

    /// States what people are being told, until there is nothing more to tell.
    fn tell(&mut self) {
        let mut told = None;
        while let Some(due) = notices::due(&self.model) {
            assert_ne!(told.as_ref(), Some(&due), "a notice that was stated is still due");
            let fact = Fact::Notices(due.clone());
            let raw = fact.to_raw().unwrap();
            self.write(&EntryDraft { author: Author::Server, fact, raw }).expect("notices fit");
            told = Some(due);
        }
    }

    /// The whole ledger is right, means what was folded from it, also from a snapshot, and moves to another engine.
    pub(super) fn settle(&self) {
        if self.engine.head() == self.began_with {
            return;
        }
        let head = self.engine.head();
        let report = verify_engine(&self.engine, Some(head.hash), &mut |_| {}).unwrap();
        assert!(report.is_right() || report.bad.is_none(), "{report:?}");
        let folded = state_of(&self.model);
        let (again, _) = replay(&self.engine, Model::default(), Head::EMPTY).expect("what was written can be folded");
        assert_eq!(state_of(&again), folded, "the same entries mean the same");
        let resumed = Model::read_snapshot(&mut folded.as_slice()).expect("a snapshot can be read");
        assert_eq!(state_of(&resumed), folded, "a snapshot means what it was made from");
        let mut lines = Vec::new();
        export(&self.engine, &mut lines, &mut |_| {}).unwrap();
        let other = Memory::new();
        assert_eq!(import(&other, &*lines, Some(head.hash), &mut |_| {}).unwrap().head, head);
    }
}

/// The bytes of everything that follows from the entries.
pub(super) fn state_of(model: &Model) -> Vec<u8> {
    let mut bytes = Vec::new();
    model.write_snapshot(&mut bytes).expect("the state can be kept");
    bytes
}

/// A refusal says why, what to do, and not much more.
pub(super) fn check_refusal(refusal: &Refusal) {
    assert!(REFUSAL_CODES.contains(&refusal.code));
    assert!(!refusal.remedy.ja.is_empty() && !refusal.remedy.en.is_empty());
    assert!(refusal.detail.len() <= DETAIL_BYTES_MAX, "{} bytes of detail", refusal.detail.len());
    assert_eq!(refusal.detail, printable(&refusal.detail), "it can be shown as it is");
}
