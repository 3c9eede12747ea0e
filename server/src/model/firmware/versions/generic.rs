//! Any other maker: numbers with dots and nothing else, `2.1.9`, `Ver.2.2.0`. What carries letters is no version here.
//! It does not know whether a maker counts that way; the operator who writes a pack for such a product says so by doing it.

use super::Version;
use super::scan::Scan;

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let mut scan = Scan::of(text);
    scan.take_any(&["firmware "]);
    scan.take_any(&["Version ", "Ver. ", "Ver.", "Ver ", "Rev.", "v"]);
    let numbers = scan.dotted(6)?;
    let known = numbers.len();
    scan.is_done().then(|| if known < 2 { Version::open(numbers, 1) } else { Version::closed(numbers, 6, 1) })
}
