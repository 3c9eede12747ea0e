//! The samples of circuit ledgers. They do not know admission: a sample need not make sense.
//! Invariant: every field is filled, so that the golden bytes show all of them.

use super::*;
use crate::fact::circuit::*;

pub(super) fn facts() -> Vec<Fact> {
    let circuit = Circuit {
        key: "L-001".into(),
        carrier: "例示通信".into(),
        number: "CAF0000000001".into(),
        sort: CircuitSort::Internet,
        service: "光接続サービス".into(),
        place: "サーバー室".into(),
        equipment: "tos".into(),
        purpose: "遠隔保守".into(),
        used_by: "vendor".into(),
        contract: "plan-2".into(),
        device: "caterer-gw".into(),
        port: "lan2".into(),
        segment: Some("192.0.2.0/24".into()),
        starts_on: Some(day("2024-04-01")),
        ends_on: Some(day("2027-03-31")),
    };
    let circuit_ledger_id = CircuitLedgerId::new("circuits").unwrap();
    vec![
        Fact::CircuitLedgerRead(CircuitLedgerRead {
            circuit_ledger_id: circuit_ledger_id.clone(),
            source: "回線台帳.xlsx".into(),
            as_of: day("2026-11-20"),
            sha256: "00".repeat(32),
            bytes: 9000,
            circuits: vec![circuit],
            left_out: 1,
            note: "総務課".into(),
        }),
        Fact::CircuitSettled(CircuitSettled {
            circuit_ledger_id,
            key: "L-001".into(),
            is: Some(CircuitIs::Ended(day("2026-10-31"))),
            on: day("2026-11-20"),
            note: "解約通知".into(),
        }),
    ]
}
