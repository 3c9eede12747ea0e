//! A carrier's transport management around 2025-06-13, when the rule of who is designated changed: the same figures and the same
//! program, judged with the law of each day. It does not know today. Shown: below the old thresholds and above the new one; before the
//! designation nothing is asked, in the six months after it nothing is filed first, after them it is.

use super::{base_part, daicho, debian_part, draft, part, recorded, records, supplier};
use serde_json::{Value, json};

const FIGURES: &[&str] = &[
    "vehicles=6000",
    "nationwide_carriage=yes",
    "vehicle_km_share_percent=4",
    "tonnes_share_percent=4",
    "vehicles_share_percent=4",
    "offices_nationwide=yes",
];

#[test]
fn the_old_rule_before_2025_06_13_and_the_new_rule_after() {
    let folder = tempfile::tempdir().unwrap();
    let designation = |on: &str| {
        let asked = ["designation", "--business", "trucking", "--format", "json", "--on", on];
        let (_, text) = daicho(folder.path(), &[&asked[..], FIGURES].concat());
        let answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        let rule = &answer[0];
        (rule["rule"]["rule_id"].as_str().unwrap().to_string(), rule["verdict"].as_str().unwrap().to_string())
    };
    assert_eq!(designation("2025-06-12"), ("trucking-until-2025-06-12".into(), "not_met".into()));
    assert_eq!(designation("2025-06-13"), ("trucking".into(), "met".into()));

    let mut plan = draft(folder.path(), "transport-management", "tms-01", "road");
    plan["operator"]["designated_on"] = json!("2025-07-15");
    plan["parts"] = json!([
        part("server", "server_hardware", "動態管理に係るサーバ装置", "depot", &[]),
        debian_part(),
        base_part(),
        part("program", "application", "動態管理に係るプログラム", "road", &["road-dispatch"]),
    ]);
    let suppliers = [
        supplier("road", "road.example", "Roadworks"),
        supplier("depot", "depot.example", "Depot Machines"),
        supplier("debian", "debian.org", "Debian"),
        supplier("parcel", "parcel.example", "Parcel Mind"),
    ];
    std::fs::write(folder.path().join("suppliers.json"), records(&suppliers).to_string()).unwrap();
    std::fs::write(folder.path().join("plan.json"), plan.to_string()).unwrap();
    let after = recorded("trucking.after");
    let duty = |on: &str| {
        let files = ["check", "--plan", "plan.json", "--suppliers", "suppliers.json", "--format", "json", "--on", on];
        let (code, text) = daicho(folder.path(), &[&files[..], &[after.to_str().unwrap()]].concat());
        assert_eq!(code, Some(3), "{text}");
        let answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        let of = |product: &str| {
            let all = answer["duties"].as_array().unwrap().iter();
            let own = all.filter(|duty| duty["subject"]["en"].as_str().unwrap().contains(product));
            own.map(|duty| duty["row_id"].as_str().unwrap().to_string()).collect::<Vec<_>>()
        };
        of("load-optimiser")
    };
    assert_eq!(duty("2025-06-12"), ["before-designation-installation"], "the old rule did not designate it");
    assert_eq!(duty("2025-07-14"), ["before-designation-installation"]);
    assert_eq!(duty("2025-07-15"), ["transition-installation"]);
    assert_eq!(duty("2026-01-15"), ["transition-installation"]);
    assert_eq!(duty("2026-01-16"), ["installation-draft"]);
    let sheet = ["worksheet", "--plan", "plan.json", "--suppliers", "suppliers.json", "--form", "form-4-1"];
    let (code, text) = daicho(folder.path(), &[&sheet[..], &["--on", "2026-01-20", "--out", "sheet.xlsx"]].concat());
    assert_eq!(code, Some(3), "a first filing has much that is open: {text}");
    assert!(std::fs::read(folder.path().join("sheet.xlsx")).unwrap().starts_with(b"PK"));
}
