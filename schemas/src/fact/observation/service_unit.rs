//! `service_unit.v1`: a unit of systemd or a service of Windows that starts by itself, runs, was made on this host, or is locked.
//! It does not know whether the service is needed, nor what it is told to do: arguments and environments stay out.
//! Invariant: units that nothing starts and that came with their package are not listed; what could not be seen is absent.

use super::{CarriedBy, UnitState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One unit: a service, or a socket, timer or path that starts one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceUnit {
    /// Its name: `ssh.service`; of Windows, the name of its key: `Dnscache`.
    pub name: String,
    /// Whether it starts by itself; absent where it runs and no file of it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<UnitState>,
    /// Whether a process of it runs; absent of units that only run now and then, and where that could not be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<bool>,
    /// The program that it starts, without arguments. Where the path carries a person's name, that part is `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<String>,
    /// What brought the program; absent where there is none, or none of this name was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable_carried_by: Option<CarriedBy>,
    /// As which account it runs: the name of a system account, `uid:1001` of a person's, `*` of one that is not local.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// When a timer starts it, as it is written there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<String>,
    /// The file, or key of the registry, that says so: below `/etc` it was made or changed on this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What brought that file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried_by: Option<CarriedBy>,
}

impl ServiceUnit {
    /// The name.
    pub fn key(&self) -> String {
        self.name.clone()
    }

    /// Whether it runs, or will after the next start of the host.
    pub fn is_awake(&self) -> bool {
        self.runs == Some(true) || self.state == Some(UnitState::Enabled)
    }
}
