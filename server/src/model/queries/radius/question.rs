//! What a blast radius is asked about, and how an address or a form asks it.
//! It does not know what is touched. Invariant: a question about nothing that there can be is refused in words.

use daicho_schemas::fact::supplier::CountryCode;
use daicho_schemas::ids::SupplierId;
use serde::{Deserialize, Serialize};

/// The longest question, in characters.
const QUERY_CHARS_MAX: usize = 200;

/// What the question is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Centre {
    /// A supplier, contractor or subcontractor.
    Supplier(SupplierId),
    /// A holder that suppliers' records name: its supplier id, its id there, or its name in any spelling.
    Holder(String),
    /// A country: of law, of address, of manufacture, of a holder.
    Country(CountryCode),
    /// A product or component, by its name, without regard to ASCII case.
    Product(String),
}

/// A question as a form or an address asks it: `about=country&q=JP`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RadiusQuery {
    /// `supplier`, `holder`, `country` or `product`.
    pub about: String,
    /// The supplier's id, the country (ISO 3166-1 alpha-2) or the name.
    pub q: String,
}

impl RadiusQuery {
    /// Whether nothing was asked.
    pub fn is_empty(&self) -> bool {
        self.q.trim().is_empty()
    }

    /// What it asks about.
    ///
    /// # Errors
    /// In words, when it asks about nothing that there can be.
    pub fn centre(&self) -> Result<Centre, String> {
        let q = self.q.trim();
        if q.is_empty() || q.chars().count() > QUERY_CHARS_MAX {
            return Err(format!("q: 1 to {QUERY_CHARS_MAX} characters are needed"));
        }
        match self.about.as_str() {
            "supplier" => SupplierId::new(q).map(Centre::Supplier).map_err(|error| format!("q: {error}")),
            "country" => CountryCode::try_from(q.to_ascii_uppercase())
                .map(Centre::Country)
                .map_err(|error| format!("q: {error}")),
            "holder" => Ok(Centre::Holder(q.to_string())),
            "product" => Ok(Centre::Product(q.to_string())),
            other => {
                let other: String = other.chars().take(20).collect();
                Err(format!("about: 'supplier', 'holder', 'country' or 'product', not '{other}'"))
            }
        }
    }
}
