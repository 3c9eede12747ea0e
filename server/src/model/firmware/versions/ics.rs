//! Ivanti Connect Secure (Pulse): `22.7R2.5`, `9.1R18.9`, with or without `(build 1647)`.
//! It does not know Policy Secure or ZTA gateways, which are other products under the same numbers.

use super::Version;
use super::scan::Scan;

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let mut scan = Scan::of(text);
    let mut numbers = scan.dotted(2)?;
    if numbers.len() < 2 {
        return None;
    }
    if !scan.take("R") {
        return scan.is_done().then(|| Version::open(numbers, 3));
    }
    numbers.extend(scan.dotted(2)?);
    scan.space();
    if scan.take("(build ") && (scan.number().is_none() || !scan.take(")")) {
        return None;
    }
    scan.is_done().then(|| Version::closed(numbers, 4, 3))
}
