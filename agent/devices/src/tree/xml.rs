//! Trees written as XML: an element is a word, an `entry` is the word that its name says, a text is a word under its element.
//! It does not know what a word means, and expands no entities: `plain` does, where a word goes into a reading.
//! Invariant: the text is never copied but once, into memory that is overwritten, since secrets stand in it.

use super::{DEPTH_MAX, Tree};
use crate::text::Line;
use daicho_schemas::fact::device::GapSort;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::borrow::Cow;
use zeroize::Zeroizing;

/// The lines as one text.
pub(crate) fn joined(lines: &[Line<'_>]) -> Zeroizing<String> {
    let length = lines.iter().map(|line| line.text.len() + 1).sum();
    let mut text = Zeroizing::new(String::with_capacity(length));
    for line in lines {
        text.push_str(&line.text);
        text.push('\n');
    }
    text
}

/// What a word of XML stands for.
pub(crate) fn plain(word: &str) -> Cow<'_, str> {
    quick_xml::escape::unescape(word).unwrap_or(Cow::Borrowed(word))
}

/// An element that is open.
struct Open {
    /// `None` where the tree takes no more.
    id: Option<u32>,
    /// Where its content begins.
    content: usize,
    /// Whether an element stands in it.
    parent: bool,
}

/// Reads from the first of these elements on: `<config`, `<response`. `lines` are those that `text` was joined from.
pub(crate) fn read<'t>(text: &'t str, lines: &[Line<'_>]) -> Tree<'t> {
    let mut tree = Tree::empty();
    let start = ["<?xml", "<response", "<config"].iter().filter_map(|tag| text.find(tag)).min().unwrap_or(0);
    let body = text.get(start..).unwrap_or_default();
    let mut reader = Reader::from_str(body);
    let mut number = Numbers { text: body, lines, at: 0, line: text.get(..start).map_or(0, newlines) };
    let mut open: Vec<Open> = Vec::new();
    let mut from = 0;
    loop {
        let event = reader.read_event();
        let to = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let slice = body.get(from..to).unwrap_or_default();
        let line = number.of(from);
        match event {
            Ok(Event::Start(_)) => {
                let id = element(&mut tree, &mut open, slice, line);
                open.push(Open { id, content: to, parent: false });
            }
            Ok(Event::Empty(_)) => {
                element(&mut tree, &mut open, slice, line);
            }
            Ok(Event::End(_)) => {
                let Some(closed) = open.pop() else { break };
                let content = body.get(closed.content..from).unwrap_or_default().trim();
                if let (false, false, Some(id)) = (closed.parent, content.is_empty(), closed.id) {
                    tree.put(id, content, line);
                }
                if open.is_empty() {
                    break;
                }
            }
            Ok(Event::Eof) | Err(_) => {
                tree.tell(
                    GapSort::CutOff,
                    line,
                    "XML がここで終わっているか、壊れています",
                    "the XML ends here before its end, or is broken",
                );
                break;
            }
            Ok(_) => {}
        }
        from = to;
    }
    tree
}

/// Puts an element where it belongs, with the attributes that say a version.
fn element<'t>(tree: &mut Tree<'t>, open: &mut [Open], slice: &'t str, line: u32) -> Option<u32> {
    let depth = open.len();
    let under = match open.last_mut() {
        Some(above) => {
            above.parent = true;
            above.id?
        }
        None => 0,
    };
    if depth >= DEPTH_MAX {
        if depth == DEPTH_MAX {
            tree.tell(GapSort::TooLarge, line, "入れ子が深すぎます", "elements are nested too deep");
        }
        return None;
    }
    let tag = slice.strip_prefix('<')?;
    let tag = tag.strip_suffix("/>").or(tag.strip_suffix('>')).unwrap_or(tag);
    let name = tag.split_whitespace().next()?;
    let word = attribute(tag, "name").filter(|_| name == "entry").unwrap_or(name);
    // A list of members is a list of words.
    let id = if name == "member" { Some(under) } else { tree.put(under, word, line) };
    if let (Some(id), "config", Some(version)) = (id, name, attribute(tag, "detail-version")) {
        let key = tree.put(id, "@detail-version", line)?;
        tree.put(key, version, line);
    }
    id
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let mut rest = tag;
    loop {
        let at = rest.find(name)?;
        let before = rest.get(..at)?;
        rest = rest.get(at + name.len()..)?;
        let Some(value) = rest.trim_start().strip_prefix('=').filter(|_| before.ends_with(char::is_whitespace)) else {
            continue;
        };
        let value = value.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        return value.get(1..)?.split(quote).next();
    }
}

/// Lines by places in the text, asked in order.
struct Numbers<'t, 'l> {
    text: &'t str,
    lines: &'l [Line<'l>],
    at: usize,
    line: usize,
}

impl Numbers<'_, '_> {
    fn of(&mut self, at: usize) -> u32 {
        self.line += self.text.get(self.at..at).map_or(0, newlines);
        self.at = self.at.max(at);
        self.lines.get(self.line).or(self.lines.last()).map_or(1, |line| line.number)
    }
}

fn newlines(text: &str) -> usize {
    text.matches('\n').count()
}
