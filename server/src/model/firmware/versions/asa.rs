//! Cisco ASA: `9.12(4)67`, with the interim release behind the parenthesis; Cisco's own lists write `9.12.4.67`.
//! It does not know FTD, whose numbers mean something else.

use super::Version;
use super::scan::Scan;

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let mut scan = Scan::of(text);
    let mut numbers = scan.dotted(4)?;
    if numbers.len() == 2 && scan.take("(") {
        numbers.extend(scan.dotted(2)?);
        if !scan.take(")") {
            return None;
        }
        if numbers.len() == 3
            && let Some(interim) = scan.number()
        {
            numbers.push(interim);
        }
    }
    let known = numbers.len();
    scan.is_done().then(|| if known < 3 { Version::open(numbers, 2) } else { Version::closed(numbers, 4, 2) })
}
