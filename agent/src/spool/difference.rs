//! What changed since what the server will have: collected things in, a report out. Pure.
//! It does not know files, numbers or servers.
//! Invariant: only a complete look may say that something is gone, and a source that vanished as a whole takes nothing with it.

use crate::collect::Collected;
use daicho_schemas::batch::{
    Applied, Body, CollectorReport, ItemKey, Items, Outcome, apply_report, item_hash, state_digest,
};
use daicho_schemas::canonical::{CanonicalError, Hash, content_hash};
use daicho_schemas::fact::observation::Observation;
use daicho_schemas::ids::CollectorId;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use serde::{Deserialize, Serialize};

/// What is known of one collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its observations.
    pub items: Items,
    /// How its last report looked, besides the observations.
    pub said: Said,
}

/// How a report looked, besides its observations: a report that differs only here is still news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// How completely the collector looked.
    pub outcome: Outcome,
    /// Over its sources and troubles.
    pub hash: Hash,
}

impl Said {
    /// Of a report.
    pub fn of(report: &CollectorReport) -> Result<Self, CanonicalError> {
        let hash = content_hash("daicho.agent.said.v1", &(&report.sources, &report.troubles))?;
        Ok(Self { outcome: report.outcome, hash })
    }
}

/// A report, and what is known once it is taken.
pub(super) type Reported = (CollectorReport, Known);

/// The report of one collector as a difference to what is known; nothing when nothing changed.
pub(super) fn difference(
    id: &CollectorId,
    known: Option<&Known>,
    collected: Collected,
) -> Result<Option<Reported>, CanonicalError> {
    let Some(known) = known else { return full(id, None, collected).map(Some) };
    let collected = vanished(collected, &known.items);
    let mut put = Vec::new();
    let mut seen = Items::new();
    for item in collected.items {
        let (key, hash) = (item.key(), item_hash(&item)?);
        if known.items.get(&key) != Some(&hash) {
            put.push(item);
        }
        seen.insert(key, hash);
    }
    let complete = collected.outcome == Outcome::Complete;
    let gone: Vec<ItemKey> = if complete {
        known.items.keys().filter(|key| !seen.contains_key(*key)).cloned().collect()
    } else {
        Vec::new()
    };
    let body = Body::Delta { base: state_digest(id, &known.items), put, gone };
    let reported = finish(id, Some(known), collected.outcome, collected.sources, collected.troubles, body)?;
    let same = reported.1 == *known;
    Ok(if same { None } else { Some(reported) })
}

/// The report of one collector in full.
pub(super) fn full(id: &CollectorId, known: Option<&Known>, collected: Collected) -> Result<Reported, CanonicalError> {
    let empty = Items::new();
    let collected = vanished(collected, known.map_or(&empty, |known| &known.items));
    let body = Body::Full { items: collected.items };
    finish(id, known, collected.outcome, collected.sources, collected.troubles, body)
}

fn finish(
    id: &CollectorId,
    known: Option<&Known>,
    outcome: Outcome,
    sources: Vec<String>,
    troubles: Vec<Trouble>,
    body: Body,
) -> Result<Reported, CanonicalError> {
    let mut report = CollectorReport { collector: id.clone(), outcome, sources, troubles, body, digest: Hash::ZERO };
    let empty = Items::new();
    let before = known.map_or(&empty, |known| &known.items);
    let items = match apply_report(before, &report)? {
        Applied::State(items) => items,
        // Unreachable by construction: the base above is the digest of these very items.
        Applied::OtherBase => before.clone(),
    };
    report.digest = state_digest(id, &items);
    let said = Said::of(&report)?;
    Ok((report, Known { items, said }))
}

/// A host that had packages yesterday and has no package manager today has lost the place, not the packages.
fn vanished(mut collected: Collected, known: &Items) -> Collected {
    if collected.outcome == Outcome::NotApplicable && !known.is_empty() {
        collected.outcome = Outcome::Failed;
        let text = format!(
            "this source had {} items before and is not there any more; none of them is taken for gone",
            known.len()
        );
        let place = collected.sources.first().cloned().unwrap_or_else(|| "source".into());
        collected.troubles.push(Trouble::new(TroubleKind::SourceVanished, place, text));
        collected.items = Vec::<Observation>::new();
    }
    collected
}

/// What is known after a report that the server took. `None` when the report was made for another state than this one.
pub(super) fn after(known: Option<&Known>, report: &CollectorReport) -> Result<Option<Known>, CanonicalError> {
    let empty = Items::new();
    let before = known.map_or(&empty, |known| &known.items);
    match apply_report(before, report)? {
        Applied::State(items) if state_digest(&report.collector, &items) == report.digest => {
            Ok(Some(Known { items, said: Said::of(report)? }))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daicho_schemas::fact::observation::{Ecosystem, Package, PackageState, Provenance};

    fn package(name: &str, version: &str) -> Observation {
        Observation::Package(Package {
            ecosystem: Ecosystem::Deb,
            name: name.into(),
            version: version.into(),
            architecture: Some("amd64".into()),
            state: PackageState::Installed,
            source: None,
            maintainer: None,
            vendor: None,
            multi_arch: None,
            provenance: Provenance::default(),
        })
    }

    fn collected(outcome: Outcome, items: &[Observation]) -> Collected {
        Collected { outcome, sources: vec!["/place".into()], troubles: Vec::new(), items: items.to_vec() }
    }

    fn dpkg() -> CollectorId {
        CollectorId::new("dpkg").unwrap()
    }

    fn known(items: &[Observation]) -> Known {
        full(&dpkg(), None, collected(Outcome::Complete, items)).unwrap().1
    }

    fn keys(known: &Known) -> Vec<&str> {
        known.items.keys().map(String::as_str).collect()
    }

    #[test]
    fn a_complete_look_says_what_is_new_changed_and_gone() {
        let before = known(&[package("a", "1"), package("b", "1"), package("c", "1")]);
        let now = collected(Outcome::Complete, &[package("a", "1"), package("b", "2"), package("d", "1")]);
        let (report, after) = difference(&dpkg(), Some(&before), now).unwrap().unwrap();
        let Body::Delta { base, put, gone } = &report.body else { panic!("not a difference") };
        assert_eq!(*base, state_digest(&dpkg(), &before.items));
        assert_eq!(put, &[package("b", "2"), package("d", "1")]);
        assert_eq!(gone, &["deb:c:amd64"]);
        assert_eq!(report.digest, state_digest(&dpkg(), &after.items));
        assert_eq!(after, known(&[package("a", "1"), package("b", "2"), package("d", "1")]));
        assert_eq!(super::after(Some(&before), &report).unwrap(), Some(after));
    }

    #[test]
    fn nothing_changed_is_no_report_and_a_new_trouble_is_one() {
        let before = known(&[package("a", "1")]);
        let mut now = collected(Outcome::Complete, &[package("a", "1")]);
        assert_eq!(difference(&dpkg(), Some(&before), now.clone()).unwrap(), None);
        now.troubles.push(Trouble::new(TroubleKind::Malformed, "line 3", "bad"));
        let (report, after) = difference(&dpkg(), Some(&before), now.clone()).unwrap().unwrap();
        assert!(matches!(&report.body, Body::Delta { put, gone, .. } if put.is_empty() && gone.is_empty()));
        assert_eq!(difference(&dpkg(), Some(&after), now).unwrap(), None);
    }

    /// Absent is not gone: neither a partial look nor a failed one, nor a place that vanished, takes anything away.
    #[test]
    fn only_a_complete_look_takes_away() {
        let before = known(&[package("a", "1"), package("b", "1")]);
        for (outcome, said) in [
            (Outcome::Partial, Outcome::Partial),
            (Outcome::Failed, Outcome::Failed),
            (Outcome::NotApplicable, Outcome::Failed),
        ] {
            let (report, after) = difference(&dpkg(), Some(&before), collected(outcome, &[])).unwrap().unwrap();
            assert_eq!((report.outcome, keys(&after)), (said, keys(&before)), "{outcome:?}");
            assert!(matches!(&report.body, Body::Delta { gone, .. } if gone.is_empty()), "{outcome:?}");
            // In full it begins anew: nothing is agreed, and the server goes on holding what stood.
            let (in_full, after) = full(&dpkg(), Some(&before), collected(outcome, &[])).unwrap();
            assert_eq!((in_full.outcome, keys(&after)), (said, keys(&known(&[]))), "{outcome:?}");
        }
        let (report, _) = difference(&dpkg(), Some(&before), collected(Outcome::NotApplicable, &[])).unwrap().unwrap();
        assert_eq!(report.troubles[0].kind, TroubleKind::SourceVanished);
        let none = known(&[]);
        let (report, _) = difference(&dpkg(), Some(&none), collected(Outcome::NotApplicable, &[])).unwrap().unwrap();
        assert_eq!(report.outcome, Outcome::NotApplicable);
    }

    /// An agent that lost what it knew, and a server that kept it, agree again after one full report.
    #[test]
    fn a_full_report_is_understood_from_both_states() {
        let (report, fresh) = full(&dpkg(), None, collected(Outcome::Partial, &[package("a", "1")])).unwrap();
        let other = known(&[package("z", "1")]);
        assert_eq!(after(Some(&other), &report).unwrap(), Some(fresh.clone()));
        assert_eq!(after(None, &report).unwrap(), Some(fresh));
        let base = known(&[package("x", "1")]);
        let (delta, _) = difference(&dpkg(), Some(&base), collected(Outcome::Complete, &[])).unwrap().unwrap();
        assert_eq!(after(Some(&other), &delta).unwrap(), None);
    }
}
