//! The grammar of FortiOS: `config`, `edit`, `set`, `unset`, `next`, `end`, and texts in quotes over many lines.
//! It does not know what any object means.
//! Invariant: a value is looked at only when somebody asks for it by its key; whatever is open at the end is cut off.

use crate::draft;
use crate::text::Line;
use daicho_schemas::fact::device::{Gap, GapSort};
use std::collections::BTreeMap;

/// Blocks within blocks; what lies deeper is skipped and told.
const DEPTH_MAX: usize = 12;

/// One `edit`, or a `config` that holds settings itself.
pub(super) struct Object<'l> {
    pub(super) line: u32,
    /// `system interface`, and for a block within an object `system interface/ipv6`.
    path: std::rc::Rc<str>,
    pub(super) vdom: &'l str,
    /// The name behind `edit`; empty for settings.
    pub(super) name: &'l str,
    /// The names of the objects around it.
    pub(super) within: &'l str,
    sets: Vec<(u32, &'l str, &'l str)>,
}

impl<'l> Object<'l> {
    /// The line and the words of a setting.
    pub(super) fn get(&self, key: &str) -> Option<(u32, Vec<&'l str>)> {
        self.sets.iter().rev().find(|(_, known, _)| *known == key).map(|(line, _, rest)| (*line, words(rest)))
    }

    /// The line and the first word.
    pub(super) fn one(&self, key: &str) -> Option<(u32, &'l str)> {
        self.get(key).and_then(|(line, words)| words.first().map(|word| (line, *word)))
    }

    /// Whether a setting has this word.
    pub(super) fn is(&self, key: &str, word: &str) -> bool {
        self.one(key).is_some_and(|(_, value)| value == word)
    }

    /// Settings whose key begins so.
    pub(super) fn keys<'o>(&'o self, start: &'o str) -> impl Iterator<Item = (u32, &'l str, Vec<&'l str>)> + 'o {
        self.sets
            .iter()
            .filter(move |(_, key, _)| key.starts_with(start))
            .map(|(line, key, rest)| (*line, *key, words(rest)))
    }
}

/// The words of a value; what stands in quotes is one.
pub(super) fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && words.len() < 5000 {
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut escaped = false;
            let end = quoted.find(|c: char| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let end = end.unwrap_or(quoted.len());
            words.push(quoted.get(..end).unwrap_or_default());
            rest = quoted.get(end + 1..).unwrap_or_default().trim_start();
        } else {
            let end = rest.find([' ', '\t']).unwrap_or(rest.len());
            words.push(rest.get(..end).unwrap_or_default());
            rest = rest.get(end..).unwrap_or_default().trim_start();
        }
    }
    words
}

/// A configuration as objects by path.
pub(super) struct Tree<'l> {
    objects: BTreeMap<std::rc::Rc<str>, Vec<Object<'l>>>,
    /// Whether everything that was opened was closed.
    pub(super) gaps: Vec<Gap>,
}

impl<'l> Tree<'l> {
    /// All objects of a path, in order.
    pub(super) fn all(&self, path: &str) -> &[Object<'l>] {
        self.objects.get(path).map_or(&[], Vec::as_slice)
    }

    /// The settings of a path that is no list; with virtual domains there may be several.
    pub(super) fn settings<'t>(&'t self, path: &str) -> impl Iterator<Item = &'t Object<'l>> {
        self.all(path).iter()
    }

    /// Whether the file has the path at all.
    pub(super) fn has(&self, path: &str) -> bool {
        self.objects.contains_key(path)
    }

    pub(super) fn of(lines: &'l [Line<'_>]) -> Self {
        let mut reader = Reader::default();
        for line in lines {
            reader.take(line.number, line.trimmed());
        }
        reader.end(lines.last().map(|line| line.number))
    }
}

struct Frame<'l> {
    path: std::rc::Rc<str>,
    /// Settings go to the object; a list has one per `edit`.
    object: Option<Object<'l>>,
    /// `config vdom`, `config global`: a place and no object.
    place: bool,
    within: &'l str,
}

#[derive(Default)]
struct Reader<'l> {
    frames: Vec<Frame<'l>>,
    objects: BTreeMap<std::rc::Rc<str>, Vec<Object<'l>>>,
    vdom: &'l str,
    /// Virtual domains that are named.
    vdoms: std::collections::BTreeSet<&'l str>,
    /// Inside quotes that a line left open.
    quoted: Option<u32>,
    too_deep: Option<u32>,
    skipped: usize,
    astray: Option<u32>,
}

impl<'l> Reader<'l> {
    fn take(&mut self, line: u32, text: &'l str) {
        if self.quoted.is_some() {
            if !balanced(text) {
                self.quoted = None;
            }
            return;
        }
        let (verb, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
        match verb {
            "config" => self.config(line, rest.trim()),
            "edit" => self.edit(line, rest),
            "set" | "append" => self.set(line, rest),
            "unset" => {
                if let Some(object) = self.frames.last_mut().and_then(|frame| frame.object.as_mut()) {
                    object.sets.retain(|(_, key, _)| *key != rest.trim());
                }
            }
            "next" => self.close_object(line),
            "end" => {
                if self.skipped > 0 {
                    self.skipped -= 1;
                } else {
                    self.close_object(line);
                    if self.frames.pop().is_none() {
                        self.astray.get_or_insert(line);
                    }
                    if self.frames.is_empty() {
                        self.vdom = "";
                    }
                }
            }
            _ => {}
        }
        if matches!(verb, "set" | "edit" | "append") && !balanced(text) {
            self.quoted = Some(line);
        }
    }

    fn config(&mut self, line: u32, rest: &'l str) {
        if self.frames.len() >= DEPTH_MAX || self.skipped > 0 {
            self.skipped += 1;
            self.too_deep.get_or_insert(line);
            return;
        }
        let top = self.frames.iter().all(|frame| frame.place);
        let place = top && (rest == "vdom" || rest == "global");
        let around = self.frames.last().filter(|frame| !frame.place);
        let within = around.map_or("", |frame| frame.object.as_ref().map_or("", |object| object.name));
        let path: std::rc::Rc<str> = match around {
            Some(frame) => format!("{}/{rest}", frame.path).into(),
            None => rest.into(),
        };
        let path = self.objects.get_key_value(&path).map_or(path, |(known, _)| known.clone());
        self.frames.push(Frame { path, object: None, place, within });
    }

    fn edit(&mut self, line: u32, rest: &'l str) {
        let name = words(rest).first().copied().unwrap_or_default();
        if self.skipped > 0 {
            return;
        }
        self.close_object(line);
        let vdom = self.vdom;
        let Some(frame) = self.frames.last_mut() else {
            self.astray.get_or_insert(line);
            return;
        };
        if frame.place {
            self.vdom = name;
            self.vdoms.insert(name);
        } else {
            frame.object =
                Some(Object { line, path: frame.path.clone(), vdom, name, within: frame.within, sets: Vec::new() });
        }
    }

    fn set(&mut self, line: u32, rest: &'l str) {
        let vdom = self.vdom;
        let Some(frame) = self.frames.last_mut().filter(|frame| !frame.place) else {
            self.astray.get_or_insert(line);
            return;
        };
        if self.skipped > 0 {
            return;
        }
        let within = frame.within;
        let path = frame.path.clone();
        let object =
            frame.object.get_or_insert_with(|| Object { line, path, vdom, name: "", within, sets: Vec::new() });
        let (key, value) = rest.trim().split_once([' ', '\t']).unwrap_or((rest.trim(), ""));
        object.sets.push((line, key, value));
    }

    fn close_object(&mut self, line: u32) {
        let Some(frame) = self.frames.last_mut() else {
            self.astray.get_or_insert(line);
            return;
        };
        if let Some(object) = frame.object.take() {
            self.objects.entry(object.path.clone()).or_default().push(object);
        } else {
            self.objects.entry(frame.path.clone()).or_default();
        }
    }

    fn end(mut self, last: Option<u32>) -> Tree<'l> {
        let mut gaps = Vec::new();
        if !self.frames.is_empty() || self.quoted.is_some() {
            gaps.push(draft::gap(
                GapSort::CutOff,
                self.quoted.or(last),
                "設定のまとまりが閉じないままファイルが終わっています",
                "the file ends within a block or a text in quotes",
            ));
        }
        if self.astray.is_some() {
            gaps.push(draft::gap(
                GapSort::CutOff,
                self.astray,
                "どのまとまりにも入らない行があります。先頭が欠けている可能性があります",
                "lines belong to no block; the beginning may be missing",
            ));
        }
        if self.too_deep.is_some() {
            gaps.push(draft::gap(
                GapSort::TooLarge,
                self.too_deep,
                "入れ子が深すぎる部分は読んでいません",
                "what is nested too deeply was not read",
            ));
        }
        while let Some(mut frame) = self.frames.pop() {
            if let Some(object) = frame.object.take() {
                self.objects.entry(object.path.clone()).or_default().push(object);
            }
        }
        let all = || self.objects.values().flatten();
        let missing = self.vdoms.iter().any(|vdom| !all().any(|object| object.vdom == *vdom));
        // Routes come last in a configuration.
        if missing || !self.objects.keys().any(|path| path.starts_with("router ")) {
            gaps.push(draft::gap(
                GapSort::CutOff,
                last,
                "設定の末尾にあるはずの部分（router、各 VDOM）がありません。一部だけの設定の可能性があります",
                "parts that stand at the end of a configuration (router, every VDOM) are missing; it may be a part of one",
            ));
        }
        Tree { objects: self.objects, gaps }
    }
}

/// Whether every quote of a line has its other half.
fn balanced(text: &str) -> bool {
    let mut escaped = false;
    let quotes = text.chars().filter(|c| {
        let counts = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        counts
    });
    quotes.count() % 2 == 0
}
