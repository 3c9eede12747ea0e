//! A supplier's items in words, as questionnaires and differences show them.
//! It does not open sealed data: it says that somebody is recorded. Invariant: one item, one list of lines, always in the same order.

use daicho_schemas::fact::supplier::{
    FiscalYear, Holder, HolderParty, Known, OfficerIdentity, Paper, Personal, Stated, SupplierField, SupplierRecord,
};
use daicho_schemas::text::{Language, Text};

/// The lines of an item; none where it is absent.
pub fn lines(record: &SupplierRecord, field: SupplierField, language: Language) -> Vec<String> {
    let items = &record.items;
    let say = |ja: &str, en: &str| Text::new(ja, en).get(language).to_string();
    match field {
        SupplierField::Name => vec![format!("{} / {}", record.name.ja, record.name.en)],
        SupplierField::CountryOfLaw => match (&record.country_of_law, &items.country_of_law_submitted_directly) {
            (Some(country), _) => vec![country.to_string()],
            (None, Some(direct)) => {
                stated(Some(&Stated::<()>::SubmittedDirectly(direct.clone())), &say, |()| Vec::new())
            }
            (None, None) => Vec::new(),
        },
        SupplierField::Representative => stated(items.representative.as_ref(), &say, |person| {
            vec![match person {
                Personal::Clear(person) => joined([Some(person.name.clone()), shown(person.nationality.as_ref())]),
                Personal::Sealed(_) => say("登録済み（暗号化）", "recorded (sealed)"),
            }]
        }),
        SupplierField::Address => {
            stated(items.address.as_ref(), &say, |address| vec![format!("{}, {}", address.country, address.text)])
        }
        SupplierField::Holders => stated(items.holders.as_ref(), &say, |holders| {
            holders.iter().map(|holder| holder_line(holder, &say)).collect()
        }),
        SupplierField::Officers => stated(items.officers.as_ref(), &say, |officers| {
            officers.iter().map(|officer| officer_line(officer, &say)).collect()
        }),
        SupplierField::ForeignRevenue => stated(items.foreign_revenue.as_ref(), &say, |years| {
            years.iter().map(|year| year_line(year, &say)).collect()
        }),
        SupplierField::ManufacturingSites => stated(items.manufacturing_sites.as_ref(), &say, |sites| {
            let line = |site: &daicho_schemas::fact::supplier::ManufacturingSite| {
                joined([Some(site.country.to_string()), filled(&site.place), filled(&site.makes)])
            };
            sites.iter().map(line).collect()
        }),
        SupplierField::Registry => stated(items.registry.as_ref(), &say, |paper| vec![paper_line(paper)]),
        SupplierField::OfficerPapers => {
            stated(items.officer_papers.as_ref(), &say, |papers| papers.iter().map(paper_line).collect())
        }
    }
}

/// The day for which an item is known, where it is.
pub fn as_of(record: &SupplierRecord, field: SupplierField) -> Option<String> {
    fn day<T>(stated: Option<&Stated<T>>) -> Option<String> {
        match stated? {
            Stated::Known(Known { as_of, .. }) => Some(as_of.to_string()),
            Stated::SubmittedDirectly(direct) => Some(direct.on.to_string()),
        }
    }
    let items = &record.items;
    match field {
        SupplierField::Name => Some(record.as_of.to_string()),
        SupplierField::CountryOfLaw => record.country_of_law.as_ref().map(|_| record.as_of.to_string()),
        SupplierField::Representative => day(items.representative.as_ref()),
        SupplierField::Address => day(items.address.as_ref()),
        SupplierField::Holders => day(items.holders.as_ref()),
        SupplierField::Officers => day(items.officers.as_ref()),
        SupplierField::ForeignRevenue => day(items.foreign_revenue.as_ref()),
        SupplierField::ManufacturingSites => day(items.manufacturing_sites.as_ref()),
        SupplierField::Registry => day(items.registry.as_ref()),
        SupplierField::OfficerPapers => day(items.officer_papers.as_ref()),
    }
}

fn stated<T>(
    stated: Option<&Stated<T>>,
    say: &impl Fn(&str, &str) -> String,
    known: impl FnOnce(&T) -> Vec<String>,
) -> Vec<String> {
    match stated {
        None => Vec::new(),
        Some(Stated::SubmittedDirectly(direct)) => {
            let sent = say("主務大臣に直接提出済み", "submitted to the minister directly");
            vec![joined([Some(format!("{sent} {}", direct.on)), filled(&direct.receipt)])]
        }
        Some(Stated::Known(value)) => {
            let lines = known(&value.value);
            if lines.is_empty() { vec![say("該当なし", "none")] } else { lines }
        }
    }
}

fn holder_line(holder: &Holder, say: &impl Fn(&str, &str) -> String) -> String {
    let who = match &holder.party {
        HolderParty::Entity { name, country_of_law, .. } => {
            joined([Some(say(&name.ja, &name.en)), shown(country_of_law.as_ref())])
        }
        HolderParty::Person(Personal::Clear(person)) => {
            joined([Some(person.name.clone()), shown(person.nationality.as_ref()), Some(say("個人", "person"))])
        }
        HolderParty::Person(Personal::Sealed(_)) => say("個人（暗号化）", "a person (sealed)"),
    };
    let shares = holder.shares.iter().map(|share| format!("{} ({}–)", share.ratio, share.from));
    joined([Some(who), Some(shares.collect::<Vec<_>>().join(" → "))])
}

fn officer_line(officer: &Personal<OfficerIdentity>, say: &impl Fn(&str, &str) -> String) -> String {
    match officer {
        Personal::Clear(officer) => joined([
            Some(officer.name.clone()),
            officer.birth_date.map(|day| day.to_string()),
            shown(officer.nationality.as_ref()),
        ]),
        Personal::Sealed(_) => say("登録済み（暗号化）", "recorded (sealed)"),
    }
}

fn year_line(year: &FiscalYear, say: &impl Fn(&str, &str) -> String) -> String {
    if year.from_governments.is_empty() {
        return format!("{}: {}", year.ended_on, say("なし", "none"));
    }
    let from = year
        .from_governments
        .iter()
        .map(|from| format!("{} {} ({})", from.country, from.share, from.counterparties.join("; ")));
    format!("{}: {}", year.ended_on, from.collect::<Vec<_>>().join(", "))
}

fn paper_line(paper: &Paper) -> String {
    joined([paper.issued_on.map(|day| day.to_string()), paper.valid_through.map(|day| format!("–{day}"))])
}

fn shown(value: Option<&impl ToString>) -> Option<String> {
    value.map(ToString::to_string)
}

fn filled(words: &str) -> Option<String> {
    (!words.is_empty()).then(|| words.to_string())
}

fn joined<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
