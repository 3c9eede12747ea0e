//! One ledger, two days, two answers: across the change of the trucking rule of 2025-06-13 and across a change of a supplier; from a
//! running server, from its data folder without one, and on pages. It does not test how a state is folded.
//! Invariant: the answer as of a day is the same before and after more was entered, and every page of the past says which day.

use daicho::book::{self, Place};
use daicho::clock::{Clock, SetClock};
use daicho::intake::submission::Submission;
use daicho::ledger::entry::Author;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::fact::supplier::SupplierRecord;
use daicho_schemas::time::UtcMicros;
use harness::executables::{command, executables};
use harness::server::TestServer;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

fn noon(day: &str) -> UtcMicros {
    format!("{day}T03:00:00.000000Z").parse().unwrap()
}

fn carrier(country: &str, as_of: &str) -> SupplierRecord {
    let share = if country == "JP" { "10%" } else { "1/3" };
    let fund = json!({ "holder_id": "h1", "party": { "entity": { "name": { "ja": "株式会社例示投資", "en": "Reiji Fund" } } },
        "shares": [{ "from": as_of, "ratio": share }] });
    serde_json::from_value(json!({
        "items": { "holders": { "known": { "value": [fund], "source": "test", "as_of": as_of } } },
        "supplier_id": "maker", "name": { "ja": "製造", "en": "Maker" }, "country_of_law": country, "source": "test", "as_of": as_of,
    }))
    .unwrap()
}

fn trucking_plan() -> Plan {
    serde_json::from_value(json!({
        "format": "daicho.plan.v1", "plan_id": "plan-1", "plan_kind": "installation", "regime": "jp-espa",
        "operator": { "name": { "ja": "例示運送", "en": "Example Trucking" }, "business": "一般貨物自動車運送事業" },
        "equipment": {
            "equipment_id": "tms", "equipment_type": "輸配送管理システム", "name": { "ja": "輸配送", "en": "Transport management" },
            "function": "配車", "place": "東京都", "hosts": ["tms-1"],
        },
        "dates": { "submitted_on": "2025-05-01", "accepted_on": "2025-05-02" },
        "parts": [{
            "part_id": "app", "category": "application", "category_as_filed": "プログラム", "name": "配車", "function": "配車",
            "supplier_id": "maker", "covers": ["tms"],
        }],
    }))
    .unwrap()
}

/// Writes a ledger of the year 2025 into a data folder: what is stated on each day, in order of days.
pub(crate) async fn of_2025(data: &Path) {
    let clock = Arc::new(SetClock::at(noon("2025-06-11")));
    let book = book::open(data, &Place::Folder, Arc::<SetClock>::clone(&clock) as Arc<dyn Clock>).await.unwrap();
    let stated = [
        ("2025-06-11", Fact::Supplier(carrier("JP", "2025-06-01"))),
        ("2025-06-12", Fact::Plan(trucking_plan())),
        ("2025-06-20", Fact::Supplier(carrier("US", "2025-06-15"))),
    ];
    for (day, fact) in stated {
        clock.advance_seconds(noon(day).seconds_since(clock.now()));
        book.door.admit(Submission::stated(Author::Server, fact).unwrap()).await.unwrap();
    }
    book.door.close().await;
}

fn daicho(data: &Path, arguments: &[&str]) -> (i32, Value, String) {
    let output =
        command(&executables().daicho).args(["--lang", "en"]).args(arguments).arg("--data").arg(data).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), said)
}

#[test]
fn two_days_across_the_trucking_rule_and_a_supplier_change_without_a_server() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        of_2025(folder.path()).await;
        let show =
            |what: &[&str], as_of: &[&str]| daicho(folder.path(), &[&["show"], what, &["--offline"], as_of].concat());
        let rule = |day: &str| show(&["equipment", "tms", "--law"], &["--as-of", day]).1["rule"]["rule_id"].clone();
        assert_eq!(rule("2025-06-12"), "trucking-until-2025-06-12");
        assert_eq!(rule("2025-06-13"), "trucking");
        let country = |day: &str, more: &[&str]| {
            show(&["suppliers", "maker"], &[&["--as-of", day], more].concat()).1["country_of_law"].clone()
        };
        assert_eq!([country("2025-06-19", &[]), country("2025-06-20", &[])], ["JP", "US"]);
        assert_eq!(country("2025-06-19", &["--hindsight"]), "US", "known today of that day");
        assert_eq!(country("2025-06-14", &["--hindsight"]), "JP");
        let held = |day: &str| {
            let about = ["radius", "--holder", "㈱例示投資", "--json", "--offline", "--as-of", day];
            let (_, radius, said) = daicho(folder.path(), &about);
            (radius["paths"][0]["product"].clone(), radius["totals"]["plans"].clone(), said)
        };
        let (before, after) = (held("2025-06-19"), held("2025-06-20"));
        assert_eq!((&before.0, &before.1), (&json!("1/10"), &json!(1)), "{}", before.2);
        assert_eq!((&after.0, &after.1), (&json!("1/3"), &json!(1)), "{}", after.2);
        // The phase is that of the day: 30 days from acceptance on 2025-05-02.
        let phase = |day: &str| show(&["plans", "plan-1"], &["--as-of", day]).1["phase"].clone();
        assert_ne!(phase("2025-06-12"), Value::Null);
        let (code, nothing, said) = show(&["equipment", "tms"], &["--as-of", "2025-06-11"]);
        assert!(code == 2 && nothing.is_null() && said.contains("not_found"), "no plan was known then: {said}");
        let (code, _, said) = show(&["plans"], &["--as-of", "2025-06-01"]);
        assert!(code == 2 && said.contains("begins on 2025-06-11"), "{said}");
        let (code, _, said) = show(&["plans"], &["--as-of", "2999-01-01"]);
        assert!(code == 2 && said.contains("after today"), "{said}");
        let (_, _, said) = show(&["plans"], &["--as-of", "2025-06-12"]);
        assert!(said.contains("What the ledger knew as of 2025-06-12"), "{said}");
    });
}

#[test]
fn a_server_answers_as_of_a_day_by_interface_pages_and_command() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        of_2025(folder.path()).await;
        let server = TestServer::start(folder.path()).await;
        let api = &server.api;
        let country =
            async |query: &str| api.get(&format!("/suppliers?{query}")).await["items"][0]["country_of_law"].clone();
        assert_eq!(country("").await, "US");
        assert_eq!(country("as_of=2025-06-19").await, "JP");
        assert_eq!(country("as_of=2025-06-19&hindsight=true").await, "US");
        let stand = api.get("/as-of?as_of=2025-06-12").await;
        let entry = api.get(&format!("/as-of?as_of={}", stand["entry_seq"])).await;
        assert_eq!((&entry["entry_hash"], &entry["day"]), (&stand["entry_hash"], &json!("2025-06-12")));
        // What is entered now changes no answer as of then.
        let later = json!({ "format": "daicho.suppliers.v1", "suppliers": [serde_json::to_value(carrier("FR", "2026-01-01")).unwrap()] });
        assert_eq!(api.post("/suppliers", later).await.0, 201);
        assert_eq!([country("").await, country("as_of=2025-06-19").await], ["FR", "JP"]);
        assert_eq!(api.get("/as-of?as_of=2025-06-12").await, stand);

        for wrong in
            ["as_of=tomorrow", "as_of=2999-01-01", "as_of=2025-06-01", "hindsight=true", "as_of=2025-06-12&hindsight=7"]
        {
            let (status, refused) = api.try_get(&format!("/plans?{wrong}")).await.unwrap();
            assert_eq!((status, &refused["refusal"]["code"]), (400, &json!("as_of_wrong")), "{wrong}");
        }
        for present in ["/health", "/ledger/head", "/channels", "/suppliers/maker/people"] {
            let (status, refused) = api.try_get(&format!("{present}?as_of=2025-06-12")).await.unwrap();
            assert_eq!((status, &refused["refusal"]["code"]), (400, &json!("as_of_wrong")), "{present}");
        }

        let (status, page) = api.page("/equipment/tms?as_of=2025-06-12").await;
        assert!(status == 200 && page.contains("2025-06-12") && page.contains("notice past"), "{status}");
        assert!(
            page.contains("href=\"/plans?as_of=2025-06-12") && !page.contains("href=\"/plans\""),
            "links stay in the day"
        );
        let (_, page) = api.page("/equipment/tms?as_of=2025-06-12&hindsight=true").await;
        assert!(page.contains("notice past hindsight"));
        let (status, page) = api.page("/equipment/tms?as_of=2025-06-11").await;
        assert_eq!(status, 404, "{page}");
        for (wrong, expected) in
            [("/plans?as_of=x", 400), ("/ledger?as_of=2025-06-12", 400), ("/channels?as_of=2025-06-12", 400)]
        {
            assert_eq!(api.page(wrong).await.0, expected, "{wrong}");
        }
        assert!(!api.page("/plans").await.1.contains("notice past"));
        for path in ["/computers", "/check-lists", "/review", "/decisions", "/tickets"] {
            let (status, page) = api.page(&format!("{path}?as_of=2025-06-12")).await;
            assert!(status == 200 && page.contains("notice past"), "{path}: {status}");
            assert!(!page.contains("method=\"post\""), "{path}: nothing is changed in the past");
        }

        let (code, rows, said) = daicho(folder.path(), &["show", "suppliers", "maker", "--as-of", "2025-06-19"]);
        assert!(code == 0 && rows["country_of_law"] == "JP" && said.contains("as of 2025-06-19"), "{said}");
        server.stop().await;
    });
}
