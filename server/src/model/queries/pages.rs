//! How a long list is read: from a cursor on, or from a place on, never as a whole.
//! It does not know what the rows are.
//! Invariant: a page costs what it shows; a cursor is the key of the last row, and a page goes on behind it.

use super::super::rows::Page;
use daicho_schemas::limits::PAGE_ITEMS_MAX;

/// Rows on a page where nobody says how many.
const PAGE_ITEMS_DEFAULT: usize = 100;

/// Which part of a list: behind a cursor, and how many rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Part<'a> {
    /// Where to go on: what `next` said.
    pub cursor: Option<&'a str>,
    /// Rows on a page.
    pub limit: Option<usize>,
}

impl Part<'_> {
    /// The first rows of what follows the cursor, and where to go on.
    pub(super) fn of<T>(self, rows: impl Iterator<Item = T>, key: impl Fn(&T) -> String) -> Page<T> {
        let limit = page_items(self.limit);
        let mut items: Vec<T> = rows.take(limit + 1).collect();
        let more = items.len() > limit;
        items.truncate(limit);
        Page { next: items.last().filter(|_| more).map(key), items }
    }
}

/// How many rows are on a page.
pub(super) fn page_items(limit: Option<usize>) -> usize {
    limit.unwrap_or(PAGE_ITEMS_DEFAULT).clamp(1, PAGE_ITEMS_MAX)
}
