//! Spreadsheets that a person hands in: tables of suppliers, and questionnaires that came back.
//! It does not know HTTP. Invariant: whatever the bytes are, they are read within the limits or refused in words that can be printed.

use super::scribe::{GOLDEN_SUPPLIER, check_refusal};
use daicho::{questionnaire, sheets, tables};
use daicho_schemas::fact::supplier::{SupplierRecord, SupplierRole};
use daicho_schemas::text::Language;

fn record() -> SupplierRecord {
    serde_json::from_str(GOLDEN_SUPPLIER).unwrap()
}

pub(super) fn read(bytes: &[u8]) {
    let sheets = match sheets::read(bytes) {
        Err(refusal) => return check_refusal(&refusal),
        Ok(sheets) => sheets,
    };
    match questionnaire::answer::read(&sheets, "answer.xlsx", |_| Some(record())) {
        Err(refusal) => check_refusal(&refusal),
        Ok(answer) => drop(answer.differences(Language::Ja)),
    }
    for sheet in &sheets {
        let as_of = "2026-11-21".parse().unwrap();
        let read = tables::propose(sheet).and_then(|mapping| tables::read(sheet, &mapping, "table", as_of, &[]));
        match read {
            Err(refusal) => check_refusal(&refusal),
            Ok(read) => assert!(read.file.suppliers.len() + read.unreadable.len() <= sheet.rows.len()),
        }
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let table = "取引先名,法人番号,国,住所\n株式会社例示,8700110005901,日本,例示県\nExample GmbH,,ドイツ,\n";
    let sheet = questionnaire::out::write(&record(), SupplierRole::ComponentSupplier, Language::Ja).unwrap();
    vec![table.as_bytes().to_vec(), sheet]
}
