//! Cisco IOS XE: `17.9.4a`, `17.03.04`, `16.12.4`, and the older `3.16.4bS` with its train behind.
//! It does not know for which hardware the letters from `h` on were made; they are tracks of their own.

use super::Version;
use super::scan::Scan;

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let mut scan = Scan::of(text);
    let numbers = scan.dotted(3)?;
    if numbers.len() < 3 {
        return scan.is_done().then(|| Version::open(numbers, 2));
    }
    let letter = scan.rebuild();
    let train = scan.letters();
    if !scan.is_done() {
        return None;
    }
    let mut all = numbers;
    all.push(if letter <= 7 { letter } else { 0 });
    let version = Version::closed(all, 4, 2);
    // Letters from h on: built for single platforms, beside the others and not behind them.
    let special = if letter > 7 { format!("{letter}{train}") } else { train };
    Some(if special.is_empty() { version } else { version.on_track(special, 0) })
}
