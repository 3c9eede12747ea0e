//! Tickets as rows: what was planned, what the law asked and asks, what agents showed of it.
//! It does not judge and does not reconcile; `duties/planned.rs` and `tickets/` do.
//! Invariant: what was not seen says why as far as that is known, and an agent that is silent is named.

use super::super::Model;
use super::super::rows::{
    DifferenceRow, Page, ProhibitedWindow, TicketDetail, TicketRow, Unmet, UnmetCause, WantedRow,
};
use super::super::tickets::{Reconciliation, Standing, supplier_now, unmet_cause};
use super::super::views::tickets::Ticket;
use super::Part;
use daicho_schemas::fact::ticket::{TicketState, WindowsEnded};
use daicho_schemas::ids::{ChangeId, EquipmentId};
use daicho_schemas::planned::PlannedChange;
use daicho_schemas::time::CalendarDate;

impl Model {
    /// One ticket as it stands.
    pub fn ticket(&self, id: &ChangeId) -> Option<&Ticket> {
        self.state.tickets.get(id)
    }

    /// What a ticket comes to.
    pub fn ticket_row(&self, id: &ChangeId) -> Option<TicketRow> {
        Some(self.row_of_ticket(id, self.ticket(id)?))
    }

    /// Every ticket that is wanted: open ones first, the nearest window first; ids decide between equals.
    pub fn tickets(&self, state: Option<TicketState>, equipment: Option<&EquipmentId>) -> Vec<TicketRow> {
        let wanted = |ticket: &Ticket| {
            state.is_none_or(|state| ticket.state == state)
                && equipment.is_none_or(|id| ticket.change.equipment_id == *id)
        };
        let all = self.state.tickets.iter().filter(|(_, ticket)| wanted(ticket));
        let mut rows: Vec<TicketRow> = all.map(|(id, ticket)| self.row_of_ticket(id, ticket)).collect();
        rows.sort_by(|a, b| {
            let key = |row: &TicketRow| (row.state, row.planned_on, row.change_id.clone());
            key(a).cmp(&key(b))
        });
        rows
    }

    /// One page of them. `None` when the cursor is not one of this list.
    pub fn tickets_page(
        &self,
        part: Part<'_>,
        state: Option<TicketState>,
        equipment: Option<&EquipmentId>,
    ) -> Option<Page<TicketRow>> {
        let mut rows = self.tickets(state, equipment);
        if let Some(cursor) = part.cursor {
            let at = rows.iter().position(|row| row.change_id.as_str() == cursor)?;
            rows = rows.split_off(at + 1);
        }
        Some(part.of(rows.into_iter(), |row| row.change_id.to_string()))
    }

    /// One ticket with everything that is known of it, judged by the law of `today` too.
    pub fn ticket_detail(&self, id: &ChangeId, today: CalendarDate) -> Option<TicketDetail> {
        let ticket = self.ticket(id)?;
        let held = self.reconciled(ticket);
        let wanted = held.wanted.iter().map(|wanted| WantedRow {
            expected: wanted.expected.clone(),
            host: wanted.host.to_string(),
            seen: wanted.met.cloned(),
            unmet: wanted.met.is_none().then(|| unmet_cause(&self.state, &self.drift, wanted.host)),
        });
        let wanted = wanted.collect();
        let differences =
            held.differences.iter().map(|(how, seen)| DifferenceRow { how: *how, seen: (*seen).clone() }).collect();
        Some(TicketDetail {
            row: self.row_of_ticket(id, ticket),
            change: ticket.change.clone(),
            note: ticket.note.clone(),
            judged: ticket.judged.clone(),
            judged_now: self.judge_change(&ticket.change, today),
            wanted,
            differences,
            seen_more: ticket.seen_more,
            turns: ticket.turns.clone(),
        })
    }

    /// The prohibition period in which a change is planned to begin or go on, if it is: before anything happens.
    pub fn prohibited_window(&self, change: &PlannedChange) -> Option<ProhibitedWindow> {
        crate::model::tickets::prohibited_window(&self.state.declarations, change)
    }

    /// The tickets whose windows were over before a day and of which nobody stated that, at most so many.
    pub fn windows_ended(&self, today: CalendarDate, max: usize) -> WindowsEnded {
        let mut change_ids: Vec<ChangeId> = self.state.tickets.ended_before(today).take(max).cloned().collect();
        change_ids.sort();
        WindowsEnded { on: today, change_ids }
    }

    fn reconciled<'a>(&'a self, ticket: &'a Ticket) -> Reconciliation<'a> {
        crate::model::tickets::reconcile(ticket, |seen| supplier_now(&self.state, &self.drift, seen))
    }

    fn row_of_ticket(&self, id: &ChangeId, ticket: &Ticket) -> TicketRow {
        let held = self.reconciled(ticket);
        let not_yet = matches!(held.standing, Standing::NotSeenYet | Standing::SeenInPart | Standing::Unseen);
        let silent = held.wanted.iter().filter(|wanted| not_yet && wanted.met.is_none()).filter_map(|wanted| {
            let cause = unmet_cause(&self.state, &self.drift, wanted.host);
            (cause.cause != UnmetCause::NotSeen).then_some(cause)
        });
        let mut unmet: Vec<Unmet> = silent.collect();
        unmet.sort();
        unmet.dedup();
        TicketRow {
            change_id: id.clone(),
            equipment_id: ticket.change.equipment_id.clone(),
            summary: ticket.change.summary.clone(),
            state: ticket.state,
            planned_on: ticket.change.planned_on,
            planned_through: ticket.change.last_day(),
            window_ended: ticket.window_ended,
            standing: held.standing,
            met: held.met(),
            wanted: held.wanted.len(),
            differences: held.differences.len(),
            unmet,
            prohibited: self.prohibited_window(&ticket.change),
            judged_on: ticket.judged.on,
            outcome: ticket.judged.outcome,
            certain: ticket.judged.certain,
            earliest_on: ticket.judged.earliest_on,
            planned_day_is_possible: ticket.judged.planned_day_is_possible,
            by: ticket.by.clone(),
            seq: ticket.seq,
            versions: ticket.versions,
        }
    }
}
