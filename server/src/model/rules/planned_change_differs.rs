//! `planned_change_differs`: what agents saw of a planned change is not what its ticket says.
//! It does not know whether that matters to the law; what no plan covers is a finding of its own.
//! Invariant: one finding per ticket; it closes when nothing differs any more, or the ticket was withdrawn or amended.

use super::{Facts, Rule, tickets_touched};
use crate::model::findings::{COMPONENTS_LISTED_MAX, Subject, Verdict};
use crate::model::rows::Severity;
use crate::model::tickets::{How, reconcile, supplier_now};
use crate::model::views::drift::Touched;
use crate::model::views::tickets::Seen;
use daicho_schemas::fact::ticket::TicketState;
use daicho_schemas::text::Text;
use std::collections::BTreeSet;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "planned_change_differs", claim, subjects, judge };

/// Differences that are named; more are counted.
const NAMED_MAX: usize = 10;

fn claim() -> Text {
    Text::new(
        "観測された変更が、チケットの予定と違います。",
        "What agents saw of a planned change differs from its ticket.",
    )
}

fn subjects(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    tickets_touched(facts, touched)
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Ticket(id) = subject else { return None };
    let ticket = facts.state.tickets.get(id).filter(|ticket| ticket.state != TicketState::Withdrawn)?;
    let held = reconcile(ticket, |seen| supplier_now(facts.state, facts.drift, seen));
    if held.differences.is_empty() {
        return None;
    }
    let (count, change) = (held.differences.len(), &ticket.change);
    let named = |language: fn(&Text) -> &String| {
        let one = |(how, seen): &(How, &Seen)| {
            format!("{} @ {} {} ({})", seen.line(), seen.host, seen.on(), language(&how.text()))
        };
        let mut all: Vec<String> = held.differences.iter().take(NAMED_MAX).map(one).collect();
        all.extend(count.checked_sub(NAMED_MAX).filter(|more| *more > 0).map(|more| format!("+{more}")));
        all.join(", ")
    };
    let (met, wanted) = (held.met(), held.wanted.len());
    let window = (change.planned_on, change.last_day());
    let hosts = held.differences.iter().filter_map(|(_, seen)| facts.host(&seen.agent_id)).collect();
    let components: BTreeSet<String> = held.differences.iter().map(|(_, seen)| seen.line()).collect();
    Some(Verdict {
        severity: Severity::Warning,
        title: Text::new(
            format!("チケット「{id}」と違う変更が観測されました（{count} 件）"),
            format!("Ticket \"{id}\": {count} things differ from what was planned"),
        ),
        why: Text::new(
            format!(
                "予定は「{}」（{}〜{}、予定どおり観測 {met}/{wanted} 件）。違い：{}",
                change.summary,
                window.0,
                window.1,
                named(|text| &text.ja)
            ),
            format!(
                "Planned: \"{}\" ({} to {}; {met} of {wanted} seen as planned). What differs: {}",
                change.summary,
                window.0,
                window.1,
                named(|text| &text.en)
            ),
        ),
        next: Text::new(
            "作業した人に確かめてください。予定のほうが変わったのなら、チケットを改めて判断し直してください。予定にない変更なら、元に戻すか、別の変更として判断してください。",
            "Ask who did the work. If the plan has changed, amend the ticket, which judges it anew; if it was not meant, undo it or judge it as a change of its own.",
        ),
        equipment_id: Some(change.equipment_id.clone()),
        hosts,
        components: components.into_iter().take(COMPONENTS_LISTED_MAX).collect(),
        supplier: None,
        planned_by: None,
    })
}
