//! What goes wrong, and what changes, between two steps of the world: crashes, losses, clocks, clones, people.
//! It does not know how the system copes. Invariant: an accident does what can happen to machines and files, and nothing to
//! what the system promises to keep.

use crate::agent::{state, state_file};
use crate::book::Rates;
use crate::chaos::strikes;
use crate::host::COLLECTORS;
use crate::people;
use crate::server::Request;
use crate::truth::Violation;
use crate::world::{Event, NOBODY, World};
use daicho::ledger::entry::Author;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::AgentRevoked;
use daicho_schemas::ids::PersonId;

/// How far a clock may be set off, in seconds.
const OFF_SECONDS_MAX: i64 = 2 * 86_400;
/// Agents at most, clones and newly installed ones included.
const AGENTS_MAX: usize = 7;

impl World {
    /// Lets happen what may happen now.
    pub fn accidents(&mut self) -> Result<(), Violation> {
        let chaos = self.chaos.clone();
        self.book.set_rates(Rates {
            append_fails: chaos.append_fails,
            disk_full: chaos.disk_full,
            snapshot_bad: chaos.snapshot_bad,
        });
        if strikes(&mut self.rng, chaos.churn) {
            self.host_changes();
        }
        if strikes(&mut self.rng, chaos.declared) {
            let hosts: Vec<String> = self.hosts.iter().map(|host| host.name.clone()).collect();
            let fact = people::declares(&mut self.rng, &hosts);
            self.person_states(fact);
        }
        if strikes(&mut self.rng, chaos.instance_dies) {
            let at = self.rng.usize(0..self.instances.len());
            self.kill_instance(at)?;
        }
        if strikes(&mut self.rng, chaos.instance_restarts) {
            let at = self.rng.usize(0..self.instances.len());
            self.note(|| format!("instance {at} is stopped"));
            let answered = self.instances[at].stop();
            self.deliver(answered)?;
            self.after_ms(1000, 20_000, Event::StartInstance(at));
        }
        if strikes(&mut self.rng, chaos.parted) {
            let (agent, instance) = (self.rng.usize(0..self.agents.len()), self.rng.usize(0..self.instances.len()));
            self.parted.insert((agent, instance));
            self.after_ms(1000, 1_200_000, Event::Rejoin(agent, instance));
        }
        if strikes(&mut self.rng, chaos.clock_jumps) {
            self.clock_jumps();
        }
        if strikes(&mut self.rng, chaos.hostile) {
            let now = self.instances[0].clock.read();
            let tokens: Vec<_> = self.agents.iter().map(|agent| agent.token.clone()).collect();
            let request = self.hostile.tries(&mut self.rng, now, &tokens);
            self.send(request, (NOBODY, 0));
        }
        if strikes(&mut self.rng, chaos.revoked) {
            let agent_id = self.agents[self.rng.usize(0..self.agents.len())].id.clone();
            self.person_states(Fact::AgentRevoked(AgentRevoked { agent_id, reason: "simulation".into() }));
        }
        self.agent_accidents();
        Ok(())
    }

    fn host_changes(&mut self) {
        let at = self.rng.usize(0..self.hosts.len());
        self.hosts[at].change(&mut self.rng);
        for agent in 0..self.agents.len() {
            if self.agents[agent].host == at && self.rng.u32(0..4) > 0 {
                let due = vec![COLLECTORS[1], COLLECTORS[2]];
                self.after_ms(100, 3000, Event::Look(agent, due, false));
            }
        }
    }

    fn person_states(&mut self, fact: Fact) {
        let person = Author::Person(PersonId::new("operator").unwrap());
        self.send(Request::State(person, Box::new(fact)), (NOBODY, 0));
    }

    fn clock_jumps(&mut self) {
        let small = self.rng.bool();
        let most = if small { 400 } else { OFF_SECONDS_MAX };
        let off = self.rng.i64(-most..=most);
        let which = self.rng.usize(0..self.instances.len() + self.agents.len());
        self.note(|| format!("the clock of machine {which} is set {off} s off"));
        match self.instances.get(which) {
            Some(instance) => instance.clock.set_off_seconds(off),
            None => self.agents[which - self.instances.len()].clock.set_off_seconds(off),
        }
    }

    fn agent_accidents(&mut self) {
        let chaos = self.chaos.clone();
        let at = self.rng.usize(0..self.agents.len());
        if strikes(&mut self.rng, chaos.agent_dies / 2) {
            self.note(|| format!("agent {at} dies"));
            self.agents[at].kill();
            self.after_ms(1000, 120_000, Event::StartAgent(at));
        }
        if strikes(&mut self.rng, chaos.agent_state_lost) {
            self.agent_loses_state(at);
        }
        if strikes(&mut self.rng, chaos.agent_rolled_back) {
            self.roll_back(at);
        }
        if strikes(&mut self.rng, chaos.cloned) && self.agents.len() < AGENTS_MAX && !self.agents[at].is_clone {
            let host = self.rng.usize(0..self.hosts.len());
            self.note(|| format!("agent {at} is cloned"));
            let copy = self.agents[at].copied(host, &self.time, &mut self.rng);
            self.agents[at].excused = true;
            self.agents.push(copy);
            let clone = self.agents.len() - 1;
            self.after_ms(1000, 60_000, Event::StartAgent(clone));
        }
        if strikes(&mut self.rng, chaos.installed_anew) && self.agents.len() < AGENTS_MAX {
            self.note(|| format!("the machine of agent {at} is replaced"));
            // The old machine is gone; another one takes its place with an agent of its own.
            let agent = &mut self.agents[at];
            agent.kill();
            agent.off = true;
            self.install();
        }
    }

    /// What a power failure or a bad block takes while the process is down.
    fn agent_loses_state(&mut self, at: usize) {
        let agent = &mut self.agents[at];
        agent.kill();
        let mut content = agent.disk.content();
        let which = self.rng.u32(0..5);
        match which {
            0 => content.acknowledged = None,
            1 => content.acknowledged = Some(Default::default()),
            2 => drop(content.files.remove(&state_file("number"))),
            3 => {
                agent.excused = true;
                content.files.remove(&state_file("lost.json"));
            }
            _ => {
                let spool = state().join("spool");
                let batches: Vec<_> = content.files.keys().filter(|path| path.starts_with(&spool)).cloned().collect();
                if !batches.is_empty() {
                    let which = &batches[self.rng.usize(0..batches.len())];
                    let length = content.files.get(which).map_or(1, |(bytes, _)| bytes.len().max(1));
                    let at = self.rng.usize(0..length);
                    if let Some(byte) = content.files.get_mut(which).and_then(|(bytes, _)| bytes.get_mut(at)) {
                        *byte ^= 0x20;
                    }
                }
            }
        }
        agent.disk.replace(content);
        self.note(|| format!("agent {at} loses state {which}"));
        self.after_ms(1000, 120_000, Event::StartAgent(at));
    }

    /// A backup is made, or comes back.
    fn roll_back(&mut self, at: usize) {
        let agent = &mut self.agents[at];
        match agent.backup.take() {
            None => agent.backup = Some(agent.disk.content()),
            Some(backup) => {
                agent.kill();
                agent.excused = true;
                agent.disk.replace(backup);
                self.note(|| format!("agent {at} is set back"));
                self.after_ms(1000, 120_000, Event::StartAgent(at));
            }
        }
    }

    /// Everything that was broken is repaired: what follows is calm.
    pub fn repair(&mut self) -> Result<(), Violation> {
        self.note(|| "everything is repaired".into());
        self.chaos = self.chaos.calm();
        self.book.set_rates(Rates::default());
        self.parted.clear();
        for at in 0..self.instances.len() {
            self.instances[at].clock.set_off_seconds(0);
            // A clock that was ahead may have left a time of hearing in the future; restarting is what people do then.
            self.kill_instance(at)?;
        }
        for at in 0..self.agents.len() {
            let agent = &mut self.agents[at];
            agent.clock.set_off_seconds(0);
            agent.disk.prepare(self.time.micros(), 0, 0);
            agent.off |= agent.is_clone;
            if agent.off {
                agent.kill();
            } else {
                self.after_ms(1000, 60_000, Event::StartAgent(at));
            }
        }
        self.renew_used_tokens();
        Ok(())
    }
}
