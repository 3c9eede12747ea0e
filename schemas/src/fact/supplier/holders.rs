//! Direct holders of 5 % of the votes and more (議決権), with their shares over time, and the upward crossings that must be reported
//! (ord. 24(i)ロ): newly in 25 % ≤ x < 1/3, 1/3 ≤ x < 50 %, or x ≥ 50 %.
//! It does not know plans or phases. Invariant: shares are exact; what we were not told is not compared.

use super::personal::{PersonIdentity, Personal};
use super::{CountryCode, Ratio, Stated};
use crate::ids::{HolderId, SupplierId};
use crate::text::Text;
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// One direct holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The operator's own id for it, unique within the supplier; the same holder keeps it through renamings.
    pub holder_id: HolderId,
    /// Who it is.
    pub party: HolderParty,
    /// Its share of the votes, each from a day on, in order of days. `0%`: it holds none from that day on.
    pub shares: Vec<HolderShare>,
}

/// Who holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HolderParty {
    /// A company or other body.
    Entity {
        /// 名称.
        name: Text,
        /// 設立準拠法国等.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        country_of_law: Option<CountryCode>,
        /// Its own record, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        supplier_id: Option<SupplierId>,
    },
    /// A natural person.
    Person(Personal<PersonIdentity>),
}

/// A share of the votes from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HolderShare {
    /// The first day.
    pub from: CalendarDate,
    /// The share of all votes.
    pub ratio: Ratio,
}

impl Holder {
    /// The share that holds on a day; nothing before the first one.
    pub fn share_on(&self, day: CalendarDate) -> Option<&Ratio> {
        self.shares.iter().filter(|share| share.from <= day).max_by_key(|share| share.from).map(|share| &share.ratio)
    }
}

/// The first day on which the holders together have more than all votes. See [`Ratio::exceed_whole`].
pub fn over_the_whole(holders: &[Holder]) -> Option<CalendarDate> {
    let of = |(place, holder): (usize, &Holder)| {
        holder.shares.iter().map(move |share| (share.from, place, share.ratio.floor_e18())).collect::<Vec<_>>()
    };
    let mut turns: Vec<(CalendarDate, usize, u128)> = holders.iter().enumerate().flat_map(of).collect();
    turns.sort_by_key(|(day, place, _)| (*day, *place));
    let (mut current, mut sum, mut turns) = (BTreeMap::new(), 0u128, turns.into_iter().peekable());
    while let Some((day, place, share)) = turns.next() {
        let before = current.insert(place, share).unwrap_or(0);
        sum = sum + share - before;
        // Everything that turns on one day turns at once.
        if sum > Ratio::WHOLE_E18 && turns.peek().is_none_or(|(next, ..)| *next != day) {
            return Some(day);
        }
    }
    None
}

/// The bands of ord. 24(i)ロ, from below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Below 25 %.
    BelowQuarter,
    /// 25 % ≤ x < 1/3.
    Quarter,
    /// 1/3 ≤ x < 50 %.
    Third,
    /// x ≥ 50 %.
    Half,
}

impl Band {
    /// The band of a share; no share is below 25 %.
    pub fn of(share: Option<&Ratio>) -> Self {
        let reaches = |numerator, denominator| {
            share.is_some_and(|share| share.cmp_fraction(numerator, denominator) != Ordering::Less)
        };
        match () {
            () if reaches(1, 2) => Self::Half,
            () if reaches(1, 3) => Self::Third,
            () if reaches(1, 4) => Self::Quarter,
            () => Self::BelowQuarter,
        }
    }
}

/// A holder's increase that newly puts it into a band.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crossing {
    /// Who.
    pub holder_id: HolderId,
    /// Its share before; absent where it was no holder of 5 % before. Its being new is a change of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Ratio>,
    /// Its share now.
    pub after: Ratio,
    /// The band it is in now.
    pub band: Band,
}

/// The upward crossings from one record of a supplier on one day to another (or the same) on a later day.
/// `None`: one of the two is not known to us, so nothing can be said.
pub fn upward_crossings(
    before: (Option<&Stated<Vec<Holder>>>, CalendarDate),
    after: (Option<&Stated<Vec<Holder>>>, CalendarDate),
) -> Option<Vec<Crossing>> {
    let (old, new) = (before.0?.value()?, after.0?.value()?);
    let crossing = |holder: &Holder| {
        let was = old.iter().find(|old| old.holder_id == holder.holder_id);
        let was = was.and_then(|old| old.share_on(before.1)).filter(|share| !share.is_zero());
        let is = holder.share_on(after.1)?;
        let band = Band::of(Some(is));
        (band > Band::of(was)).then(|| Crossing {
            holder_id: holder.holder_id.clone(),
            before: was.cloned(),
            after: is.clone(),
            band,
        })
    };
    Some(new.iter().filter_map(crossing).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> CalendarDate {
        text.parse().unwrap()
    }

    fn ratio(text: &str) -> Ratio {
        Ratio::try_from(text.to_string()).unwrap()
    }

    fn holder(id: &str, shares: &[(&str, &str)]) -> Holder {
        let shares = shares.iter().map(|(from, share)| HolderShare { from: day(from), ratio: ratio(share) });
        Holder {
            holder_id: HolderId::new(id).unwrap(),
            party: HolderParty::Entity { name: Text::same(id), country_of_law: None, supplier_id: None },
            shares: shares.collect(),
        }
    }

    fn known(holders: Vec<Holder>) -> Stated<Vec<Holder>> {
        Stated::known(holders, "test", day("2026-01-01"))
    }

    fn crossed(before: &str, after: &str) -> Option<Band> {
        let holders = known(vec![holder("a", &[("2026-01-01", before), ("2026-06-01", after)])]);
        let found = upward_crossings((Some(&holders), day("2026-05-31")), (Some(&holders), day("2026-06-01"))).unwrap();
        found.first().map(|crossing| crossing.band)
    }

    #[test]
    fn the_edges_belong_to_the_band_above() {
        assert_eq!(crossed("24.9999999999%", "25%"), Some(Band::Quarter));
        assert_eq!(crossed("25%", "33.3333333333%"), None);
        assert_eq!(crossed("33.3333333333%", "1/3"), Some(Band::Third));
        assert_eq!(crossed("1/3", "49.99%"), None);
        assert_eq!(crossed("49.99%", "50%"), Some(Band::Half));
        assert_eq!(crossed("10%", "60%"), Some(Band::Half));
        assert_eq!(crossed("50%", "100%"), None);
        assert_eq!(crossed("60%", "26%"), None, "a decrease is no crossing");
    }

    proptest::proptest! {
        #[test]
        fn a_crossing_is_an_increase_over_one_of_the_three_edges(a in 0u64..=600, b in 0u64..=600, whole in 600u64..=1200) {
            let found = crossed(&format!("{a}/{whole}"), &format!("{b}/{whole}"));
            let edges = [(1, 4, Band::Quarter), (1, 3, Band::Third), (1, 2, Band::Half)];
            let over = edges.iter().rfind(|(n, d, _)| a * d < n * whole && b * d >= n * whole);
            proptest::prop_assert_eq!(found, over.map(|(_, _, band)| *band));
        }

        #[test]
        fn no_text_makes_a_share_panic(text in ".{0,40}") {
            let _either = Ratio::try_from(text);
        }
    }

    #[test]
    fn a_new_holder_crosses_from_nothing_and_what_we_were_not_told_is_not_compared() {
        let (none, one) = (known(Vec::new()), known(vec![holder("a", &[("2026-06-01", "1/3")])]));
        let found = upward_crossings((Some(&none), day("2026-05-01")), (Some(&one), day("2026-06-01"))).unwrap();
        assert_eq!((found[0].before.clone(), found[0].band), (None, Band::Third));
        assert_eq!(upward_crossings((None, day("2026-05-01")), (Some(&one), day("2026-06-01"))), None);
    }

    #[test]
    fn more_than_all_votes_is_seen_on_its_day() {
        let third = |id| holder(id, &[("2026-01-01", "1/3")]);
        let mut holders = vec![third("a"), third("b"), third("c")];
        assert_eq!(over_the_whole(&holders), None);
        holders[0].shares.push(HolderShare { from: day("2026-04-01"), ratio: ratio("33.34%") });
        assert_eq!(over_the_whole(&holders), Some(day("2026-04-01")));
        holders[1].shares.push(HolderShare { from: day("2026-04-01"), ratio: ratio("33.32%") });
        assert_eq!(over_the_whole(&holders), None, "what one sold the other bought, on one day");
    }
}
