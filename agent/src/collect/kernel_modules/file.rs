//! What the file of a module says of itself: `.modinfo` of the ELF file, and whether a signature stands behind it.
//! It does not know the kernel's opinion, and verifies nothing.
//! Invariant: a file of any size costs a few tables of memory, never its size; what is compressed is unpacked up to a limit.

use crate::access::Host;
use crate::collect::Gather;
use crate::collect::unpack::Packing;
use daicho_schemas::fact::observation::KernelModule;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use goblin::elf::Elf;
use goblin::elf::section_header::SectionHeader;
use std::io::{self, BufRead, Read};

/// The largest modules (graphics) have about 100 MB.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Tables and texts of one file.
const SECTIONS_BYTES_MAX: u64 = 1024 * 1024;
const TEXTS_BYTES_MAX: u64 = 1024 * 1024;
const AUTHORS_MAX: usize = 8;
/// `struct module_signature` and the words behind it (`include/linux/module_signature.h`).
const SIGNED: &[u8] = b"~Module signature appended~\n";
const SIGNATURE_BYTES: usize = 12;
const TAIL_BYTES_MAX: usize = 64 * 1024;
/// `id-at-commonName` in DER.
const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];

/// Adds what the module's file says to what is known of it.
pub(super) fn describe(gather: &mut Gather, host: &dyn Host, module: &mut KernelModule) {
    let Some(path) = module.file.clone() else { return };
    let open = || -> io::Result<Box<dyn BufRead>> {
        let reader = host.open(&path).map_err(|error| io::Error::other(error.to_string()))?;
        // `CONFIG_MODULE_COMPRESS_*` gives the ending.
        Packing::of(&path).unwrap_or(Packing::None).unpacked(reader)
    };
    match said(&open) {
        Ok(said) => {
            let mut take = |value: Option<String>| value.map(|text| gather.text(&path, text.as_bytes()));
            module.license = take(said.license);
            module.signer = take(said.signer);
            // What the loaded module says is what runs; its file may be a newer one already.
            module.version = module.version.take().or_else(|| take(said.version));
            module.source_version = module.source_version.take().or_else(|| take(said.source_version));
            module.authors = said.authors.into_iter().filter_map(|author| take(Some(author))).collect();
            module.has_signature = Some(said.has_signature);
        }
        Err(_) => {
            let text =
                "the file of this module could not be read as one; its author, licence and signature are not known";
            gather.remark(Trouble::new(TroubleKind::Unreadable, path, text));
        }
    }
}

/// What a file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    license: Option<String>,
    version: Option<String>,
    source_version: Option<String>,
    authors: Vec<String>,
    has_signature: bool,
    signer: Option<String>,
}

/// Reads a file three times from its beginning: its tables stand at its end, and no part of a packed file can be jumped to.
pub(crate) fn said(open: &dyn Fn() -> io::Result<Box<dyn BufRead>>) -> io::Result<Said> {
    let head = piece(open, 0, 64)?;
    let header = Elf::parse_header(&head).map_err(io::Error::other)?;
    let context = goblin::container::Ctx::new(
        header.container().map_err(io::Error::other)?,
        header.endianness().map_err(io::Error::other)?,
    );
    let count = usize::from(header.e_shnum);
    let bytes = u64::from(header.e_shentsize) * u64::from(header.e_shnum);
    // With the byte before it: the parser takes a table at 0 for none.
    let before = header.e_shoff.checked_sub(1).ok_or(io::ErrorKind::InvalidData)?;
    let table = piece(open, before, bytes.min(SECTIONS_BYTES_MAX).saturating_add(1))?;
    let sections = SectionHeader::parse(&table, 1, count, context).map_err(io::Error::other)?;
    let names = sections.get(usize::from(header.e_shstrndx)).ok_or(io::ErrorKind::InvalidData)?;
    let names = piece(open, names.sh_offset, names.sh_size.min(SECTIONS_BYTES_MAX))?;
    let called =
        |section: &&SectionHeader, name: &[u8]| names.get(section.sh_name..).is_some_and(|rest| rest.starts_with(name));
    let information =
        sections.iter().find(|section| called(section, b".modinfo\0")).ok_or(io::ErrorKind::InvalidData)?;
    let texts = piece(open, information.sh_offset, information.sh_size.min(TEXTS_BYTES_MAX))?;
    let mut said = told(&texts);
    let tail = tail(open()?)?;
    if let Some(before) = tail.strip_suffix(SIGNED) {
        said.has_signature = true;
        said.signer = signer(before);
    }
    Ok(said)
}

/// Some bytes from a place on; fewer where the file ends.
fn piece(open: &dyn Fn() -> io::Result<Box<dyn BufRead>>, from: u64, count: u64) -> io::Result<Vec<u8>> {
    if from > FILE_BYTES_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut reader = open()?;
    io::copy(&mut reader.by_ref().take(from), &mut io::sink())?;
    let mut bytes = Vec::new();
    reader.take(count).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The last bytes of a file.
fn tail(reader: Box<dyn BufRead>) -> io::Result<Vec<u8>> {
    let mut limited = reader.take(FILE_BYTES_MAX);
    let mut tail = Vec::new();
    let mut buffer = vec![0; TAIL_BYTES_MAX];
    loop {
        let count = limited.read(&mut buffer)?;
        if count == 0 {
            return Ok(tail);
        }
        tail.extend_from_slice(buffer.get(..count).unwrap_or_default());
        let more = tail.len().saturating_sub(TAIL_BYTES_MAX);
        tail.drain(..more);
    }
}

/// `key=value`, each ended by a zero.
fn told(texts: &[u8]) -> Said {
    let mut said = Said::default();
    for text in texts.split(|byte| *byte == 0) {
        let text = String::from_utf8_lossy(text);
        let Some((key, value)) = text.split_once('=') else { continue };
        let value = || Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        match key {
            "license" => said.license = said.license.or_else(value),
            "version" => said.version = said.version.or_else(value),
            "srcversion" => said.source_version = said.source_version.or_else(value),
            "author" if said.authors.len() < AUTHORS_MAX => said.authors.extend(value()),
            _ => {}
        }
    }
    said
}

/// The first common name in a PKCS #7 signature is the issuer's of the key, which for keys of modules is their own.
fn signer(before: &[u8]) -> Option<String> {
    let structure = before.get(before.len().checked_sub(SIGNATURE_BYTES)?..)?;
    let count = u32::from_be_bytes(structure.get(8..12)?.try_into().ok()?);
    let end = before.len().checked_sub(SIGNATURE_BYTES)?;
    let signature = before.get(end.checked_sub(usize::try_from(count).ok()?)?..end)?;
    let at = memchr::memmem::find(signature, COMMON_NAME)?;
    let value = signature.get(at.checked_add(COMMON_NAME.len())?..)?;
    // A string of DER: sort, length below 128, bytes.
    let length = usize::from(*value.get(1)?);
    if length > 127 {
        return None;
    }
    let name = String::from_utf8_lossy(value.get(2..2_usize.checked_add(length)?)?).trim().to_owned();
    (!name.is_empty()).then_some(name)
}
