//! SonicOS: `7.1.3-7015-R6965`, `6.5.4.14-109n`, `5.9.1.6-5o`. Generations 5, 6, 7 and 8 are separate lines, and the
//! letter behind the build is a line too.
//! It does not know the virtual series (`6.5.4.v-…`), whose numbers mean something else.

use super::Version;
use super::scan::Scan;

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let mut scan = Scan::of(text);
    scan.take_any(&["SonicOS Enhanced ", "SonicOSX ", "SonicOS "]);
    let mut numbers = scan.dotted(4)?;
    let generation = *numbers.first()?;
    let main = if generation >= 7 { 3 } else { 4 };
    if numbers.len() < main && !scan.rest().starts_with('-') {
        return scan.is_done().then(|| Version::open(numbers, 2).on_track(format!("gen{generation}"), 0));
    }
    while numbers.len() < 4 {
        numbers.push(0);
    }
    if !scan.take("-") {
        return scan.is_done().then(|| Version::open(numbers, 3).on_track(format!("gen{generation}"), 0));
    }
    numbers.push(scan.number()?);
    let letter = scan.letters();
    let track = if letter.is_empty() { format!("gen{generation}") } else { format!("gen{generation}{letter}") };
    let release = scan.take("-R").then(|| scan.number()).flatten();
    if !scan.is_done() {
        return None;
    }
    // The release number behind the build is not always written: without it the build is all that is known.
    Some(
        match release {
            Some(release) => {
                numbers.push(release);
                Version::closed(numbers, 6, 3)
            }
            None if generation >= 7 => Version::open(numbers, 3),
            None => Version::closed(numbers, 6, 3),
        }
        .on_track(track, 0),
    )
}
