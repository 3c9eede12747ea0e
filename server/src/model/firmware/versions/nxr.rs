//! Century Systems FutureNet NXR, VXR, WXR: `6.20.0`, `9.9.3`. The first number differs from model to model, so it is no age.
//! It does not know which model has which.

use super::Version;
use super::scan::Scan;

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let mut scan = Scan::of(text);
    scan.take_any(&["ver ", "ver.", "v"]);
    scan.space();
    let numbers = scan.dotted(3)?;
    let track = numbers.first()?.to_string();
    let letter = scan.rebuild();
    let known = numbers.len();
    let mut all = numbers;
    let version = if known < 3 {
        if letter > 0 {
            return None;
        }
        Version::open(all, 2)
    } else {
        all.push(letter);
        Version::closed(all, 4, 2)
    };
    scan.is_done().then(|| version.on_track(track, 0))
}
