//! What tickets explain of a finding, and which tickets a touched state concerns. No rule of its own.
//! It does not decide whether a finding opens: a ticket explains it, and it stays.
//! Invariant: a finding is planned only where one ticket planned all of it, and it was seen to the letter in its window.

use super::Facts;
use crate::model::findings::{Subject, Verdict};
use crate::model::numbers::HostNo;
use crate::model::rows::{PlannedBy, Severity};
use crate::model::tickets::{How, how, supplier_now};
use crate::model::views::drift::{Line, Touched};
use crate::model::views::tickets::{Seen, Ticket};
use daicho_schemas::fact::ticket::TicketState;
use daicho_schemas::ids::{ChangeId, EquipmentId};
use daicho_schemas::planned::Sight;
use daicho_schemas::text::Text;
use std::collections::BTreeSet;

/// The tickets that must be judged again: those that were touched, and those of touched equipment, hosts and products.
pub(super) fn tickets_touched(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let tickets = &facts.state.tickets;
    let mut ids: BTreeSet<&ChangeId> = touched.tickets.iter().collect();
    ids.extend(touched.equipment.iter().flat_map(|id| tickets.of_equipment(id)).map(|(id, _)| id));
    // Another record can make another supplier of what was seen; nothing else of an old ticket can change by itself.
    // The host may bear another name by now, and be no part of the equipment: what it showed is still its.
    let minding = |(_, ticket): &(&ChangeId, &Ticket)| ticket.minds_suppliers();
    if touched.meanings {
        ids.extend(tickets.iter().filter(minding).map(|(id, _)| id));
    }
    let agents = touched.hosts.iter().filter_map(|host| facts.state.agents.by_number(*host));
    ids.extend(agents.flat_map(|agent| tickets.seen_by(&agent.agent_id)).filter(minding).map(|(id, _)| id));
    if !tickets.none_is_live() {
        let rows = touched.hosts.iter().filter_map(|host| facts.drift.hosts.get(*host));
        let named = rows.flat_map(|row| tickets.on_host(&row.key)).filter(|(_, ticket)| ticket.is_live());
        ids.extend(named.map(|(id, _)| id));
    }
    ids.into_iter().map(|id| Subject::Ticket(id.clone())).collect()
}

impl Facts<'_> {
    /// The ticket that planned every component of some lines on every one of their hosts, if one did.
    pub(super) fn lines_planned_by(&self, equipment: &EquipmentId, lines: &[&Line]) -> Option<PlannedBy> {
        let wanted = || {
            lines.iter().flat_map(|line| {
                let items = line.components.keys();
                items.flat_map(|listed| {
                    let hosts = self.drift.sightings.hosts(listed.item) & &line.hosts;
                    hosts.into_iter().map(move |host| (host, listed))
                })
            })
        };
        self.planned_by(equipment, |ticket| {
            let all: usize = lines.iter().map(|line| line.components.len()).sum();
            all <= ticket.seen.len()
                && wanted().all(|(host, listed)| {
                    let label = &listed.label;
                    self.is_planned(ticket, Sight::ComponentAppears, host, &label.name, label.version.as_deref())
                })
        })
    }

    /// The ticket that planned an interface or a host, if one did.
    pub(super) fn sight_planned_by(
        &self,
        equipment: &EquipmentId,
        sight: Sight,
        host: HostNo,
        name: &str,
    ) -> Option<PlannedBy> {
        self.planned_by(equipment, |ticket| self.is_planned(ticket, sight, host, name, None))
    }

    /// The ticket of whatever equipment that planned a host of this name, if one did.
    pub(super) fn host_planned_by(&self, host: HostNo) -> Option<PlannedBy> {
        let row = self.drift.hosts.get(host)?;
        let own = self.state.tickets.on_host(&row.key);
        let own = own.into_iter().filter(|(_, ticket)| ticket.state != TicketState::Withdrawn);
        let fits = |ticket: &Ticket| self.is_planned(ticket, Sight::HostAppears, host, "", None);
        own.map(|(id, ticket)| (fits(ticket), planned(id, ticket))).find(|(fits, _)| *fits).map(|(_, planned)| planned)
    }

    fn planned_by(&self, equipment: &EquipmentId, fits: impl Fn(&Ticket) -> bool) -> Option<PlannedBy> {
        let own = self.state.tickets.of_equipment(equipment);
        let mut own = own.filter(|(_, ticket)| ticket.state != TicketState::Withdrawn && !ticket.seen.is_empty());
        own.find(|(_, ticket)| fits(ticket)).map(|(id, ticket)| planned(id, ticket))
    }

    fn is_planned(&self, ticket: &Ticket, sight: Sight, host: HostNo, name: &str, version: Option<&str>) -> bool {
        // Two agents may go by one name; what one of them showed says nothing of the other.
        let agent = self.state.agents.by_number(host).map(|agent| &agent.agent_id);
        let same = |seen: &&Seen| {
            let version = version.is_none() || seen.version.as_deref() == version;
            seen.sight == sight && seen.name == name && Some(&seen.agent_id) == agent && version
        };
        ticket.seen.iter().filter(same).any(|seen| {
            how(&ticket.change, seen, supplier_now(self.state, self.drift, seen).as_ref()) == Some(How::AsExpected)
        })
    }
}

fn planned(id: &ChangeId, ticket: &Ticket) -> PlannedBy {
    PlannedBy { change_id: id.clone(), permitted: ticket.judged.planned_day_is_possible != Some(false) }
}

impl Verdict {
    /// With the ticket that planned it: said in its title; and where the ticket was not judged to be too early, it weighs less.
    pub(super) fn planned(mut self, by: Option<PlannedBy>) -> Self {
        let Some(by) = by else { return self };
        let id = &by.change_id;
        let Text { ja, en } = &self.title;
        self.title = if by.permitted {
            self.severity = Severity::Notice;
            Text::new(format!("{ja}（予定どおり：チケット {id}）"), format!("{en} (planned: ticket {id})"))
        } else {
            Text::new(
                format!("{ja}（チケット {id} の予定。ただし、判断では早すぎる日でした）"),
                format!("{en} (planned: ticket {id}, but for a day that was judged to be too early)"),
            )
        };
        self.planned_by = Some(by);
        self
    }
}
