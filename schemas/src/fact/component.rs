//! What a person decided about components: who supplies them, what they are, whether they are part of the equipment.
//! It does not know which components there are, nor which decision stands; the server's admission and model do.
//! Invariant: a decision names what it applies to in the hosts' own words, says why, and is never changed: it is withdrawn, or
//! another one replaces it.

use super::declaration::Category;
use crate::ids::{DecisionId, SupplierId};
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What sort of thing a component is, as lists of components show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComponentSort {
    /// A dpkg package.
    Deb,
    /// An rpm package.
    Rpm,
    /// A program that no package owns.
    Program,
    /// An operating system.
    Os,
    /// A machine with its parts.
    Hardware,
    /// A package of apk-tools.
    Apk,
    /// A pacman package.
    Pacman,
    /// An opkg package.
    Opkg,
    /// A snap.
    Snap,
    /// A flatpak application or runtime.
    Flatpak,
    /// An application of which agents see packages of programming languages, and that no package of the host owns.
    Application,
    /// Software of which another tool told.
    Told,
    /// A program that an installer registered with Windows.
    Windows,
    /// An update of Windows.
    WindowsUpdate,
    /// An AppX or MSIX package of Windows.
    Appx,
}

impl ComponentSort {
    /// Every sort.
    pub const ALL: [Self; 15] = [
        Self::Deb,
        Self::Rpm,
        Self::Program,
        Self::Os,
        Self::Hardware,
        Self::Apk,
        Self::Pacman,
        Self::Opkg,
        Self::Snap,
        Self::Flatpak,
        Self::Application,
        Self::Told,
        Self::Windows,
        Self::WindowsUpdate,
        Self::Appx,
    ];

    /// As it stands in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Rpm => "rpm",
            Self::Program => "program",
            Self::Os => "os",
            Self::Hardware => "hardware",
            Self::Apk => "apk",
            Self::Pacman => "pacman",
            Self::Opkg => "opkg",
            Self::Snap => "snap",
            Self::Flatpak => "flatpak",
            Self::Application => "application",
            Self::Told => "told",
            Self::Windows => "windows",
            Self::WindowsUpdate => "windows_update",
            Self::Appx => "appx",
        }
    }

    /// The sort of a word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == word)
    }
}

/// Where a host's own words for the maker or vendor were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VendorPlace {
    /// `Origin` of the repository whose index lists the package.
    PackageOrigin,
    /// The package's vendor field.
    PackageVendor,
    /// The package's maintainer field, which anyone can write.
    PackageMaintainer,
    /// `ID` of os-release.
    OsId,
    /// The maker of the machine, by its firmware.
    FirmwareMaker,
}

impl VendorPlace {
    /// Every place.
    pub const ALL: [Self; 5] =
        [Self::PackageOrigin, Self::PackageVendor, Self::PackageMaintainer, Self::OsId, Self::FirmwareMaker];

    /// As it stands in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PackageOrigin => "package_origin",
            Self::PackageVendor => "package_vendor",
            Self::PackageMaintainer => "package_maintainer",
            Self::OsId => "os_id",
            Self::FirmwareMaker => "firmware_maker",
        }
    }

    /// The place of a word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.as_str() == word)
    }
}

/// To which components a decision applies: those that agree with every field that is given. Words are compared without
/// regard to ASCII case and to spaces around them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComponentSelector {
    /// Only of this sort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<ComponentSort>,
    /// Only of this maker or vendor, in the hosts' own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Only where these words were read there; needs `vendor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_place: Option<VendorPlace>,
    /// Only of this name: a package's name; a program's path; what an operating system calls itself; a machine's maker and model;
    /// the file or folder of an application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only these versions (of a program: `sha256:` and its digest, behind the version that its file tells), where `*` stands for any run of characters; needs `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<String>,
}

/// The line of a person's own table from which a decision was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableLine {
    /// The name of the file.
    pub table: String,
    /// The row, as spreadsheet programs count: from 1.
    pub row: u32,
}

/// A person decided about components. What a field leaves out is not decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComponentDecided {
    /// Which decision.
    pub decision_id: DecisionId,
    /// What it applies to, on all hosts alike.
    pub components: ComponentSelector,
    /// Who supplies them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier_id: Option<SupplierId>,
    /// What they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// `false`: they stand on the hosts of critical equipment and are no part of it. `true`: they are, whatever a wider
    /// decision says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of_equipment: Option<bool>,
    /// From which day in Japan this is so; absent: it always was. When it was decided tells the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<CalendarDate>,
    /// Why, in a person's words.
    pub reason: String,
    /// On what it rests: a contract, a letter, a page.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence: String,
    /// The line of a table that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_table: Option<TableLine>,
    /// The decision about the same components that this one replaces. Where this one is so only from a day on, the other
    /// stays true of the days before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<DecisionId>,
}

impl ComponentDecided {
    /// Whether it speaks of a day in Japan.
    pub fn speaks_of(&self, day: CalendarDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day)
    }
}

/// A person took a decision about components back: it never was so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComponentDecisionWithdrawn {
    /// Which decision.
    pub decision_id: DecisionId,
    /// Why, in a person's words.
    pub reason: String,
}
