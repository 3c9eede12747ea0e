//! Turns a path of the machine into a path of ours, component by component, as if the root were `/`.
//! It does not open or read anything but links.
//! Invariant: whatever links a hostile image holds, the result lies under the root and contains no link.

use super::AccessError;
use super::registry::folded;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Links followed for one path before it counts as a loop; the kernel's own limit (path_resolution(7)).
const LINKS_MAX: usize = 40;
/// Components walked for one path, links included.
const COMPONENTS_MAX: usize = 4096;
/// Names of one folder that are compared without regard to case.
const NAMES_MAX: usize = 262_144;

/// Resolves `path` under `root`. With `follow_last` a link at the end is followed too.
///
/// A running machine could swap a folder for a link between this walk and the opening; an image at rest cannot. The
/// opener therefore compares what it opened with what was found here.
///
/// With `any_case` a name that is not there as it is written is looked for without regard to case, as Windows does on its own disk.
pub(super) fn resolve(root: &Path, path: &str, follow_last: bool, any_case: bool) -> Result<PathBuf, AccessError> {
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
        let mut name = name;
        let mut here = root.join(&inside).join(&name);
        let mut found = fs::symlink_metadata(&here);
        if any_case
            && found.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
            && let Some(other) = other_case(&root.join(&inside), &name)
        {
            name = other;
            here = root.join(&inside).join(&name);
            found = fs::symlink_metadata(&here);
        }
        let found = found.map_err(|source| AccessError::from_io(path, source))?;
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

/// The first name in a folder, in order, that is the same to Windows.
fn other_case(folder: &Path, name: &OsStr) -> Option<OsString> {
    let wanted = folded(name.to_str()?);
    let names = fs::read_dir(folder).ok()?.take(NAMES_MAX).filter_map(|entry| Some(entry.ok()?.file_name()));
    names.filter(|found| found.to_str().is_some_and(|found| folded(found) == wanted)).min()
}

/// The names of a path, last one first; `.` and the root itself are left out.
fn components_reversed(path: &Path) -> Vec<OsString> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    });
    let mut names: Vec<_> = names.collect();
    names.reverse();
    names
}
