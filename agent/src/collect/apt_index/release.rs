//! The release file that belongs to an index: who the repository says it is.
//! It does not check the signature; apt did before it kept the file.
//! Invariant: only fields of the release itself are read, never what stands around its signature.

use crate::access::Host;
use crate::collect::Gather;
use crate::collect::deb822::split_field;

/// The fields that are read stand at the front, before the long lists of checksums.
const RELEASE_BYTES_MAX: usize = 64 * 1024;

/// Who a repository says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Release {
    /// `Origin`; where the repository names none, the host name in apt's own file name.
    pub(super) origin: String,
    /// `Suite`, else `Codename`.
    pub(super) suite: Option<String>,
}

/// Finds and reads the release file of an index: the one whose name, without its ending, the index's name begins with.
pub(super) fn of_index(
    gather: &mut Gather,
    host: &dyn Host,
    names: &[String],
    folder: &str,
    index: &str,
) -> Option<Release> {
    let candidates = names.iter().filter_map(|name| {
        let stem = name.strip_suffix("_InRelease").or_else(|| name.strip_suffix("_Release"))?;
        let fits = index.strip_prefix(stem)?.starts_with('_');
        fits.then_some((stem.len(), name.ends_with("_InRelease"), name))
    });
    let (_, _, name) = candidates.max()?;
    let place = format!("{folder}/{name}");
    let reading = match host.read(&place, RELEASE_BYTES_MAX) {
        Ok(reading) => reading,
        Err(error) => {
            gather.miss_access(&error);
            return None;
        }
    };
    gather.source(place.as_str());
    let (mut origin, mut suite, mut codename) = (None, None, None);
    for line in signed_part(&reading.bytes).split(|byte| *byte == b'\n') {
        let Some(field) = split_field(line).filter(|field| !field.value.is_empty()) else { continue };
        let slot = match field.name {
            b"Origin" => &mut origin,
            b"Suite" => &mut suite,
            b"Codename" => &mut codename,
            _ => continue,
        };
        slot.get_or_insert_with(|| gather.text(&place, field.value));
    }
    // apt's own rule for what has no Origin: it is known by its site (apt_preferences(5)).
    let site = index.split('_').next().unwrap_or(index);
    let origin = origin.unwrap_or_else(|| gather.text(&place, site.as_bytes()));
    Some(Release { origin, suite: suite.or(codename) })
}

/// The text between the two marks of a clear-signed file (RFC 9580, 7), or the whole of an unsigned one.
fn signed_part(bytes: &[u8]) -> &[u8] {
    const BEGIN: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";
    const END: &[u8] = b"-----BEGIN PGP SIGNATURE-----";
    let Some(begin) = memchr::memmem::find(bytes, BEGIN) else { return bytes };
    let inside = bytes.get(begin + BEGIN.len()..).unwrap_or_default();
    // The armour's own header ends with a blank line.
    let body = memchr::memmem::find(inside, b"\n\n").and_then(|end| inside.get(end + 2..)).unwrap_or_default();
    let end = memchr::memmem::find(body, END).unwrap_or(body.len());
    body.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_signed_is_read() {
        let file = b"Origin: before\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: inside\n-----BEGIN PGP SIGNATURE-----\nOrigin: after\n";
        assert_eq!(signed_part(file), b"Origin: inside\n");
        assert_eq!(signed_part(b"Origin: plain\n"), b"Origin: plain\n");
        assert_eq!(signed_part(b"-----BEGIN PGP SIGNED MESSAGE-----"), b"");
    }
}
