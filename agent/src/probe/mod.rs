//! The second door: what the agent sends to others goes through here, only when a person asks for it, and only to
//! addresses that people allowed. `run` of the agent never comes here.
//! It does not decide what a device means for a plan; it reports what it saw, and who that seems to be.
//! Invariant: each datagram and each connection was in the plan, was allowed by the rules at that very moment, and stood
//! in the log on disk before it went out. One is under way at a time.

pub mod allow;
pub mod evidence;
pub mod fingerprints;
pub mod log;
pub mod menu;
pub mod plan;
pub mod rules;

use crate::access::Host;
use crate::clock::Clock;
use crate::files::{self, FileFault, LockFault, StateLock};
use allow::{Allow, AllowRefused, SnmpVersion, Target};
use daicho_schemas::fact::observation::ProbeRun;
use daicho_schemas::time::UtcMicros;
use evidence::Evidence;
use fingerprints::{DataFault, Fingerprints, Identified};
use log::{Line, Log};
use menu::user::{Credential, Session};
use menu::{Answer, NoAnswer, http, snmp, ssh, tls, user};
use plan::{Action, Probe};
use rules::{Forbidden, JITTER_MAX, Moment, PAUSE_MIN, may};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What devices showed is kept in one file of the state folder, of at most so many bytes.
pub(crate) const RESULTS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Why a run ends early.
#[derive(Debug, thiserror::Error)]
pub enum ProbeFault {
    /// Our own disk.
    #[error(transparent)]
    File(#[from] FileFault),
    /// Another probing run is under way.
    #[error(transparent)]
    Lock(#[from] LockFault),
    /// A bug of this build.
    #[error(transparent)]
    Data(#[from] DataFault),
    /// The allow-list cannot be worked from.
    #[error(transparent)]
    Allow(#[from] AllowRefused),
}

/// What came of one action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It answered.
    Answered {
        /// What.
        answer: Answer,
    },
    /// It did not, or not with what was asked for.
    NoAnswer {
        /// Why.
        why: String,
    },
    /// A rule stood against it, and nothing was sent.
    Forbidden {
        /// Which, and what to do.
        forbidden: Forbidden,
    },
}

/// One action and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// To whom.
    pub address: IpAddr,
    /// What.
    pub probe: Probe,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What one device showed, as it is kept in the state folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// When it was last asked.
    pub at: UtcMicros,
    /// The run in which it was: where its lines in the log begin. Earlier releases did not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<ProbeRun>,
    /// Who it seems to be, each value with what it rests on.
    pub identified: Identified,
    /// What it answered, in the order of the menu.
    pub answers: Vec<Answer>,
}

/// What a run brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Every action of the plan, in its order.
    pub asked: Vec<Asked>,
    /// Devices that answered.
    pub seen: BTreeMap<IpAddr, Seen>,
}

impl Report {
    /// Whether there was something to do and rules stood against all of it.
    pub fn all_forbidden(&self) -> bool {
        !self.asked.is_empty() && self.asked.iter().all(|asked| matches!(asked.outcome, Outcome::Forbidden { .. }))
    }
}

/// The file in a state folder whose existence stops everything.
pub fn stop_file(state: &Path) -> PathBuf {
    state.join("probe").join("stop")
}

/// An allow-list with its hash.
#[derive(Clone, Debug)]
pub struct AllowList {
    /// What it says.
    pub allow: Allow,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

impl AllowList {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or is not sound.
    pub fn read(path: &Path) -> Result<Self, ProbeFault> {
        let bytes = files::read_limited(path, allow::ALLOW_BYTES_MAX)?;
        let missing = || FileFault::at("open", path)(std::io::ErrorKind::NotFound.into());
        let bytes = bytes.ok_or_else(missing)?;
        Ok(Self { allow: Allow::parse(&bytes)?, sha256: hex::encode(Sha256::digest(&bytes)) })
    }
}

/// Goes through the plan; `before` is told each action that goes out.
///
/// # Errors
/// [`ProbeFault`] when our own files fail: what cannot be logged is not sent.
pub async fn run(
    list: &AllowList,
    state: &Path,
    host: &dyn Host,
    clock: Clock,
    mut before: impl FnMut(&Action),
) -> Result<Report, ProbeFault> {
    let _alone = StateLock::take(&state.join("probe"))?;
    let mut run = Run::begin(list, state, host, clock)?;
    let mut report = Report { asked: Vec::new(), seen: BTreeMap::new() };
    let mut stopped: Option<Forbidden> = None;
    for action in plan::plan(&list.allow) {
        let outcome = match &stopped {
            Some(forbidden) => Outcome::Forbidden { forbidden: forbidden.clone() },
            None => run.one(&action, &mut before).await?,
        };
        if let Outcome::Forbidden { forbidden } = &outcome {
            stopped = stopped.or_else(|| Some(forbidden.clone()).filter(|forbidden| forbidden.stops_all));
        }
        report.asked.push(Asked { address: action.address, probe: action.probe, outcome });
    }
    run.log.write(&Line::RunEnded { at: clock() })?;
    let mut answers: BTreeMap<IpAddr, Vec<Answer>> = BTreeMap::new();
    for asked in &report.asked {
        if let Outcome::Answered { answer } = &asked.outcome {
            answers.entry(asked.address).or_default().push(answer.clone());
        }
    }
    for (address, answers) in answers {
        let identified = run.facts.identify(&answers);
        report.seen.insert(address, Seen { at: clock(), run: Some(run.own.clone()), identified, answers });
    }
    keep(state, &report)?;
    Ok(report)
}

/// What is under way.
struct Run<'a> {
    allow: &'a Allow,
    host: &'a dyn Host,
    clock: Clock,
    stop_files: Vec<PathBuf>,
    before: Evidence,
    facts: Fingerprints,
    own: ProbeRun,
    log: Log,
    tally: log::Tally,
    engines: BTreeMap<IpAddr, snmp::Engine>,
}

impl<'a> Run<'a> {
    fn begin(list: &'a AllowList, state: &Path, host: &'a dyn Host, clock: Clock) -> Result<Self, ProbeFault> {
        let mut log = Log::open(state)?;
        let tally = log.tally(clock())?;
        let (allow_sha256, release) = (list.sha256.clone(), env!("CARGO_PKG_VERSION").to_owned());
        let own = ProbeRun { began_at: clock(), allow_sha256: allow_sha256.clone() };
        log.write(&Line::RunBegan { at: own.began_at, allow_sha256, release })?;
        let mut stop_files = vec![stop_file(state)];
        stop_files.extend(list.allow.file.stop_file.clone());
        let mut run = Self {
            allow: &list.allow,
            host,
            clock,
            stop_files,
            before: Evidence::default(),
            facts: Fingerprints::load()?,
            own,
            log,
            tally,
            engines: BTreeMap::new(),
        };
        run.before = run.look();
        Ok(run)
    }

    fn look(&self) -> Evidence {
        let stop_files: Vec<&Path> = self.stop_files.iter().map(PathBuf::as_path).collect();
        Evidence::look(self.host, &stop_files)
    }

    fn may(&self, target: &Target, action: &Action) -> Result<(), Forbidden> {
        let evidence = self.look();
        let (allow, before, tally, facts) = (self.allow, &self.before, &self.tally, &self.facts);
        let now = (self.clock)();
        may(target, action, Moment { allow, evidence: &evidence, before, tally, fingerprints: facts, now })
    }

    /// Written to disk first; what cannot be written is not done.
    fn note(&mut self, line: &Line) -> Result<(), FileFault> {
        self.log.write(line)?;
        self.tally.add(line);
        Ok(())
    }

    async fn one(&mut self, action: &Action, before: &mut impl FnMut(&Action)) -> Result<Outcome, FileFault> {
        let Some(target) = self.allow.file.targets.iter().find(|target| target.address == action.address) else {
            return Ok(Outcome::NoAnswer { why: String::new() });
        };
        let (probe, address) = (action.probe, action.address);
        let mut allowed = self.may(target, action);
        if allowed.is_ok() {
            tokio::time::sleep(pause()).await;
            // Much can happen in two seconds: the rules are asked again when it is about to go out.
            allowed = self.may(target, action);
        }
        if let Err(forbidden) = allowed {
            let rule = forbidden.rule.to_owned();
            self.note(&Line::Forbidden { at: (self.clock)(), target: address, probe, rule })?;
            return Ok(Outcome::Forbidden { forbidden });
        }
        let ready = match self.prepare(target, action) {
            Ok(ready) => ready,
            Err(nothing_sent) => return Ok(Outcome::NoAnswer { why: nothing_sent.to_string() }),
        };
        before(action);
        let bytes = ready.as_ref().map(|(_, request)| request.len());
        self.note(&Line::sending(action, bytes, (self.clock)()))?;
        let answer = self.send(target, action, ready).await;
        let why = answer.as_ref().err().map(ToString::to_string);
        self.note(&Line::Result { at: (self.clock)(), target: address, probe, answered: answer.is_ok(), why })?;
        if let Ok(Answer::SnmpEngine(engine)) = &answer {
            self.engines.insert(address, engine.clone());
        }
        Ok(match answer {
            Ok(answer) => Outcome::Answered { answer },
            Err(error) => Outcome::NoAnswer { why: error.to_string() },
        })
    }

    /// What a GetRequest needs beforehand: its credential and its bytes.
    fn prepare(&self, target: &Target, action: &Action) -> Result<Option<(Session, Vec<u8>)>, NoAnswer> {
        let Some(get) = target.probes.snmp_get.as_ref().filter(|_| action.probe == Probe::SnmpGet) else {
            return Ok(None);
        };
        let engine = self.engine_for(target);
        if get.version == SnmpVersion::V3 && engine.is_none() {
            return Err(NoAnswer::NotUnderstood("the SNMPv3 engine did not answer before; nothing was sent"));
        }
        let session = Credential::read(&get.credential_file)?.session(engine)?;
        let request = session.request()?;
        Ok(Some((session, request)))
    }

    fn engine_for(&self, target: &Target) -> Option<&snmp::Engine> {
        let v3 = target.probes.snmp_get.as_ref().is_some_and(|get| get.version == SnmpVersion::V3);
        self.engines.get(&target.address).filter(|_| v3)
    }

    async fn send(
        &self,
        target: &Target,
        action: &Action,
        ready: Option<(Session, Vec<u8>)>,
    ) -> Result<Answer, NoAnswer> {
        let (address, port) = (action.address, action.port);
        match (action.probe, ready) {
            (Probe::SnmpEngine, _) => {
                let answer = snmp::exchange(address, port, &snmp::discovery()).await?;
                let engine = snmp::read_engine(&answer).ok_or(NoAnswer::NotUnderstood("no SNMPv3 report"))?;
                Ok(Answer::SnmpEngine(engine))
            }
            (Probe::SnmpGet, Some((session, request))) => user::ask(address, port, &session, &request).await,
            (Probe::SnmpGet, None) => Err(NoAnswer::Credential("there is none".into())),
            (Probe::Ssh, _) => ssh::ask(address, port).await,
            (Probe::Tls, _) => tls::ask(address, port).await,
            (Probe::Http, _) => http::ask(address, port, target.probes.http.is_some_and(|http| http.tls)).await,
        }
    }
}

/// A second, and up to another one at random.
fn pause() -> Duration {
    // Without randomness the longest pause is the safe one.
    let share = getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX));
    PAUSE_MIN.saturating_add(JITTER_MAX.mul_f64(share))
}

/// Keeps what devices showed beside what others showed before.
fn keep(state: &Path, report: &Report) -> Result<(), FileFault> {
    let path = state.join("probe").join("results.json");
    let known = files::read_limited(&path, RESULTS_BYTES_MAX)?;
    let mut seen: BTreeMap<IpAddr, Seen> =
        known.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    seen.extend(report.seen.clone());
    files::write_private(&path, &serde_json::to_vec_pretty(&seen).unwrap_or_default())
}

#[cfg(test)]
mod tests;
