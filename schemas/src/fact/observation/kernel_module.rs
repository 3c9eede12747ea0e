//! `kernel_module.v1`: a module of the kernel that did not come with the kernel: built elsewhere, unsigned or not free. A driver of Windows
//! that came with something else than Windows is one, too.
//! It does not know what the module does, whether its signature holds, or whether anybody declared it.
//! Invariant: modules of the kernel itself are not listed; sizes, addresses and how many use it are volatile and not part of it.

use super::CarriedBy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KernelModule {
    /// Its name, with `_` as the kernel writes it; on Windows that of its key below `Services`.
    pub name: String,
    /// The kernel has it loaded; false: its file lies ready for the kernel that runs. On Windows true of a driver that serves a device now;
    /// whether one that serves none is loaded is not told there.
    pub loaded: bool,
    /// How the kernel marked itself because of it, in its letters: `O` built out of tree, `E` unsigned, `P` not free,
    /// `F` loaded by force, `C` staging, `K` live patch (Linux, `Documentation/admin-guide/tainted-kernels.rst`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taint: Option<String>,
    /// Its own version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The checksum of its sources that the build put in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_version: Option<String>,
    /// Its file, where one of this name lies in the folder of the kernel that runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Who says to have written it (modinfo `author`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// Its licence (modinfo `license`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Its file ends with a signature. Whether that holds is the kernel's to say: see `taint`. Absent where its file could not
    /// be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_signature: Option<bool>,
    /// The name in that signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// The package that brought its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// What brought its file: also says that no package did, as with one that was built on this host. Absent without a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried_by: Option<CarriedBy>,
    /// The file that has it loaded at every start (modules-load.d(5)); on Windows its key in the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_by: Option<String>,
}

impl KernelModule {
    /// The name.
    pub fn key(&self) -> String {
        self.name.clone()
    }
}
