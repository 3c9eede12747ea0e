//! Packages of applications (AppX, MSIX) that are registered on a Windows: those that came with it, those of the store, those of companies.
//! It does not know who uses which, nor the applications within a package.
//! Invariant: a package is told by its own name, version and architecture as its full name states them; parts of a package for a language or a
//! screen are none.
//!
//! Microsoft, "An overview of Package Identity for Windows apps": `Name_Version_Architecture_ResourceId_PublisherId`.

use super::super::{Collected, Collector, Gather};
use super::CURRENT_VERSION;
use crate::access::registry::RegistryKey;
use crate::access::{Host, Platform};
use daicho_schemas::fact::observation::{Ecosystem, Observation, Package, PackageState, Provenance};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};

/// One key for each package that is registered for anybody.
const PACKAGES: &str = "HKLM/SOFTWARE/Classes/Local Settings/Software/Microsoft/Windows/CurrentVersion/AppModel/PackageRepository/Packages";
/// Folders of Windows' own applications.
const OF_SYSTEM: [&str; 2] = ["/windows/systemapps/", "/windows/immersivecontrolpanel"];

/// Collects packages of applications.
pub(in crate::collect) struct AppxCollector;

impl Collector for AppxCollector {
    fn id(&self) -> &'static str {
        "appx"
    }

    fn about(&self) -> Text {
        Text::new("アプリパッケージ（AppX・MSIX）", "packages of applications (AppX, MSIX)")
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            PACKAGES,
            "HKLM/SOFTWARE/Classes/Local Settings/Software/Microsoft/Windows/CurrentVersion/AppModel/PackageRepository/Packages/*",
            CURRENT_VERSION,
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[PACKAGES]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let Some(list) = gather.key(host, PACKAGES) else {
            // Windows 7 and before have none, and some servers.
            if gather.key(host, CURRENT_VERSION).is_some() {
                return gather.finish_not_applicable();
            }
            let text = "the registry has no list of packages; if this is a Windows, its SOFTWARE hive was not read";
            return gather.finish_failed(Trouble::new(TroubleKind::Missing, PACKAGES, text));
        };
        for full_name in list.keys {
            let place = format!("{PACKAGES}/{full_name}");
            let Some(key) = gather.subkey(host, &place) else { continue };
            match package(&mut gather, &full_name, &key) {
                Found::Package(package) => gather.item(PACKAGES, Observation::Package(*package)),
                Found::Part => {}
                Found::Malformed => {
                    let text = "this is no full name of a package; it is not listed";
                    gather.miss(Trouble::new(TroubleKind::Malformed, place, text));
                }
            }
        }
        gather.finish()
    }
}

enum Found {
    Package(Box<Package>),
    /// For a language or a screen, or the cover of several packages of one name.
    Part,
    Malformed,
}

fn package(gather: &mut Gather, full_name: &str, key: &RegistryKey) -> Found {
    let parts: Vec<&str> = full_name.split('_').collect();
    // The id of what it is for may be empty, and may have a `_` of its own (`split.language-ja_jp`).
    let [name, version, architecture, resource @ .., publisher] = parts.as_slice() else { return Found::Malformed };
    if [name, version, architecture, publisher].iter().any(|part| part.is_empty()) || resource.is_empty() {
        return Found::Malformed;
    }
    if resource.iter().any(|part| part.starts_with("split.") || *part == "~") {
        return Found::Part;
    }
    let folder =
        key.text("Path").and_then(crate::access::windows_paths::machine_path).unwrap_or_default().to_lowercase();
    let mut text = |text: &str| gather.text(PACKAGES, text.as_bytes());
    Found::Package(Box::new(Package {
        architecture: Some(text(architecture)),
        provenance: Provenance {
            of_system: OF_SYSTEM.iter().any(|own| folder.starts_with(own)),
            ..Provenance::default()
        },
        ..Package::new(Ecosystem::Appx, text(name), text(version), PackageState::Installed)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::golden;
    use daicho_schemas::batch::Outcome;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check(&AppxCollector, false);
        let keys: Vec<_> = all["windows_11"].items.iter().map(Observation::key).collect();
        assert_eq!(
            keys,
            [
                "appx:Example.FieldNotes:x64:3.2.0.0",
                "appx:Microsoft.VCLibs.140.00:x64:14.0.30704.0",
                "appx:Microsoft.WindowsCalculator:x64:11.2307.4.0",
                "appx:windows.immersivecontrolpanel:neutral:10.0.6.1000",
            ],
            "neither parts nor what is no name"
        );
        assert_eq!(all["windows_11"].outcome, Outcome::Partial, "one key is no name");
        assert_eq!(all["server_2008_r2"].outcome, Outcome::NotApplicable);
    }
}
