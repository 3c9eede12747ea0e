//! The samples of what people decide about computers and answer to check lists. They do not know admission.
//! Invariant: every field is filled, so that the golden bytes show all of them.

use super::*;
use crate::fact::check_answer::*;
use crate::fact::computer::*;

pub(super) fn facts() -> Vec<Fact> {
    vec![
        Fact::ComputerJudged(ComputerJudged {
            equipment_id: EquipmentId::new("tos-1").unwrap(),
            computers: vec![NamedComputer { name: "vpn-1".into(), replaces: Some(41) }],
            in_scope: true,
            scope_id: Some("internet-address".into()),
            reason: "保守会社の接続口".into(),
            products: vec![NotifiedProduct {
                unit_id: "appliance".into(),
                product: "Example Gateway".into(),
                maker: Some("Example Networks K.K.".into()),
                introduced_on: Some(day("2026-11-01")),
                exempt_by: Some("made-for-one".into()),
                filed_in: Some(PlanId::new("plan-tos-1").unwrap()),
                seen_as: Some("EG-100".into()),
            }],
            changed_on: Some(day("2026-11-20")),
        }),
        Fact::CheckAnswered(CheckAnswered {
            about: CheckedThing::Plan(PlanId::new("plan-tos-1").unwrap()),
            list_id: "risk-measures".into(),
            item_id: "risk-I-1".into(),
            answer: CheckAnswer::Yes,
            on: day("2026-11-20"),
            valid_through: Some(day("2027-11-19")),
            target_on: Some(day("2027-03-31")),
            note: "契約第12条".into(),
            evidence: vec!["契約書 2026-04-01".into()],
            replaces: Some(42),
        }),
    ]
}
