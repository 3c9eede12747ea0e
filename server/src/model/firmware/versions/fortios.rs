//! FortiOS: `7.4.8`, `v7.4.8,build2795,250523 (GA.M)`. A fix is made for each branch of two numbers.
//! It does not know which build belongs to a release, so a special, interim or FIPS build is a track of its own.

use super::Version;
use super::scan::Scan;

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let mut scan = Scan::of(text);
    scan.take_any(&["FortiOS "]);
    scan.take("v");
    let numbers = scan.dotted(3)?;
    let version = if numbers.len() < 3 { Version::open(numbers, 2) } else { Version::closed(numbers, 3, 2) };
    let mut rest = scan.rest().to_ascii_lowercase();
    if let Some(at) = rest.find('(') {
        let release = rest.split_off(at);
        if !matches!(release.trim(), "(ga)" | "(ga.m)" | "(ga.f)" | "(m)" | "(f)") {
            return Some(version.on_track(release.trim(), 0));
        }
    }
    // `,build2795,250523`: a build number and a day, and nothing else.
    let ordinary = rest.split([',', ' ', '-']).map(|word| word.strip_prefix("build").unwrap_or(word));
    let ordinary = ordinary.into_iter().all(|word| word == "fw" || word.bytes().all(|byte| byte.is_ascii_digit()));
    Some(if ordinary { version } else { version.on_track(rest.trim(), 0) })
}
