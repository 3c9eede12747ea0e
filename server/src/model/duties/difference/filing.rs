//! What an edited filing changes: purpose, parties, timing, the equipment's supplier, contents, tiers, measures.
//! It does not know equipment, parts or the list of contractors.
//! Invariant: what was not said before is no change when it is said.

use super::{Found, item};
use daicho_schemas::change::{Change, PartyChange, PartyRole};
use daicho_schemas::fact::declaration::{ContractorTier, Plan};
use daicho_schemas::planned::ChangeItem;
use daicho_schemas::time::CalendarDate;

impl Found {
    pub(super) fn filing(&mut self, before: &Plan, after: &Plan) {
        let subject = after.equipment.name.ja.as_str();
        let (old, new) = (&*before.filing, &*after.filing);
        self.said(
            Change::IntroductionPurpose,
            subject,
            old.introduction_purpose.as_ref(),
            new.introduction_purpose.as_ref(),
        );
        let day = |day: Option<CalendarDate>| day.map(|day| day.to_string());
        let planned = (day(old.introduction_planned_on), day(new.introduction_planned_on));
        self.said(Change::IntroductionTiming, subject, planned.0.as_ref(), planned.1.as_ref());
        self.said(
            Change::EntrustmentContent,
            subject,
            old.entrustment_content.as_ref(),
            new.entrustment_content.as_ref(),
        );
        if let (Some(was), Some(is)) = (&old.equipment_supplier, &new.equipment_supplier)
            && was != is
        {
            let change = Change::Party(PartyRole::Supplier, PartyChange::Replaced);
            let replaced = item(change, subject, Some(was.to_string()), Some(is.to_string()));
            self.0.push(ChangeItem { supplier_id: Some(is.clone()), ..replaced });
        }
        let parties = |all: &[daicho_schemas::fact::filing::IntroductionParty]| {
            let mut words: Vec<String> =
                all.iter().map(|party| format!("{} ({})", party.supplier_id, party.relation)).collect();
            words.sort();
            words.join(", ")
        };
        if !old.introduction_parties.is_empty() {
            let (was, is) = (parties(&old.introduction_parties), parties(&new.introduction_parties));
            self.differs(Change::IntroductionParties, subject, &was, &is);
        }
        let measures = |all: &[daicho_schemas::fact::filing::RiskMeasure]| {
            let mut words: Vec<String> =
                all.iter().map(|measure| format!("{}: {}", measure.measure_id, measure.text)).collect();
            words.sort();
            words.join("\n")
        };
        if !old.risk_measures.is_empty() {
            self.differs(Change::RiskMeasures, subject, &measures(&old.risk_measures), &measures(&new.risk_measures));
        }
        for tier in before.contractor_tiers.iter().filter(|tier| tier.parent.is_some()) {
            let now = after.contractor_tiers.iter().find(|now| now.supplier_id == tier.supplier_id);
            now.into_iter().for_each(|now| self.subcontract(tier, now));
        }
    }

    fn subcontract(&mut self, old: &ContractorTier, new: &ContractorTier) {
        let subject = new.supplier_id.as_str();
        let said = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        self.said(Change::SubcontractContent, subject, said(&old.work).as_ref(), said(&new.work).as_ref());
        if let (Some(was), Some(is)) = (old.from, new.from) {
            self.differs(Change::SubcontractTime, subject, &was.to_string(), &is.to_string());
        }
        if let (Some(was), Some(is)) = (old.through, new.through) {
            let change = if is < was { Change::SubcontractPeriodShortened } else { Change::SubcontractPeriod };
            self.differs(change, subject, &was.to_string(), &is.to_string());
        }
    }

    /// A change of what was said before, to something else or to nothing.
    fn said(&mut self, change: Change, subject: &str, before: Option<&String>, after: Option<&String>) {
        let Some(before) = before else { return };
        self.differs(change, subject, before, after.map_or("", String::as_str));
    }
}

#[cfg(test)]
mod tests {
    use super::super::changes_between;
    use crate::model::testing::plan;
    use daicho_schemas::fact::declaration::Plan;
    use serde_json::{Value, json};

    fn whole() -> Value {
        let mut plan = serde_json::to_value(plan("plan-1", "tos").entrustment().build()).unwrap();
        plan["contractors"] = json!(["a", "b"]);
        plan["contractor_tiers"] = json!([
            { "supplier_id": "a" },
            { "supplier_id": "b", "parent": "a", "work": "夜間", "from": "2027-01-01", "through": "2027-12-31" },
        ]);
        plan["filing"] = json!({
            "equipment_supplier": "maker",
            "introduction_purpose": "更新",
            "introduction_parties": [{ "supplier_id": "x", "relation": "設置" }],
            "introduction_planned_on": "2027-04-01",
            "entrustment_content": "保守",
            "risk_measures": [{ "measure_id": "I-1", "text": "検査" }],
        });
        plan
    }

    fn edited(pointer: &str, value: Value) -> Vec<String> {
        let mut json = whole();
        *json.pointer_mut(pointer).unwrap() = value;
        let (before, after): (Plan, Plan) =
            (serde_json::from_value(whole()).unwrap(), serde_json::from_value(json).unwrap());
        changes_between(&before, &after).iter().map(|item| item.change.to_string()).collect()
    }

    #[test]
    fn everything_a_filing_says_is_compared() {
        for (pointer, value, word) in [
            ("/filing/equipment_supplier", json!("other"), "supplier_replaced"),
            ("/filing/introduction_purpose", json!("増設"), "introduction_purpose"),
            ("/filing/introduction_parties", json!([]), "introduction_parties"),
            ("/filing/introduction_planned_on", json!("2027-05-01"), "introduction_timing"),
            ("/filing/entrustment_content", json!("保守と運用"), "entrustment_content"),
            ("/filing/risk_measures/0/text", json!("検査しない"), "risk_measures"),
            ("/filing/risk_measures", json!([]), "risk_measures"),
            ("/contractor_tiers/1/work", json!("昼間"), "subcontract_content"),
            ("/contractor_tiers/1/from", json!("2027-02-01"), "subcontract_time"),
            ("/contractor_tiers/1/through", json!("2028-01-31"), "subcontract_period"),
            ("/contractor_tiers/1/through", json!("2027-06-30"), "subcontract_period_shortened"),
        ] {
            assert_eq!(edited(pointer, value), [word], "{pointer}");
        }
        assert_eq!(edited("/filing/risk_measures/0/text", json!("検査")), Vec::<String>::new());
    }

    #[test]
    fn what_was_not_said_before_is_no_change() {
        let mut before: Plan = serde_json::from_value(whole()).unwrap();
        *before.filing = Default::default();
        let after: Plan = serde_json::from_value(whole()).unwrap();
        assert_eq!(changes_between(&before, &after), []);
    }

    #[test]
    fn one_who_comes_below_a_contractor_is_a_subcontractor() {
        let mut json = whole();
        json["contractors"] = json!(["a", "b", "c"]);
        json["contractor_tiers"].as_array_mut().unwrap().push(json!({ "supplier_id": "c", "parent": "b" }));
        let (before, after): (Plan, Plan) =
            (serde_json::from_value(whole()).unwrap(), serde_json::from_value(json).unwrap());
        let words: Vec<String> = changes_between(&before, &after).iter().map(|item| item.change.to_string()).collect();
        assert_eq!(words, ["subcontractor_added"]);
    }
}
