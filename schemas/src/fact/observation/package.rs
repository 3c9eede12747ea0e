//! `package.v1`: one package as a package manager's own database lists it.
//! It does not know who supplies it; maintainer, vendor and packager are evidence.
//! Invariant: the ecosystem and the architecture are part of the identity, the version is not: an upgrade changes a package.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which package manager's database, by its purl type (https://github.com/package-url/purl-spec).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ecosystem {
    /// dpkg.
    Deb,
    /// rpm.
    Rpm,
}

impl Ecosystem {
    /// The purl type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Rpm => "rpm",
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

/// One package. What the database does not say is absent, never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Whose database.
    pub ecosystem: Ecosystem,
    /// The name.
    pub name: String,
    /// The full version as the package manager prints it (`epoch:version-release`).
    pub version: String,
    /// The architecture as the package manager spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// How far the package manager got.
    pub state: PackageState,
    /// The source package or source RPM, when it differs from the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// dpkg: `Maintainer`. rpm: `Packager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintainer: Option<String>,
    /// dpkg: `Origin` where the package has one. rpm: `Vendor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// dpkg: `Multi-Arch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_arch: Option<String>,
}

impl Package {
    /// Ecosystem, name and architecture. rpm allows several versions of one package side by side (kernels), so there
    /// the version belongs to the identity.
    pub fn key(&self) -> String {
        let architecture = self.architecture.as_deref().unwrap_or("");
        match self.ecosystem {
            Ecosystem::Deb => format!("deb:{}:{architecture}", self.name),
            Ecosystem::Rpm => format!("rpm:{}:{architecture}:{}", self.name, self.version),
        }
    }
}
