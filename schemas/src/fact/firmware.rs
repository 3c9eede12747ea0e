//! What is known about firmware: advisories with the versions they touch, and days on which branches lose support.
//! It does not know which devices there are, nor how a maker's versions are ordered; the server's comparators do.
//! Invariant: whoever made a pack is named in it with a day, no text of an advisory is copied, and what a source leaves
//! open stays open here.

use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a file of this shape says of itself.
pub const FIRMWARE_PACK_FORMAT: &str = "daicho.firmware_pack.v1";
/// Advisories in one pack.
pub const ADVISORIES_MAX: usize = 5000;
/// Ranges, single versions, fixes or models of one advisory.
pub const VERSIONS_MAX: usize = 3000;
/// Days of support in one pack.
pub const SUPPORT_MAX: usize = 2000;
/// One text of a pack, in bytes.
pub const PACK_TEXT_BYTES_MAX: usize = 500;
/// Files that one pack was made from and that are named.
pub const PACK_FILES_MAX: usize = 50;

/// How sure a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PackConfidence {
    /// The maker said so, or an authority that has it from the maker.
    Official,
    /// A community or a third party collected it.
    Collected,
    /// A person wrote it down without such a source.
    Stated,
}

/// A file that a pack was made from. It is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PackFile {
    /// Its name, without folders.
    pub name: String,
    /// SHA-256 of its bytes, 64 hexadecimal digits.
    pub sha256: String,
}

/// Versions from one to another, in the maker's own spelling and order. Without an end on one side it is open there.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionRange {
    /// The first version of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The first version behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The last version of it. Not together with `before`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    /// Only versions of this branch: `7.4`, `R81.20`, `14.01`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// What holds for versions that an advisory names nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OtherVersions {
    /// The source says nothing of them.
    #[default]
    Unknown,
    /// The source says that they are not affected.
    NotAffected,
    /// The source says that they are affected.
    Affected,
}

impl OtherVersions {
    /// Whether the source says nothing, which is not written.
    pub fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }
}

/// One advisory about one product. An advisory without any version only marks: it is known that there is something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Advisory {
    /// Its identifier: `CVE-2024-21762`, `JVN#12345678`, a maker's own.
    pub id: String,
    /// The maker, as people know it.
    pub vendor: String,
    /// The product line: `fortios`, `cisco_asa`, `yamaha_rt` … (`daicho firmware products` lists them). A name of an
    /// operator's own is taken too; its versions are then compared as plain numbers with dots.
    pub product: String,
    /// The models it is about, `*` at the end for any ending: `UD-LT1`, `RTX12*`. Empty for all of the product line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Ranges of affected versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub affected: Vec<VersionRange>,
    /// Single affected versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub affected_exactly: Vec<String>,
    /// Ranges of versions that the source says are not affected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_affected: Vec<VersionRange>,
    /// The first fixed version of each branch that has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixed: Vec<String>,
    /// What holds for every other version.
    #[serde(default, skip_serializing_if = "OtherVersions::is_unknown")]
    pub other_versions: OtherVersions,
    /// The day on which CISA listed it as exploited (Known Exploited Vulnerabilities).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kev_added: Option<CalendarDate>,
    /// Whether CISA knows of its use in ransomware campaigns. Absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ransomware: Option<bool>,
    /// Its identifier in JVN or JVN iPedia: `JVN#12345678`, `JVNDB-2026-000001`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jvn_id: Option<String>,
    /// Where it stands, for people: `https://…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The day of this advisory's data, where it is older than the pack's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<CalendarDate>,
}

impl Advisory {
    /// Whether it gives any version; one that does not only marks.
    pub fn has_versions(&self) -> bool {
        !(self.affected.is_empty() && self.affected_exactly.is_empty() && self.fixed.is_empty())
    }
}

/// Until when a branch or a model gets fixes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndOfLife {
    /// The maker, as people know it.
    pub vendor: String,
    /// The product line, as in an advisory.
    pub product: String,
    /// The models it is about, `*` at the end for any ending. Empty for all of the product line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// The branch of versions: `7.4`. Absent for every version of the models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The last day with fixes. Absent when it is over, or not, and no day is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_on: Option<CalendarDate>,
    /// Whether it is over, where no day is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<bool>,
    /// Where it stands, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// What one source says about firmware on one day. It enters the ledger whole (`firmware_knowledge.v1`); a newer pack of
/// the same id takes its place, and the older one stays readable as of its days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirmwarePack {
    /// [`FIRMWARE_PACK_FORMAT`].
    pub format: String,
    /// Its name: `cisa-kev`, `cve-fortios`, an operator's own. Lower-case letters, digits, `-`, `_`, `.`.
    pub pack_id: String,
    /// Whose knowledge it is: `CISA Known Exploited Vulnerabilities Catalog`.
    pub source: String,
    /// The day of the data, as the source gives it.
    pub as_of: CalendarDate,
    /// How sure the source is.
    pub confidence: PackConfidence,
    /// Where it stands, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The files it was made from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<PackFile>,
    /// Advisories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advisories: Vec<Advisory>,
    /// Ends of support.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub end_of_life: Vec<EndOfLife>,
}
