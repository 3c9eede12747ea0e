//! Hosts that tests make up: packages, operating systems, interfaces.
//! It does not know servers or agents.
//! Invariant: the same arguments make the same host.

use daicho_schemas::fact::observation::{
    Ecosystem, InterfaceKind, NetworkInterface, Observation, OperatingSystem, Package, PackageState, Provenance,
};

/// A Debian host's operating system.
pub fn debian(hostname: &str) -> Observation {
    Observation::OperatingSystem(OperatingSystem {
        hostname: Some(hostname.into()),
        family: "linux".into(),
        os_id: Some("debian".into()),
        os_id_like: Vec::new(),
        name: Some("Debian GNU/Linux".into()),
        version_id: Some("12".into()),
        version: Some("12.5".into()),
        codename: Some("bookworm".into()),
        kernel_release: None,
        edition: None,
        release: None,
        installation: None,
        architecture: Some("x86_64".into()),
    })
}

/// An installed dpkg package.
pub fn package(name: &str, version: &str, maintainer: &str) -> Observation {
    Observation::Package(Package {
        ecosystem: Ecosystem::Deb,
        name: name.into(),
        version: version.into(),
        architecture: Some("amd64".into()),
        state: PackageState::Installed,
        source: None,
        maintainer: Some(maintainer.into()),
        vendor: None,
        multi_arch: None,
        provenance: Provenance::default(),
    })
}

/// A package as Debian itself builds it.
pub fn debian_package(name: &str, version: &str) -> Observation {
    package(name, version, "Example Maintainers <example@lists.debian.org>")
}

/// A WireGuard interface.
pub fn wireguard(name: &str) -> Observation {
    Observation::NetworkInterface(NetworkInterface {
        name: name.into(),
        interface_kind: InterfaceKind::Wireguard,
        mac: None,
        driver: None,
        member_of: None,
        stands_on: Vec::new(),
    })
}
