//! Tables as people keep them: titles above the headers, mixed widths, rows that cannot be read.
//! It does not test file formats. Invariant tested: nothing is dropped in silence, and the same table gives the same records.

use super::*;
use crate::sheets;
use serde_json::json;

const TABLE: &str = "取引先一覧（2026年10月）,,,,\n\
    取引先名,法人番号,国,住所,備考\n\
    株式会社例示製作所,8700110005901,日本,例示県例示市1-1,主要\n\
    ㈱例示電機,,ＪＰ,,\n\
    Example GmbH,,ﾄﾞｲﾂ,,\n\
    有限会社例示,1234567890123,日本,,\n\
    ,,日本,,名前のない行\n\
    例示海外,,どこか,,\n\
    （株）例示電機,,日本,,\n\
    例示電機,,日本,,\n\
    住所だけ株式会社,,,例示県,\n";

fn read_table(text: &str, known: &[SupplierRecord]) -> TableRead {
    let sheet = &sheets::read(text.as_bytes()).unwrap()[0];
    read(sheet, &propose(sheet).unwrap(), "取引先一覧.csv", "2026-10-31".parse().unwrap(), known).unwrap()
}

#[test]
fn the_headers_suggest_a_mapping() {
    let sheet = &sheets::read(TABLE.as_bytes()).unwrap()[0];
    let mapping = propose(sheet).unwrap();
    assert_eq!(mapping.header_row, 2);
    let wanted =
        json!({ "取引先名": "name", "法人番号": "corporate_number", "国": "address_country", "住所": "address" });
    assert_eq!(serde_json::to_value(&mapping.columns).unwrap(), wanted);
    assert!(propose(&sheets::read("x,y\n1,2\n".as_bytes()).unwrap()[0]).is_err());
}

#[test]
fn every_row_becomes_a_record_or_is_named() {
    let read = read_table(TABLE, &[]);
    let ids: Vec<&str> = read.file.suppliers.iter().map(|record| record.supplier_id.as_str()).collect();
    assert_eq!((ids.len(), ids[0]), (4, "jcn-8700110005901"));
    let first = &read.file.suppliers[0];
    assert_eq!((first.source.as_str(), first.as_of.to_string().as_str()), ("取引先一覧.csv", "2026-10-31"));
    assert_eq!(read.file.suppliers[2].address_country.as_ref().map(ToString::to_string).as_deref(), Some("DE"));
    let reasons: Vec<(u32, &str)> = read.unreadable.iter().map(|(row, why)| (*row, why.as_str())).collect();
    let wanted = [
        (6, "a corporate number"),
        (7, "the row has no name"),
        (8, "'どこか' is no country"),
        (9, "the same supplier"),
        (11, "an address without its country"),
    ];
    assert_eq!(reasons.len(), wanted.len(), "{reasons:?}");
    for ((row, why), (wanted_row, wanted_why)) in reasons.iter().zip(wanted) {
        assert!(*row == wanted_row && why.starts_with(wanted_why), "{row}: {why}");
    }
    assert!(reasons[3].1.contains("as row 4"), "{reasons:?}");
    assert_eq!(
        read.alike.iter().map(|(row, id, how)| (*row, id.as_str(), *how)).collect::<Vec<_>>(),
        [(10, ids[1], Likeness::Perhaps)]
    );
}

#[test]
fn the_same_table_gives_the_same_records_and_is_compared_with_what_stands() {
    let (first, second) = (read_table(TABLE, &[]), read_table(TABLE, &[]));
    assert_eq!(first.file, second.file);
    let again = read_table(TABLE, &first.file.suppliers);
    assert_eq!(again.file, first.file, "a record that stands is the same one, not a double");
    let known: SupplierRecord = serde_json::from_value(json!({
        "supplier_id": "denki", "name": { "ja": "例示電機株式会社", "en": "Denki" }, "source": "s", "as_of": "2026-01-01",
    }))
    .unwrap();
    let against = read_table(TABLE, &[known]);
    assert!(
        against.alike.iter().any(|(row, id, how)| (*row, id.as_str(), *how) == (4, "denki", Likeness::Same)),
        "{:?}",
        against.alike
    );
}

#[test]
fn a_mapping_that_does_not_fit_is_refused() {
    let sheet = &sheets::read(TABLE.as_bytes()).unwrap()[0];
    let with = |change: &dyn Fn(&mut Mapping)| {
        let mut mapping = propose(sheet).unwrap();
        change(&mut mapping);
        read(sheet, &mapping, "s", "2026-10-31".parse().unwrap(), &[]).unwrap_err().detail
    };
    let add = |words: &str, column: Column| {
        with(&|mapping| {
            mapping.columns.insert(words.into(), column);
        })
    };
    assert!(with(&|mapping| mapping.header_row = 99).contains("row 99 holds no headers"));
    assert!(with(&|mapping| mapping.columns.retain(|words, _| words != "取引先名")).contains("no column holds"));
    assert!(add("備考", Column::Address).contains("both mean Address"));
    assert!(add("電話", Column::Alias).contains("no header '電話'"));
    assert!(with(&|mapping| mapping.format = "v9".into()).contains("daicho.mapping.v1"));
}
