//! `undeclared_component`: a product on a critical equipment that no declared part covers.
//! It does not know whether the law asks anything because of it; the decision table does.
//! Invariant: one finding per equipment, supplier and product, however many packages and hosts it stands for.

use super::{Facts, Rule, hosts_of, supplier_name, weakest_claim};
use crate::model::findings::{Subject, Verdict};
use crate::model::rows::{DriftStatus, Severity};
use crate::model::views::drift::{Line, Touched};
use daicho_schemas::text::Text;
use std::collections::BTreeSet;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "undeclared_component", claim, subjects, judge };

fn claim() -> Text {
    Text::new(
        "特定重要設備に、計画のどの構成設備にも当たらない構成要素があります。",
        "There is a component on a critical equipment that no declared part covers.",
    )
}

fn subjects(_: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let products = touched.products.iter().cloned();
    products.map(|(id, supplier, product)| Subject::Product(id, supplier, product)).collect()
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Product(equipment, supplier, product) = subject else { return None };
    let drift = facts.drift.equipment.get(equipment)?;
    let uncovered = |line: &&Line| line.key.product == *product && line.key.status() == DriftStatus::Undeclared;
    let lines: Vec<&Line> = drift.lines_of(supplier).filter(uncovered).collect();
    if lines.is_empty() {
        return None;
    }
    let (components, count) = facts.components(&lines);
    let claim = weakest_claim(&lines);
    let name = facts.equipment_name(equipment);
    let who = supplier_name(claim.as_ref());
    let planned = facts.lines_planned_by(equipment, &lines);
    let verdict = Verdict {
        severity: Severity::Warning,
        title: Text::new(
            format!("「{}」に計画にない構成要素「{product}」（供給者: {}）", name.ja, who.ja),
            format!("{}: \"{product}\" (supplier: {}) is covered by no declared part", name.en, who.en),
        ),
        why: Text::new(
            format!(
                "届け出た構成設備と実物が違っています（{count} 件）。構成設備の変更には、事前の届出または報告が必要な場合があります。"
            ),
            format!(
                "What runs differs from what was declared ({count} components). A change of 構成設備 may need a prior filing or a report."
            ),
        ),
        next: Text::new(
            "意図した変更か確かめてください。意図したものなら届出・報告の要否（義務の欄）を判断し、計画に加えます。そうでなければ取り除きます。",
            "Find out whether it is meant to be there. If so, settle the duty shown with this finding and add it to the plan; if not, remove it.",
        ),
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
    use crate::model::rows::FindingState;
    use crate::model::testing::{Script, package, plan, supplier};
    use daicho_schemas::batch::Outcome;

    const RULE: &str = "undeclared_component";

    /// A covered system: a declared distribution and one of its packages.
    fn covered() -> Script {
        let mut script = Script::with_agent("tos-1");
        script.supplier(supplier("debian"));
        script.plan(plan("plan-1", "tos").host("tos-1").part("os", "operating_system", "debian"));
        script.os("debian");
        script.dpkg(Outcome::Complete, &[package("bash", "5.2", "debian.org")]);
        script
    }

    #[test]
    fn it_is_silent_while_a_part_covers_everything() {
        assert_eq!(covered().open(RULE), Vec::<String>::new());
    }

    #[test]
    fn it_fires_once_for_a_product_nobody_declared_and_names_the_components() {
        let mut script = covered();
        script.dpkg(
            Outcome::Complete,
            &[package("bash", "5.2", "debian.org"), package("anydesk", "6.3", "anydesk.example")],
        );
        let open = script.open_rows(RULE);
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].components, ["anydesk 6.3"]);
        assert_eq!(open[0].opened_seq, script.seq());
        assert_eq!(open[0].equipment_id.as_ref().unwrap().as_str(), "tos");
    }

    #[test]
    fn absent_is_not_gone_after_a_failed_or_partial_report() {
        let mut script = covered();
        script.dpkg(Outcome::Complete, &[package("anydesk", "6.3", "anydesk.example")]);
        let before = script.open_rows(RULE);
        script.dpkg(Outcome::Failed, &[]);
        script.dpkg(Outcome::Partial, &[]);
        assert_eq!(script.open_rows(RULE), before);
        assert_eq!(before[0].state, FindingState::Open);
    }

    #[test]
    fn it_closes_when_a_complete_report_lacks_it_and_reopens_under_the_same_id() {
        let mut script = covered();
        let anydesk = package("anydesk", "6.3", "anydesk.example");
        script.dpkg(Outcome::Complete, std::slice::from_ref(&anydesk));
        let id = script.open_rows(RULE)[0].finding_id.clone();
        script.dpkg(Outcome::Complete, &[]);
        let closed = script.finding(&id);
        assert_eq!((closed.state, closed.closed_seq), (FindingState::Closed, Some(script.seq())));
        script.dpkg(Outcome::Complete, &[anydesk]);
        let again = script.finding(&id);
        assert_eq!((again.state, again.openings, again.closed_seq), (FindingState::Open, 2, None));
    }

    #[test]
    fn it_closes_when_a_new_version_of_the_plan_covers_it() {
        let mut script = covered();
        script.supplier(supplier("anydesk"));
        script.dpkg(Outcome::Complete, &[package("anydesk", "6.3", "anydesk.example")]);
        assert_eq!(script.open(RULE), ["anydesk 6.3"]);
        let wider = plan("plan-1", "tos").host("tos-1").part("os", "operating_system", "debian");
        script.plan(wider.part("remote", "application", "anydesk"));
        assert_eq!(script.open(RULE), Vec::<String>::new());
    }

    #[test]
    fn an_upgrade_of_an_undeclared_package_is_the_same_finding() {
        let mut script = covered();
        script.dpkg(Outcome::Complete, &[package("anydesk", "6.3", "anydesk.example")]);
        let first = script.open_rows(RULE)[0].clone();
        script.dpkg(Outcome::Complete, &[package("anydesk", "6.4", "anydesk.example")]);
        let second = script.open_rows(RULE)[0].clone();
        assert_eq!((second.finding_id, second.openings, second.opened_seq), (first.finding_id, 1, first.opened_seq));
        assert_eq!(second.components, ["anydesk 6.4"]);
    }

    #[test]
    fn replaying_the_last_entry_changes_nothing() {
        let mut script = covered();
        script.dpkg(Outcome::Complete, &[package("anydesk", "6.3", "anydesk.example")]);
        script.assert_replay_is_idempotent();
    }

    #[test]
    fn a_draft_covers_nothing_and_leftover_configuration_is_no_component() {
        let mut script = Script::with_agent("tos-1");
        script.supplier(supplier("debian"));
        script.plan(plan("plan-1", "tos").host("tos-1").part("os", "operating_system", "debian").draft());
        script.os("debian");
        assert_eq!(script.open(RULE), ["debian system 12"]);
        let mut script = covered();
        script.dpkg(Outcome::Complete, &[package("gone", "1", "other.example").config_files()]);
        assert_eq!(script.open(RULE), Vec::<String>::new());
    }
}
