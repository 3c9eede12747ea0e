//! The words for what can change about a critical equipment, its plans and everybody named in them: one word, one meaning.
//! It does not know what the law asks because of a change; the decision tables in `schemas/regimes/` do.
//! Invariant: a word that was released keeps its meaning. A new meaning is a new word.

use crate::text::Text;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// An enumeration with a word for machines and words for people for each of its values.
macro_rules! words {
    (
        $(#[$about:meta])* $name:ident { $($variant:ident = $word:literal, $ja:literal, $en:literal;)+ }
        $(and $(#[$extra_about:meta])* $extra:ident($($of:ty),+))?
    ) => {
        $(#[$about])*
        pub enum $name {
            $(#[doc = concat!($ja, ": ", $en, ".")] $variant,)+
            $($(#[$extra_about])* $extra($($of),+),)?
        }

        impl $name {
            const WORDS: &'static [(Self, &'static str, &'static str, &'static str)] =
                &[$((Self::$variant, $word, $ja, $en)),+];
        }
    };
}

words! {
    /// In which part somebody is named in a plan.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    PartyRole {
        Supplier = "supplier", "特定重要設備の供給者", "supplier of the equipment";
        ComponentSupplier = "component_supplier", "構成設備の供給者", "supplier of a component (構成設備)";
        Contractor = "contractor", "委託の相手方", "contractor (委託の相手方)";
        Subcontractor = "subcontractor", "再委託の相手方等", "subcontractor of any tier (再委託の相手方等)";
    }
}

words! {
    /// What can change about somebody whom a plan names. Holders are direct holders of 5 % or more of the votes.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    PartyChange {
        Added = "added", "追加", "added";
        Dropped = "dropped", "取りやめ", "dropped";
        Replaced = "replaced", "別の者への変更", "replaced by somebody else";
        Renamed = "renamed", "名称の変更", "renamed";
        CountryOfLaw = "country_of_law", "設立準拠法国等", "country whose law it is formed under (設立準拠法国等)";
        AddressCountry = "address_country", "別の国への住所の変更", "address, to another country";
        AddressWithinCountry = "address_within_country", "同じ国の中での住所の変更", "address, within the country";
        Representative = "representative", "代表者", "representative (代表者)";
        Officers = "officers", "役員の氏名・生年月日・国籍", "officers (役員): name, date of birth, nationality";
        HolderNew = "holder_new", "議決権の5％以上を直接に保有する者の追加", "a new holder of 5 % or more";
        HolderGone = "holder_gone", "議決権の5％以上を直接に保有する者の減少", "a holder of 5 % or more is gone";
        HolderRenamed = "holder_renamed", "議決権保有者の名称", "name of a holder";
        HolderNationality = "holder_nationality", "議決権保有者の設立準拠法国等・国籍", "country of law or nationality of a holder";
        HolderPercentage = "holder_percentage", "議決権の割合（25％・3分の1・50％を新たに超えない変更）", "percentage of a holder, without newly reaching 25 %, 1/3 or 50 %";
        HolderReachesQuarter = "holder_reaches_quarter", "議決権の割合が新たに25％以上3分の1未満となる増加", "a holder newly reaches 25 % or more and less than 1/3";
        HolderReachesThird = "holder_reaches_third", "議決権の割合が新たに3分の1以上50％未満となる増加", "a holder newly reaches 1/3 or more and less than 50 %";
        HolderReachesHalf = "holder_reaches_half", "議決権の割合が新たに50％以上となる増加", "a holder newly reaches 50 % or more";
        ForeignGovernmentRevenue = "foreign_government_revenue", "外国政府等との取引に係る売上高の事項", "revenue from foreign governments etc. (外国政府等)";
    }
}

words! {
    /// What can change. In JSON it is one word, as [`Change::word`] gives it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(into = "String", try_from = "String")]
    Change {
        // Observed on hosts.
        ComponentOfNewSupplier = "component_of_new_supplier", "計画にない供給者の構成要素", "a component whose supplier is recorded and in no part of the plan";
        ComponentOfDeclaredSupplier = "component_of_declared_supplier", "計画にある供給者の、計画にない構成要素", "a component of a declared supplier that no part covers";
        ComponentOfUnknownSupplier = "component_of_unknown_supplier", "供給者の分からない構成要素", "a component whose supplier no record fits";
        RemotePathUndeclared = "remote_path_undeclared", "計画にない経路", "a way in from outside that no plan declares";
        // 特定重要設備の概要.
        EquipmentType = "equipment_type", "特定重要設備の種類", "type of the equipment";
        EquipmentName = "equipment_name", "特定重要設備の名称", "name of the equipment";
        EquipmentFunction = "equipment_function", "特定重要設備の機能", "function of the equipment";
        EquipmentPlace = "equipment_place", "特定重要設備を設置し、使用する場所", "place where the equipment is installed and used";
        // 導入の内容及び時期.
        IntroductionPurpose = "introduction_purpose", "導入の目的", "purpose of the introduction (導入)";
        IntroductionParties = "introduction_parties", "導入に携わる者", "parties that take part in the introduction";
        IntroductionTiming = "introduction_timing", "導入の時期", "time of the introduction";
        NewIntroduction = "new_introduction", "新たな「導入」に当たる交換・更新・機能の変更", "a replacement, renewal or change of function that is itself a 導入";
        // 製造する工場又は事業場.
        EquipmentManufacturingCountry = "equipment_manufacturing_country", "特定重要設備の製造場所（別の国へ）", "place where the equipment is made, to another country";
        EquipmentManufacturingSite = "equipment_manufacturing_site", "特定重要設備の製造場所（同じ国の中）", "place where the equipment is made, within the country";
        ComponentManufacturingCountry = "component_manufacturing_country", "構成設備の製造場所（別の国へ）", "place where a component is made, to another country";
        ComponentManufacturingSite = "component_manufacturing_site", "構成設備の製造場所（同じ国の中）", "place where a component is made, within the country";
        // 構成設備.
        ComponentCategory = "component_category", "構成設備の区分（種類）", "category (区分／種類) of a component";
        ComponentName = "component_name", "構成設備の名称", "name of a component";
        ComponentFunction = "component_function", "構成設備の機能", "function of a component";
        ComponentAdded = "component_added", "構成設備の追加", "a component is added";
        ComponentDropped = "component_dropped", "構成設備の取りやめ", "a component is dropped";
        ComponentSwapped = "component_swapped", "構成設備の交換", "a component is swapped for another";
        // 重要維持管理等の委託.
        EntrustmentContent = "entrustment_content", "委託の内容", "content of the entrustment";
        EntrustmentTime = "entrustment_time", "委託の時期", "time of the entrustment";
        EntrustmentPeriod = "entrustment_period", "委託の期間（短縮を除く）", "period of the entrustment, except a shorter one";
        EntrustmentPeriodShortened = "entrustment_period_shortened", "委託の期間の短縮", "the period of the entrustment is shortened";
        EntrustmentRenewed = "entrustment_renewed", "届け出た期間を超える契約の更新", "the contract is renewed beyond the filed period";
        SubcontractContent = "subcontract_content", "再委託の内容", "content of a subcontract of any tier";
        SubcontractTime = "subcontract_time", "再委託の時期", "time of a subcontract of any tier";
        SubcontractPeriod = "subcontract_period", "再委託の期間（短縮を除く）", "period of a subcontract of any tier, except a shorter one";
        SubcontractPeriodShortened = "subcontract_period_shortened", "再委託の期間の短縮", "the period of a subcontract of any tier is shortened";
        // Both kinds of plan.
        RiskMeasures = "risk_measures", "特定妨害行為を防止するための措置（リスク管理措置）", "risk management measures (リスク管理措置)";
        // 特定社会基盤事業者.
        OperatorName = "operator_name", "特定社会基盤事業者自身の名称", "the operator's own name";
        OperatorAddress = "operator_address", "特定社会基盤事業者自身の住所", "the operator's own address";
    }
    and
    /// Something about somebody whom a plan names.
    Party(PartyRole, PartyChange)
}

impl Change {
    /// Every change there is a word for, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        let plain = Self::WORDS.iter().map(|(change, ..)| *change);
        let parties = PartyRole::WORDS.iter().flat_map(|(role, ..)| {
            let own = PartyChange::WORDS.iter().map(|(change, ..)| *change);
            own.filter(|change| role.can(*change)).map(|change| Self::Party(*role, change))
        });
        plain.chain(parties)
    }

    /// The word in files and rows: `component_name`, `subcontractor_renamed`.
    pub fn word(self) -> Cow<'static, str> {
        match self {
            Self::Party(role, change) => Cow::Owned(format!("{}_{}", role.entry().1, change.entry().1)),
            plain => Cow::Borrowed(entry(Self::WORDS, plain).1),
        }
    }

    /// What it means, for people.
    pub fn text(self) -> Text {
        match self {
            Self::Party(role, change) => {
                let ((_, _, role_ja, role_en), (_, _, ja, en)) = (role.entry(), change.entry());
                Text::new(format!("{role_ja}：{ja}"), format!("{role_en}: {en}"))
            }
            plain => {
                let (_, _, ja, en) = entry(Self::WORDS, plain);
                Text::new(ja, en)
            }
        }
    }
}

type Entry<T> = (T, &'static str, &'static str, &'static str);

fn entry<T: Copy + PartialEq>(words: &[Entry<T>], value: T) -> Entry<T> {
    let known = words.iter().copied().find(|(known, ..)| *known == value);
    known.unwrap_or((value, "", "", ""))
}

impl PartyRole {
    fn entry(self) -> Entry<Self> {
        entry(Self::WORDS, self)
    }

    /// Suppliers come and go with what they supply; contractors and subcontractors by themselves.
    fn can(self, change: PartyChange) -> bool {
        let by_itself = matches!(self, Self::Contractor | Self::Subcontractor);
        by_itself || !matches!(change, PartyChange::Added | PartyChange::Dropped)
    }
}

impl PartyChange {
    fn entry(self) -> Entry<Self> {
        entry(Self::WORDS, self)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.word())
    }
}

impl From<Change> for String {
    fn from(change: Change) -> Self {
        change.word().into_owned()
    }
}

/// There is no such word.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is no word for a change; {1}")]
pub struct ChangeError(String, String);

/// The words that share a part with a text, or all of them.
fn near(text: &str) -> String {
    let all: Vec<Cow<'static, str>> = Change::all().map(|change| change.word()).collect();
    let parts: Vec<&str> = text.split('_').filter(|part| part.len() > 3).collect();
    let shares = |word: &&Cow<'static, str>| word.split('_').any(|part| parts.contains(&part));
    let near: Vec<&str> = all.iter().filter(shares).map(AsRef::as_ref).collect();
    if near.is_empty() {
        format!("these are: {}", all.join(", "))
    } else {
        format!("words like it are: {}", near.join(", "))
    }
}

impl TryFrom<String> for Change {
    type Error = ChangeError;

    fn try_from(text: String) -> Result<Self, ChangeError> {
        let known = Self::all().find(|change| change.word() == text);
        known.ok_or_else(|| ChangeError(text.chars().take(80).collect(), near(&text)))
    }
}

impl JsonSchema for Change {
    fn schema_name() -> Cow<'static, str> {
        "Change".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let each: Vec<serde_json::Value> = Self::all()
            .map(|change| {
                let text = change.text();
                serde_json::json!({ "const": change.word(), "description": format!("{}: {}", text.ja, text.en) })
            })
            .collect();
        json_schema!({ "description": "What can change: one word, one meaning.", "oneOf": each })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_change_has_a_word_of_its_own_that_reads_back() {
        let words: BTreeSet<String> = Change::all().map(String::from).collect();
        assert_eq!(words.len(), Change::all().count());
        for change in Change::all() {
            let json = serde_json::to_string(&change).unwrap();
            assert_eq!(serde_json::from_str::<Change>(&json).unwrap(), change);
            let text = change.text();
            assert!(!change.word().is_empty() && !text.ja.is_empty() && !text.en.is_empty(), "{change:?}");
        }
        for bad in ["\"\"", "\"supplier_added\"", "\"officers\"", "\"Component_name\"", "7"] {
            assert!(serde_json::from_str::<Change>(bad).is_err(), "{bad}");
        }
    }
}
