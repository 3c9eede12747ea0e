//! 法人番号, the number of a legal entity in Japan, with its check digit.
//! It does not know whether a number was given out, or to whom.
//! Invariant: a number that exists has 13 digits and the right check digit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

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
