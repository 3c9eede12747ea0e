//! Python distributions as their installer recorded them: `*.dist-info/METADATA`, `*.egg-info` (Core metadata specifications, PEP 376).
//! It runs no Python, and does not know which of two same-named distributions an import finds.
//! Invariant: a record without a name of its own is named by its folder, and said to be.

use super::{Look, Named, applications, at, walk, word};
use crate::access::EntrySort;
use daicho_schemas::fact::observation::{LanguageEcosystem, LanguageEvidence};

/// The beginning of a record; the description stands behind the fields.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// What installers put between an application and its packages.
const INSTALLERS: &[&str] = &[
    "lib/python*/site-packages",
    "lib64/python*/site-packages",
    "lib/python*/dist-packages",
    "local/lib/python*/dist-packages",
    "Lib/site-packages",
];

/// Reads one folder of distributions.
pub(super) fn read(look: &mut Look<'_>, folder: &str) {
    let Some(entries) = walk::entries(look, folder) else { return };
    look.gather.source(folder);
    let application = applications::of_folder(folder, INSTALLERS);
    for (name, sort) in entries {
        let record = match (sort, name.rsplit_once('.')) {
            (EntrySort::Folder, Some((_, "dist-info"))) => "/METADATA",
            (EntrySort::Folder, Some((_, "egg-info"))) => "/PKG-INFO",
            (EntrySort::Folder, Some((_, "egg"))) => "/EGG-INFO/PKG-INFO",
            (EntrySort::File, Some((_, "egg-info"))) => "",
            _ => continue,
        };
        let path = format!("{folder}/{name}{record}");
        let Some(reading) = look.head(&path, HEAD_BYTES_MAX) else { continue };
        let named = distribution(&reading.bytes).or_else(|| by_folder(&name));
        match named {
            Some(named) => look.package(LanguageEcosystem::Pypi, named, &application, at(&path)),
            None => look.malformed(&path, "the record names no distribution"),
        }
    }
}

/// Name and version from the fields of a record.
pub fn distribution(bytes: &[u8]) -> Option<Named> {
    let text = String::from_utf8_lossy(bytes);
    let field = |key: &str| {
        let mut lines = text.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':'));
        lines.find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.trim().to_owned())
    };
    Named::installed(&field("Name")?, field("Version").as_deref())
}

/// `name-1.0.dist-info`, `name-1.0-py3.11.egg-info`.
fn by_folder(name: &str) -> Option<Named> {
    let (stem, _) = name.rsplit_once('.')?;
    let mut parts = stem.split('-');
    let (name, version) = (word(parts.next()?)?, parts.next().and_then(word));
    Some(Named { group: None, name, version, evidence: LanguageEvidence::FileName })
}
