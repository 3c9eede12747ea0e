//! A long list in pages of equal size, for lists that the model gives whole.
//! It does not know what the rows are; lists with a cursor (components, ledger) page by themselves.
//! Invariant: every row is on exactly one page, and the page says how many there are in all.

/// Rows on one page.
pub const PAGE_ROWS_MAX: usize = 200;

/// One page of a list.
pub struct Listing<T> {
    /// The rows on this page.
    pub rows: Vec<T>,
    /// This page's number, from 1.
    pub page: usize,
    /// How many pages there are; at least 1.
    pub pages: usize,
    /// How many rows there are on all pages.
    pub total: usize,
}

impl<T> Listing<T> {
    /// Cuts one page out; a number outside the list gives the nearest page.
    pub fn cut(rows: Vec<T>, wanted: Option<usize>) -> Self {
        let total = rows.len();
        let pages = total.div_ceil(PAGE_ROWS_MAX).max(1);
        let page = wanted.unwrap_or(1).clamp(1, pages);
        let rows = rows.into_iter().skip((page - 1) * PAGE_ROWS_MAX).take(PAGE_ROWS_MAX).collect();
        Self { rows, page, pages, total }
    }

    /// The page before, if any.
    pub fn earlier(&self) -> Option<usize> {
        (self.page > 1).then(|| self.page - 1)
    }

    /// The page after, if any.
    pub fn later(&self) -> Option<usize> {
        (self.page < self.pages).then_some(self.page + 1)
    }
}

/// A query that holds nothing but a page number.
#[derive(Debug, Default, serde::Deserialize)]
pub struct PageQuery {
    /// The page's number, from 1, as written.
    pub page: Option<String>,
}

impl PageQuery {
    /// The number, if it is one.
    pub fn number(&self) -> Option<usize> {
        self.page.as_deref().and_then(|text| text.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_on_exactly_one_page_and_wild_numbers_give_the_nearest() {
        let all: Vec<usize> = (0..450).collect();
        let on = |page| Listing::cut(all.clone(), page).rows;
        assert_eq!([on(Some(1)), on(Some(2)), on(Some(3))].concat(), all);
        assert_eq!(on(Some(0)), on(Some(1)));
        assert_eq!(on(Some(usize::MAX)), on(Some(3)));
        let empty = Listing::cut(Vec::<usize>::new(), None);
        assert_eq!((empty.pages, empty.earlier(), empty.later()), (1, None, None));
    }
}
