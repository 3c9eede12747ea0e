//! CSV as spreadsheet programs write it: UTF-8 with or without its mark, UTF-16 with its mark, Shift_JIS; comma, tab or semicolon.
//! It does not guess beyond that. Invariant: bytes that are none of these are refused, never replaced by question marks.

use super::{Sheet, Taker, refuse};
use daicho_schemas::refusal::Refusal;
use encoding_rs::{Encoding, SHIFT_JIS, UTF_8};

pub(super) fn read(bytes: &[u8]) -> Result<Sheet, Refusal> {
    let text = decoded(bytes)?;
    let mut taker = Taker::default();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(|error| refuse(format!("row {}: {error}", row + 1)))?;
        let row = u32::try_from(row).unwrap_or(u32::MAX - 1);
        for (column, field) in record.iter().enumerate() {
            taker.take(row, u32::try_from(column).unwrap_or(u32::MAX - 1), field, false, false)?;
        }
    }
    Ok(taker.sheet)
}

fn decoded(bytes: &[u8]) -> Result<String, Refusal> {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    for encoding in marked.map_or(vec![UTF_8, SHIFT_JIS], |encoding| vec![encoding]) {
        let (text, _, broken) = encoding.decode(bytes);
        // A zero byte is in no text that people write; it shows UTF-16 without its mark, or no text at all.
        if !broken && !text.contains('\0') {
            return Ok(text.into_owned());
        }
    }
    Err(refuse(
        "the bytes are neither XLSX nor text in UTF-8, UTF-16 or Shift_JIS: save the sheet as XLSX or as CSV UTF-8",
    ))
}

fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let count = |wanted: u8| first.bytes().filter(|byte| *byte == wanted).count();
    [b',', b'\t', b';'].into_iter().rev().max_by_key(|byte| count(*byte)).unwrap_or(b',')
}
