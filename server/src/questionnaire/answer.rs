//! A questionnaire that came back: the answers, beside what is recorded, as a new version of the record and its differences.
//! It does not write anything anywhere. Invariant: a cell that cannot be read is refused by its place; an empty one changes nothing;
//! what was removed was removed by a word, never by an empty cell.

use super::out::record_hash;
use super::{QUESTIONNAIRE_FORMAT, Role, column, describe, head};
use crate::intake::countries;
use crate::intake::declarations::parse_suppliers;
use crate::sheets::{Cell, Sheet, place, refuse, words};
use daicho_schemas::fact::supplier::{
    Address, CountryCode, FiscalYear, ForeignRevenue, FormerName, Holder, HolderParty, HolderShare, Known,
    ManufacturingSite, OfficerIdentity, Paper, PersonIdentity, Personal, SUPPLIERS_FORMAT, Stated, SubmittedDirectly,
    SupplierField, SupplierRecord, SuppliersFile,
};
use daicho_schemas::ids::{HolderId, SupplierId};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::{Language, Text};
use daicho_schemas::time::CalendarDate;
use std::collections::BTreeMap;

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// In which role was asked.
    pub role: Role,
    /// The record as it stands.
    pub before: SupplierRecord,
    /// The record with the answers.
    pub after: SupplierRecord,
}

/// One item that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub field: SupplierField,
    /// As it stands; no lines where it is absent.
    pub before: Vec<String>,
    /// As answered.
    pub after: Vec<String>,
}

impl Answer {
    /// Item by item, what differs.
    pub fn differences(&self, language: Language) -> Vec<Difference> {
        let day = |record: &SupplierRecord, field| describe::as_of(record, field);
        let differs = |field: &SupplierField| Difference {
            field: *field,
            before: describe::lines(&self.before, *field, language),
            after: describe::lines(&self.after, *field, language),
        };
        let new = |d: &Difference| d.before != d.after || day(&self.before, d.field) != day(&self.after, d.field);
        SupplierField::ALL.iter().map(differs).filter(new).collect()
    }
}

/// Reads the answers. `file` is the file's name, for the source of what is taken over; `find` gives the record that stands.
pub fn read(
    sheets: &[Sheet],
    file: &str,
    find: impl Fn(&SupplierId) -> Option<SupplierRecord>,
) -> Result<Answer, Refusal> {
    let sheet = sheets.iter().find(|sheet| sheet.text(head::FORMAT, 0) == QUESTIONNAIRE_FORMAT);
    let sheet = sheet.ok_or_else(|| {
        refuse(format!("no sheet begins with '{QUESTIONNAIRE_FORMAT}': this is no questionnaire of ours"))
    })?;
    let id =
        SupplierId::new(sheet.text(head::SUPPLIER, 0)).map_err(|error| at(head::SUPPLIER, 0, &error.to_string()))?;
    let role = Role::of_key(sheet.text(head::ROLE, 0));
    let role = role.ok_or_else(|| at(head::ROLE, 0, "no role that we know"))?;
    let before = find(&id).ok_or_else(|| Refusal::new(RefusalCode::SupplierUnknown).with(id.to_string()))?;
    if sheet.text(head::RECORD, 0) != record_hash(&before) {
        let what = "the record has changed since this questionnaire was written: write a new one, or correct the record by hand";
        return Err(at(head::RECORD, 0, what));
    }
    let mut reader = Reader { sheet, rows: keys(sheet)?, answered_on: None, source: format!("questionnaire: {file}") };
    reader.answered_on = reader.date(head::ANSWERED_ON, 0)?;
    let mut after = before.clone();
    for field in role.fields() {
        reader.field(field, &mut after)?;
    }
    let checked = SuppliersFile { format: SUPPLIERS_FORMAT.into(), suppliers: vec![after.clone()] };
    let bytes = serde_json::to_vec_pretty(&checked).map_err(|error| refuse(error.to_string()))?;
    parse_suppliers(&bytes)
        .map_err(|refusal| refuse(format!("the answers contradict each other: {}", refusal.detail)))?;
    Ok(Answer { role, before, after })
}

fn at(row: u32, column: u16, what: &str) -> Refusal {
    refuse(format!("cell {}: {what}", place(row, u32::from(column))))
}

/// Where each key stands.
fn keys(sheet: &Sheet) -> Result<BTreeMap<String, u32>, Refusal> {
    let mut rows = BTreeMap::new();
    for row in sheet.rows.keys().copied().filter(|row| *row >= head::FIRST) {
        let key = sheet.text(row, 0);
        if !key.is_empty() && rows.insert(key.to_string(), row).is_some() {
            return Err(at(row, 0, &format!("the line '{key}' stands here for the second time")));
        }
    }
    Ok(rows)
}

struct Reader<'a> {
    sheet: &'a Sheet,
    rows: BTreeMap<String, u32>,
    answered_on: Option<CalendarDate>,
    source: String,
}

/// An entry of a list: what its line says.
enum Line {
    /// Nothing: it stays as it is.
    Kept,
    /// It is no more.
    Removed,
    /// Its cells say something; the row.
    Answered(u32),
}

impl Reader<'_> {
    /// One of the answer cells, from 0. A formula is refused: its value is its program's, not the supplier's word.
    fn answer(&self, row: u32, part: u16) -> Result<Option<&Cell>, Refusal> {
        self.at(row, column::ANSWER + part)
    }

    fn at(&self, row: u32, column: u16) -> Result<Option<&Cell>, Refusal> {
        match self.sheet.cell(row, u32::from(column)) {
            Some(cell) if cell.formula => Err(at(row, column, "a formula: write the value itself")),
            found => Ok(found.filter(|cell| !cell.text.is_empty())),
        }
    }

    fn text(&self, row: u32, part: u16) -> Result<Option<String>, Refusal> {
        Ok(self.answer(row, part)?.map(|cell| cell.text.clone()))
    }

    fn date(&self, row: u32, part: u16) -> Result<Option<CalendarDate>, Refusal> {
        let found = self.answer(row, part)?.map(|cell| words::date(&cell.text));
        found.transpose().map_err(|what| at(row, column::ANSWER + part, &what))
    }

    fn country(&self, row: u32, part: u16) -> Result<Option<CountryCode>, Refusal> {
        let named = |cell: &Cell| {
            let what = "no country that we know: write its code (JP, US) or its name";
            countries::named(&cell.text).ok_or_else(|| at(row, column::ANSWER + part, what))
        };
        self.answer(row, part)?.map(named).transpose()
    }

    fn is_answered(&self, row: u32) -> Result<bool, Refusal> {
        Ok((0..column::ANSWERS)
            .map(|part| self.answer(row, part))
            .collect::<Result<Vec<_>, _>>()?
            .iter()
            .any(Option::is_some))
    }

    fn as_of(&self, row: u32) -> Result<CalendarDate, Refusal> {
        let own = self.at(row, column::AS_OF)?.map(|cell| words::date(&cell.text));
        let own = own.transpose().map_err(|what| at(row, column::AS_OF, &what))?;
        own.or(self.answered_on).ok_or_else(|| {
            at(
                head::ANSWERED_ON,
                column::ANSWER,
                "the day of the answer is missing: without it nobody knows how old the answers are",
            )
        })
    }

    fn direct(&self, row: u32) -> Result<Option<SubmittedDirectly>, Refusal> {
        let Some(on) = self.at(row, column::DIRECT_ON)? else { return Ok(None) };
        let on = words::date(&on.text).map_err(|what| at(row, column::DIRECT_ON, &what))?;
        let receipt = self.at(row, column::RECEIPT)?.map(|cell| cell.text.clone()).unwrap_or_default();
        Ok(Some(SubmittedDirectly { on, receipt }))
    }

    /// The item as answered; nothing where it was not.
    fn item<T>(&self, row: u32, value: Option<T>) -> Result<Option<Stated<T>>, Refusal> {
        match (value, self.direct(row)?) {
            (Some(_), Some(_)) => Err(at(
                row,
                column::DIRECT_ON,
                "an answer stands beside it: what is submitted directly is not answered here",
            )),
            (None, Some(direct)) => Ok(Some(Stated::SubmittedDirectly(direct))),
            (Some(value), None) => Ok(Some(Stated::Known(Known {
                value,
                source: self.source.clone(),
                as_of: self.as_of(row)?,
                valid_through: None,
            }))),
            (None, None) => Ok(None),
        }
    }

    /// A list as answered: entries that are not mentioned stay, unless the whole list is answered with "none".
    fn list<T: Clone>(
        &self,
        field: SupplierField,
        row: u32,
        known: &[T],
        entry: impl Fn(u32, Option<&T>) -> Result<T, Refusal>,
    ) -> Result<Option<Stated<Vec<T>>>, Refusal> {
        let whole = self.answer(row, 0)?;
        if let Some(cell) = whole.filter(|cell| !words::is_none(&cell.text)) {
            let what = format!("only 'none' may stand here, not '{}': entries stand in the lines below", cell.text);
            return Err(at(row, column::ANSWER, &what));
        }
        let (mut entries, mut answered) = (Vec::new(), whole.is_some());
        let numbered = |place: usize| self.rows.get(&format!("{}.{}", field.key(), place + 1)).copied();
        let last = (0..).take_while(|place| numbered(*place).is_some()).count();
        for place in 0..last.max(known.len()) {
            let known = known.get(place);
            match self.line(numbered(place))? {
                Line::Kept if whole.is_some() => {}
                Line::Kept => entries.extend(known.cloned()),
                Line::Removed => answered = true,
                Line::Answered(row) => {
                    if whole.is_some() {
                        return Err(at(
                            row,
                            column::ANSWER,
                            "the whole list is answered with 'none', and this line is filled in",
                        ));
                    }
                    answered = true;
                    entries.push(entry(row, known)?);
                }
            }
        }
        self.item(row, answered.then_some(entries))
    }

    fn line(&self, row: Option<u32>) -> Result<Line, Refusal> {
        let Some(row) = row else { return Ok(Line::Kept) };
        if !self.is_answered(row)? {
            return Ok(Line::Kept);
        }
        let first = self.answer(row, 0)?;
        Ok(if first.is_some_and(|cell| words::is_none(&cell.text)) { Line::Removed } else { Line::Answered(row) })
    }

    fn field(&self, field: SupplierField, record: &mut SupplierRecord) -> Result<(), Refusal> {
        let Some(row) = self.rows.get(field.key()).copied() else { return Ok(()) };
        let items = &mut record.items;
        match field {
            SupplierField::Name => return self.name(row, record),
            SupplierField::CountryOfLaw => match self.item(row, self.country(row, 0)?)? {
                Some(Stated::Known(known)) => {
                    record.country_of_law = Some(known.value);
                    record.items.country_of_law_submitted_directly = None;
                    (record.as_of, record.source) = (known.as_of, known.source);
                }
                Some(Stated::SubmittedDirectly(direct)) => {
                    record.country_of_law = None;
                    record.items.country_of_law_submitted_directly = Some(direct);
                }
                None => {}
            },
            SupplierField::Representative => {
                let nationality = self.country(row, 1)?;
                let person = self.text(row, 0)?.map(|name| Personal::Clear(PersonIdentity { name, nationality }));
                set(&mut items.representative, self.item(row, person)?);
            }
            SupplierField::Address => {
                let address = match (self.country(row, 0)?, self.text(row, 1)?) {
                    (Some(country), Some(text)) => Some(Address { country, text }),
                    (None, None) => None,
                    _ => return Err(at(row, column::ANSWER, "an address has a country and words")),
                };
                let stated = self.item(row, address)?;
                if let Some(Stated::Known(known)) = &stated {
                    record.address_country = Some(known.value.country.clone());
                }
                set(&mut items.address, stated);
            }
            SupplierField::Holders => {
                let known = items.holders.as_ref().and_then(Stated::value).cloned().unwrap_or_default();
                let stated = self.list(field, row, &known, |line, known| self.holder(line, row, known))?;
                set(&mut items.holders, stated.map(|stated| with_ids(stated, &known)));
            }
            SupplierField::Officers => {
                let known = items.officers.as_ref().and_then(Stated::value).cloned().unwrap_or_default();
                set(&mut items.officers, self.list(field, row, &known, |line, known| self.officer(line, known))?);
            }
            SupplierField::ForeignRevenue => {
                let known = items.foreign_revenue.as_ref().and_then(Stated::value).cloned().unwrap_or_default();
                let stated = self.list(field, row, &known, |line, _| self.year(line))?;
                set(&mut items.foreign_revenue, stated.map(one_entry_a_year));
            }
            SupplierField::ManufacturingSites => {
                let known = items.manufacturing_sites.as_ref().and_then(Stated::value).cloned().unwrap_or_default();
                set(
                    &mut items.manufacturing_sites,
                    self.list(field, row, &known, |line, known| self.site(line, known))?,
                );
            }
            SupplierField::Registry => {
                let paper = if self.is_answered(row)? { Some(self.paper(row)?) } else { None };
                set(&mut items.registry, self.item(row, paper)?);
            }
            SupplierField::OfficerPapers => {
                let known = items.officer_papers.as_ref().and_then(Stated::value).cloned().unwrap_or_default();
                set(&mut items.officer_papers, self.list(field, row, &known, |line, _| self.paper(line))?);
            }
        }
        Ok(())
    }

    /// A name: the one before becomes a former name.
    fn name(&self, row: u32, record: &mut SupplierRecord) -> Result<(), Refusal> {
        if self.direct(row)?.is_some() {
            return Err(at(
                row,
                column::DIRECT_ON,
                "the name is always given here: without it nobody knows whom a plan means",
            ));
        }
        let name = Text {
            ja: self.text(row, 0)?.unwrap_or_else(|| record.name.ja.clone()),
            en: self.text(row, 1)?.unwrap_or_else(|| record.name.en.clone()),
        };
        if name != record.name {
            let former = std::mem::replace(&mut record.name, name);
            record.items.former_names.push(FormerName { name: former, through: None });
            (record.as_of, record.source) = (self.as_of(row)?, self.source.clone());
        }
        Ok(())
    }

    fn holder(&self, row: u32, whole: u32, known: Option<&Holder>) -> Result<Holder, Refusal> {
        let (name, country) = (self.text(row, 0)?, self.country(row, 1)?);
        let is_person = self.answer(row, 3)?.is_some_and(|cell| words::is_person(&cell.text));
        let party = match (name, known.map(|known| &known.party)) {
            (Some(name), _) if is_person => {
                HolderParty::Person(Personal::Clear(PersonIdentity { name, nationality: country }))
            }
            (Some(_), Some(HolderParty::Person(_))) => {
                return Err(at(
                    row,
                    column::ANSWER + 3,
                    "a person is recorded here: write 'person' too, or answer 'none' and use a new line",
                ));
            }
            (Some(name), known) => HolderParty::Entity {
                name: Text::same(name),
                country_of_law: country,
                supplier_id: match known {
                    Some(HolderParty::Entity { supplier_id, .. }) => supplier_id.clone(),
                    _ => None,
                },
            },
            (None, Some(HolderParty::Entity { name, country_of_law, supplier_id })) => HolderParty::Entity {
                name: name.clone(),
                country_of_law: country.or_else(|| country_of_law.clone()),
                supplier_id: supplier_id.clone(),
            },
            (None, Some(known)) if country.is_none() => known.clone(),
            (None, _) => return Err(at(row, column::ANSWER, "a holder has a name: write it")),
        };
        let from = self.as_of(whole)?;
        let ratio = self.answer(row, 2)?.map(words::ratio).transpose();
        let ratio = ratio.map_err(|what| at(row, column::ANSWER + 2, &what))?;
        let mut shares = known.map(|known| known.shares.clone()).unwrap_or_default();
        match ratio {
            Some(ratio) => {
                shares.retain(|share| share.from < from);
                shares.push(HolderShare { from, ratio });
            }
            None if shares.is_empty() => {
                return Err(at(row, column::ANSWER + 2, "a holder has a share: write it (33.34%, 1/3)"));
            }
            None => {}
        }
        // New holders get their ids when the whole list is known.
        let holder_id = known.map(|known| known.holder_id.clone()).map_or_else(|| HolderId::new(NEW_HOLDER), Ok);
        Ok(Holder { holder_id: holder_id.map_err(|error| refuse(error.to_string()))?, party, shares })
    }

    fn officer(
        &self,
        row: u32,
        known: Option<&Personal<OfficerIdentity>>,
    ) -> Result<Personal<OfficerIdentity>, Refusal> {
        let known = known.and_then(Personal::clear);
        let name = self.text(row, 0)?.or_else(|| known.map(|known| known.name.clone()));
        let name =
            name.ok_or_else(|| at(row, column::ANSWER, "an officer has a name: write all cells of this line"))?;
        let birth_date = self.date(row, 1)?.or_else(|| known.and_then(|known| known.birth_date));
        let nationality = self.country(row, 2)?.or_else(|| known.and_then(|known| known.nationality.clone()));
        Ok(Personal::Clear(OfficerIdentity { name, birth_date, nationality }))
    }

    fn year(&self, row: u32) -> Result<FiscalYear, Refusal> {
        let ended_on =
            self.date(row, 0)?.ok_or_else(|| at(row, column::ANSWER, "the last day of the fiscal year is missing"))?;
        let share =
            self.answer(row, 2)?.map(words::ratio).transpose().map_err(|what| at(row, column::ANSWER + 2, &what))?;
        let from_governments = match (self.country(row, 1)?, share) {
            (Some(country), Some(share)) => {
                let names = self.text(row, 3)?.unwrap_or_default();
                let names = names.split([';', '；']).map(str::trim).filter(|name| !name.is_empty()).map(String::from);
                vec![ForeignRevenue { country, share, counterparties: names.collect() }]
            }
            (None, None) => Vec::new(),
            _ => {
                return Err(at(
                    row,
                    column::ANSWER + 1,
                    "a country and its share belong together; leave both empty for none",
                ));
            }
        };
        Ok(FiscalYear { ended_on, from_governments })
    }

    fn site(&self, row: u32, known: Option<&ManufacturingSite>) -> Result<ManufacturingSite, Refusal> {
        let country = self.country(row, 0)?.or_else(|| known.map(|known| known.country.clone()));
        let country = country.ok_or_else(|| at(row, column::ANSWER, "a place has a country: write it"))?;
        let or = |new: Option<String>, old: Option<&String>| new.or_else(|| old.cloned()).unwrap_or_default();
        let place = or(self.text(row, 1)?, known.map(|known| &known.place));
        Ok(ManufacturingSite { country, place, makes: or(self.text(row, 2)?, known.map(|known| &known.makes)) })
    }

    fn paper(&self, row: u32) -> Result<Paper, Refusal> {
        Ok(Paper { issued_on: self.date(row, 0)?, valid_through: self.date(row, 1)? })
    }
}

/// The id of a holder that is not numbered yet.
const NEW_HOLDER: &str = "new";

/// Gives the new holders ids that none had before: `h1`, `h2` and so on.
fn with_ids(mut stated: Stated<Vec<Holder>>, known: &[Holder]) -> Stated<Vec<Holder>> {
    let mut free =
        (1u32..).map(|number| format!("h{number}")).filter(|id| !known.iter().any(|h| h.holder_id.as_str() == id));
    for holder in stated.value_mut().into_iter().flatten().filter(|holder| holder.holder_id.as_str() == NEW_HOLDER) {
        if let Some(Ok(id)) = free.next().map(HolderId::new) {
            holder.holder_id = id;
        }
    }
    stated
}

/// Lines of one year become one entry; the years stand in order.
fn one_entry_a_year(mut stated: Stated<Vec<FiscalYear>>) -> Stated<Vec<FiscalYear>> {
    if let Some(years) = stated.value_mut() {
        let mut merged: BTreeMap<CalendarDate, FiscalYear> = BTreeMap::new();
        for year in years.drain(..) {
            match merged.get_mut(&year.ended_on) {
                Some(same) => same.from_governments.extend(year.from_governments),
                None => drop(merged.insert(year.ended_on, year)),
            }
        }
        *years = merged.into_values().collect();
    }
    stated
}

fn set<T>(item: &mut Option<Stated<T>>, answered: Option<Stated<T>>) {
    if answered.is_some() {
        *item = answered;
    }
}
