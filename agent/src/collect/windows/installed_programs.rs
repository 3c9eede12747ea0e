//! Programs that an installer registered: the `Uninstall` keys of the machine in both views and of every account, and the products of
//! Windows Installer (MSI). It does not know programs that were only copied here, nor whether an entry's files are still there.
//! Invariant: one program of one version is one item, wherever it is registered; what an entry does not say is absent.
//!
//! Microsoft, "Uninstall Registry Key" and "Installer\UserData": `DisplayName`, `DisplayVersion`, `Publisher`, `InstallDate` (YYYYMMDD);
//! an entry with `ParentKeyName` is an update of another one and no program.

use super::super::{Collected, Collector, Gather};
use super::{date_of, is_person};
use crate::access::registry::{HKU, PROFILE_LIST, RegistryKey};
use crate::access::{Host, Platform};
use daicho_schemas::fact::observation::{Ecosystem, Observation, Package, PackageState};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::{BTreeMap, BTreeSet};

/// What programs of the machine's own width registered, and what 32-bit ones did on a 64-bit Windows.
const MACHINE: [&str; 2] = [
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Uninstall",
    "HKLM/SOFTWARE/WOW6432Node/Microsoft/Windows/CurrentVersion/Uninstall",
];
/// Products of Windows Installer by the account that installed them (`S-1-5-18` for everybody).
const INSTALLER: &str = "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Installer/UserData";
/// Below an account's own key.
const OF_ACCOUNT: &str = "Software/Microsoft/Windows/CurrentVersion/Uninstall";

/// Every place that is read for it.
const PLACES: &[&str] = &[
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Uninstall",
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Uninstall/*",
    "HKLM/SOFTWARE/WOW6432Node/Microsoft/Windows/CurrentVersion/Uninstall",
    "HKLM/SOFTWARE/WOW6432Node/Microsoft/Windows/CurrentVersion/Uninstall/*",
    INSTALLER,
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Installer/UserData/*/Products",
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Installer/UserData/*/Products/*/InstallProperties",
    PROFILE_LIST,
    HKU,
    "HKU/*/Software/Microsoft/Windows/CurrentVersion/Uninstall",
    "HKU/*/Software/Microsoft/Windows/CurrentVersion/Uninstall/*",
];

/// Collects installed programs.
pub(in crate::collect) struct InstalledProgramsCollector;

impl Collector for InstalledProgramsCollector {
    fn id(&self) -> &'static str {
        "installed_programs"
    }

    fn about(&self) -> Text {
        Text::new(
            "インストール済みプログラム（64・32 ビット、全ユーザー・各ユーザー、MSI）",
            "installed programs (both widths, of the machine and of every account, MSI)",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn places(&self) -> &'static [&'static str] {
        PLACES
    }

    fn watches(&self) -> &'static [&'static str] {
        &[
            "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Uninstall",
            "HKLM/SOFTWARE/WOW6432Node/Microsoft/Windows/CurrentVersion/Uninstall",
        ]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let Some(programs) = read(&mut gather, host) else {
            let text =
                "the registry has no list of installed programs; if this is a Windows, its SOFTWARE hive was not read";
            return gather.finish_failed(Trouble::new(TroubleKind::Missing, MACHINE[0], text));
        };
        for package in programs {
            gather.item(MACHINE[0], Observation::Package(package));
        }
        gather.finish()
    }
}

/// Every installed program, by name and version. None where the machine has no list of them.
pub(super) fn read(gather: &mut Gather, host: &dyn Host) -> Option<Vec<Package>> {
    let mut look = Look { gather, host, programs: BTreeMap::new(), products: BTreeSet::new() };
    let mut found = false;
    for place in MACHINE {
        found |= look.uninstall(place);
    }
    if !found {
        return None;
    }
    look.accounts();
    look.installer();
    Some(look.programs.into_values().collect())
}

/// One look at a host.
struct Look<'a> {
    gather: &'a mut Gather,
    host: &'a dyn Host,
    /// By name and version.
    programs: BTreeMap<(String, String), Package>,
    /// Product codes that are registered for removal, in upper case.
    products: BTreeSet<String>,
}

impl Look<'_> {
    /// Reads the entries below one key; says whether it was there.
    fn uninstall(&mut self, place: &str) -> bool {
        let Some(records) = self.gather.uninstall_records(self.host, place) else { return false };
        for (name, entry) in records {
            if self.add(place, &entry) && name.starts_with('{') {
                self.products.insert(name.to_ascii_uppercase());
            }
        }
        true
    }

    /// Adds what an entry says; says whether it names a program.
    fn add(&mut self, place: &str, entry: &RegistryKey) -> bool {
        if entry.text("ParentKeyName").is_some() {
            return false;
        }
        let Some(name) = self.gather.registry_text(place, entry, "DisplayName") else { return false };
        let version = self.gather.registry_text(place, entry, "DisplayVersion").unwrap_or_default();
        let vendor = self.gather.registry_text(place, entry, "Publisher");
        let installed_on = entry.text("InstallDate").and_then(date_of);
        let known = self
            .programs
            .entry((name.clone(), version.clone()))
            .or_insert_with(|| Package::new(Ecosystem::Windows, name, version, PackageState::Installed));
        known.vendor = known.vendor.take().or(vendor);
        known.provenance.installed_on = known.provenance.installed_on.max(installed_on);
        true
    }

    fn accounts(&mut self) {
        let here = self.gather.key(self.host, HKU).map(|users| users.keys).unwrap_or_default();
        for sid in here.iter().filter(|sid| is_person(sid)) {
            self.uninstall(&format!("{HKU}/{sid}/{OF_ACCOUNT}"));
        }
        let profiles = self.gather.key(self.host, PROFILE_LIST).map(|list| list.keys).unwrap_or_default();
        let away = profiles.iter().filter(|sid| is_person(sid) && !here.contains(sid)).count();
        if away > 0 {
            let text = format!(
                "the settings of {away} accounts were not there to read (not signed in, or on another volume): programs installed for them alone are not listed"
            );
            self.gather.miss(Trouble::new(TroubleKind::NotObservable, HKU, text));
        }
    }

    /// Products that are registered nowhere else.
    fn installer(&mut self) {
        let accounts = self.gather.key(self.host, INSTALLER).map(|list| list.keys).unwrap_or_default();
        for account in accounts {
            let place = format!("{INSTALLER}/{account}/Products");
            let products = self.gather.key(self.host, &place).map(|list| list.keys).unwrap_or_default();
            for packed in products {
                if product_code(&packed).is_some_and(|code| self.products.contains(&code)) {
                    continue;
                }
                if let Some(entry) = self.gather.subkey(self.host, &format!("{place}/{packed}/InstallProperties")) {
                    self.add(&place, &entry);
                }
            }
        }
    }
}

/// The product code that Windows Installer packed into the name of a key: the first three groups backwards, the rest in pairs backwards.
fn product_code(packed: &str) -> Option<String> {
    let digits: Vec<char> = packed.to_ascii_uppercase().chars().collect();
    if digits.len() != 32 || !digits.iter().all(char::is_ascii_hexdigit) {
        return None;
    }
    let backwards = |from: usize, length: usize| digits.iter().skip(from).take(length).rev().collect::<String>();
    let pairs = |from: usize, count: usize| (0..count).map(|pair| backwards(from + 2 * pair, 2)).collect::<String>();
    Some(format!("{{{}-{}-{}-{}-{}}}", backwards(0, 8), backwards(8, 4), backwards(12, 4), pairs(16, 2), pairs(20, 6)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::golden;
    use daicho_schemas::batch::Outcome;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check(&InstalledProgramsCollector, false);
        assert_eq!(all["windows_11"].outcome, Outcome::Partial, "an account's settings are not there");
        assert_eq!(all["server_2019"].outcome, Outcome::Complete);
        assert!(all["server_2019"].items.len() > 4);
    }

    #[test]
    fn product_codes_are_packed_as_windows_installer_does() {
        let code = product_code("26DDC2EC4210AC63483DF9D4FCC5B59D").unwrap();
        assert_eq!(code, "{CE2CDD62-0124-36CA-84D3-9F4DCF5C5BD9}");
        assert_eq!(product_code("26DDC2EC"), None);
        assert_eq!(product_code("zzDDC2EC4210AC63483DF9D4FCC5B59D"), None);
    }
}
