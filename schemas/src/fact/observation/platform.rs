//! `platform.v1`: what the host stands on (a machine of its own or a virtual one) and which checks its start passed through.
//! It does not know which hypervisor's host it is, whether a check could be got round, or who signed what.
//! Invariant: what was not told is absent, never "no"; every answer to "is it virtual" names its ground.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Grounds of one answer; a host shows two or three.
pub const PLATFORM_GROUNDS_MAX: usize = 8;

/// What a host stands on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// It is a virtual machine. Absent where nothing speaks for either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_virtual: Option<bool>,
    /// Which virtualisation, in the word of its makers' field: `kvm`, `vmware`, `hyper-v`, `xen`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_by: Option<String>,
    /// The agent itself runs in a container of this sort: what it sees is the container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// What the answers rest on, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grounds: Vec<String>,
    /// It was started by UEFI; false: by a BIOS or another way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uefi: Option<bool>,
    /// Secure Boot was on when it was started (UEFI variable `SecureBoot`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secure_boot: Option<bool>,
    /// The firmware is in setup mode (UEFI variable `SetupMode`): anybody can put in keys of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup_mode: Option<bool>,
    /// The kernel's lockdown: `none`, `integrity`, `confidentiality`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lockdown: Option<String>,
    /// The kernel loads signed modules only (`module.sig_enforce`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_modules_only: Option<bool>,
}

impl Platform {
    /// A host has one.
    pub fn key(&self) -> String {
        "platform".to_owned()
    }
}
