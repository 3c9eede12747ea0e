//! What Unix does for our own files: permissions, and syncing a folder.
//! It does not know what is in them.
//! Invariant: every function has its sibling of the same name for Windows (`windows.rs`).

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The usual state folder.
pub(super) fn state_folder_default() -> PathBuf {
    PathBuf::from("/var/lib/daicho-agent")
}

/// A folder that was made just now is closed to others already.
pub(super) fn close_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes a folder, and those above it, that only this account may enter.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// A file that is created is for this account only.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

/// Makes a rename or a removal in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all())
}

/// Whether other accounts may read a file; none where that cannot be told.
pub(super) fn others_may_read(found: &Metadata) -> Option<bool> {
    Some(found.permissions().mode() & 0o077 != 0)
}
