//! PHP packages as Composer recorded them: `vendor/composer/installed.json` of Composer 1 and 2.
//! It runs no PHP, and does not know whether the packages' folders are still there.
//! Invariant: a file that is no such record is named, and what of it can be read is kept.

use super::{Look, Named, applications, at};
use daicho_schemas::fact::observation::LanguageEcosystem;
use serde::Deserialize;
use serde_json::Value;

/// One record; large applications have some 2 MB.
const RECORD_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Reads the record in a folder of Composer's.
pub(super) fn read(look: &mut Look<'_>, folder: &str) {
    let path = format!("{folder}/installed.json");
    if !look.is_new(&path) || !look.budget.file(&path) {
        return;
    }
    let Some(reading) = look.head(&path, RECORD_BYTES_MAX) else { return };
    look.gather.source(&path);
    let application = applications::of_folder(folder, &["vendor/composer"]);
    let Some((packages, bad)) = packages(&reading.bytes).filter(|_| !reading.cut) else {
        return look.malformed(&path, "it is no record of Composer's, or larger than the limit");
    };
    if bad {
        look.malformed(&path, "packages without a name were left out");
    }
    for named in packages {
        look.package(LanguageEcosystem::Composer, named, &application, at(&path));
    }
}

/// The packages of a record, and whether any had no name.
pub fn packages(bytes: &[u8]) -> Option<(Vec<Named>, bool)> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Record {
        Two { packages: Vec<Value> },
        One(Vec<Value>),
    }
    let (Record::Two { packages } | Record::One(packages)) = serde_json::from_slice(bytes).ok()?;
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let read: Vec<Option<Named>> = packages
        .iter()
        .map(|package| {
            // Composer keeps the tag as its author wrote it; the tag's `v` is no part of the version.
            let version = text(package, "version");
            let version = version.as_deref().map(|tag| tag.strip_prefix('v').unwrap_or(tag));
            Named::installed(&text(package, "name")?, version)
        })
        .collect();
    let bad = read.iter().any(Option::is_none);
    Some((read.into_iter().flatten().collect(), bad))
}
