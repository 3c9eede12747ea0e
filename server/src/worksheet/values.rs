//! What a supplier record says of one item, as it would be written into a form.
//! It does not know forms or roles.
//! Invariant: shares are written exactly; a sealed person's data is never guessed at.

use daicho_schemas::fact::supplier::{
    Holder, HolderParty, OfficerIdentity, PersonIdentity, Personal, RevenueTest, Stated, SupplierField, SupplierRecord,
    revenue_test,
};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;

/// Between the entries of a list: each on a line of its own.
const NEXT: &str = "\n";

/// The value of an item on the day of filing; empty where the record has none.
pub(super) fn value_of(record: &SupplierRecord, field: SupplierField, filing_on: CalendarDate) -> Text {
    let items = &*record.items;
    match field {
        SupplierField::Name => record.name.clone(),
        SupplierField::CountryOfLaw => same(record.country_of_law.as_ref().map(ToString::to_string)),
        SupplierField::Representative => match known(items.representative.as_ref()) {
            Some(Personal::Clear(person)) => same(Some(person.name.clone())),
            Some(Personal::Sealed(_)) => sealed(1),
            None => Text::default(),
        },
        SupplierField::Address => {
            let address = known(items.address.as_ref());
            same(address.map(|address| format!("{} ({})", address.text, address.country)))
        }
        SupplierField::Holders => list(known(items.holders.as_ref()), |holder| holder_line(holder, filing_on)),
        SupplierField::Officers => list(known(items.officers.as_ref()), officer_line),
        SupplierField::ForeignRevenue => {
            known(items.foreign_revenue.as_ref()).map_or_else(Text::default, |years| revenue(years, filing_on))
        }
        SupplierField::ManufacturingSites => list(known(items.manufacturing_sites.as_ref()), |site| {
            let makes = if site.makes.is_empty() { String::new() } else { format!(" [{}]", site.makes) };
            same(Some(format!("{} {}{makes}", site.country, site.place).trim().to_string()))
        }),
        SupplierField::Registry => same(known(items.registry.as_ref()).map(paper_line)),
        SupplierField::OfficerPapers => {
            list(known(items.officer_papers.as_ref()), |paper| same(Some(paper_line(paper))))
        }
    }
}

fn known<T>(stated: Option<&Stated<T>>) -> Option<&T> {
    stated.and_then(Stated::value)
}

fn same(text: Option<String>) -> Text {
    text.map_or_else(Text::default, Text::same)
}

fn sealed(persons: usize) -> Text {
    Text::new(format!("（封緘：{persons} 名分）"), format!("(sealed: {persons} person(s))"))
}

/// A list, one entry a line. A known list that is empty says that there is none.
fn list<T>(all: Option<&Vec<T>>, line: impl Fn(&T) -> Text) -> Text {
    let Some(all) = all else { return Text::default() };
    if all.is_empty() {
        return Text::new("該当なし", "none");
    }
    let lines: Vec<Text> = all.iter().map(line).collect();
    let of = |pick: fn(&Text) -> &str| lines.iter().map(pick).collect::<Vec<_>>().join(NEXT);
    Text::new(of(|text| &text.ja), of(|text| &text.en))
}

fn holder_line(holder: &Holder, filing_on: CalendarDate) -> Text {
    let share = holder.share_on(filing_on).map_or_else(|| "?".into(), ToString::to_string);
    let country = |code: Option<String>| code.unwrap_or_else(|| "?".into());
    match &holder.party {
        HolderParty::Entity { name, country_of_law, .. } => {
            let country = country(country_of_law.as_ref().map(ToString::to_string));
            Text::new(format!("{}（{country}） {share}", name.ja), format!("{} ({country}) {share}", name.en))
        }
        HolderParty::Person(Personal::Clear(PersonIdentity { name, nationality })) => {
            let country = country(nationality.as_ref().map(ToString::to_string));
            Text::new(format!("{name}（{country}） {share}"), format!("{name} ({country}) {share}"))
        }
        HolderParty::Person(Personal::Sealed(_)) => {
            Text::new(format!("（封緘：個人） {share}"), format!("(sealed: a person) {share}"))
        }
    }
}

fn officer_line(officer: &Personal<OfficerIdentity>) -> Text {
    let Some(OfficerIdentity { name, birth_date, nationality }) = officer.clear() else { return sealed(1) };
    let born = birth_date.map_or_else(|| "?".into(), |day| day.to_string());
    let country = nationality.as_ref().map_or_else(|| "?".into(), ToString::to_string);
    Text::new(format!("{name}、{born}、{country}"), format!("{name}, {born}, {country}"))
}

fn revenue(years: &[daicho_schemas::fact::supplier::FiscalYear], filing_on: CalendarDate) -> Text {
    match revenue_test(years, filing_on) {
        RevenueTest::Reached(found) => {
            let line = |(year, from): &(&_, &daicho_schemas::fact::supplier::ForeignRevenue)| {
                let year: &daicho_schemas::fact::supplier::FiscalYear = year;
                format!("{} {} {} {}", year.ended_on, from.country, from.share, from.counterparties.join(", "))
            };
            same(Some(found.iter().map(line).collect::<Vec<_>>().join(NEXT)))
        }
        RevenueTest::NotReached => Text::new(
            "該当なし（直近3事業年度とも25％未満）",
            "none (below 25 % in each of the last three fiscal years)",
        ),
        RevenueTest::Unknown(years) => Text::new(
            format!("直近3事業年度のうち {years} 年度分が不明です"),
            format!("{years} of the last three fiscal years are not known"),
        ),
    }
}

fn paper_line(paper: &daicho_schemas::fact::supplier::Paper) -> String {
    let day = |day: Option<CalendarDate>| day.map_or_else(|| "?".into(), |day| day.to_string());
    match paper.valid_through {
        Some(through) => format!("{} – {through}", day(paper.issued_on)),
        None => day(paper.issued_on),
    }
}
