//! Drivers that came with something else than Windows, or of which nothing says where they came from: the services of the kernel
//! (`CurrentControlSet\Services`) with their files. It does not know what a driver does or whether its signature holds.
//! Invariant: Windows' own drivers are not listed; one is Windows' own where the files that installed it are those of Windows, or where its own file
//! says so (its signer, or the product of which it is a part). That is the file's own word: nothing is verified.
//!
//! Microsoft, "HKLM\SYSTEM\CurrentControlSet\Services Registry Tree": `Type` 1 a driver, 2 of a file system, 8 a recogniser; `Start` 0 to 2 at
//! each start, 3 when it is asked for, 4 never; `ImagePath`, without which it is `System32\drivers\NAME.sys`. `Owners` names the INF
//! files that installed it: those of others are copied in as `oem0.inf`, `oem1.inf` ("How device installations are named").

use super::super::programs::pe;
use super::super::{Collected, Collector, Gather};
use super::commands::path_of;
use super::services::{self, SERVICES};
use crate::access::registry::RegistryKey;
use crate::access::{AccessError, Host, Platform};
use daicho_schemas::fact::observation::{KernelModule, Observation};
use daicho_schemas::text::Text;

/// Values of `Type`: a driver and no service.
const DRIVERS: [u64; 3] = [1, 2, 8];
/// Drivers that are described; a host has some four hundred with Windows' own.
const DRIVERS_MAX: usize = 2000;
/// Whom Windows' own files name as their signers.
const OF_WINDOWS: [&str; 2] = ["Microsoft Windows", "Microsoft Windows Publisher"];

/// Collects drivers that are not Windows' own.
pub(in crate::collect) struct KernelModulesCollector;

impl Collector for KernelModulesCollector {
    fn id(&self) -> &'static str {
        "kernel_modules"
    }

    fn about(&self) -> Text {
        Text::new(
            "Windows に付属しないドライバー（ファイルの版と署名者はファイル自身の記載で、検証はしない）",
            "drivers that did not come with Windows (version and signer are the file's own word, not verified)",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn lacks(&self) -> Option<Text> {
        Some(Text::new(
            "デバイスを担当していないドライバーが読み込まれているかは不明。カタログによる署名は読まない",
            "whether a driver that serves no device is loaded is not told; signatures in catalogues are not read",
        ))
    }

    fn places(&self) -> &'static [&'static str] {
        &[
            SERVICES,
            "HKLM/SYSTEM/CurrentControlSet/Services/*",
            "HKLM/SYSTEM/CurrentControlSet/Services/*/Enum",
            "/Windows/**",
            "/Program Files/**",
            "/ProgramData/**",
        ]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[SERVICES]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let list = match services::list(&mut gather, host) {
            Ok(list) => list,
            Err(trouble) => return gather.finish_failed(trouble),
        };
        let mut left = DRIVERS_MAX;
        for name in list.keys {
            let place = format!("{SERVICES}/{name}");
            let Some(key) = gather.subkey(host, &place) else { continue };
            if !key.number("Type").is_some_and(|sort| DRIVERS.contains(&sort)) || is_installed_by_windows(&key) {
                continue;
            }
            if left == 0 {
                gather.miss_rest(SERVICES);
                break;
            }
            left -= 1;
            if let Some(module) = driver(&mut gather, host, &place, &name, &key) {
                gather.item(SERVICES, Observation::KernelModule(module));
            }
        }
        gather.finish()
    }
}

/// Whether the files that installed it are those of Windows alone. Nothing is said where none is named.
fn is_installed_by_windows(key: &RegistryKey) -> bool {
    let owners = key.texts("Owners");
    !owners.is_empty() && !owners.iter().any(|owner| is_of_others(owner))
}

/// `oem12.inf`.
fn is_of_others(owner: &str) -> bool {
    let owner = owner.to_ascii_lowercase();
    let number = owner.strip_prefix("oem").and_then(|rest| rest.strip_suffix(".inf"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What a driver and its file tell; none where the file names Windows.
fn driver(gather: &mut Gather, host: &dyn Host, place: &str, name: &str, key: &RegistryKey) -> Option<KernelModule> {
    let file = match key.text("ImagePath") {
        Some(image) => path_of(image),
        None => Some(format!("/Windows/System32/drivers/{name}.sys")),
    };
    let told = file.as_deref().and_then(|file| told(gather, host, file));
    let signer = told.as_ref().and_then(|told| told.signer.clone());
    let is_named_foreign = key.texts("Owners").into_iter().any(is_of_others);
    if !is_named_foreign && told.as_ref().is_some_and(says_windows) {
        return None;
    }
    let serves = gather.subkey(host, &format!("{place}/Enum")).and_then(|list| list.number("Count"));
    let starts = key.number("Start").is_some_and(|start| start <= 2);
    let mut text = |text: String| gather.text(place, text.as_bytes());
    Some(KernelModule {
        name: text(name.to_owned()),
        loaded: serves.is_some_and(|count| count > 0),
        taint: None,
        version: told.as_ref().and_then(|told| told.version.clone()).and_then(|(_, version)| version).map(&mut text),
        source_version: None,
        file: file.map(&mut text),
        authors: Vec::new(),
        license: None,
        // Most are signed by a catalogue beside them: that a file has no signature says nothing.
        has_signature: signer.is_some().then_some(true),
        signer: signer.map(&mut text),
        package: None,
        carried_by: None,
        started_by: starts.then(|| place.to_owned()),
    })
}

/// Whether a file says that it is a part of Windows.
fn says_windows(told: &pe::Told) -> bool {
    let is_product =
        |name: &str| name.starts_with("Microsoft") && name.contains("Windows") && name.ends_with("Operating System");
    told.signer.as_deref().is_some_and(|signer| OF_WINDOWS.contains(&signer))
        || told.version.as_ref().is_some_and(|(product, _)| is_product(product))
}

/// What a file tells of itself. A file of a person's folder, on another volume or by no known path is not opened.
fn told(gather: &mut Gather, host: &dyn Host, file: &str) -> Option<pe::Told> {
    let folders = ["/windows/", "/program files/", "/programdata/"];
    let lower = file.to_lowercase();
    if !folders.iter().any(|folder| lower.starts_with(folder)) {
        return None;
    }
    let mut failed: Option<AccessError> = None;
    let mut piece = |offset: u64, bytes_max: usize| match host.read_at(file, offset, bytes_max) {
        Ok(reading) => reading.bytes,
        Err(error) => {
            failed.get_or_insert(error);
            Vec::new()
        }
    };
    let told = pe::read(&mut piece);
    match failed {
        // A driver whose file was taken away is told all the same.
        Some(error) if error.is_missing() => None,
        Some(error) => {
            gather.remark(error.to_trouble());
            None
        }
        None => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::golden;
    use daicho_schemas::batch::Outcome;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check_running(&KernelModulesCollector, &["server_2022"]);
        let modules: Vec<_> = all["windows_10_ltsc"]
            .items
            .iter()
            .map(|item| match item {
                Observation::KernelModule(module) => module.clone(),
                other => panic!("{}", other.kind()),
            })
            .collect();
        let names: Vec<_> = modules.iter().map(|module| (module.name.as_str(), module.loaded)).collect();
        assert_eq!(names, [("ExampleFlt", false), ("exampleio", true), ("gone", false)], "nothing of Windows itself");
        assert_eq!(modules[0].signer.as_deref(), Some("Shiomi System Code Signing EXAMPLE"));
        assert_eq!(modules[0].version.as_deref(), Some("2.4"));
        assert_eq!((modules[2].has_signature, modules[2].version.as_deref()), (None, None), "unknown is not unsigned");
        assert_eq!(all["server_2016_core"].outcome, Outcome::Complete);
    }

    #[test]
    fn a_file_of_windows_says_so() {
        let told = |product: &str, signer: Option<&str>| pe::Told {
            version: Some((product.to_owned(), None)),
            signer: signer.map(str::to_owned),
        };
        assert!(says_windows(&told("Microsoft® Windows® Operating System", None)));
        assert!(says_windows(&told("", Some("Microsoft Windows"))));
        assert!(!says_windows(&told("Example", Some("Microsoft Windows Hardware Compatibility Publisher"))));
    }

    #[test]
    fn files_of_others_are_known_by_their_number() {
        assert!(is_of_others("OEM12.inf") && is_of_others("oem0.inf"));
        assert!(!is_of_others("oem.inf") && !is_of_others("disk.inf") && !is_of_others("oemsetup.inf"));
    }
}
