//! F5 BIG-IP: `15.1.10.2`, `BIG-IP 15.1.10.2 Build 0.0.2 Point Release 2`.
//! It does not know what an engineering hotfix holds: a version with one is no version here, whatever its numbers are.

use super::Version;
use super::scan::Scan;

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let lower = text.to_ascii_lowercase();
    if lower.contains("hotfix") || lower.contains("eng") || lower.contains("-hf") {
        return None;
    }
    let mut scan = Scan::of(&lower);
    scan.take("big-ip");
    scan.space();
    let numbers = scan.dotted(4)?;
    scan.space();
    if scan.take("build ") {
        scan.dotted(3)?;
        scan.space();
        scan.take_any(&["final"]);
        if scan.take("point release ") {
            scan.number()?;
        }
    }
    let known = numbers.len();
    scan.is_done().then(|| if known < 3 { Version::open(numbers, 2) } else { Version::closed(numbers, 4, 2) })
}
