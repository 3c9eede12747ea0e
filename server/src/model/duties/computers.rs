//! What サイバー対処能力強化法 asks about one unit of a computer: exempt or not, by when, what is missing, whether a filed plan
//! may stand in. It does not know whether the computer is one that the law means: a person confirms that.
//! Invariant: what is not known makes nothing exempt and moves no date; the rows of the file decide, by their ids.

pub mod obliged;
pub mod proposal;

use daicho_schemas::regime::clocks::ClockRule;
use daicho_schemas::regime::computers::{ComputersFile, Exemption, UnitFacts};
use daicho_schemas::time::CalendarDate;

/// Ids of the file's rows that have a meaning here; a test holds them against the file.
pub mod rows {
    /// Notification of what was in place when the regime began.
    pub const IN_PLACE: &str = "in_place";
    /// Notification after introduction.
    pub const INTRODUCTION: &str = "introduction";
    /// Notification of a change.
    pub const CHANGE: &str = "change";
    /// Notification after a later designation.
    pub const NEW_DESIGNATION: &str = "new_designation";
    /// The special rule for what was added soon after it.
    pub const ADDED_SOON: &str = "added_soon";
    /// The exemption of what was made for one operator or group.
    pub const MADE_FOR_ONE: &str = "made-for-one";
    /// Product name.
    pub const PRODUCT_NAME: &str = "product_name";
    /// Manufacturer name.
    pub const MAKER_NAME: &str = "maker_name";
}

/// Months after a later designation in which the special rule for added computers may apply.
const ADDED_SOON_MONTHS: u32 = 2;

/// What the law asks about one unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitAnswer<'a> {
    /// It need not be notified, because of this.
    pub exempt_by: Option<&'a Exemption>,
    /// The clock that runs; absent where it is exempt, or no day is known from which it could run.
    pub clock: Option<&'a ClockRule>,
    /// The last day, as far as a clock gives one. Where a person must look first, the earlier one.
    pub due_on: Option<CalendarDate>,
    /// Ids of fields that the notification needs and nobody stated.
    pub missing: Vec<&'static str>,
    /// Product and maker stand in a filed plan under the same names, so that its copy may replace form 1.
    pub substitutable: bool,
}

/// Judges one unit.
pub fn judge<'a>(law: &'a ComputersFile, facts: &UnitFacts) -> UnitAnswer<'a> {
    let (product, maker) = (stated(&facts.product), stated(&facts.maker));
    if let Some(exemption) = exemption(law, facts, product, maker) {
        return UnitAnswer { exempt_by: Some(exemption), ..UnitAnswer::default() };
    }
    let (clock, due_on) = clock(law, facts);
    let needed = [(rows::PRODUCT_NAME, product), (rows::MAKER_NAME, maker)];
    let same = |name: Option<&str>, filed: &Option<String>| name.is_some() && name == stated(filed);
    let both_stated = product.is_some() && maker.is_some();
    UnitAnswer {
        exempt_by: None,
        clock,
        due_on,
        missing: needed.into_iter().filter(|(_, value)| value.is_none()).map(|(field, _)| field).collect(),
        substitutable: both_stated && same(product, &facts.filed_name) && same(maker, &facts.filed_supplier),
    }
}

/// A text that says something.
fn stated(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn exemption<'a>(
    law: &'a ComputersFile,
    facts: &UnitFacts,
    product: Option<&str>,
    maker: Option<&str>,
) -> Option<&'a Exemption> {
    let made_for_one = facts.made_for_one == Some(true);
    law.exemptions.iter().find(|exemption| {
        let by_maker =
            maker.is_some_and(|maker| exemption.makers.iter().any(|known| known.eq_ignore_ascii_case(maker)));
        let by_product =
            product.is_some_and(|product| exemption.products.iter().any(|known| is_release_of(product, known)));
        by_maker && by_product || made_for_one && exemption.exemption_id == rows::MADE_FOR_ONE
    })
}

/// Whether a product is this one, or a release of it: the name, then nothing or a word that begins with a digit.
/// "Windows Server 2022" is a release of "Windows Server"; "Windows Admin Center" is none of "Windows".
pub fn is_release_of(product: &str, known: &str) -> bool {
    let begins = product.get(..known.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(known));
    let rest = product.get(known.len()..).unwrap_or_default();
    begins
        && (rest.is_empty()
            || rest.strip_prefix(' ').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))
}

/// The clock that runs for a unit that is notified, and its last day.
pub fn clock<'a>(law: &'a ComputersFile, facts: &UnitFacts) -> (Option<&'a ClockRule>, Option<CalendarDate>) {
    let rule = |id: &str| law.deadlines.iter().find(|clock| clock.clock_id == id);
    let from = |id: &str, day: CalendarDate| {
        let clock = rule(id);
        (clock, clock.and_then(|clock| clock.count.day(day)))
    };
    if let Some(changed_on) = facts.changed_on {
        return from(rows::CHANGE, changed_on);
    }
    let Some(introduced_on) = facts.introduced_on else { return (None, None) };
    match facts.designated_on.filter(|day| law.in_place_on < *day) {
        Some(designated_on) if introduced_on <= designated_on => from(rows::NEW_DESIGNATION, designated_on),
        Some(designated_on) if introduced_on <= designated_on.plus_months(ADDED_SOON_MONTHS) => {
            // Which rule applies was not settled; the earlier day is the safe one.
            (rule(rows::ADDED_SOON), from(rows::INTRODUCTION, introduced_on).1)
        }
        None if introduced_on <= law.in_place_on => from(rows::IN_PLACE, introduced_on),
        _ => from(rows::INTRODUCTION, introduced_on),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::regimes;

    #[test]
    fn the_rows_that_have_a_meaning_here_are_in_the_file() {
        let law = regimes::computers().unwrap();
        for id in [rows::IN_PLACE, rows::INTRODUCTION, rows::CHANGE, rows::NEW_DESIGNATION, rows::ADDED_SOON] {
            assert!(law.deadlines.iter().any(|clock| clock.clock_id == id), "{id}");
        }
        for id in [rows::PRODUCT_NAME, rows::MAKER_NAME] {
            assert!(law.fields.iter().any(|field| field.field_id == id), "{id}");
        }
        assert!(law.exemptions.iter().any(|exemption| exemption.exemption_id == rows::MADE_FOR_ONE));
    }

    #[test]
    fn a_release_is_told_from_another_product() {
        for (product, known, is) in [
            ("Windows", "Windows", true),
            ("windows 11 Pro", "Windows", true),
            ("Windows Server 2022", "Windows Server", true),
            ("Windows Server 2022", "Windows", false),
            ("Windows Admin Center", "Windows", false),
            ("Windows11", "Windows", false),
            ("窓", "Windows", false),
            ("", "Windows", false),
        ] {
            assert_eq!(is_release_of(product, known), is, "{product}");
        }
    }

    #[test]
    fn what_is_not_known_exempts_nothing() {
        let law = regimes::computers().unwrap();
        let facts =
            UnitFacts { product: Some("Windows Server 2022".into()), maker: Some(" ".into()), ..UnitFacts::default() };
        let answer = judge(law, &facts);
        assert_eq!((answer.exempt_by, answer.missing), (None, vec![rows::MAKER_NAME]));
        assert_eq!((answer.clock, answer.due_on, answer.substitutable), (None, None, false));
    }
}
