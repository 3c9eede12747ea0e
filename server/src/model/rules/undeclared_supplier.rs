//! `undeclared_supplier`: somebody supplies a component of a critical equipment whom no part of its plans names.
//! It does not know which product brought the supplier in; `undeclared_component` names that.
//! Invariant: one finding per equipment and supplier; a supplier in a part is declared whatever else it supplies.

use super::{Facts, Rule, hosts_of, supplier_name, weakest_claim};
use crate::model::findings::{Subject, Verdict};
use crate::model::rows::{Confidence, DriftStatus, Severity};
use crate::model::views::drift::{Line, Touched};
use daicho_schemas::text::Text;
use std::collections::BTreeSet;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "undeclared_supplier", claim, subjects, judge };

fn claim() -> Text {
    Text::new(
        "特定重要設備の構成要素に、計画のどこにも書かれていない供給者がいます。",
        "A supplier of a component of a critical equipment is named by no part of its plans.",
    )
}

fn subjects(_: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let products = touched.products.iter();
    products.map(|(id, supplier, _)| Subject::Supplier(id.clone(), supplier.clone())).collect()
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Supplier(equipment, supplier) = subject else { return None };
    let drift = facts.drift.equipment.get(equipment)?;
    if drift.names(supplier) {
        return None;
    }
    let part = |line: &&Line| line.key.status() != DriftStatus::NotPart;
    let lines: Vec<&Line> = drift.lines_of(supplier).filter(part).collect();
    if lines.is_empty() {
        return None;
    }
    let (components, count) = facts.components(&lines);
    let claim = weakest_claim(&lines);
    let name = facts.equipment_name(equipment);
    let who = supplier_name(claim.as_ref());
    let recorded = supplier.recorded().is_some();
    let known = claim.as_ref().is_some_and(|claim| claim.confidence > Confidence::Unknown);
    let title = if known {
        Text::new(
            format!("「{}」に計画にない供給者「{}」", name.ja, who.ja),
            format!("{}: supplier \"{}\" is named by no part of its plans", name.en, who.en),
        )
    } else {
        Text::new(
            format!("「{}」に供給者の分からない構成要素（{count} 件）", name.ja),
            format!("{}: nothing tells who supplies {count} components", name.en),
        )
    };
    let planned = facts.lines_planned_by(equipment, &lines);
    let verdict = Verdict {
        severity: Severity::Warning,
        title,
        why: Text::new(
            format!("構成設備の供給者は計画の記載事項です。この供給者の構成要素が {count} 件見つかりました。"),
            format!("Suppliers of components are part of the plan; {count} components of this one were found."),
        ),
        next: if recorded {
            Text::new(
                "届出・報告の要否を判断したうえで計画の構成設備に加えるか、構成要素を取り除いてください。",
                "Decide whether a filing or report is due, then add it to a part of the plan; or remove its components.",
            )
        } else {
            Text::new(
                "誰が供給しているかを確かめ、供給者として登録してください。登録済みの供給者なら、見分ける印（recognise）を加えてください。",
                "Find out who supplies them and record the supplier; if it is recorded already, add the mark it is recognised by (recognise).",
            )
        },
        equipment_id: Some(equipment.clone()),
        hosts: hosts_of(&lines),
        components,
        supplier: claim,
        planned_by: None,
    };
    Some(verdict.planned(planned))
}

#[cfg(test)]
mod tests {
    use crate::model::testing::{Script, package, plan, supplier};
    use daicho_schemas::batch::Outcome;

    const RULE: &str = "undeclared_supplier";

    fn covered() -> Script {
        let mut script = Script::with_agent("tos-1");
        script.supplier(supplier("debian"));
        script.plan(plan("plan-1", "tos").host("tos-1").part("os", "operating_system", "debian"));
        script.os("debian");
        script
    }

    #[test]
    fn it_fires_for_a_supplier_in_no_part_and_closes_when_a_part_names_it() {
        let mut script = covered();
        assert_eq!(script.open(RULE), Vec::<String>::new());
        script.supplier(supplier("vendor"));
        script.dpkg(Outcome::Complete, &[package("tos-db", "1", "vendor.example")]);
        let open = script.open_rows(RULE);
        assert_eq!(open[0].supplier.as_ref().unwrap().supplier_id.as_ref().unwrap().as_str(), "vendor");
        let wider = plan("plan-1", "tos").host("tos-1").part("os", "operating_system", "debian");
        script.plan(wider.part("fw", "firmware", "vendor"));
        assert_eq!(script.open(RULE), Vec::<String>::new(), "named in a part, though of another category");
        assert_eq!(script.open("undeclared_component"), ["tos-db 1"]);
    }

    #[test]
    fn absent_is_not_gone() {
        let mut script = covered();
        script.dpkg(Outcome::Complete, &[package("tool", "1", "other.example")]);
        let before = script.open_rows(RULE);
        script.dpkg(Outcome::Failed, &[]);
        script.dpkg(Outcome::Partial, &[]);
        assert_eq!(script.open_rows(RULE), before);
        assert_eq!(before.len(), 1);
    }

    #[test]
    fn it_closes_when_the_last_component_of_the_supplier_is_gone() {
        let mut script = covered();
        script.dpkg(Outcome::Complete, &[package("a", "1", "other.example"), package("b", "1", "other.example")]);
        script.dpkg(Outcome::Complete, &[package("b", "1", "other.example")]);
        assert_eq!(script.open(RULE), ["b 1"]);
        script.dpkg(Outcome::Complete, &[]);
        assert_eq!(script.open(RULE), Vec::<String>::new());
        script.assert_replay_is_idempotent();
    }
}
