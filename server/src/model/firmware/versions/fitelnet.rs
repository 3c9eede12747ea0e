//! Furukawa FITELnet: `01.00(00)[0]00.00.0 [2019/07/05 15:00]`. Each model has numbers of its own.
//! It does not know what the single fields mean; two versions are compared only when both show the same fields.

use super::Version;
use super::scan::Scan;

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let mut scan = Scan::of(text);
    scan.take_any(&["V"]);
    let mut numbers = scan.dotted(2)?;
    if numbers.len() < 2 {
        return None;
    }
    let mut whole = false;
    if scan.take("(") {
        numbers.push(scan.number()?);
        if !scan.take(")") {
            return None;
        }
        if scan.take("[") {
            numbers.push(scan.number()?);
            if !scan.take("]") {
                return None;
            }
            if !scan.is_done() && !scan.rest().starts_with(' ') {
                numbers.extend(scan.dotted(3)?);
                whole = numbers.len() == 7;
            }
        }
    }
    scan.space();
    // The day of the build.
    let rest = scan.rest();
    let day = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let day = day.is_some_and(|day| day.bytes().all(|byte| byte.is_ascii_digit() || b"/: ".contains(&byte)));
    if !rest.is_empty() && !day {
        return None;
    }
    Some(if whole { Version::closed(numbers, 7, 2) } else { Version::open(numbers, 2) })
}
