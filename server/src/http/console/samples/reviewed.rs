//! Groups of the review queue by hand: one with proposals, one by name without any, one whose category alone waits; a decision.
//! They do not come from the model.
//! Invariant: long words, unknown values and both reasons to wait are among them.

use super::*;
use crate::http::console::pages::review::Typed;
use crate::model::queries::decisions::DecisionRow;
use crate::model::queries::review::{ProposalWhy, ReviewRow, SupplierProposal};
use crate::model::views::decisions::{DecisionState, Withdrawn};
use daicho_schemas::fact::component::{ComponentDecided, ComponentSelector, ComponentSort, TableLine, VendorPlace};

pub(in crate::http::console) fn reviewed() -> Vec<ReviewRow> {
    let proposal = |id: &str, name: &str, why, by: &str| SupplierProposal {
        supplier_id: SupplierId::new(id).unwrap(),
        name: Text::same(name),
        why,
        by: by.into(),
    };
    let selector = |sort, vendor: Option<&str>, vendor_place, name: Option<&str>| ComponentSelector {
        sort: Some(sort),
        vendor: vendor.map(Into::into),
        vendor_place,
        name: name.map(Into::into),
        versions: None,
    };
    let first = ReviewRow {
        group_id: "g-0123456789abcdef".into(),
        components: selector(ComponentSort::Deb, Some("Docker <CE> & Co."), Some(VendorPlace::PackageOrigin), None),
        supplier_open: true,
        category_open: true,
        supplier: docker(),
        category: Category::Application,
        hosts: 61_204,
        components_total: 7,
        examples: vec!["containerd.io 1.7.25-1".into(), "docker-ce 5:27.5.1".into(), "docker-ce-cli 5:27.5.1".into()],
        equipment: vec![EquipmentId::new("tos").unwrap()],
        proposals: vec![
            proposal("docker-inc", "Docker, Inc.", ProposalWhy::DecidedElsewhere, "d-7"),
            proposal("docker-japan", "ドッカー合同会社", ProposalWhy::AlikeName, "Docker"),
        ],
        decision_id: None,
    };
    let maker = "Maintainers of a collection of packages with quite a long name <somebody@elsewhere.example>";
    let second = ReviewRow {
        group_id: "g-1123456789abcdef".into(),
        components: selector(
            ComponentSort::Deb,
            Some(maker),
            Some(VendorPlace::PackageMaintainer),
            Some("libexample-with-a-long-name29"),
        ),
        supplier: claim("", "不明", "unknown", "the package names neither vendor nor maintainer", Confidence::Unknown),
        hosts: 1,
        components_total: 1,
        examples: vec!["libexample-with-a-long-name29 1.0-1".into()],
        proposals: vec![],
        ..first.clone()
    };
    let third = ReviewRow {
        group_id: "g-2123456789abcdef".into(),
        components: selector(ComponentSort::Deb, Some("Debian"), Some(VendorPlace::PackageOrigin), None),
        supplier_open: false,
        supplier: debian(),
        hosts: 3,
        decision_id: Some(DecisionId::new("d-7").unwrap()),
        proposals: vec![],
        ..first.clone()
    };
    vec![first, second, third]
}

pub(in crate::http::console) fn decided() -> DecisionRow {
    let decision = ComponentDecided {
        decision_id: DecisionId::new("d-7").unwrap(),
        components: reviewed().remove(2).components,
        supplier_id: Some(SupplierId::new("debian").unwrap()),
        category: None,
        part_of_equipment: None,
        valid_from: Some(on("2026-04-01")),
        reason: "保守契約の相手方 <b>".into(),
        evidence: "契約書 第12号".into(),
        from_table: Some(TableLine { table: "対応表.xlsx".into(), row: 7 }),
        replaces: None,
    };
    let state = DecisionState {
        decision,
        seq: 41,
        decided_at: minute(3),
        by: "compliance-01".into(),
        withdrawn: None,
        replaced_by: None,
    };
    DecisionRow { state, stands: true, supplier_name: Some(Text::same("Debian Project")) }
}

/// One that stands, one that was replaced, one that was withdrawn.
pub(in crate::http::console) fn decisions() -> Vec<DecisionRow> {
    let ended = |id: &str, change: &dyn Fn(&mut DecisionState)| {
        let mut row = DecisionRow { stands: false, supplier_name: None, ..decided() };
        row.state.decision.decision_id = DecisionId::new(id).unwrap();
        (row.state.decision.supplier_id, row.state.decision.part_of_equipment) = (None, Some(false));
        change(&mut row.state);
        row
    };
    let replaced = ended("d-6", &|state| state.replaced_by = Some(DecisionId::new("d-7").unwrap()));
    let (seq, at, by) = (44, minute(9), "compliance-02".to_string());
    let end = Withdrawn { seq, at, by, reason: "別の製品と取り違えた".into() };
    vec![decided(), replaced, ended("d-5", &|state| state.withdrawn = Some(end.clone()))]
}

pub(in crate::http::console) fn typed_decision() -> Typed {
    Typed { choice: "other".into(), supplier_id: "dokcer".into(), category: "middleware".into(), ..Typed::default() }
}
