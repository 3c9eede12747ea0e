//! What the forms ask of a supplier beyond its name (ord. 9(2), 11, 13 to 15), value by value.
//! It does not know roles and tiers: the same items are asked of an equipment supplier, a component supplier, a contractor and a
//! subcontractor. Invariant: an absent item is unknown; a known list that is empty says that there is none.

use super::personal::{OfficerIdentity, PersonIdentity, Personal, SealedBox};
use super::{CountryCode, FiscalYear, Holder, HolderParty, Paper, Stated, SubmittedDirectly};
use crate::text::Text;
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything else that the forms ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SupplierItems {
    /// Names it had before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub former_names: Vec<FormerName>,
    /// 設立準拠法国等 was sent to the minister directly; not beside the record's own `country_of_law`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_of_law_submitted_directly: Option<SubmittedDirectly>,
    /// 代表者.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub representative: Option<Stated<Personal<PersonIdentity>>>,
    /// 住所.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Stated<Address>>,
    /// Every direct holder of 5 % of the votes or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holders: Option<Stated<Vec<Holder>>>,
    /// 役員.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub officers: Option<Stated<Vec<Personal<OfficerIdentity>>>>,
    /// Revenue from foreign governments, per fiscal year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign_revenue: Option<Stated<Vec<FiscalYear>>>,
    /// Where it makes what it supplies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manufacturing_sites: Option<Stated<Vec<ManufacturingSite>>>,
    /// 登記事項証明書.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry: Option<Stated<Paper>>,
    /// The papers of the officers, one for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub officer_papers: Option<Stated<Vec<Paper>>>,
}

/// A name it had before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormerName {
    /// The name.
    pub name: Text,
    /// The last day it was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<CalendarDate>,
}

/// An address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Its country.
    pub country: CountryCode,
    /// As it is written.
    pub text: String,
}

/// A factory or workplace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManufacturingSite {
    /// Country or region.
    pub country: CountryCode,
    /// Where in it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// What is made there; everything it supplies where this is empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub makes: String,
}

impl SupplierItems {
    /// Whether nothing at all is stated.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Every piece of a person's data, in a fixed order, each with the name of its field.
    pub fn personal(&self) -> Vec<(&'static str, PersonalRef<'_>)> {
        let mut found = Vec::new();
        let representative = self.representative.as_ref().and_then(Stated::value);
        found.extend(representative.map(|person| ("representative", PersonalRef::Person(person))));
        for holder in self.holders.iter().filter_map(Stated::value).flatten() {
            if let HolderParty::Person(person) = &holder.party {
                found.push(("holders", PersonalRef::Person(person)));
            }
        }
        let officers = self.officers.iter().filter_map(Stated::value).flatten();
        found.extend(officers.map(|officer| ("officers", PersonalRef::Officer(officer))));
        found
    }

    /// The same, to be sealed or opened in place.
    pub fn personal_mut(&mut self) -> Vec<(&'static str, PersonalMut<'_>)> {
        let mut found = Vec::new();
        let representative = self.representative.as_mut().and_then(Stated::value_mut);
        found.extend(representative.map(|person| ("representative", PersonalMut::Person(person))));
        for holder in self.holders.iter_mut().filter_map(Stated::value_mut).flatten() {
            if let HolderParty::Person(person) = &mut holder.party {
                found.push(("holders", PersonalMut::Person(person)));
            }
        }
        let officers = self.officers.iter_mut().filter_map(Stated::value_mut).flatten();
        found.extend(officers.map(|officer| ("officers", PersonalMut::Officer(officer))));
        found
    }
}

/// A piece of a person's data, to be read.
#[derive(Clone, Copy, Debug)]
pub enum PersonalRef<'a> {
    /// A representative or a holder.
    Person(&'a Personal<PersonIdentity>),
    /// An officer.
    Officer(&'a Personal<OfficerIdentity>),
}

impl<'a> PersonalRef<'a> {
    /// Its box, where it is sealed.
    pub fn sealed(self) -> Option<&'a SealedBox> {
        match self {
            Self::Person(person) => person.sealed(),
            Self::Officer(officer) => officer.sealed(),
        }
    }
}

/// A piece of a person's data, to be changed.
#[derive(Debug)]
pub enum PersonalMut<'a> {
    /// A representative or a holder.
    Person(&'a mut Personal<PersonIdentity>),
    /// An officer.
    Officer(&'a mut Personal<OfficerIdentity>),
}
