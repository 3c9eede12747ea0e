//! The offline check as people use it: files in, a report and an exit code out.
//! It does not test rules or the table; it tests that the pipeline carries them, and says what it could not see.
//! Invariant tested: exit 0 only when everything was seen and is as declared.

use super::*;
use crate::example::example;
use daicho_schemas::fact::observation::OperatingSystem;
use serde_json::{Value, json};
use std::path::PathBuf;
use tempfile::TempDir;

struct Files {
    folder: TempDir,
}

fn os() -> Value {
    json!({ "kind": "operating_system.v1", "hostname": "port-1", "family": "linux", "os_id": "debian", "name": "Debian GNU/Linux", "version_id": "12" })
}

fn package(name: &str, maintainer: &str) -> Value {
    json!({ "kind": "package.v1", "ecosystem": "deb", "name": name, "version": "1.0", "architecture": "amd64", "state": "installed", "maintainer": maintainer })
}

fn part(collector: &str, outcome: &str, items: Value) -> Value {
    json!({ "collector": collector, "outcome": outcome, "sources": [], "troubles": [], "items": items })
}

fn collectors(packages: Value) -> Vec<Value> {
    vec![
        part("operating_system", "complete", json!([os()])),
        part("hardware", "complete", json!([])),
        part("dpkg", "complete", packages),
        part("rpm", "not_applicable", json!([])),
        part("network_interfaces", "complete", json!([])),
    ]
}

impl Files {
    /// The example plan for the host `port-1`, without the application that nobody has installed.
    fn new() -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        let seen: OperatingSystem = serde_json::from_value({
            let mut os = os();
            os.as_object_mut().unwrap().remove("kind");
            os
        })
        .unwrap();
        let (mut plan, suppliers) = example("port-1", Some(&seen));
        plan.parts.retain(|part| part.part_id.as_str() == "operating-system");
        files.put("plan.json", &json!(plan));
        files.put("suppliers.json", &json!({ "format": "daicho.suppliers.v1", "suppliers": suppliers }));
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, value: &Value) {
        std::fs::write(self.path(name), serde_json::to_vec_pretty(value).unwrap()).unwrap();
    }

    fn inventory(&self, collectors: Vec<Value>) {
        self.put("port-1.json", &json!({ "format": "daicho.inventory.v1", "collectors": collectors }));
    }

    fn args(&self, format: CheckFormat) -> CheckArgs {
        CheckArgs {
            plan: self.path("plan.json"),
            suppliers: self.path("suppliers.json"),
            inventories: vec![self.path("port-1.json")],
            change: None,
            before: None,
            on: Some("2026-11-21".into()),
            format,
        }
    }

    fn run(&self, args: &CheckArgs) -> (u8, String, String) {
        self.run_in(args, Language::En)
    }

    fn run_in(&self, args: &CheckArgs, language: Language) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(args, language, "2026-11-21".parse().unwrap(), &mut out, &mut err).unwrap();
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    fn json(&self) -> (u8, Value) {
        let (code, out, err) = self.run(&self.args(CheckFormat::Json));
        assert_eq!(err, "");
        (code, serde_json::from_str(&out).unwrap())
    }
}

const DEBIAN: &str = "Debian Maintainers <team@lists.debian.org>";

#[test]
fn everything_seen_and_declared_is_exit_0() {
    let files = Files::new();
    files.inventory(collectors(json!([package("bash", DEBIAN)])));
    let (code, report) = files.json();
    assert_eq!((code, &report["findings"], &report["duties"]), (EXIT_NOTHING, &json!([]), &json!([])));
    assert_eq!(report["drift"][0]["status"], "covered");
    assert_eq!(report["drift"][0]["components"], 2, "the system and its package");
    assert_eq!(report["coverage"]["complete"], true);
}

#[test]
fn an_undeclared_package_is_exit_3_with_its_duty() {
    let files = Files::new();
    files.inventory(collectors(json!([package("anydesk", "AnyDesk <info@anydesk.example>"), package("bash", DEBIAN)])));
    let (code, report) = files.json();
    assert_eq!(code, EXIT_FOUND);
    let undeclared = &report["drift"][0];
    assert_eq!((&undeclared["status"], &undeclared["product"]), (&json!("undeclared"), &json!("anydesk")));
    assert_eq!(report["duties"].as_array().unwrap().len(), 1);
    let duty = &report["duties"][0];
    assert_eq!(
        (&duty["outcome"], &duty["row_id"]),
        (&json!("report"), &json!("installation-introduced-unknown-supplier"))
    );
    assert_eq!((&duty["phase"], &duty["changed_on"]), (&json!("introduced"), &json!("2026-11-21")));
    assert_eq!(duty["form"]["ja"], "様式第十");
}

#[test]
fn the_day_decides_the_phase() {
    let files = Files::new();
    files.inventory(collectors(json!([package("anydesk", "AnyDesk <info@anydesk.example>")])));
    let mut args = files.args(CheckFormat::Json);
    args.on = Some("2025-12-16".into());
    let report: Value = serde_json::from_str(&files.run(&args).1).unwrap();
    let first = &report["duties"][0];
    assert_eq!((&first["phase"], &first["outcome"]), (&json!("prohibited"), &json!("file_first")));
    assert_eq!(first["form"]["ja"], "様式第七（一）");
}

/// A Debian host need not say that it has no rpm, and an Alpine host that says nothing of apk was not seen.
#[test]
fn a_host_is_asked_for_the_packages_of_its_own_family() {
    let of = |system: Value| {
        let mut all = os();
        all.as_object_mut().unwrap().extend(system.as_object().unwrap().clone());
        all.as_object_mut().unwrap().remove("kind");
        let system: OperatingSystem = serde_json::from_value(all).unwrap();
        packages_expected(Some(&system))
    };
    assert_eq!(of(json!({})), ["dpkg"]);
    assert_eq!(of(json!({ "os_id": "rocky", "os_id_like": ["rhel", "centos", "fedora"] })), ["rpm"]);
    assert_eq!(of(json!({ "os_id": "opensuse-leap" })), ["rpm"]);
    assert_eq!(of(json!({ "os_id": "alpine" })), ["apk"]);
    assert_eq!(of(json!({ "os_id": "own-build" })), ["dpkg", "rpm"]);
    assert_eq!(of(json!({ "family": "windows", "os_id": null })), Vec::<&str>::new());
    assert_eq!(packages_expected(None), ["dpkg", "rpm"]);
}

#[test]
fn what_could_not_be_seen_is_exit_3_and_said() {
    let cases = [
        ("failed", "dpkg", None),
        ("partial", "network_interfaces", None),
        ("missing", "hardware", Some("hardware: said nothing (not observable)")),
    ];
    for (how, collector, said) in cases {
        let files = Files::new();
        let mut all = collectors(json!([package("bash", DEBIAN)]));
        let place = all.iter().position(|part| part["collector"] == collector).unwrap();
        if how == "missing" {
            all.remove(place);
        } else {
            all[place]["outcome"] = json!(how);
        }
        files.inventory(all);
        let (code, report) = files.json();
        assert_eq!((code, &report["coverage"]["complete"]), (EXIT_FOUND, &json!(false)), "{how}");
        let (_, out, _) = files.run(&files.args(CheckFormat::Table));
        assert!(out.contains(said.unwrap_or("not observable, in part or whole")), "{out}");
        assert!(out.contains("What could not be seen is not ok."), "{out}");
    }
}

#[test]
fn a_declared_host_without_an_inventory_is_named() {
    let files = Files::new();
    let mut plan: Value = serde_json::from_slice(&std::fs::read(files.path("plan.json")).unwrap()).unwrap();
    plan["equipment"]["hosts"] = json!(["port-1", "port-2"]);
    files.put("plan.json", &plan);
    files.inventory(collectors(json!([])));
    let (code, report) = files.json();
    assert_eq!((code, &report["coverage"]["hosts_without_inventory"]), (EXIT_FOUND, &json!(["port-2"])));
}

#[test]
fn a_declared_part_that_is_not_there_is_not_seen_or_not_observable() {
    let files = Files::new();
    let seen: OperatingSystem = serde_json::from_value(json!({ "family": "linux", "os_id": "debian" })).unwrap();
    files.put("plan.json", &json!(example("port-1", Some(&seen)).0));
    let status = |files: &Files| {
        let lines = files.json().1["drift"].clone();
        let line = lines.as_array().unwrap().iter().find(|line| line["part_id"] == "tos-application").cloned();
        line.unwrap()["status"].clone()
    };
    files.inventory(collectors(json!([])));
    assert_eq!(status(&files), "not_seen");
    let mut failed = collectors(json!([]));
    failed[2]["outcome"] = json!("failed");
    files.inventory(failed);
    assert_eq!(status(&files), "not_observable");
}

#[test]
fn every_bad_file_is_named_at_once_with_a_remedy() {
    let files = Files::new();
    files.put("plan.json", &json!({ "format": "daicho.plan.v1", "plan_id": 7 }));
    std::fs::write(files.path("port-1.json"), b"{").unwrap();
    let mut args = files.args(CheckFormat::Table);
    args.inventories.push(files.path("absent.json"));
    args.on = Some("tomorrow".into());
    let (code, out, err) = files.run(&args);
    assert_eq!((code, out.as_str()), (EXIT_BAD_INPUT, ""));
    for said in [
        "plan.json",
        "[plan_malformed]",
        "field plan_id",
        "port-1.json",
        "[inventory_malformed]",
        "absent.json",
        "--on",
        "→",
    ] {
        assert!(err.contains(said), "{said}: {err}");
    }
    assert!(!err.contains("suppliers.json"), "{err}");
}

#[test]
fn a_plan_that_names_an_unknown_supplier_is_bad_input() {
    let files = Files::new();
    files.inventory(collectors(json!([])));
    files.put("suppliers.json", &json!({ "format": "daicho.suppliers.v1", "suppliers": [] }));
    let (code, _, err) = files.run_in(&files.args(CheckFormat::Table), Language::Ja);
    assert_eq!(code, EXIT_BAD_INPUT);
    assert!(err.contains("[supplier_unknown]") && err.contains("parts[0].supplier_id"), "{err}");
}

#[test]
fn both_languages_print_and_hostile_names_do_no_harm() {
    let files = Files::new();
    let hostile = "\u{1b}[2Jevil\u{202e}gpj.exe\n";
    files.inventory(collectors(json!([package(hostile, "X <x@evil.example>")])));
    let (_, ja, _) = files.run_in(&files.args(CheckFormat::Table), Language::Ja);
    let (_, en, _) = files.run(&files.args(CheckFormat::Table));
    assert!(ja.contains("届出・報告の義務") && ja.contains("遅滞なく報告") && ja.contains("計画書に記載なし"), "{ja}");
    assert!(
        en.contains("What the law asks") && en.contains("REPORT WITHOUT DELAY") && en.contains("UNDECLARED"),
        "{en}"
    );
    for text in [ja, en] {
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
    }
}

/// The example change, of the example plan with all its parts.
fn planned(change: &Value) -> (Files, CheckArgs) {
    let files = Files::new();
    files.put("change.json", change);
    let mut args = files.args(CheckFormat::Json);
    (args.inventories, args.change) = (Vec::new(), Some(files.path("change.json")));
    (files, args)
}

fn example_switch() -> Value {
    json!(crate::example::example_change("2026-11-21".parse().unwrap()))
}

#[test]
fn the_example_change_is_judged_without_an_inventory() {
    let (files, args) = planned(&example_switch());
    let (code, out, err) = files.run(&args);
    assert_eq!((code, err.as_str()), (EXIT_FOUND, ""));
    let judged: Value = serde_json::from_str(&out).unwrap();
    assert!(judged.get("drift").is_none(), "nothing was looked at, so nothing is said of it");
    let judged = &judged["change"];
    assert_eq!((&judged["planned_on"], &judged["outcome"]), (&json!("2027-01-20"), &json!("report")));
    let row = &judged["items"][0]["rows"][0];
    assert_eq!(
        (&row["row_id"], &row["form"]["ja"]),
        (&json!("installation-introduced-component-anew"), &json!("様式第十"))
    );
    let table = CheckArgs { format: CheckFormat::Table, ..args };
    let (_, en, _) = files.run(&table);
    for said in ["REPORT WITHOUT DELAY", "Whom to ask", "Reiji Terminal Software", "the ministry in charge", "MEM ="] {
        assert!(en.contains(said), "{said}: {en}");
    }
    let (_, ja, _) = files.run_in(&table, Language::Ja);
    assert!(ja.contains("誰に何を確かめるか") && ja.contains("所管省庁（一般港湾運送）"), "{ja}");
}

#[test]
fn a_new_introduction_says_the_earliest_day_and_that_it_is_an_assumption() {
    let mut change = example_switch();
    change["changes"][0]["change"] = json!("new_introduction");
    change["planned_on"] = json!("2026-12-01");
    let (files, args) = planned(&change);
    let (code, out, _) = files.run(&CheckArgs { format: CheckFormat::Table, ..args });
    assert_eq!(code, EXIT_FOUND);
    for said in
        ["FILE FIRST", "Earliest permitted day: 2026-12-21 (assuming acceptance (受理) on 2026-11-21", "too early"]
    {
        assert!(out.contains(said), "{said}: {out}");
    }
}

#[test]
fn no_duty_by_statute_is_exit_0() {
    let mut change = example_switch();
    change["changes"][0] = json!({ "change": "supplier_officers", "subject": "a new director" });
    let (files, args) = planned(&change);
    assert_eq!(files.run(&args).0, EXIT_NOTHING);
}

#[test]
fn inventories_and_a_planned_change_are_answered_together() {
    let (files, mut args) = planned(&example_switch());
    files.inventory(collectors(json!([package("bash", DEBIAN)])));
    args.inventories = vec![files.path("port-1.json")];
    let both: Value = serde_json::from_str(&files.run(&args).1).unwrap();
    assert!(both["drift"].is_array() && both["change"]["items"].is_array());
}

#[test]
fn a_bad_change_is_refused_by_its_field() {
    let bad = |field: &str, value: Value| {
        let mut change = example_switch();
        *change.pointer_mut(field).unwrap() = value;
        let (files, args) = planned(&change);
        let (code, out, err) = files.run(&args);
        assert_eq!((code, out.as_str()), (EXIT_BAD_INPUT, ""), "{field}");
        err
    };
    for (field, value, said) in [
        ("/changes/0/change", json!("switch_replaced"), "field changes[0].change: 'switch_replaced' is no word"),
        ("/changes/0/subject", json!(" "), "field changes[0].subject"),
        ("/changes/0/data", json!({ "colour": "red" }), "'colour' is no field of a filing"),
        ("/changes/0/supplier_id", json!("nobody"), "[supplier_unknown]"),
        ("/equipment_id", json!("other"), "field equipment_id: no plan names the equipment 'other'"),
        ("/planned_on", json!("2027-02-30"), "field planned_on"),
        ("/changes", json!([]), "1 to 200 changes"),
        ("/format", json!("daicho.plan.v1"), "[change_malformed]"),
    ] {
        let err = bad(field, value);
        assert!(err.contains(said), "{said}: {err}");
    }
}

#[test]
fn an_edited_plan_is_judged_against_what_was_filed() {
    let files = Files::new();
    let filed: Value = serde_json::from_slice(&std::fs::read(files.path("plan.json")).unwrap()).unwrap();
    let mut open = filed.clone();
    open["dates"].as_object_mut().unwrap().remove("introduced_on");
    files.put("filed.json", &open);
    let mut args = files.args(CheckFormat::Json);
    (args.inventories, args.before) = (Vec::new(), Some(files.path("filed.json")));
    files.put("plan.json", &open);
    let (code, out, _) = files.run(&args);
    assert_eq!((code, serde_json::from_str::<Value>(&out).unwrap()), (EXIT_NOTHING, json!({ "unchanged": true })));
    open["equipment"]["place"] = json!("別の場所");
    files.put("plan.json", &open);
    let (code, out, _) = files.run(&args);
    let judged: Value = serde_json::from_str(&out).unwrap();
    let row = &judged["declared"]["items"][0]["rows"][0];
    assert_eq!((code, &row["row_id"]), (EXIT_FOUND, &json!("installation-open-equipment")));
    open["plan_id"] = json!("another");
    files.put("plan.json", &open);
    let (code, _, err) = files.run(&args);
    assert!(code == EXIT_BAD_INPUT && err.contains("versions of one plan"), "{err}");
}
