//! Yamaha RTX, NVR, FWX, vRX: `Rev.15.02.31`. The first two numbers belong to the model (RTX1210: 14.01, RTX830: 15.02), so
//! they are no age: `15.02.31` is neither newer nor older than `14.01.42`.
//! It does not know which model has which.

use super::Version;
use super::scan::Scan;

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let mut scan = Scan::of(text);
    scan.take("Rev.");
    scan.space();
    let numbers = scan.dotted(3)?;
    let [model, series, ..] = numbers.as_slice() else { return None };
    let track = format!("{model}.{series}");
    let known = numbers.len();
    scan.is_done()
        .then(|| if known < 3 { Version::open(numbers, 2) } else { Version::closed(numbers, 3, 2) }.on_track(track, 0))
}
