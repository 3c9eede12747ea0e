//! Node.js packages as they lie in `node_modules`: `package.json` of each, scopes, packages in packages, pnpm's store.
//! It runs no JavaScript, and believes no lock file: what lies there counts.
//! Invariant: links are not followed, so a loop of them ends before it begins.

use super::{Look, Named, applications, at, walk};
use crate::access::EntrySort;
use daicho_schemas::fact::observation::LanguageEcosystem;
use serde::Deserialize;

/// One `package.json`; the largest in the field have some 100 KB.
const MANIFEST_BYTES_MAX: usize = 1024 * 1024;
/// `node_modules` in packages in `node_modules`.
const DEPTH_MAX: usize = 32;
/// Folders of packages that belong to no one application: each package there is one.
const SHARED: &[&str] =
    &["/usr/lib/node_modules", "/usr/local/lib/node_modules", "/usr/share/nodejs", "/usr/lib/nodejs"];

/// Reads one folder of packages.
pub(super) fn read(look: &mut Look<'_>, folder: &str) {
    look.gather.source(folder);
    let shared = SHARED.contains(&folder);
    let application = applications::of_folder(folder, &["node_modules"]);
    let mut waiting = vec![(folder.to_owned(), (!shared).then_some(application), 0)];
    while let Some((folder, application, depth)) = waiting.pop() {
        for (path, name) in packages(look, &folder) {
            let own = application.clone().unwrap_or_else(|| path.clone());
            manifest(look, &path, &own);
            let inner = format!("{path}/node_modules");
            if depth == DEPTH_MAX {
                look.malformed(&inner, "packages lie deeper in each other than the limit; they were not read");
            } else if !name.is_empty() {
                waiting.push((inner, Some(own), depth + 1));
            }
        }
    }
}

/// Folders of packages in a folder: plain ones, those of a scope, and those of pnpm's store.
fn packages(look: &mut Look<'_>, folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, sort) in walk::entries(look, folder).unwrap_or_default() {
        let path = format!("{folder}/{name}");
        match name.as_bytes() {
            _ if sort != EntrySort::Folder => {}
            [b'@', ..] => {
                let scoped = walk::entries(look, &path).unwrap_or_default().into_iter();
                let folders = scoped.filter(|(_, sort)| *sort == EntrySort::Folder);
                found.extend(folders.map(|(inner, _)| (format!("{path}/{inner}"), inner)));
            }
            b".pnpm" => {
                for (store, _) in walk::entries(look, &path).unwrap_or_default() {
                    found.extend(packages(look, &format!("{path}/{store}/node_modules")));
                }
            }
            [b'.', ..] => {}
            _ => found.push((path, name)),
        }
    }
    found
}

fn manifest(look: &mut Look<'_>, folder: &str, application: &str) {
    let path = format!("{folder}/package.json");
    let Some(reading) = look.head(&path, MANIFEST_BYTES_MAX) else { return };
    if reading.cut {
        return look.gather.miss_rest(&path);
    }
    match package(&reading.bytes) {
        Some(named) => look.package(LanguageEcosystem::Npm, named, application, at(&path)),
        None => look.malformed(&path, "it names no package"),
    }
}

/// Name and version of a `package.json`.
pub fn package(bytes: &[u8]) -> Option<Named> {
    #[derive(Deserialize)]
    struct Manifest {
        name: String,
        version: Option<String>,
    }
    let manifest: Manifest = serde_json::from_slice(bytes).ok()?;
    Named::installed(&manifest.name, manifest.version.as_deref())
}
