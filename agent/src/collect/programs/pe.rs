//! What a program of Windows tells of itself: its version resource, and whose signature it carries (PE Format; Authenticode; RFC 2315).
//! It does not verify anything: who may have written these words is anybody's guess, and a signer is who the file names.
//! Invariant: every number in the file is hostile: pieces have limits, and what does not fit is not told. Only pieces are read: an
//! installer has gigabytes behind its first page.

use x509_parser::prelude::{FromDer as _, X509Certificate};

const START_BYTES: usize = 4_096;
/// Windows itself starts no file with more.
const SECTIONS_MAX: usize = 96;
const SECTION_BYTES: usize = 40;
/// Resources of one level; a program has a version resource or two.
const RESOURCES_MAX: usize = 4_096;
/// `RT_VERSION` of `winuser.h`.
const VERSION_RESOURCE: u32 = 16;
const VERSION_BYTES_MAX: usize = 64 * 1024;
const SIGNATURE_BYTES_MAX: usize = 1024 * 1024;
/// `WIN_CERT_TYPE_PKCS_SIGNED_DATA` of `wintrust.h`.
const SIGNED_DATA: u16 = 2;
/// A name or version that a file tells.
const WORD_BYTES_MAX: usize = 256;

/// What a file tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Name and version of the product.
    pub(crate) version: Option<(String, Option<String>)>,
    /// The subject of the certificate that its signature names.
    pub(crate) signer: Option<String>,
}

/// Where the parts of a file are.
struct Parts {
    /// Address, size in memory, offset, size in the file.
    sections: Vec<[u32; 4]>,
    resources: u32,
    certificates: (u32, u32),
}

/// Reads a file of which `piece` gives bytes at an offset, at most as many as were asked for. Nothing where it is no PE file.
pub(crate) fn read(piece: &mut dyn FnMut(u64, usize) -> Vec<u8>) -> Option<Told> {
    let start = piece(0, START_BYTES);
    if !start.starts_with(b"MZ") {
        return None;
    }
    let at = number32(&start, 0x3c)?;
    let Some(parts) = parts(&piece(at.into(), START_BYTES)) else { return Some(Told::default()) };
    let version = version_resource(piece, &parts).and_then(|bytes| version(&bytes));
    let (offset, size) = parts.certificates;
    let table = if size == 0 { Vec::new() } else { piece(offset.into(), limited(size, SIGNATURE_BYTES_MAX)) };
    Some(Told { version, signer: signer(&table) })
}

fn parts(header: &[u8]) -> Option<Parts> {
    header.starts_with(b"PE\0\0").then_some(())?;
    let (count, optional_bytes) = (usize::from(number16(header, 6)?), usize::from(number16(header, 20)?));
    let directories = match number16(header, 24)? {
        0x10b => 24 + 96,
        0x20b => 24 + 112,
        _ => return None,
    };
    let directory = |number: usize| {
        let there = number32(header, directories - 4)
            .is_some_and(|count| usize::try_from(count).is_ok_and(|count| number < count));
        let at = directories + number * 8;
        if there { Some((number32(header, at)?, number32(header, at + 4)?)) } else { None }
    };
    let section = |number: usize| {
        let at = 24 + optional_bytes + number * SECTION_BYTES;
        Some([
            number32(header, at + 12)?,
            number32(header, at + 8)?,
            number32(header, at + 20)?,
            number32(header, at + 16)?,
        ])
    };
    Some(Parts {
        sections: (0..count.min(SECTIONS_MAX)).map_while(section).collect(),
        resources: directory(2).map_or(0, |(address, _)| address),
        certificates: directory(4).unwrap_or_default(),
    })
}

impl Parts {
    /// Where in the file an address of memory is.
    fn offset(&self, address: u32) -> Option<u64> {
        self.sections.iter().find_map(|[begins, _, offset, size]| {
            let inside = address.checked_sub(*begins).filter(|inside| inside < size)?;
            Some(u64::from(*offset) + u64::from(inside))
        })
    }
}

/// Type, name, language: three levels of tables, of which the version resource is the first of its type.
fn version_resource(piece: &mut dyn FnMut(u64, usize) -> Vec<u8>, parts: &Parts) -> Option<Vec<u8>> {
    let base = parts.offset(parts.resources).filter(|_| parts.resources != 0)?;
    let mut table = 0_u32;
    for level in 0..3 {
        let head = piece(base + u64::from(table), 16);
        let count = usize::from(number16(&head, 12)?) + usize::from(number16(&head, 14)?);
        let entries = piece(base + u64::from(table) + 16, count.min(RESOURCES_MAX) * 8);
        let wanted = |entry: &&[u8]| level > 0 || number32(entry, 0) == Some(VERSION_RESOURCE);
        let below = number32(entries.chunks_exact(8).find(wanted)?, 4)?;
        // The highest bit says that another table is there.
        table = below & 0x7fff_ffff;
        if (below >> 31 == 1) != (level < 2) {
            return None;
        }
    }
    let entry = piece(base + u64::from(table), 8);
    let offset = parts.offset(number32(&entry, 0)?)?;
    Some(piece(offset, limited(number32(&entry, 4)?, VERSION_BYTES_MAX)))
}

/// One block of a version resource (`VS_VERSIONINFO` and what is in it are all alike): its key, its value, the blocks in it, what follows.
struct Block<'a> {
    key: String,
    value: &'a [u8],
    inside: &'a [u8],
    rest: &'a [u8],
}

fn block(bytes: &[u8]) -> Option<Block<'_>> {
    let (length, units, is_text) = (number16(bytes, 0)?, number16(bytes, 2)?, number16(bytes, 4)? == 1);
    let whole = bytes.get(..usize::from(length).min(bytes.len())).filter(|whole| whole.len() > 6)?;
    let key_units = whole.get(6..)?.chunks_exact(2).take_while(|unit| *unit != [0, 0]).count();
    let value_at = (6 + key_units * 2 + 2).next_multiple_of(4);
    let value_bytes = usize::from(units) * if is_text { 2 } else { 1 };
    let value = whole.get(value_at..).unwrap_or_default();
    let value = value.get(..value_bytes.min(value.len())).unwrap_or_default();
    let inside = whole.get((value_at + value.len()).next_multiple_of(4)..).unwrap_or_default();
    let rest = bytes.get(whole.len().next_multiple_of(4)..).unwrap_or_default();
    Some(Block { key: text(whole.get(6..6 + key_units * 2)?), value, inside, rest })
}

fn blocks(bytes: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let found = block(rest)?;
        rest = found.rest;
        Some(found)
    })
}

fn text(units: &[u8]) -> String {
    let units = units.chunks_exact(2).map(|unit| u16::from_le_bytes(unit.try_into().unwrap_or_default()));
    String::from_utf16_lossy(&units.take_while(|unit| *unit != 0).collect::<Vec<_>>())
}

/// Name and version of the product, in the first language that it is told in.
fn version(bytes: &[u8]) -> Option<(String, Option<String>)> {
    let root = block(bytes).filter(|root| root.key == "VS_VERSION_INFO")?;
    let texts = blocks(root.inside).find(|block| block.key == "StringFileInfo")?;
    let table = blocks(texts.inside).next()?;
    let told = |key: &str| {
        let value = blocks(table.inside).find(|block| block.key == key).map(|block| text(block.value));
        value.and_then(|value| word(&value))
    };
    let name = told("ProductName").or_else(|| told("FileDescription")).or_else(|| told("OriginalFilename"))?;
    Some((name, told("ProductVersion").or_else(|| told("FileVersion"))))
}

/// The subject of the signer's certificate in the first signature of a certificate table.
fn signer(table: &[u8]) -> Option<String> {
    let length = usize::try_from(number32(table, 0)?).ok()?;
    let signature = table.get(8..length).filter(|_| number16(table, 6) == Some(SIGNED_DATA))?;
    // ContentInfo: what it is, and in [0] the SignedData (RFC 2315, 7 and 9.1).
    let content = parts_of(value(signature, 0x30)?).find(|part| part.tag == 0xa0)?;
    let signed = value(content.value, 0x30)?;
    let certificates = parts_of(signed).find(|part| part.tag == 0xa0)?;
    let signers = parts_of(signed).filter(|part| part.tag == 0x31).last()?;
    let named = parts_of(value(signers.value, 0x30)?).find(|part| part.tag == 0x30)?;
    let mut issuer_and_number = parts_of(named.value);
    let (issuer, number) = (issuer_and_number.next()?, issuer_and_number.next()?);
    let of_signer = |certificate: &X509Certificate<'_>| {
        certificate.issuer().as_raw() == issuer.whole && certificate.raw_serial() == number.value
    };
    let mut found = parts_of(certificates.value).filter_map(|part| Some(X509Certificate::from_der(part.whole).ok()?.1));
    let certificate = found.find(of_signer)?;
    let subject = certificate.subject();
    let name = subject.iter_common_name().chain(subject.iter_organization()).find_map(|name| name.as_str().ok());
    name.and_then(word)
}

/// One value of DER (X.690): its tag, what is in it, and all of it.
struct Part<'a> {
    tag: u8,
    value: &'a [u8],
    whole: &'a [u8],
}

fn parts_of(bytes: &[u8]) -> impl Iterator<Item = Part<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (tag, first) = (*rest.first()?, *rest.get(1)?);
        let more = usize::from(if first < 0x80 { 0 } else { first & 0x7f });
        let length = match first {
            0..=0x7f => usize::from(first),
            // Four bytes of length are more than any limit here; an open end is no DER.
            0x81..=0x84 => rest.get(2..2 + more)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)),
            _ => return None,
        };
        let whole = rest.get(..length.checked_add(2 + more)?)?;
        rest = rest.get(whole.len()..)?;
        Some(Part { tag, value: whole.get(2 + more..)?, whole })
    })
}

/// What is in the first value, if it is of this sort.
fn value(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    parts_of(bytes).next().filter(|part| part.tag == tag).map(|part| part.value)
}

fn word(text: &str) -> Option<String> {
    let text = text.trim();
    let is_short = !text.is_empty() && text.len() <= WORD_BYTES_MAX && !text.chars().any(char::is_control);
    is_short.then(|| text.to_owned())
}

fn limited(size: u32, max: usize) -> usize {
    usize::try_from(size).unwrap_or(max).min(max)
}

fn number16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn number32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let path = crate::collect::golden::fixtures("programs").join("windows_terminal/root/Tools/gate.exe");
        std::fs::read(path).unwrap()
    }

    fn told(bytes: &[u8]) -> Option<Told> {
        read(&mut |offset, bytes_max| {
            let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
            rest.get(..bytes_max.min(rest.len())).unwrap_or_default().to_vec()
        })
    }

    #[test]
    fn a_real_file_tells_its_product_and_whom_it_names_as_its_signer() {
        let told = told(&sample()).unwrap();
        assert_eq!(told.version, Some(("ゲート中継サービス".to_owned(), Some("2.4".to_owned()))));
        assert_eq!(told.signer.as_deref(), Some("Shiomi System Code Signing EXAMPLE"));
    }

    /// Cut anywhere, and any byte replaced: it tells something else or nothing, and comes to an end.
    #[test]
    fn hostile_files_are_read_to_an_end() {
        let sample = sample();
        assert_eq!(told(b"#!/bin/sh\n"), None);
        for end in 0..sample.len() {
            told(&sample[..end]);
        }
        for at in 0..sample.len() {
            for value in [0, 0x7f, 0x80, 0xff] {
                let mut bytes = sample.clone();
                bytes[at] = value;
                told(&bytes);
            }
        }
    }
}
