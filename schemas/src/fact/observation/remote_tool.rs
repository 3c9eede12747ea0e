//! `remote_tool.v1`: software by which somebody may control, reach or maintain this host from elsewhere, and what shows it.
//! It does not know who uses it, whether it was declared, or whether anybody came in.
//! Invariant: of a tool's own log at most the day of the last use is here; no process number, account or address.

use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Pieces of evidence for one tool; more are counted in a trouble of the report.
pub const TOOL_EVIDENCE_MAX: usize = 32;

/// What sort of tool. Our own classes: public lists mix what lets others in with what goes out to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RemoteToolClass {
    /// Somebody elsewhere sees and controls this host's screen or console.
    RemoteControl,
    /// Opens a port of this host to elsewhere, past firewalls.
    Tunnel,
    /// Remote monitoring and management: commands and software come from elsewhere.
    Rmm,
    /// Joins this host to a network elsewhere.
    Vpn,
    /// Takes logins over the network, as a part of the operating system.
    RemoteLogin,
    /// Sets up or drives a modem.
    Modem,
}

impl RemoteToolClass {
    /// Whether somebody elsewhere may come in by it. Logins of the operating system and modems are looked at for what they are.
    pub fn may_let_in(self) -> bool {
        match self {
            Self::RemoteControl | Self::Tunnel | Self::Rmm | Self::Vpn => true,
            Self::RemoteLogin | Self::Modem => false,
        }
    }
}

/// What shows a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolEvidenceSort {
    /// A package that is installed.
    Package,
    /// A systemd unit that is there; its state says whether it starts.
    Unit,
    /// A process that runs.
    Process,
    /// A file or folder of the tool.
    File,
}

/// Whether a unit starts by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitState {
    /// Something on the host wants it started.
    Enabled,
    /// It is there and nothing wants it started.
    Disabled,
    /// It cannot be started.
    Masked,
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolEvidence {
    /// What it is.
    pub sort: ToolEvidenceSort,
    /// Its name: of the package, the unit, the process, or the path.
    pub name: String,
    /// Of a unit: whether it starts by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<UnitState>,
}

/// One tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoteTool {
    /// Its name in the list of tools: `teamviewer`.
    pub tool: String,
    /// Its name for people.
    pub name: String,
    /// What sort of tool.
    pub class: RemoteToolClass,
    /// What shows it, sorted, without repeats; at most [`TOOL_EVIDENCE_MAX`].
    pub evidence: Vec<ToolEvidence>,
    /// The last day on which its own log says that it was used, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_use_on: Option<CalendarDate>,
    /// From where the host's own firewall lets it be reached, as its rules say: `any`, `LocalSubnet`, addresses; sorted, at most
    /// [`TOOL_EVIDENCE_MAX`]. Empty where that was not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub admits_from: Vec<String>,
}

impl RemoteTool {
    /// The tool.
    pub fn key(&self) -> String {
        self.tool.clone()
    }

    /// Whether a process of it was seen.
    pub fn runs(&self) -> bool {
        self.evidence.iter().any(|one| one.sort == ToolEvidenceSort::Process)
    }

    /// Whether it runs, or will run after the next start of the host. A tool that is only there is asleep, not gone.
    pub fn is_awake(&self) -> bool {
        let starts = |one: &ToolEvidence| one.sort == ToolEvidenceSort::Unit && one.state == Some(UnitState::Enabled);
        self.runs() || self.evidence.iter().any(starts)
    }
}
