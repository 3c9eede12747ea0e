//! The questionnaire as XLSX: what is asked, what we know with its day, and cells to answer in.
//! It does not know who sends it. Invariant: everything is written as text, so that nothing in a name can become a formula.

use super::{QUESTIONNAIRE_FORMAT, Role, column, describe, head, is_list, lines, parts};
use daicho_schemas::canonical::content_hash;
use daicho_schemas::fact::supplier::{SupplierField, SupplierRecord};
use daicho_schemas::text::{Language, Text};
use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};

/// The hash of a record that a questionnaire carries, to see whether it has changed since.
pub fn record_hash(record: &SupplierRecord) -> String {
    content_hash("daicho.questionnaire.v1", record).map(|hash| hash.short()).unwrap_or_default()
}

/// The questionnaire for one supplier in one role, as the bytes of an XLSX file.
pub fn write(record: &SupplierRecord, role: Role, language: Language) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name(Text::new("確認票", "Questionnaire").get(language))?;
    let mut writer = Writer { sheet, language, formats: Formats::new(), row: head::FIRST };
    writer.head(record, role)?;
    for field in role.fields() {
        writer.field(record, field)?;
    }
    writer.widths()?;
    book.save_to_buffer()
}

struct Formats {
    title: Format,
    heading: Format,
    known: Format,
    answer: Format,
}

impl Formats {
    fn new() -> Self {
        let plain = || Format::new().set_text_wrap().set_align(FormatAlign::Top).set_border(FormatBorder::Thin);
        Self {
            title: Format::new().set_bold().set_font_size(14),
            heading: plain().set_bold().set_background_color(Color::RGB(0x00E4_E9F2)),
            known: plain().set_background_color(Color::RGB(0x00F4_F4F4)),
            // Text, so that 33.34% and 2026-03-31 stay as they are typed.
            answer: plain().set_num_format("@").set_unlocked(),
        }
    }
}

struct Writer<'a> {
    sheet: &'a mut Worksheet,
    language: Language,
    formats: Formats,
    row: u32,
}

impl Writer<'_> {
    fn say(&self, ja: &str, en: &str) -> String {
        Text::new(ja, en).get(self.language).to_string()
    }

    fn head(&mut self, record: &SupplierRecord, role: Role) -> Result<(), XlsxError> {
        let title = self.say(
            "供給者等の確認票（特定重要設備の導入等計画書の記載事項）",
            "Supplier questionnaire (items of the 導入等計画書)",
        );
        let lines = [
            (head::FORMAT, QUESTIONNAIRE_FORMAT.to_string(), title),
            (head::SUPPLIER, record.supplier_id.to_string(), format!("{} / {}", record.name.ja, record.name.en)),
            (head::ROLE, role.key().to_string(), role.label().get(self.language).to_string()),
            (head::RECORD, record_hash(record), String::new()),
            (
                head::ANSWERED_ON,
                "answered_on".into(),
                self.say("回答日（例 2026-11-21）", "Day of the answer (2026-11-21)"),
            ),
            (head::HELP, String::new(), self.help()),
        ];
        for (row, key, words) in lines {
            self.sheet.write_string(row, column::KEY, key)?;
            let format = if row == head::FORMAT { &self.formats.title } else { &Format::new() };
            self.sheet.write_string_with_format(row, column::LABEL, words, format)?;
        }
        self.sheet.write_blank(head::ANSWERED_ON, column::ANSWER, &self.formats.answer)?;
        let headings = [
            (column::LABEL, "項目", "Item"),
            (column::KNOWN, "当方の記録", "What we have recorded"),
            (column::KNOWN_AS_OF, "時点", "As of"),
            (column::ANSWER, "回答", "Answer"),
            (column::ANSWER + 1, "", ""),
            (column::ANSWER + 2, "", ""),
            (column::ANSWER + 3, "", ""),
            (column::AS_OF, "回答の時点（回答日と異なる場合）", "Answer is as of (if not the day of the answer)"),
            (column::DIRECT_ON, "主務大臣に直接提出した日", "We submit(ted) this directly to the ministry: day"),
            (column::RECEIPT, "受付番号等", "Receipt"),
        ];
        for (place, ja, en) in headings {
            let words = self.say(ja, en);
            self.sheet.write_string_with_format(head::COLUMNS, place, words, &self.formats.heading)?;
        }
        self.sheet.set_freeze_panes(head::FIRST, column::KNOWN)?;
        Ok(())
    }

    fn help(&self) -> String {
        self.say(
            "変わった項目だけ記入してください。空欄は「変更なし」です。該当がない一覧は「なし」と記入してください。直接提出する項目は提出日だけを記入してください。",
            "Fill in what has changed; an empty cell means no change. Write 'none' where a list has no entry. For what you submit directly, give the day only.",
        )
    }

    fn field(&mut self, record: &SupplierRecord, field: SupplierField) -> Result<(), XlsxError> {
        let known = describe::lines(record, field, self.language);
        let (ja, en) = parts(field);
        let parts = ja.iter().zip(en).map(|(ja, en)| self.say(ja, en)).collect::<Vec<_>>();
        let label = field.label().get(self.language).to_string();
        let as_of = describe::as_of(record, field).unwrap_or_default();
        let hint = parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" | ");
        // What the answer cells mean stands above them.
        self.sheet.write_string_with_format(self.row, column::LABEL, &label, &self.formats.heading)?;
        for (place, part) in (column::ANSWER..).zip(&parts) {
            self.sheet.write_string_with_format(self.row, place, part, &self.formats.heading)?;
        }
        self.row += 1;
        let whole = if is_list(field) {
            self.say("一覧全体（なければ「なし」）", "the whole list ('none' if empty)")
        } else {
            hint
        };
        let shown = if is_list(field) {
            format!("{}: {}", self.say("件数", "entries"), known.len())
        } else {
            known.join("\n")
        };
        self.line(field.key(), &whole, if known.is_empty() { "" } else { &shown }, &as_of, true)?;
        if is_list(field) {
            for place in 0..known.len() + lines(field) {
                let known = known.get(place).map_or("", String::as_str);
                self.line(&format!("{}.{}", field.key(), place + 1), &(place + 1).to_string(), known, "", false)?;
            }
        }
        Ok(())
    }

    fn line(&mut self, key: &str, label: &str, known: &str, as_of: &str, whole: bool) -> Result<(), XlsxError> {
        self.sheet.write_string(self.row, column::KEY, key)?;
        for (place, words) in [(column::LABEL, label), (column::KNOWN, known), (column::KNOWN_AS_OF, as_of)] {
            self.sheet.write_string_with_format(self.row, place, words, &self.formats.known)?;
        }
        let last = if whole { column::RECEIPT } else { column::ANSWER + column::ANSWERS - 1 };
        for place in column::ANSWER..=last {
            self.sheet.write_blank(self.row, place, &self.formats.answer)?;
        }
        self.row += 1;
        Ok(())
    }

    fn widths(&mut self) -> Result<(), XlsxError> {
        self.sheet.set_column_hidden(column::KEY)?;
        for (place, width) in [(column::LABEL, 34), (column::KNOWN, 44), (column::KNOWN_AS_OF, 12)] {
            self.sheet.set_column_width(place, width)?;
        }
        for place in column::ANSWER..=column::RECEIPT {
            self.sheet.set_column_width(place, 24)?;
        }
        self.sheet.set_landscape().set_print_fit_to_pages(1, 0);
        Ok(())
    }
}
