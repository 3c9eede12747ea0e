//! What must be true, kept beside the system by means of its own: the ledger read entry by entry, what hosts really looked
//! like when a batch was made, what was promised to whom.
//! It does not use differences, digests, snapshots or groups, which is what makes it worth asking.
//! Invariant: every entry is looked at once, in order, and the first one that should not be there is named.

use crate::book::Book;
use daicho::ledger::engine::Frame;
use daicho::ledger::entry::{Author, Entry};
use daicho::ledger::verify::Checker;
use daicho::model::prepared::signed_batch_hash;
use daicho::model::{Event, Model};
use daicho_schemas::batch::{Batch, Items, Lost, Outcome};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::{CoverageChanged, Hearing, Notices, Transition};
use daicho_schemas::ids::{AgentId, CollectorId, FindingId};
use daicho_schemas::time::UtcMicros;
use std::collections::{BTreeMap, BTreeSet};

/// What is wrong.
pub type Violation = String;

/// What one collector said in one batch, and what it really saw.
#[derive(Clone, Debug)]
pub struct Word {
    /// Which collector.
    pub collector: CollectorId,
    /// How completely it looked.
    pub outcome: Outcome,
    /// What it saw.
    pub seen: Items,
}

/// Everything that is known beside the system.
pub struct Truth {
    /// The ledger, folded one entry after the other.
    pub model: Model,
    checker: Checker,
    received_at: Option<UtcMicros>,
    /// What honest agents said, by the hash of the signed batch.
    said: BTreeMap<Hash, Vec<Word>>,
    /// Agents of which nothing is expected.
    pub hostile: BTreeSet<AgentId>,
    standing: BTreeMap<(AgentId, CollectorId), Items>,
    revoked: BTreeSet<AgentId>,
    hearing: BTreeMap<AgentId, Hearing>,
    /// The numbers that each agent has in the ledger.
    pub numbers: BTreeMap<AgentId, BTreeSet<u64>>,
    /// What each agent told as lost.
    pub lost: BTreeMap<AgentId, Vec<Lost>>,
    told: BTreeMap<FindingId, (u64, Transition, usize)>,
    promised: BTreeMap<u64, Hash>,
    /// Batches in the ledger.
    pub batches: u64,
}

impl Default for Truth {
    fn default() -> Self {
        Self {
            model: Model::default(),
            checker: Checker::new(None),
            received_at: None,
            said: BTreeMap::new(),
            hostile: BTreeSet::new(),
            standing: BTreeMap::new(),
            revoked: BTreeSet::new(),
            hearing: BTreeMap::new(),
            numbers: BTreeMap::new(),
            lost: BTreeMap::new(),
            told: BTreeMap::new(),
            promised: BTreeMap::new(),
            batches: 0,
        }
    }
}

impl Truth {
    /// An honest agent made a batch.
    pub fn said(&mut self, hash: Hash, words: Vec<Word>) {
        // A damaged file may still hold the same batch; what was seen when it was made stands.
        self.said.entry(hash).or_insert(words);
    }

    /// Somebody was told that this entry holds these bytes.
    pub fn promised(&mut self, book: &Book, seq: u64, raw: &str) -> Result<(), Violation> {
        let frame = book.frame(seq).ok_or_else(|| format!("entry {seq} was acknowledged and is not in the ledger"))?;
        let there = Entry::parse(&frame.line).is_ok_and(|entry| entry.fact.get() == raw);
        if !there {
            return Err(format!("entry {seq} was acknowledged and holds something else"));
        }
        self.promised.insert(seq, frame.hash);
        Ok(())
    }

    /// Everything that was ever acknowledged is there.
    pub fn check_promises(&self, book: &Book) -> Result<(), Violation> {
        let broken = self.promised.iter().find(|(seq, hash)| book.frame(**seq).map(|frame| frame.hash) != Some(**hash));
        match broken {
            Some((seq, _)) => Err(format!("entry {seq} was acknowledged and is gone")),
            None => Ok(()),
        }
    }

    /// Reads what the ledger has grown by.
    pub fn follow(&mut self, book: &Book) -> Result<(), Violation> {
        let known = usize::try_from(self.model.seq()).unwrap_or(usize::MAX);
        if book.length() < known {
            return Err(format!("the ledger had {known} entries and has {}", book.length()));
        }
        if book.length() == known {
            return Ok(());
        }
        book.frames_behind(known).iter().try_for_each(|frame| self.read(frame))
    }

    fn read(&mut self, frame: &Frame) -> Result<(), Violation> {
        let wrong = |what: String| format!("entry {}: {what}", frame.seq);
        let entry = self.checker.check(&frame.line).map_err(|bad| wrong(format!("does not verify: {bad:?}")))?;
        if self.received_at.is_some_and(|before| entry.received_at < before) {
            return Err(wrong("time runs backwards".into()));
        }
        self.received_at = Some(entry.received_at);
        let fact = entry.parse_fact().map_err(|error| wrong(error.to_string()))?;
        match &fact {
            Fact::Notices(notices) => self.notices(notices).map_err(wrong)?,
            Fact::CoverageChanged(changed) => self.hearing(changed).map_err(wrong)?,
            Fact::AgentRevoked(revoked) => {
                self.revoked.insert(revoked.agent_id.clone());
            }
            _ => {}
        }
        let event = Event { seq: entry.seq, received_at: entry.received_at, author: &entry.author, fact: &fact };
        self.model.apply(&event);
        if let Fact::Batch(signed) = &fact {
            let batch: Batch = serde_json::from_str(signed.batch.get()).map_err(|error| wrong(error.to_string()))?;
            let hash = signed_batch_hash(signed).unwrap();
            self.batch(&entry, &batch, hash).map_err(wrong)?;
        }
        Ok(())
    }

    /// Each turn is told once, in order, and as it is; once more where a duty came to it.
    fn notices(&mut self, notices: &Notices) -> Result<(), Violation> {
        for notice in &notices.notices {
            let now = (notice.opening, notice.transition);
            let said = (now.0, now.1, notice.duty_ids.len());
            let before = self.told.insert(notice.finding_id.clone(), said);
            if before.is_some_and(|before| before >= said) {
                return Err(format!("{} was told {now:?} after {before:?}", notice.finding_id));
            }
            let finding = self.model.finding(&notice.finding_id).ok_or("a notice of no finding")?;
            let state = (finding.openings, finding.closed_seq.map_or(Transition::Opened, |_| Transition::Closed));
            if state != now {
                return Err(format!("{} was told {now:?} and is {state:?}", notice.finding_id));
            }
        }
        Ok(())
    }

    /// Silence and its end are stated in turns.
    fn hearing(&mut self, changed: &CoverageChanged) -> Result<(), Violation> {
        let before = self.hearing.insert(changed.agent_id.clone(), changed.hearing).unwrap_or(Hearing::Heard);
        if before == changed.hearing {
            return Err(format!("{} was stated {before:?} twice", changed.agent_id));
        }
        Ok(())
    }

    /// Who speaks, that it is new, and what stands on the host afterwards.
    fn batch(&mut self, entry: &Entry, batch: &Batch, hash: Hash) -> Result<(), Violation> {
        let agent = &batch.agent_id;
        if entry.author != Author::Agent(agent.clone()) {
            return Err(format!("{} speaks for {agent}", entry.author));
        }
        if self.revoked.contains(agent) {
            return Err(format!("{agent} speaks after it was revoked"));
        }
        if self.model.agent(agent).is_none() {
            return Err(format!("{agent} speaks and never enrolled"));
        }
        let numbers = self.numbers.entry(agent.clone()).or_default();
        if numbers.last().is_some_and(|last| *last >= batch.number) {
            return Err(format!("{agent} has number {} after {:?}", batch.number, numbers.last()));
        }
        numbers.insert(batch.number);
        self.batches += 1;
        if let Some(lost) = &batch.lost {
            self.lost.entry(agent.clone()).or_default().push(lost.clone());
            let losses = self.model.host_detail(agent).map(|host| host.losses).unwrap_or_default();
            let told = format!("{}..{}: {}", lost.first_number, lost.last_number, lost.reason);
            if !losses.iter().any(|shown| shown.ends_with(&told)) {
                return Err(format!("{agent} told that {told} was lost and the coverage does not show it"));
            }
        }
        if self.hostile.contains(agent) {
            return Ok(());
        }
        let words = self.said.get(&hash).ok_or_else(|| format!("{agent} never said batch {}", batch.number))?.clone();
        words.iter().try_for_each(|word| self.stands(agent, word))
    }

    /// Absent is not gone: only a complete look takes away what it did not see.
    fn stands(&mut self, agent: &AgentId, word: &Word) -> Result<(), Violation> {
        let standing = self.standing.entry((agent.clone(), word.collector.clone())).or_default();
        if word.outcome == Outcome::Complete {
            standing.clear();
        }
        standing.extend(word.seen.iter().map(|(key, hash)| (key.clone(), *hash)));
        let shown = self.model.standing_items(agent, &word.collector).unwrap_or_default();
        if shown != *standing {
            return Err(format!(
                "{agent} {}: {:?} stand, and the model shows {:?}",
                word.collector,
                standing.keys(),
                shown.keys()
            ));
        }
        let said = match word.outcome {
            Outcome::NotApplicable if !standing.is_empty() => Outcome::Failed,
            outcome => outcome,
        };
        let coverage = self.model.host_detail(agent).map(|host| host.coverage).unwrap_or_default();
        let row = coverage.iter().find(|row| row.collector == word.collector);
        if row.map(|row| (row.outcome, row.items)) != Some((said, standing.len() as u64)) {
            return Err(format!("{agent} {}: said {said:?}, the coverage shows {row:?}", word.collector));
        }
        Ok(())
    }

    /// What stands on a host of one collector's telling, as far as it was truly told.
    pub fn standing(&self, agent: &AgentId, collector: &CollectorId) -> Items {
        self.standing.get(&(agent.clone(), collector.clone())).cloned().unwrap_or_default()
    }

    /// Whether the ledger says that an agent was revoked.
    pub fn is_revoked(&self, agent: &AgentId) -> bool {
        self.revoked.contains(agent)
    }
}
