//! `language_package.v1`: one package of a programming language as files of the host tell it: in a jar, a folder of Python, Node.js,
//! Ruby or PHP packages, or built into an executable.
//! It does not know who supplies it, its licence, or whether any program really loads it.
//! Invariant: what an operating system's package carries keeps both names; no owner that could not be looked up is called "nobody".

use crate::canonical::Hash;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Places of one package in one application; more are counted in a trouble of the report.
pub const LANGUAGE_PLACES_MAX: usize = 8;

/// Which language's packages, by purl type (<https://github.com/package-url/purl-spec>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LanguageEcosystem {
    /// Java archives.
    Maven,
    /// Python distributions.
    Pypi,
    /// Node.js packages.
    Npm,
    /// Ruby gems.
    Gem,
    /// Go modules.
    Golang,
    /// Rust crates.
    Cargo,
    /// PHP packages.
    Composer,
}

impl LanguageEcosystem {
    /// Every ecosystem.
    pub const ALL: [Self; 7] =
        [Self::Maven, Self::Pypi, Self::Npm, Self::Gem, Self::Golang, Self::Cargo, Self::Composer];

    /// The purl type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Maven => "maven",
            Self::Pypi => "pypi",
            Self::Npm => "npm",
            Self::Gem => "gem",
            Self::Golang => "golang",
            Self::Cargo => "cargo",
            Self::Composer => "composer",
        }
    }
}

/// Which file said what it is, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LanguageEvidence {
    /// The record that the language's own installer left: `METADATA`, `package.json`, a gem's specification, `installed.json`.
    Installed,
    /// What the compiler wrote into the executable.
    BuildInfo,
    /// `pom.properties` in the archive.
    PomProperties,
    /// Version by the archive's manifest, name by its file name.
    Manifest,
    /// The name of the file alone.
    FileName,
}

/// What brought it onto the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields, tag = "by")]
pub enum CarriedBy {
    /// A package of the host's package manager owns the file.
    Package {
        /// Whose database says so, by purl type: `deb`, `rpm`.
        ecosystem: String,
        /// The name of the package.
        name: String,
    },
    /// No package of the host owns the file.
    Nobody,
    /// Which package owns the file could not be looked up.
    Unknown,
}

/// Where it lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LanguagePlace {
    /// A file or folder of the host.
    pub path: String,
    /// Where in that archive it is, one archive in another joined by `!/`; absent where it is no part of an archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<String>,
    /// SHA-256 of the file, where the package is an archive that is a file of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Hash>,
}

/// One package in one application. What no file says is absent, never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LanguagePackage {
    /// Which language's.
    pub ecosystem: LanguageEcosystem,
    /// Maven: the group id, where the archive says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The name as the ecosystem writes it: `log4j-core`, `@scope/name`, `vendor/name`, a module path.
    pub name: String,
    /// The version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The application it belongs to, as a file or folder of the host: a war, a virtual environment, an executable.
    pub application: String,
    /// What brought it onto the host.
    pub carried_by: CarriedBy,
    /// The surest file that says what it is.
    pub evidence: LanguageEvidence,
    /// Where it lies in the application, sorted; at most [`LANGUAGE_PLACES_MAX`].
    pub places: Vec<LanguagePlace>,
}

impl CarriedBy {
    /// The package's name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Package { name, .. } => Some(name),
            Self::Nobody | Self::Unknown => None,
        }
    }

    /// A package of the host, as `deb libexample`.
    pub fn package(&self) -> Option<String> {
        match self {
            Self::Package { ecosystem, name } => Some(format!("{ecosystem} {name}")),
            Self::Nobody | Self::Unknown => None,
        }
    }
}

impl LanguagePackage {
    /// Ecosystem, name, version, application and what carries it: several versions may stand side by side in one application.
    pub fn key(&self) -> String {
        let group = self.group.as_deref().map(|group| format!("{group}/")).unwrap_or_default();
        let version = self.version.as_deref().unwrap_or("");
        let carrier = match &self.carried_by {
            CarriedBy::Package { ecosystem, name } => format!("{ecosystem}:{name}"),
            CarriedBy::Nobody | CarriedBy::Unknown => String::new(),
        };
        format!("{}:{group}{}@{version}:{carrier}:{}", self.ecosystem.as_str(), self.name, self.application)
    }

    /// The package of the host that carries it, as `deb libexample`.
    pub fn carrier(&self) -> Option<String> {
        self.carried_by.package()
    }
}
