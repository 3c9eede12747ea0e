//! Cisco IOS: `15.2(7)E3`, `12.4(24)T5`, `15.1(4)M12a`. The letters are the train: a release of another train, or of
//! another first two numbers, was made from other code, so it is not older or newer.
//! It does not know which fix went into which train.

use super::Version;
use super::scan::Scan;

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let mut scan = Scan::of(text);
    let main = scan.dotted(2)?;
    let [major, minor] = main.as_slice() else { return None };
    if !scan.take("(") {
        return scan.is_done().then(|| Version::open(vec![*major, *minor], 3).on_track(format!("{major}.{minor}"), 0));
    }
    let maintenance = scan.number()?;
    let special = scan.rebuild();
    if !scan.take(")") {
        return None;
    }
    let train = scan.letters();
    let rebuild = scan.number().unwrap_or(0);
    let letter = scan.rebuild();
    let track = format!("{major}.{minor}{train}");
    let numbers = vec![*major, *minor, maintenance, special, rebuild, letter];
    scan.is_done().then(|| Version::closed(numbers, 6, 3).on_track(track, 0))
}
