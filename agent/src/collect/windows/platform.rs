//! What a Windows stands on, and which checks its start passed through: virtual machine, UEFI, Secure Boot, by its registry.
//! It does not know whether a hypervisor tells the truth, and never says that a machine is no virtual one: nothing here would show it.
//! Invariant: a word of the firmware names a hypervisor; what is not told is absent. Of a volume it is as of its last start.
//!
//! Microsoft, "Secure boot" (`SecureBoot\State`: `UEFISecureBootEnabled`) and `PEFirmwareType` (1 BIOS, 2 UEFI).

use super::super::platform::virtualization::of_words;
use super::super::smbios::table;
use super::super::{Collected, Collector, Gather};
use super::hardware::SYSTEM_INFORMATION;
use super::smbios;
use crate::access::{Host, Platform as System};
use daicho_schemas::fact::observation::{HardwarePart, Observation, Platform};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};

const CONTROL: &str = "HKLM/SYSTEM/CurrentControlSet/Control";
const SECURE_BOOT: &str = "HKLM/SYSTEM/CurrentControlSet/Control/SecureBoot/State";

/// Collects what the host stands on.
pub(in crate::collect) struct PlatformCollector;

impl Collector for PlatformCollector {
    fn id(&self) -> &'static str {
        "platform"
    }

    fn about(&self) -> Text {
        Text::new("仮想マシンの種類、UEFI、セキュアブート", "which virtual machine it is, UEFI, Secure Boot")
    }

    fn platforms(&self) -> &'static [System] {
        &[System::Windows]
    }

    fn lacks(&self) -> Option<Text> {
        Some(Text::new(
            "仮想マシンでないことと、ドライバー署名の強制は不明",
            "that it is no virtual machine, and whether drivers have to be signed, is not told",
        ))
    }

    fn places(&self) -> &'static [&'static str] {
        &[CONTROL, SECURE_BOOT, SYSTEM_INFORMATION, smbios::DATA]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[SECURE_BOOT]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let Some(control) = gather.key(host, CONTROL) else {
            let text =
                "the registry has no settings of its control set; if this is a Windows, its SYSTEM hive was not read";
            return gather.finish_failed(Trouble::new(TroubleKind::Missing, CONTROL, text));
        };
        let state = gather.key(host, SECURE_BOOT).and_then(|key| key.number("UEFISecureBootEnabled"));
        let secure_boot = match state {
            Some(value @ (0 | 1)) => Some(value == 1),
            _ => None,
        };
        let uefi = match control.number("PEFirmwareType") {
            Some(1) => Some(false),
            Some(2) => Some(true),
            _ => None,
        };
        // A word that whole machines say, too, proves nothing.
        let (virtual_by, grounds) = match words(&mut gather, host) {
            Some((by, true, ground)) => (Some(by.to_owned()), vec![ground]),
            _ => (None, Vec::new()),
        };
        let is_virtual = virtual_by.is_some().then_some(true);
        let platform = Platform { secure_boot, uefi, is_virtual, virtual_by, grounds, ..Platform::default() };
        if platform == Platform::default() {
            let text = "nothing in the registry says what this host stands on";
            return gather.finish_failed(Trouble::new(TroubleKind::NotObservable, CONTROL, text));
        }
        gather.item(CONTROL, Observation::Platform(platform));
        gather.finish()
    }
}

/// What words of the firmware say of a hypervisor, and where they stand.
fn words(gather: &mut Gather, host: &dyn Host) -> Option<(&'static str, bool, String)> {
    let kept = gather.key(host, SYSTEM_INFORMATION).unwrap_or_default();
    let (maker, product) = (kept.text("SystemManufacturer"), kept.text("SystemProductName"));
    if maker.is_some() || product.is_some() {
        let (by, is_certain, word) = of_words(maker, product, None)?;
        return Some((by, is_certain, format!("{SYSTEM_INFORMATION}: {word}")));
    }
    // That there are no tables is told by those who are about them.
    let tables = smbios::tables(&mut Gather::new(), host).ok()?;
    let parts = table::machine(&tables, smbios::DATA);
    let of = |sort: HardwarePart| parts.iter().find(|part| part.part == sort);
    let (system, bios) = (of(HardwarePart::System)?, of(HardwarePart::Bios));
    let bios = bios.and_then(|bios| bios.maker.as_deref());
    let (by, is_certain, word) = of_words(system.maker.as_deref(), system.model.as_deref(), bios)?;
    Some((by, is_certain, format!("{}: {word}", smbios::DATA)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::golden;
    use daicho_schemas::batch::Outcome;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check(&PlatformCollector, false);
        let platform = |machine: &str| match all[machine].items.as_slice() {
            [Observation::Platform(platform)] => platform.clone(),
            other => panic!("{other:?}"),
        };
        let real = platform("server_2019");
        assert_eq!((real.uefi, real.secure_boot, real.is_virtual), (Some(true), Some(true), None));
        let guest = platform("server_2016_core");
        assert_eq!((guest.is_virtual, guest.virtual_by.as_deref()), (Some(true), Some("hyper-v")));
        assert_eq!(all["xp"].outcome, Outcome::Failed, "nothing told is nothing said");
    }
}
