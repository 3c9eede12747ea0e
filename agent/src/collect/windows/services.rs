//! Services of Windows (`CurrentControlSet\Services`): which start by themselves, which came with something else than Windows, and their
//! programs. It does not know whether one runs, which only the running machine tells, nor what it is told to do.
//! Invariant: one that lies below `\Windows` and that nothing starts is not listed; arguments and names of persons stay out.
//!
//! Microsoft, "HKLM\SYSTEM\CurrentControlSet\Services Registry Tree": `Type` (bits 0x10 and 0x20: a service of its own or with others;
//! 0x40 and 0x80: template and instance of a service for each account that signs in), `Start` (2 automatic, 3 on demand, 4 disabled),
//! `ImagePath`, `ObjectName`; `Parameters\ServiceDll` is what `svchost.exe` loads; `TriggerInfo` starts it on an event.

use super::super::{Collected, Collector, Gather};
use super::commands::{account_of, is_below_windows, path_of, program_of};
use crate::access::registry::RegistryKey;
use crate::access::{Host, Platform};
use daicho_schemas::fact::observation::{Observation, ServiceUnit, UnitState};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};

/// One key for each service and driver.
pub(super) const SERVICES: &str = "HKLM/SYSTEM/CurrentControlSet/Services";

/// Bits of `Type`: a service and no driver.
const IS_SERVICE: u64 = 0x30;
/// A copy for an account that is signed in, whose name carries a number of that session.
const IS_INSTANCE: u64 = 0x80;

/// Collects services.
pub(in crate::collect) struct ServicesCollector;

impl Collector for ServicesCollector {
    fn id(&self) -> &'static str {
        "services"
    }

    fn about(&self) -> Text {
        Text::new(
            "自動で起動するサービスと、Windows 以外に由来するサービス（プログラムまで。引数は送らない）",
            "services that start by themselves or came with something else than Windows: their programs, never arguments",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn lacks(&self) -> Option<Text> {
        Some(Text::new("稼働中かどうかは不明", "whether a service runs is not told"))
    }

    fn places(&self) -> &'static [&'static str] {
        &[SERVICES, "HKLM/SYSTEM/CurrentControlSet/Services/*", "HKLM/SYSTEM/CurrentControlSet/Services/*/Parameters"]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[SERVICES]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let list = match list(&mut gather, host) {
            Ok(list) => list,
            Err(trouble) => return gather.finish_failed(trouble),
        };
        for name in list.keys {
            let place = format!("{SERVICES}/{name}");
            let Some(key) = gather.subkey(host, &place) else { continue };
            if let Some(unit) = unit_of(&mut gather, host, &place, &name, &key) {
                gather.item(SERVICES, Observation::ServiceUnit(unit));
            }
        }
        gather.finish()
    }
}

/// The key of all services and drivers. A registry without it is a trouble.
pub(super) fn list(gather: &mut Gather, host: &dyn Host) -> Result<RegistryKey, Trouble> {
    gather.key(host, SERVICES).ok_or_else(|| {
        let text = "the registry has no list of services; if this is a Windows, its SYSTEM hive was not read";
        Trouble::new(TroubleKind::Missing, SERVICES, text)
    })
}

fn unit_of(gather: &mut Gather, host: &dyn Host, place: &str, name: &str, key: &RegistryKey) -> Option<ServiceUnit> {
    let sort = key.number("Type")?;
    if sort & IS_SERVICE == 0 || sort & IS_INSTANCE != 0 {
        return None;
    }
    let image = key.text("ImagePath").and_then(program_of);
    let is_shared = image.as_ref().is_some_and(|image| image.to_ascii_lowercase().ends_with("/svchost.exe"));
    let library = |gather: &mut Gather| {
        let parameters = gather.subkey(host, &format!("{place}/Parameters"));
        parameters.as_ref().or(Some(key)).and_then(|key| key.text("ServiceDll")).and_then(path_of)
    };
    let executable = match is_shared {
        true => library(gather).or(image),
        false => image,
    };
    let has_trigger = key.keys.iter().any(|below| below.eq_ignore_ascii_case("TriggerInfo"));
    let state = match key.number("Start") {
        Some(0..=2) => Some(UnitState::Enabled),
        Some(3) if has_trigger => Some(UnitState::Enabled),
        Some(4) => Some(UnitState::Masked),
        _ => None,
    };
    let is_own = executable.as_deref().is_some_and(is_below_windows);
    if is_own && key.number("Start") != Some(2) {
        return None;
    }
    Some(ServiceUnit {
        name: gather.text(place, name.as_bytes()),
        state,
        runs: None,
        executable: executable.map(|path| gather.text(place, path.as_bytes())),
        account: key.text("ObjectName").map(account_of),
        times: Vec::new(),
        place: Some(place.to_owned()),
        executable_carried_by: None,
        carried_by: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::golden;
    use daicho_schemas::batch::Outcome;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check(&ServicesCollector, false);
        assert!(all.values().all(|collected| collected.outcome == Outcome::Complete));
        let items: Vec<_> = all["server_2019"].items.iter().map(Observation::key).collect();
        assert_eq!(
            items,
            ["BackupAgent", "Dnscache", "TosServer", "W32Time", "WinDefend", "ds_agent"],
            "no driver, no copy for a session, nothing idle of Windows"
        );
        let text = serde_json::to_string(&all["server_2019"].items).unwrap();
        assert!(!text.contains("EXAMPLE-SECRET") && !text.contains("svc_tos"), "{text}");
    }
}
