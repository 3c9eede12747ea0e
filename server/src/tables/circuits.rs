//! An operator's own list of its lines (回線台帳), as people keep it in a spreadsheet: rows to circuits.
//! It does not know what a device, a contract or a user in a row is; the words are taken as they stand.
//! Invariant: every row that holds anything in a known column becomes a circuit or is named with its number and the reason; a column that
//! is not known is read by nobody, so accounts, passwords and people in charge stay in the file.

mod columns;

pub use columns::Column;

use super::headers::folded;
use crate::sheets::words::date;
use crate::sheets::{Sheet, place, refuse};
use columns::{column, sort_of};
use daicho_schemas::fact::circuit::{CIRCUIT_TEXT_BYTES_MAX, CIRCUITS_MAX, Circuit, CircuitSort};
use daicho_schemas::refusal::Refusal;
use daicho_schemas::time::CalendarDate;
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization as _;

/// Rows among which the headers are looked for.
const HEADER_ROWS_MAX: u32 = 20;
/// What people write instead of repeating the cell above.
const DITTO: [&str; 5] = ["同上", "〃", "々", "”", "ditto"];

/// What became of a list.
#[derive(Clone, Debug)]
pub struct CircuitsRead {
    /// The sheet that was read; empty for CSV.
    pub sheet: String,
    /// Which header means what, in the order of the columns; nothing where nobody reads it.
    pub headers: Vec<(String, Option<Column>)>,
    /// The circuits, sorted by key.
    pub circuits: Vec<Circuit>,
    /// Rows that became none: their number as spreadsheet programs count, and why.
    pub unreadable: Vec<(u32, String)>,
}

/// Reads a list: the sheet of this name, else the only one with headers that are known.
pub fn read(sheets: &[Sheet], name: Option<&str>) -> Result<CircuitsRead, Refusal> {
    let wanted = sheets.iter().filter(|sheet| name.is_none_or(|name| sheet.name == name));
    let headed: Vec<(&Sheet, u32)> = wanted.filter_map(|sheet| Some((sheet, header_of(sheet)?))).collect();
    let names = |all: &mut dyn Iterator<Item = &Sheet>| {
        let names: Vec<String> = all.map(|sheet| short(&sheet.name)).take(20).collect();
        names.join(", ")
    };
    match headed.as_slice() {
        [(sheet, header)] => read_sheet(sheet, *header),
        [] => Err(refuse(format!(
            "no sheet has headers of a list of lines among its first {HEADER_ROWS_MAX} rows: it needs a column 回線番号 or 管理番号 \
             (number, id) and one more; the file has: {}",
            names(&mut sheets.iter())
        ))),
        several => Err(refuse(format!(
            "several sheets are lists of lines: name one; the file has: {}",
            names(&mut several.iter().map(|(sheet, _)| *sheet))
        ))),
    }
}

/// The row with the headers: the first of those with the most that are known, among them one by which a line is found again.
fn header_of(sheet: &Sheet) -> Option<u32> {
    let known = |row: &u32| {
        let cells = sheet.rows.get(row).into_iter().flat_map(|cells| cells.values());
        let columns: Vec<Column> = cells.filter_map(|cell| column(&cell.text)).collect();
        let named = columns.iter().any(|column| matches!(column, Column::Key | Column::Number));
        if named { columns.len() } else { 0 }
    };
    let rows = sheet.rows.keys().copied().filter(|row| *row < HEADER_ROWS_MAX);
    rows.max_by_key(|row| (known(row), std::cmp::Reverse(*row))).filter(|row| known(row) > 1)
}

fn read_sheet(sheet: &Sheet, header: u32) -> Result<CircuitsRead, Refusal> {
    let mut columns: BTreeMap<Column, Vec<u32>> = BTreeMap::new();
    let mut headers = Vec::new();
    for (at, cell) in sheet.rows.get(&header).into_iter().flatten() {
        let means = column(&cell.text);
        if let Some(means) = means {
            let places = columns.entry(means).or_default();
            if let Some(other) = places.first().filter(|_| !means.may_repeat()) {
                let (here, there) = (place(header, *at), place(header, *other));
                return Err(refuse(format!("cells {there} and {here} mean the same: rename one of them")));
            }
            places.push(*at);
        }
        headers.push((cell.text.clone(), means));
    }
    let mut found: BTreeMap<String, (u32, Circuit)> = BTreeMap::new();
    let mut unreadable = Vec::new();
    let mut above = BTreeMap::new();
    for row in sheet.rows.keys().copied().filter(|row| *row > header) {
        let mut cells = Row { sheet, row, columns: &columns, above: &mut above };
        if cells.is_empty() {
            continue;
        }
        match cells.circuit() {
            Err(why) => unreadable.push((row + 1, why)),
            Ok(circuit) => match found.get(&circuit.key) {
                Some((first, _)) => {
                    let why = format!("the same line ('{}') as row {first}: keep one of the two", short(&circuit.key));
                    unreadable.push((row + 1, why));
                }
                None => drop(found.insert(circuit.key.clone(), (row + 1, circuit))),
            },
        }
    }
    if found.len() > CIRCUITS_MAX {
        return Err(refuse(format!("{} lines, at most {CIRCUITS_MAX}: hand the list in in parts", found.len())));
    }
    if found.is_empty() {
        let first = unreadable.first().map(|(row, why)| format!(": row {row}: {why}")).unwrap_or_default();
        return Err(refuse(format!("the list holds no line that can be read{first}")));
    }
    let circuits = found.into_values().map(|(_, circuit)| circuit).collect();
    Ok(CircuitsRead { sheet: sheet.name.clone(), headers, circuits, unreadable })
}

struct Row<'a> {
    sheet: &'a Sheet,
    row: u32,
    columns: &'a BTreeMap<Column, Vec<u32>>,
    /// What stood last in each column, for those who write that it is the same.
    above: &'a mut BTreeMap<u32, String>,
}

impl Row<'_> {
    fn is_empty(&self) -> bool {
        self.columns.values().flatten().all(|at| self.sheet.cell(self.row, *at).is_none())
    }

    /// One cell: on one line, in one width, of a bounded length.
    fn cell(&mut self, column: Column, at: u32) -> Result<String, String> {
        let Some(cell) = self.sheet.cell(self.row, at) else { return Ok(String::new()) };
        let here = place(self.row, at);
        if cell.formula {
            return Err(format!("cell {here} is a formula: paste it as a value"));
        }
        if cell.number && column == Column::Number {
            return Err(format!("cell {here} is a number, which loses zeros at its beginning: write it as text"));
        }
        let words: String = cell.text.nfkc().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.len() > CIRCUIT_TEXT_BYTES_MAX {
            return Err(format!("cell {here} has {} bytes, at most {CIRCUIT_TEXT_BYTES_MAX}", words.len()));
        }
        if DITTO.contains(&words.as_str()) {
            let known = self.above.get(&at).filter(|_| !matches!(column, Column::Key | Column::Number));
            return known.cloned().ok_or_else(|| format!("cell {here} says 'the same', and nothing stands above it"));
        }
        self.above.insert(at, words.clone());
        Ok(words)
    }

    fn text(&mut self, column: Column) -> Result<String, String> {
        let places = self.columns.get(&column).cloned().unwrap_or_default();
        let cells = places.into_iter().map(|at| self.cell(column, at)).collect::<Result<Vec<_>, _>>()?;
        let words = cells.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(", ");
        if words.len() > CIRCUIT_TEXT_BYTES_MAX {
            return Err(format!("{column:?}: {} bytes, at most {CIRCUIT_TEXT_BYTES_MAX}", words.len()));
        }
        Ok(words)
    }

    fn day(&mut self, column: Column) -> Result<Option<CalendarDate>, String> {
        let words = self.text(column)?;
        if is_nothing(&words) { Ok(None) } else { date(&words).map(Some) }
    }

    fn segment(&mut self) -> Result<Option<String>, String> {
        let words = self.text(Column::Segment)?;
        if is_nothing(&words) {
            return Ok(None);
        }
        let found = crate::model::networks::Prefix::of_text(&words).filter(|(_, network)| network.is_segment());
        let network = found.map(|(_, network)| network.to_string());
        network.map(Some).ok_or_else(|| format!("'{}' is no network: write it like 192.0.2.0/24", short(&words)))
    }

    fn circuit(&mut self) -> Result<Circuit, String> {
        let (own, number) = (self.text(Column::Key)?, self.text(Column::Number)?);
        let key = if is_nothing(&own) { number.clone() } else { own };
        if is_nothing(&key) {
            return Err("the row has no number (回線番号, 管理番号) by which the line is found again".into());
        }
        let (said, mut service) = (self.text(Column::Sort)?, self.text(Column::Service)?);
        let sort = sort_of(&folded(&said));
        if sort == CircuitSort::Unknown && service.is_empty() {
            service.clone_from(&said);
        }
        let (starts_on, ends_on) = (self.day(Column::StartsOn)?, self.day(Column::EndsOn)?);
        if starts_on.zip(ends_on).is_some_and(|(first, last)| last < first) {
            return Err("the last day is before the first".into());
        }
        Ok(Circuit {
            key,
            carrier: self.text(Column::Carrier)?,
            number,
            sort,
            service,
            place: self.text(Column::Place)?,
            equipment: self.text(Column::Equipment)?,
            purpose: self.text(Column::Purpose)?,
            used_by: self.text(Column::UsedBy)?,
            contract: self.text(Column::Contract)?,
            device: self.text(Column::Device)?,
            port: self.text(Column::Port)?,
            segment: self.segment()?,
            starts_on,
            ends_on,
        })
    }
}

/// A cell that says that there is nothing to say.
fn is_nothing(words: &str) -> bool {
    words.chars().all(|c| matches!(c, '-' | '−' | '‐' | 'ー' | '―' | '/' | ' '))
}

fn short(words: &str) -> String {
    words.chars().take(40).collect()
}

#[cfg(test)]
#[path = "circuits_tests.rs"]
mod tests;
