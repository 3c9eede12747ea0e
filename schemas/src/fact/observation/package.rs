//! `package.v1`: one package as a package manager's own database lists it.
//! It does not know who supplies it; maintainer, vendor and packager are evidence.
//! Invariant: the ecosystem and the architecture are part of the identity, the version is not: an upgrade changes a package.

use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which package manager's database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ecosystem {
    /// dpkg.
    Deb,
    /// rpm.
    Rpm,
    /// apk-tools: Alpine, newer OpenWrt.
    Apk,
    /// pacman: Arch and what comes of it.
    Pacman,
    /// opkg: OpenWrt, Yocto, many devices.
    Opkg,
    /// snapd.
    Snap,
    /// flatpak.
    Flatpak,
    /// Programs that an installer registered with Windows (`Uninstall` keys, Windows Installer).
    Windows,
    /// Updates that the servicing of Windows lists.
    WindowsUpdate,
    /// AppX and MSIX packages of Windows.
    Appx,
}

impl Ecosystem {
    /// Every ecosystem.
    pub const ALL: [Self; 10] = [
        Self::Deb,
        Self::Rpm,
        Self::Apk,
        Self::Pacman,
        Self::Opkg,
        Self::Snap,
        Self::Flatpak,
        Self::Windows,
        Self::WindowsUpdate,
        Self::Appx,
    ];

    /// As it stands in facts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Rpm => "rpm",
            Self::Apk => "apk",
            Self::Pacman => "pacman",
            Self::Opkg => "opkg",
            Self::Snap => "snap",
            Self::Flatpak => "flatpak",
            Self::Windows => "windows",
            Self::WindowsUpdate => "windows_update",
            Self::Appx => "appx",
        }
    }

    /// The type in a package URL (https://github.com/package-url/purl-spec, list of types). That list has none for opkg, snap,
    /// flatpak and whatever Windows installs (`generic` has no namespace, so that two makers' programs of one name would be one): a made-up one would be matched by nobody, or by the wrong one.
    pub fn purl_type(self) -> Option<&'static str> {
        match self {
            Self::Deb => Some("deb"),
            Self::Rpm => Some("rpm"),
            Self::Apk => Some("apk"),
            Self::Pacman => Some("alpm"),
            Self::Opkg | Self::Snap | Self::Flatpak | Self::Windows | Self::WindowsUpdate | Self::Appx => None,
        }
    }
}

/// How far the package manager got with it (dpkg(1), "Package states").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PackageState {
    /// Unpacked and configured.
    Installed,
    /// Removed; only its configuration files are left.
    ConfigFiles,
    /// Somewhere between: unpacked, half-installed, half-configured, waiting for triggers.
    Unfinished,
}

/// Where a package came from and how it was made, as far as the package manager itself wrote it down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The repository, feed, remote or store from which it was installed, by the host's own name for it (`baseos`, `flathub`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The line of releases that it follows. snap: the channel. flatpak: the branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// What tells two builds of one version apart. snap: the revision. flatpak: the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// rpm: the modularity label, `name:stream:version:context`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The id of the key in the package's signature, 16 hexadecimal digits. The signature itself was not checked here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// Whose key that is, by the keys that the package manager itself trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// Windows: the day that the installer wrote down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed_on: Option<CalendarDate>,
    /// Windows: it is part of the system itself: an update of it, or an application in its own folder.
    #[serde(default, skip_serializing_if = "is_false")]
    pub of_system: bool,
}

fn is_false(value: &bool) -> bool {
    !*value
}

impl Provenance {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One package. What the database does not say is absent, never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Whose database.
    pub ecosystem: Ecosystem,
    /// The name.
    pub name: String,
    /// The full version as the package manager prints it (`epoch:version-release`); empty where it prints none.
    pub version: String,
    /// The architecture as the package manager spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// How far the package manager got.
    pub state: PackageState,
    /// The source package or source RPM, when it differs from the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// dpkg, opkg, apk: the maintainer. rpm, pacman: the packager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintainer: Option<String>,
    /// dpkg: `Origin` where the package has one. rpm: `Vendor`. Windows: `Publisher`. snap: the publisher, as the store's assertion names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// dpkg: `Multi-Arch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_arch: Option<String>,
    /// Where it came from.
    #[serde(default, skip_serializing_if = "Provenance::is_empty")]
    pub provenance: Provenance,
}

impl Package {
    /// A package of which nothing more is known.
    pub fn new(ecosystem: Ecosystem, name: impl Into<String>, version: impl Into<String>, state: PackageState) -> Self {
        Self {
            ecosystem,
            name: name.into(),
            version: version.into(),
            architecture: None,
            state,
            source: None,
            maintainer: None,
            vendor: None,
            multi_arch: None,
            provenance: Provenance::default(),
        }
    }

    /// Ecosystem, name and architecture. rpm allows several versions of one package side by side (kernels), so there
    /// the version belongs to the identity, and so does Windows; flatpak several branches, and other builds for other accounts.
    pub fn key(&self) -> String {
        let architecture = self.architecture.as_deref().unwrap_or("");
        let (ecosystem, name) = (self.ecosystem.as_str(), &self.name);
        match self.ecosystem {
            Ecosystem::Rpm | Ecosystem::Windows | Ecosystem::WindowsUpdate | Ecosystem::Appx => {
                format!("{ecosystem}:{name}:{architecture}:{}", self.version)
            }
            Ecosystem::Flatpak => {
                let part = |part: &Option<String>| part.clone().unwrap_or_default();
                let (branch, commit) = (part(&self.provenance.channel), part(&self.provenance.revision));
                format!("flatpak:{name}:{architecture}:{branch}:{commit}")
            }
            Ecosystem::Deb | Ecosystem::Apk | Ecosystem::Pacman | Ecosystem::Opkg | Ecosystem::Snap => {
                format!("{ecosystem}:{name}:{architecture}")
            }
        }
    }
}
