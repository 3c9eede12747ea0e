//! `operating_system.v1`: which operating system a host runs (os-release(5), kernel release; the registry of Windows).
//! It does not know packages or end-of-support dates.
//! Invariant: one per host.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The operating system of a host. What could not be read is absent, never empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatingSystem {
    /// The host's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// `linux`, `windows`.
    pub family: String,
    /// `ID` of os-release: `debian`. Windows: `windows` or `windows-server`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_id: Option<String>,
    /// `ID_LIKE` of os-release.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub os_id_like: Vec<String>,
    /// `NAME` of os-release: `Debian GNU/Linux`. Windows: `Windows Server 2019 Standard`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `VERSION_ID` of os-release: `12`. Windows: as it is sold: `2012 R2`, `11`, `XP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// The finest version the host tells: `12.5` from debian_version. Windows: version, build and update, as far as it tells: `10.0.17763.5458`.
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
    /// Windows: `EditionID`: `Professional`, `EnterpriseS`, `ServerStandard`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// Windows: `DisplayVersion`, on older ones `ReleaseId`, before Windows 10 the service pack: `22H2`, `1809`, `Service Pack 3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Windows: `InstallationType`: `Client`, `Server`, `Server Core`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installation: Option<String>,
}

impl OperatingSystem {
    /// One per host.
    pub fn key(&self) -> String {
        "operating_system".into()
    }
}
