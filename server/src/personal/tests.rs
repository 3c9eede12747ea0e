//! Sealing: nothing readable stays, what is equal stays equal, boxes cannot be moved, and an erased key opens nothing.
//! It does not test the ledger. Invariant tested: without its key a box is nothing.

use super::*;
use daicho_schemas::fact::supplier::SupplierRecord;
use daicho_schemas::ids::SupplierId;
use serde_json::json;

fn record() -> SupplierRecord {
    let known = |value| json!({ "known": { "value": value, "source": "answer", "as_of": "2026-10-01" } });
    serde_json::from_value(json!({
        "supplier_id": "acme", "name": { "ja": "例示", "en": "Acme" }, "source": "test", "as_of": "2026-11-01",
        "items": {
            "representative": known(json!({ "clear": { "name": "代表者太郎" } })),
            "officers": known(json!([
                { "clear": { "name": "役員花子", "birth_date": "1970-01-01", "nationality": "JP" } },
                { "clear": { "name": "役員次郎" } } ])),
            "holders": known(json!([{ "holder_id": "h1", "party": { "person": { "clear": { "name": "株主三郎", "nationality": "JP" } } },
                "shares": [{ "from": "2020-01-01", "ratio": "10%" }] }])),
        },
    }))
    .unwrap()
}

fn keys() -> (tempfile::TempDir, Keys, SupplierId) {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::below(folder.path());
    (folder, keys, SupplierId::new("acme").unwrap())
}

#[test]
fn nothing_readable_stays_and_everything_comes_back() {
    let (_folder, keys, acme) = keys();
    let key = keys.get_or_make(&acme).unwrap();
    let mut sealed = record();
    seal(&mut sealed, None, &key).unwrap();
    let text = serde_json::to_string(&sealed).unwrap();
    for secret in ["太郎", "花子", "次郎", "三郎", "1970"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    assert!(text.contains("10%"), "shares are no person's data and must be comparable");
    let complete: Vec<bool> = sealed.items.personal().iter().map(|(_, p)| p.sealed().unwrap().complete).collect();
    assert_eq!(complete, [true, true, true, false]);
    let mut opened = sealed.clone();
    open(&mut opened, &keys.get(&acme).unwrap().unwrap());
    assert_eq!(opened, record());
}

#[test]
fn what_has_not_changed_keeps_its_box() {
    let (_folder, keys, acme) = keys();
    let key = keys.get_or_make(&acme).unwrap();
    let (mut first, mut second) = (record(), record());
    seal(&mut first, None, &key).unwrap();
    seal(&mut second, Some(&first), &key).unwrap();
    assert_eq!(first, second);
    let mut alone = record();
    seal(&mut alone, None, &key).unwrap();
    assert_ne!(first, alone, "a new box has a new nonce");
    assert_eq!((strange_box(&second, Some(&first)), strange_box(&alone, Some(&first))), (None, Some("representative")));
}

#[test]
fn a_box_is_bound_to_its_supplier_and_item() {
    let (_folder, keys, acme) = keys();
    let key = keys.get_or_make(&acme).unwrap();
    let mut sealed = record();
    seal(&mut sealed, None, &key).unwrap();
    let mut moved = sealed.clone();
    moved.supplier_id = SupplierId::new("other").unwrap();
    open(&mut moved, &key);
    assert!(moved.items.personal().iter().all(|(_, person)| person.sealed().is_some()));
    let mut json = serde_json::to_value(&sealed).unwrap();
    json["items"]["holders"]["known"]["value"][0]["party"]["person"] =
        json["items"]["representative"]["known"]["value"].clone();
    let mut swapped: SupplierRecord = serde_json::from_value(json).unwrap();
    open(&mut swapped, &key);
    assert_eq!(swapped.items.personal().iter().filter(|(_, person)| person.sealed().is_some()).count(), 1);
}

#[test]
fn an_erased_key_is_gone_and_the_next_one_is_another() {
    let (_folder, keys, acme) = keys();
    let key = keys.get_or_make(&acme).unwrap();
    assert_eq!(keys.get_or_make(&acme).unwrap().id, key.id);
    assert_eq!(keys.erase(&acme).unwrap(), Some(key.id.clone()));
    assert_eq!((keys.erase(&acme).unwrap(), keys.get(&acme).unwrap().is_none()), (None, true));
    let next = keys.get_or_make(&acme).unwrap();
    assert_ne!(next.id, key.id);
    let mut sealed = record();
    seal(&mut sealed, None, &key).unwrap();
    let before = sealed.clone();
    open(&mut sealed, &next);
    assert_eq!(sealed, before);
}

#[cfg(unix)]
#[test]
fn a_key_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, keys, acme) = keys();
    keys.get_or_make(&acme).unwrap();
    let file = std::fs::read_dir(folder.path().join("people-keys")).unwrap().next().unwrap().unwrap();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0);
}
