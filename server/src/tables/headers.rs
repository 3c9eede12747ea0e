//! Header words of suppliers' tables, in Japanese and English, and the mapping that they suggest.
//! It does not read rows. Invariant: a header that is not in the list is left to a person, never guessed.

use super::{MAPPING_FORMAT, Mapping};
use crate::sheets::{Sheet, refuse};
use daicho_schemas::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use unicode_normalization::UnicodeNormalization as _;

/// What a column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// The operator's own id.
    SupplierId,
    /// The name, where one column serves both languages.
    Name,
    /// The name in Japanese.
    NameJa,
    /// The name in English.
    NameEn,
    /// 法人番号.
    CorporateNumber,
    /// 設立準拠法国等.
    CountryOfLaw,
    /// The country of the address.
    AddressCountry,
    /// The address.
    Address,
    /// 代表者.
    Representative,
    /// Another spelling.
    Alias,
    /// A name it had before.
    FormerName,
    /// A vendor string as hosts show it.
    VendorString,
}

impl Column {
    /// Whether several columns may mean it.
    pub fn may_repeat(self) -> bool {
        matches!(self, Self::Alias | Self::FormerName | Self::VendorString)
    }
}

/// Rows among which the headers are looked for.
const HEADER_ROWS_MAX: u32 = 20;

const WORDS: &[(Column, &str)] = &[
    (
        Column::SupplierId,
        "取引先コード 仕入先コード 業者コード 供給者id 供給者コード 管理番号 supplierid vendorid supplierno vendorno supplierno. id",
    ),
    (
        Column::Name,
        "名称 会社名 社名 企業名 取引先 取引先名 取引先名称 仕入先 仕入先名 業者名 供給者 供給者名 供給者名称 ベンダー ベンダー名 委託先 委託先名 メーカー メーカー名 name supplier suppliername vendor vendorname company companyname",
    ),
    (Column::NameJa, "名称(日本語) 会社名(日本語) 和名 日本語名 正式名称 japanesename namejapanese name(ja)"),
    (Column::NameEn, "英語名 英文名 英文社名 会社名(英語) 名称(英語) 英文名称 englishname nameenglish name(en)"),
    (Column::CorporateNumber, "法人番号 corporatenumber corporateno 法人no"),
    (
        Column::CountryOfLaw,
        "設立準拠法国 設立準拠法国等 設立国 準拠法国 国籍 countryoflaw countryofincorporation incorporatedin",
    ),
    (Column::AddressCountry, "国 所在国 住所国 住所の国 本社所在国 country addresscountry countryofaddress"),
    (Column::Address, "住所 所在地 本社所在地 本店所在地 address headoffice"),
    (Column::Representative, "代表者 代表者名 代表者氏名 代表取締役 representative ceo"),
    (Column::Alias, "略称 別名 通称 別表記 alias shortname abbreviation"),
    (Column::FormerName, "旧社名 旧名称 旧商号 前社名 formername oldname"),
    (Column::VendorString, "ベンダー文字列 vendorstring manufacturerstring"),
];

pub(super) fn folded(words: &str) -> String {
    words
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '※' | '*' | ':'))
        .collect()
}

fn meaning(words: &str) -> Option<Column> {
    let folded = folded(words);
    WORDS.iter().find(|(_, known)| known.split(' ').any(|known| known == folded)).map(|(column, _)| *column)
}

/// The mapping that the headers suggest. A person looks at it before it is used.
pub fn propose(sheet: &Sheet) -> Result<Mapping, Refusal> {
    let known = |row: &u32| {
        sheet.rows.get(row).map_or(0, |cells| cells.values().filter(|cell| meaning(&cell.text).is_some()).count())
    };
    let rows = sheet.rows.keys().copied().filter(|row| *row < HEADER_ROWS_MAX);
    // Of equals the first: what follows is data.
    let best = rows.max_by_key(|row| (known(row), std::cmp::Reverse(*row))).filter(|row| known(row) > 0);
    let Some(row) = best else {
        return Err(refuse(format!(
            "none of the first {HEADER_ROWS_MAX} rows holds headers that we know: write a mapping by hand"
        )));
    };
    let (mut columns, mut taken) = (BTreeMap::new(), BTreeSet::new());
    for cell in sheet.rows.get(&row).into_iter().flat_map(|cells| cells.values()) {
        if let Some(column) = meaning(&cell.text)
            && (column.may_repeat() || taken.insert(column))
        {
            columns.insert(cell.text.clone(), column);
        }
    }
    Ok(Mapping { format: MAPPING_FORMAT.into(), header_row: row + 1, columns })
}
