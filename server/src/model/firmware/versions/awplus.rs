//! Allied Telesis AlliedWare Plus: `5.5.3-2.3`. Fixes come to a release (`5.5.3-2`) as its next maintenance number.
//! It does not know the older AlliedWare (`2.9.1-21`), which is another system: only numbers from 5 on are read.

use super::Version;
use super::scan::Scan;

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let mut scan = Scan::of(text);
    scan.take("v");
    let mut numbers = scan.dotted(3)?;
    if numbers.first().is_none_or(|major| *major < 5) {
        return None;
    }
    if numbers.len() < 3 || !scan.take("-") {
        return scan.is_done().then(|| Version::open(numbers, 4));
    }
    numbers.extend(scan.dotted(2)?);
    let known = numbers.len();
    scan.is_done().then(|| if known < 5 { Version::open(numbers, 4) } else { Version::closed(numbers, 5, 4) })
}
