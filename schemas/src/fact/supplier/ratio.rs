//! Shares of a whole, exact: `33.34%` or `1/3`, never a float.
//! It does not know of what they are shares.
//! Invariant: 0 to the whole; a comparison is exact, at one third too; what was written is kept as it was written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// The largest number in a fraction, and of hundred-millionths in a percentage: as many votes as any company has.
const NUMBER_MAX: u64 = 1_000_000_000_000_000;
/// Digits behind the point of a percentage.
const DECIMALS_MAX: usize = 10;

/// A share of a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
pub struct Ratio {
    text: String,
    numerator: u64,
    denominator: u64,
}

/// The text is not a share.
#[derive(Debug, thiserror::Error)]
#[error("a share is a percentage (33.34%) or a fraction of votes (1/3), from 0 to the whole; '{0}' does not fit")]
pub struct RatioError(String);

impl Ratio {
    /// Compares with a fraction, exactly.
    pub fn cmp_fraction(&self, numerator: u64, denominator: u64) -> Ordering {
        let ours = u128::from(self.numerator) * u128::from(denominator);
        ours.cmp(&(u128::from(numerator) * u128::from(self.denominator)))
    }

    /// Compares two shares by what they are worth, not by how they are written.
    pub fn cmp_value(&self, other: &Self) -> Ordering {
        self.cmp_fraction(other.numerator, other.denominator)
    }

    /// The share as a fraction: numerator and denominator, as it was written.
    pub fn fraction(&self) -> (u64, u64) {
        (self.numerator, self.denominator)
    }

    /// Nothing at all.
    pub fn is_zero(&self) -> bool {
        self.numerator == 0
    }

    /// The whole, in parts of 10^18.
    pub(super) const WHOLE_E18: u128 = 1_000_000_000_000_000_000;

    /// Whether shares are more than the whole together. An excess below 10^-15 is not seen.
    pub fn exceed_whole<'a>(shares: impl Iterator<Item = &'a Self>) -> bool {
        shares.map(Self::floor_e18).sum::<u128>() > Self::WHOLE_E18
    }

    /// The share in parts of 10^18, rounded down.
    pub(super) fn floor_e18(&self) -> u128 {
        u128::from(self.numerator) * Self::WHOLE_E18 / u128::from(self.denominator)
    }
}

fn whole_number(text: &str) -> Option<u64> {
    let fits = !text.is_empty() && text.len() <= 16 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|number| fits && *number <= NUMBER_MAX)
}

/// Numerator and denominator.
fn read(text: &str) -> Option<(u64, u64)> {
    let (numerator, denominator) = if let Some(percent) = text.strip_suffix('%') {
        let (whole, decimals) = percent.split_once('.').unwrap_or((percent, ""));
        if decimals.len() > DECIMALS_MAX || (percent.contains('.') && decimals.is_empty()) {
            return None;
        }
        let scale = 10u64.checked_pow(u32::try_from(decimals.len()).ok()?)?;
        let behind = if decimals.is_empty() { 0 } else { whole_number(decimals)? };
        let numerator = whole_number(whole)?.checked_mul(scale)?.checked_add(behind)?;
        (numerator, scale.checked_mul(100)?)
    } else {
        let (numerator, denominator) = text.split_once('/')?;
        (whole_number(numerator)?, whole_number(denominator)?)
    };
    (denominator > 0 && numerator <= denominator).then_some((numerator, denominator))
}

impl TryFrom<String> for Ratio {
    type Error = RatioError;

    fn try_from(text: String) -> Result<Self, RatioError> {
        match read(&text) {
            Some((numerator, denominator)) => Ok(Self { text, numerator, denominator }),
            None => Err(RatioError(text.chars().take(40).collect())),
        }
    }
}

impl From<Ratio> for String {
    fn from(ratio: Ratio) -> Self {
        ratio.text
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(text: &str) -> Ratio {
        Ratio::try_from(text.to_string()).unwrap()
    }

    #[test]
    fn shares_are_compared_exactly() {
        assert_eq!(ratio("1/3").cmp_value(&ratio("33.3333333333%")), Ordering::Greater);
        assert_eq!(ratio("50%").cmp_value(&ratio("1/2")), Ordering::Equal);
        assert_eq!(ratio("333333333333333/1000000000000000").cmp_fraction(1, 3), Ordering::Less);
        assert_eq!(ratio("25.00%").cmp_fraction(1, 4), Ordering::Equal);
    }

    #[test]
    fn what_is_no_share_is_refused() {
        let bad = ["", "%", "33", "33.3", "100.0001%", "4/3", "1/0", "-1%", "1.%", ".5%", "1e1%", "٣%", "３%", "1 %"];
        for bad in bad.into_iter().chain(["1.12345678901%", "99999999999999999/1", "nan%", "1/3/5"]) {
            assert!(Ratio::try_from(bad.to_string()).is_err(), "{bad:?}");
        }
        assert_eq!(ratio("16314987460/16314987460").to_string(), "16314987460/16314987460");
    }
}
