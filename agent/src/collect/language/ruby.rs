//! Ruby gems as their installer recorded them: `specifications/*.gemspec` and its comment `# stub:` (RubyGems).
//! It evaluates no Ruby, and so reads nothing of a specification but that comment and its file name.
//! Invariant: without the comment the file's name speaks, and is said to.

use super::{Look, Named, applications, at, walk, word};
use crate::access::EntrySort;
use daicho_schemas::fact::observation::{LanguageEcosystem, LanguageEvidence};

/// The beginning of a specification: the comment is in its second line.
const HEAD_BYTES_MAX: usize = 4 * 1024;

/// Reads one folder of specifications.
pub(super) fn read(look: &mut Look<'_>, folder: &str) {
    let Some(entries) = walk::entries(look, folder) else { return };
    let installers = &["vendor/bundle/ruby/*/specifications", "specifications/default", "specifications"];
    let application = applications::of_folder(folder, installers);
    let mut any = false;
    for (name, sort) in entries {
        let path = format!("{folder}/{name}");
        match sort {
            EntrySort::Folder if name == "default" => read(look, &path),
            EntrySort::File if name.ends_with(".gemspec") => {
                any = true;
                let Some(reading) = look.head(&path, HEAD_BYTES_MAX) else { continue };
                match gem(&reading.bytes, &name) {
                    Some(named) => look.package(LanguageEcosystem::Gem, named, &application, at(&path)),
                    None => look.malformed(&path, "neither its comment nor its name tell a gem"),
                }
            }
            _ => {}
        }
    }
    if any {
        look.gather.source(folder);
    }
}

/// Name and version of a specification with this file name.
pub fn gem(bytes: &[u8], file_name: &str) -> Option<Named> {
    let text = String::from_utf8_lossy(bytes);
    let stub = text.lines().take(5).find_map(|line| line.strip_prefix("# stub: "));
    let mut words = stub.unwrap_or_default().split_ascii_whitespace();
    if let (Some(name), Some(version)) = (words.next(), words.next()) {
        return Named::installed(name, Some(version));
    }
    // `nokogiri-1.15.4-x86_64-linux`: the version is the last part behind a sign that begins with a digit.
    let stem = file_name.strip_suffix(".gemspec")?;
    let at = stem
        .match_indices('-')
        .filter(|(at, _)| stem.get(at + 1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())));
    let (name, rest) = stem.split_at_checked(at.max()?.0)?;
    let version = rest.trim_start_matches('-').split('-').next().and_then(word);
    Some(Named { group: None, name: word(name)?, version, evidence: LanguageEvidence::FileName })
}
