//! The samples of decisions about components. They do not know which components there are.
//! Invariant: every field is filled, so that the golden bytes show all of them.

use super::*;

pub(super) fn decided() -> Fact {
    Fact::ComponentDecided(ComponentDecided {
        decision_id: DecisionId::new("d-2").unwrap(),
        components: ComponentSelector {
            sort: Some(ComponentSort::Deb),
            vendor: Some("Docker".into()),
            vendor_place: Some(VendorPlace::PackageOrigin),
            name: Some("docker-ce".into()),
            versions: Some("5:27.*".into()),
        },
        supplier_id: Some(SupplierId::new("docker").unwrap()),
        category: Some(Category::Middleware),
        part_of_equipment: Some(true),
        valid_from: Some(day("2026-04-01")),
        reason: "保守契約の相手方".into(),
        evidence: "契約書 第12号".into(),
        from_table: Some(TableLine { table: "mapping.xlsx".into(), row: 7 }),
        replaces: Some(DecisionId::new("d-1").unwrap()),
    })
}

pub(super) fn withdrawn() -> Fact {
    Fact::ComponentDecisionWithdrawn(ComponentDecisionWithdrawn {
        decision_id: DecisionId::new("d-2").unwrap(),
        reason: "別の製品と取り違えた".into(),
    })
}
