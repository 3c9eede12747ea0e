//! Digests of files' contents, and which of them are known already.
//! It does not know files' names: a file is known by its device, number, size and times.
//! Invariant: memory has a limit, and what is over it is read again, never answered from something else.

use super::Stamp;
use daicho_schemas::fact::observation::PackageDigestSort;
use md5::Md5;
use sha1::Sha1;
use sha2::digest::DynDigest;
use sha2::{Sha256, Sha384, Sha512};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

/// Files whose digests are kept; a host starts some hundred different programs.
const KNOWN_MAX: usize = 4_096;
const PIECE_BYTES: usize = 64 * 1024;

/// What is known.
#[derive(Debug, Default)]
pub(super) struct Digests {
    known: Mutex<BTreeMap<(Stamp, PackageDigestSort), String>>,
}

impl Digests {
    /// The digest of a file that was read before and did not change since.
    pub(super) fn get(&self, stamp: Stamp, sort: PackageDigestSort) -> Option<String> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&(stamp, sort)).cloned()
    }

    /// Keeps one.
    pub(super) fn keep(&self, stamp: Stamp, sort: PackageDigestSort, digest: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert((stamp, sort), digest.to_owned());
    }
}

/// Reads to the end; nothing where there are more than `bytes_max` bytes.
pub(super) fn of(mut file: impl Read, sort: PackageDigestSort, bytes_max: u64) -> io::Result<Option<String>> {
    let mut digest: Box<dyn DynDigest> = match sort {
        PackageDigestSort::Md5 => Box::new(Md5::default()),
        PackageDigestSort::Sha1 => Box::new(Sha1::default()),
        PackageDigestSort::Sha256 => Box::new(Sha256::default()),
        PackageDigestSort::Sha384 => Box::new(Sha384::default()),
        PackageDigestSort::Sha512 => Box::new(Sha512::default()),
    };
    let mut left = bytes_max;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = match file.read(&mut piece) {
            Ok(0) => return Ok(Some(hex::encode(digest.finalize()))),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let Some(rest) = left.checked_sub(u64::try_from(read).unwrap_or(u64::MAX)) else { return Ok(None) };
        left = rest;
        digest.update(piece.get(..read).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_their_standards_and_end_at_the_limit() {
        let of = |sort| of(&b"abc"[..], sort, 3).unwrap().unwrap();
        assert_eq!(of(PackageDigestSort::Md5), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(of(PackageDigestSort::Sha1), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert!(of(PackageDigestSort::Sha256).starts_with("ba7816bf8f01cfea414140de5dae2223"));
        assert!(of(PackageDigestSort::Sha384).starts_with("cb00753f45a35e8bb5a03d699ac65007"));
        assert!(of(PackageDigestSort::Sha512).starts_with("ddaf35a193617abacc417349ae204131"));
        assert_eq!(super::of(&b"abcd"[..], PackageDigestSort::Md5, 3).unwrap(), None);
    }
}
