//! Where a service's log goes: `agent.log` in the state folder, and what was there before it grew too long to `agent.log.1`.
//! It does not go to Windows' Event Log: no maintained crate writes there without building a library of messages of its own.
//! Invariant: both files together stay below twice the limit, and a disk that takes no log stops nothing.

use crate::files;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// One file.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

#[derive(Clone)]
struct LogFile(Arc<Mutex<Open>>);

struct Open {
    path: PathBuf,
    file: Option<File>,
}

impl Open {
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let is_full = |file: &File| file.metadata().is_ok_and(|found| found.len() >= FILE_BYTES_MAX);
        if self.file.as_ref().is_some_and(is_full) {
            self.file = None;
            let _stays_long = fs::rename(&self.path, self.path.with_extension("log.1"));
        }
        if self.file.is_none() {
            self.file = files::append_private(&self.path).ok();
        }
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(line))
    }
}

impl Write for LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(line)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One line per event. `DAICHO_LOG` says how much.
pub(super) fn to_file(state: &Path) {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_env_var("DAICHO_LOG")
        .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
        .from_env_lossy();
    let file = LogFile(Arc::new(Mutex::new(Open { path: state.join("agent.log"), file: None })));
    let begun = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || file.clone())
        .with_ansi(false)
        .with_target(false)
        .try_init();
    // Somebody logs already; there is nobody to tell.
    let _else_where = begun;
}
