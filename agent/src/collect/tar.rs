//! Walks a tar archive (POSIX.1-1988 `ustar` headers) from its first byte to its last, as repositories' indexes come.
//! It does not know long names, links or checksums of headers: entries it does not understand are passed over.
//! Invariant: nothing is written anywhere, and memory does not grow with the archive.

use std::io::{self, Read};

/// One block of the format, in bytes.
const BLOCK_BYTES: usize = 512;
/// Blocks of zeros before an archive counts as ended: apk puts several archives behind one another.
const ZERO_BLOCKS_MAX: usize = 64;

/// Calls `each` with the name of every plain file and folder and its bytes; what `each` does not read is skipped.
pub(crate) fn for_each_entry(
    reader: &mut dyn Read,
    mut each: impl FnMut(&[u8], &mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    let mut zeros = 0;
    let mut header = [0_u8; BLOCK_BYTES];
    while zeros < ZERO_BLOCKS_MAX && read_block(reader, &mut header)? {
        if header.iter().all(|byte| *byte == 0) {
            zeros += 1;
            continue;
        }
        zeros = 0;
        let size = octal(header.get(124..136).unwrap_or_default())
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "an entry of the archive has no size"))?;
        let name = text(header.get(..100).unwrap_or_default());
        let prefix = text(header.get(345..500).unwrap_or_default());
        let is_ustar = header.get(257..262) == Some(b"ustar");
        let name = if is_ustar && !prefix.is_empty() { [prefix, b"/", name].concat() } else { name.to_vec() };
        let mut content = reader.take(size);
        if matches!(header.get(156), Some(b'0' | b'5' | 0)) {
            each(&name, &mut content)?;
        }
        io::copy(&mut content, &mut io::sink())?;
        let block = u64::try_from(BLOCK_BYTES).unwrap_or(512);
        io::copy(&mut reader.take((block - size % block) % block), &mut io::sink())?;
    }
    Ok(())
}

/// Fills a block. `false` at the end of the archive; an archive that ends inside a block is damaged.
fn read_block(reader: &mut dyn Read, block: &mut [u8; BLOCK_BYTES]) -> io::Result<bool> {
    let mut filled = 0;
    while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest)? {
            0 if filled == 0 => return Ok(false),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => filled += read,
        }
    }
    Ok(true)
}

fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn octal(field: &[u8]) -> Option<u64> {
    let digits = text(field).trim_ascii();
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = matches!(digit, b'0'..=b'7').then(|| u64::from(digit - b'0'))?;
        number.checked_mul(8)?.checked_add(digit)
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Writes an archive of plain files.
    pub(crate) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, content) in files {
            let mut header = [0_u8; BLOCK_BYTES];
            header[..name.len()].copy_from_slice(name.as_bytes());
            header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
            header[156] = if name.ends_with('/') { b'5' } else { b'0' };
            header[257..262].copy_from_slice(b"ustar");
            bytes.extend_from_slice(&header);
            bytes.extend_from_slice(content);
            bytes.resize(bytes.len().next_multiple_of(BLOCK_BYTES), 0);
        }
        bytes
    }

    fn names(mut bytes: &[u8]) -> (Vec<String>, bool) {
        let mut names = Vec::new();
        let result = for_each_entry(&mut bytes, |name, content| {
            let mut first = [0; 1];
            let read = content.read(&mut first)?;
            names.push(format!("{}:{}", String::from_utf8_lossy(name), String::from_utf8_lossy(&first[..read])));
            Ok(())
        });
        (names, result.is_ok())
    }

    #[test]
    fn entries_are_walked_over_the_end_of_one_archive_into_the_next() {
        let two = [archive(&[("one", b"1111")]), vec![0; 1024], archive(&[("b/", b""), ("b/two", &[b'2'; 700])])];
        assert_eq!(names(&two.concat()), (vec!["one:1".into(), "b/:".into(), "b/two:2".into()], true));
    }

    #[test]
    fn damage_ends_the_walk_and_never_panics() {
        let sound = archive(&[("one", b"1111"), ("two", b"2222")]);
        for end in 0..sound.len() {
            names(&sound[..end]);
        }
        for place in 0..sound.len() {
            for value in [0, 1, b'7', 0xff] {
                let mut changed = sound.clone();
                changed[place] = value;
                names(&changed);
            }
        }
        assert!(!names(&[b'x'; 512]).1, "no size");
    }
}
