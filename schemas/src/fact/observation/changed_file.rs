//! `changed_file.v1`: a program or a unit file whose contents are not those that its package put there.
//! It does not know who changed it or why.
//! Invariant: what a package itself leaves to people (configuration, `%ghost`) and what was diverted is never here; a package
//! manager at work, or a digest that is not kept, makes no statement.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the file is to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangedFilePart {
    /// A program that runs or is started by the host.
    Program,
    /// A systemd unit.
    Unit,
}

/// How the package manager keeps digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PackageDigestSort {
    /// dpkg; rpm before 4.6.
    Md5,
    /// apk 2.
    Sha1,
    /// rpm, pacman, apk 3.
    Sha256,
    /// rpm, where a distribution chose so.
    Sha384,
    /// rpm, where a distribution chose so.
    Sha512,
}

/// One changed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedFile {
    /// Its path with all links resolved.
    pub path: String,
    /// What it is to the host.
    pub part: ChangedFilePart,
    /// The purl type of the package manager: `deb`, `rpm`.
    pub ecosystem: String,
    /// The package that owns the path.
    pub package: String,
    /// How the package manager keeps digests.
    pub expected_sort: PackageDigestSort,
    /// What the contents were when the package was made, in hexadecimal digits.
    pub expected: String,
    /// SHA-256 of the contents now.
    pub sha256: String,
    /// The size now.
    pub size_bytes: u64,
}

impl ChangedFile {
    /// The path.
    pub fn key(&self) -> String {
        self.path.clone()
    }
}
