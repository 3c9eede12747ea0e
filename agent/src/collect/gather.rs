//! Builds a collector's answer: cleans texts, sorts items, finds doubles, keeps the limits.
//! It does not know what is collected.
//! Invariant: whatever a host says, the answer is within the limits of the contract and every cut is named.

use crate::access::{AccessError, Host, KernelTable};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::limits::{OBSERVED_TEXT_BYTES_MAX, REPORT_ITEMS_MAX, REPORT_TROUBLES_MAX};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::{BTreeMap, BTreeSet};

/// What a collector answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collected {
    /// How completely it looked.
    pub outcome: Outcome,
    /// Which places it read, sorted.
    pub sources: Vec<String>,
    /// What would not be told.
    pub troubles: Vec<Trouble>,
    /// Every observation, in order of their keys.
    pub items: Vec<Observation>,
}

/// An answer in the making.
#[derive(Debug, Default)]
pub struct Gather {
    sources: BTreeSet<String>,
    troubles: Vec<Trouble>,
    troubles_unlisted: usize,
    items: BTreeMap<String, Observation>,
    misses: usize,
}

impl Gather {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names a place that was read.
    pub fn source(&mut self, place: impl Into<String>) {
        self.sources.insert(place.into());
    }

    /// Whether no place was read and none failed to be.
    pub fn has_read_nothing(&self) -> bool {
        self.sources.is_empty() && self.troubles.is_empty()
    }

    /// Names something that would not be told, without which the answer is still complete.
    pub fn remark(&mut self, mut trouble: Trouble) {
        if self.troubles.len() + 1 >= REPORT_TROUBLES_MAX {
            self.troubles_unlisted = self.troubles_unlisted.saturating_add(1);
            return;
        }
        cut_text(&mut trouble.place);
        cut_text(&mut trouble.text);
        self.troubles.push(trouble);
    }

    /// Names something that would not be told and may have hidden items: the answer is partial from here on.
    pub fn miss(&mut self, trouble: Trouble) {
        self.misses = self.misses.saturating_add(1);
        self.remark(trouble);
    }

    /// How often something was missed so far: two equal numbers say that everything between them was read.
    pub fn misses(&self) -> usize {
        self.misses
    }

    /// [`Self::miss`] for a place that could not be read.
    pub fn miss_access(&mut self, error: &AccessError) {
        self.miss(error.to_trouble());
    }

    /// [`Self::miss`] for a table or file of which only the beginning was read.
    pub fn miss_rest(&mut self, place: &str) {
        let text = "it is larger than the limit or changed while it was read; the rest is not listed";
        self.miss(Trouble::new(TroubleKind::TooLarge, place, text));
    }

    /// The first of some texts in order; more than the limit are counted and named.
    pub fn first_of(&mut self, place: &str, all: BTreeSet<String>, count_max: usize) -> Vec<String> {
        let more = all.len().saturating_sub(count_max);
        if more > 0 {
            let text = format!("{more} more than {count_max} belong to one item and are not listed");
            self.remark(Trouble::new(TroubleKind::TooLarge, place, text));
        }
        all.into_iter().take(count_max).collect()
    }

    /// Adds one observation; of two with the same key the later one is kept, and that is named.
    pub fn item(&mut self, place: &str, item: Observation) {
        let key = item.key();
        if self.items.len() >= REPORT_ITEMS_MAX && !self.items.contains_key(&key) {
            if self.misses == 0 || !self.troubles.iter().any(|trouble| trouble.kind == TroubleKind::TooLarge) {
                let text = format!("there are more than {REPORT_ITEMS_MAX} items; the rest is not listed");
                self.miss(Trouble::new(TroubleKind::TooLarge, place, text));
            }
            return;
        }
        match self.items.insert(key.clone(), item) {
            Some(earlier) if self.items.get(&key) != Some(&earlier) => {
                let text = format!("'{key}' is listed twice with different contents; the later one was kept");
                self.remark(Trouble::new(TroubleKind::Duplicate, place, text));
            }
            Some(_) => {
                let text = format!("'{key}' is listed twice with equal contents");
                self.remark(Trouble::new(TroubleKind::Duplicate, place, text));
            }
            None => {}
        }
    }

    /// Whether an observation with this key was added.
    pub fn has(&self, key: &str) -> bool {
        self.items.contains_key(key)
    }

    /// Bytes from a host as text: invalid UTF-8 is replaced and a text over the limit cut, and both are named.
    pub fn text(&mut self, place: &str, bytes: &[u8]) -> String {
        let mut text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                self.remark(Trouble::new(
                    TroubleKind::Malformed,
                    place,
                    "a text is not UTF-8; the bad bytes were replaced",
                ));
                String::from_utf8_lossy(bytes).into_owned()
            }
        };
        if cut_text(&mut text) {
            let words = format!("a text is longer than {OBSERVED_TEXT_BYTES_MAX} bytes and was cut");
            self.remark(Trouble::new(TroubleKind::TooLarge, place, words));
        }
        text
    }

    /// The names in a folder, at most `names_max`: none where there is no such folder; one that cannot be listed is named.
    pub fn names(&mut self, host: &dyn Host, folder: &str, names_max: usize) -> Vec<String> {
        match host.list(folder, names_max) {
            Ok(listing) => {
                self.source(folder);
                if listing.cut {
                    self.miss_rest(folder);
                }
                listing.names
            }
            Err(error) if error.is_missing() => Vec::new(),
            Err(error) => {
                self.miss_access(&error);
                Vec::new()
            }
        }
    }

    /// Reads a file that holds one short value: trimmed, absent when empty or missing, named when unreadable.
    pub fn value(&mut self, host: &dyn Host, path: &str) -> Option<String> {
        // Longer values are cut to the limit of texts afterwards, with the cut named.
        match host.read(path, 4 * OBSERVED_TEXT_BYTES_MAX) {
            Ok(reading) => {
                let bytes = reading.bytes.trim_ascii();
                let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes).trim_ascii();
                if bytes.is_empty() { None } else { Some(self.text(path, bytes)) }
            }
            Err(error) if error.is_missing() => None,
            Err(error) => {
                self.miss_access(&error);
                None
            }
        }
    }

    /// Asks the kernel for a table of its network; one that could not be had is named. `not_permitted` says what an account without
    /// the right to it does not learn.
    pub fn kernel_table(
        &mut self,
        host: &dyn Host,
        table: &KernelTable,
        bytes_max: usize,
        not_permitted: Option<&str>,
    ) -> Option<Vec<u8>> {
        let place = table.to_string();
        match (host.kernel_table(table, bytes_max), not_permitted) {
            (Ok(reading), _) => {
                self.source(&place);
                if reading.cut {
                    self.miss_rest(&place);
                }
                Some(reading.bytes)
            }
            (Err(AccessError::NotPermitted { .. }), Some(text)) => {
                self.miss(Trouble::new(TroubleKind::NotPermitted, place, text));
                None
            }
            (Err(error), _) => {
                self.miss_access(&error);
                None
            }
        }
    }

    /// The answer when the source was there: complete, or partial when something was missed.
    pub fn finish(self) -> Collected {
        let outcome = if self.misses > 0 { Outcome::Partial } else { Outcome::Complete };
        self.finish_as(outcome)
    }

    /// The answer when the host has no such source.
    pub fn finish_not_applicable(self) -> Collected {
        self.finish_as(Outcome::NotApplicable)
    }

    /// The answer when nothing could be read, and why.
    pub fn finish_failed(mut self, trouble: Trouble) -> Collected {
        self.miss(trouble);
        self.items.clear();
        self.finish_as(Outcome::Failed)
    }

    /// The answer with whatever outcome the troubles so far mean, but failed when not a single item was read.
    pub fn finish_failed_when_empty(mut self) -> Collected {
        let outcome = match (self.misses > 0, self.items.is_empty()) {
            (false, _) => Outcome::Complete,
            (true, false) => Outcome::Partial,
            (true, true) => {
                self.items.clear();
                Outcome::Failed
            }
        };
        self.finish_as(outcome)
    }

    /// The answer of a package manager whose database is there. One that lists nothing is either damaged or only a tool on a
    /// host of another family: in no case a host with zero packages.
    pub fn finish_packages(mut self, database: &str) -> Collected {
        if self.misses > 0 || !self.items.is_empty() {
            return self.finish_failed_when_empty();
        }
        let text =
            "the package database is there and lists no package; if this host is built of its packages, it is damaged";
        self.remark(Trouble::new(TroubleKind::Missing, database, text));
        self.finish_not_applicable()
    }

    fn finish_as(mut self, outcome: Outcome) -> Collected {
        self.troubles.sort();
        self.troubles.dedup();
        if self.troubles_unlisted > 0 {
            let text = format!("{} more troubles are not listed", self.troubles_unlisted);
            self.troubles.push(Trouble::new(TroubleKind::TooLarge, "troubles", text));
        }
        let items = self.items.into_values().collect();
        Collected { outcome, sources: self.sources.into_iter().collect(), troubles: self.troubles, items }
    }
}

/// Cuts a text to the limit at a character's border; says whether it did.
fn cut_text(text: &mut String) -> bool {
    if text.len() <= OBSERVED_TEXT_BYTES_MAX {
        return false;
    }
    let border = text.floor_char_boundary(OBSERVED_TEXT_BYTES_MAX);
    text.truncate(border);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_schemas::fact::observation::{Ecosystem, Package, PackageState, Provenance};

    fn package(name: &str, version: &str) -> Observation {
        Observation::Package(Package {
            ecosystem: Ecosystem::Deb,
            name: name.into(),
            version: version.into(),
            architecture: Some("amd64".into()),
            state: PackageState::Installed,
            source: None,
            maintainer: None,
            vendor: None,
            multi_arch: None,
            provenance: Provenance::default(),
        })
    }

    #[test]
    fn of_two_items_with_one_key_the_later_is_kept_and_named() {
        let mut gather = Gather::new();
        gather.item("status", package("b", "1"));
        gather.item("status", package("a", "1"));
        gather.item("status", package("b", "2"));
        let collected = gather.finish();
        assert_eq!(collected.items, [package("a", "1"), package("b", "2")]);
        assert_eq!(collected.troubles[0].kind, TroubleKind::Duplicate);
        assert_eq!(collected.outcome, Outcome::Complete);
    }

    #[test]
    fn texts_are_cut_at_a_character_and_the_cut_is_named() {
        let mut gather = Gather::new();
        let text = gather.text("here", "港".repeat(500).as_bytes());
        assert_eq!(text, "港".repeat(341));
        assert_eq!(gather.text("there", b"a\xffb"), "a\u{fffd}b");
        let kinds: Vec<_> = gather.finish().troubles.into_iter().map(|trouble| (trouble.kind, trouble.place)).collect();
        assert_eq!(kinds, [(TroubleKind::Malformed, "there".into()), (TroubleKind::TooLarge, "here".into())]);
    }

    #[test]
    fn more_troubles_than_the_limit_are_counted() {
        let mut gather = Gather::new();
        for number in 0..1000 {
            gather.miss(Trouble::new(TroubleKind::Malformed, format!("line {number:04}"), "bad"));
        }
        let collected = gather.finish();
        assert_eq!(collected.troubles.len(), REPORT_TROUBLES_MAX);
        assert_eq!(collected.troubles.last().unwrap().text, "801 more troubles are not listed");
        assert_eq!(collected.outcome, Outcome::Partial);
    }
}
