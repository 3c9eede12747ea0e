//! Fujitsu (Fsas) Si-R: `V20.54 NY0115`. The word behind is the edition of the build; how editions of one version follow
//! each other is not confirmed, so they are tracks of the same version.
//! It does not know which model has which versions.

use super::Version;
use super::scan::Scan;

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let mut scan = Scan::of(text);
    scan.take("V");
    let numbers = scan.dotted(2)?;
    if numbers.len() < 2 {
        return None;
    }
    scan.space();
    let letters = scan.letters();
    if letters.is_empty() {
        return scan.is_done().then(|| Version::open(numbers, 1).on_track("", 2));
    }
    let edition = scan.number()?;
    let mut all = numbers;
    all.push(edition);
    // A day may follow.
    Some(Version::closed(all, 3, 1).on_track(format!("{letters}{edition}"), 2))
}
