//! Java archives that are files of their own: what is in them, and their digest.
//! It does not know what an archive is made of; `archive` does.
//! Invariant: a digest is of the whole file or not told.

use super::{Look, applications, archive, printable};
use crate::access::remembered_file;
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::observation::{LanguageEcosystem, LanguagePlace, PackageDigestSort};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::io::BufReader;

pub(super) use archive::is_archive;

/// One archive whose digest is made.
const DIGEST_BYTES_MAX: u64 = 1024 * 1024 * 1024;
const BUFFER_BYTES: usize = 64 * 1024;

/// Reads one archive.
pub(super) fn read(look: &mut Look<'_>, path: &str) {
    if !look.is_new(path) || !look.budget.file(path) {
        return;
    }
    let file = match look.host.open_anywhere(path) {
        Ok(file) => file,
        Err(error) => return look.no_access(&error),
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    let ends = look.budget.ends();
    let read = || Some(archive::read(BufReader::with_capacity(BUFFER_BYTES, file), name, ends));
    // One that could not be read to its end may be the next time. An archive that does not name itself is told by its name.
    let lasts = |contents: &archive::Contents| contents.troubles.is_empty();
    let Some(contents) = remembered_file(look.host, &format!("archive {name}"), path, lasts, read) else { return };
    look.budget.bytes(usize::try_from(contents.unpacked).unwrap_or(usize::MAX));
    for (inside, text) in &contents.troubles {
        let place = if inside.is_empty() { path.to_owned() } else { format!("{path}!/{inside}") };
        look.gather.miss(Trouble::new(TroubleKind::Malformed, printable(&place), *text));
    }
    let sha256 = digest(look, path);
    // A war that was unpacked beside itself is one application.
    let folder = applications::of_archive(path);
    let war = format!("{folder}.war");
    let application =
        if path.starts_with(&format!("{folder}/WEB-INF/")) && look.host.exists(&war) { war } else { folder };
    for contained in contents.packages.iter().cloned() {
        let sha256 = sha256.filter(|_| contained.inside.is_none());
        let place = LanguagePlace { path: path.to_owned(), inside: contained.inside, sha256 };
        look.package(LanguageEcosystem::Maven, contained.named, &application, place);
    }
}

fn digest(look: &mut Look<'_>, path: &str) -> Option<Hash> {
    let digest = match look.host.digest(path, PackageDigestSort::Sha256, DIGEST_BYTES_MAX) {
        Ok(Some(digest)) => digest,
        Ok(None) => {
            look.gather.remark(Trouble::new(TroubleKind::TooLarge, path, "it is so large that it has no digest"));
            return None;
        }
        Err(_) => {
            look.malformed(path, "it could not be read to its end; it has no digest");
            return None;
        }
    };
    look.budget.bytes(usize::try_from(digest.bytes_read).unwrap_or(usize::MAX));
    let mut hash = [0; 32];
    hex::decode_to_slice(&digest.hex, &mut hash).ok().map(|()| Hash(hash))
}
