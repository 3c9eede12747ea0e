//! After the storm: everything is repaired, some hours go by, and then everything must be as if nothing had happened.
//! It does not know what went wrong before. Invariant: it only looks; what it finds wrong it names.

use crate::agent::Agent;
use crate::host::{COLLECTORS, collector, hashes};
use crate::truth::Violation;
use crate::world::{LOOK_EVERY_SECONDS, World};
use daicho::model::Model;
use daicho::model::rows::ComponentQuery;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::decision::Hearing;

/// How long agents may take to agree with the server again, and silence to be noticed, in seconds.
const SETTLED_AFTER_SECONDS: i64 = 5400;
/// How long nothing may happen after that, in seconds.
const QUIET_SECONDS: i64 = 2 * LOOK_EVERY_SECONDS;
/// How often people look whether an agent cannot join.
const PEOPLE_LOOK_EVERY_STEPS: usize = 50;
/// Far more than any calm needs: a world that never settles must end, too.
const STEPS_MAX: usize = 20_000;

impl World {
    /// Lets the world settle and checks everything.
    pub fn calm(&mut self) -> Result<(), Violation> {
        self.repair()?;
        self.run_for(SETTLED_AFTER_SECONDS)?;
        let batches = self.truth.batches;
        let quiet_from = self.truth.model.seq();
        self.run_for(QUIET_SECONDS)?;
        if self.truth.batches != batches {
            return Err(format!("nothing changes any more, and {} batches still came", self.truth.batches - batches));
        }
        if self.truth.model.seq() != quiet_from {
            return Err(format!(
                "nothing changes any more, and {} entries still came",
                self.truth.model.seq() - quiet_from
            ));
        }
        self.check_servers()?;
        for at in 0..self.agents.len() {
            self.check_agent(at)?;
        }
        self.truth.check_promises(&self.book)
    }

    fn run_for(&mut self, seconds: i64) -> Result<(), Violation> {
        let end = self.time.micros() + seconds * 1_000_000;
        let last_step = self.steps + STEPS_MAX;
        while self.time.micros() < end {
            self.step()?;
            if self.steps.is_multiple_of(PEOPLE_LOOK_EVERY_STEPS) {
                // A token may have been used by somebody else just before the calm began.
                self.renew_used_tokens();
            }
            if self.steps > last_step {
                return Err(format!("{STEPS_MAX} steps went by within {seconds} s of calm"));
            }
        }
        Ok(())
    }

    /// Every instance stands where the ledger stands, and knows exactly what the slow fold knows.
    fn check_servers(&mut self) -> Result<(), Violation> {
        if !self.truth.model.pending_notices().is_empty() {
            return Err(format!("people were not told: {:?}", self.truth.model.pending_notices()));
        }
        let slow = state_of(&self.truth.model);
        let read_back = Model::read_snapshot(&mut slow.as_slice()).map_err(|error| error.to_string())?;
        let answers = answers_of(&read_back);
        if answers_of(&self.truth.model) != answers {
            return Err("the slow fold and its own snapshot answer differently".into());
        }
        for (at, instance) in self.instances.iter().enumerate() {
            let running = instance.running.as_ref().ok_or_else(|| format!("instance {at} does not run"))?;
            if running.waiting() > 0 {
                return Err(format!("instance {at} still keeps {} waiting", running.waiting()));
            }
            self.check_fold(at, &running.model(), &slow)?;
            if answers_of(&running.model()) != answers {
                return Err(format!("instance {at} answers differently from the slow fold"));
            }
        }
        Ok(())
    }

    /// An instance that stands at the ledger's end has the state of the slow fold, byte for byte.
    fn check_fold(&self, at: usize, model: &Model, slow: &[u8]) -> Result<(), Violation> {
        if model.seq() != self.truth.model.seq() {
            return Err(format!("instance {at} stands at {}, the ledger at {}", model.seq(), self.truth.model.seq()));
        }
        if state_of(model) != slow {
            return Err(format!("instance {at} has another state than the slow fold of {} entries", model.seq()));
        }
        Ok(())
    }

    /// The same in the middle of everything, for instances that happen to stand at the end.
    pub fn check_folds_now(&self) -> Result<(), Violation> {
        let at_the_end = self.instances.iter().enumerate().filter_map(|(at, instance)| {
            let running = instance.running.as_ref()?;
            let seq = running.model().seq();
            (seq == self.truth.model.seq() && running.compared_at.replace(seq) != seq).then_some((at, running))
        });
        let mut slow = None;
        for (at, running) in at_the_end {
            let slow = slow.get_or_insert_with(|| state_of(&self.truth.model));
            self.check_fold(at, &running.model(), slow)?;
        }
        Ok(())
    }

    fn check_agent(&mut self, at: usize) -> Result<(), Violation> {
        let agent = &self.agents[at];
        let (id, revoked) = (agent.id.clone(), self.truth.is_revoked(&agent.id));
        let twin_lives = self.agents.iter().any(|other| other.id == id && !other.off);
        if agent.off {
            let enrolled = self.truth.model.agent(&id).is_some();
            if enrolled && !revoked && !twin_lives && self.truth.model.hearing(&id) != Hearing::Silent {
                return Err(format!("{id} is switched off for hours and called heard"));
            }
            return Ok(());
        }
        if revoked {
            return match agent.stopped {
                Some(_) => Ok(()),
                None if !agent.joined => Ok(()),
                None => Err(format!("{id} was revoked and goes on")),
            };
        }
        if let (Some(code), false) = (agent.stopped, self.stopped_rightly(agent)) {
            return Err(format!("{id} was stopped by {}, and the ledger knows no reason", code.as_str()));
        }
        if !agent.joined {
            return Err(format!("{id} has not joined after hours"));
        }
        if self.truth.model.hearing(&id) != Hearing::Heard {
            return Err(format!("{id} speaks every few minutes and is called silent"));
        }
        self.check_losses(agent)?;
        self.check_agreement(at)
    }

    /// What the agent believes, what the server believes, and what is there, is one and the same.
    fn check_agreement(&mut self, at: usize) -> Result<(), Violation> {
        let waiting = self.agents[at].waiting_numbers();
        let agent = &mut self.agents[at];
        let id = agent.id.clone();
        let Some(conversation) = agent.conversation() else { return Err(format!("{id} does not run")) };
        let (check_in, full_wanted) = (conversation.spool.check_in(), conversation.spool.full_wanted());
        if !waiting.is_empty() || full_wanted {
            return Err(format!("{id} has not settled: {waiting:?} wait, full wanted: {full_wanted}"));
        }
        let known = self.truth.model.agent(&id).map(|state| state.last_number).unwrap_or_default();
        if check_in.number != known || check_in.digest != self.truth.model.check_in_digest(&id) {
            return Err(format!("{id} and the server do not agree: {} and {known}", check_in.number));
        }
        let host = &self.hosts[self.agents[at].host];
        for name in COLLECTORS {
            let look = host.look(name, &mut self.rng, 0);
            let shown = self.truth.standing(&id, &collector(name));
            if look.outcome == Outcome::Complete && shown != hashes(&look.items) {
                return Err(format!(
                    "{id} {name}: {:?} are there, {:?} are shown",
                    hashes(&look.items).keys(),
                    shown.keys()
                ));
            }
        }
        Ok(())
    }

    /// Whatever was spooled is in the ledger or was told as lost.
    fn check_losses(&self, agent: &Agent) -> Result<(), Violation> {
        if agent.excused {
            return Ok(());
        }
        let empty = Default::default();
        let there = self.truth.numbers.get(&agent.id).unwrap_or(&empty);
        let lost = self.truth.lost.get(&agent.id).map(Vec::as_slice).unwrap_or_default();
        let told = |number: u64| lost.iter().any(|lost| (lost.first_number..=lost.last_number).contains(&number));
        match agent.spooled.iter().find(|number| !there.contains(number) && !told(**number)) {
            Some(number) => Err(format!("{}: batch {number} is gone in silence", agent.id)),
            None => Ok(()),
        }
    }
}

/// The bytes of everything that follows from the entries.
fn state_of(model: &Model) -> Vec<u8> {
    let mut bytes = Vec::new();
    model.write_snapshot(&mut bytes).unwrap_or_default();
    bytes
}

/// What people are shown, over everything.
fn answers_of(model: &Model) -> String {
    let today = "2026-11-21".parse().unwrap();
    let equipment = model.equipment(today);
    let equipment: Vec<_> = equipment.iter().map(|row| model.equipment_detail(&row.equipment_id, today)).collect();
    let hosts: Vec<_> = model.hosts().iter().map(|row| model.host_detail(&row.agent_id)).collect();
    let components = model.components(&ComponentQuery::default());
    let registers = (model.findings(), model.duties(), model.suppliers(), model.plans(today));
    serde_json::to_string(&(equipment, hosts, components, registers)).unwrap_or_default()
}
