//! Configurations in blocks: a head line, and lines under it that are set in, as IOS and those after it write them.
//! It does not know any statement.
//! Invariant: a text whose indentation was lost on the way is read by what opens and closes a block.

use crate::text::Line;
use std::collections::BTreeMap;

/// A statement of the outermost level and what stands under it.
pub(crate) struct Block<'l> {
    pub(crate) line: u32,
    pub(crate) head: &'l str,
    pub(crate) body: Vec<(u32, &'l str)>,
}

impl<'l> Block<'l> {
    /// The first statement under the head that begins with these words: its line, and what follows them.
    pub(crate) fn find(&self, words: &str) -> Option<(u32, &'l str)> {
        self.body.iter().find_map(|(line, text)| after(text, words).map(|rest| (*line, rest)))
    }

    /// All of them.
    pub(crate) fn all<'b>(&'b self, words: &'b str) -> impl Iterator<Item = (u32, &'l str)> + 'b {
        self.body.iter().filter_map(move |(line, text)| after(text, words).map(|rest| (*line, rest)))
    }
}

/// What follows the words with which a statement begins; `None` when it begins otherwise.
pub(crate) fn after<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    let mut rest = text.trim_start();
    for word in words.split(' ') {
        let tail = rest.strip_prefix(word)?;
        if !tail.is_empty() && !tail.starts_with([' ', '\t']) {
            return None;
        }
        rest = tail.trim_start();
    }
    Some(rest)
}

/// Blocks whose head begins with these words, by the word that follows; of two the first.
pub(crate) fn by_name<'b, 'l>(blocks: &'b [Block<'l>], words: &str) -> BTreeMap<&'l str, &'b Block<'l>> {
    let mut named = BTreeMap::new();
    for block in blocks {
        if let Some(name) = after(block.head, words).and_then(|rest| rest.split(' ').next()) {
            named.entry(name).or_insert(block);
        }
    }
    named
}

/// Takes a text apart. `opens` says which heads have a body; it is asked where indentation does not tell.
pub(crate) fn blocks<'l>(lines: &'l [Line<'_>], opens: impl Fn(&str) -> bool) -> Vec<Block<'l>> {
    let flat = !lines.iter().any(|line| line.text.starts_with([' ', '\t']) && !line.trimmed().is_empty());
    let mut blocks: Vec<Block<'l>> = Vec::new();
    let mut open = false;
    for line in lines {
        let text = line.trimmed();
        if text.is_empty() {
            continue;
        }
        if text.starts_with('!') || text == "exit" {
            open = false;
            continue;
        }
        let inner = if flat { open && !opens(text) } else { line.text.starts_with([' ', '\t']) };
        match blocks.last_mut() {
            Some(block) if inner => block.body.push((line.number, text)),
            _ => {
                open = opens(text);
                blocks.push(Block { line: line.number, head: text, body: Vec::new() });
            }
        }
    }
    blocks
}
