//! Sections of an executable by name (ELF, System V gABI; 32 and 64 bits, both byte orders), read piece by piece.
//! It does not know what a section holds.
//! Invariant: whatever the headers claim, only so many bytes are read, and nothing panics.

use std::io::{Read, Seek, SeekFrom};

/// The table of sections: 4,000 of 64 bytes.
const TABLE_BYTES_MAX: u64 = 256 * 1024;
/// The names of sections.
const NAMES_BYTES_MAX: u64 = 256 * 1024;

/// An executable whose table of sections was read.
pub(super) struct Elf<R> {
    file: R,
    sections: Vec<Section>,
    names: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Section {
    name: usize,
    offset: u64,
    size: u64,
}

/// How numbers are written.
#[derive(Clone, Copy)]
struct Numbers {
    wide: bool,
    big: bool,
}

impl Numbers {
    fn of(self, bytes: &[u8], at: usize, size: usize) -> Option<u64> {
        let bytes = bytes.get(at..at.checked_add(size)?)?;
        let step = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
        Some(if self.big { bytes.iter().fold(0, step) } else { bytes.iter().rev().fold(0, step) })
    }

    /// A field of the header or a section, at its place in the narrow and the wide form, with its size there.
    fn field(self, bytes: &[u8], narrow: (usize, usize), wide: (usize, usize)) -> Option<u64> {
        let (at, size) = if self.wide { wide } else { narrow };
        self.of(bytes, at, size)
    }
}

impl<R: Read + Seek> Elf<R> {
    /// Reads the table. Nothing where it is no ELF file, has no sections, or they make no sense.
    pub(super) fn open(mut file: R) -> Option<Self> {
        let header = part(&mut file, 0, 64)?;
        let numbers = match header.get(..6)? {
            [0x7f, b'E', b'L', b'F', class @ (1 | 2), order @ (1 | 2)] => {
                Numbers { wide: *class == 2, big: *order == 2 }
            }
            _ => return None,
        };
        let table = numbers.field(&header, (0x20, 4), (0x28, 8))?;
        let size = numbers.field(&header, (0x2e, 2), (0x3a, 2))?;
        let count = numbers.field(&header, (0x30, 2), (0x3c, 2))?;
        let of_names = numbers.field(&header, (0x32, 2), (0x3e, 2))?;
        let least = if numbers.wide { 64 } else { 40 };
        let bytes = size.checked_mul(count)?;
        if size < least || bytes == 0 || bytes > TABLE_BYTES_MAX {
            return None;
        }
        let table = part(&mut file, table, bytes)?;
        let rows = table.chunks_exact(usize::try_from(size).ok()?);
        let section = |row: &[u8]| {
            let name = usize::try_from(numbers.of(row, 0, 4)?).ok()?;
            let offset = numbers.field(row, (0x10, 4), (0x18, 8))?;
            Some(Section { name, offset, size: numbers.field(row, (0x14, 4), (0x20, 8))? })
        };
        let sections = rows.map(section).collect::<Option<Vec<_>>>()?;
        let names = sections.get(usize::try_from(of_names).ok()?).filter(|names| names.size <= NAMES_BYTES_MAX)?;
        let names = part(&mut file, names.offset, names.size)?;
        Some(Self { file, sections, names })
    }

    /// The bytes of a section, at most so many; nothing where there is none of that name. Says whether there was more.
    pub(super) fn section(&mut self, name: &str, bytes_max: u64) -> Option<(Vec<u8>, bool)> {
        let named = |section: &&Section| {
            let rest = self.names.get(section.name..).unwrap_or_default();
            rest.split(|byte| *byte == 0).next() == Some(name.as_bytes())
        };
        let section = *self.sections.iter().find(named)?;
        let bytes = part(&mut self.file, section.offset, section.size.min(bytes_max))?;
        Some((bytes, section.size > bytes_max))
    }
}

/// So many bytes from a place of the file on.
fn part(file: &mut (impl Read + Seek), offset: u64, size: u64) -> Option<Vec<u8>> {
    file.seek(SeekFrom::Start(offset)).ok()?;
    let mut bytes = Vec::new();
    file.take(size).read_to_end(&mut bytes).ok()?;
    (u64::try_from(bytes.len()).ok()? == size).then_some(bytes)
}
