//! `told_component.v1`: a piece of software or a machine as another tool names it, where it is no package of a package manager that we
//! read: a program of Windows, a library in an application.
//! It does not know whether it is there; the tool said so, and the inventory that holds it says which tool and when.
//! Invariant: the words are the tool's; nothing is added to them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What sort of thing, as the tool says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToldSort {
    /// A program, framework or library.
    Software,
    /// Software in a device or a part of the machine.
    Firmware,
    /// A machine or a part of it.
    Device,
}

/// One thing. What the tool does not say is absent, never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToldComponent {
    /// What sort.
    pub sort: ToldSort,
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its package URL (<https://github.com/package-url/purl-spec>).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// Who supplies or publishes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// SHA-256 of its file, 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The first place where the tool found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl ToldComponent {
    /// Its package URL, or else its name and version; and the place, as an application may have two copies of a library.
    pub fn key(&self) -> String {
        let version = self.version.as_deref().unwrap_or_default();
        let own = self.purl.clone().unwrap_or_else(|| format!("{}@{version}", self.name));
        format!("told:{own}:{}", self.path.as_deref().unwrap_or_default())
    }
}
