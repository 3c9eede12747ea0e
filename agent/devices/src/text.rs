//! Bytes to lines: which encoding, and what terminals, pagers and copying left in them.
//! It does not know any maker's words.
//! Invariant: a line keeps the number it has in the file, and whatever was taken out is told as a gap.

use crate::{NotRead, draft, refused};
use daicho_schemas::fact::device::{Gap, GapSort};
use encoding_rs::{EUC_JP, Encoding, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;
use zeroize::Zeroizing;

/// Lines that one file may have. A configuration with 100,000 filters has a third of it.
pub(crate) const LINES_MAX: usize = 400_000;
/// One line, in bytes; what is longer is cut and told. Certificates in one line are below 20,000.
pub(crate) const LINE_BYTES_MAX: usize = 65_536;

/// A line of the file with its number, counted from 1.
#[derive(Clone)]
pub(crate) struct Line<'a> {
    pub(crate) number: u32,
    pub(crate) text: Cow<'a, str>,
}

impl<'a> Line<'a> {
    /// The line without the blanks around it.
    pub(crate) fn trimmed(&self) -> &str {
        self.text.trim()
    }
}

/// A file as text. The memory is overwritten when it is let go.
pub(crate) struct Cleaned {
    text: Zeroizing<String>,
    pub(crate) encoding: &'static str,
    pub(crate) gaps: Vec<Gap>,
}

impl Cleaned {
    pub(crate) fn lines(&self) -> Vec<Line<'_>> {
        (1..).zip(self.text.split('\n')).map(|(number, text)| Line { number, text: Cow::Borrowed(text) }).collect()
    }
}

/// Decodes and cleans.
pub(crate) fn clean(bytes: &[u8]) -> Result<Cleaned, NotRead> {
    let mut gaps = Vec::new();
    let (decoded, encoding) = decode(bytes, &mut gaps)?;
    let odd =
        decoded.chars().filter(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{8}' | '\u{1b}' | '\u{7}'));
    if odd.count() * 20 > decoded.len() || decoded.trim().is_empty() {
        return Err(not_text());
    }
    if is_markup(&decoded) {
        return Ok(Cleaned { text: decoded, encoding: encoding.name(), gaps });
    }
    let lone = !decoded.contains('\n') && decoded.contains('\r');
    let ends = if lone { '\r' } else { '\n' };
    if decoded.matches(ends).count() >= LINES_MAX {
        return Err(refused::too_many_lines());
    }
    let mut screen = Screen::default();
    let mut text = Zeroizing::new(String::with_capacity(decoded.len()));
    for (number, raw) in (1_u32..).zip(decoded.split(ends)) {
        if number > 1 {
            text.push('\n');
        }
        screen.show(number, raw, &mut text);
    }
    screen.tell(&mut gaps);
    Ok(Cleaned { text, encoding: encoding.name(), gaps })
}

/// XML has its own idea of lines.
pub(crate) fn is_markup(text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    start.starts_with("<?xml") || start.starts_with("<config") || start.starts_with("<response")
}

fn not_text() -> NotRead {
    refused::not_text()
}

fn decode(bytes: &[u8], gaps: &mut Vec<Gap>) -> Result<(Zeroizing<String>, &'static Encoding), NotRead> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let (text, broken) = encoding.decode_without_bom_handling(bytes.get(length..).unwrap_or_default());
        if broken {
            gaps.push(undecodable());
        }
        return Ok((Zeroizing::new(text.into_owned()), encoding));
    }
    if let Some(encoding) = wide(bytes) {
        let (text, _) = encoding.decode_without_bom_handling(bytes);
        return Ok((Zeroizing::new(text.into_owned()), encoding));
    }
    let mut best: Option<(i64, Zeroizing<String>, &'static Encoding)> = None;
    for encoding in [UTF_8, EUC_JP, SHIFT_JIS] {
        let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) else { continue };
        if encoding == UTF_8 {
            return Ok((Zeroizing::new(text.into_owned()), encoding));
        }
        let merit = japanese(&text);
        if best.as_ref().is_none_or(|(known, ..)| merit > *known) {
            best = Some((merit, Zeroizing::new(text.into_owned()), encoding));
        }
    }
    if let Some((_, text, encoding)) = best {
        return Ok((text, encoding));
    }
    let (text, encoding) = [UTF_8, SHIFT_JIS, EUC_JP]
        .map(|encoding| (encoding.decode_without_bom_handling(bytes).0, encoding))
        .into_iter()
        .min_by_key(|(text, _)| text.matches('\u{fffd}').count())
        .ok_or_else(not_text)?;
    if text.matches('\u{fffd}').count() * 10 > text.len() {
        return Err(not_text());
    }
    gaps.push(undecodable());
    Ok((Zeroizing::new(text.into_owned()), encoding))
}

/// UTF-16 without a mark: every second byte of plain letters is zero.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..bytes.len().min(4096))?;
    let zero = |odd: usize| head.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let half = head.len() / 2;
    match (zero(0) * 10 > half * 7, zero(1) * 10 > half * 7) {
        (true, false) => Some(UTF_16BE),
        (false, true) => Some(UTF_16LE),
        _ => None,
    }
}

/// What is EUC-JP read as Shift_JIS becomes half-width katakana, which nobody writes in such numbers.
fn japanese(text: &str) -> i64 {
    text.chars()
        .map(|c| match c {
            '\u{ff61}'..='\u{ff9f}' => -2,
            '\u{3041}'..='\u{30ff}' => 2,
            '\u{4e00}'..='\u{9fff}' => 1,
            _ => 0,
        })
        .sum()
}

fn undecodable() -> Gap {
    draft::gap(
        GapSort::Encoding,
        None,
        "文字として読めないバイトがありました。置き換えて読みました",
        "some bytes are no text in any encoding that we know; they were replaced",
    )
}

/// What a pager leaves where it stopped, of the families that we read and of terminals in general.
const PAGERS: [&str; 12] = [
    "--More-- or (q)uit",
    "--More--",
    "-- More --",
    "--more--",
    "---more---",
    "---More---",
    "----More----",
    "<--- More --->",
    "---(more)---",
    "---つづく---",
    "-- MORE --",
    "Press any key to continue (Q to quit)",
];

/// One line of a terminal, and what was seen on it.
#[derive(Default)]
struct Screen {
    cells: Vec<char>,
    colours: Option<u32>,
    pager: Option<u32>,
    last_is_pager: bool,
    long: Option<u32>,
}

impl Screen {
    fn show(&mut self, number: u32, raw: &str, out: &mut String) {
        let mut end = raw.len().min(LINE_BYTES_MAX);
        while !raw.is_char_boundary(end) {
            end -= 1;
        }
        if end < raw.len() {
            self.long.get_or_insert(number);
        }
        let raw = raw.get(..end).unwrap_or_default().trim_end_matches('\r');
        let start = out.len();
        if raw.contains(['\u{8}', '\u{1b}', '\r', '\0', '\u{7}', '\u{c}']) {
            self.replay(number, raw);
            out.extend(self.cells.drain(..));
        } else {
            out.push_str(raw);
        }
        let kept = out.get(start..).unwrap_or_default().trim_end().len();
        out.truncate(start + kept);
        self.last_is_pager = self.without_pager(number, start, out);
    }

    /// A terminal's cursor: what is written over something takes its place.
    fn replay(&mut self, number: u32, raw: &str) {
        let mut at = 0_usize;
        let mut chars = raw.chars();
        while let Some(c) = chars.next() {
            match c {
                '\r' => at = 0,
                '\u{8}' => at = at.saturating_sub(1),
                '\u{1b}' => {
                    self.colours.get_or_insert(number);
                    if escape(&mut chars) {
                        self.cells.truncate(at);
                    }
                }
                c if c.is_control() && c != '\t' => {}
                c => {
                    match self.cells.get_mut(at) {
                        Some(cell) => *cell = c,
                        None => self.cells.push(c),
                    }
                    at += 1;
                }
            }
        }
        if raw.contains(['\u{8}', '\r']) && PAGERS.iter().any(|pager| raw.contains(pager)) {
            self.pager.get_or_insert(number);
        }
    }

    /// Takes a pager's words off the front of a line; true when nothing else stood there.
    fn without_pager(&mut self, number: u32, start: usize, out: &mut String) -> bool {
        let line = out.get(start..).unwrap_or_default();
        let inner = line.trim_start();
        let Some(pager) = PAGERS.iter().find(|pager| inner.starts_with(**pager)) else { return false };
        let rest = inner.get(pager.len()..).unwrap_or_default();
        // A pager's words in the middle of somebody's sentence are no pager.
        let rest = rest.strip_prefix(' ').map_or(rest, str::trim_start).to_owned();
        let rest = Zeroizing::new(rest);
        self.pager.get_or_insert(number);
        out.truncate(start);
        out.push_str(&rest);
        rest.is_empty()
    }

    fn tell(&self, gaps: &mut Vec<Gap>) {
        if self.pager.is_some() || self.colours.is_some() {
            gaps.push(draft::gap(
                GapSort::Residue,
                self.pager.or(self.colours),
                "端末のページ送りや色の跡を取り除いて読みました",
                "what a pager or a terminal's colours left was taken out",
            ));
        }
        if self.last_is_pager {
            gaps.push(draft::gap(
                GapSort::CutOff,
                None,
                "ページ送りの途中で終わっています。続きがありません",
                "the text ends where a pager stopped; the rest is missing",
            ));
        }
        if self.long.is_some() {
            gaps.push(draft::gap(
                GapSort::TooLarge,
                self.long,
                format!("{LINE_BYTES_MAX} バイトより長い行があり、その先は読んでいません"),
                format!("a line is longer than {LINE_BYTES_MAX} bytes; the rest of it was not read"),
            ));
        }
    }
}

/// Takes an escape sequence away; true when it erases to the end of the line.
fn escape(chars: &mut std::str::Chars<'_>) -> bool {
    let mut ahead = chars.clone();
    if ahead.next() != Some('[') {
        chars.next();
        return false;
    }
    *chars = ahead;
    for c in chars.by_ref() {
        if ('\u{40}'..='\u{7e}').contains(&c) {
            return c == 'K';
        }
    }
    false
}

/// Puts lines together again that a terminal of 80 columns broke: a line of exactly that width, and a next one that
/// `starts` does not know as the beginning of a statement. Returns the first line that was put together.
pub(crate) fn rejoin<'a>(lines: &[Line<'a>], starts: impl Fn(&str) -> bool) -> (Vec<Line<'a>>, Option<u32>) {
    let mut joined: Vec<Line<'a>> = Vec::with_capacity(lines.len());
    let (mut first, mut full) = (None, false);
    for line in lines {
        let wraps = full && !line.text.is_empty() && !line.text.starts_with(' ') && !starts(&line.text);
        full = columns(&line.text) == 80;
        match joined.last_mut() {
            Some(before) if wraps && before.text.len() < LINE_BYTES_MAX => {
                first.get_or_insert(before.number);
                before.text.to_mut().push_str(&line.text);
            }
            _ => joined.push(line.clone()),
        }
    }
    (joined, first)
}

/// A prompt, with what somebody typed behind it or without.
pub(crate) fn is_prompt(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    first.len() > 1 && (first.ends_with(['#', '>']) || first.contains(")#"))
}

/// Columns on a terminal: a Japanese character takes two.
fn columns(text: &str) -> usize {
    if text.len() < 80 {
        return text.len();
    }
    text.chars().map(|c| if c >= '\u{1100}' && !('\u{ff61}'..='\u{ffdc}').contains(&c) { 2 } else { 1 }).sum()
}
