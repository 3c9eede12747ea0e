//! Owners by apk (Alpine): one file that lists every package with its folders and files (apk's `database.c`).
//! It does not know packages beyond name and files.
//! Invariant: a package ends at a blank line; a digest that is not of a known length is none.

use super::{FileDigest, Manager, Owned, Search};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The database; the second place is that of apk 3.
const DATABASES: &[&str] = &["/lib/apk/db/installed", "/usr/lib/apk/db/installed"];
/// apk keeps what people changed under these (apk-protected_paths(5)).
const PROTECTED: &[u8] = b"etc";

/// Where the walk stands.
#[derive(Default)]
struct At {
    package: String,
    folder: Vec<u8>,
    /// The matches of the file that was named last, for the digest that follows it.
    file: Vec<(super::Match, bool)>,
    digest: Option<FileDigest>,
}

pub(super) fn read(search: &mut Search<'_>) {
    let mut seen = std::collections::BTreeSet::new();
    for database in DATABASES {
        let Ok(real) = search.host.canonical(database) else { continue };
        if !seen.insert(real) {
            continue;
        }
        let mut at = At::default();
        if search.each_line(database, |search, line| take(search, &mut at, line)) {
            close(search, &mut at);
            search.read(*database);
        }
    }
}

fn take(search: &mut Search<'_>, at: &mut At, line: &[u8]) {
    let Some((field, value)) = line.split_at_checked(2) else {
        close(search, at);
        *at = At::default();
        return;
    };
    match field {
        b"P:" => at.package = String::from_utf8_lossy(value).into_owned(),
        b"F:" => {
            close(search, at);
            at.folder = value.to_vec();
        }
        b"R:" => {
            close(search, at);
            let path = [at.folder.as_slice(), b"/", value].concat();
            let kept = at.folder.split(|byte| *byte == b'/').next() == Some(PROTECTED);
            at.file = search.matches(&path).into_iter().map(|found| (found, kept)).collect();
        }
        b"Z:" if !at.file.is_empty() => at.digest = digest(value),
        _ => {}
    }
}

fn close(search: &mut Search<'_>, at: &mut At) {
    let digest = at.digest.take();
    for (found, may_differ) in std::mem::take(&mut at.file) {
        let owned = Owned { ecosystem: Manager::Apk, name: at.package.clone(), digest: digest.clone(), may_differ };
        search.own(found, owned);
    }
}

/// `Q1` and a SHA-1, `Q2` and a SHA-256, both in base64; of old databases an MD5 in digits.
fn digest(value: &[u8]) -> Option<FileDigest> {
    let Some(coded) = value.strip_prefix(b"Q1").or_else(|| value.strip_prefix(b"Q2")) else {
        return FileDigest::of_hex(value);
    };
    FileDigest::of_hex(hex::encode(STANDARD.decode(coded).ok()?).as_bytes())
}
