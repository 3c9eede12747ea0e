//! The law beside the decision table, as this build carries it, and the judges of its test cases.
//! It does not know a plan or a host; `schemas/src/regime/` says what the files look like.
//! Invariant: the build carries every file, and a test reads them all and runs every case.

pub mod cases;
mod standing;

pub use standing::not_in_force;

use crate::model::duties::table::{JP_ESPA, Pack};
use daicho_schemas::regime::check_lists::CheckListsFile;
use daicho_schemas::regime::clocks::ClockRule;
use daicho_schemas::regime::computers::ComputersFile;
use daicho_schemas::regime::forms::FormsFile;
use daicho_schemas::regime::sectors::SectorsFile;
use daicho_schemas::regime::templates::TemplateFile;
use daicho_schemas::regime::{Basis, Confidence, LawFile, Row, Standing};
use std::sync::LazyLock;

/// A file as the build carries it.
#[derive(Debug)]
pub struct Shipped {
    /// Its path below `schemas/regimes/`.
    pub name: &'static str,
    /// What it says.
    pub file: LawFile,
}

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../../../schemas/regimes/", $name)))),+]
    };
}

/// Every file, in the order in which people read them.
const BYTES: &[(&str, &[u8])] = shipped![
    "jp-espa/sectors.v1.json",
    "jp-espa/forms.v1.json",
    "jp-espa/clocks.v1.json",
    "jp-espa/check_lists.v1.json",
    "jp-acd/computers.v1.json",
    "jp-espa/templates/tos.json",
    "jp-espa/templates/water-treatment.json",
    "jp-espa/templates/train-traffic.json",
    "jp-espa/templates/transport-management.json",
    "jp-espa/templates/stowage-planning.json",
    "jp-espa/templates/flight-planning.json",
    "jp-espa/templates/airfield-lighting.json",
    "jp-espa/templates/electricity-balancing.json",
    "jp-espa/templates/telecom-control.json",
    "jp-espa/templates/deposits-and-exchange.json",
    "jp-espa/templates/card-authorisation.json",
    "jp-espa/templates/electronic-health-record.json",
    "jp-espa/templates/operating-theatre-system.json",
    "jp-espa/templates/intensive-care-system.json",
    "jp-espa/templates/health-record-sharing.json",
    "jp-espa/templates/electronic-prescription.json",
    "jp-espa/templates/online-eligibility-check.json",
];

/// Every file of this release.
pub static FILES: LazyLock<Vec<Shipped>> = LazyLock::new(|| {
    let read = |(name, bytes): &(&'static str, &[u8])| {
        // Part of the build, and a test reads them: failing here is a bug of ours, not of anybody's input.
        let file = LawFile::parse(bytes).unwrap_or_else(|error| unreachable!("{name} cannot be read: {error}"));
        Shipped { name, file }
    };
    BYTES.iter().map(read).collect()
});

/// The sectors of 経済安全保障推進法.
pub fn sectors() -> Option<&'static SectorsFile> {
    FILES.iter().find_map(|shipped| match &shipped.file {
        LawFile::Sectors(file) => Some(file),
        _ => None,
    })
}

/// The forms of 経済安全保障推進法.
pub fn forms() -> &'static FormsFile {
    let found = FILES.iter().find_map(|shipped| match &shipped.file {
        LawFile::Forms(file) => Some(file),
        _ => None,
    });
    found.unwrap_or_else(|| unreachable!("the build carries the forms"))
}

/// The check lists that the same inventory answers.
pub fn check_lists() -> &'static CheckListsFile {
    let found = FILES.iter().find_map(|shipped| match &shipped.file {
        LawFile::CheckLists(file) => Some(file),
        _ => None,
    });
    found.unwrap_or_else(|| unreachable!("the build carries the check lists"))
}

/// A clock of 経済安全保障推進法 by its id.
pub fn clock(id: &str) -> Option<&'static ClockRule> {
    let files = FILES.iter().filter_map(|shipped| match &shipped.file {
        LawFile::Clocks(file) => Some(file),
        _ => None,
    });
    files.flat_map(|file| &file.clocks).find(|clock| clock.clock_id == id)
}

/// The computers of サイバー対処能力強化法.
pub fn computers() -> Option<&'static ComputersFile> {
    FILES.iter().find_map(|shipped| match &shipped.file {
        LawFile::Computers(file) => Some(&**file),
        _ => None,
    })
}

/// Every template.
pub fn templates() -> impl Iterator<Item = &'static TemplateFile> {
    FILES.iter().filter_map(|shipped| match &shipped.file {
        LawFile::Template(file) => Some(&**file),
        _ => None,
    })
}

/// The rows of the decision table in the shape of all others.
pub fn table_rows(pack: &Pack) -> Vec<Row> {
    let row = |row: &crate::model::duties::table::TableRow| Row {
        list: "rows",
        id: row.row_id.clone(),
        title: row.title.clone(),
        basis: Basis {
            articles: row.articles.clone(),
            standing: Standing::InForce,
            effective_from: Some(row.effective_from),
            effective_to: row.effective_to,
            confidence: row.confidence,
            days_confidence: None,
            note: row.caution.clone(),
        },
        // Plain data with text keys always has a JSON form.
        detail: serde_json::to_value(row).unwrap_or_default(),
    };
    pack.rows.iter().map(row).collect()
}

/// One file in a list: what it is called, its regime, version, rows.
#[derive(Debug)]
pub struct Listed {
    /// Its name.
    pub name: &'static str,
    /// The regime.
    pub regime: String,
    /// Its version.
    pub version: u32,
    /// What it is about.
    pub title: daicho_schemas::text::Text,
    /// What it was written from, and the state of knowledge.
    pub source: daicho_schemas::text::Text,
    /// Its rows.
    pub rows: Vec<Row>,
}

impl Listed {
    /// The weakest tag among its rows.
    pub fn weakest(&self) -> Option<Confidence> {
        self.rows.iter().map(|row| row.basis.weakest()).max()
    }
}

/// Everything that this release knows of the law, the decision table first.
pub fn listed() -> Vec<Listed> {
    let table = Listed {
        name: "jp-espa/pack.v1.json",
        regime: JP_ESPA.pack_id.clone(),
        version: JP_ESPA.version,
        title: JP_ESPA.name.clone(),
        source: JP_ESPA.source.clone(),
        rows: table_rows(&JP_ESPA),
    };
    let of = |shipped: &Shipped| {
        let head = shipped.file.head();
        Listed {
            name: shipped.name,
            regime: head.regime.clone(),
            version: head.version,
            title: head.name.clone(),
            source: head.source.clone(),
            rows: shipped.file.rows(),
        }
    };
    std::iter::once(table).chain(FILES.iter().map(of)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_build_carries_every_file_there_is() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/regimes");
        let mut there = Vec::new();
        for sub in ["jp-espa", "jp-acd", "jp-espa/templates"] {
            for entry in std::fs::read_dir(folder.join(sub)).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() && !path.ends_with("pack.v1.json") {
                    there.push(format!("{sub}/{}", path.file_name().unwrap().to_string_lossy()));
                }
            }
        }
        there.sort();
        let mut carried: Vec<&str> = FILES.iter().map(|shipped| shipped.name).collect();
        carried.sort_unstable();
        assert_eq!(carried, there);
    }

    #[test]
    fn every_case_of_every_file_passes() {
        let files = FILES.iter().flat_map(|shipped| cases::of_file(&shipped.file));
        let all: Vec<_> = files.chain(cases::of_table(&JP_ESPA)).collect();
        assert!(all.len() > 200, "{}", all.len());
        let failed: Vec<_> = all.iter().filter(|case| !case.passed()).collect();
        assert!(failed.is_empty(), "{failed:#?}");
    }

    #[test]
    fn what_is_named_is_found() {
        assert!(sectors().is_some() && computers().is_some());
        assert_eq!(templates().count(), 17);
        for template in templates() {
            let rule = sectors().unwrap().rules().find(|(_, rule)| rule.business_id == template.business_id);
            assert!(rule.is_some(), "{}", template.template_id);
        }
    }
}
