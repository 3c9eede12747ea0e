//! Which Windows a machine has, from `Windows NT\CurrentVersion`: as it is sold, edition, release, build and update.
//! It does not know until when it is supported, nor which updates beside the build's number are installed.
//! Invariant: Windows 11 calls itself Windows 10 in `ProductName`; from build 22000 on (its first) the build decides, for clients only.

use super::super::{Collected, Collector, Gather};
use super::CURRENT_VERSION;
use crate::access::registry::RegistryKey;
use crate::access::{Host, Platform};
use daicho_schemas::fact::observation::{Observation, OperatingSystem};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};

/// The name that is set, up to 15 characters.
const COMPUTER_NAME: &str = "HKLM/SYSTEM/CurrentControlSet/Control/ComputerName/ComputerName";
/// The name in DNS, which may be longer.
const TCPIP: &str = "HKLM/SYSTEM/CurrentControlSet/Services/Tcpip/Parameters";
/// `PROCESSOR_ARCHITECTURE` of the system itself.
const ENVIRONMENT: &str = "HKLM/SYSTEM/CurrentControlSet/Control/Session Manager/Environment";
/// `WinNT` for clients, `ServerNT` and `LanmanNT` (domain controllers) for servers.
const PRODUCT_OPTIONS: &str = "HKLM/SYSTEM/CurrentControlSet/Control/ProductOptions";

/// The first build of Windows 11 (Microsoft, "Windows 11 release information").
const WINDOWS_11_BUILD: u64 = 22_000;

/// Collects the operating system of a Windows machine.
pub(in crate::collect) struct OperatingSystemCollector;

impl Collector for OperatingSystemCollector {
    fn id(&self) -> &'static str {
        "operating_system"
    }

    fn about(&self) -> Text {
        Text::new(
            "Windows のエディション、リリース、ビルドと更新番号、ホスト名",
            "edition, release, build and update of Windows, host name",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn places(&self) -> &'static [&'static str] {
        &[CURRENT_VERSION, COMPUTER_NAME, TCPIP, ENVIRONMENT, PRODUCT_OPTIONS]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[CURRENT_VERSION, COMPUTER_NAME, TCPIP]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let Some(version) = gather.key(host, CURRENT_VERSION) else {
            let text = "the registry does not say which Windows this is";
            return gather.finish_failed(Trouble::new(TroubleKind::Missing, CURRENT_VERSION, text));
        };
        let Some(product) = gather.registry_text(CURRENT_VERSION, &version, "ProductName") else {
            let text = "ProductName is missing, so this Windows has no name";
            return gather.finish_failed(Trouble::new(TroubleKind::Missing, CURRENT_VERSION, text));
        };
        let sort = gather.key(host, PRODUCT_OPTIONS);
        let is_client = match sort.as_ref().and_then(|sort| sort.text("ProductType")) {
            Some(sort) => sort.eq_ignore_ascii_case("WinNT"),
            None => !product.contains("Server"),
        };
        let build = version.text("CurrentBuild").or_else(|| version.text("CurrentBuildNumber"));
        let build_number: Option<u64> = build.and_then(|build| build.parse().ok());
        let name = name_of(&product, is_client, build_number);
        let release = ["DisplayVersion", "ReleaseId", "CSDVersion"];
        let environment = gather.key(host, ENVIRONMENT);
        let system = OperatingSystem {
            hostname: hostname(&mut gather, host),
            family: "windows".into(),
            os_id: Some(if is_client { "windows" } else { "windows-server" }.into()),
            os_id_like: Vec::new(),
            version_id: version_id(&name, is_client),
            name: Some(name),
            version: version_of(&version, build),
            codename: None,
            kernel_release: None,
            architecture: environment
                .and_then(|values| gather.registry_text(ENVIRONMENT, &values, "PROCESSOR_ARCHITECTURE")),
            edition: gather.registry_text(CURRENT_VERSION, &version, "EditionID"),
            release: release.iter().find_map(|value| gather.registry_text(CURRENT_VERSION, &version, value)),
            installation: gather.registry_text(CURRENT_VERSION, &version, "InstallationType"),
        };
        gather.item(CURRENT_VERSION, Observation::OperatingSystem(system));
        gather.finish()
    }
}

fn hostname(gather: &mut Gather, host: &dyn Host) -> Option<String> {
    let dns = gather.key(host, TCPIP).and_then(|key| gather.registry_text(TCPIP, &key, "Hostname"));
    let named = || {
        let key = gather.key(host, COMPUTER_NAME)?;
        gather.registry_text(COMPUTER_NAME, &key, "ComputerName")
    };
    dns.or_else(named)
}

/// `ProductName`, without the maker's name in front, and with the 11 that Windows 11 leaves out.
fn name_of(product: &str, is_client: bool, build: Option<u64>) -> String {
    let product = product.strip_prefix("Microsoft ").unwrap_or(product).replace(" (R)", "").replace("\u{ae}", "");
    match product.strip_prefix("Windows 10") {
        Some(rest) if is_client && build.is_some_and(|build| build >= WINDOWS_11_BUILD) => format!("Windows 11{rest}"),
        _ => product,
    }
}

/// As it is sold: `11`, `7`, `XP`, `2012 R2`. Absent where the name holds nothing of the sort (releases of the semi-annual channel).
fn version_id(name: &str, is_client: bool) -> Option<String> {
    let rest = name.strip_prefix("Windows ")?;
    let rest = if is_client { rest } else { rest.strip_prefix("Server ")? };
    let mut words = rest.split_ascii_whitespace();
    let first = words.next()?;
    let is_known = match is_client {
        true => first.starts_with(|digit: char| digit.is_ascii_digit()) || matches!(first, "XP" | "Vista"),
        false => first.len() == 4 && first.starts_with("20") && first.bytes().all(|byte| byte.is_ascii_digit()),
    };
    let has_r2 = words.next() == Some("R2");
    is_known.then(|| if has_r2 && !is_client { format!("{first} R2") } else { first.to_owned() })
}

/// `10.0.17763.5458`: version, build, and the update's own number where Windows writes one.
fn version_of(version: &RegistryKey, build: Option<&str>) -> Option<String> {
    let build = build.filter(|build| build.len() <= 10 && build.bytes().all(|byte| byte.is_ascii_digit()))?;
    let number = match (version.number("CurrentMajorVersionNumber"), version.number("CurrentMinorVersionNumber")) {
        (Some(major), Some(minor)) => format!("{major}.{minor}"),
        _ => version.text("CurrentVersion").filter(|number| number.len() <= 10)?.to_owned(),
    };
    let update = version.number("UBR").map(|update| format!(".{update}")).unwrap_or_default();
    Some(format!("{number}.{build}{update}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::golden;
    use daicho_schemas::batch::Outcome;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check(&OperatingSystemCollector, false);
        assert!(all.values().all(|collected| collected.outcome == Outcome::Complete), "{all:?}");
    }

    #[test]
    fn names_are_as_they_are_sold() {
        for (product, is_client, build, name, version) in [
            ("Windows 10 Pro", true, 22_631, "Windows 11 Pro", Some("11")),
            ("Windows 10 Pro", true, 19_045, "Windows 10 Pro", Some("10")),
            ("Windows Server 2025 Datacenter", false, 26_100, "Windows Server 2025 Datacenter", Some("2025")),
            ("Microsoft Windows XP", true, 2600, "Windows XP", Some("XP")),
            ("Windows Server (R) 2008 Standard", false, 6002, "Windows Server 2008 Standard", Some("2008")),
            ("Windows Server 2008 R2 Enterprise", false, 7601, "Windows Server 2008 R2 Enterprise", Some("2008 R2")),
            ("Windows Server Standard", false, 18_363, "Windows Server Standard", None),
            ("Windows 8.1 Pro", true, 9600, "Windows 8.1 Pro", Some("8.1")),
            ("Hyper-V Server", false, 1, "Hyper-V Server", None),
        ] {
            assert_eq!(name_of(product, is_client, Some(build)), name);
            assert_eq!(
                version_id(&name_of(product, is_client, Some(build)), is_client).as_deref(),
                version,
                "{product}"
            );
        }
    }
}
