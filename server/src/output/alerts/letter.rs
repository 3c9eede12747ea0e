//! A letter: a subject and blocks, said once and written as plain text and as HTML.
//! It does not know what it is about, nor how it travels.
//! Invariant: text and HTML say the same; whatever a host, a file or a person wrote is made printable and short before it
//! stands here, so that it breaks no header, no line and no tag.

use crate::i18n;
use askama::Template;
use daicho_schemas::text::{Language, printable};

/// The longest subject, in characters.
pub const SUBJECT_CHARS_MAX: usize = 160;
/// The longest value in a block, in characters: a caution of the law must never be cut.
const BLOCK_CHARS_MAX: usize = 4000;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// In which language it is.
    pub language: Language,
    /// What it is about, and how grave.
    pub subject: String,
    /// What it says, from top to bottom.
    pub blocks: Vec<Block>,
}

/// A piece of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// The beginning of a thing.
    Heading(String),
    /// A sentence.
    Text(String),
    /// What must be read before it is acted on: an uncertainty of the law or of what was seen.
    Caution(String),
    /// A name and its value.
    Field(String, String),
    /// A name and where it leads. The address is ours, never a stranger's.
    Link(String, String),
    /// How it came about, at the end.
    Foot(String),
}

/// What others wrote, fit to stand in a letter.
pub fn clean(words: &str, chars_max: usize) -> String {
    let words = printable(words.trim());
    if words.chars().count() <= chars_max {
        return words;
    }
    words.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect()
}

impl Letter {
    /// A letter without blocks.
    pub fn new(language: Language, subject: &str) -> Self {
        Self { language, subject: clean(subject, SUBJECT_CHARS_MAX), blocks: Vec::new() }
    }

    /// The words behind a key, with values in them.
    pub fn say(&self, key: &str, values: &[(&'static str, i18n::FluentValue<'static>)]) -> String {
        i18n::lookup(self.language, key, values)
    }

    /// The words behind a key.
    pub fn word(&self, key: &str) -> String {
        i18n::lookup(self.language, key, &[])
    }

    /// Begins a thing.
    pub fn heading(&mut self, words: &str) {
        self.blocks.push(Block::Heading(clean(words, BLOCK_CHARS_MAX)));
    }

    /// Adds a sentence, unless it is empty.
    pub fn text(&mut self, words: &str) {
        self.add(Block::Text, words);
    }

    /// Adds what must be read first.
    pub fn caution(&mut self, words: &str) {
        self.add(Block::Caution, words);
    }

    /// Adds how it came about.
    pub fn foot(&mut self, words: &str) {
        self.add(Block::Foot, words);
    }

    fn add(&mut self, block: fn(String) -> Block, words: &str) {
        let words = clean(words, BLOCK_CHARS_MAX);
        if !words.is_empty() {
            self.blocks.push(block(words));
        }
    }

    /// Adds a value under the words of a key, unless it is empty.
    pub fn field(&mut self, key: &str, value: &str) {
        let value = clean(value, BLOCK_CHARS_MAX);
        if !value.is_empty() {
            self.blocks.push(Block::Field(self.word(key), value));
        }
    }

    /// Adds a way to a page of the console, under the words of a key.
    pub fn link(&mut self, key: &str, console_url: &str, path: &str) {
        let address = format!("{}{path}", console_url.trim_end_matches('/'));
        self.blocks.push(Block::Link(self.word(key), address));
    }

    /// The letter as plain text, lines ended by a line feed.
    pub fn plain(&self) -> String {
        let mut lines = Vec::new();
        for block in &self.blocks {
            match block {
                Block::Heading(words) => lines.extend([String::new(), format!("■ {words}")]),
                Block::Text(words) => lines.push(words.clone()),
                Block::Caution(words) => lines.push(format!("[!] {words}")),
                Block::Field(name, value) => lines.push(format!("{name}: {value}")),
                Block::Link(name, address) => lines.push(format!("{name}: {address}")),
                Block::Foot(words) => lines.extend([String::new(), "--".into(), words.clone()]),
            }
        }
        lines.join("\n").trim_start().to_string() + "\n"
    }

    /// The letter as HTML: one document, without scripts, pictures or anything that is fetched.
    pub fn html(&self) -> Result<String, askama::Error> {
        Page { letter: self, tag: i18n::tag(self.language) }.render()
    }
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Page<'a> {
    letter: &'a Letter,
    tag: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_write_breaks_neither_line_nor_tag() {
        let mut letter = Letter::new(Language::En, "pkg\r\nBcc: everybody@example.jp\u{202e}gpj");
        assert_eq!(letter.subject, "pkg\u{fffd}\u{fffd}Bcc: everybody@example.jp\u{fffd}gpj");
        letter.field("alert-components", "<script>alert(1)</script>\u{1b}[2J\n-- \n");
        assert_eq!(letter.plain().lines().count(), 1, "{}", letter.plain());
        let html = letter.html().unwrap();
        assert!(!html.contains("<script>") && !html.contains('\u{1b}'), "{html}");
        let long = Letter::new(Language::En, &"長".repeat(500));
        assert_eq!(long.subject.chars().count(), SUBJECT_CHARS_MAX);
        assert!(long.subject.ends_with('…'));
    }

    #[test]
    fn text_and_html_say_the_same() {
        let mut letter = Letter::new(Language::Ja, "件名");
        letter.heading("見出し");
        letter.caution("注意");
        letter.field("alert-hosts", "tos-1");
        letter.link("alert-open-duty", "https://daicho.example.jp/", "/duties/duty-1");
        letter.foot("末尾");
        let (plain, html) = (letter.plain(), letter.html().unwrap());
        for said in ["見出し", "注意", "tos-1", "https://daicho.example.jp/duties/duty-1", "末尾"] {
            assert!(plain.contains(said) && html.contains(said), "{said}");
        }
    }
}
