//! Which repository lists an installed package: apk's own copies of the repositories' indexes, by the package's checksum.
//! It does not ask the network and does not check the indexes' signatures (apk did).
//! Invariant: a repository is named only where its index has the very package that is installed; a password in its address is not.

use super::Row;
use crate::access::Host;
use crate::collect::Gather;
use crate::collect::stanzas::{Limits, Piece, for_each_piece};
use crate::collect::tar;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use sha1::{Digest, Sha1};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read as _};

/// The repositories that apk asks, one a line.
const REPOSITORIES: &str = "/etc/apk/repositories";
/// Its copies of their indexes; the second is a link where a host keeps packages too.
const CACHES: &[&str] = &["/var/cache/apk", "/etc/apk/cache"];
/// Names in one of these folders.
const NAMES_MAX: usize = 100_000;
/// The list of repositories.
const REPOSITORIES_BYTES_MAX: usize = 1024 * 1024;
/// One index after decompression; Alpine's largest has 10 MB.
const LIMITS: Limits = Limits { file_bytes_max: 256 * 1024 * 1024, stanza_bytes_max: 1024 * 1024 };

/// Repositories by the checksum of the packages in them.
pub(super) struct Indexes(BTreeMap<Vec<u8>, String>);

impl Indexes {
    /// Reads the indexes of the repositories that are configured. What is wrong with them leaves the packages complete.
    pub(super) fn read(gather: &mut Gather, host: &dyn Host, rows: &[Row]) -> Self {
        let wanted: BTreeSet<&[u8]> = rows.iter().map(|row| row.checksum.as_slice()).collect();
        let mut found = Self(BTreeMap::new());
        let repositories = repositories(gather, host);
        for cache in CACHES {
            let Ok(listing) = host.list(cache, NAMES_MAX) else { continue };
            for (url, name) in repositories.iter().filter(|(_, name)| listing.names.contains(name)) {
                found.read_index(gather, host, &format!("{cache}/{name}"), url, &wanted);
            }
        }
        found
    }

    /// The repository whose index has this package.
    pub(super) fn repository(&self, checksum: &[u8]) -> Option<String> {
        self.0.get(checksum).cloned()
    }

    fn read_index(&mut self, gather: &mut Gather, host: &dyn Host, path: &str, url: &str, wanted: &BTreeSet<&[u8]>) {
        let reader = match host.open(path) {
            Ok(reader) => reader,
            Err(error) => return gather.remark(error.to_trouble()),
        };
        gather.source(path);
        let mut archive = flate2::bufread::MultiGzDecoder::new(reader).take(LIMITS.file_bytes_max);
        let result = tar::for_each_entry(&mut archive, |name, content| {
            if name != b"APKINDEX" {
                return Ok(());
            }
            for_each_piece(BufReader::new(content), LIMITS, |piece| {
                if let Piece::Whole(bytes, _) | Piece::Unended(bytes, _) = piece
                    && let Some(line) = bytes.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"C:"))
                    && wanted.contains(line.trim_ascii())
                {
                    self.0.entry(line.trim_ascii().to_vec()).or_insert_with(|| url.to_owned());
                }
            })
            .map(drop)
        });
        if result.is_err() {
            let text = "the index of a repository is damaged; packages of it have no repository here";
            gather.remark(Trouble::new(TroubleKind::Malformed, path, text));
        }
    }
}

/// Address and name of the cached index of every configured repository, in their order.
fn repositories(gather: &mut Gather, host: &dyn Host) -> Vec<(String, String)> {
    let reading = match host.read(REPOSITORIES, REPOSITORIES_BYTES_MAX) {
        Ok(reading) => reading,
        Err(error) if error.is_missing() => return Vec::new(),
        Err(error) => {
            gather.remark(error.to_trouble());
            return Vec::new();
        }
    };
    gather.source(REPOSITORIES);
    let lines = reading.bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let addresses = lines.filter_map(|line| line.rsplit(u8::is_ascii_whitespace).next());
    let addresses = addresses.filter(|address| !address.is_empty() && !address.starts_with(b"#"));
    let known = addresses.map(|address| {
        // apk names its copy by the first four bytes of the address's SHA-1.
        let digest = hex::encode(Sha1::digest(address));
        let name = format!("APKINDEX.{}.tar.gz", digest.get(..8).unwrap_or_default());
        (without_password(&gather.text(REPOSITORIES, address)), name)
    });
    known.collect()
}

/// An address without the account in it: `https://user:password@host/` is `https://host/`.
pub(super) fn without_password(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}
