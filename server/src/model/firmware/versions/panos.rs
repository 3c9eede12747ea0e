//! PAN-OS: `10.2.9-h1`. A hotfix is newer than its release, and fixes are made as hotfixes of each release, so `10.2.9`
//! may lack what `10.2.8-h3` has: the branch of a fix is all three numbers.
//! It does not know what a custom build (`-c1`) holds; that is no version here.

use super::Version;
use super::scan::Scan;

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let mut scan = Scan::of(text);
    scan.take_any(&["PAN-OS "]);
    let mut numbers = scan.dotted(3)?;
    if numbers.len() < 3 {
        return scan.is_done().then(|| Version::open(numbers, 3));
    }
    if scan.take("-h") {
        numbers.push(scan.number()?);
    }
    scan.is_done().then(|| Version::closed(numbers, 4, 3))
}
