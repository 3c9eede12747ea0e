//! The samples of what people say of a ticket. They do not know admission: a sample need not be possible.
//! Invariant: every field is filled, so that the golden bytes show all of them.

use super::*;
use crate::change::Change;
use crate::planned::{CHANGE_FORMAT, ChangeItem, Emergency, Expected, PlannedChange, Sight};

pub(super) fn facts() -> Vec<Fact> {
    let change_id = ChangeId::new("chg-1").unwrap();
    vec![
        Fact::TicketStated(TicketStated {
            change: change(change_id.clone()),
            amends_seq: Some(7),
            note: "夜間に交換".into(),
        }),
        Fact::TicketMoved(TicketMoved {
            change_id: change_id.clone(),
            from: TicketState::Open,
            to: TicketState::Withdrawn,
            on: day("2026-12-20"),
            reason: "翌年度に延期".into(),
        }),
        Fact::WindowsEnded(WindowsEnded { on: day("2027-01-23"), change_ids: vec![change_id] }),
    ]
}

fn change(change_id: ChangeId) -> PlannedChange {
    PlannedChange {
        format: CHANGE_FORMAT.into(),
        change_id,
        summary: "スイッチの交換".into(),
        equipment_id: EquipmentId::new("tos").unwrap(),
        plan_id: Some(PlanId::new("plan-tos-1").unwrap()),
        planned_on: day("2027-01-20"),
        planned_through: Some(day("2027-01-22")),
        accepted_on: Some(day("2026-12-01")),
        emergency: Some(Emergency { reason: "故障".into() }),
        changes: vec![ChangeItem {
            change: Change::ComponentSwapped,
            subject: "スイッチ".into(),
            before: Some("24".into()),
            after: Some("48".into()),
            part_id: Some(PartId::new("switch").unwrap()),
            supplier_id: Some(SupplierId::new("vendor").unwrap()),
            data: BTreeMap::from([("component_function".into(), "接続".into())]),
        }],
        expected: vec![Expected {
            sight: Sight::ComponentAppears,
            hosts: vec!["tos-db-1".into()],
            name: "switch-agent".into(),
            version: Some("2.0".into()),
            supplier_id: Some(SupplierId::new("vendor").unwrap()),
        }],
    }
}
