//! `supplier_unconfirmed`: components that only a field which anyone could have written ties to a recorded supplier.
//! It does not know whether somebody forged it; an old version that has left the repository looks the same.
//! Invariant: it brings up no duty; it keeps such components from passing as declared in silence.

use super::{Facts, Rule, hosts_of, supplier_name, weakest_claim};
use crate::model::findings::{Subject, Verdict};
use crate::model::rows::Severity;
use crate::model::views::drift::{Line, Touched};
use daicho_schemas::text::Text;
use std::collections::BTreeSet;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "supplier_unconfirmed", claim, subjects, judge };

fn claim() -> Text {
    Text::new(
        "パッケージ自身の記載だけが、供給者の根拠になっています。",
        "Only a package's own words tie it to its supplier.",
    )
}

fn subjects(_: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let products = touched.products.iter();
    products.map(|(id, supplier, _)| Subject::Supplier(id.clone(), supplier.clone())).collect()
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Supplier(equipment, supplier) = subject else { return None };
    let drift = facts.drift.equipment.get(equipment)?;
    // What no part covers is a finding of `undeclared_component` already.
    let doubtful = |line: &&Line| line.key.weak && line.key.cover.is_some();
    let lines: Vec<&Line> = drift.lines_of(supplier).filter(doubtful).collect();
    if lines.is_empty() {
        return None;
    }
    let (components, count) = facts.components(&lines);
    let claim = weakest_claim(&lines);
    let name = facts.equipment_name(equipment);
    let who = supplier_name(claim.as_ref());
    Some(Verdict {
        severity: Severity::Notice,
        title: Text::new(
            format!("「{}」に供給者「{}」と確認できない構成要素（{count} 件）", name.ja, who.ja),
            format!("{}: {count} components are not confirmed to come from \"{}\"", name.en, who.en),
        ),
        why: Text::new(
            "保守者などの記載では計画書どおりの供給者ですが、このホストのどのリポジトリの索引にもありません。古い版か、手で入れた物か、偽装の可能性があります。",
            "By their maintainer field they come from a declared supplier, but no repository index of the host lists them: an old version, something installed by hand, or a forgery.",
        ),
        next: Text::new(
            "入手元を確かめてください。使っていない古い版なら取り除き、別の供給者の物なら計画と供給者の記録を直します。",
            "Find out where they came from. Remove old versions that are not used; if somebody else supplies them, correct the plan and the supplier records.",
        ),
        equipment_id: Some(equipment.clone()),
        hosts: hosts_of(&lines),
        components,
        supplier: claim,
        planned_by: None,
    })
}

#[cfg(test)]
mod tests {
    use crate::model::testing::{Script, listed, package, plan, supplier};
    use daicho_schemas::batch::Outcome;

    const RULE: &str = "supplier_unconfirmed";

    fn forged() -> Script {
        let mut script = Script::with_agent("tos-1");
        script.supplier(supplier("debian"));
        script.plan(plan("plan-1", "tos").host("tos-1").part("os", "operating_system", "debian"));
        script.os("debian");
        script.dpkg(Outcome::Complete, &[package("bash", "5.2", "debian.org"), package("forged", "1", "debian.org")]);
        assert_eq!(
            script.open(RULE),
            Vec::<String>::new(),
            "without indexes nothing speaks against a maintainer field"
        );
        script.report("apt_index", Outcome::Complete, vec![listed("bash", "debian")]);
        script
    }

    #[test]
    fn it_fires_for_what_no_index_lists_and_brings_up_no_duty() {
        let script = forged();
        assert_eq!(script.open(RULE), ["forged 1"]);
        assert_eq!(script.model.duties(), []);
    }

    #[test]
    fn absent_is_not_gone() {
        let mut script = forged();
        script.dpkg(Outcome::Failed, &[]);
        script.dpkg(Outcome::Partial, &[]);
        assert_eq!(script.open(RULE), ["forged 1"]);
    }

    #[test]
    fn it_closes_when_an_index_lists_it_and_when_it_is_gone() {
        let mut script = forged();
        script.report("apt_index", Outcome::Complete, vec![listed("bash", "debian"), listed("forged", "debian")]);
        assert_eq!(script.open(RULE), Vec::<String>::new());
        let mut script = forged();
        script.dpkg(Outcome::Complete, &[package("bash", "5.2", "debian.org")]);
        assert_eq!(script.open(RULE), Vec::<String>::new());
        script.assert_replay_is_idempotent();
    }
}
