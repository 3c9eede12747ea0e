//! `planned_change_prohibited`: a ticket plans something for days on which it is prohibited, before anything has happened.
//! It does not know today; it holds the ticket's window against the dates of the plans.
//! Invariant: it closes when the window or the period is another one, or the ticket is done or withdrawn; nothing is refused.

use super::{Facts, Rule, tickets_touched};
use crate::model::findings::{Subject, Verdict};
use crate::model::rows::Severity;
use crate::model::tickets::prohibited_window;
use crate::model::views::drift::Touched;
use daicho_schemas::fact::ticket::TicketState;
use daicho_schemas::text::Text;
use roaring::RoaringBitmap;
use std::collections::BTreeSet;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "planned_change_prohibited", claim, subjects, judge };

fn claim() -> Text {
    Text::new(
        "チケットの期間が、導入等の禁止期間にかかっています。",
        "The window of a ticket touches a prohibition period (禁止期間).",
    )
}

fn subjects(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    tickets_touched(facts, touched)
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Ticket(id) = subject else { return None };
    let ticket = facts.state.tickets.get(id).filter(|ticket| ticket.state == TicketState::Open)?;
    let period = prohibited_window(&facts.state.declarations, &ticket.change)?;
    let (plan, through) = (period.plan_id, period.through);
    let (first, last) = (ticket.change.planned_on, ticket.change.last_day());
    Some(Verdict {
        severity: Severity::Critical,
        title: Text::new(
            format!("チケット「{id}」は禁止期間中に予定されています"),
            format!("Ticket \"{id}\" is planned for a prohibition period"),
        ),
        why: Text::new(
            format!(
                "予定は {first}〜{last} ですが、計画「{plan}」の禁止期間は {through} までです。その間に導入や委託をすることは禁じられています。"
            ),
            format!(
                "It is planned for {first} to {last}, and the prohibition period of plan \"{plan}\" runs through {through}. Until then nothing may be introduced or entrusted."
            ),
        ),
        next: Text::new(
            "期間が過ぎるまで行わないでください。チケットの期間を改めるか、取り下げてください。主務大臣が期間を短縮したときは、計画の prohibited_through に入れてください。",
            "Do not do it before the period is over. Give the ticket another window, or withdraw it; if the minister shortened the period, enter that in the plan (prohibited_through).",
        ),
        equipment_id: Some(ticket.change.equipment_id.clone()),
        hosts: RoaringBitmap::new(),
        components: Vec::new(),
        supplier: None,
        planned_by: None,
    })
}
