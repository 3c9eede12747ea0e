//! What a report would come to, without taking it in: what admission asks.
//! It does not decide; it compares the report with the state it starts from.
//! Invariant: it says what taking the report in would give, digest included, as `daicho_schemas::batch` defines it.

use super::items::{Start, start};
use super::{Assets, CollectorAssets, starts_here};
use crate::model::numbers::{HostNo, ItemNo};
use crate::model::prepared::PreparedReport;
use daicho_schemas::batch::{Outcome, state_digest_of};
use daicho_schemas::canonical::Hash;
use daicho_schemas::limits::STANDING_ITEMS_MAX;
use roaring::RoaringBitmap;
use std::collections::BTreeSet;

/// What a report would come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It starts from another state than the one here.
    OtherBase,
    /// Its digest is not the one of the state after it.
    OtherDigest,
    /// It fits; so many items of this collector would stand, exactly so where they are more than may stand.
    Fits {
        /// How many.
        stands: usize,
    },
}

impl Assets {
    /// What a report would come to.
    pub fn check(&self, host: HostNo, report: &PreparedReport) -> Checked {
        let known = self.collector(host, &report.collector);
        if !starts_here(report, known) {
            return Checked::OtherBase;
        }
        let nothing = RoaringBitmap::new();
        let agreed = report.base.map(|_| known.map_or(&nothing, CollectorAssets::agreed));
        let after = self.agreed_state(agreed, report);
        if state_digest_of(&report.collector, after.iter().map(|known| known.hash)) != report.digest {
            return Checked::OtherDigest;
        }
        let stands = match known.filter(|_| report.outcome != Outcome::Complete) {
            None => after.len(),
            Some(known) => self.stands(&known.items, &after),
        };
        Checked::Fits { stands }
    }

    /// What would be agreed, in order of keys.
    fn agreed_state<'a>(&'a self, agreed: Option<&RoaringBitmap>, report: &'a PreparedReport) -> Vec<Known<'a>> {
        let put = report.put.iter().map(|seen| Known {
            start: start(&seen.key),
            key: Key::Text(&seen.key),
            hash: &seen.hash,
        });
        let Some(agreed) = agreed else { return put.collect() };
        let gone: BTreeSet<&str> = report.gone.iter().map(String::as_str).collect();
        let changed = report.put.iter().map(|seen| &seen.key).chain(&report.gone);
        let mut stays = agreed.clone();
        for key in changed.filter_map(|key| self.items.key(key)) {
            for item in self.items.under(agreed, key) {
                stays.remove(item);
            }
        }
        let stays = stays.iter().filter_map(|no| self.items.row(no).map(|row| (no, row)));
        let mut after: Vec<Known<'_>> =
            stays.map(|(no, row)| Known { start: row.start, key: Key::Of(no), hash: &row.hash }).collect();
        after.extend(put.filter(|known| !gone.contains(self.text(known))));
        // Items of one image were numbered in order of their keys: this is almost sorted already.
        after.sort_by(|a, b| a.start.cmp(&b.start).then_with(|| self.text(a).cmp(self.text(b))));
        after
    }

    fn text<'a>(&'a self, known: &Known<'a>) -> &'a str {
        match known.key {
            Key::Text(text) => text,
            Key::Of(no) => self.items.get(no).map_or("", |item| self.items.key_text(item.key)),
        }
    }

    /// How many would stand beside what stood before; an upper bound where that is few enough.
    fn stands(&self, before: &RoaringBitmap, after: &[Known<'_>]) -> usize {
        let stood = usize::try_from(before.len()).unwrap_or(usize::MAX);
        let bound = stood.saturating_add(after.len());
        if bound <= STANDING_ITEMS_MAX {
            return bound;
        }
        let stood = before.iter().filter_map(|no| self.items.get(no)).map(|item| self.items.key_text(item.key));
        let keys: BTreeSet<&str> = stood.chain(after.iter().map(|known| self.text(known))).collect();
        keys.len()
    }
}

/// An item that would be agreed.
struct Known<'a> {
    start: Start,
    key: Key<'a>,
    hash: &'a Hash,
}

/// Its key, which is looked at where the start does not tell the order.
enum Key<'a> {
    Text(&'a str),
    Of(ItemNo),
}
