//! Tables of suppliers that people have already: which column means what (a proposal), and rows to supplier records.
//! It does not read files or write them. Invariant: the same table with the same mapping gives the same records; every row that holds
//! anything either becomes a record or is named with its number and the reason.

pub mod circuits;
pub mod components;
mod headers;

use crate::intake::countries;
use crate::intake::declarations::parse_suppliers;
use crate::model::meaning::names::{Likeness, NameKey, Names};
use crate::sheets::{Sheet, place, refuse};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::supplier::{
    Address, CorporateNumber, CountryCode, FormerName, PersonIdentity, Personal, Recognise, SUPPLIERS_FORMAT, Stated,
    SupplierItems, SupplierRecord, SuppliersFile,
};
use daicho_schemas::ids::SupplierId;
use daicho_schemas::refusal::Refusal;
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
pub use headers::{Column, propose};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use unicode_normalization::UnicodeNormalization as _;

/// The name of the mapping's format.
pub const MAPPING_FORMAT: &str = "daicho.mapping.v1";

/// Which column of a table means what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Always [`MAPPING_FORMAT`].
    pub format: String,
    /// The row with the headers, as spreadsheet programs count: from 1.
    pub header_row: u32,
    /// What each header means, by its words. A header that is not here is read by nobody.
    pub columns: BTreeMap<String, Column>,
}

/// What became of a table.
#[derive(Clone, Debug)]
pub struct TableRead {
    /// The records, in the order of the rows.
    pub file: SuppliersFile,
    /// Rows that became none: their number as spreadsheet programs count, and why.
    pub unreadable: Vec<(u32, String)>,
    /// Rows that may mean an entity that is recorded already or stands in another row: the row, the other's id, how alike.
    pub alike: Vec<(u32, SupplierId, Likeness)>,
}

/// Reads a table. `known` are the records that stand already; they are only compared by name.
pub fn read(
    sheet: &Sheet,
    mapping: &Mapping,
    source: &str,
    as_of: CalendarDate,
    known: &[SupplierRecord],
) -> Result<TableRead, Refusal> {
    let columns = columns(sheet, mapping)?;
    let mut read = TableRead {
        file: SuppliersFile { format: SUPPLIERS_FORMAT.into(), suppliers: Vec::new() },
        unreadable: Vec::new(),
        alike: Vec::new(),
    };
    let mut taken: BTreeMap<SupplierId, u32> = BTreeMap::new();
    for row in sheet.rows.keys().copied().filter(|row| *row >= mapping.header_row) {
        let cells = Row { sheet, row, columns: &columns };
        match cells.record(source, as_of).and_then(checked) {
            Err(why) => read.unreadable.push((row + 1, why)),
            Ok(record) => match taken.entry(record.supplier_id.clone()) {
                Entry::Occupied(first) => {
                    let why =
                        format!("the same supplier ('{}') as row {}: keep one of the two", first.key(), first.get());
                    read.unreadable.push((row + 1, why));
                }
                Entry::Vacant(free) => {
                    free.insert(row + 1);
                    read.file.suppliers.push(record);
                }
            },
        }
    }
    read.alike = alike(&read.file.suppliers, &taken, known);
    Ok(read)
}

/// The rows whose name is like that of a record that stands, or of an earlier row.
fn alike(
    records: &[SupplierRecord],
    rows: &BTreeMap<SupplierId, u32>,
    known: &[SupplierRecord],
) -> Vec<(u32, SupplierId, Likeness)> {
    let mut names = Names::default();
    known.iter().for_each(|record| names.add(record));
    let mut found = Vec::new();
    for record in records {
        let row = rows.get(&record.supplier_id).copied().unwrap_or_default();
        let others = names.alike(&NameKey::of(&record.name.ja)).into_iter();
        let others = others.filter(|other| other.record.supplier_id != record.supplier_id);
        found.extend(others.map(|other| (row, other.record.supplier_id.clone(), other.likeness)));
        names.add(record);
    }
    found
}

/// The mapping's columns by their place in this table.
fn columns(sheet: &Sheet, mapping: &Mapping) -> Result<BTreeMap<u32, Column>, Refusal> {
    if mapping.format != MAPPING_FORMAT {
        return Err(refuse(format!("the mapping's format is '{MAPPING_FORMAT}', not '{}'", mapping.format)));
    }
    let header = mapping.header_row.checked_sub(1).and_then(|row| sheet.rows.get(&row));
    let header = header.ok_or_else(|| refuse(format!("row {} holds no headers", mapping.header_row)))?;
    let (mut found, mut names): (BTreeMap<u32, Column>, BTreeMap<Column, u32>) = (BTreeMap::new(), BTreeMap::new());
    for (column, cell) in header {
        let Some(means) = mapping.columns.get(&cell.text).copied() else { continue };
        if let Some(other) = names.insert(means, *column).filter(|_| !means.may_repeat()) {
            let (here, there) = (place(mapping.header_row - 1, *column), place(mapping.header_row - 1, other));
            return Err(refuse(format!("cells {there} and {here} both mean {means:?}: leave one out of the mapping")));
        }
        found.insert(*column, means);
    }
    let missing = mapping.columns.keys().find(|words| !header.values().any(|cell| cell.text == **words));
    if let Some(words) = missing {
        return Err(refuse(format!("row {} has no header '{words}', which the mapping names", mapping.header_row)));
    }
    if ![Column::Name, Column::NameJa, Column::NameEn].iter().any(|name| names.contains_key(name)) {
        return Err(refuse("no column holds the supplier's name: name it in the mapping"));
    }
    Ok(found)
}

/// A record that the door would take, by itself.
fn checked(record: SupplierRecord) -> Result<SupplierRecord, String> {
    let file = SuppliersFile { format: SUPPLIERS_FORMAT.into(), suppliers: vec![record.clone()] };
    let bytes = serde_json::to_vec(&file).map_err(|error| error.to_string())?;
    parse_suppliers(&bytes).map(|_| record).map_err(|refusal| refusal.detail)
}

struct Row<'a> {
    sheet: &'a Sheet,
    row: u32,
    columns: &'a BTreeMap<u32, Column>,
}

impl Row<'_> {
    /// The cells of this meaning that hold anything.
    fn all(&self, means: Column) -> Result<Vec<&str>, String> {
        let of = self.columns.iter().filter(|(_, column)| **column == means).map(|(place, _)| *place);
        let mut found = Vec::new();
        for column in of {
            let Some(cell) = self.sheet.cell(self.row, column) else { continue };
            if cell.formula {
                return Err(format!("cell {} is a formula: paste it as a value", place(self.row, column)));
            }
            found.push(cell.text.as_str());
        }
        Ok(found)
    }

    fn one(&self, means: Column) -> Result<Option<&str>, String> {
        Ok(self.all(means)?.first().copied())
    }

    fn country(&self, means: Column) -> Result<Option<CountryCode>, String> {
        let named = |words: &str| {
            countries::named(words)
                .ok_or_else(|| format!("'{}' is no country that we know: write its code (JP, US)", short(words)))
        };
        self.one(means)?.map(named).transpose()
    }

    fn corporate_number(&self) -> Result<Option<CorporateNumber>, String> {
        let read = |words: &str| {
            let digits: String = words.nfkc().filter(|c| !c.is_whitespace() && *c != '-').collect();
            CorporateNumber::try_from(digits).map_err(|error| error.to_string())
        };
        self.one(Column::CorporateNumber)?.map(read).transpose()
    }

    fn record(&self, source: &str, as_of: CalendarDate) -> Result<SupplierRecord, String> {
        let (any, ja, en) = (self.one(Column::Name)?, self.one(Column::NameJa)?, self.one(Column::NameEn)?);
        let first = ja.or(any).or(en).ok_or("the row has no name")?;
        let name = Text::new(first, en.or(any).or(ja).unwrap_or(first));
        let corporate_number = self.corporate_number()?;
        let supplier_id = self.id(&name, corporate_number.as_ref())?;
        let mut items = SupplierItems::default();
        let country = self.country(Column::AddressCountry)?;
        if let Some(text) = self.one(Column::Address)? {
            let country = country.clone().ok_or("an address without its country: add a column for it")?;
            items.address = Some(Stated::known(Address { country, text: text.into() }, source, as_of));
        }
        if let Some(name) = self.one(Column::Representative)? {
            let person = Personal::Clear(PersonIdentity { name: name.into(), nationality: None });
            items.representative = Some(Stated::known(person, source, as_of));
        }
        let former =
            self.all(Column::FormerName)?.into_iter().map(|name| FormerName { name: Text::same(name), through: None });
        items.former_names = former.collect();
        let words = |found: Vec<&str>| found.into_iter().map(String::from).collect();
        Ok(SupplierRecord {
            supplier_id,
            name,
            aliases: words(self.all(Column::Alias)?),
            corporate_number,
            country_of_law: self.country(Column::CountryOfLaw)?,
            address_country: country,
            recognise: Recognise { vendor_strings: words(self.all(Column::VendorString)?), ..Recognise::default() },
            items: Box::new(items),
            source: source.into(),
            as_of,
        })
    }

    /// The table's own id, else one from the corporate number, else one from the name: always the same for the same row.
    fn id(&self, name: &Text, number: Option<&CorporateNumber>) -> Result<SupplierId, String> {
        let id = match (self.one(Column::SupplierId)?, number) {
            (Some(own), _) => own.nfkc().collect::<String>(),
            (None, Some(number)) => format!("jcn-{number}"),
            (None, None) => {
                let key = NameKey::of(&name.ja);
                let form = key.form.map(|form| format!("{form:?}")).unwrap_or_default();
                format!(
                    "name-{}",
                    Hash::of("daicho.supplier-name.v1", &[form.as_bytes(), &[0], key.core.as_bytes()]).short()
                )
            }
        };
        SupplierId::new(id).map_err(|error| error.to_string())
    }
}

fn short(words: &str) -> String {
    words.chars().take(40).collect()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
