//! Suppliers with their people, from a file to the ledger and out of it again: sealed, opened for those who file, erased.
//! It does not test the cipher. Invariant: no name of a person is in the ledger's bytes at any time, and erasing breaks no hash.

use harness::executables::{command, executables, said};
use harness::server::TestServer;
use serde_json::{Value, json};
use std::path::Path;

pub(crate) const NAMES: [&str; 3] = ["Taro Reiji", "Hanako Reiji", "Jiro Kabunushi"];

pub(crate) fn file(officers: &Value) -> Value {
    let known = |value: Value| json!({ "known": { "value": value, "source": "answer", "as_of": "2026-10-01" } });
    json!({ "format": "daicho.suppliers.v1", "suppliers": [{
        "supplier_id": "acme", "name": { "ja": "例示", "en": "Acme" }, "country_of_law": "JP", "source": "test",
        "as_of": "2026-11-01", "items": {
            "officers": known(officers.clone()),
            "holders": known(json!([{ "holder_id": "h1", "party": { "person": { "clear": { "name": NAMES[2], "nationality": "JP" } } },
                "shares": [{ "from": "2020-01-01", "ratio": "1/3" }] }])),
        },
    }] })
}

pub(crate) fn officers() -> Value {
    json!([{ "clear": { "name": NAMES[0], "birth_date": "1960-01-01", "nationality": "JP" } },
           { "clear": { "name": NAMES[1], "birth_date": "1970-01-01", "nationality": "FR" } }])
}

/// Every file below a folder, but for the keys.
pub(crate) fn bytes_below(folder: &Path, into: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bytes_below(&path, into);
        } else if let Ok(bytes) = std::fs::read(&path) {
            into.extend(bytes);
        }
    }
}

fn assert_nobody_in(data: &Path) {
    let mut bytes = Vec::new();
    bytes_below(data, &mut bytes);
    for name in NAMES {
        assert!(!bytes.windows(name.len()).any(|window| window == name.as_bytes()), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_sealed_opened_and_erased() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let api = &server.api;
    let (status, answer) = api.post("/suppliers", file(&officers())).await;
    assert_eq!(status, 201, "{answer}");
    let (_, again) = api.post("/suppliers", file(&officers())).await;
    assert_eq!(again["suppliers"][0]["entry_seq"], Value::Null, "an equal record says nothing new: {again}");
    assert_nobody_in(folder.path());

    let row = api.get("/suppliers").await["items"][0].clone();
    assert!(row["items"]["officers"]["known"]["value"][0]["sealed"]["bytes"].is_string(), "{row}");
    let opened = api.get("/suppliers/acme/people").await;
    assert_eq!(opened["items"]["officers"]["known"]["value"], officers());

    // What is sealed elsewhere, or moved, is nothing that this server could vouch for.
    let mut strange = row["items"]["officers"]["known"]["value"].clone();
    strange[0]["sealed"]["bytes"] = json!("AAAA");
    let (status, refused) = api.post("/suppliers", file(&strange)).await;
    assert_eq!((status, refused["refusal"]["code"].as_str()), (400, Some("suppliers_malformed")), "{refused}");

    let (status, _) = api.post("/suppliers/acme/erase-people", json!({ "reason": " " })).await;
    assert_eq!(status, 400, "a reason is needed");
    let (status, erased) = api.post("/suppliers/acme/erase-people", json!({ "reason": "asked for" })).await;
    assert_eq!(status, 200, "{erased}");
    let (_, twice) = api.post("/suppliers/acme/erase-people", json!({ "reason": "asked for" })).await;
    assert_eq!(twice["entry_seq"], Value::Null, "nothing more to erase: {twice}");
    let closed = api.get("/suppliers/acme/people").await;
    assert!(closed["items"]["officers"]["known"]["value"][0]["sealed"].is_object(), "{closed}");
    assert!(api.get("/suppliers").await["items"][0]["people_erased_on"].is_string());
    assert_eq!(closed["items"]["holders"]["known"]["value"][0]["shares"][0]["ratio"], "1/3");

    // The whole chain is verified when the ledger is opened again.
    server.stop().await;
    let server = TestServer::start(folder.path()).await;
    assert!(server.api.get("/suppliers").await["items"][0]["people_erased_on"].is_string());
    let (status, answer) = server.api.post("/suppliers", file(&officers())).await;
    assert_eq!(status, 201, "new data gets a new key: {answer}");
    assert_eq!(server.api.get("/suppliers/acme/people").await["items"]["officers"]["known"]["value"], officers());
    assert_nobody_in(folder.path());
    server.stop().await;
}

fn daicho(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    said(command(&executables().daicho).args(["--lang", "en"]).args(arguments).current_dir(folder))
}

/// A list of one's own becomes a supplier file, which asks a supplier, who answers nothing new.
#[test]
fn a_table_becomes_records_and_a_questionnaire_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let here = |arguments: &[&str]| daicho(folder.path(), arguments);
    let table = "仕入先名,法人番号,国\n株式会社例示,8700110005901,日本\n例示海外,,どこか\n";
    std::fs::write(folder.path().join("list.csv"), table).unwrap();
    let (code, said) =
        here(&["supplier", "read-table", "list.csv", "--as-of", "2026-10-31", "--out", "suppliers.json"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("仕入先名\t→ name") && said.contains("row 3 is not taken: 'どこか' is no country"), "{said}");
    let (code, said) = here(&["supplier", "find", "（株）例示", "--suppliers", "suppliers.json"]);
    assert!(code == Some(0) && said.contains("jcn-8700110005901\tsame name"), "{said}");
    let asked = ["supplier", "questionnaire", "--supplier", "jcn-8700110005901", "--role", "contractor"];
    let (code, said) = here(&[&asked[..], &["--out", "ask.xlsx", "--suppliers", "suppliers.json"]].concat());
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = here(&["supplier", "answer", "ask.xlsx", "--suppliers", "suppliers.json"]);
    assert!(code == Some(0) && said.contains("Nothing differs") && said.contains("add --apply"), "{said}");
    let (code, said) = here(&["supplier", "answer", "list.csv", "--suppliers", "suppliers.json"]);
    assert!(code == Some(2) && said.contains("[spreadsheet_malformed]"), "{said}");
    let (code, said) = here(&[&asked[..], &["--out", "ask.xlsx", "--suppliers", "suppliers.json"]].concat());
    assert!(code == Some(1) && said.contains("must not exist yet"), "nothing is overwritten: {said}");
}

/// What a spreadsheet program saves is read like what we wrote.
#[test]
fn a_questionnaire_survives_libreoffice() {
    use daicho::{questionnaire, sheets};
    use daicho_schemas::fact::supplier::SupplierRole;
    let folder = tempfile::tempdir().unwrap();
    let office = command(Path::new("soffice")).arg("--version").output();
    if !office.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: a_questionnaire_survives_libreoffice: soffice is not installed");
        return;
    }
    let file = file(&officers());
    let record = serde_json::from_value(file["suppliers"][0].clone()).unwrap();
    let bytes = questionnaire::out::write(&record, SupplierRole::ComponentSupplier, daicho_schemas::text::Language::Ja)
        .unwrap();
    std::fs::write(folder.path().join("ask.xlsx"), &bytes).unwrap();
    let profile = format!("-env:UserInstallation=file://{}", folder.path().join("profile").display());
    let out = folder.path().join("out");
    let saved = command(Path::new("soffice"))
        .args([&profile, "--headless", "--convert-to", "xlsx", "--outdir"])
        .arg(&out)
        .arg(folder.path().join("ask.xlsx"))
        .output()
        .unwrap();
    assert!(saved.status.success(), "{}", String::from_utf8_lossy(&saved.stderr));
    let resaved = sheets::read(&std::fs::read(out.join("ask.xlsx")).unwrap()).unwrap();
    assert_eq!(resaved, sheets::read(&bytes).unwrap());
    let answer = questionnaire::answer::read(&resaved, "ask.xlsx", |_| Some(record.clone())).unwrap();
    assert_eq!(answer.after, answer.before);
}
