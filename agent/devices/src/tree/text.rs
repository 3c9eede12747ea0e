//! Trees in braces and as `set` lines.
//! It does not know which maker wrote them; prompts and comments are passed over.
//! Invariant: braces that do not match are told as a part that is missing.

use super::{DEPTH_MAX, Tree};
use crate::text::{Line, is_prompt};
use daicho_schemas::fact::device::GapSort;

/// Lines that a text in quotation marks may go over.
const QUOTED_LINES_MAX: usize = 60;

/// Reads a configuration, whichever of both forms a line is in.
pub(crate) fn read<'t>(lines: &'t [Line<'_>]) -> Tree<'t> {
    let mut reader =
        Reader { tree: Tree::empty(), open: Vec::new(), path: Vec::new(), off: false, list: None, deep: 0 };
    let mut comment = false;
    let mut skip = 0_usize;
    for (at, line) in lines.iter().enumerate() {
        let text = line.trimmed();
        if skip > 0 {
            skip -= 1;
        } else if comment || text.starts_with("/*") {
            comment = !text.contains("*/");
        } else if text.is_empty() || is_noise(text) {
        } else if reader.path.is_empty() && is_flat(text) {
            skip = quoted_lines(lines, at, true);
            reader.flat(line.number, text);
        } else {
            skip = quoted_lines(lines, at, false);
            reader.braces(line.number, text);
            if skip > 0 {
                reader.end();
            }
        }
    }
    let mut tree = reader.tree;
    if let Some((line, _)) = reader.open.last() {
        tree.tell(
            GapSort::CutOff,
            *line,
            "括弧が閉じないままファイルが終わっています",
            "the file ends within a block that begins here",
        );
    }
    tree
}

fn is_noise(text: &str) -> bool {
    let banner = text.starts_with('{') && text.ends_with('}') && text.len() > 2;
    // A wildcard in a group of Junos, `<*>`, is no prompt.
    let prompt = is_prompt(text) && !text.starts_with('<');
    text.starts_with(['#', '!']) || text.starts_with("[edit") || banner || prompt
}

fn is_flat(text: &str) -> bool {
    let verbs = ["set ", "deactivate ", "delete ", "rename ", "move ", "activate ", "insert "];
    verbs.iter().any(|verb| text.starts_with(verb)) && !text.ends_with(['{', ';'])
}

/// How many lines after this one belong to a text in quotation marks that it opens.
fn quoted_lines(lines: &[Line<'_>], at: usize, flat: bool) -> usize {
    let Some(line) = lines.get(at) else { return 0 };
    if line.text.matches('"').count() % 2 == 0 {
        return 0;
    }
    for (after, line) in lines.iter().skip(at + 1).take(QUOTED_LINES_MAX).enumerate() {
        let text = line.trimmed();
        if (flat && text.starts_with("set ")) || (!flat && text.ends_with('{')) {
            return 0;
        }
        if text.contains('"') {
            return after + 1;
        }
    }
    0
}

struct Reader<'t> {
    tree: Tree<'t>,
    /// The blocks that are open, with the lines on which they were opened.
    open: Vec<(u32, u32)>,
    /// The words of the statement that is not ended yet.
    path: Vec<u32>,
    off: bool,
    /// Where the words in brackets stand under.
    list: Option<Option<u32>>,
    /// Blocks deeper than is read.
    deep: usize,
}

impl<'t> Reader<'t> {
    /// `set security ike gateway a address 192.0.2.1`, `deactivate …`.
    fn flat(&mut self, line: u32, text: &'t str) {
        self.tree.flat = true;
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        if !matches!(verb, "set" | "deactivate") {
            self.tree.tell(
                GapSort::NotUnderstood,
                line,
                "設定を編集する命令があります。結果の設定を取り直してください",
                "there are commands that edit a configuration; take the configuration that results from them",
            );
            return;
        }
        let (mut at, mut list, mut depth) = (Some(0), None, 0);
        for (word, quoted) in words(rest) {
            match (word, quoted) {
                ("[", false) => list = at,
                ("]", false) => list = None,
                _ => {
                    let under = list.or(at);
                    depth += 1;
                    at = under.filter(|_| depth <= DEPTH_MAX * 4).and_then(|under| self.tree.put(under, word, line));
                    if depth == 1 {
                        self.tree.last = word;
                    }
                }
            }
        }
        if let (Some(at), "deactivate") = (at, verb) {
            self.tree.switch_off(at);
        }
    }

    /// A line in braces.
    fn braces(&mut self, line: u32, text: &'t str) {
        for (word, quoted) in words(text) {
            match (word, quoted) {
                ("{", false) => self.block(line),
                ("}", false) => self.close(line),
                (";", false) => self.end(),
                ("[", false) => self.list = Some(self.path.last().copied()),
                ("]", false) => self.list = None,
                ("inactive:", false) => self.off = true,
                ("protect:" | "replace:", false) => {}
                (word, false) if word.starts_with("/*") || word.starts_with('#') => break,
                _ => self.word(word, line),
            }
        }
    }

    fn word(&mut self, word: &'t str, line: u32) {
        if self.deep > 0 || self.path.len() > DEPTH_MAX {
            return;
        }
        let above = self.open.last().map_or(0, |(_, id)| *id);
        let under = self.list.flatten().or(self.path.last().copied()).unwrap_or(above);
        if self.open.is_empty() && self.path.is_empty() {
            self.tree.last = word;
        }
        if let Some(id) = self.tree.put(under, word, line) {
            self.path.push(id);
        }
    }

    fn block(&mut self, line: u32) {
        let off = std::mem::take(&mut self.off);
        self.list = None;
        if self.deep > 0 || self.open.len() >= DEPTH_MAX {
            if self.deep == 0 {
                self.tree.tell(GapSort::TooLarge, line, "入れ子が深すぎます", "blocks are nested too deep");
            }
            self.deep += 1;
            self.path.clear();
            return;
        }
        let above = self.open.last().map_or(0, |(_, id)| *id);
        let id = self.path.last().copied().unwrap_or(above);
        if off {
            self.tree.switch_off(id);
        }
        self.path.clear();
        self.open.push((line, id));
    }

    fn close(&mut self, line: u32) {
        self.end();
        if self.deep > 0 {
            self.deep -= 1;
        } else if self.open.pop().is_none() {
            self.tree.tell(
                GapSort::CutOff,
                line,
                "開いていない括弧がここで閉じています。前の部分がありません",
                "a block ends here that did not begin; the part before it is missing",
            );
        }
    }

    fn end(&mut self) {
        if let (true, Some(id)) = (self.off, self.path.last()) {
            self.tree.switch_off(*id);
        }
        self.off = false;
        self.list = None;
        self.path.clear();
    }
}

/// Words and signs of a line. A text in quotation marks is one word; the flag says so.
fn words(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        if first == '"' {
            let inner = rest.get(1..)?;
            let end = closing(inner);
            let word = inner.get(..end)?;
            rest = inner.get(end + 1..).unwrap_or_default();
            return Some((word, true));
        }
        let signs = ['{', '}', ';', '[', ']'];
        let end = if signs.contains(&first) {
            1
        } else {
            // Brackets within a word, as in `[2001:db8::1]:443`, are of the word.
            rest.find([' ', '\t', '{', '}', ';']).unwrap_or(rest.len())
        };
        let (word, tail) = rest.split_at_checked(end)?;
        rest = tail;
        // `[a b]` without blanks.
        if let Some(short) = word.strip_suffix(']').filter(|short| !short.is_empty() && !short.contains('[')) {
            rest = text.get(text.len() - tail.len() - 1..)?;
            return Some((short, false));
        }
        Some((word, false))
    })
}

/// Where the quotation mark is that ends a text; its length when there is none.
fn closing(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => return at,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}
