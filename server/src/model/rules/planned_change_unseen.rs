//! `planned_change_unseen`: the window of a ticket is over, and not all that it expects was seen.
//! It does not know the day; the server states in an entry that a window is over.
//! Invariant: absent is not gone: a silent agent is named, and what it may report late still counts for the day it is received.

use super::{Facts, Rule, tickets_touched};
use crate::model::findings::{COMPONENTS_LISTED_MAX, Subject, Verdict};
use crate::model::rows::{Severity, Unmet, UnmetCause};
use crate::model::tickets::{reconcile, supplier_now, unmet_cause};
use crate::model::views::drift::Touched;
use daicho_schemas::fact::ticket::TicketState;
use daicho_schemas::text::Text;
use std::collections::BTreeSet;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "planned_change_unseen", claim, subjects, judge };

/// Hosts that are named; more are counted.
const NAMED_MAX: usize = 10;

fn claim() -> Text {
    Text::new(
        "チケットの期間が終わりましたが、予定した変更がすべては観測されていません。",
        "The window of a ticket is over, and not all that was planned was seen.",
    )
}

fn subjects(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    tickets_touched(facts, touched)
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Ticket(id) = subject else { return None };
    let ticket = facts.state.tickets.get(id)?;
    if !ticket.window_ended || ticket.state == TicketState::Withdrawn {
        return None;
    }
    let held = reconcile(ticket, |seen| supplier_now(facts.state, facts.drift, seen));
    let missing: Vec<_> = held.wanted.iter().filter(|wanted| wanted.met.is_none()).collect();
    if missing.is_empty() {
        return None;
    }
    let hosts: BTreeSet<&str> = missing.iter().map(|wanted| wanted.host).collect();
    // Once a person has said that it was done, nothing is awaited from agents, and why they are silent is no matter.
    let awaited = hosts.iter().filter(|_| ticket.state == TicketState::Open);
    let causes: Vec<Unmet> = awaited.map(|host| unmet_cause(facts.state, facts.drift, host)).collect();
    let said = |language: fn(&Text) -> &String| {
        if ticket.state == TicketState::Done {
            return language(&Text::new("人は「行った」と記録しています。", "A person says that it was done.")).clone();
        }
        let first = causes.iter().take(NAMED_MAX);
        let mut all: Vec<String> = first.map(|unmet| format!("{}: {}", unmet.host, language(&words(unmet)))).collect();
        all.extend(causes.len().checked_sub(NAMED_MAX).filter(|more| *more > 0).map(|more| format!("+{more}")));
        all.join(", ")
    };
    let (count, wanted, last) = (missing.len(), held.wanted.len(), ticket.change.last_day());
    let components: BTreeSet<String> = missing.iter().map(|wanted| wanted.expected.name.clone()).collect();
    let numbers = causes.iter().filter_map(|unmet| facts.host(unmet.agent_id.as_ref()?));
    Some(Verdict {
        severity: Severity::Warning,
        title: Text::new(
            format!("チケット「{id}」の変更が、期間内に観測されていません（{wanted} 件中 {count} 件）"),
            format!("Ticket \"{id}\": {count} of {wanted} planned things were not seen in its window"),
        ),
        why: Text::new(
            format!(
                "期間は {last} に終わりました。行われていないか、エージェントから見えていません。{}",
                said(|text| &text.ja)
            ),
            format!("The window ended on {last}. It was not done, or agents cannot see it. {}", said(|text| &text.en)),
        ),
        next: Text::new(
            "行ったかどうかを作業した人に確かめてください。行っていなければ、チケットの期間を改めるか取り下げます。連絡のないエージェントがあれば、先にそれを直してください。",
            "Ask whether it was done. If not, give the ticket another window or withdraw it. If an agent is silent, see to that first.",
        ),
        equipment_id: Some(ticket.change.equipment_id.clone()),
        hosts: numbers.collect(),
        components: components.into_iter().filter(|name| !name.is_empty()).take(COMPONENTS_LISTED_MAX).collect(),
        supplier: None,
        planned_by: None,
    })
}

/// Why nothing was seen on a host, for people.
fn words(unmet: &Unmet) -> Text {
    let agent = unmet.agent_id.as_ref().map_or("?", |id| id.as_str());
    let since = unmet.silent_since.map_or_else(|| "?".into(), |at| at.for_people_in_japan());
    match unmet.cause {
        UnmetCause::NoAgent => Text::new("エージェントなし", "no agent speaks for it"),
        UnmetCause::Silent => Text::new(
            format!("エージェント {agent} は {since} から連絡なし"),
            format!("agent {agent} is silent since {since}"),
        ),
        UnmetCause::LookedInPart => Text::new("一部しか見えていない", "it could not be looked at completely"),
        UnmetCause::NotSeen => Text::new("見えているが変更なし", "it is seen, and this is not there"),
    }
}
