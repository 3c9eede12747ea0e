//! What people write into cells: dates, shares, yes and none, in Japanese and English.
//! It does not know columns. Invariant: what could mean two things is refused, not guessed.

use super::Cell;
use daicho_schemas::fact::supplier::Ratio;
use daicho_schemas::time::CalendarDate;
use unicode_normalization::UnicodeNormalization as _;

/// A day: 2026-03-31, 2026/3/31, 2026年3月31日.
pub fn date(words: &str) -> Result<CalendarDate, String> {
    let plain: String = words.nfkc().filter(|c| !c.is_whitespace()).collect();
    let spaced = plain.trim_end_matches('日').replace(['/', '年', '月', '.'], "-");
    let mut parts = spaced.split('-');
    let day = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(month), Some(day), None) if year.len() == 4 => {
            format!("{year}-{month:0>2}-{day:0>2}").parse().ok()
        }
        _ => None,
    };
    day.ok_or_else(|| format!("'{}' is no day: write it like 2026-03-31", short(words)))
}

/// A share of votes or revenue: 33.34%, ３３．３４％, 1/3. A bare number is refused: nobody can tell 0.3 % from 30 %.
pub fn ratio(cell: &Cell) -> Result<Ratio, String> {
    let plain: String = cell.text.nfkc().filter(|c| !c.is_whitespace()).collect();
    if cell.number {
        return Err(format!("'{}' is a bare number: write it as text with its sign, 33.34% or 1/3", short(&plain)));
    }
    Ratio::try_from(plain).map_err(|error| error.to_string())
}

/// Whether the words say that there is none.
pub fn is_none(words: &str) -> bool {
    let plain: String = words.nfkc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace()).collect();
    matches!(plain.as_str(), "なし" | "無" | "無し" | "該当なし" | "none" | "no" | "nil")
}

/// Whether the words say that somebody is a natural person.
pub fn is_person(words: &str) -> bool {
    let plain: String = words.nfkc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace()).collect();
    matches!(plain.as_str(), "個人" | "自然人" | "person" | "individual")
}

fn short(words: &str) -> String {
    words.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_people_write_them() {
        for words in ["2026-03-31", "2026/3/31", "２０２６年３月３１日", " 2026.03.31 "] {
            assert_eq!(date(words).unwrap().to_string(), "2026-03-31", "{words}");
        }
        for words in ["", "31/3/2026", "2026-02-30", "令和8年3月31日", "20260331", "2026-3"] {
            assert!(date(words).is_err(), "{words}");
        }
    }

    #[test]
    fn a_bare_number_is_no_share() {
        let cell = |text: &str, number| Cell { text: text.into(), number, formula: false };
        assert_eq!(ratio(&cell("３３．３４％", false)).unwrap().to_string(), "33.34%");
        assert!(ratio(&cell("0.3334", true)).is_err() && ratio(&cell("33.34", false)).is_err());
    }
}
