//! Junos: `22.4R3-S2.11`, `18.1R3.3`, and the older special trains `15.1X49-D150.2`. A service release (`-S2`) is newer than its
//! release, and fixes are made as service releases of each: the branch of a fix is the train and the release.
//! It does not know builds behind the last dot, which advisories do not name, nor Junos of single customers.
//! Junos OS Evolved (`-EVO`) is a line of its own; special trains of the same numbers (`12.1X46`, `12.1X47`) are not compared.

use super::Version;
use super::scan::Scan;

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let mut scan = Scan::of(text);
    scan.take_any(&["Junos OS Evolved ", "Junos OS ", "Junos "]);
    let mut numbers = scan.dotted(2)?;
    if numbers.len() < 2 {
        return scan.is_done().then(|| Version::open(numbers, 3));
    }
    if scan.take("X") {
        return special(scan, numbers);
    }
    let version = if scan.take("R") {
        numbers.push(scan.number()?);
        if scan.take("-S") {
            numbers.push(scan.number()?);
        }
        build(&mut scan)?;
        Version::closed(numbers, 4, 3)
    } else {
        Version::open(numbers, 3)
    };
    let evolved = scan.take("-EVO");
    scan.is_done().then(|| if evolved { version.on_track("evo", 0) } else { version })
}

/// `15.1X49-D150.2`: before the train the numbers decide, within it the number behind the D.
fn special(mut scan: Scan<'_>, mut numbers: Vec<u32>) -> Option<Version> {
    let track = format!("X{}", scan.number()?);
    if !scan.take("-D") {
        return scan.is_done().then(|| Version::open(numbers, 3).on_track(track, 2));
    }
    numbers.push(scan.number()?);
    build(&mut scan)?;
    scan.is_done().then(|| Version::closed(numbers, 3, 2).on_track(track, 2))
}

/// The build is no part of the order.
fn build(scan: &mut Scan<'_>) -> Option<()> {
    if scan.take(".") {
        scan.number()?;
    }
    Some(())
}
