//! Configurations that are trees of words: PAN-OS and Junos, in braces, as `set` lines and as XML. All three forms of the
//! same configuration give the same tree.
//! It does not know what a word means.
//! Invariant: what was switched off in the file (`inactive:`, `deactivate`) is found only by who asks for it, and the
//! size of a tree is bounded.

mod groups;
mod text;
mod xml;

pub(crate) use text::read as from_text;
pub(crate) use xml::{joined, plain, read as from_xml};

use crate::draft;
use daicho_schemas::fact::device::{Gap, GapSort};
use std::collections::BTreeMap;

/// Words in one tree. The largest configuration that we know of has a third of it.
const NODES_MAX: usize = 600_000;
/// Words from the top to the bottom.
const DEPTH_MAX: usize = 40;

/// A configuration as a tree.
pub(crate) struct Tree<'t> {
    nodes: Vec<Node<'t>>,
    /// Every word below the one that it stands under.
    index: BTreeMap<(u32, &'t str), u32>,
    /// Why something is not in it.
    pub(crate) gaps: Vec<Gap>,
    /// The word at the top of the last statement.
    pub(crate) last: &'t str,
    /// Whether it was written as `set` lines, which have no end that one could see.
    pub(crate) flat: bool,
}

struct Node<'t> {
    word: &'t str,
    line: u32,
    off: bool,
    /// The first, the last and the next word: places in the list, 0 for none, since the root is nobody's child.
    first: u32,
    last: u32,
    next: u32,
}

impl<'t> Tree<'t> {
    fn empty() -> Self {
        let root = Node { word: "", line: 1, off: false, first: 0, last: 0, next: 0 };
        Self { nodes: vec![root], index: BTreeMap::new(), gaps: Vec::new(), last: "", flat: false }
    }

    /// The word under another; it is put there when it is new. `None` when the tree is full.
    fn put(&mut self, under: u32, word: &'t str, line: u32) -> Option<u32> {
        if let Some(known) = self.index.get(&(under, word)) {
            return Some(*known);
        }
        if self.nodes.len() >= NODES_MAX {
            if !self.gaps.iter().any(|gap| gap.sort == GapSort::TooLarge) {
                self.gaps.push(draft::gap(
                    GapSort::TooLarge,
                    Some(line),
                    "設定が大きすぎるため、ここから先は読んでいません",
                    "the configuration is too large; from here on it was not read",
                ));
            }
            return None;
        }
        let id = u32::try_from(self.nodes.len()).ok()?;
        self.nodes.push(Node { word, line, off: false, first: 0, last: 0, next: 0 });
        let above = self.nodes.get_mut(usize::try_from(under).ok()?)?;
        let before = std::mem::replace(&mut above.last, id);
        if before == 0 {
            above.first = id;
        } else {
            self.nodes.get_mut(usize::try_from(before).ok()?)?.next = id;
        }
        self.index.insert((under, word), id);
        Some(id)
    }

    fn switch_off(&mut self, id: u32) {
        if let Some(node) = usize::try_from(id).ok().and_then(|id| self.nodes.get_mut(id)) {
            node.off = true;
        }
    }

    fn tell(&mut self, sort: GapSort, line: u32, ja: &str, en: &str) {
        if self.gaps.len() < 50 {
            self.gaps.push(draft::gap(sort, Some(line), ja, en));
        }
    }

    /// What everything stands under.
    pub(crate) fn root(&self) -> At<'_, 't> {
        At { tree: self, id: 0 }
    }

    fn node(&self, id: u32) -> Option<&Node<'t>> {
        usize::try_from(id).ok().and_then(|id| self.nodes.get(id))
    }
}

/// A word of a tree with what stands under it.
#[derive(Clone, Copy)]
pub(crate) struct At<'a, 't> {
    tree: &'a Tree<'t>,
    id: u32,
}

impl<'a, 't> At<'a, 't> {
    /// The word itself, as the file writes it.
    pub(crate) fn word(self) -> &'t str {
        self.tree.node(self.id).map_or("", |node| node.word)
    }

    /// The line on which it was first.
    pub(crate) fn line(self) -> u32 {
        self.tree.node(self.id).map_or(1, |node| node.line)
    }

    /// Whether the file switches it off.
    pub(crate) fn is_off(self) -> bool {
        self.tree.node(self.id).is_some_and(|node| node.off)
    }

    /// What stands right under it, and what is switched off, too.
    pub(crate) fn all(self) -> impl Iterator<Item = At<'a, 't>> {
        let mut next = self.tree.node(self.id).map_or(0, |node| node.first);
        std::iter::from_fn(move || {
            let id = next;
            next = self.tree.node(id).filter(|_| id != 0)?.next;
            Some(At { tree: self.tree, id })
        })
    }

    /// What stands right under it.
    pub(crate) fn children(self) -> impl Iterator<Item = At<'a, 't>> {
        self.all().filter(|child| !child.is_off())
    }

    /// What stands under some words: `ike gateway`.
    pub(crate) fn get(self, path: &str) -> Option<At<'a, 't>> {
        let mut at = self;
        for word in path.split(' ') {
            at = At { tree: self.tree, id: *self.tree.index.get(&(at.id, word))? };
            if at.is_off() {
                return None;
            }
        }
        Some(at)
    }

    /// What stands right under one word, which may hold blanks.
    pub(crate) fn named(self, word: &str) -> Option<At<'a, 't>> {
        let id = *self.tree.index.get(&(self.id, word))?;
        Some(At { tree: self.tree, id }).filter(|at| !at.is_off())
    }

    pub(crate) fn has(self, path: &str) -> bool {
        self.get(path).is_some()
    }

    /// What stands right under some words.
    pub(crate) fn below(self, path: &str) -> impl Iterator<Item = At<'a, 't>> {
        self.get(path).into_iter().flat_map(At::children)
    }

    /// The value of a setting: the last one, where it was written more than once.
    pub(crate) fn value(self, path: &str) -> Option<At<'a, 't>> {
        self.below(path).last()
    }

    /// The value of a setting: the first one, which is the one that no group gave.
    pub(crate) fn first(self, path: &str) -> Option<At<'a, 't>> {
        self.below(path).next()
    }

    /// Whether a setting has a value.
    pub(crate) fn is(self, path: &str, value: &str) -> bool {
        self.value(path).is_some_and(|at| at.word() == value)
    }
}
