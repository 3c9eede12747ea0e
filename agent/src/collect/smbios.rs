//! What the firmware's own tables tell of parts: processors, memory modules, management controller, TPM (SMBIOS, DMTF DSP0134).
//! It does not know the system, board, chassis and BIOS: `hardware` reads those where no right of root is needed.
//! Invariant: structures that make no sense end the walk and are named; settings for a virtual machine's start, which can be
//! credentials, never leave this file.

pub(crate) mod table;

use super::hardware::placeholder::is_placeholder;
use super::{Collected, Collector, Gather};
use crate::access::{AccessError, Host};
use daicho_schemas::fact::observation::{Hardware, HardwarePart, Observation};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeMap;

const TABLES: &str = "/sys/firmware/dmi/tables/DMI";
/// Machines with a thousand modules stay below a tenth of it.
const TABLE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Collects what the tables tell of parts.
pub(crate) struct SmbiosCollector;

impl Collector for SmbiosCollector {
    fn id(&self) -> &'static str {
        "smbios"
    }

    fn about(&self) -> Text {
        Text::new(
            "SMBIOS の表にある CPU・メモリモジュール・BMC・TPM（root のみ読める）",
            "processors, memory modules, management controller and TPM in the SMBIOS tables (root only)",
        )
    }

    fn places(&self) -> &'static [&'static str] {
        &[TABLES]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        if !host.is_live() {
            let text = "hardware is only known on the running machine";
            return gather.finish_failed(Trouble::new(TroubleKind::NotObservable, TABLES, text));
        }
        let reading = match host.read(TABLES, TABLE_BYTES_MAX) {
            Ok(reading) => reading,
            // Most ARM boards and many small virtual machines have no such tables.
            Err(AccessError::Missing { .. }) => return gather.finish_not_applicable(),
            Err(AccessError::NotPermitted { .. }) => {
                let text = "only root may read the SMBIOS tables, so memory modules, processors and TPM are not known; \
                            run as root, or with CAP_DAC_READ_SEARCH";
                return gather.finish_failed(Trouble::new(TroubleKind::NotPermitted, TABLES, text));
            }
            Err(error) => return gather.finish_failed(error.to_trouble()),
        };
        gather.source(TABLES);
        if reading.cut {
            gather.miss_rest(TABLES);
        }
        put(&mut gather, &reading.bytes, TABLES);
        gather.finish()
    }
}

/// Adds what tables tell of parts; `read_from` is where they were.
pub(super) fn put(gather: &mut Gather, tables: &[u8], read_from: &str) {
    let (parts, is_sound) = table::parts(tables, read_from);
    if !is_sound {
        let text =
            "the tables end in the middle of a structure or without their end mark; what stands before is listed";
        gather.miss(Trouble::new(TroubleKind::Malformed, read_from, text));
    }
    for part in named_apart(parts) {
        let part = cleaned(gather, part);
        gather.item(read_from, Observation::Hardware(part));
    }
}

/// Firmware makers give one name to several slots: those are numbered in the order of the tables, which is the board's.
fn named_apart(parts: Vec<Hardware>) -> Vec<Hardware> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let apart = parts.into_iter().map(|mut part| {
        let count = seen.entry(part.key()).or_default();
        *count = count.saturating_add(1);
        if *count > 1 {
            part.slot = format!("{} #{count}", part.slot);
        }
        part
    });
    apart.collect()
}

/// A part with its texts within the limits, and without words that makers leave where they have nothing to say.
pub(super) fn cleaned(gather: &mut Gather, mut part: Hardware) -> Hardware {
    let place = part.read_from.clone();
    part.slot = gather.text(&place, part.slot.as_bytes());
    for value in [&mut part.maker, &mut part.model, &mut part.version, &mut part.serial, &mut part.firmware] {
        *value = value.take().map(|text| gather.text(&place, text.as_bytes()));
    }
    part.serial_is_placeholder = part.serial.as_deref().is_some_and(is_placeholder);
    // "NO DIMM", "Not Specified" and their like say nothing of a maker or model either.
    for value in [&mut part.maker, &mut part.model, &mut part.version] {
        *value = value.take().filter(|text| !is_placeholder(text));
    }
    if part.part == HardwarePart::OemStrings {
        part.details = part.details.iter().map(|text| gather.text(&place, text.as_bytes())).collect();
    }
    part
}

#[cfg(test)]
mod tests;
