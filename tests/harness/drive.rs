//! A drive whose power can be cut: a file system in user space with one file, on which a loop device puts a real ext4.
//! It keeps what was written since the last flush in a cache, as drives do, and a cut loses any part of that cache, sector by
//! sector and in any order. It does not know what is written. Invariant: what was flushed is never lost or changed by it, and
//! after a cut nothing is acknowledged any more, so every acknowledgement that got out counts.

use fuser::{
    BackgroundSession, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo,
    LockOwner, MountOption, OpenFlags, ReplyAttr, ReplyData, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyWrite, Request,
    WriteFlags,
};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, UNIX_EPOCH};
use tempfile::TempDir;

/// What a drive writes whole or not at all.
const SECTOR_BYTES: usize = 512;
/// Long enough for the kernel never to ask twice.
const FOR_LONG: Duration = Duration::from_secs(3600);
const FILE: INodeNo = INodeNo(2);

/// What a cut leaves of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// None of it.
    Lost,
    /// All of it.
    Written,
    /// Each sector or not, whenever it was written.
    Scattered,
}

/// What stands on the drive.
#[derive(Default)]
struct Platter {
    flushed: Vec<u8>,
    /// Flushed and cached, as a reader sees it.
    seen: Vec<u8>,
    /// Since the last flush: where, and what.
    cached: Vec<(usize, Vec<u8>)>,
    off: bool,
    counts: Counts,
}

/// What a drive was asked to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Writes.
    pub writes: u64,
    /// Flushes.
    pub flushes: u64,
    /// Sectors that were in the cache when the power went, and are lost.
    pub sectors_lost: u64,
}

impl Platter {
    fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.counts.writes += 1;
        self.seen[offset..offset + bytes.len()].copy_from_slice(bytes);
        self.cached.push((offset, bytes.to_vec()));
    }

    fn flush(&mut self) {
        self.counts.flushes += 1;
        for (offset, bytes) in self.cached.drain(..) {
            self.flushed[offset..offset + bytes.len()].copy_from_slice(&bytes);
        }
    }

    /// The cache goes; the power is back.
    fn restart(&mut self, cache: Cache, mut chance: impl FnMut() -> bool) {
        for (offset, bytes) in std::mem::take(&mut self.cached) {
            for (place, sector) in (offset..).step_by(SECTOR_BYTES).zip(bytes.chunks(SECTOR_BYTES)) {
                let arrives = match cache {
                    Cache::Lost => false,
                    Cache::Written => true,
                    Cache::Scattered => chance(),
                };
                if arrives {
                    self.flushed[place..place + sector.len()].copy_from_slice(sector);
                }
                self.counts.sectors_lost += u64::from(!arrives);
            }
        }
        self.seen.clone_from(&self.flushed);
        self.off = false;
    }
}

#[derive(Clone)]
struct Shared(Arc<Mutex<Platter>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Platter> {
        self.0.lock().unwrap()
    }

    fn attributes(&self, of: INodeNo) -> FileAttr {
        let (kind, perm) = if of == FILE { (FileType::RegularFile, 0o600) } else { (FileType::Directory, 0o700) };
        let size = self.lock().flushed.len() as u64;
        let (atime, mtime, ctime, crtime) = (UNIX_EPOCH, UNIX_EPOCH, UNIX_EPOCH, UNIX_EPOCH);
        let (blocks, nlink, uid, gid, rdev, blksize, flags) = (size / 512, 1, 0, 0, 0, 4096, 0);
        FileAttr {
            ino: of,
            size,
            blocks,
            atime,
            mtime,
            ctime,
            crtime,
            kind,
            perm,
            nlink,
            uid,
            gid,
            rdev,
            blksize,
            flags,
        }
    }
}

impl Filesystem for Shared {
    fn lookup(&self, _request: &Request, _parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        if name == "drive" {
            reply.entry(&FOR_LONG, &self.attributes(FILE), Generation(0));
        } else {
            reply.error(Errno::ENOENT);
        }
    }

    fn getattr(&self, _request: &Request, of: INodeNo, _handle: Option<FileHandle>, reply: ReplyAttr) {
        reply.attr(&FOR_LONG, &self.attributes(of));
    }

    fn open(&self, _request: &Request, _of: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(1), FopenFlags::FOPEN_KEEP_CACHE);
    }

    fn read(
        &self,
        _request: &Request,
        _of: INodeNo,
        _handle: FileHandle,
        offset: u64,
        size: u32,
        _flags: OpenFlags,
        _owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let platter = self.lock();
        if platter.off {
            return reply.error(Errno::EIO);
        }
        let from = usize::try_from(offset).unwrap().min(platter.seen.len());
        let to = from.saturating_add(size as usize).min(platter.seen.len());
        reply.data(&platter.seen[from..to]);
    }

    fn write(
        &self,
        _request: &Request,
        _of: INodeNo,
        _handle: FileHandle,
        offset: u64,
        data: &[u8],
        _how: WriteFlags,
        _flags: OpenFlags,
        _owner: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let mut platter = self.lock();
        if platter.off {
            return reply.error(Errno::EIO);
        }
        platter.write(usize::try_from(offset).unwrap(), data);
        reply.written(u32::try_from(data.len()).unwrap());
    }

    fn fsync(&self, _request: &Request, _of: INodeNo, _handle: FileHandle, _data_only: bool, reply: ReplyEmpty) {
        let mut platter = self.lock();
        if platter.off {
            return reply.error(Errno::EIO);
        }
        platter.flush();
        reply.ok();
    }

    fn flush(&self, _request: &Request, _of: INodeNo, _handle: FileHandle, _owner: LockOwner, reply: ReplyEmpty) {
        // Said when a file is closed; no promise hangs on it.
        reply.ok();
    }
}

/// Runs one of the system's programs; what it said is the error.
#[expect(clippy::disallowed_methods, reason = "file systems are made and mounted by the system's own programs")]
fn run(program: &str, arguments: &[&OsStr]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// A drive with an ext4 on it.
pub struct Drive {
    shared: Shared,
    /// Where the file system is mounted while the drive is in use.
    pub mounted_at: PathBuf,
    drive_at: PathBuf,
    session: Option<BackgroundSession>,
    folder: TempDir,
}

impl Drive {
    /// Makes a drive and a file system on it. Needs root, ext4, loop devices and FUSE; the error says what is missing.
    pub fn new(bytes: usize) -> Result<Self, String> {
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        let (image, mounted_at, drive_at) =
            (folder.path().join("image"), folder.path().join("mounted"), folder.path().join("fuse"));
        let made = std::fs::File::create(&image).and_then(|file| file.set_len(bytes as u64));
        made.and_then(|()| std::fs::create_dir(&mounted_at)).map_err(|error| error.to_string())?;
        std::fs::create_dir(&drive_at).map_err(|error| error.to_string())?;
        run("mkfs.ext4", &["-q".as_ref(), "-F".as_ref(), image.as_ref()])?;
        let flushed = std::fs::read(&image).map_err(|error| error.to_string())?;
        std::fs::remove_file(&image).map_err(|error| error.to_string())?;
        let platter = Platter { seen: flushed.clone(), flushed, ..Platter::default() };
        let shared = Shared(Arc::new(Mutex::new(platter)));
        let mut drive = Self { shared, mounted_at, drive_at, session: None, folder };
        drive.share_folder()?;
        drive.mount()?;
        Ok(drive)
    }

    /// What begins a mount namespace while the drive is in use gets copies of its mounts, which would keep it busy for as
    /// long as that namespace lives. As the copies of shared mounts they go when ours go.
    fn share_folder(&self) -> Result<(), String> {
        let folder = self.folder.path().as_ref();
        run("mount", &["--bind".as_ref(), folder, folder])?;
        run("mount", &["--make-shared".as_ref(), folder])
    }

    fn mount(&mut self) -> Result<(), String> {
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("daicho-test".into())];
        let session = fuser::spawn_mount(self.shared.clone(), &self.drive_at, &config);
        self.session = Some(session.map_err(|error| format!("FUSE: {error}"))?);
        let image = self.drive_at.join("drive");
        run("mount", &["-o".as_ref(), "loop".as_ref(), image.as_ref(), self.mounted_at.as_ref()])
    }

    fn unmount(&mut self) -> Result<(), String> {
        let unmounted = unmounted_from(&self.mounted_at);
        if unmounted.is_err() && is_mounted(&self.mounted_at) {
            // Lazily is better than never.
            let _later = run("umount", &["-l".as_ref(), self.mounted_at.as_ref()]);
        }
        let freed = unmounted_from(&self.drive_at);
        match self.session.take() {
            Some(_) if freed.is_err() => freed,
            Some(session) => session.join().map_err(|error| format!("FUSE: {error}")),
            None => unmounted,
        }
    }

    /// Cuts the power, now: from here on every request fails.
    pub fn cut(&self) {
        self.shared.lock().off = true;
    }

    /// Puts the power back: what was in the cache is gone or not, and the file system is mounted again. Whatever had files
    /// open on it must have ended.
    pub fn restart(&mut self, cache: Cache, chance: impl FnMut() -> bool) -> Result<(), String> {
        self.unmount()?;
        self.shared.lock().restart(cache, chance);
        self.mount()
    }

    /// What it was asked so far.
    pub fn counts(&self) -> Counts {
        self.shared.lock().counts
    }
}

/// Takes a mount away. While it is busy, some program that another test is just starting still has copies of our open files,
/// until it has become that program: that passes.
fn unmounted_from(at: &Path) -> Result<(), String> {
    let mut last = Ok(());
    for _ in 0..100 {
        last = run("umount", &[at.as_ref()]);
        if last.is_ok() || !is_mounted(at) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    last
}

fn is_mounted(at: &Path) -> bool {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    mounts.lines().any(|line| line.split(' ').nth(1) == at.to_str())
}

impl Drop for Drive {
    fn drop(&mut self) {
        // What fails here leaves a mount behind, which the next restart of the machine takes away.
        let _unmounted = self.unmount();
        let _unshared = unmounted_from(self.folder.path());
    }
}
