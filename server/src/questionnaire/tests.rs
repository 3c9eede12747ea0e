//! A questionnaire goes out as XLSX, is filled in, and comes back.
//! It does not test spreadsheet programs. Invariant tested: only what was answered changes, and a bad cell is named.

use super::answer::{Answer, read as read_answer};
use super::{Role, column, out};
use crate::sheets::{self, Cell, Sheet};
use daicho_schemas::fact::supplier::{Band, Stated, SupplierField, SupplierRecord, upward_crossings};
use daicho_schemas::refusal::Refusal;
use daicho_schemas::text::Language;
use serde_json::json;

fn record() -> SupplierRecord {
    serde_json::from_value(json!({
        "supplier_id": "acme", "name": { "ja": "例示電機株式会社", "en": "=Acme" }, "country_of_law": "JP",
        "source": "test", "as_of": "2026-01-01",
        "items": {
            "holders": { "known": { "source": "answer", "as_of": "2026-01-01", "value": [
                { "holder_id": "h1", "party": { "entity": { "name": { "ja": "持株", "en": "Holding" }, "country_of_law": "US" } },
                  "shares": [{ "from": "2020-01-01", "ratio": "25%" }] },
                { "holder_id": "h2", "party": { "entity": { "name": { "ja": "銀行", "en": "Bank" }, "country_of_law": "JP" } },
                  "shares": [{ "from": "2020-01-01", "ratio": "10%" }] } ] } },
            "officers": { "known": { "source": "answer", "as_of": "2026-01-01", "value": [
                { "clear": { "name": "例示 太郎", "birth_date": "1960-04-01", "nationality": "JP" } } ] } },
        },
    }))
    .unwrap()
}

/// The questionnaire as it went out, read as a sheet, with cells filled in: key, answer column from 0, text.
fn filled(cells: &[(&str, u16, &str)]) -> Vec<Sheet> {
    let bytes = out::write(&record(), Role::ComponentSupplier, Language::Ja).unwrap();
    let mut sheets = sheets::read(&bytes).unwrap();
    for (key, part, text) in cells {
        let sheet = &mut sheets[0];
        let row = *sheet
            .rows
            .iter()
            .find(|(_, row)| row.get(&0).is_some_and(|cell| cell.text == *key))
            .unwrap_or_else(|| panic!("{key}"))
            .0;
        let cell = Cell { text: (*text).into(), number: false, formula: text.starts_with('=') };
        sheet.rows.get_mut(&row).unwrap().insert(u32::from(column::ANSWER + part), cell);
    }
    sheets
}

const AS_OF: u16 = column::AS_OF - column::ANSWER;
const DIRECT_ON: u16 = column::DIRECT_ON - column::ANSWER;
const RECEIPT: u16 = column::RECEIPT - column::ANSWER;

fn answered(cells: &[(&str, u16, &str)]) -> Result<Answer, Refusal> {
    read_answer(&filled(cells), "acme.xlsx", |id| (id.as_str() == "acme").then(record))
}

fn changed(answer: &Answer) -> Vec<SupplierField> {
    answer.differences(Language::En).into_iter().map(|difference| difference.field).collect()
}

#[test]
fn an_empty_questionnaire_changes_nothing() {
    let answer = answered(&[]).unwrap();
    assert_eq!((answer.after == answer.before, changed(&answer)), (true, Vec::new()));
    for role in Role::ALL {
        for language in [Language::Ja, Language::En] {
            let sheets = sheets::read(&out::write(&record(), role, language).unwrap()).unwrap();
            assert_eq!(read_answer(&sheets, "f", |_| Some(record())).unwrap().after, record());
            assert!(sheets[0].rows.values().flat_map(|row| row.values()).all(|cell| !cell.formula));
            let makes =
                sheets[0].rows.values().any(|row| row.get(&0).is_some_and(|cell| cell.text == "manufacturing_place"));
            assert_eq!(makes, matches!(role, Role::EquipmentSupplier | Role::ComponentSupplier));
        }
    }
}

#[test]
fn answers_change_their_item_and_say_where_they_came_from() {
    let answer = answered(&[
        ("answered_on", 0, "2026/11/20"),
        ("supplier_name", 0, "例示テクノロジーズ株式会社"),
        ("supplier_holders.1", 2, "１／３"),
        ("supplier_holders.3", 0, "Jane Doe"),
        ("supplier_holders.3", 1, "フランス"),
        ("supplier_holders.3", 2, "5.5%"),
        ("supplier_holders.3", 3, "個人"),
        ("supplier_officers.1", 2, "米国"),
        ("supplier_officers.2", 0, "例示 花子"),
        ("supplier_foreign_government_revenue", 0, "なし"),
        ("manufacturing_place", DIRECT_ON, "2026-11-19"),
        ("manufacturing_place", RECEIPT, "R-7"),
        ("supplier_registry", 0, "2026年10月1日"),
        ("supplier_registry", AS_OF, "2026-10-02"),
    ])
    .unwrap();
    let after = serde_json::to_value(&answer.after).unwrap();
    assert_eq!(after["name"]["ja"], "例示テクノロジーズ株式会社");
    assert_eq!(after["items"]["former_names"][0]["name"]["ja"], "例示電機株式会社");
    let holders = &after["items"]["holders"]["known"];
    assert_eq!(
        (holders["as_of"].as_str(), holders["source"].as_str()),
        (Some("2026-11-20"), Some("questionnaire: acme.xlsx"))
    );
    assert_eq!(
        holders["value"][0]["shares"],
        json!([{ "from": "2020-01-01", "ratio": "25%" }, { "from": "2026-11-20", "ratio": "1/3" }])
    );
    assert_eq!(holders["value"][1], serde_json::to_value(record()).unwrap()["items"]["holders"]["known"]["value"][1]);
    assert_eq!(holders["value"][2]["holder_id"], "h3");
    assert_eq!(
        holders["value"][2]["party"],
        json!({ "person": { "clear": { "name": "Jane Doe", "nationality": "FR" } } })
    );
    let officers = &after["items"]["officers"]["known"]["value"];
    assert_eq!(officers[0]["clear"], json!({ "name": "例示 太郎", "birth_date": "1960-04-01", "nationality": "US" }));
    assert_eq!(officers[1]["clear"], json!({ "name": "例示 花子" }));
    assert_eq!(after["items"]["foreign_revenue"]["known"]["value"], json!([]));
    assert_eq!(
        after["items"]["manufacturing_sites"]["submitted_directly"],
        json!({ "on": "2026-11-19", "receipt": "R-7" })
    );
    assert_eq!(after["items"]["registry"]["known"]["as_of"], "2026-10-02");
    assert_eq!(after.get("country_of_law"), Some(&json!("JP")));
    use SupplierField::*;
    assert_eq!(changed(&answer), [Name, CountryOfLaw, Holders, Officers, ForeignRevenue, ManufacturingSites, Registry]);
    let holders = |record: &SupplierRecord| record.items.holders.clone();
    let (before, after) = (holders(&answer.before), holders(&answer.after));
    let day = |text: &str| text.parse().unwrap();
    let crossings =
        upward_crossings((before.as_ref(), day("2026-11-19")), (after.as_ref(), day("2026-11-20"))).unwrap();
    assert_eq!(crossings.iter().map(|crossing| crossing.band).collect::<Vec<_>>(), [Band::Third]);
}

#[test]
fn an_entry_goes_by_a_word_only() {
    let answer = answered(&[("answered_on", 0, "2026-11-20"), ("supplier_holders.1", 0, "なし")]).unwrap();
    let left = answer.after.items.holders.as_ref().and_then(Stated::value).unwrap();
    assert_eq!(left.iter().map(|holder| holder.holder_id.as_str()).collect::<Vec<_>>(), ["h2"]);
    let answer = answered(&[("answered_on", 0, "2026-11-20"), ("supplier_holders", 0, "none")]).unwrap();
    assert_eq!(answer.after.items.holders.as_ref().and_then(Stated::value).map(Vec::len), Some(0));
}

#[test]
fn a_cell_that_cannot_be_read_is_named() {
    let day = ("answered_on", 0, "2026-11-20");
    type Filled<'a> = &'a [(&'a str, u16, &'a str)];
    let cases: &[(Filled<'_>, &str)] = &[
        (&[("supplier_country_of_law", 0, "JP")], "the day of the answer is missing"),
        (&[("answered_on", 0, "R8.11.20")], "cell E5: 'R8.11.20' is no day"),
        (&[day, ("supplier_country_of_law", 0, "国内")], "no country that we know"),
        (&[day, ("supplier_holders.1", 2, "33.4")], "a share is a percentage"),
        (&[day, ("supplier_holders.1", 2, "=1/3")], "a formula: write the value itself"),
        (&[day, ("supplier_holders.1", 2, "95%")], "more than 100 %"),
        (&[day, ("supplier_holders.3", 2, "5%")], "a holder has a name"),
        (&[day, ("supplier_holders", 0, "2 entries")], "only 'none' may stand here"),
        (&[day, ("supplier_holders", 0, "なし"), ("supplier_holders.1", 2, "30%")], "and this line is filled in"),
        (&[day, ("supplier_officers.2", 1, "1970-01-01")], "an officer has a name"),
        (
            &[day, ("supplier_registry", 0, "2026-10-01"), ("supplier_registry", DIRECT_ON, "2026-10-01")],
            "an answer stands beside it",
        ),
        (&[day, ("supplier_name", DIRECT_ON, "2026-10-01")], "the name is always given here"),
    ];
    for (cells, wanted) in cases {
        let detail = answered(cells).unwrap_err().detail;
        assert!(detail.contains(wanted), "{cells:?}: {detail}");
    }
}

#[test]
fn a_sheet_that_is_none_of_ours_or_too_old_is_refused() {
    let other = sheets::read("a,b\n1,2\n".as_bytes()).unwrap();
    assert!(read_answer(&other, "f", |_| Some(record())).unwrap_err().detail.contains("no questionnaire of ours"));
    let mut since = record();
    since.aliases.push("ACME".into());
    assert!(read_answer(&filled(&[]), "f", |_| Some(since.clone())).unwrap_err().detail.contains("has changed since"));
    assert!(read_answer(&filled(&[]), "f", |_| None).is_err());
}
