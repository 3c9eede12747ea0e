//! Spreadsheets from programs and from strangers: encodings, dates, numbers, and files made to hurt.
//! It does not test what the cells mean.
//! Invariant tested: a file is read as it stands or refused with its place, and never costs more than the limits.

use super::*;
use rust_xlsxwriter::{ExcelDateTime, Formula, Workbook};
use std::io::Write as _;
use zip::write::SimpleFileOptions;

fn xlsx(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(book.add_worksheet());
    book.save_to_buffer().unwrap()
}

#[test]
fn cells_come_as_people_write_them() {
    let bytes = xlsx(|sheet| {
        sheet.write_string(0, 0, " 名称 ").unwrap();
        sheet.write_number(1, 0, 8_700_110_005_901.0).unwrap();
        sheet.write_number(1, 1, 0.3334).unwrap();
        let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_datetime_with_format(1, 2, ExcelDateTime::from_ymd(2026, 3, 31).unwrap(), &date).unwrap();
        sheet.write_formula(1, 3, Formula::new("=1+1").set_result("2")).unwrap();
        sheet.write_boolean(1, 4, true).unwrap();
    });
    let sheet = &read(&bytes).unwrap()[0];
    assert_eq!(sheet.name, "Sheet1");
    assert_eq!(sheet.text(0, 0), "名称");
    assert_eq!(sheet.text(1, 0), "8700110005901");
    assert!(sheet.cell(1, 1).unwrap().number);
    assert_eq!(sheet.text(1, 2), "2026-03-31");
    assert!(sheet.cell(1, 3).unwrap().formula && sheet.text(1, 3) == "2");
    assert_eq!(sheet.text(1, 4), "true");
}

#[test]
fn csv_is_read_in_the_encodings_of_spreadsheet_programs() {
    let text = "名称,国\r\n\"例示,電機\",日本\n㈱髙橋,ﾄﾞｲﾂ\n";
    let (shift_jis, _, _) = encoding_rs::SHIFT_JIS.encode(text);
    let utf_16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let marked = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
    for bytes in [text.as_bytes().to_vec(), shift_jis.into_owned(), utf_16, marked] {
        let sheet = &read(&bytes).unwrap()[0];
        assert_eq!((sheet.text(0, 0), sheet.text(1, 0), sheet.text(2, 0)), ("名称", "例示,電機", "㈱髙橋"));
    }
    assert_eq!(read("a;b\n1;2\n".as_bytes()).unwrap()[0].text(1, 1), "2");
    assert_eq!(read("a\tb\tc,d\n1\t2\n".as_bytes()).unwrap()[0].text(1, 1), "2");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    for bytes in [&b"\xff\x81\x00\xa0\xfd"[..], b"a\0b\0", b"\xd0\xcf\x11\xe0old", b"PK\x03\x04", b"PKnothing"] {
        assert_eq!(read(bytes).unwrap_err().code, RefusalCode::SpreadsheetMalformed, "{bytes:?}");
    }
}

#[test]
fn a_file_that_unpacks_without_end_is_refused() {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    writer.start_file("xl/worksheets/sheet1.xml", options).unwrap();
    let nothing = vec![b' '; 1024 * 1024];
    for _ in 0..65 {
        writer.write_all(&nothing).unwrap();
    }
    let bomb = writer.finish().unwrap().into_inner();
    assert!(bomb.len() < 200_000, "{}", bomb.len());
    assert!(read(&bomb).unwrap_err().detail.contains("unpacks to more than"));
}

#[test]
fn a_cell_far_away_or_far_too_long_is_refused_by_its_place() {
    let far = xlsx(|sheet| {
        sheet.write_string(1_048_575, 16_383, "x").unwrap();
    });
    assert!(read(&far).unwrap_err().detail.starts_with("cell XFD1048576:"));
    let long = format!("a,{}\n", "長".repeat(CELL_CHARS_MAX + 1));
    assert!(read(long.as_bytes()).unwrap_err().detail.starts_with("cell B1:"));
    assert!(read(&vec![b'a'; IMPORT_BYTES_MAX + 1]).unwrap_err().detail.contains("at most"));
}

#[test]
fn no_changed_byte_of_an_xlsx_file_panics() {
    let whole = xlsx(|sheet| {
        for row in 0..20 {
            sheet.write_string(row, 0, "例示").unwrap();
        }
    });
    for place in (0..whole.len()).step_by(37) {
        let mut changed = whole.clone();
        changed[place] ^= 0x55;
        let _either = read(&changed);
        let _cut = read(&whole[..place]);
    }
}
