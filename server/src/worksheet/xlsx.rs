//! A worksheet as a spreadsheet: the fields, the attachments, and what is still missing, each on a sheet of its own.
//! It does not fill anything in.
//! Invariant: every cell is text, so that no value can be taken for a formula; the same worksheet gives the same cells.

use super::{Worksheet, WorksheetRow, direct_word, state_word};
use daicho_schemas::text::{Language, Text};
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet as Sheet, XlsxError,
};

/// The most characters that a cell of the format can hold.
const CELL_CHARS_MAX: usize = 32_767;

/// The columns: title and width in characters.
const COLUMNS: [(&str, &str, f64); 9] = [
    ("欄", "Block", 22.0),
    ("対象", "About", 30.0),
    ("項目", "Field", 34.0),
    ("値", "Value", 44.0),
    ("状態", "State", 16.0),
    ("出典", "Source", 20.0),
    ("時点", "As of", 12.0),
    ("直接提出", "Submitted directly", 20.0),
    ("根拠の確度・備考", "Confidence, notes", 50.0),
];

/// Writes a worksheet in a language.
///
/// # Errors
/// When the format cannot hold it: more rows than a sheet has.
pub fn write(worksheet: &Worksheet, language: Language) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    book.set_properties(&DocProperties::new().set_creation_datetime(&made_on(worksheet)?));
    let said = |ja: &'static str, en: &'static str| match language {
        Language::Ja => ja,
        Language::En => en,
    };
    let fields = book.add_worksheet().set_name(said("記載事項", "Fields"))?;
    let top = head(fields, worksheet, language)?;
    table(fields, top, &worksheet.rows.iter().collect::<Vec<_>>(), language)?;
    let attachments = book.add_worksheet().set_name(said("添付書類", "Attachments"))?;
    table(attachments, 0, &worksheet.attachments.iter().collect::<Vec<_>>(), language)?;
    let open = book.add_worksheet().set_name(said("不足", "Missing"))?;
    table(open, 0, &worksheet.open().collect::<Vec<_>>(), language)?;
    book.save_to_buffer()
}

/// The file's own date is the day of filing, so that the same worksheet gives the same file.
fn made_on(worksheet: &Worksheet) -> Result<ExcelDateTime, XlsxError> {
    ExcelDateTime::parse_from_str(&worksheet.filing_on.to_string())
}

/// What the sheet is about, and what is weak about it. Answers the first free row.
fn head(sheet: &mut Sheet, worksheet: &Worksheet, language: Language) -> Result<u32, XlsxError> {
    let bold = Format::new().set_bold().set_font_size(14.0);
    sheet.write_string_with_format(0, 0, worksheet.form.get(language), &bold)?;
    let open = worksheet.open().count();
    let plan = worksheet.plan_id.as_ref().map(|id| Text::new(format!("計画書: {id}"), format!("Plan: {id}")));
    let lines = [
        worksheet.purpose.clone(),
        Text::new(
            format!("特定社会基盤事業者: {}", worksheet.operator.ja),
            format!("Operator: {}", worksheet.operator.en),
        ),
        Text::new(
            format!("特定重要設備: {}", worksheet.equipment.ja),
            format!("Equipment: {}", worksheet.equipment.en),
        ),
        Text::new(
            format!("届出日（書類の期限と割合はこの日で判断）: {}", worksheet.filing_on),
            format!("Day of filing (papers and shares are judged for it): {}", worksheet.filing_on),
        ),
        Text::new(format!("不足・要対応: {open} 件"), format!("Still open: {open}")),
        Text::new(
            "これは様式そのものではなく、記入のための作業用シートです。所管省庁の最新の様式に書き写してください。",
            "This is not the form itself but a worksheet for filling it in. Copy into the ministry's current form.",
        ),
    ];
    let mut row = 1;
    for line in lines.iter().chain(&plan).chain(&worksheet.note) {
        sheet.write_string(row, 0, cell(line.get(language)))?;
        row += 1;
    }
    Ok(row + 1)
}

fn table(sheet: &mut Sheet, top: u32, rows: &[&WorksheetRow], language: Language) -> Result<(), XlsxError> {
    let frame = || Format::new().set_border(FormatBorder::Thin).set_text_wrap().set_align(FormatAlign::Top);
    let head = frame().set_bold().set_background_color(Color::RGB(0x00E8_EEF7));
    let (plain, open) = (frame(), frame().set_background_color(Color::RGB(0x00FD_E9E7)));
    for (at, (ja, en, width)) in (0u16..).zip(COLUMNS) {
        sheet.set_column_width(at, width)?;
        let title = if language == Language::Ja { ja } else { en };
        sheet.write_string_with_format(top, at, title, &head)?;
    }
    for (at, row) in (top + 1..).zip(rows) {
        let format = if row.state.is_open() { &open } else { &plain };
        for (column, value) in (0u16..).zip(cells(row, language)) {
            sheet.write_string_with_format(at, column, cell(&value), format)?;
        }
    }
    sheet.set_landscape().set_print_fit_to_pages(1, 0).set_repeat_rows(top, top)?;
    Ok(())
}

fn cells(row: &WorksheetRow, language: Language) -> [String; 9] {
    let said = |text: &Text| text.get(language).to_string();
    let note = row.note.as_ref().map_or_else(String::new, |note| format!(" {}", note.get(language)));
    [
        said(&row.block),
        row.about.as_ref().map_or_else(String::new, |about| said(&about.text)),
        said(&row.name),
        said(&row.value),
        said(&state_word(row.state)),
        row.source.clone(),
        row.as_of.map_or_else(String::new, |day| day.to_string()),
        said(&direct_word(row.direct)),
        format!("[{}]{note}", row.confidence.as_str()),
    ]
}

/// What a cell can hold.
fn cell(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\n').take(CELL_CHARS_MAX).collect()
}
