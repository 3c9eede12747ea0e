//! The walk over SMBIOS structures and what the parts among them say (DMTF DSP0134: types 4, 11, 17, 38, 43; and of the machine itself
//! types 0 to 3, which Linux shows in files of their own).
//! It does not know files or hosts. Other types are stepped over.
//! Invariant: lengths are believed only within the bytes that are there; every step goes forward, so any bytes come to an end.

use daicho_schemas::fact::observation::{Hardware, HardwarePart};
/// Structures of one table, texts of one structure, and texts that makers left for themselves.
const STRUCTURES_MAX: usize = 20_000;
const TEXTS_MAX: usize = 255;
const OEM_TEXTS_MAX: usize = 32;
/// A maker's own text is a model or a configuration; what is longer is something for programs.
const OEM_TEXT_BYTES_MAX: usize = 64;
const HEADER_BYTES: usize = 4;

/// Types of structures.
mod sort {
    pub(super) const BIOS: u8 = 0;
    pub(super) const SYSTEM: u8 = 1;
    pub(super) const BOARD: u8 = 2;
    pub(super) const CHASSIS: u8 = 3;
    pub(super) const PROCESSOR: u8 = 4;
    pub(super) const OEM_STRINGS: u8 = 11;
    pub(super) const MEMORY_DEVICE: u8 = 17;
    pub(super) const IPMI_DEVICE: u8 = 38;
    pub(super) const TPM_DEVICE: u8 = 43;
    pub(super) const END: u8 = 127;
}

/// One structure: its fixed part with the header, and its texts.
struct Structure<'a> {
    sort: u8,
    fixed: &'a [u8],
    texts: Vec<&'a [u8]>,
}

impl Structure<'_> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.fixed.get(at).copied()
    }

    fn word(&self, at: usize) -> Option<u16> {
        Some(u16::from_le_bytes(self.fixed.get(at..at.checked_add(2)?)?.try_into().ok()?))
    }

    fn double_word(&self, at: usize) -> Option<u32> {
        Some(u32::from_le_bytes(self.fixed.get(at..at.checked_add(4)?)?.try_into().ok()?))
    }

    /// The text whose number stands at a place; 0 is none.
    fn text(&self, at: usize) -> Option<String> {
        let number = usize::from(self.byte(at)?).checked_sub(1)?;
        let text = String::from_utf8_lossy(self.texts.get(number)?.trim_ascii()).into_owned();
        (!text.is_empty()).then_some(text)
    }
}

/// Every part in some tables, in their order, and whether the tables came to their end mark. `read_from` is where the tables were.
pub(crate) fn parts(bytes: &[u8], read_from: &str) -> (Vec<Hardware>, bool) {
    walk(bytes, |structure| part(structure, read_from))
}

/// The machine itself: its BIOS, system, board and chassis, the first of each.
pub(crate) fn machine(bytes: &[u8], read_from: &str) -> Vec<Hardware> {
    let (mut found, _) = walk(bytes, |structure| part_of_machine(structure, read_from));
    found.sort_by_key(|part| part.part);
    found.dedup_by_key(|part| part.part);
    found
}

fn walk(bytes: &[u8], part: impl Fn(&Structure<'_>) -> Option<Hardware>) -> (Vec<Hardware>, bool) {
    let (mut rest, mut parts) = (bytes, Vec::new());
    for _ in 0..STRUCTURES_MAX {
        let Some((structure, after)) = structure(rest) else { return (parts, false) };
        if structure.sort == sort::END {
            return (parts, true);
        }
        parts.extend(part(&structure));
        rest = after;
    }
    (parts, false)
}

/// One structure and what is behind it: the fixed part, then texts that each end with a zero, then one more zero.
fn structure(bytes: &[u8]) -> Option<(Structure<'_>, &[u8])> {
    let (sort, length) = (*bytes.first()?, usize::from(*bytes.get(1)?));
    if length < HEADER_BYTES {
        return None;
    }
    let (fixed, mut rest) = bytes.split_at_checked(length)?;
    let mut texts = Vec::new();
    // Without any text, two zeros stand there.
    if let Some(after) = rest.strip_prefix(&[0, 0]) {
        return Some((Structure { sort, fixed, texts }, after));
    }
    loop {
        let end = rest.iter().position(|byte| *byte == 0)?;
        let (text, after) = rest.split_at_checked(end)?;
        rest = after.get(1..)?;
        if text.is_empty() {
            return Some((Structure { sort, fixed, texts }, rest));
        }
        if texts.len() < TEXTS_MAX {
            texts.push(text);
        }
    }
}

fn part(structure: &Structure<'_>, read_from: &str) -> Option<Hardware> {
    let part = match structure.sort {
        sort::PROCESSOR => processor(structure),
        sort::MEMORY_DEVICE => memory_module(structure),
        sort::IPMI_DEVICE => Some(management_controller(structure)),
        sort::TPM_DEVICE => tpm(structure),
        sort::OEM_STRINGS => oem_strings(structure),
        _ => None,
    };
    part.map(|part| Hardware { read_from: read_from.to_owned(), ..part })
}

/// 7.1 to 7.4. Of the BIOS: maker 04h, version 05h, release in two bytes 14h. Of the others maker 04h, model 05h (of a chassis its type stands
/// there), version 06h, serial 07h.
fn part_of_machine(structure: &Structure<'_>, read_from: &str) -> Option<Hardware> {
    let part = match structure.sort {
        sort::BIOS => {
            // 255 stands for "not told".
            let release = structure.byte(0x14).zip(structure.byte(0x15)).filter(|(major, _)| *major != 0xff);
            return Some(Hardware {
                maker: structure.text(0x04),
                version: structure.text(0x05),
                firmware: release.map(|(major, minor)| format!("{major}.{minor}")),
                ..Hardware::new(HardwarePart::Bios, "0", read_from)
            });
        }
        sort::SYSTEM => HardwarePart::System,
        sort::BOARD => HardwarePart::Board,
        sort::CHASSIS => HardwarePart::Chassis,
        _ => return None,
    };
    Some(Hardware {
        maker: structure.text(0x04),
        model: structure.text(0x05).filter(|_| part != HardwarePart::Chassis),
        version: structure.text(0x06),
        serial: structure.text(0x07),
        ..Hardware::new(part, "0", read_from)
    })
}

/// 7.5: socket 04h, maker 07h, version 10h, status 18h (bit 6: there is one), serial 20h, part number 22h, cores 23h and 2Ah.
fn processor(structure: &Structure<'_>) -> Option<Hardware> {
    if structure.byte(0x18).is_some_and(|status| status & 0x40 == 0) {
        return None;
    }
    let cores = match structure.byte(0x23) {
        Some(0xff) => structure.word(0x2a).map(u64::from).filter(|cores| *cores != 0xffff),
        cores => cores.map(u64::from),
    };
    let slot = structure.text(0x04).unwrap_or_else(|| "?".to_owned());
    Some(Hardware {
        maker: structure.text(0x07),
        model: structure.text(0x10),
        serial: structure.text(0x20),
        count: cores.filter(|cores| *cores > 0),
        ..Hardware::new(HardwarePart::Processor, slot, "")
    })
}

/// 7.18: size 0Ch and 1Ch, slot 10h, bank 11h, maker 17h, serial 18h, part number 1Ah, firmware 2Bh. Speeds are left out: they are
/// settings of the moment.
fn memory_module(structure: &Structure<'_>) -> Option<Hardware> {
    let capacity_bytes = match structure.word(0x0c)? {
        // An empty slot.
        0 => return None,
        0xffff => None,
        0x7fff => structure.double_word(0x1c).map(|mebibytes| u64::from(mebibytes & 0x7fff_ffff) << 20),
        size if size & 0x8000 != 0 => Some(u64::from(size & 0x7fff) << 10),
        size => Some(u64::from(size) << 20),
    };
    let slot = structure.text(0x10).or_else(|| structure.text(0x11)).unwrap_or_else(|| "?".to_owned());
    Some(Hardware {
        maker: structure.text(0x17),
        model: structure.text(0x1a),
        serial: structure.text(0x18),
        firmware: structure.text(0x2b),
        capacity_bytes,
        details: structure.text(0x11).filter(|bank| *bank != slot).into_iter().collect(),
        ..Hardware::new(HardwarePart::MemoryModule, slot, "")
    })
}

/// 7.39: interface 04h, revision of IPMI in two half bytes 05h. Its address says nothing that a plan asks for.
fn management_controller(structure: &Structure<'_>) -> Hardware {
    let interface = match structure.byte(0x04) {
        Some(1) => "IPMI, KCS",
        Some(2) => "IPMI, SMIC",
        Some(3) => "IPMI, BT",
        Some(4) => "IPMI, SSIF",
        _ => "IPMI",
    };
    let revision = structure.byte(0x05).filter(|revision| *revision > 0);
    Hardware {
        model: Some(interface.to_owned()),
        version: revision.map(|revision| format!("{}.{}", revision >> 4, revision & 0x0f)),
        ..Hardware::new(HardwarePart::Bmc, "smbios", "")
    }
}

/// 7.44: maker 04h (four letters), version of the specification 08h and 09h, firmware 0Ah and 0Eh, description 12h.
fn tpm(structure: &Structure<'_>) -> Option<Hardware> {
    let maker: String = structure
        .fixed
        .get(4..8)?
        .iter()
        .filter(|byte| byte.is_ascii_graphic())
        .map(|byte| char::from(*byte))
        .collect();
    let (major, minor) = (structure.byte(0x08)?, structure.byte(0x09)?);
    let firmware = structure.double_word(0x0a).filter(|firmware| *firmware != 0);
    // Of TPM 1.2 the number is a structure of bytes, of which the last two are the revision.
    let firmware = firmware.map(|number| match major {
        0 | 1 => format!("{}.{}", (number >> 16) & 0xff, number >> 24),
        _ => format!("{}.{}", number >> 16, number & 0xffff),
    });
    Some(Hardware {
        maker: (!maker.is_empty()).then_some(maker),
        model: structure.text(0x12),
        version: Some(format!("{major}.{minor}")),
        firmware,
        ..Hardware::new(HardwarePart::Tpm, "smbios", "")
    })
}

/// 7.12: every text is the maker's own. Hypervisors hand settings to a guest's start in the same place, credentials among them
/// (`io.systemd.credential:NAME=VALUE`, systemd.system-credentials(7)): what looks like a setting is left out.
fn oem_strings(structure: &Structure<'_>) -> Option<Hardware> {
    let words = structure.texts.iter().map(|text| String::from_utf8_lossy(text.trim_ascii()).into_owned());
    let kept = |text: &String| {
        let is_setting = text.contains('=') || text.starts_with("io.systemd") || text.contains("://");
        !text.is_empty() && text.len() <= OEM_TEXT_BYTES_MAX && !is_setting
    };
    let details: Vec<String> =
        words.filter(kept).filter(|text| !super::is_placeholder(text)).take(OEM_TEXTS_MAX).collect();
    (!details.is_empty()).then(|| Hardware { details, ..Hardware::new(HardwarePart::OemStrings, "0", "") })
}
