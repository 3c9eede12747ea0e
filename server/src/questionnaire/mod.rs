//! Questionnaires (確認票): what a supplier in a role must give, as one sheet that goes out with what we know and comes back with
//! answers. This file holds the layout that both directions share.
//! It does not know plans or the ledger. Invariant: an answer changes only the item it stands beside; an empty cell changes nothing.

pub mod answer;
pub mod describe;
pub mod out;

#[cfg(test)]
mod tests;

use daicho_schemas::fact::supplier::SupplierField;
pub use daicho_schemas::fact::supplier::SupplierRole as Role;

/// The name of the sheet's format, in its first cell.
pub const QUESTIONNAIRE_FORMAT: &str = "daicho.questionnaire.v1";

/// Columns of the sheet, from 0.
mod column {
    pub(super) const KEY: u16 = 0;
    pub(super) const LABEL: u16 = 1;
    pub(super) const KNOWN: u16 = 2;
    pub(super) const KNOWN_AS_OF: u16 = 3;
    pub(super) const ANSWER: u16 = 4;
    pub(super) const ANSWERS: u16 = 4;
    pub(super) const AS_OF: u16 = 8;
    pub(super) const DIRECT_ON: u16 = 9;
    pub(super) const RECEIPT: u16 = 10;
}

/// Rows of the sheet's head, from 0.
mod head {
    pub(super) const FORMAT: u32 = 0;
    pub(super) const SUPPLIER: u32 = 1;
    pub(super) const ROLE: u32 = 2;
    pub(super) const RECORD: u32 = 3;
    pub(super) const ANSWERED_ON: u32 = 4;
    pub(super) const HELP: u32 = 5;
    pub(super) const COLUMNS: u32 = 7;
    pub(super) const FIRST: u32 = 8;
}

/// Whether an item is a list: then a line for the whole list comes first, and one line for each entry below it.
fn is_list(field: SupplierField) -> bool {
    !parts(field).1.is_empty() && lines(field) > 0
}

/// How many empty lines an item's list has beyond what we know.
fn lines(field: SupplierField) -> usize {
    match field {
        SupplierField::Holders => 8,
        SupplierField::Officers | SupplierField::OfficerPapers => 15,
        SupplierField::ForeignRevenue => 9,
        SupplierField::ManufacturingSites => 5,
        _ => 0,
    }
}

/// What the four answer cells of an item mean, in Japanese and English.
fn parts(field: SupplierField) -> ([&'static str; 4], [&'static str; 4]) {
    match field {
        SupplierField::Name => {
            (["名称（日本語）", "名称（英語）", "", ""], ["name in Japanese", "name in English", "", ""])
        }
        SupplierField::Representative => (["氏名", "国籍", "", ""], ["name", "nationality", "", ""]),
        SupplierField::Address => (["国", "住所", "", ""], ["country", "address", "", ""]),
        SupplierField::CountryOfLaw => (["国", "", "", ""], ["country", "", "", ""]),
        SupplierField::Holders => (
            ["名称・氏名", "設立準拠法国等・国籍", "議決権の割合（例 33.34%、1/3）", "個人の場合「個人」"],
            ["name", "country or nationality", "share of votes (33.34%, 1/3)", "'person' for a natural person"],
        ),
        SupplierField::Officers => (["氏名", "生年月日", "国籍", ""], ["name", "birth date", "nationality", ""]),
        SupplierField::ForeignRevenue => (
            ["事業年度の末日", "国（なければ空欄）", "売上高に占める割合（例 30%）", "相手方の名称（; で区切る）"],
            [
                "last day of the fiscal year",
                "country (empty: none)",
                "share of revenue (30%)",
                "counterparties (; between)",
            ],
        ),
        SupplierField::ManufacturingSites => {
            (["国・地域", "所在地", "製造するもの", ""], ["country or region", "place", "what is made there", ""])
        }
        SupplierField::Registry | SupplierField::OfficerPapers => {
            (["作成日", "有効期限", "", ""], ["made on", "valid through", "", ""])
        }
    }
}
