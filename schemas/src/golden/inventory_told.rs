//! The samples of inventories that other tools told. They do not know admission: a sample need not make sense.
//! Invariant: every field is filled, so that the golden bytes show all of them.

use super::*;
use crate::fact::inventory_told::InventoryTold;

pub(super) fn observations() -> Vec<Observation> {
    vec![Observation::ToldComponent(ToldComponent {
        sort: ToldSort::Software,
        name: "example-web".into(),
        version: Some("1.2.3".into()),
        purl: Some("pkg:npm/example-web@1.2.3".into()),
        supplier: Some("Example Software K.K.".into()),
        sha256: Some("00".repeat(32)),
        path: Some("/opt/example/node_modules/example-web".into()),
    })]
}

pub(super) fn facts() -> Vec<Fact> {
    vec![Fact::InventoryTold(InventoryTold {
        host: "tos-web-1".into(),
        tool: "syft".into(),
        tool_version: Some("1.20.0".into()),
        format: "syft_16".into(),
        said_at: Some(instant("2026-11-20T03:00:00.000000Z")),
        sha256: "00".repeat(32),
        bytes: 640,
        parts: vec![InventoryPart {
            collector: CollectorId::new("syft").unwrap(),
            outcome: Outcome::Complete,
            sources: vec!["/".into()],
            troubles: vec![Trouble::new(TroubleKind::Malformed, "syft", "an artifact without a name")],
            items: observations(),
        }],
        note: "別の担当者から受領".into(),
    })]
}
