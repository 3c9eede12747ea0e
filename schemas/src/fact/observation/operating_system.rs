//! `operating_system.v1`: which operating system a host runs (os-release(5), kernel release).
//! It does not know packages or end-of-support dates.
//! Invariant: one per host.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The operating system of a host. What could not be read is absent, never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatingSystem {
    /// The host's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// `linux`, `windows`.
    pub family: String,
    /// `ID` of os-release: `debian`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_id: Option<String>,
    /// `ID_LIKE` of os-release.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub os_id_like: Vec<String>,
    /// `NAME` of os-release: `Debian GNU/Linux`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `VERSION_ID` of os-release: `12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// The finest version the host tells: `12.5` from debian_version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `VERSION_CODENAME` of os-release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codename: Option<String>,
    /// The release of the running kernel: `6.1.0-18-amd64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel_release: Option<String>,
    /// The machine's architecture as the kernel names it: `x86_64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
}

impl OperatingSystem {
    /// One per host.
    pub fn key(&self) -> String {
        "operating_system".into()
    }
}
