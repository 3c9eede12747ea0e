//! A real power cut: ext4 on a loop device is shut down without flushing its journal while entries are being appended, then
//! mounted again. It does not know the engine's files. Invariant shown: every acknowledged entry is there, byte for byte.
//!
//! It keeps what had reached the block layer, so it is kinder than a real cut: a drive's own cache is not lost. What it
//! shows is that the engine asks the system for the right thing. `DAICHO_POWER_CUTS` sets the number of rounds.

use crate::book::{frames, head_of};
use daicho::ledger::engine::{Appended, Engine, Frame};
use daicho::ledger::engines::memory::MemoryShelf;
use daicho::ledger::engines::segments::Segments;
use daicho::ledger::engines::segments::files::RealFiles;
use daicho::ledger::verify::verify_engine;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use tempfile::TempDir;

/// `EXT4_IOC_SHUTDOWN` with `EXT4_GOING_FLAGS_NOLOGFLUSH` (linux/fs/ext4/ext4.h), when a line comes in.
const SHUTDOWN: &str = "import fcntl, os, struct, sys
folder = os.open(sys.argv[1], os.O_RDONLY)
print('ready', flush=True)
sys.stdin.readline()
fcntl.ioctl(folder, 0x8004587D, struct.pack('I', 2))";

/// Runs a program; what it said is the error.
#[expect(clippy::disallowed_methods, reason = "a file system is mounted and shut down by the system's own programs")]
fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// An ext4 file system in a file. Dropped, it is unmounted, and the loop device that the mount made goes with it.
struct FileSystem {
    image: PathBuf,
    mounted_at: PathBuf,
    _folder: TempDir,
}

impl FileSystem {
    fn new() -> Result<Self, String> {
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        let (image, mounted_at) = (folder.path().join("image"), folder.path().join("mounted"));
        let made = File::create(&image).and_then(|file| file.set_len(128 * 1024 * 1024));
        made.and_then(|()| std::fs::create_dir(&mounted_at)).map_err(|error| error.to_string())?;
        run("mkfs.ext4", &["-q", "-F", &image.to_string_lossy()])?;
        Ok(Self { image, mounted_at, _folder: folder })
    }

    fn mount(&self) -> Result<(), String> {
        run("mount", &["-o", "loop", &self.image.to_string_lossy(), &self.mounted_at.to_string_lossy()])
    }

    fn unmount(&self) -> Result<(), String> {
        run("umount", &[&self.mounted_at.to_string_lossy()])
    }

    /// Gets everything ready, so that the cut itself is one line away.
    #[expect(clippy::disallowed_methods, reason = "the ioctl needs unsafe code here and none in Python")]
    fn power_switch(&self) -> Result<PowerSwitch, String> {
        let mut command = Command::new("python3");
        command
            .args(["-c", SHUTDOWN])
            .arg(&self.mounted_at)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("python3: {error}"))?;
        let mut ready = String::new();
        let told = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut ready));
        match told {
            Some(Ok(_)) if ready == "ready\n" => Ok(PowerSwitch(child)),
            _ => Err(format!("python3: {:?}", child.wait_with_output())),
        }
    }
}

struct PowerSwitch(Child);

impl PowerSwitch {
    fn cut(mut self) -> Result<(), String> {
        let told = self.0.stdin.take().map(|mut line| line.write_all(b"now\n"));
        let output = self.0.wait_with_output().map_err(|error| format!("python3: {error}"))?;
        match told {
            Some(Ok(())) if output.status.success() => Ok(()),
            _ => Err(format!("python3: {}", String::from_utf8_lossy(&output.stderr).trim())),
        }
    }
}

impl Drop for FileSystem {
    fn drop(&mut self) {
        // Not mounted is the usual case here; busy is not, and lazily is better than never.
        if self.unmount().is_err() {
            let _ = run("umount", &["-l", &self.mounted_at.to_string_lossy()]);
        }
    }
}

/// Whether this machine can cut power at all.
fn possible() -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Err("only Linux has the ext4 shutdown ioctl".into());
    }
    let file_system = FileSystem::new()?;
    file_system.mount()?;
    file_system.power_switch()?.cut()
}

fn open(folder: &Path) -> Segments {
    // Small files, so that some cuts fall into the beginning of a new one.
    Segments::open_with(Arc::new(RealFiles), folder, Arc::new(MemoryShelf::default()), 100_000).unwrap().0
}

/// Appends groups of one to five entries until the disk fails, and tells of each group that was acknowledged before the cut.
///
/// Where the power really goes, no acknowledgement comes out any more. The shutdown ioctl instead lets the sync return that
/// was under way, and it may say that all went well: that one counts as tried, not as acknowledged.
fn append_until_cut(engine: &Segments, told: &Sender<Vec<Frame>>, cut_begun: &AtomicBool) {
    for round in 0.. {
        let group = frames(engine.head(), 1 + round % 5, "a");
        match engine.append(engine.head(), &group) {
            Ok(Appended::Done(_)) if cut_begun.load(Ordering::SeqCst) => {}
            Ok(Appended::Done(_)) => told.send(group).unwrap(),
            Ok(Appended::Moved(head)) => panic!("nobody else appends, and the head is {head:?}"),
            Err(_) => return,
        }
    }
}

#[test]
fn what_was_acknowledged_survives_a_power_cut() {
    if let Err(why) = possible() {
        // Directly, because the test harness keeps what goes through the usual macros to itself.
        let _ = writeln!(std::io::stderr(), "skipped: what_was_acknowledged_survives_a_power_cut: {why}");
        return;
    }
    let rounds = std::env::var("DAICHO_POWER_CUTS").ok().map_or(6, |rounds| rounds.parse().unwrap());
    let file_system = FileSystem::new().unwrap();
    let mut acknowledged: Vec<Frame> = Vec::new();
    for round in 0..rounds {
        let there_before = acknowledged.len();
        file_system.mount().unwrap();
        let engine = open(&file_system.mounted_at);
        let (told, hear) = channel();
        let cut_begun = AtomicBool::new(false);
        let switch = file_system.power_switch().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| append_until_cut(&engine, &told, &cut_begun));
            // Another moment each round, and always with appends going on.
            for _ in 0..20 + 37 * (round % 7) {
                acknowledged.extend(hear.recv().unwrap());
            }
            cut_begun.store(true, Ordering::SeqCst);
            switch.cut().unwrap();
        });
        acknowledged.extend(hear.try_iter().flatten());
        drop(engine);
        file_system.unmount().unwrap();
        assert!(acknowledged.len() > there_before, "round {round}: nothing was acknowledged before the cut");

        file_system.mount().unwrap();
        let engine = open(&file_system.mounted_at);
        let there = engine.read(1, usize::MAX, usize::MAX).unwrap();
        let count = acknowledged.len();
        assert!(there.len() >= count, "round {round}: {count} were acknowledged and {} are there", there.len());
        assert!(there.starts_with(&acknowledged), "round {round}: an acknowledged entry is not what it was");
        let head = head_of(there.last().unwrap());
        let report = verify_engine(&engine, Some(head.hash), &mut |_| {}).unwrap();
        assert!(report.is_right() && engine.head() == head, "round {round}: {report:?}");
        // What stands behind the acknowledged ones was being appended; from now on it is part of the ledger.
        acknowledged = there;
        drop(engine);
        file_system.unmount().unwrap();
    }
}
