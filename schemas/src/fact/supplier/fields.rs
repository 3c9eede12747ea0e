//! The items that the forms ask of every supplier, contractor and subcontractor, and what a record holds of each on a day.
//! It does not know which plan needs them.
//! Invariant: what was submitted directly is not missing, what is too old or incomplete is not complete, and absent is said as such.

use super::holders::{Holder, HolderParty};
use super::personal::Personal;
use super::revenue::{RevenueTest, revenue_test};
use super::{Known, Stated, SupplierItems, SupplierRecord};
use crate::text::Text;
use crate::time::CalendarDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! fields {
    ($($(#[$doc:meta])* $field:ident = $key:literal, ($ja:literal, $en:literal);)+) => {
        /// One item of the forms. The key is the one that the regime packs use.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum SupplierField {
            $($(#[$doc])* #[serde(rename = $key)] $field),+
        }

        impl SupplierField {
            /// Every item, in the order of the forms.
            pub const ALL: &[Self] = &[$(Self::$field),+];

            /// The key in regime packs and files.
            pub fn key(self) -> &'static str {
                match self { $(Self::$field => $key),+ }
            }

            /// What it is called.
            pub fn label(self) -> Text {
                match self { $(Self::$field => Text::new($ja, $en)),+ }
            }
        }
    };
}

fields! {
    /// 名称 (ord. 11(i)). It can never be left out (ord. 17).
    Name = "supplier_name", ("名称", "name");
    /// 代表者 (ord. 11(i)).
    Representative = "supplier_representative", ("代表者", "representative");
    /// 住所 (ord. 11(i)).
    Address = "supplier_address", ("住所", "address");
    /// 設立準拠法国等 (ord. 11(i)).
    CountryOfLaw = "supplier_country_of_law", ("設立準拠法国等", "country whose law it is formed under");
    /// Direct holders of 5 % and more (ord. 11(ii)).
    Holders = "supplier_holders", ("議決権の5％以上を直接保有する者", "direct holders of 5 % of votes or more");
    /// 役員 (ord. 11(iii)).
    Officers = "supplier_officers", ("役員の氏名・生年月日・国籍", "officers: name, birth date, nationality");
    /// Revenue from foreign governments (ord. 11(iv)).
    ForeignRevenue = "supplier_foreign_government_revenue", ("外国政府等からの売上高（直近3事業年度）", "revenue from foreign governments, last 3 fiscal years");
    /// Factory or workplace (ord. 11(v), 13(vi)).
    ManufacturingSites = "manufacturing_place", ("製造する工場又は事業場の所在地", "location of the factory or workplace");
    /// 登記事項証明書 (ord. 9(2)).
    Registry = "supplier_registry", ("登記事項証明書", "certificate of registered matters");
    /// The officers' papers (ord. 9(2)(ii)).
    OfficerPapers = "supplier_officer_papers", ("役員の本人確認書類", "papers of the officers");
}

impl SupplierField {
    /// The item of a key.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.key() == key)
    }
}

/// What a record holds of an item, for a filing on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum ValueState {
    /// We have it.
    Known {
        /// Where it came from.
        source: String,
        /// The day it speaks about.
        as_of: CalendarDate,
    },
    /// We have something, and it cannot go with a filing on that day: too old, or not whole.
    Unusable {
        /// Where it came from.
        source: String,
        /// The day it speaks about.
        as_of: CalendarDate,
        /// Why.
        why: Text,
    },
    /// The supplier sent it to the minister directly.
    SubmittedDirectly {
        /// When.
        on: CalendarDate,
        /// The proof that we were given; may be empty.
        receipt: String,
    },
    /// A person asked for it to be erased, and it was.
    Erased,
    /// We have nothing.
    Absent,
}

impl ValueState {
    /// Whether nothing more has to be asked for.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Known { .. } | Self::SubmittedDirectly { .. })
    }
}

impl SupplierRecord {
    /// What this record holds of an item, for a filing on a day.
    pub fn state_of(&self, field: SupplierField, filing_on: CalendarDate) -> ValueState {
        let own = || ValueState::Known { source: self.source.clone(), as_of: self.as_of };
        let items: &SupplierItems = &self.items;
        match field {
            SupplierField::Name => own(),
            SupplierField::CountryOfLaw => match (&self.country_of_law, &items.country_of_law_submitted_directly) {
                (Some(_), _) => own(),
                (None, Some(direct)) => {
                    ValueState::SubmittedDirectly { on: direct.on, receipt: direct.receipt.clone() }
                }
                (None, None) => ValueState::Absent,
            },
            SupplierField::Representative => {
                of(items.representative.as_ref(), filing_on, |person| lacks(person, |_| None))
            }
            SupplierField::Address => of(items.address.as_ref(), filing_on, |_| None),
            SupplierField::Holders => {
                of(items.holders.as_ref(), filing_on, |holders| holders.iter().find_map(holder_lacks))
            }
            SupplierField::Officers => of(items.officers.as_ref(), filing_on, |officers| {
                let whole = |officer| {
                    lacks(officer, |officer: &super::OfficerIdentity| {
                        (officer.birth_date.is_none() || officer.nationality.is_none()).then(officer_incomplete)
                    })
                };
                officers.iter().find_map(whole)
            }),
            SupplierField::ForeignRevenue => {
                of(items.foreign_revenue.as_ref(), filing_on, |years| match revenue_test(years, filing_on) {
                    RevenueTest::Unknown(count) => Some(Text::new(
                        format!("対象となる3事業年度のうち {count} 年度分が不明です"),
                        format!("{count} of the three fiscal years that count are not known"),
                    )),
                    RevenueTest::Reached(_) | RevenueTest::NotReached => None,
                })
            }
            SupplierField::ManufacturingSites => of(items.manufacturing_sites.as_ref(), filing_on, |sites| {
                sites.is_empty().then(|| Text::new("所在地が 1 件もありません", "no place is listed"))
            }),
            SupplierField::Registry => {
                of(items.registry.as_ref(), filing_on, |paper| (!paper.usable_on(filing_on)).then(too_old))
            }
            SupplierField::OfficerPapers => of(items.officer_papers.as_ref(), filing_on, |papers| {
                let officers = items.officers.as_ref().and_then(Stated::value).map_or(0, Vec::len);
                match () {
                    () if papers.is_empty() || papers.len() < officers => {
                        Some(Text::new("役員全員分がそろっていません", "not every officer has a paper"))
                    }
                    () => papers.iter().any(|paper| !paper.usable_on(filing_on)).then(too_old),
                }
            }),
        }
    }
}

fn of<T>(stated: Option<&Stated<T>>, filing_on: CalendarDate, wrong: impl FnOnce(&T) -> Option<Text>) -> ValueState {
    match stated {
        None => ValueState::Absent,
        Some(Stated::SubmittedDirectly(direct)) => {
            ValueState::SubmittedDirectly { on: direct.on, receipt: direct.receipt.clone() }
        }
        Some(Stated::Known(Known { value, source, as_of, valid_through })) => {
            let ended = valid_through.is_some_and(|through| through < filing_on);
            let why = if ended { Some(too_old()) } else { wrong(value) };
            let (source, as_of) = (source.clone(), *as_of);
            match why {
                Some(why) => ValueState::Unusable { source, as_of, why },
                None => ValueState::Known { source, as_of },
            }
        }
    }
}

/// What a person's data lacks, sealed or not.
fn lacks<T>(person: &Personal<T>, clear: impl FnOnce(&T) -> Option<Text>) -> Option<Text> {
    match person {
        Personal::Clear(data) => clear(data),
        Personal::Sealed(sealed) => (!sealed.complete).then(officer_incomplete),
    }
}

fn holder_lacks(holder: &Holder) -> Option<Text> {
    let nameless = || Text::new("保有者の国（国籍）が不明です", "a holder's country or nationality is not known");
    match &holder.party {
        HolderParty::Entity { country_of_law, .. } => country_of_law.is_none().then(nameless),
        HolderParty::Person(person) => {
            lacks(person, |person| person.nationality.is_none().then(nameless)).map(|_| nameless())
        }
    }
}

fn officer_incomplete() -> Text {
    Text::new("生年月日又は国籍が欠けている人がいます", "somebody's birth date or nationality is not known")
}

fn too_old() -> Text {
    Text::new("届出の日には期限が切れています", "too old on the day of filing")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn record(items: Value) -> SupplierRecord {
        serde_json::from_value(json!({
            "supplier_id": "acme", "name": { "ja": "例示", "en": "Acme" }, "source": "test", "as_of": "2026-11-01", "items": items,
        }))
        .unwrap()
    }

    fn state(field: SupplierField, items: Value) -> ValueState {
        record(items).state_of(field, "2026-11-21".parse().unwrap())
    }

    fn known(value: Value) -> Value {
        json!({ "known": { "value": value, "source": "answer", "as_of": "2026-10-01" } })
    }

    #[test]
    fn absent_directly_submitted_and_known_are_three_things() {
        assert_eq!(state(SupplierField::Holders, json!({})), ValueState::Absent);
        let direct = json!({ "holders": { "submitted_directly": { "on": "2026-11-02" } } });
        assert!(state(SupplierField::Holders, direct).is_settled());
        assert!(state(SupplierField::Holders, json!({ "holders": known(json!([])) })).is_settled(), "there is none");
    }

    #[test]
    fn what_is_old_or_not_whole_is_not_settled() {
        let officer = |more: Value| json!({ "officers": known(json!([{ "clear": more }])) });
        let whole = officer(json!({ "name": "A", "birth_date": "1970-01-01", "nationality": "JP" }));
        assert!(state(SupplierField::Officers, whole).is_settled());
        let half = officer(json!({ "name": "A", "nationality": "JP" }));
        assert!(matches!(state(SupplierField::Officers, half), ValueState::Unusable { .. }));
        let sealed =
            json!({ "officers": known(json!([{ "sealed": { "key_id": "k", "bytes": "", "complete": false } }])) });
        assert!(!state(SupplierField::Officers, sealed).is_settled());
        let paper = |day: &str| json!({ "registry": known(json!({ "issued_on": day })) });
        assert!(state(SupplierField::Registry, paper("2026-08-21")).is_settled());
        assert!(!state(SupplierField::Registry, paper("2026-08-20")).is_settled());
        let year = json!({ "foreign_revenue": known(json!([{ "ended_on": "2026-03-31" }])) });
        assert!(!state(SupplierField::ForeignRevenue, year).is_settled());
    }
}
