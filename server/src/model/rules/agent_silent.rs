//! `agent_silent`: an agent that should speak does not.
//! It does not know the time; the server states in an entry when an agent fell silent and when it was heard again.
//! Invariant: only being heard again or being revoked closes it; nothing that the agent said earlier does.

use super::{Facts, Rule};
use crate::model::findings::{Subject, Verdict};
use crate::model::rows::Severity;
use crate::model::views::drift::Touched;
use daicho_schemas::fact::decision::Hearing;
use daicho_schemas::text::Text;
use std::collections::BTreeSet;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "agent_silent", claim, subjects, judge };

fn claim() -> Text {
    Text::new("エージェントから連絡がありません。", "An agent that should speak is not heard.")
}

fn subjects(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    facts.agents_of(&touched.hosts)
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Agent(agent) = subject else { return None };
    let host = facts.host(agent)?;
    if !facts.may_speak(agent) || facts.state.coverage.hearing(host) != Hearing::Silent {
        return None;
    }
    let hostname = facts.hostname(agent);
    let since = facts.state.coverage.host(host).and_then(|host| host.silent_since);
    let (since_ja, since_en) = match since {
        Some(at) => (
            format!("最後の連絡は {}（日本時間）です。", at.for_people_in_japan()),
            format!("It was last heard at {} (Japan).", at.for_people_in_japan()),
        ),
        None => (String::new(), String::new()),
    };
    Some(Verdict {
        severity: Severity::Warning,
        title: Text::new(
            format!("ホスト「{hostname}」のエージェントから連絡がありません"),
            format!("Host \"{hostname}\": its agent is not heard"),
        ),
        why: Text::new(
            format!("{since_ja}今このホストで何が変わっても分かりません。表示は最後の報告のままです。"),
            format!("{since_en} Whatever changes on this host now is not seen; what is shown is its last report.")
                .trim()
                .to_string(),
        ),
        next: Text::new(
            "ホストの電源と回線を確かめ、ホストで `daicho-agent status` を実行してください。撤去したホストなら失効させます。",
            "See whether the host is up and connected and run `daicho-agent status` on it; revoke the agent if the host was removed.",
        ),
        equipment_id: facts.equipment_of(agent),
        hosts: facts.only(agent),
        components: Vec::new(),
        supplier: None,
        planned_by: None,
    })
}

#[cfg(test)]
mod tests {
    use crate::model::rows::FindingState;
    use crate::model::testing::{Script, package, plan};
    use daicho_schemas::batch::Outcome;
    use daicho_schemas::fact::decision::Hearing;

    const RULE: &str = "agent_silent";

    fn silent() -> Script {
        let mut script = Script::with_agent("tos-1");
        script.plan(plan("plan-1", "tos").host("tos-1"));
        assert_eq!(script.open_rows(RULE).len(), 0, "an agent that just enrolled is heard");
        script.hearing(Hearing::Silent);
        script
    }

    #[test]
    fn it_fires_on_silence_and_closes_on_hearing() {
        let mut script = silent();
        let id = script.open_rows(RULE)[0].finding_id.clone();
        script.hearing(Hearing::Heard);
        assert_eq!(script.finding(&id).state, FindingState::Closed);
        script.assert_replay_is_idempotent();
    }

    #[test]
    fn it_closes_when_the_agent_is_revoked() {
        let mut script = silent();
        script.revoke();
        assert_eq!(script.open_rows(RULE).len(), 0);
    }

    #[test]
    fn a_batch_from_the_spool_alone_does_not_close_it() {
        let mut script = silent();
        script.dpkg(Outcome::Complete, &[package("bash", "5.2", "debian.org")]);
        assert_eq!(script.open_rows(RULE).len(), 1);
    }
}
