//! Turns a path of the machine into a path of ours, component by component, as if the root were `/`.
//! It does not open or read anything but links.
//! Invariant: whatever links a hostile image holds, the result lies under the root and contains no link.

use super::AccessError;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Links followed for one path before it counts as a loop; the kernel's own limit (path_resolution(7)).
const LINKS_MAX: usize = 40;
/// Components walked for one path, links included.
const COMPONENTS_MAX: usize = 4096;

/// Resolves `path` under `root`. With `follow_last` a link at the end is followed too.
///
/// A running machine could swap a folder for a link between this walk and the opening; an image at rest cannot. The
/// opener therefore compares what it opened with what was found here.
pub(super) fn resolve(root: &Path, path: &str, follow_last: bool) -> Result<PathBuf, AccessError> {
    let special = || AccessError::Special { path: path.to_owned() };
    let mut links_left = LINKS_MAX;
    let mut components_left = COMPONENTS_MAX;
    // What is still to walk, last component first, so that a link's target is put on top.
    let mut waiting = components_reversed(Path::new(path));
    let mut inside = PathBuf::new();
    while let Some(name) = waiting.pop() {
        components_left = components_left.checked_sub(1).ok_or_else(special)?;
        if name == ".." {
            // Above the root is the root itself, as in a chroot.
            inside.pop();
            continue;
        }
        let here = root.join(&inside).join(&name);
        let found = fs::symlink_metadata(&here).map_err(|source| AccessError::from_io(path, source))?;
        if !found.file_type().is_symlink() || (waiting.is_empty() && !follow_last) {
            inside.push(&name);
            continue;
        }
        links_left = links_left.checked_sub(1).ok_or_else(special)?;
        let target = fs::read_link(&here).map_err(|source| AccessError::from_io(path, source))?;
        if target.has_root() {
            inside = PathBuf::new();
        }
        waiting.extend(components_reversed(&target));
    }
    Ok(root.join(inside))
}

/// The names of a path, last one first; `.` and the root itself are left out.
fn components_reversed(path: &Path) -> Vec<std::ffi::OsString> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    });
    let mut names: Vec<_> = names.collect();
    names.reverse();
    names
}
