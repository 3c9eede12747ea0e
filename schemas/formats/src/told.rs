//! What other tools name, as observations: a package where the package manager is one that we read, or else a component in the tool's words.
//! It does not know formats. Invariant: a word that is absent stays absent; nothing is guessed from a name.

use crate::purl;
use crate::reading::cut;
use daicho_schemas::fact::observation::{
    Ecosystem, Hardware, HardwarePart, NetworkPlace, Observation, OperatingSystem, Package, PackageState, PlacePart,
    Provenance, ToldComponent, ToldSort,
};
use std::net::IpAddr;

/// One thing as a tool names it.
pub(crate) struct Named {
    pub(crate) sort: ToldSort,
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) purl: Option<String>,
    pub(crate) supplier: Option<String>,
    pub(crate) sha256: Option<String>,
    pub(crate) path: Option<String>,
}

impl Named {
    /// As an observation.
    pub(crate) fn observation(self) -> Observation {
        let said = self.purl.as_deref().and_then(purl::said);
        if let Some((ecosystem, said)) = said.and_then(|said| Some((purl::ecosystem(&said.kind)?, said)))
            && let Some(version) = said.version.and_then(|version| cut(&version)).or_else(|| self.version.clone())
            && let Some(name) = cut(&said.name)
        {
            let architecture = said.architecture.and_then(|word| cut(&word));
            let source = said.upstream.and_then(|word| cut(word.split('@').next()?)).filter(|source| *source != name);
            let more = More { architecture, source, maintainer: None, vendor: self.supplier };
            return package(ecosystem, name, version, more);
        }
        Observation::ToldComponent(ToldComponent {
            sort: self.sort,
            name: self.name,
            version: self.version,
            purl: self.purl.filter(|purl| purl.starts_with("pkg:")),
            supplier: self.supplier,
            sha256: self
                .sha256
                .map(|hash| hash.to_lowercase())
                .filter(|hash| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())),
            path: self.path,
        })
    }
}

/// What else a tool may know of a package.
#[derive(Default)]
pub(crate) struct More {
    pub(crate) architecture: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) maintainer: Option<String>,
    pub(crate) vendor: Option<String>,
}

/// A package that is installed, as far as the tool says.
pub(crate) fn package(ecosystem: Ecosystem, name: String, version: String, more: More) -> Observation {
    let More { architecture, source, maintainer, vendor } = more;
    Observation::Package(Package {
        ecosystem,
        name,
        version,
        architecture,
        state: PackageState::Installed,
        source,
        maintainer,
        vendor,
        multi_arch: None,
        provenance: Provenance::default(),
    })
}

/// What a type of CycloneDX is to us; nothing for files, data and the like.
pub(crate) fn is_known(sort: &str) -> Option<ToldSort> {
    match sort {
        "application"
        | "framework"
        | "library"
        | "platform"
        | "container"
        | "device-driver"
        | "machine-learning-model" => Some(ToldSort::Software),
        "firmware" => Some(ToldSort::Firmware),
        "device" => Some(ToldSort::Device),
        _ => None,
    }
}

/// An operating system by what people call it. `id` is the `ID` of os-release, where the tool says it.
pub(crate) fn operating_system(name: Option<String>, version: Option<String>, id: Option<String>) -> Observation {
    let words = [&name, &id].into_iter().flatten().map(|word| word.to_lowercase()).collect::<Vec<_>>().join(" ");
    let windows = words.contains("windows");
    Observation::OperatingSystem(OperatingSystem {
        hostname: None,
        family: if windows {
            "windows"
        } else if words.is_empty() {
            "unknown"
        } else {
            family(&words)
        }
        .into(),
        os_id: id,
        os_id_like: Vec::new(),
        name,
        version_id: version,
        version: None,
        codename: None,
        kernel_release: None,
        edition: None,
        release: None,
        installation: None,
        architecture: None,
    })
}

/// Names of distributions, where a tool says no family.
const LINUX: &[&str] = &[
    "linux", "debian", "ubuntu", "rhel", "red hat", "centos", "fedora", "alma", "rocky", "suse", "alpine", "arch",
    "amzn", "miracle", "openwrt",
];

fn family(words: &str) -> &'static str {
    if LINUX.iter().any(|known| words.contains(known)) { "linux" } else { "unknown" }
}

/// A part of the machine.
pub(crate) fn hardware(part: HardwarePart, read_from: &str, words: [Option<String>; 4]) -> Option<Observation> {
    let [maker, model, version, serial] = words;
    if [&maker, &model, &version, &serial].into_iter().all(Option::is_none) {
        return None;
    }
    let serial_is_placeholder = serial.as_deref().is_some_and(|serial| !may_identify(serial));
    let part = Hardware::new(part, "0", read_from);
    Some(Observation::Hardware(Hardware { maker, model, version, serial, serial_is_placeholder, ..part }))
}

/// Whether a serial may tell one machine from another. In doubt it may not: words, and the same digit throughout, are what makers
/// leave in it.
fn may_identify(serial: &str) -> bool {
    let letters: Vec<char> = serial.chars().collect();
    let one_letter = letters.iter().all(|letter| letters.first() == Some(letter));
    let counted = "01234567890123456789".contains(serial);
    letters.len() >= 4 && !one_letter && !counted && !serial.contains(' ') && serial.chars().any(|c| c.is_ascii_digit())
}

/// An address of the host with its mask, of an interface. Nothing for loopback, and for what is no address.
pub(crate) fn address(interface: Option<String>, address: &str, mask: &str) -> Option<Observation> {
    let address: IpAddr = address.split('%').next()?.trim().parse().ok()?;
    let mask: IpAddr = mask.trim().parse().ok()?;
    if address.is_loopback() || address.is_unspecified() {
        return None;
    }
    let (bits, ones) = match mask {
        IpAddr::V4(mask) => (u128::from(mask.to_bits()) << 96, mask.to_bits().count_ones()),
        IpAddr::V6(mask) => (mask.to_bits(), mask.to_bits().count_ones()),
    };
    if bits.leading_ones() != ones || address.is_ipv4() != mask.is_ipv4() {
        return None;
    }
    Some(Observation::NetworkPlace(NetworkPlace {
        part: PlacePart::Address,
        value: format!("{address}/{ones}"),
        interface,
        via: None,
        table: None,
        mac: None,
        maker: None,
        description: None,
        last_seen_on: None,
    }))
}

/// How far dpkg got, by the three words of its status: `install ok installed`.
pub(crate) fn state_of_dpkg(status: &str) -> PackageState {
    match status.rsplit(' ').next() {
        Some("config-files") => PackageState::ConfigFiles,
        Some("installed") => PackageState::Installed,
        _ => PackageState::Unfinished,
    }
}
