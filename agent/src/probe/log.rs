//! What was sent, to whom and when: one line of JSON for each, written to disk before it goes out. With it an operator
//! can show after an incident what was our doing and what was not.
//! It does not know secrets, and it never rewrites or removes a line.
//! Invariant: nothing is sent that is not in the log; what the log does not settle counts against sending more.

use super::plan::{Action, Probe, Transport};
use crate::files::{self, FileFault};
use daicho_schemas::time::UtcMicros;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// One day's file. The rules allow 64 targets a few hundred lines each.
const DAY_BYTES_MAX: usize = 64 * 1024 * 1024;
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Line {
    /// A run begins.
    RunBegan {
        /// When.
        at: UtcMicros,
        /// SHA-256 of the allow-list's bytes, in hexadecimal.
        allow_sha256: String,
        /// Which release of the agent.
        release: String,
    },
    /// This goes out next.
    Sending {
        /// When.
        at: UtcMicros,
        /// To whom.
        target: IpAddr,
        /// What for.
        probe: Probe,
        /// How.
        transport: Transport,
        /// To which port.
        port: u16,
        /// How many bytes of payload; absent where a library chooses them (TLS).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<usize>,
        /// Them, where no secret is in them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes_hex: Option<String>,
    },
    /// What came of it.
    Result {
        /// When.
        at: UtcMicros,
        /// Who.
        target: IpAddr,
        /// What for.
        probe: Probe,
        /// It answered with something we could read.
        answered: bool,
        /// In words, when it did not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// A rule stood against it; nothing was sent.
    Forbidden {
        /// When.
        at: UtcMicros,
        /// To whom it would have gone.
        target: IpAddr,
        /// What for.
        probe: Probe,
        /// Which rule.
        rule: String,
    },
    /// The run is over.
    RunEnded {
        /// When.
        at: UtcMicros,
    },
}

impl Line {
    fn at(&self) -> UtcMicros {
        match self {
            Self::RunBegan { at, .. }
            | Self::Sending { at, .. }
            | Self::Result { at, .. }
            | Self::Forbidden { at, .. }
            | Self::RunEnded { at } => *at,
        }
    }

    /// The line before an action goes out.
    pub fn sending(action: &Action, bytes: Option<usize>, at: UtcMicros) -> Self {
        let Action { address, probe, transport, port, bytes_hex, .. } = action.clone();
        let bytes = bytes.or_else(|| bytes_hex.as_ref().map(|text| text.len() / 2));
        Self::Sending { at, target: address, probe, transport, port, bytes, bytes_hex }
    }
}

/// What one target was sent in the last 24 hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Connections.
    pub connects: u32,
    /// Datagrams.
    pub datagrams: u32,
    /// Failures since the last answer. What has no result has failed.
    pub failures_in_a_row: u32,
}

/// The same for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    targets: BTreeMap<IpAddr, (Count, bool)>,
    /// Lines that cannot be read. Each counts as a connection and a datagram to everybody.
    unreadable: u32,
}

impl Tally {
    /// One target's.
    pub fn of(&self, target: IpAddr) -> Count {
        let (mut count, open) = self.targets.get(&target).copied().unwrap_or_default();
        count.connects = count.connects.saturating_add(self.unreadable);
        count.datagrams = count.datagrams.saturating_add(self.unreadable);
        count.failures_in_a_row = count.failures_in_a_row.saturating_add(u32::from(open));
        count
    }

    /// Counts a line.
    pub fn add(&mut self, line: &Line) {
        match line {
            Line::Sending { target, transport, .. } => {
                let (count, open) = self.targets.entry(*target).or_default();
                count.failures_in_a_row = count.failures_in_a_row.saturating_add(u32::from(*open));
                *open = true;
                let counter = match transport {
                    Transport::Tcp => &mut count.connects,
                    Transport::Udp => &mut count.datagrams,
                };
                *counter = counter.saturating_add(1);
            }
            Line::Result { target, answered, .. } => {
                let (count, open) = self.targets.entry(*target).or_default();
                *open = false;
                count.failures_in_a_row = if *answered { 0 } else { count.failures_in_a_row.saturating_add(1) };
            }
            Line::RunBegan { .. } | Line::Forbidden { .. } | Line::RunEnded { .. } => {}
        }
    }

    fn of_lines(bytes: &[u8], since: UtcMicros) -> Self {
        let mut tally = Self::default();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            match serde_json::from_slice::<Line>(line) {
                Ok(line) if line.at() < since => {}
                Ok(line) => tally.add(&line),
                Err(_) => tally.unreadable = tally.unreadable.saturating_add(1),
            }
        }
        tally
    }
}

/// The log of a state folder, one file for each day of UTC.
#[derive(Debug)]
pub struct Log {
    folder: PathBuf,
    open: Option<(String, File)>,
}

impl Log {
    /// The log under `probe/log/` of a state folder.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(state: &Path) -> Result<Self, FileFault> {
        let folder = state.join("probe").join("log");
        files::make_private_folder(&folder)?;
        Ok(Self { folder, open: None })
    }

    fn path(&self, day: &str) -> PathBuf {
        self.folder.join(format!("{day}.jsonl"))
    }

    /// What was sent in the 24 hours before now.
    ///
    /// # Errors
    /// When a file cannot be read: then it is not known what was sent, and nothing more may be.
    pub fn tally(&self, now: UtcMicros) -> Result<Tally, FileFault> {
        let since = now.plus_seconds(-DAY_SECONDS);
        let mut bytes = Vec::new();
        for day in [since, now] {
            bytes.extend(files::read_limited(&self.path(&day_of(day)), DAY_BYTES_MAX)?.unwrap_or_default());
            bytes.push(b'\n');
        }
        Ok(Tally::of_lines(&bytes, since))
    }

    /// Writes a line, and comes back when it is on disk.
    ///
    /// # Errors
    /// When it is not: then what it announces must not be done.
    pub fn write(&mut self, line: &Line) -> Result<(), FileFault> {
        let day = day_of(line.at());
        let path = self.path(&day);
        if self.open.as_ref().is_none_or(|(open, _)| *open != day) {
            self.open = Some((day, append_to(&path)?));
        }
        let Some((_, file)) = &mut self.open else { return Ok(()) };
        let mut bytes = serde_json::to_vec(line).unwrap_or_default();
        bytes.push(b'\n');
        file.write_all(&bytes).and_then(|()| file.sync_data()).map_err(FileFault::at("write to disk", &path))
    }

    /// Every line of every day, as it stands there.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn print(&self, mut each: impl FnMut(&[u8])) -> Result<(), FileFault> {
        let at = || FileFault::at("read", &self.folder);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(at())? {
            names.push(entry.map_err(at())?.path());
        }
        names.sort();
        for path in names.iter().filter(|path| path.extension().is_some_and(|end| end == "jsonl")) {
            let mut file = File::open(path).map_err(FileFault::at("open", path))?;
            let mut piece = vec![0; 64 * 1024];
            loop {
                let count = file.read(&mut piece).map_err(FileFault::at("read", path))?;
                if count == 0 {
                    break;
                }
                each(piece.get(..count).unwrap_or_default());
            }
        }
        Ok(())
    }
}

fn day_of(at: UtcMicros) -> String {
    at.to_string().chars().take(10).collect()
}

/// A file that only grows. A line that a power failure cut is ended, so that it stays one bad line.
fn append_to(path: &Path) -> Result<File, FileFault> {
    let cut =
        files::read_limited(path, DAY_BYTES_MAX)?.is_some_and(|bytes| bytes.last().is_some_and(|last| *last != b'\n'));
    let mut file = files::append_private(path)?;
    files::sync_folder_of(path)?;
    if cut {
        file.write_all(b"\n").map_err(FileFault::at("write", path))?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action() -> Action {
        Action {
            address: "192.0.2.1".parse().unwrap(),
            probe: Probe::Ssh,
            transport: Transport::Tcp,
            port: 22,
            text: Default::default(),
            bytes_hex: Some(String::new()),
        }
    }

    fn result(at: UtcMicros, answered: bool) -> Line {
        Line::Result { at, target: action().address, probe: Probe::Ssh, answered, why: None }
    }

    #[test]
    fn what_was_sent_is_counted_over_24_hours_and_across_midnight() {
        let state = tempfile::tempdir().unwrap();
        let mut log = Log::open(state.path()).unwrap();
        let evening: UtcMicros = "2026-11-20T23:00:00.000000Z".parse().unwrap();
        log.write(&Line::sending(&action(), None, evening)).unwrap();
        log.write(&result(evening, true)).unwrap();
        let morning = evening.plus_seconds(3 * 3600);
        log.write(&Line::sending(&action(), None, morning)).unwrap();
        log.write(&result(morning, false)).unwrap();
        let target = action().address;
        let count = |at| log.tally(at).unwrap().of(target);
        assert_eq!(count(morning), Count { connects: 2, datagrams: 0, failures_in_a_row: 1 });
        assert_eq!(count(evening.plus_seconds(DAY_SECONDS + 1)).connects, 1);
        assert_eq!(count(morning.plus_seconds(2 * DAY_SECONDS)), Count::default());
        assert_eq!(log.tally(morning).unwrap().of("192.0.2.2".parse().unwrap()), Count::default());
    }

    /// Power went between the line and the answer, or in the middle of the line.
    #[test]
    fn what_the_log_does_not_settle_counts_against_more() {
        let state = tempfile::tempdir().unwrap();
        let now: UtcMicros = "2026-11-21T03:00:00.000000Z".parse().unwrap();
        let mut log = Log::open(state.path()).unwrap();
        log.write(&Line::sending(&action(), None, now)).unwrap();
        let target = action().address;
        assert_eq!(log.tally(now).unwrap().of(target).failures_in_a_row, 1);
        let path = log.path("2026-11-21");
        let mut bytes = std::fs::read(&path).unwrap();
        let whole = bytes.len();
        bytes.extend_from_slice(b"{\"event\":\"sen");
        std::fs::write(&path, &bytes).unwrap();
        let mut log = Log::open(state.path()).unwrap();
        log.write(&result(now, true)).unwrap();
        let after = std::fs::read(&path).unwrap();
        assert!(after.starts_with(&bytes[..whole]) && after.ends_with(b"\n"));
        let count = log.tally(now).unwrap().of(target);
        assert_eq!(count, Count { connects: 2, datagrams: 1, failures_in_a_row: 0 });
    }
}
