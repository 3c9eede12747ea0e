//! `program.v1`: a program that no package owns, or of which nobody can say whose it is, which runs or is started by the host.
//! It does not know who made or supplies it; a name in the file is the file's own word.
//! Invariant: no process number, time, account's command line or environment stands in it; whether it runs at this moment neither.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Things that start one program; more are counted in a trouble of the report.
pub const PROGRAM_STARTERS_MAX: usize = 16;

/// What sort of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProgramSort {
    /// The kernel runs it.
    Executable,
    /// An interpreter runs it; the interpreter itself is another program, or of a package.
    Script,
}

/// What is known of its package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ownership {
    /// Every package manager's file lists were read, and none names it.
    NoPackage,
    /// Not every list could be read; the report says which.
    Unknown,
}

/// Where the file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProgramPlace {
    /// At its path on the host.
    #[default]
    Host,
    /// Nowhere any more: it was deleted or replaced after it was started, or it never was a file.
    Deleted,
    /// At its path under another root: a container or a changed root. The host's packages say nothing of it.
    OtherRoot,
}

impl ProgramPlace {
    /// Whether it is a file of the host.
    pub fn is_host(&self) -> bool {
        *self == Self::Host
    }
}

/// What starts a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StarterSort {
    /// A systemd unit that names it, or under which it ran.
    Unit,
    /// A systemd timer that starts such a unit.
    Timer,
    /// A line of a table of cron, or a folder of which cron runs every file.
    Cron,
    /// A script that runs at the start of the host.
    RcScript,
    /// A process that started it, by its short name.
    Process,
}

/// One thing that starts a program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Starter {
    /// What it is.
    pub sort: StarterSort,
    /// Its name: of the unit, the process, or the path of the table or script. Tables that bear the name of an account have `*`.
    pub name: String,
    /// Of a table or script: the line, counted from 1. What stands there may hold secrets and is not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// Which part of the file tells name and version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProgramToldBy {
    /// `.go.buildinfo`: main module and its version.
    GoBuildInfo,
    /// `.note.package`: the package that it was built for (systemd's "Package Metadata for Executable Files").
    PackageNote,
    /// The version resource of a program of Windows: product and its version (`VS_VERSIONINFO`).
    VersionResource,
}

/// One program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its path with all links resolved; under another root, the path there.
    pub path: String,
    /// Where the file is.
    #[serde(default, skip_serializing_if = "ProgramPlace::is_host")]
    pub place: ProgramPlace,
    /// What sort of file.
    pub sort: ProgramSort,
    /// What is known of its package.
    pub ownership: Ownership,
    /// SHA-256 of the file in hexadecimal digits; absent where it could not be read or is over the limit, and the report says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The size of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// The GNU build id of an ELF file, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_id: Option<String>,
    /// The name that the file itself tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The version that the file itself tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Which part of the file tells name and version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_by: Option<ProgramToldBy>,
    /// Whom the file names as its signer: the subject of the certificate in its first signature (Authenticode). Nobody verified it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// Of a script that was seen running: the path of its interpreter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<String>,
    /// It was seen running since the file is what it is now; otherwise something is there to start it.
    pub seen_running: bool,
    /// What starts it, sorted, without repeats; at most [`PROGRAM_STARTERS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub started_by: Vec<Starter>,
}

impl Program {
    /// The path; of what is no file of the host, also its digest: two containers may have different files at one path.
    pub fn key(&self) -> String {
        let digest = self.sha256.as_deref().unwrap_or("unread");
        match self.place {
            ProgramPlace::Host => self.path.clone(),
            ProgramPlace::Deleted => format!("deleted:{digest}:{}", self.path),
            ProgramPlace::OtherRoot => format!("other_root:{digest}:{}", self.path),
        }
    }
}
