//! `undeclared_host`: an agent speaks for a host that no plan's equipment lists.
//! It does not know hosts without an agent; those are what coverage and drift speak of.
//! Invariant: a draft that lists the host is enough: somebody has claimed it.

use super::{Facts, Rule};
use crate::model::findings::{Subject, Verdict};
use crate::model::rows::Severity;
use crate::model::views::drift::Touched;
use daicho_schemas::text::Text;
use std::collections::BTreeSet;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "undeclared_host", claim, subjects, judge };

fn claim() -> Text {
    Text::new(
        "登録済みのホストが、どの特定重要設備にも属していません。",
        "An enrolled host belongs to no critical equipment of any plan.",
    )
}

fn subjects(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    facts.agents_of(&touched.hosts)
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Agent(agent) = subject else { return None };
    if !facts.may_speak(agent) || facts.equipment_of(agent).is_some() {
        return None;
    }
    let hostname = facts.hostname(agent);
    let planned = facts.host(agent).and_then(|host| facts.host_planned_by(host));
    let verdict = Verdict {
        severity: Severity::Critical,
        title: Text::new(
            format!("ホスト「{hostname}」はどの計画にもありません"),
            format!("Host \"{hostname}\" is in no plan"),
        ),
        why: Text::new(
            "どの特定重要設備のものか分からないため、届出の要否を判断できません。",
            "Nobody has said which critical equipment it belongs to, so no duty can be judged for it.",
        ),
        next: Text::new(
            "計画の特定重要設備（equipment.hosts）にこのホスト名を加えるか、対象外ならエージェントを失効させてください。",
            "Add this host name to an equipment (equipment.hosts) of a plan, or revoke the agent if the host is out of scope.",
        ),
        equipment_id: None,
        hosts: facts.only(agent),
        components: Vec::new(),
        supplier: None,
        planned_by: None,
    };
    Some(verdict.planned(planned))
}

#[cfg(test)]
mod tests {
    use crate::model::rows::Severity;
    use crate::model::testing::{Script, plan};

    const RULE: &str = "undeclared_host";

    #[test]
    fn it_fires_at_enrolment_and_closes_when_a_plan_lists_the_host() {
        let mut script = Script::with_agent("tos-1");
        let open = script.open_rows(RULE);
        assert_eq!((open.len(), open[0].severity), (1, Severity::Critical));
        script.plan(plan("plan-1", "tos").host("other"));
        assert_eq!(script.open_rows(RULE).len(), 1);
        script.plan(plan("plan-1", "tos").host("TOS-1"));
        assert_eq!(script.open_rows(RULE).len(), 0);
        script.plan(plan("plan-1", "tos").host("other"));
        assert_eq!(script.open_rows(RULE)[0].openings, 2);
    }

    #[test]
    fn the_hosts_own_name_goes_before_the_one_given_at_enrolment() {
        let mut script = Script::with_agent("installer");
        script.plan(plan("plan-1", "tos").host("tos-1"));
        assert_eq!(script.open_rows(RULE).len(), 1);
        script.os_named("debian", "tos-1");
        assert_eq!(script.open_rows(RULE).len(), 0);
        script.assert_replay_is_idempotent();
    }

    #[test]
    fn it_closes_when_the_agent_is_revoked() {
        let mut script = Script::with_agent("tos-1");
        script.revoke();
        assert_eq!(script.open_rows(RULE).len(), 0);
    }
}
