//! NetScaler ADC and Gateway: `13.1-49.13`, `NS13.1: Build 49.13.nc`, `13.1-37.159 FIPS`. FIPS and NDcPP editions have
//! builds of their own.
//! It does not know the edition of a build that carries no name and belongs to a series of both: that is no version here.

use super::Version;
use super::scan::Scan;

/// Series of builds on which an edition was made; the name decides, and without one nothing does.
const SHARED: [(u32, u32, u32); 3] = [(12, 1, 55), (13, 1, 37), (14, 1, 60)];

/// Reads a version.
pub fn parse(text: &str) -> Option<Version> {
    let lower = text.to_ascii_lowercase();
    let edition = ["fips", "ndcpp"].into_iter().find(|edition| lower.contains(edition));
    let plain = lower.replace("-fips", " ").replace("-ndcpp", " ").replace("fips", " ").replace("ndcpp", " ");
    let mut scan = Scan::of(&plain);
    scan.take_any(&["netscaler ns", "ns"]);
    let mut numbers = scan.dotted(2)?;
    if numbers.len() < 2 {
        return None;
    }
    scan.take(":");
    scan.space();
    let build = scan.take_any(&["build ", "-"]) || !scan.is_done();
    if !build {
        let version = Version::open(numbers, 2);
        return Some(edition.map_or(version.clone(), |edition| version.on_track(edition, 0)));
    }
    numbers.extend(scan.dotted(2)?);
    scan.take(".nc");
    scan.space();
    if !scan.is_done() || numbers.len() < 4 {
        return None;
    }
    let series = (numbers.first().copied()?, numbers.get(1).copied()?, numbers.get(2).copied()?);
    let version = Version::closed(numbers, 4, 2);
    match edition {
        Some(edition) => Some(version.on_track(edition, 0)),
        None => (!SHARED.contains(&series)).then_some(version),
    }
}
