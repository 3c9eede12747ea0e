//! Updates that the servicing of Windows lists as installed (`Component Based Servicing\Packages`), and the hotfixes of Windows XP and 2003.
//! It does not know which updates are missing, nor what Office or drivers got. What is not listed is not proof of a gap: a cumulative update
//! supersedes those before it, and their entries go; the build in `operating_system` says how far they reach.
//! Invariant: only what is in state "installed" or "permanent" counts; a rollup that names no number gets none.
//!
//! Microsoft, "CBS Servicing States Chart": `CurrentState` 112 installed, 128 permanent; 80 superseded, 64 staged and others are not installed.

use super::super::{Collected, Collector, Gather};
use crate::access::{Host, Platform};
use daicho_schemas::fact::observation::{Ecosystem, Observation, Package, PackageState, Provenance};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};

/// One key for each package of Windows and each of its updates, since Windows Vista.
const PACKAGES: &str = "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Component Based Servicing/Packages";
/// Hotfixes of Windows XP and Server 2003, by number.
const HOTFIXES: &str = "HKLM/SOFTWARE/Microsoft/Windows NT/CurrentVersion/Hotfix";

/// States of an update that is installed.
const INSTALLED: [u64; 2] = [112, 128];

/// Collects updates of Windows.
pub(in crate::collect) struct WindowsUpdatesCollector;

impl Collector for WindowsUpdatesCollector {
    fn id(&self) -> &'static str {
        "windows_updates"
    }

    fn about(&self) -> Text {
        Text::new(
            "Windows の更新プログラム（適用済みのもの。載っていないことは未適用の証拠ではない）",
            "updates of Windows that are installed; what is not listed is no proof of a gap",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            PACKAGES,
            "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Component Based Servicing/Packages/*",
            HOTFIXES,
            "HKLM/SOFTWARE/Microsoft/Windows NT/CurrentVersion/Hotfix/*",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[PACKAGES]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let packages = gather.key(host, PACKAGES);
        let hotfixes = gather.key(host, HOTFIXES);
        if packages.is_none() && hotfixes.is_none() {
            let text = "the registry has no list of updates; if this is a Windows, its SOFTWARE hive was not read";
            return gather.finish_failed(Trouble::new(TroubleKind::Missing, PACKAGES, text));
        }
        for name in packages.into_iter().flat_map(|list| list.keys) {
            let Some((update, version, architecture)) = update_of(&name) else { continue };
            let Some(key) = gather.subkey(host, &format!("{PACKAGES}/{name}")) else { continue };
            if key.number("CurrentState").is_some_and(|state| INSTALLED.contains(&state)) {
                put(&mut gather, PACKAGES, update, version, Some(architecture));
            }
        }
        for name in hotfixes.into_iter().flat_map(|list| list.keys) {
            let Some(key) = gather.subkey(host, &format!("{HOTFIXES}/{name}")) else { continue };
            if key.number("Installed") == Some(1) {
                put(&mut gather, HOTFIXES, &name, "", None);
            }
        }
        gather.finish()
    }
}

/// Update, version and architecture from a package's name: `Package_for_KB5034768~31bf3856ad364e35~amd64~~17763.5458.1.5`. Parts of an update
/// (`Package_1_for_…`) and packages that Windows came with are none.
fn update_of(name: &str) -> Option<(&str, &str, &str)> {
    let mut parts = name.strip_prefix("Package_for_")?.split('~');
    let (update, _key, architecture, _language, version) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    (!update.is_empty()).then_some((update, version, architecture))
}

fn put(gather: &mut Gather, place: &str, name: &str, version: &str, architecture: Option<&str>) {
    let (name, version) = (gather.text(place, name.as_bytes()), gather.text(place, version.as_bytes()));
    let package = Package {
        architecture: architecture.map(|text| gather.text(place, text.as_bytes())),
        provenance: Provenance { of_system: true, ..Provenance::default() },
        ..Package::new(Ecosystem::WindowsUpdate, name, version, PackageState::Installed)
    };
    gather.item(place, Observation::Package(package));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::golden;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check(&WindowsUpdatesCollector, false);
        let names: Vec<_> = all["server_2019"].items.iter().map(Observation::key).collect();
        assert_eq!(
            names,
            ["windows_update:KB5034768:amd64:17763.5458.1.5", "windows_update:RollupFix:amd64:17763.5458.1.7"],
            "superseded ones, parts and packages of Windows itself are no updates"
        );
        assert_eq!(all["xp"].items.len(), 1);
    }
}
