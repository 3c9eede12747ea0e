//! `package_origin.v1`: the repository that lists an installed package, by the host's own copy of the repository's index.
//! It does not know who stands behind an origin; a supplier record does.
//! Invariant: how sure we are is part of the statement (`matched`).

use super::Ecosystem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the installed package was found in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OriginMatch {
    /// Name, architecture and version are in the index.
    Version,
    /// Name and maintainer are in the index, with another version: most likely an older build of the same package.
    NameAndMaintainer,
}

/// The repository that an installed package is listed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PackageOrigin {
    /// Whose database.
    pub ecosystem: Ecosystem,
    /// The package's name.
    pub name: String,
    /// The package's architecture.
    pub architecture: String,
    /// `Origin` of the repository's Release file: `Debian`.
    pub origin: String,
    /// `Suite` or `Codename` of the Release file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
    /// How it was found.
    pub matched: OriginMatch,
}

impl PackageOrigin {
    /// The package it speaks of, spelled as [`super::Package::key`] spells dpkg packages.
    pub fn key(&self) -> String {
        format!("{}:{}:{}", self.ecosystem.as_str(), self.name, self.architecture)
    }
}
