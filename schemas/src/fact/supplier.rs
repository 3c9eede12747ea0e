//! Supplier records (供給者・委託の相手方・再委託の相手方): legal entities, as a person recorded them, with source and date.
//! It does not know which plan names a supplier in which role; roles belong to the plan.
//! Invariant: every record says where it came from and from which day it speaks.

use crate::ids::SupplierId;
use crate::text::Text;
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

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

/// 法人番号: 13 digits, the first of which is the check digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
pub struct CorporateNumber(String);

/// The text is not a corporate number.
#[derive(Debug, thiserror::Error)]
#[error("a corporate number (法人番号) has 13 digits, the first of which is its check digit; '{0}' does not fit")]
pub struct CorporateNumberError(String);

impl TryFrom<String> for CorporateNumber {
    type Error = CorporateNumberError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
        let Some((check, rest)) = digits.split_first().filter(|_| digits.len() == 13 && text.len() == 13) else {
            return Err(CorporateNumberError(text.chars().take(20).collect()));
        };
        // 9 - (sum of P_n * Q_n mod 9), Q alternating 1 and 2 from the lowest digit.
        let sum: u32 = rest.iter().rev().zip([1, 2].iter().cycle()).map(|(p, q)| p * q).sum();
        if *check == 9 - sum % 9 { Ok(Self(text)) } else { Err(CorporateNumberError(text)) }
    }
}

impl From<CorporateNumber> for String {
    fn from(number: CorporateNumber) -> Self {
        number.0
    }
}

impl fmt::Display for CorporateNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A country as ISO 3166-1 alpha-2, upper case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
pub struct CountryCode(String);

/// The text is not a country code.
#[derive(Debug, thiserror::Error)]
#[error("a country is two capital letters of ISO 3166-1 (JP, US); '{0}' does not fit")]
pub struct CountryCodeError(String);

impl TryFrom<String> for CountryCode {
    type Error = CountryCodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()) {
            Ok(Self(text))
        } else {
            Err(CountryCodeError(text.chars().take(20).collect()))
        }
    }
}

impl From<CountryCode> for String {
    fn from(country: CountryCode) -> Self {
        country.0
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_of_a_corporate_number_is_checked() {
        // The example that the National Tax Agency gives for the calculation: 8 + 700110005901.
        assert!(CorporateNumber::try_from("8700110005901".to_string()).is_ok());
        for bad in ["7700110005901", "870011000590", "87001100059012", "８700110005901", "x700110005901"] {
            assert!(CorporateNumber::try_from(bad.to_string()).is_err(), "{bad}");
        }
    }
}
