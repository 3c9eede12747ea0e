//! What Windows does for our own files: who may enter is said once, of the state folder, and holds for all that is in it; folders are
//! synced where Windows lets us.
//! It does not know what is in them.
//! Invariant: every function has its sibling of the same name for Unix (`unix.rs`).

use std::fs::{self, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// `FILE_FLAG_BACKUP_SEMANTICS`: a folder can be opened with it (CreateFileW).
const FOLDERS_TOO: u32 = 0x0200_0000;

/// LocalSystem and Administrators, by their numbers: their names differ from language to language (Well-known SIDs).
const KEEPERS: &[&str] = &["*S-1-5-18", "*S-1-5-32-544"];

/// The usual state folder: in the folder for data of programs, which need not be on `C:`.
pub(super) fn state_folder_default() -> PathBuf {
    let data = std::env::var_os("ProgramData").map_or_else(|| PathBuf::from(r"C:\ProgramData"), PathBuf::from);
    data.join("Daicho").join("Agent")
}

/// Lets nobody but LocalSystem and Administrators into a folder: it has the agent's key. Everybody may read in ProgramData otherwise.
pub(super) fn close_folder(folder: &Path) -> io::Result<()> {
    let keepers: Vec<String> = KEEPERS.iter().map(|sid| format!("{sid}:(OI)(CI)F")).collect();
    let mut arguments = vec!["/inheritance:r", "/grant:r"];
    arguments.extend(keepers.iter().map(String::as_str));
    icacls(folder, &arguments)
}

/// Lets one more account work in a folder.
pub(super) fn admit(folder: &Path, account: &str) -> io::Result<()> {
    icacls(folder, &["/grant", &format!("{account}:(OI)(CI)M")])
}

/// Windows' own tool: no maintained crate changes who may enter without unsafe code of ours. Only commands that a person gives get here,
/// when they make the state folder; a running agent starts nothing.
fn icacls(folder: &Path, arguments: &[&str]) -> io::Result<()> {
    let root = std::env::var_os("SystemRoot").map_or_else(|| PathBuf::from(r"C:\Windows"), PathBuf::from);
    #[expect(clippy::disallowed_methods, reason = "a person's command, once, by its full path")]
    let mut tool = Command::new(root.join("System32").join("icacls.exe"));
    let done = tool.arg(folder).args(arguments).args(["/q"]).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if done.success() { Ok(()) } else { Err(io::Error::other(format!("icacls ended with {done}"))) }
}

/// Makes a folder, and those above it. What is in it inherits who may enter.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// A file inherits from its folder.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Asks for a rename or a removal in a folder to be written. NTFS writes both into its journal in their order, but Windows does not say
/// when that is on the disk; where it lets nobody flush a folder, the old or the new file is there after a power failure, and which one
/// is not promised. The spool holds either way: a number that was given out is written before its batch is.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    let opened = OpenOptions::new().read(true).write(true).custom_flags(FOLDERS_TOO).open(folder);
    match opened.and_then(|folder| folder.sync_all()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error),
        _not_possible_here => Ok(()),
    }
}

/// Who may read a file is not in what Windows tells of it here.
pub(super) fn others_may_read(_found: &Metadata) -> Option<bool> {
    None
}
