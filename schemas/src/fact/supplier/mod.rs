//! Supplier records (供給者・委託の相手方・再委託の相手方): legal entities, as a person recorded them, with source and date.
//! It does not know which plan names a supplier in which role; roles belong to the plan.
//! Invariant: every record says where it came from and from which day it speaks.

use crate::ids::SupplierId;
use crate::text::Text;
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod corporate_number;
mod country;
mod fields;
mod holders;
mod items;
mod papers;
mod personal;
mod ratio;
mod revenue;
mod roles;
mod stated;

pub use corporate_number::{CorporateNumber, CorporateNumberError};
pub use country::{CountryCode, CountryCodeError};
pub use fields::{SupplierField, ValueState};
pub use holders::{Band, Crossing, Holder, HolderParty, HolderShare, over_the_whole, upward_crossings};
pub use items::{Address, FormerName, ManufacturingSite, PersonalMut, PersonalRef, SupplierItems};
pub use papers::{PAPER_MONTHS, Paper};
pub use personal::{OfficerIdentity, PersonIdentity, Personal, SealedBox};
pub use ratio::{Ratio, RatioError};
pub use revenue::{FiscalYear, ForeignRevenue, REVENUE_YEARS, RevenueTest, revenue_test, years_that_count};
pub use roles::SupplierRole;
pub use stated::{Known, Stated, SubmittedDirectly};

/// The name of the file format.
pub const SUPPLIERS_FORMAT: &str = "daicho.suppliers.v1";

/// A file of supplier records, as imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuppliersFile {
    /// Always [`SUPPLIERS_FORMAT`].
    pub format: String,
    /// The records.
    pub suppliers: Vec<SupplierRecord>,
}

/// One legal entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierRecord {
    /// The operator's own id for it.
    pub supplier_id: SupplierId,
    /// Its name (名称), in both languages.
    pub name: Text,
    /// Other spellings under which it appears.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// 法人番号, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corporate_number: Option<CorporateNumber>,
    /// 設立準拠法国等, ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_of_law: Option<CountryCode>,
    /// The country of its address, ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_country: Option<CountryCode>,
    /// How its deliveries are recognised on hosts.
    #[serde(default)]
    pub recognise: Recognise,
    /// Everything else that the forms ask of it. Absent in records that hold none of it.
    #[serde(default, skip_serializing_if = "SupplierItems::is_empty")]
    pub items: Box<SupplierItems>,
    /// Where this record came from.
    pub source: String,
    /// The day it speaks about.
    pub as_of: CalendarDate,
}

/// Marks on a host that a person has tied to a supplier. Compared exactly, without regard to ASCII case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Recognise {
    /// `Origin` of a package repository: `Debian`.
    pub package_origins: Vec<String>,
    /// Domain of a package's maintainer, subdomains included: `debian.org`.
    pub maintainer_domains: Vec<String>,
    /// Vendor strings of packages, firmware and hardware: `Dell Inc.`.
    pub vendor_strings: Vec<String>,
    /// `ID` in os-release: `debian`.
    pub os_ids: Vec<String>,
}
