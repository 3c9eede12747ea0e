//! The firmware's own tables (SMBIOS) as Windows puts them into its registry at each start: processors, memory modules, management
//! controller, TPM. What they mean is told by the parser of the collector of the same name for Linux.
//! It does not know the system, board, chassis and BIOS: `hardware` tells those.
//! Invariant: tables that are shorter than they say are named; settings for a virtual machine's start never leave the parser.
//!
//! Microsoft, `RawSMBIOSData` (GetSystemFirmwareTable): four bytes (calling method, version, revision), the length in four bytes, the tables.

use super::super::smbios::put;
use super::super::{Collected, Collector, Gather};
use crate::access::registry::RegistryValue;
use crate::access::{Host, Platform};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};

/// What the driver `mssmbios` puts down.
pub(super) const DATA: &str = "HKLM/SYSTEM/CurrentControlSet/Services/mssmbios/Data";
const VALUE: &str = "SMBiosData";
const HEADER_BYTES: usize = 8;

/// Collects what the tables tell of parts.
pub(in crate::collect) struct SmbiosCollector;

impl Collector for SmbiosCollector {
    fn id(&self) -> &'static str {
        "smbios"
    }

    fn about(&self) -> Text {
        Text::new(
            "SMBIOS の表にある CPU・メモリモジュール・BMC・TPM（Windows が起動時にレジストリへ写したもの）",
            "processors, memory modules, management controller and TPM in the SMBIOS tables, as Windows put them into its registry when it started",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn places(&self) -> &'static [&'static str] {
        &[DATA]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[DATA]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        match tables(&mut gather, host) {
            Ok(tables) => put(&mut gather, &tables, DATA),
            Err(trouble) => return gather.finish_failed(trouble),
        }
        gather.finish()
    }
}

/// The tables without their header. Those of a volume that does not run are of the machine on which its Windows last started.
pub(super) fn tables(gather: &mut Gather, host: &dyn Host) -> Result<Vec<u8>, Trouble> {
    let key = gather.key(host, DATA).unwrap_or_default();
    let bytes = match key.value(VALUE) {
        Some(RegistryValue::Bytes(bytes)) => bytes,
        Some(_) => {
            let text = "the SMBIOS tables in the registry are larger than the limit, or no bytes";
            return Err(Trouble::new(TroubleKind::Malformed, DATA, text));
        }
        None => {
            let text = "the SMBIOS tables are not in the registry: Windows puts them there when it starts, where the firmware has any";
            return Err(Trouble::new(TroubleKind::NotObservable, DATA, text));
        }
    };
    let length = bytes.get(4..HEADER_BYTES).and_then(|length| Some(u32::from_le_bytes(length.try_into().ok()?)));
    let stated = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(usize::MAX);
    let tables = bytes.get(HEADER_BYTES..).unwrap_or_default();
    if !host.is_live() {
        let text = "the SMBIOS tables are those of the machine on which this Windows last started";
        gather.remark(Trouble::new(TroubleKind::NotObservable, DATA, text));
    }
    match tables.get(..stated) {
        Some(tables) => Ok(tables.to_vec()),
        None => {
            let text = "the SMBIOS tables in the registry are shorter than they say; what is there is listed";
            gather.miss(Trouble::new(TroubleKind::Malformed, DATA, text));
            Ok(tables.to_vec())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::RecordedHost;
    use crate::collect::run;
    use crate::collect::windows::golden;
    use daicho_schemas::batch::Outcome;
    use daicho_schemas::fact::observation::Observation;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check(&SmbiosCollector, true);
        let keys: Vec<_> = all["server_2019"].items.iter().map(Observation::key).collect();
        assert_eq!(keys, ["memory_module:DIMM.A1", "oem_strings:0", "processor:CPU.1", "tpm:smbios"]);
        assert_eq!(all["server_2019"].outcome, Outcome::Complete);
        let text = format!("{:?}", all["server_2019"]);
        assert!(!text.contains("SECRET") && !text.contains("credential"), "{text}");
        assert_eq!(all["windows_11"].outcome, Outcome::Partial, "shorter than they say");
        assert_eq!(all["xp"].outcome, Outcome::Failed, "not there is not empty");
    }

    #[test]
    fn of_a_volume_they_are_those_of_its_last_start() {
        let host = RecordedHost::image(golden::folder().join("server_2019/root"));
        let collected = run(&SmbiosCollector, &host);
        assert!(collected.troubles.iter().any(|trouble| trouble.kind == TroubleKind::NotObservable), "{collected:?}");
        assert_eq!(collected.items.len(), 4);
    }
}
