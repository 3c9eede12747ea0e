//! A table of people's own that says who supplies which components and what they are: rows to decisions, without ids.
//! It does not know what stands already. Invariant: every row that holds anything becomes a decision with the table as its
//! provenance, or is named with its number and the reason; a supplier is meant by its id or its exact name, never by likeness.

use super::headers::folded;
use crate::model::meaning::names::proposals;
use crate::sheets::{Sheet, place, refuse};
use daicho_schemas::fact::component::{ComponentDecided, ComponentSelector, ComponentSort, TableLine, VendorPlace};
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::fact::supplier::SupplierRecord;
use daicho_schemas::ids::{DecisionId, SupplierId};
use daicho_schemas::refusal::Refusal;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization as _;

/// What a column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// What sort of thing.
    Sort,
    /// The maker or vendor in the hosts' own words.
    Vendor,
    /// Where these words are read.
    VendorPlace,
    /// The name.
    Name,
    /// Which versions.
    Versions,
    /// Who supplies it: id or exact name.
    Supplier,
    /// What it is.
    Category,
    /// Whether it is part of the equipment.
    Part,
    /// From which day.
    ValidFrom,
    /// Why.
    Reason,
    /// On what it rests.
    Evidence,
}

/// The headers that are known, folded.
const HEADERS: &[(Column, &str)] = &[
    (Column::Sort, "種別 種類 sort type"),
    (
        Column::Vendor,
        "ベンダー ベンダー名 ベンダー文字列 メーカー メーカー名 製造者 製造元 vendor maker manufacturer vendorstring",
    ),
    (Column::VendorPlace, "ベンダーの出所 vendorplace"),
    (
        Column::Name,
        "製品 製品名 名称 品名 構成要素 パッケージ パッケージ名 product productname name package packagename component",
    ),
    (Column::Versions, "版 バージョン version versions"),
    (Column::Supplier, "供給者 供給者id 供給者コード 供給者名 取引先 取引先コード supplier supplierid suppliername"),
    (Column::Category, "区分 分類 構成設備の区分 category"),
    (Column::Part, "対象 特定重要設備の一部 partofequipment inscope part"),
    (Column::ValidFrom, "適用日 適用開始日 開始日 validfrom since"),
    (Column::Reason, "理由 reason"),
    (Column::Evidence, "根拠 証跡 evidence basis"),
];

/// Words for categories, folded, beside the ones of files.
const CATEGORIES: &[(Category, &str)] = &[
    (Category::ServerHardware, "サーバー サーバ ハードウェア hardware server"),
    (Category::OperatingSystem, "オペレーティングシステム 基本ソフト os"),
    (Category::Middleware, "ミドルウェア"),
    (Category::Application, "アプリケーション 業務アプリケーション application app"),
    (Category::NetworkDevice, "ネットワーク機器 通信機器 network"),
    (Category::Firmware, "ファームウェア"),
    (Category::Auxiliary, "その他 other"),
];

/// Words for yes and no, folded.
const YES_NO: &[(bool, &str)] = &[(true, "対象 はい 該当 yes true ○ 1"), (false, "対象外 いいえ 非該当 no false × 0")];

/// Rows among which the headers are looked for.
const HEADER_ROWS_MAX: u32 = 20;

/// What became of a table.
#[derive(Clone, Debug)]
pub struct DecisionsRead {
    /// Which header means what, in the order of the columns; nothing where nobody reads it.
    pub headers: Vec<(String, Option<Column>)>,
    /// The decisions, in the order of the rows. Their ids are the rows' own and no more than that.
    pub lines: Vec<ComponentDecided>,
    /// Rows that became none: their number as spreadsheet programs count, and why.
    pub unreadable: Vec<(u32, String)>,
}

/// Reads a table. `table` is its file's name.
pub fn read(sheet: &Sheet, table: &str, suppliers: &[SupplierRecord]) -> Result<DecisionsRead, Refusal> {
    let known = |row: &u32| {
        sheet.rows.get(row).map_or(0, |cells| cells.values().filter(|cell| column(&cell.text).is_some()).count())
    };
    let rows = sheet.rows.keys().copied().filter(|row| *row < HEADER_ROWS_MAX);
    // Of equals the first: what follows is data.
    let best = rows.max_by_key(|row| (known(row), std::cmp::Reverse(*row))).filter(|row| known(row) > 1);
    let Some(header) = best else {
        let detail = "no row of the first 20 has headers that we know: vendor or product, and supplier or category";
        return Err(refuse(detail));
    };
    let (columns, headers) = columns(sheet, header)?;
    let mut read = DecisionsRead { headers, lines: Vec::new(), unreadable: Vec::new() };
    for row in sheet.rows.keys().copied().filter(|row| *row > header) {
        let cells = Row { sheet, row, columns: &columns };
        if columns.values().all(|column| sheet.cell(row, *column).is_none()) {
            continue;
        }
        match cells.decision(table, suppliers) {
            Ok(decision) => read.lines.push(decision),
            Err(why) => read.unreadable.push((row + 1, why)),
        }
    }
    Ok(read)
}

type Columns = BTreeMap<Column, u32>;
type Headers = Vec<(String, Option<Column>)>;

fn columns(sheet: &Sheet, header: u32) -> Result<(Columns, Headers), Refusal> {
    let (mut columns, mut headers) = (Columns::new(), Headers::new());
    for (at, cell) in sheet.rows.get(&header).into_iter().flatten() {
        let means = column(&cell.text);
        if let Some(other) = means.and_then(|means| columns.insert(means, *at)) {
            let (here, there) = (place(header, *at), place(header, other));
            return Err(refuse(format!("cells {there} and {here} mean the same: rename one of them")));
        }
        headers.push((cell.text.clone(), means));
    }
    Ok((columns, headers))
}

fn column(words: &str) -> Option<Column> {
    named(HEADERS, &folded(words))
}

fn named<T: Copy>(table: &[(T, &str)], folded: &str) -> Option<T> {
    table.iter().find(|(_, known)| known.split(' ').any(|known| known == folded)).map(|(means, _)| *means)
}

struct Row<'a> {
    sheet: &'a Sheet,
    row: u32,
    columns: &'a Columns,
}

impl Row<'_> {
    fn text(&self, column: Column) -> Result<Option<&str>, String> {
        let Some(at) = self.columns.get(&column) else { return Ok(None) };
        let Some(cell) = self.sheet.cell(self.row, *at) else { return Ok(None) };
        let here = place(self.row, *at);
        if cell.formula {
            return Err(format!("cell {here} is a formula: paste it as a value"));
        }
        if cell.number && column == Column::Versions {
            return Err(format!("cell {here} is a number, which loses zeros (6.10 is 6.1): write the version as text"));
        }
        Ok(Some(cell.text.as_str()))
    }

    /// A word of a list in files (`middleware`), or one of people's own.
    fn word<T: Copy + DeserializeOwned>(&self, column: Column, table: &[(T, &str)]) -> Result<Option<T>, String> {
        let Some(text) = self.text(column)? else { return Ok(None) };
        let plain: String = text.nfkc().collect::<String>().trim().to_lowercase();
        let of_files = serde_json::from_value(serde_json::Value::String(plain)).ok();
        let found = of_files.or_else(|| named(table, &folded(text)));
        found.map(Some).ok_or_else(|| format!("'{}' is no {column:?} that we know", short(text)))
    }

    fn supplier(&self, suppliers: &[SupplierRecord]) -> Result<Option<SupplierId>, String> {
        let Some(text) = self.text(Column::Supplier)? else { return Ok(None) };
        if let Some(record) = suppliers.iter().find(|record| record.supplier_id.as_str() == text) {
            return Ok(Some(record.supplier_id.clone()));
        }
        let spelled = |record: &&SupplierRecord| {
            record.name.ja == text || record.name.en == text || record.aliases.iter().any(|alias| alias == text)
        };
        let exact: Vec<&SupplierRecord> = suppliers.iter().filter(spelled).collect();
        if let [one] = exact.as_slice() {
            return Ok(Some(one.supplier_id.clone()));
        }
        let alike = proposals(text, suppliers).into_iter().map(|alike| alike.record.supplier_id.to_string());
        let alike: Vec<String> = alike.take(5).collect();
        let hint = if alike.is_empty() { String::new() } else { format!("; meant may be: {}", alike.join(", ")) };
        Err(format!("'{}' is no id or exact name of one recorded supplier{hint}", short(text)))
    }

    fn decision(&self, table: &str, suppliers: &[SupplierRecord]) -> Result<ComponentDecided, String> {
        let own = |column| Ok::<_, String>(self.text(column)?.map(String::from));
        let valid_from = self
            .text(Column::ValidFrom)?
            .map(|day| day.parse().map_err(|_| format!("'{}' is no day: write it as 2026-04-01", short(day))));
        Ok(ComponentDecided {
            decision_id: DecisionId::new(format!("row-{}", self.row + 1)).map_err(|error| error.to_string())?,
            components: ComponentSelector {
                sort: self.word::<ComponentSort>(Column::Sort, &[])?,
                vendor: own(Column::Vendor)?,
                vendor_place: self.word::<VendorPlace>(Column::VendorPlace, &[])?,
                name: own(Column::Name)?,
                versions: own(Column::Versions)?,
            },
            supplier_id: self.supplier(suppliers)?,
            category: self.word(Column::Category, CATEGORIES)?,
            part_of_equipment: self.word(Column::Part, YES_NO)?,
            valid_from: valid_from.transpose()?,
            reason: own(Column::Reason)?.unwrap_or_else(|| format!("{table}, row {}", self.row + 1)),
            evidence: own(Column::Evidence)?.unwrap_or_default(),
            from_table: Some(TableLine { table: table.to_string(), row: self.row + 1 }),
            replaces: None,
        })
    }
}

fn short(words: &str) -> String {
    words.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::supplier;
    use crate::sheets;

    const TABLE: &str = "対応表,,,,,,\n\
        ベンダー,製品名,版,供給者,区分,対象,備考\n\
        ACME Inc.,,,acme,ミドルウェア,,主要\n\
        ,acme-tool,6.*,acme（供給者）,,,\n\
        ,monitor,,,,対象外,\n\
        Elsewhere,,,ACME（供給者）,,,\n\
        Elsewhere,,,,なにか,,\n\
        ,,,,,,備考だけ\n";

    fn lines(text: &str) -> DecisionsRead {
        read(&sheets::read(text.as_bytes()).unwrap()[0], "map.csv", &[supplier("acme")]).unwrap()
    }

    #[test]
    fn rows_become_decisions_with_the_table_as_provenance() {
        let read = lines(TABLE);
        assert_eq!(read.headers.last().unwrap(), &("備考".to_string(), None), "a header that nobody reads is named");
        let [vendor, named, outside] = read.lines.as_slice() else { panic!("{:?}", read.lines) };
        assert_eq!(vendor.components.vendor.as_deref(), Some("ACME Inc."));
        assert_eq!(
            (vendor.supplier_id.as_ref().unwrap().as_str(), vendor.category),
            ("acme", Some(Category::Middleware))
        );
        assert_eq!(vendor.from_table, Some(TableLine { table: "map.csv".into(), row: 3 }));
        assert_eq!(vendor.reason, "map.csv, row 3");
        assert_eq!(named.supplier_id.as_ref().unwrap().as_str(), "acme", "by its exact name");
        assert_eq!((outside.part_of_equipment, outside.supplier_id.as_ref()), (Some(false), None));
        let rows: Vec<u32> = read.unreadable.iter().map(|(row, _)| *row).collect();
        assert_eq!(rows, [6, 7]);
        assert!(read.unreadable[0].1.contains("meant may be: acme"), "alike is a proposal: {}", read.unreadable[0].1);
    }

    #[test]
    fn a_table_without_headers_or_with_one_twice_is_refused() {
        for (text, why) in [("a,b\n1,2\n", "no row"), ("vendor,メーカー,supplier\nx,y,acme\n", "mean the same")] {
            let sheet = &sheets::read(text.as_bytes()).unwrap()[0];
            let refused = read(sheet, "map.csv", &[]).unwrap_err();
            assert!(refused.detail.contains(why), "{}", refused.detail);
        }
    }
}
