//! What Go and Rust wrote into an executable: its module and those built into it (`runtime/debug` of Go 1.18 and later), crates
//! where it was built by `cargo auditable` (section `.dep-v0`).
//! It does not know whether code of a module is ever reached, and an executable that says nothing is not told.
//! Invariant: nothing is run, and sections are read within limits.

use super::elf::Elf;
use super::{Look, Named, applications, at, word};
use crate::access::remembered_file;
use daicho_schemas::fact::observation::{LanguageEcosystem, LanguageEvidence};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use flate2::read::ZlibDecoder;
use serde::Deserialize;
use std::io::{Read, Seek};

/// What Go wrote: the largest programs have some 600 modules of 100 bytes.
const GO_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// What `cargo auditable` wrote, packed, and unpacked.
const CARGO_BYTES_MAX: u64 = 4 * 1024 * 1024;
const CARGO_UNPACKED_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// What is in an executable.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct BuiltIn {
    /// Modules and crates.
    pub packages: Vec<(LanguageEcosystem, Named)>,
    /// Why some of it could not be read.
    pub troubles: Vec<&'static str>,
    /// Why it does not tell what it was built from, although its compiler is known.
    pub silent: Option<&'static str>,
}

/// Reads one executable; a file of another sort is passed over.
pub(super) fn read(look: &mut Look<'_>, path: &str) {
    if !look.is_new(path) || !look.budget.file(path) {
        return;
    }
    let file = match look.host.open_anywhere(path) {
        Ok(file) => file,
        Err(error) => return look.no_access(&error),
    };
    let lasts = |found: &BuiltIn| found.troubles.is_empty();
    let Some(built_in) = remembered_file(look.host, "executable", path, lasts, || Some(built_in(file))) else { return };
    if let Some(text) = built_in.silent {
        look.gather.remark(Trouble::new(TroubleKind::NotObservable, super::printable(path), text));
    }
    for text in &built_in.troubles {
        look.gather.miss(Trouble::new(TroubleKind::Malformed, super::printable(path), *text));
    }
    let application = applications::product(path).unwrap_or_else(|| path.to_owned());
    for (ecosystem, named) in built_in.packages.iter().cloned() {
        look.package(ecosystem, named, &application, at(path));
    }
}

/// What a compiler wrote into an executable.
pub fn built_in(file: impl Read + Seek) -> BuiltIn {
    let mut found = BuiltIn::default();
    let Some(mut elf) = Elf::open(file) else { return found };
    if let Some((bytes, cut)) = elf.section(".go.buildinfo", GO_BYTES_MAX) {
        match go(&bytes) {
            _ if cut => found.troubles.push("what Go wrote into it is larger than the limit"),
            Some(modules) => found.packages.extend(modules.into_iter().map(|one| (LanguageEcosystem::Golang, one))),
            None => {
                found.silent =
                    Some("it was built by Go before 1.18, or what Go wrote is damaged; its modules are not known")
            }
        }
    }
    if let Some((bytes, cut)) = elf.section(".dep-v0", CARGO_BYTES_MAX) {
        match cargo(&bytes) {
            _ if cut => found.troubles.push("what cargo auditable wrote into it is larger than the limit"),
            Some(crates) => found.packages.extend(crates.into_iter().map(|one| (LanguageEcosystem::Cargo, one))),
            None => found.troubles.push("what cargo auditable wrote into it is damaged or too large"),
        }
    }
    found
}

fn built(name: &str, version: Option<&str>) -> Option<Named> {
    // `(devel)` is what Go writes where it knows no version.
    let version = version.filter(|version| !version.starts_with('(')).and_then(word);
    Some(Named { group: None, name: word(name)?, version, evidence: LanguageEvidence::BuildInfo })
}

/// The section of Go 1.18 and later: 32 bytes of header, then two texts with their lengths before them.
fn go(bytes: &[u8]) -> Option<Vec<Named>> {
    let rest = bytes.strip_prefix(b"\xff Go buildinf:")?;
    let inline = rest.get(1)? & 2 != 0;
    if !inline {
        return None;
    }
    let (version, rest) = go_text(bytes.get(32..)?)?;
    let (modules, _) = go_text(rest)?;
    // The module text stands between two marks of 16 bytes; a program without modules has none.
    let modules = modules.get(16..modules.len().saturating_sub(16)).unwrap_or_default();
    let modules = String::from_utf8_lossy(modules);
    let mut found: Vec<Named> = Vec::new();
    for line in modules.lines() {
        let mut words = line.split('\t');
        match (words.next(), words.next()) {
            (Some("mod" | "dep"), Some(path)) => found.extend(built(path, words.next())),
            // What stands in the place of the module before. A folder of whoever built it has no name and no version of its own.
            (Some("=>"), Some(path)) => match found.pop() {
                Some(replaced) if path.starts_with(['.', '/']) => found.push(Named { version: None, ..replaced }),
                _ => found.extend(built(path, words.next())),
            },
            _ => {}
        }
    }
    let version = String::from_utf8_lossy(version);
    let version = version.split_ascii_whitespace().next().and_then(|word| word.strip_prefix("go"));
    found.extend(version.and_then(|version| built("stdlib", Some(version))));
    Some(found)
}

/// A text with its length before it, seven bits to a byte.
fn go_text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(9) {
        length |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return bytes.get(at + 1..)?.split_at_checked(usize::try_from(length).ok()?);
        }
    }
    None
}

/// The section of `cargo auditable`: JSON, packed by zlib.
fn cargo(bytes: &[u8]) -> Option<Vec<Named>> {
    #[derive(Deserialize)]
    struct Audit {
        packages: Vec<Crate>,
    }
    #[derive(Deserialize)]
    struct Crate {
        name: String,
        version: String,
        kind: Option<String>,
    }
    let mut json = Vec::new();
    ZlibDecoder::new(bytes).take(CARGO_UNPACKED_BYTES_MAX + 1).read_to_end(&mut json).ok()?;
    if u64::try_from(json.len()).ok()? > CARGO_UNPACKED_BYTES_MAX {
        return None;
    }
    let audit: Audit = serde_json::from_slice(&json).ok()?;
    // What only ran while it was built is not in it.
    let inside = audit.packages.iter().filter(|one| one.kind.as_deref() != Some("build"));
    Some(inside.filter_map(|one| built(&one.name, Some(&one.version))).collect())
}
