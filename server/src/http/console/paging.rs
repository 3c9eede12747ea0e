//! A long list in pages of equal size and with numbers, for lists that the model can read from any place.
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
    /// One page of a list of so many rows, of which `some` gives those that are asked for: how many to skip, how many to take.
    /// A number outside the list gives the nearest page.
    pub fn of(total: usize, wanted: Option<usize>, some: impl FnOnce(usize, usize) -> Vec<T>) -> Self {
        let pages = total.div_ceil(PAGE_ROWS_MAX).max(1);
        let page = wanted.unwrap_or(1).clamp(1, pages);
        Self { rows: some((page - 1) * PAGE_ROWS_MAX, PAGE_ROWS_MAX), page, pages, total }
    }

    /// One page of a list that is there as a whole.
    #[cfg(test)]
    pub fn cut(rows: Vec<T>, wanted: Option<usize>) -> Self {
        Self::of(rows.len(), wanted, |skip, take| rows.into_iter().skip(skip).take(take).collect())
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
        let some = |skip, take| all.iter().copied().skip(skip).take(take).collect();
        let on = |page| Listing::of(all.len(), page, some).rows;
        assert_eq!([on(Some(1)), on(Some(2)), on(Some(3))].concat(), all);
        assert_eq!(on(Some(0)), on(Some(1)));
        assert_eq!(on(Some(usize::MAX)), on(Some(3)));
        let empty = Listing::of(0, None, |_, _| Vec::<usize>::new());
        assert_eq!((empty.pages, empty.earlier(), empty.later()), (1, None, None));
    }
}
