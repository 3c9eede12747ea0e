//! Spreadsheets that people hand in (XLSX, CSV): bytes to cells with their places, or a refusal that names the place.
//! It does not know what a cell means. A formula keeps the value that its program last saw, and is marked as a formula.
//! Invariant: whatever the bytes are, the limits below hold before memory is taken, and nothing panics through here.

mod csv_text;
pub mod words;
mod xlsx;

use daicho_schemas::limits::IMPORT_BYTES_MAX;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use std::collections::BTreeMap;

/// An XLSX file after decompression, in bytes, all its parts together.
pub const XLSX_UNPACKED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Parts of an XLSX file.
pub const XLSX_PARTS_MAX: usize = 1000;
/// The last row of a sheet that may hold anything.
pub const ROWS_MAX: u32 = 20_000;
/// The last column of a sheet that may hold anything.
pub const COLUMNS_MAX: u32 = 200;
/// Cells of one file that hold anything.
pub const CELLS_MAX: usize = 500_000;
/// Characters in one cell.
pub const CELL_CHARS_MAX: usize = 10_000;

/// One cell that holds something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its text, trimmed; a number or date as people write it.
    pub text: String,
    /// It is a number, which has lost how it was shown (33.34 % is 0.3334).
    pub number: bool,
    /// It is a formula; `text` is what its program last made of it.
    pub formula: bool,
}

/// One sheet. Rows and columns count from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Its name; empty for CSV.
    pub name: String,
    /// Its rows that hold anything.
    pub rows: BTreeMap<u32, BTreeMap<u32, Cell>>,
}

impl Sheet {
    /// A cell, where it holds anything.
    pub fn cell(&self, row: u32, column: u32) -> Option<&Cell> {
        self.rows.get(&row)?.get(&column)
    }

    /// A cell's text; empty where it holds nothing.
    pub fn text(&self, row: u32, column: u32) -> &str {
        self.cell(row, column).map_or("", |cell| &cell.text)
    }
}

/// How people name a cell: `C7`.
pub fn place(row: u32, column: u32) -> String {
    let (mut letters, mut rest) = (String::new(), column + 1);
    while rest > 0 {
        letters.insert(0, char::from(b'A' + u8::try_from((rest - 1) % 26).unwrap_or(0)));
        rest = (rest - 1) / 26;
    }
    format!("{letters}{}", row + 1)
}

/// A refusal of a spreadsheet.
pub fn refuse(detail: impl AsRef<str>) -> Refusal {
    Refusal::new(RefusalCode::SpreadsheetMalformed).with(detail)
}

/// The sheets of a file, in their order. XLSX is known by its first bytes; everything else is read as CSV.
pub fn read(bytes: &[u8]) -> Result<Vec<Sheet>, Refusal> {
    if bytes.len() > IMPORT_BYTES_MAX {
        return Err(refuse(format!("the file has {} bytes; at most {IMPORT_BYTES_MAX} are taken", bytes.len())));
    }
    let old_excel = bytes.starts_with(b"\xd0\xcf\x11\xe0");
    match () {
        () if bytes.starts_with(b"PK") => xlsx::read(bytes),
        () if old_excel => {
            Err(refuse("an Excel 97 file (.xls), or one with a password: save it as .xlsx without a password"))
        }
        () => Ok(vec![csv_text::read(bytes)?]),
    }
}

/// Cells on their way in, counted.
#[derive(Default)]
struct Taker {
    sheet: Sheet,
    taken: usize,
}

impl Taker {
    /// Takes a cell, unless it is empty.
    fn take(&mut self, row: u32, column: u32, text: &str, number: bool, formula: bool) -> Result<(), Refusal> {
        let text = text.trim();
        if text.is_empty() && !formula {
            return Ok(());
        }
        if row >= ROWS_MAX || column >= COLUMNS_MAX {
            let detail =
                format!("cell {}: at most {ROWS_MAX} rows and {COLUMNS_MAX} columns are taken", place(row, column));
            return Err(refuse(detail));
        }
        if text.chars().count() > CELL_CHARS_MAX {
            return Err(refuse(format!("cell {}: at most {CELL_CHARS_MAX} characters are taken", place(row, column))));
        }
        self.taken += 1;
        if self.taken > CELLS_MAX {
            return Err(refuse(format!("more than {CELLS_MAX} cells")));
        }
        self.sheet.rows.entry(row).or_default().insert(column, Cell { text: text.into(), number, formula });
        Ok(())
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
