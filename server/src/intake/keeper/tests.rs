//! Two keepers on one ledger, as two servers on one database would be, and a ledger that cannot be followed.
//! They do not know threads or files; the engine is the reference one.
//! Invariant under test: the chain holds, both models are the same, and nobody judges by a state that is not the ledger's.

use super::*;
use crate::ledger::engine::{Alone, NewSnapshot, Snapshot};
use crate::ledger::engines::memory::Memory;
use crate::ledger::verify::verify_engine;
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::decision::{AgentEnrolled, AgentRevoked, FaultReported, TokenIssued, Transition};
use daicho_schemas::ids::{AgentId, TokenId};
use daicho_schemas::text::Text;
use daicho_schemas::wire::EnrollToken;

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> UtcMicros {
        "2026-11-21T03:00:00.000000Z".parse().unwrap()
    }
}

struct Nobody;

impl Follower for Nobody {
    fn follow(&mut self, _entries: &[Entry], _model: &Model) {}
}

/// A ledger that says it has moved and shows nothing new.
struct Liar(Memory);

impl Engine for Liar {
    fn append(&self, _expected: Head, _frames: &[Frame]) -> Result<Appended, EngineFault> {
        Ok(Appended::Moved(Head { seq: 9, hash: Hash::ZERO }))
    }

    fn read(&self, from_seq: u64, frames_max: usize, bytes_max: usize) -> Result<Vec<Frame>, EngineFault> {
        self.0.read(from_seq, frames_max, bytes_max)
    }

    fn head(&self) -> Head {
        self.0.head()
    }

    fn put_snapshot(&self, snapshot: &NewSnapshot<'_>) -> Result<(), EngineFault> {
        self.0.put_snapshot(snapshot)
    }

    fn get_snapshot(&self) -> Result<Option<Snapshot>, EngineFault> {
        self.0.get_snapshot()
    }
}

fn keeper(engine: Arc<dyn Engine>) -> (Keeper, Arc<RwLock<Model>>) {
    let model = Arc::new(RwLock::new(Model::default()));
    let (moved, _) = broadcast::channel(4);
    let (clock, follower, leadership) = (Arc::new(Fixed), Box::new(Nobody), Arc::new(Alone));
    let desk = Desk { model: Arc::clone(&model), engine, clock, moved, follower, leadership };
    let received_at = UtcMicros::from_micros(0).unwrap();
    (Keeper::new(desk, Known { head: Head::EMPTY, received_at }), model)
}

fn report(keeper: &mut Keeper, what: &str) -> oneshot::Receiver<Result<Receipt, Refusal>> {
    let fault = FaultReported { what: Text::same(what), done: Text::same(what) };
    let (answer, answered) = oneshot::channel();
    let submission = Submission::stated(Author::Server, Fact::FaultReported(fault)).unwrap();
    keeper.offer(submission, Some(answer));
    answered
}

fn state(model: &RwLock<Model>) -> Vec<u8> {
    let mut bytes = Vec::new();
    model.read().unwrap().write_snapshot(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_keeper_that_is_behind_follows_and_then_enters() {
    let engine = Arc::new(Memory::new());
    let (mut first, first_model) = keeper(Arc::<Memory>::clone(&engine));
    let (mut second, second_model) = keeper(Arc::<Memory>::clone(&engine));
    for round in 0..20_u64 {
        for (nth, keeper) in [(1, &mut first), (2, &mut second)] {
            let mut answered = report(keeper, &format!("{round}"));
            keeper.work();
            let seq = round * 2 + nth;
            assert_eq!(answered.try_recv().unwrap().unwrap(), Receipt::Appended { seq });
        }
    }
    first.catch_up().unwrap();
    assert_eq!(first.known(), second.known());
    assert_eq!(state(&first_model), state(&second_model));
    assert!(verify_engine(&*engine, Some(first.known().head.hash), &mut |_| {}).unwrap().is_right());
}

#[test]
fn a_ledger_that_moves_without_showing_an_entry_takes_nothing_and_ends() {
    let (mut keeper, _model) = keeper(Arc::new(Liar(Memory::new())));
    let mut answered = report(&mut keeper, "a fault");
    keeper.work();
    assert_eq!(answered.try_recv().unwrap().unwrap_err().code, RefusalCode::LedgerReadOnly);
    assert_eq!(keeper.waiting(), 0);
}

#[test]
fn what_cannot_be_followed_is_not_guessed_and_nothing_more_enters() {
    let engine = Arc::new(Memory::new());
    let strange = Frame { seq: 1, hash: Hash::ZERO, line: b"{}".to_vec() };
    engine.append(Head::EMPTY, &[strange]).unwrap();
    let (mut keeper, _model) = keeper(Arc::<Memory>::clone(&engine));
    assert!(matches!(keeper.catch_up(), Err(FollowFault::Entry { seq: 1, .. })));
    let mut answered = report(&mut keeper, "a fault");
    keeper.work();
    assert_eq!(answered.try_recv().unwrap().unwrap_err().code, RefusalCode::LedgerReadOnly);
    assert_eq!(engine.head().seq, 1);
}

/// An agent enrols and is revoked before anybody was told of it: the notice of the opening stands where it is still open.
#[test]
fn what_is_told_is_so_where_it_is_told() {
    let engine = Arc::new(Memory::new());
    let (mut keeper, _model) = keeper(Arc::<Memory>::clone(&engine));
    let (agent_id, token_id) = (AgentId::new("agent-1").unwrap(), TokenId::new("t1").unwrap());
    let (secret_hash, expires_at) = (EnrollToken::secret_hash("secret"), Fixed.now().plus_seconds(3600));
    let public_key = "key".to_string();
    for fact in [
        Fact::TokenIssued(TokenIssued { token_id: token_id.clone(), secret_hash, expires_at }),
        Fact::AgentEnrolled(AgentEnrolled { agent_id: agent_id.clone(), public_key, token_id, hostname: "h".into() }),
        Fact::AgentRevoked(AgentRevoked { agent_id, reason: "test".into() }),
    ] {
        keeper.offer(Submission::stated(Author::Server, fact).unwrap(), None);
    }
    keeper.work();
    let frames = engine.read(1, 100, usize::MAX).unwrap();
    let facts = frames.iter().map(|frame| Entry::parse(&frame.line).unwrap().parse_fact().unwrap());
    let told = facts.map(|fact| match fact {
        Fact::Notices(Notices { notices }) => format!("told {:?}", notices.first().map(|notice| notice.transition)),
        fact => fact.kind().to_string(),
    });
    let told = told.collect::<Vec<_>>();
    let turn = |turn: Transition| format!("told {:?}", Some(turn));
    let wanted = [
        "token_issued.v1",
        "agent_enrolled.v1",
        &turn(Transition::Opened),
        "agent_revoked.v1",
        &turn(Transition::Closed),
    ];
    assert_eq!(told, wanted);
}
