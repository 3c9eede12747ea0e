//! Check Point Gaia: `R81.20 take 99` (Jumbo Hotfix Accumulator), `R77.30`. The take decides, and `show version` alone does
//! not tell it: a release without its take is open.
//! It does not know single hotfixes that are installed beside the accumulator.

use super::Version;
use super::scan::Scan;

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let lower = text.to_ascii_lowercase();
    let mut scan = Scan::of(&lower);
    scan.take_any(&["check point gaia ", "gaia "]);
    if !scan.take("r") {
        return None;
    }
    let mut numbers = scan.dotted(3)?;
    if numbers.len() == 1 {
        numbers.push(0);
    }
    // R80.20.60 is a line of small appliances, with builds instead of takes.
    let track = if numbers.len() == 3 { "embedded" } else { "" };
    scan.space();
    scan.take_any(&["jumbo hotfix accumulator", "jumbo hotfix", "jumbo", "jhf"]);
    scan.space();
    if scan.take("take") {
        scan.space();
        numbers.push(scan.number()?);
        return scan.is_done().then(|| Version::closed(numbers, 3, 2).on_track(track, 0));
    }
    scan.is_done().then(|| Version::open(numbers, 2).on_track(track, 0))
}
