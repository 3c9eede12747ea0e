//! XLSX by way of calamine: cell by cell, never as a full rectangle, after every part was unpacked once against its limit.
//! It does not know the meaning of sheets. Invariant: a part that unpacks to more than it may is refused before calamine sees it.

use super::{Sheet, Taker, XLSX_PARTS_MAX, XLSX_UNPACKED_BYTES_MAX, refuse};
use calamine::{DataRef, Reader as _, Xlsx};
use daicho_schemas::refusal::Refusal;
use std::io::{Cursor, Read as _};
use std::panic::catch_unwind;

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Sheet>, Refusal> {
    unpacks_within_limits(bytes)?;
    // A parser of such a format is large; should one of its own checks fail, the file is at fault and not the server.
    catch_unwind(|| sheets(bytes)).unwrap_or_else(|_| Err(refuse("the XLSX file cannot be read")))
}

fn unpacks_within_limits(bytes: &[u8]) -> Result<(), Refusal> {
    let broken = |error: &dyn std::fmt::Display| refuse(format!("not a whole XLSX file: {error}"));
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    if archive.len() > XLSX_PARTS_MAX {
        return Err(refuse(format!("the XLSX file has {} parts; at most {XLSX_PARTS_MAX} are taken", archive.len())));
    }
    let mut left = XLSX_UNPACKED_BYTES_MAX;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| broken(&error))?;
        let unpacked = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(|error| broken(&error))?;
        if unpacked > left {
            return Err(refuse(format!("the XLSX file unpacks to more than {XLSX_UNPACKED_BYTES_MAX} bytes")));
        }
        left -= unpacked;
    }
    Ok(())
}

fn sheets(bytes: &[u8]) -> Result<Vec<Sheet>, Refusal> {
    let broken = |error: calamine::XlsxError| refuse(format!("the XLSX file cannot be read: {error}"));
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let (mut sheets, mut taken) = (Vec::new(), 0);
    for name in workbook.sheet_names() {
        let mut taker = Taker { taken, sheet: Sheet { name: name.clone(), ..Sheet::default() } };
        let mut cells = match workbook.worksheet_cells_reader(&name) {
            Ok(cells) => cells,
            // A sheet that is a chart has no cells.
            Err(calamine::XlsxError::NotAWorksheet(_)) => continue,
            Err(error) => return Err(broken(error)),
        };
        while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(broken)? {
            let (row, column) = cell.pos;
            let number = matches!(cell.value, DataRef::Int(_) | DataRef::Float(_));
            taker.take(row, column, &shown(&cell.value), number, cell.formula.is_some())?;
        }
        taken = taker.taken;
        sheets.push(taker.sheet);
    }
    Ok(sheets)
}

/// A value as people write it: whole numbers without a point, dates as 2026-11-21.
fn shown(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_string(),
        DataRef::Bool(yes) => yes.to_string(),
        DataRef::DateTime(instant) if instant.is_datetime() => {
            let (year, month, day, ..) = instant.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::DateTime(duration) => duration.as_f64().to_string(),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}
