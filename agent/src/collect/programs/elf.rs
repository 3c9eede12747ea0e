//! What an ELF file tells of itself: GNU build id, package note, Go build information.
//! It does not know files; it asks for pieces of one. Compilers' words (`.comment`) are no version of the program.
//! Invariant: every number in the file is hostile: pieces have limits, and what does not fit is not told.

use goblin::container::Ctx;
use goblin::elf::header::Header;
use goblin::elf::note::NoteDataIterator;
use goblin::elf::program_header::{PT_NOTE, ProgramHeader};
use goblin::elf::section_header::SectionHeader;

const HEADER_BYTES: usize = 64;
/// Headers of one table; large programs have some 40.
const HEADERS_MAX: usize = 1_024;
const NAMES_BYTES_MAX: usize = 256 * 1024;
const NOTE_BYTES_MAX: usize = 64 * 1024;
const GO_BYTES_MAX: usize = 1024 * 1024;
/// A name or version that a file tells.
const WORD_BYTES_MAX: usize = 256;
/// `NT_GNU_BUILD_ID` of `elf.h`; `FDO_PACKAGING_METADATA` of systemd's "Package Metadata for Executable Files".
const NOTE_BUILD_ID: u32 = 3;
const NOTE_PACKAGE: u32 = 0xcafe_1a7e;
/// Begins the section of Go's `debug/buildinfo`; the two bytes behind are the size of a pointer and flags.
const GO_MAGIC: &[u8] = b"\xff Go buildinf:";
const GO_HEADER_BYTES: usize = 32;
/// The texts stand in the section itself (since Go 1.18); before, pointers did.
const GO_INLINE: u8 = 2;
/// The toolchain puts so many bytes before and behind the text, to find it in a core.
const GO_SENTINEL_BYTES: usize = 16;

/// What a file tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) build_id: Option<String>,
    pub(crate) package: Option<(String, Option<String>)>,
    pub(crate) go: Option<(String, Option<String>)>,
}

/// Reads a file of which `piece` gives bytes at an offset, at most as many as were asked for. Nothing where it is no ELF file.
pub(crate) fn read(piece: &mut dyn FnMut(u64, usize) -> Vec<u8>) -> Option<Told> {
    let mut start = piece(0, HEADER_BYTES);
    if !start.starts_with(b"\x7fELF") {
        return None;
    }
    start.resize(HEADER_BYTES, 0);
    let mut told = Told::default();
    let Some((header, ctx)) = header(&start) else { return Some(told) };
    for part in program_headers(piece, &header, ctx).iter().filter(|part| part.p_type == PT_NOTE) {
        let notes = piece(part.p_offset, limited(part.p_filesz, NOTE_BYTES_MAX));
        read_notes(&notes, usize::try_from(part.p_align).unwrap_or(4).clamp(4, 8), ctx, &mut told);
    }
    if let Some(section) = section(piece, &header, ctx, b".go.buildinfo") {
        told.go = go(&piece(section.sh_offset, limited(section.sh_size, GO_BYTES_MAX)));
    }
    Some(told)
}

fn header(start: &[u8]) -> Option<(Header, Ctx)> {
    let header = goblin::elf::Elf::parse_header(start).ok()?;
    let ctx = Ctx::new(header.container().ok()?, header.endianness().ok()?);
    Some((header, ctx))
}

fn limited(size: u64, bytes_max: usize) -> usize {
    usize::try_from(size).unwrap_or(bytes_max).min(bytes_max)
}

fn program_headers(piece: &mut dyn FnMut(u64, usize) -> Vec<u8>, header: &Header, ctx: Ctx) -> Vec<ProgramHeader> {
    let count = usize::from(header.e_phnum).min(HEADERS_MAX);
    let size = ProgramHeader::size(ctx);
    if usize::from(header.e_phentsize) != size {
        return Vec::new();
    }
    let table = piece(header.e_phoff, count * size);
    ProgramHeader::parse(&table, 0, table.len() / size, ctx).unwrap_or_default()
}

fn section(
    piece: &mut dyn FnMut(u64, usize) -> Vec<u8>,
    header: &Header,
    ctx: Ctx,
    wanted: &[u8],
) -> Option<SectionHeader> {
    let count = usize::from(header.e_shnum).min(HEADERS_MAX);
    let size = SectionHeader::size(ctx);
    if count == 0 || usize::from(header.e_shentsize) != size {
        return None;
    }
    // To the crate an offset of zero means that there is no table.
    let table = [&[0][..], &piece(header.e_shoff, count * size)].concat();
    let sections = SectionHeader::parse(&table, 1, (table.len() - 1) / size, ctx).ok()?;
    let names = sections.get(usize::from(header.e_shstrndx))?;
    let names = piece(names.sh_offset, limited(names.sh_size, NAMES_BYTES_MAX));
    let is_wanted = |section: &&SectionHeader| {
        let rest = names.get(section.sh_name..).unwrap_or_default();
        rest.split(|byte| *byte == 0).next() == Some(wanted)
    };
    sections.iter().find(is_wanted).cloned()
}

fn read_notes(notes: &[u8], alignment: usize, ctx: Ctx, told: &mut Told) {
    let all = NoteDataIterator { data: notes, size: notes.len(), offset: 0, ctx: (alignment, ctx) };
    for note in all.map_while(Result::ok).take(HEADERS_MAX) {
        match (note.name.trim_end_matches('\0'), note.n_type) {
            ("GNU", NOTE_BUILD_ID) if (4..=64).contains(&note.desc.len()) => {
                told.build_id = Some(hex::encode(note.desc))
            }
            ("FDO", NOTE_PACKAGE) => told.package = package(note.desc),
            _ => {}
        }
    }
}

/// A JSON object that ends with zeros.
fn package(desc: &[u8]) -> Option<(String, Option<String>)> {
    let text = desc.split(|byte| *byte == 0).next()?;
    let value: serde_json::Value = serde_json::from_slice(text).ok()?;
    let one = |name: &str| value.get(name)?.as_str().and_then(word);
    Some((one("name")?, one("version")))
}

/// Two texts with their lengths: the toolchain's version, and lines of `path`, `mod`, `dep` and `build`.
fn go(section: &[u8]) -> Option<(String, Option<String>)> {
    let rest = section.strip_prefix(GO_MAGIC)?;
    let flags = *rest.get(1)?;
    if flags & GO_INLINE == 0 {
        return None;
    }
    let (_toolchain, rest) = counted(section.get(GO_HEADER_BYTES..)?)?;
    let (info, _) = counted(rest)?;
    let end = info.len().checked_sub(GO_SENTINEL_BYTES)?;
    let lines = std::str::from_utf8(info.get(GO_SENTINEL_BYTES..end)?).ok()?;
    let of = |key: &str| lines.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('\t'));
    let Some(module) = of("mod") else { return Some((of("path").and_then(word)?, None)) };
    let mut words = module.split('\t');
    let (path, version) = (words.next().and_then(word)?, words.next());
    // What was built outside of a release says so in brackets.
    Some((path, version.filter(|version| !version.starts_with('(')).and_then(word)))
}

/// A text with its length before it, as Go's `encoding/binary` writes lengths.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (mut length, mut shift) = (0_usize, 0_u32);
    for (at, byte) in bytes.iter().enumerate().take(5) {
        length |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return bytes.get(at + 1..)?.split_at_checked(length);
        }
        shift += 7;
    }
    None
}

/// A word without control characters, of a length that names and versions have.
fn word(text: &str) -> Option<String> {
    let fits = !text.is_empty() && text.len() <= WORD_BYTES_MAX && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An ELF file of 64 bits with one segment of notes and a section with Go's information.
    pub(crate) fn sample() -> Vec<u8> {
        let note = |name: &[u8], kind: u32, desc: &[u8]| {
            let mut bytes = Vec::new();
            for number in [name.len(), desc.len()] {
                bytes.extend(u32::try_from(number).unwrap().to_le_bytes());
            }
            bytes.extend(kind.to_le_bytes());
            for part in [name, desc] {
                bytes.extend(part);
                bytes.resize(bytes.len().next_multiple_of(4), 0);
            }
            bytes
        };
        let package = br#"{"type":"rpm","name":"example","version":"1.2-3"}"#;
        let notes = [note(b"GNU\0", 3, &[0xab; 20]), note(b"FDO\0", 0xcafe_1a7e, package)].concat();
        let info = "path\texample.com/cmd\nmod\texample.com/agent\tv1.2.3\th1:x=\ndep\texample.com/dep\tv9.9.9\n";
        let info = ["0".repeat(16), info.into(), "1".repeat(16)].concat();
        let counted = |text: &str| {
            assert!(text.len() < 128 * 128);
            let length = [u8::try_from(text.len() & 0x7f).unwrap() | 0x80, u8::try_from(text.len() >> 7).unwrap()];
            [&length[..], text.as_bytes()].concat()
        };
        let go = [GO_MAGIC, &[8, 2], &[0; 16], &counted("go1.22.1"), &counted(&info)].concat();
        let names = b"\0.go.buildinfo\0.shstrtab\0";
        let (at_notes, at_go) = (64 + 56, 64 + 56 + notes.len());
        let at_names = at_go + go.len();
        let at_sections = at_names + names.len();
        let word = |number: usize| u64::try_from(number).unwrap().to_le_bytes().to_vec();
        let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 62, 0, 1, 0, 0, 0];
        file.extend([word(0), word(64), word(at_sections)].concat());
        file.extend([0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 64, 0, 3, 0, 2, 0]);
        file.extend([4, 0, 0, 0, 4, 0, 0, 0]);
        file.extend([word(at_notes), word(0), word(0), word(notes.len()), word(notes.len()), word(4)].concat());
        file.extend(notes);
        file.extend(go.clone());
        file.extend(names);
        let mut section = |name: u32, at: usize, size: usize| {
            file.extend([name.to_le_bytes(), [1, 0, 0, 0]].concat());
            file.extend([word(0), word(0), word(at), word(size), vec![0; 8], word(1), word(0)].concat());
        };
        section(0, 0, 0);
        section(1, at_go, go.len());
        section(15, at_names, names.len());
        file
    }

    pub(crate) fn of(file: &[u8]) -> Option<Told> {
        read(&mut |at, count| {
            let rest = usize::try_from(at).ok().and_then(|at| file.get(at..)).unwrap_or_default();
            rest.get(..count.min(rest.len())).unwrap_or_default().to_vec()
        })
    }

    #[test]
    fn a_file_tells_its_build_its_package_and_its_module() {
        let told = of(&sample()).unwrap();
        assert_eq!(told.build_id, Some("ab".repeat(20)));
        assert_eq!(told.package, Some(("example".into(), Some("1.2-3".into()))));
        assert_eq!(told.go, Some(("example.com/agent".into(), Some("v1.2.3".into()))));
        assert_eq!(of(b"#!/bin/sh\n"), None);
    }

    #[test]
    fn a_file_with_any_byte_changed_or_cut_anywhere_gives_an_answer() {
        let file = sample();
        for at in 0..file.len() {
            of(&file[..at]);
            for byte in [0, 1, 0x7f, 0x80, 0xff] {
                let mut damaged = file.clone();
                damaged[at] = byte;
                of(&damaged);
            }
        }
    }

    /// What is not a release has no version, and the compiler's version is not the program's.
    #[test]
    fn a_build_from_a_working_folder_has_no_version() {
        let file = sample();
        let at = memchr::memmem::find(&file, b"v1.2.3").unwrap();
        let mut devel = file;
        devel[at..at + 6].copy_from_slice(b"(deve)");
        assert_eq!(of(&devel).unwrap().go, Some(("example.com/agent".into(), None)));
    }

    /// The linker of this machine writes a build id into this very test.
    #[test]
    fn this_test_is_read_as_a_real_file() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let told = of(&own).unwrap();
        assert!(told.go.is_none() && told.package.is_none());
        assert!(told.build_id.is_none_or(|id| id.len() >= 32));
    }
}
