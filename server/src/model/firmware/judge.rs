//! One advisory about one version: affected, fixed, not affected, or not to be told.
//! It does not know devices, banks or days.
//! Invariant: a doubt in any step is `unknown`; only what the source itself says of a version takes it out.

use super::products;
use super::versions::{Parse, Version, read};
use daicho_schemas::fact::firmware::{Advisory, OtherVersions, VersionRange};
use std::cmp::Ordering;

/// What an advisory says of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Its range holds the version; which one, where it is a range.
    Affected(Option<usize>),
    /// The version is the fix of its branch, or newer; which fix.
    Fixed(usize),
    /// The source says that this version is not affected.
    NotAffected,
    /// The advisory gives no versions, or not for this model.
    NoRange,
    /// It gives versions that cannot be compared with this one.
    Incomparable,
    /// It compares, and the source says nothing of this version.
    Unmentioned,
}

/// Whether it speaks of a model. Nothing where that cannot be told.
pub fn is_about(models: &[String], model: Option<&str>) -> Option<bool> {
    if models.is_empty() {
        return Some(true);
    }
    let model = model?;
    Some(models.iter().any(|pattern| products::is_model(model, pattern)))
}

/// What an advisory says of a version.
pub fn judge(parse: Parse, per_model: bool, advisory: &Advisory, text: &str) -> Touched {
    let says_nothing =
        advisory.affected.is_empty() && advisory.affected_exactly.is_empty() && advisory.fixed.is_empty();
    let says_all = advisory.other_versions == OtherVersions::Affected;
    if (says_nothing && advisory.not_affected.is_empty() && !says_all) || (per_model && advisory.models.is_empty()) {
        return Touched::NoRange;
    }
    let same_text = |other: &String| other.trim().eq_ignore_ascii_case(text.trim());
    if advisory.affected_exactly.iter().any(same_text) {
        return Touched::Affected(None);
    }
    let Some(version) = read(parse, text) else { return Touched::Incomparable };
    let fix = |text: &String| {
        let fix = read(parse, text);
        fix.is_some_and(|fix| version.shares_branch(&fix) && version.reaches(&fix) == Some(true))
    };
    if let Some(fix) = advisory.fixed.iter().position(fix) {
        return Touched::Fixed(fix);
    }
    let exactly: Vec<Version> = advisory.affected_exactly.iter().filter_map(|text| read(parse, text)).collect();
    if exactly.iter().any(|other| version.compare(other) == Some(Ordering::Equal)) {
        return Touched::Affected(None);
    }
    let affected = Ranges::of(parse, &advisory.affected, &version);
    let clear = Ranges::of(parse, &advisory.not_affected, &version);
    // The source names the version on both sides: whoever wrote it meant one of them.
    let both = affected.inside.is_some() && clear.inside.is_some();
    if let Some(place) = affected.inside.filter(|_| !both) {
        return Touched::Affected(Some(place));
    }
    if both || affected.doubt || clear.doubt {
        return Touched::Incomparable;
    }
    if clear.inside.is_some() {
        return Touched::NotAffected;
    }
    let compares = affected.compares
        || clear.compares
        || exactly.iter().any(|other| !version.is_elsewhere(other))
        || advisory.affected.is_empty() && exactly.is_empty();
    match advisory.other_versions {
        OtherVersions::Affected => Touched::Affected(None),
        _ if !compares => Touched::Incomparable,
        OtherVersions::NotAffected => Touched::NotAffected,
        OtherVersions::Unknown => Touched::Unmentioned,
    }
}

/// What a list of ranges says of a version.
#[derive(Default)]
struct Ranges {
    /// The first range that holds it.
    inside: Option<usize>,
    /// At least one range may hold it, and that cannot be told.
    doubt: bool,
    /// At least one range is of the version's own track.
    compares: bool,
}

impl Ranges {
    fn of(parse: Parse, ranges: &[VersionRange], version: &Version) -> Self {
        let mut all = Self::default();
        for (place, range) in ranges.iter().enumerate() {
            let bounds = [&range.from, &range.before, &range.through, &range.branch];
            let read_bounds: Option<Vec<Version>> =
                bounds.iter().copied().flatten().map(|text| read(parse, text)).collect();
            let Some(read_bounds) = read_bounds else {
                all.doubt = true;
                continue;
            };
            // All of it is about another track: it says nothing of this version, for or against.
            if !read_bounds.is_empty() && read_bounds.iter().all(|bound| version.is_elsewhere(bound)) {
                continue;
            }
            match holds(parse, range, version) {
                Some(true) => {
                    all.inside = all.inside.or(Some(place));
                    all.compares = true;
                }
                Some(false) => all.compares = true,
                None => all.doubt = true,
            }
        }
        all
    }
}

/// Whether a range holds a version. Nothing where that cannot be told.
pub fn holds(parse: Parse, range: &VersionRange, version: &Version) -> Option<bool> {
    let bound = |text: &Option<String>| text.as_ref().map(|text| read(parse, text));
    let checks = [
        bound(&range.from).map(|from| version.reaches(&from?)),
        bound(&range.before).map(|before| version.reaches(&before?).map(|reached| !reached)),
        bound(&range.through).map(|through| version.compare(&through?).map(|order| order != Ordering::Greater)),
        bound(&range.branch).map(|branch| version.lies_in(&branch?)),
    ];
    let given: Vec<Option<bool>> = checks.into_iter().flatten().collect();
    if given.contains(&Some(false)) {
        return Some(false);
    }
    given.into_iter().collect::<Option<Vec<bool>>>().map(|_| true)
}
