//! Whom to ask about a planned change, and what.
//! It does not judge. Invariant: each is named once, with each question once.

use super::{Ask, Bench};
use daicho_schemas::planned::ChangeItem;
use daicho_schemas::text::Text;

pub(super) fn unlisted_question() -> Text {
    Text::new(
        "この変更に届出や報告が要るかを、所管省庁に確かめてください。",
        "Ask the ministry whether this change is to be filed or reported.",
    )
}

/// Whom to ask, each once, each thing once.
pub(super) struct Asks(pub(super) Vec<Ask>);

impl Asks {
    pub(super) fn supplier(&mut self, bench: &Bench<'_>, item: &ChangeItem, about: Vec<Text>) {
        let record = item.supplier_id.as_ref().and_then(|id| bench.declared.supplier_state(id));
        let whom = record.map_or_else(
            || Text::new("供給者・委託の相手方（未登録）", "the supplier or contractor (not recorded)"),
            |supplier| supplier.record.name.clone(),
        );
        self.put(whom, about);
    }

    pub(super) fn colleagues(&mut self, about: Vec<Text>) {
        self.put(Text::new("社内（設備の担当者）", "your own people (who run the equipment)"), about);
    }

    pub(super) fn ministry(&mut self, bench: &Bench<'_>, question: &Text) {
        let business = bench.plans().next().map_or("", |plan| plan.plan.operator.business.as_str());
        let whom =
            Text::new(format!("所管省庁（{business}）"), format!("the ministry in charge (所管省庁: {business})"));
        self.put(whom, vec![question.clone()]);
    }

    fn put(&mut self, whom: Text, about: Vec<Text>) {
        if about.is_empty() {
            return;
        }
        let place = self.0.iter().position(|ask| ask.whom == whom).unwrap_or_else(|| {
            self.0.push(Ask { whom, about: Vec::new() });
            self.0.len() - 1
        });
        if let Some(ask) = self.0.get_mut(place) {
            let new: Vec<Text> = about.into_iter().filter(|text| !ask.about.contains(text)).collect();
            ask.about.extend(new);
        }
    }
}
