//! One walk over a root: archives on the way, and folders in which a language's installer keeps its packages.
//! It follows no link, and does not know what an installer's folder holds.
//! Invariant: every folder is counted, and what lies deeper than the limit is named.

use super::{Look, executables, java, node, php, python, ruby};
use crate::access::EntrySort;
use daicho_schemas::trouble::{Trouble, TroubleKind};

/// Folders in folders, below a root.
const DEPTH_MAX: usize = 12;
/// Names in one folder.
pub(super) const NAMES_MAX: usize = 50_000;
/// Folders without packages of their own: histories, caches.
const SKIPPED: &[&str] = &[".git", ".hg", ".svn", ".cache", ".npm", "__pycache__", "lost+found"];

/// Looks into everything under a root.
pub(super) fn walk(look: &mut Look<'_>, root: &str) {
    let mut waiting = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        let Some(entries) = entries(look, &folder) else { continue };
        if depth == 0 {
            look.gather.source(root);
        }
        let name = folder.rsplit('/').next().unwrap_or_default();
        for (entry, sort) in entries.iter().rev() {
            let path = format!("{folder}/{entry}");
            match sort {
                EntrySort::File => file(look, &path, entry, name),
                EntrySort::Folder if SKIPPED.contains(&entry.as_str()) => {}
                EntrySort::Folder if installed(look, &path, entry, name) => {}
                EntrySort::Folder if depth == DEPTH_MAX => {
                    let text = format!("it lies more than {DEPTH_MAX} folders deep and was not looked into");
                    look.gather.miss(Trouble::new(TroubleKind::TooLarge, super::printable(&path), text));
                }
                EntrySort::Folder => waiting.push((path, depth + 1)),
                EntrySort::Link | EntrySort::Special => {}
            }
        }
    }
}

/// What lies in a folder that was not listed yet; nothing where there is none or it may not be read.
pub(super) fn entries(look: &mut Look<'_>, folder: &str) -> Option<Vec<(String, EntrySort)>> {
    if !look.is_new(folder) || !look.budget.folder(folder) {
        return None;
    }
    match look.host.entries(folder, NAMES_MAX) {
        Ok(found) => {
            if found.cut {
                look.gather.miss_rest(folder);
            }
            if found.unreadable_names > 0 {
                look.malformed(folder, "names that are not UTF-8 were left out");
            }
            Some(found.entries)
        }
        Err(error) => {
            look.no_access(&error);
            None
        }
    }
}

fn file(look: &mut Look<'_>, path: &str, name: &str, folder: &str) {
    if java::is_archive(name) {
        java::read(look, path);
    } else if matches!(folder, "bin" | "sbin") {
        executables::read(look, path);
    }
}

/// Whether an installer's folder was read, which is not walked any further.
fn installed(look: &mut Look<'_>, path: &str, name: &str, parent: &str) -> bool {
    match name {
        "node_modules" => node::read(look, path),
        "site-packages" | "dist-packages" => python::read(look, path),
        "specifications" => ruby::read(look, path),
        "composer" if parent == "vendor" => php::read(look, path),
        _ => return false,
    }
    true
}
