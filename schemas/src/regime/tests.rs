//! The files of law that are shipped: readable, sound, and their examples come out.
//! It does not know the judges of plans and computers; the server's tests run those cases.
//! Invariant: a row that hides a weakness, or an example that does not come out, fails here.

use super::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("regimes")
}

fn files() -> Vec<(PathBuf, LawFile)> {
    let mut found = Vec::new();
    let mut waiting = vec![folder()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("rows") {
                waiting.push(path);
            } else if path.is_file() && !path.ends_with("pack.v1.json") {
                let file = LawFile::parse(&std::fs::read(&path).unwrap());
                found.push((path.clone(), file.unwrap_or_else(|error| panic!("{}: {error}", path.display()))));
            }
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

#[test]
fn every_file_is_sound() {
    let files = files();
    assert!(files.len() > 5, "{}", files.len());
    for (path, file) in files {
        let problems: Vec<String> = problems(&file).into_iter().map(|problem| problem.en).collect();
        assert!(problems.is_empty(), "{}:\n{}", path.display(), problems.join("\n"));
    }
}

#[test]
fn every_example_of_a_clock_comes_out() {
    let clocks = files().into_iter().flat_map(|(_, file)| match file {
        LawFile::Clocks(file) => file.clocks,
        LawFile::Computers(file) => file.deadlines,
        _ => Vec::new(),
    });
    let mut seen = 0;
    for clock in clocks {
        for case in &clock.tests {
            seen += 1;
            assert_eq!(clock.count.day(case.from), Some(case.expect), "{}: {}", clock.clock_id, case.name);
        }
    }
    assert!(seen > 5, "{seen}");
}

#[test]
fn every_case_of_a_criterion_comes_out() {
    for (_, file) in files() {
        let LawFile::Sectors(file) = file else { continue };
        assert!(file.rules().count() > 30);
        for (_, rule) in file.rules() {
            for case in &rule.tests {
                assert_eq!(rule.criterion.judge(&case.figures).0, case.expect, "{}: {}", rule.rule_id, case.name);
            }
        }
    }
}

/// The sectors of art. 50(1), no more and no fewer: fifteen in force, and the one that is enacted.
#[test]
fn there_are_fifteen_sectors_in_force_and_one_to_come() {
    let Some(LawFile::Sectors(file)) =
        files().into_iter().map(|(_, file)| file).find(|file| matches!(file, LawFile::Sectors(_)))
    else {
        panic!("no sectors");
    };
    let pending: Vec<&str> = file
        .sectors
        .iter()
        .filter(|sector| sector.businesses.iter().all(|rule| rule.basis.standing == Standing::EnactedNotInForce))
        .map(|sector| sector.sector_id.as_str())
        .collect();
    assert_eq!(pending, ["medical"]);
    assert_eq!(file.sectors.len(), 16);
    // The trucking rule that was replaced, on its last day and on the first of the new one; the port before its time.
    let rule =
        |business: &str, on: &str| file.rule_on(business, on.parse().unwrap()).map(|(_, rule)| rule.rule_id.as_str());
    assert_eq!(rule("trucking", "2025-06-12"), Some("trucking-until-2025-06-12"));
    assert_eq!(rule("trucking", "2025-06-13"), Some("trucking"));
    assert_eq!(rule("port", "2025-03-31"), None);
    assert_eq!(rule("port", "2025-04-01"), Some("port"));
    assert_eq!(rule("hospital", "2030-01-01"), Some("hospital"));
}

/// Ids of one regime are unique over its files, so that `daicho regimes show ID` finds one row.
#[test]
fn ids_are_unique_in_a_regime() {
    let mut seen = BTreeSet::new();
    for (path, file) in files() {
        for row in file.rows() {
            assert!(seen.insert((file.head().regime.clone(), row.id.clone())), "{}: {}", path.display(), row.id);
        }
    }
}

/// What is wrong is found: each line breaks one thing in a sound file.
#[test]
fn a_broken_file_is_not_sound() {
    let text = std::fs::read_to_string(folder().join("jp-espa/sectors.v1.json")).unwrap();
    let sound: serde_json::Value = serde_json::from_str(&text).unwrap();
    let broken = |pointer: &str, value: serde_json::Value| {
        let mut json = sound.clone();
        *json.pointer_mut(pointer).unwrap() = value;
        LawFile::parse(json.to_string().as_bytes()).map(|file| problems(&file).len())
    };
    let first = "/sectors/0/businesses/0";
    assert_eq!(broken("/head/version", 1.into()).unwrap(), 0);
    assert_ne!(broken("/head/version", 0.into()).unwrap(), 0);
    assert_ne!(broken(&format!("{first}/name/en"), "".into()).unwrap(), 0);
    assert_ne!(broken(&format!("{first}/basis/articles"), serde_json::json!([])).unwrap(), 0);
    let weak = serde_json::json!({"articles": [{"ja": "条", "en": "art."}], "standing": "in_force", "effective_from": "2023-11-01", "confidence": "MEM"});
    assert_ne!(broken(&format!("{first}/basis"), weak).unwrap(), 0);
    assert_ne!(broken(&format!("{first}/rule_id"), "trucking".into()).unwrap(), 0);
    assert_ne!(broken(&format!("{first}/criterion"), serde_json::json!({"ask": "nothing"})).unwrap(), 0);
    assert_ne!(broken(&format!("{first}/tests"), serde_json::json!([])).unwrap(), 0);
    assert!(broken(&format!("{first}/basis/confidence"), "SURE".into()).is_err());
    assert!(broken(&format!("{first}/name"), serde_json::json!({"ja": "x", "en": "y", "fr": "z"})).is_err());
}

/// A missing figure never becomes a "no", wherever it stands.
#[test]
fn what_is_missing_is_unknown() {
    use super::figures::*;
    let at_least = |measure: &str, threshold| Criterion::AtLeast { measure: measure.into(), threshold };
    let both = Criterion::All(vec![at_least("a", 10), at_least("b", 5)]);
    let either = Criterion::Any(vec![at_least("a", 10), at_least("b", 5)]);
    let figures = |text: &str| -> Figures { serde_json::from_str(text).unwrap() };
    for (given, all, any) in [
        (r#"{"a": 10, "b": 5}"#, Verdict::Met, Verdict::Met),
        (r#"{"a": 10}"#, Verdict::Unknown, Verdict::Met),
        (r#"{"a": 9}"#, Verdict::Unknown, Verdict::Unknown),
        (r#"{"a": 9, "b": "4.999999"}"#, Verdict::NotMet, Verdict::NotMet),
        (r#"{"a": 9, "b": "5.0"}"#, Verdict::NotMet, Verdict::Met),
        (r#"{"a": true, "b": 5}"#, Verdict::Unknown, Verdict::Met),
    ] {
        let figures = figures(given);
        assert_eq!((both.judge(&figures).0, either.judge(&figures).0), (all, any), "{given}");
    }
    let more = Criterion::MoreThan { measure: "a".into(), threshold: 10 };
    assert_eq!(more.judge(&figures(r#"{"a": 10}"#)).0, Verdict::NotMet);
    assert_eq!(more.judge(&figures(r#"{"a": "10.000001"}"#)).0, Verdict::Met);
    for bad in ["-1", "1e3", "1,000", "", ".5", "1.1234567", "999999999999999999999"] {
        assert!(bad.parse::<Decimal>().is_err(), "{bad}");
    }
}

/// Every clock that a form names is there.
#[test]
fn forms_name_clocks_that_exist() {
    let files = files();
    let clocks: BTreeSet<String> = files
        .iter()
        .filter_map(|(_, file)| match file {
            LawFile::Clocks(file) => Some(file.clocks.iter().map(|clock| clock.clock_id.clone())),
            _ => None,
        })
        .flatten()
        .collect();
    for (_, file) in &files {
        let LawFile::Forms(file) = file else { continue };
        for form in &file.forms {
            let wrong: Vec<&String> = form.clocks.iter().filter(|name| !clocks.contains(*name)).collect();
            assert!(wrong.is_empty(), "{}: {wrong:?}", form.form_id);
        }
    }
}
