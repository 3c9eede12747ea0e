//! What a supplier record must not contradict in itself or among the records: countries that exist, shares within the whole,
//! dates in order, nobody without a name, no circle of owners.
//! It does not know files; the caller turns a path into line and column. Invariant: the first contradiction is named by its field,
//! with what to do about it.

use super::countries::is_assigned;
use super::declarations::{Check, check_text, check_unique};
use super::places::Path;
use daicho_schemas::fact::supplier::{
    CountryCode, FiscalYear, Holder, HolderParty, ManufacturingSite, OfficerIdentity, Paper, Personal, Ratio, Stated,
    SupplierItems, SupplierRecord, over_the_whole,
};
use daicho_schemas::ids::SupplierId;
use daicho_schemas::time::CalendarDate;
use std::collections::{BTreeMap, BTreeSet};

/// The most holders, officers, sites or papers of one supplier, and counterparties of one year.
const ROWS_MAX: usize = 500;
/// The longest address, name or note in these items, in characters.
const WORDS_CHARS_MAX: usize = 1000;

/// One record.
pub(super) fn check_supplier(supplier: &SupplierRecord, path: &Path) -> Check {
    check_text(&supplier.name, &path.key("name"))?;
    if supplier.source.trim().is_empty() {
        return Err((path.key("source"), "every record says where it came from".into()));
    }
    check_country(supplier.country_of_law.as_ref(), &path.key("country_of_law"))?;
    check_country(supplier.address_country.as_ref(), &path.key("address_country"))?;
    check_items(supplier, &path.key("items"))?;
    let recognise = path.key("recognise");
    for (field, marks) in [
        ("package_origins", &supplier.recognise.package_origins),
        ("maintainer_domains", &supplier.recognise.maintainer_domains),
        ("vendor_strings", &supplier.recognise.vendor_strings),
        ("os_ids", &supplier.recognise.os_ids),
    ] {
        if let Some(empty) = marks.iter().position(|mark| mark.trim().is_empty()) {
            return Err((recognise.key(field).index(empty), "a mark must not be empty".into()));
        }
    }
    // A domain without a dot ("org", "debian") would claim half the world or nothing.
    let bad = |domain: &String| !domain.contains('.') || domain.contains('@') || domain.starts_with('.');
    match supplier.recognise.maintainer_domains.iter().position(bad) {
        Some(i) => Err((recognise.key("maintainer_domains").index(i), "a domain looks like 'debian.org'".into())),
        None => Ok(()),
    }
}

/// A country that ISO 3166-1 knows.
pub(super) fn check_country(country: Option<&CountryCode>, path: &Path) -> Check {
    match country.filter(|country| !is_assigned(country)) {
        Some(country) => {
            let what = format!("ISO 3166-1 has assigned '{country}' to no country: write JP, US, GB and so on");
            Err((path.clone(), what))
        }
        None => Ok(()),
    }
}

fn check_items(supplier: &SupplierRecord, path: &Path) -> Check {
    // Every field is named, so that a new one cannot be forgotten here.
    let SupplierItems {
        former_names,
        country_of_law_submitted_directly,
        representative,
        address,
        holders,
        officers,
        foreign_revenue,
        manufacturing_sites,
        registry,
        officer_papers,
    } = &*supplier.items;
    for (i, former) in former_names.iter().enumerate() {
        let path = path.key("former_names").index(i);
        check_text(&former.name, &path.key("name"))?;
        check_order(former.through, "the record's day (as_of)", Some(supplier.as_of), &path.key("through"))?;
    }
    if country_of_law_submitted_directly.is_some() && supplier.country_of_law.is_some() {
        let what = "the record itself holds country_of_law: leave one of the two out";
        return Err((path.key("country_of_law_submitted_directly"), what.into()));
    }
    check_stated(representative.as_ref(), &path.key("representative"), |person, path, _| match person.clear() {
        Some(person) => check_person(&person.name, person.nationality.as_ref(), path),
        None => Ok(()),
    })?;
    check_stated(address.as_ref(), &path.key("address"), |address, path, _| {
        check_words(&address.text, &path.key("text"))?;
        if supplier.address_country.as_ref().is_some_and(|country| *country != address.country) {
            return Err((path.key("country"), "the record's own address_country says another country".into()));
        }
        check_country(Some(&address.country), &path.key("country"))
    })?;
    check_stated(holders.as_ref(), &path.key("holders"), |holders, path, _| check_holders(holders, path))?;
    check_stated(officers.as_ref(), &path.key("officers"), |officers, path, as_of| {
        check_officers(officers, path, as_of)
    })?;
    check_stated(foreign_revenue.as_ref(), &path.key("foreign_revenue"), |years, path, as_of| {
        check_years(years, path, as_of)
    })?;
    check_stated(manufacturing_sites.as_ref(), &path.key("manufacturing_sites"), |sites, path, _| {
        check_sites(sites, path)
    })?;
    check_stated(registry.as_ref(), &path.key("registry"), check_paper)?;
    check_stated(officer_papers.as_ref(), &path.key("officer_papers"), |papers, path, as_of| {
        check_count(papers.len(), path)?;
        papers.iter().enumerate().try_for_each(|(i, paper)| check_paper(paper, &path.index(i), as_of))
    })
}

/// A known value says where it came from, and its days are in order.
fn check_stated<T>(
    stated: Option<&Stated<T>>,
    path: &Path,
    check: impl FnOnce(&T, &Path, CalendarDate) -> Check,
) -> Check {
    let Some(Stated::Known(known)) = stated else { return Ok(()) };
    let path = path.key("known");
    if known.source.trim().is_empty() {
        return Err((path.key("source"), "every value says where it came from".into()));
    }
    check_order(Some(known.as_of), "valid_through", known.valid_through, &path.key("as_of"))?;
    check(&known.value, &path.key("value"), known.as_of)
}

/// Refuses a day after the one it must not be after.
fn check_order(earlier: Option<CalendarDate>, name: &str, later: Option<CalendarDate>, path: &Path) -> Check {
    match (earlier, later) {
        (Some(earlier), Some(later)) if earlier > later => {
            Err((path.clone(), format!("{earlier} is after {name} ({later}): correct one of the two")))
        }
        _ => Ok(()),
    }
}

fn check_words(words: &str, path: &Path) -> Check {
    if words.trim().is_empty() {
        return Err((path.clone(), "words are needed here; leave the whole value out where it is not known".into()));
    }
    if words.chars().count() > WORDS_CHARS_MAX {
        return Err((path.clone(), format!("at most {WORDS_CHARS_MAX} characters are taken")));
    }
    Ok(())
}

fn check_count(count: usize, path: &Path) -> Check {
    if count > ROWS_MAX { Err((path.clone(), format!("at most {ROWS_MAX} are taken, not {count}"))) } else { Ok(()) }
}

fn check_person(name: &str, nationality: Option<&CountryCode>, path: &Path) -> Check {
    if name.trim().is_empty() {
        return Err((
            path.key("clear").key("name"),
            "a person without a name: write the name, or leave the person out".into(),
        ));
    }
    check_words(name, &path.key("clear").key("name"))?;
    check_country(nationality, &path.key("clear").key("nationality"))
}

fn check_officers(officers: &[Personal<OfficerIdentity>], path: &Path, as_of: CalendarDate) -> Check {
    check_count(officers.len(), path)?;
    for (i, officer) in officers.iter().enumerate() {
        let Some(officer) = officer.clear() else { continue };
        let path = path.index(i);
        check_person(&officer.name, officer.nationality.as_ref(), &path)?;
        check_order(
            officer.birth_date,
            "the day of the list (as_of)",
            Some(as_of),
            &path.key("clear").key("birth_date"),
        )?;
    }
    Ok(())
}

fn check_holders(holders: &[Holder], path: &Path) -> Check {
    check_count(holders.len(), path)?;
    check_unique(holders.iter().map(|holder| holder.holder_id.to_string()), "holder_id", |i| {
        path.index(i).key("holder_id")
    })?;
    for (i, holder) in holders.iter().enumerate() {
        let path = path.index(i);
        match &holder.party {
            HolderParty::Entity { name, country_of_law, .. } => {
                check_text(name, &path.key("party").key("entity").key("name"))?;
                check_country(country_of_law.as_ref(), &path.key("party").key("entity").key("country_of_law"))?;
            }
            HolderParty::Person(Personal::Clear(person)) => {
                check_person(&person.name, person.nationality.as_ref(), &path.key("party").key("person"))?;
            }
            HolderParty::Person(Personal::Sealed(_)) => {}
        }
        if holder.shares.is_empty() {
            return Err((
                path.key("shares"),
                "a holder has a share: write it, with the day from which it holds".into(),
            ));
        }
        check_count(holder.shares.len(), &path.key("shares"))?;
        for (n, (before, after)) in holder.shares.iter().zip(holder.shares.iter().skip(1)).enumerate() {
            if before.from >= after.from {
                let what =
                    format!("{} is not after the share before it ({}): put them in order", after.from, before.from);
                return Err((path.key("shares").index(n + 1).key("from"), what));
            }
        }
    }
    match over_the_whole(holders) {
        Some(day) => {
            let what =
                format!("from {day} on the holders have more than 100 % of the votes together: correct their shares");
            Err((path.clone(), what))
        }
        None => Ok(()),
    }
}

fn check_years(years: &[FiscalYear], path: &Path, as_of: CalendarDate) -> Check {
    check_count(years.len(), path)?;
    check_unique(years.iter().map(|year| year.ended_on.to_string()), "fiscal year", |i| path.index(i).key("ended_on"))?;
    for (i, year) in years.iter().enumerate() {
        let path = path.index(i);
        check_order(Some(year.ended_on), "the day of the statement (as_of)", Some(as_of), &path.key("ended_on"))?;
        let path = path.key("from_governments");
        check_count(year.from_governments.len(), &path)?;
        let countries = year.from_governments.iter().map(|from| from.country.to_string());
        check_unique(countries, "country", |n| path.index(n).key("country"))?;
        for (n, from) in year.from_governments.iter().enumerate() {
            check_country(Some(&from.country), &path.index(n).key("country"))?;
            check_count(from.counterparties.len(), &path.index(n).key("counterparties"))?;
            for (k, counterparty) in from.counterparties.iter().enumerate() {
                check_words(counterparty, &path.index(n).key("counterparties").index(k))?;
            }
        }
        if Ratio::exceed_whole(year.from_governments.iter().map(|from| &from.share)) {
            return Err((path, "the shares of one year are more than 100 % together: correct them".into()));
        }
    }
    Ok(())
}

fn check_sites(sites: &[ManufacturingSite], path: &Path) -> Check {
    check_count(sites.len(), path)?;
    for (i, site) in sites.iter().enumerate() {
        check_country(Some(&site.country), &path.index(i).key("country"))?;
        for (field, words) in [("place", &site.place), ("makes", &site.makes)] {
            if !words.is_empty() {
                check_words(words, &path.index(i).key(field))?;
            }
        }
    }
    Ok(())
}

fn check_paper(paper: &Paper, path: &Path, as_of: CalendarDate) -> Check {
    if paper.usable_through().is_none() {
        return Err((path.clone(), "a paper has the day it was made (issued_on) or the end of its validity".into()));
    }
    check_order(paper.issued_on, "valid_through", paper.valid_through, &path.key("issued_on"))?;
    check_order(paper.issued_on, "the day it was seen (as_of)", Some(as_of), &path.key("issued_on"))
}

/// Refuses a circle of owners among these records, and through those that `holders_of` tells of. Every record is looked at once.
pub(super) fn check_ownership(
    records: &[SupplierRecord],
    path: &Path,
    holders_of: impl Fn(&SupplierId) -> Vec<Holder>,
) -> Check {
    let places: BTreeMap<&SupplierId, usize> = (0..).zip(records).map(|(i, record)| (&record.supplier_id, i)).collect();
    let owners = |id: &SupplierId| -> Vec<SupplierId> {
        match places.get(id).and_then(|place| records.get(*place)) {
            Some(record) => linked(record.items.holders.as_ref().and_then(Stated::value).map_or(&[], Vec::as_slice)),
            None => linked(&holders_of(id)),
        }
    };
    let mut done = BTreeSet::new();
    for (i, record) in records.iter().enumerate() {
        // The way from this record up to an owner, each with the owners that were not followed yet.
        let mut way = vec![(record.supplier_id.clone(), owners(&record.supplier_id))];
        let mut on_way = BTreeSet::from([record.supplier_id.clone()]);
        while let Some((id, above)) = way.last_mut() {
            let Some(owner) = above.pop() else {
                on_way.remove(id);
                done.insert(id.clone());
                way.pop();
                continue;
            };
            if on_way.contains(&owner) {
                let path = path.index(places.get(&owner).copied().unwrap_or(i)).key("items").key("holders");
                let what = format!(
                    "'{owner}' owns itself, directly or through its holders: correct the holder that is wrong; where companies \
                     really hold each other, name that holder without its supplier_id"
                );
                return Err((path, what));
            }
            if !done.contains(&owner) {
                on_way.insert(owner.clone());
                way.push((owner.clone(), owners(&owner)));
            }
        }
    }
    Ok(())
}

/// The holders that are recorded suppliers themselves and hold something at last.
fn linked(holders: &[Holder]) -> Vec<SupplierId> {
    let holds = |holder: &&Holder| holder.shares.last().is_some_and(|share| !share.ratio.is_zero());
    let id = |holder: &Holder| match &holder.party {
        HolderParty::Entity { supplier_id, .. } => supplier_id.clone(),
        HolderParty::Person(_) => None,
    };
    holders.iter().filter(holds).filter_map(id).collect()
}

#[cfg(test)]
#[path = "supplier_checks_tests.rs"]
mod tests;
