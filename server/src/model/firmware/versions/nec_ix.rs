//! NEC UNIVERGE IX: `10.7.18`, `9.7.15B`. The letter is a maintenance release: how it stands to the same numbers without
//! one is not confirmed, so within the first two numbers only equal letters are compared.
//! It does not know which model has which versions.

use super::Version;
use super::scan::Scan;

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let mut scan = Scan::of(text);
    scan.take_any(&["Version ", "Ver."]);
    let numbers = scan.dotted(3)?;
    let letter = scan.letters();
    if !scan.is_done() || letter.len() > 1 {
        return None;
    }
    match numbers.len() {
        3 => Some(Version::closed(numbers, 3, 2).on_track(letter, 2)),
        _ => letter.is_empty().then(|| Version::open(numbers, 2).on_track("", 2)),
    }
}
