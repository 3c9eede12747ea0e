//! What the record of somebody whom a filed plan names says now that it did not say when it was filed, in the words of the tables.
//! It does not know phases or rows, and cannot read people's data: that the same data keeps its box, and other data gets
//! another one, is enough to see that it changed.
//! Invariant: what was not said before, or is not said now, is not compared; what the supplier sent to the ministry directly is not
//! known to us, before or after.

use super::{Found, item};
use crate::model::parties::parties_of;
use crate::model::views::declarations::{Declarations, PlanState};
use daicho_schemas::change::{Change, PartyChange, PartyRole};
use daicho_schemas::fact::supplier::{
    Band, Holder, HolderParty, ManufacturingSite, Ratio, Stated, SupplierItems, SupplierRecord, SupplierRole,
};
use daicho_schemas::ids::SupplierId;
use daicho_schemas::planned::ChangeItem;
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization as _;

/// What the standing record of somebody changes of what the ministry knows from a plan, in every role that the plan gives it.
pub fn party_changes(declared: &Declarations, plan: &PlanState, supplier: &SupplierId) -> Vec<ChangeItem> {
    let (Some(before), Some(after)) = (plan.record_as_filed(supplier), declared.supplier_state(supplier)) else {
        return Vec::new();
    };
    let filed_on = plan.plan.dates.last_told_on();
    let mut found = Found::default();
    for (role, _) in parties_of(&plan.plan).filter(|(_, id)| *id == supplier) {
        let mut party = Compared { role: party_role(role), before, after: &after.record, filed_on, found: &mut found };
        party.record();
    }
    found.0
}

/// The role as the tables call it.
fn party_role(role: SupplierRole) -> PartyRole {
    match role {
        SupplierRole::EquipmentSupplier => PartyRole::Supplier,
        SupplierRole::ComponentSupplier => PartyRole::ComponentSupplier,
        SupplierRole::Contractor => PartyRole::Contractor,
        SupplierRole::Subcontractor => PartyRole::Subcontractor,
    }
}

/// Two records of one supplier in one role.
struct Compared<'a> {
    role: PartyRole,
    before: &'a SupplierRecord,
    after: &'a SupplierRecord,
    filed_on: Option<CalendarDate>,
    found: &'a mut Found,
}

impl<'a> Compared<'a> {
    fn record(&mut self) {
        let (old, new) = (self.before, self.after);
        // Another number is another legal entity, whatever it is called.
        self.differs(PartyChange::Replaced, old.corporate_number.as_ref(), new.corporate_number.as_ref());
        if !same_name(&old.name.ja, &new.name.ja) {
            self.says(PartyChange::Renamed, Some(old.name.ja.clone()), Some(new.name.ja.clone()));
        }
        self.differs(PartyChange::CountryOfLaw, old.country_of_law.as_ref(), new.country_of_law.as_ref());
        self.address();
        let (was, is) = (&*old.items, &*new.items);
        if self.sealed_differs(was.representative.as_ref(), is.representative.as_ref()) {
            self.says(PartyChange::Representative, None, None);
        }
        if let Some((was, is)) = both(was.officers.as_ref(), is.officers.as_ref())
            && !(was.len() == is.len() && was.iter().all(|officer| is.contains(officer)))
        {
            self.says(PartyChange::Officers, Some(was.len().to_string()), Some(is.len().to_string()));
        }
        self.holders(was, is);
        if both(was.foreign_revenue.as_ref(), is.foreign_revenue.as_ref()).is_some_and(|(was, is)| was != is) {
            self.says(PartyChange::ForeignGovernmentRevenue, None, None);
        }
        if let Some((was, is)) = both(was.manufacturing_sites.as_ref(), is.manufacturing_sites.as_ref()) {
            self.sites(was, is);
        }
    }

    /// The country stands in the address itself, or alone beside the name.
    fn address(&mut self) {
        let of = |record: &'a SupplierRecord| record.items.address.as_ref().and_then(Stated::value);
        let country = |record: &'a SupplierRecord| of(record).map(|at| &at.country).or(record.address_country.as_ref());
        let (was, is) = (country(self.before), country(self.after));
        self.differs(PartyChange::AddressCountry, was, is);
        if let (Some(old), Some(new)) = (of(self.before), of(self.after))
            && old.country == new.country
            && !same_name(&old.text, &new.text)
        {
            self.says(PartyChange::AddressWithinCountry, Some(old.text.clone()), Some(new.text.clone()));
        }
    }

    fn holders(&mut self, was: &SupplierItems, is: &SupplierItems) {
        let Some((old, new)) = both(was.holders.as_ref(), is.holders.as_ref()) else { return };
        // What was told is the share on the day of filing, or on the day that the first record of it speaks about.
        let said_on = match &was.holders {
            Some(Stated::Known(known)) => Some(known.as_of),
            _ => None,
        };
        let told_on = self.filed_on.max(said_on).unwrap_or(self.before.as_of);
        for holder in old {
            let now = new.iter().find(|now| now.holder_id == holder.holder_id);
            self.holder(holder, now, told_on);
        }
        for holder in new.iter().filter(|new| !old.iter().any(|old| old.holder_id == new.holder_id)) {
            self.newly(holder);
        }
    }

    fn holder(&mut self, old: &Holder, new: Option<&Holder>, told_on: CalendarDate) {
        let was = old.share_on(told_on).filter(|share| !share.is_zero());
        let is = new.and_then(|new| Some((new, last_share(new).filter(|share| !share.is_zero())?)));
        let (was, (new, is)) = match (was, is) {
            (None, None) => return,
            (None, Some((new, _))) => return self.newly(new),
            (Some(was), None) => return self.of_holder(PartyChange::HolderGone, old, Some(was.to_string()), None),
            (Some(was), Some(is)) => (was, is),
        };
        let (renamed, moved) = identity(&old.party, &new.party);
        if renamed {
            self.of_holder(PartyChange::HolderRenamed, new, Some(label(old)), Some(label(new)));
        }
        if moved {
            self.of_holder(PartyChange::HolderNationality, new, None, None);
        }
        if was != is {
            let change = crossing(Band::of(Some(was)), Band::of(Some(is))).unwrap_or(PartyChange::HolderPercentage);
            self.of_holder(change, new, Some(was.to_string()), Some(is.to_string()));
        }
    }

    /// One who had less than 5 % before. If it comes in above an edge, that is to be said too.
    fn newly(&mut self, holder: &Holder) {
        let Some(share) = last_share(holder).filter(|share| !share.is_zero()) else { return };
        self.of_holder(PartyChange::HolderNew, holder, None, Some(share.to_string()));
        if let Some(change) = crossing(Band::BelowQuarter, Band::of(Some(share))) {
            self.of_holder(change, holder, None, Some(share.to_string()));
        }
    }

    fn sites(&mut self, was: &[ManufacturingSite], is: &[ManufacturingSite]) {
        let (country, site) = match self.role {
            PartyRole::Supplier => (Change::EquipmentManufacturingCountry, Change::EquipmentManufacturingSite),
            PartyRole::ComponentSupplier => (Change::ComponentManufacturingCountry, Change::ComponentManufacturingSite),
            PartyRole::Contractor | PartyRole::Subcontractor => return,
        };
        let countries = |sites: &[ManufacturingSite]| {
            let all: BTreeSet<&str> = sites.iter().map(|site| site.country.as_str()).collect();
            all.into_iter().collect::<Vec<_>>().join(", ")
        };
        let (from, to) = (countries(was), countries(is));
        if from != to {
            self.push(country, self.after.name.ja.clone(), Some(from), Some(to));
        } else if !(was.len() == is.len() && was.iter().all(|site| is.contains(site))) {
            self.push(site, self.after.name.ja.clone(), None, None);
        }
    }

    fn sealed_differs<T: PartialEq>(&self, was: Option<&Stated<T>>, is: Option<&Stated<T>>) -> bool {
        both(was, is).is_some_and(|(was, is)| was != is)
    }

    fn differs<T: PartialEq + ToString>(&mut self, change: PartyChange, was: Option<&T>, is: Option<&T>) {
        if let (Some(was), Some(is)) = (was, is)
            && was != is
        {
            self.says(change, Some(was.to_string()), Some(is.to_string()));
        }
    }

    fn says(&mut self, change: PartyChange, before: Option<String>, after: Option<String>) {
        self.push(Change::Party(self.role, change), self.after.name.ja.clone(), before, after);
    }

    fn of_holder(&mut self, change: PartyChange, holder: &Holder, before: Option<String>, after: Option<String>) {
        let subject = format!("{}（{}）", self.after.name.ja, label(holder));
        self.push(Change::Party(self.role, change), subject, before, after);
    }

    fn push(&mut self, change: Change, subject: String, before: Option<String>, after: Option<String>) {
        let supplier_id = Some(self.after.supplier_id.clone());
        self.found.0.push(ChangeItem { supplier_id, ..item(change, &subject, before, after) });
    }
}

/// Both values, where we have them.
fn both<'a, T>(was: Option<&'a Stated<T>>, is: Option<&'a Stated<T>>) -> Option<(&'a T, &'a T)> {
    Some((was?.value()?, is?.value()?))
}

/// The share that holds in the end: a record may say today what will be.
fn last_share(holder: &Holder) -> Option<&Ratio> {
    holder.shares.iter().max_by_key(|share| share.from).map(|share| &share.ratio)
}

/// What a holder is called here. A person's name never stands in a finding.
fn label(holder: &Holder) -> String {
    match &holder.party {
        HolderParty::Entity { name: Text { ja, .. }, .. } => ja.clone(),
        HolderParty::Person(_) => holder.holder_id.to_string(),
    }
}

/// Whether a holder is called otherwise, and whether its country of law or nationality is another one. Of a person both may be.
fn identity(was: &HolderParty, is: &HolderParty) -> (bool, bool) {
    match (was, is) {
        (
            HolderParty::Entity { name: old, country_of_law: from, .. },
            HolderParty::Entity { name: new, country_of_law: to, .. },
        ) => (!same_name(&old.ja, &new.ja), from.is_some() && to.is_some() && from != to),
        (HolderParty::Person(was), HolderParty::Person(is)) => (was != is, was != is),
        _ => (true, true),
    }
}

/// The band that an increase newly reaches.
fn crossing(was: Band, is: Band) -> Option<PartyChange> {
    match is {
        _ if is <= was => None,
        Band::BelowQuarter => None,
        Band::Quarter => Some(PartyChange::HolderReachesQuarter),
        Band::Third => Some(PartyChange::HolderReachesThird),
        Band::Half => Some(PartyChange::HolderReachesHalf),
    }
}

/// Whether two spellings are one name: full or half width, spaces, and the abbreviated legal form make no other name. Its place
/// does: 株式会社甲 and 甲株式会社 are two names.
fn same_name(a: &str, b: &str) -> bool {
    let plain = |name: &str| {
        let whole: String = name.nfkc().filter(|c| !c.is_whitespace()).collect();
        [("(株)", "株式会社"), ("(有)", "有限会社"), ("(同)", "合同会社")]
            .iter()
            .fold(whole, |name, (short, long)| name.replace(short, long))
    };
    plain(a) == plain(b)
}

#[cfg(test)]
#[path = "party_tests.rs"]
mod tests;
