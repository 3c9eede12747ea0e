//! `remote_path_undeclared`: a network interface that can be one end of a way in from outside, and that no plan declares.
//! It does not know peers, addresses or traffic; whether somebody really comes in through it is a person's answer.
//! Invariant: a path is declared by host and interface together; a declared one on another host declares nothing here.

use super::{Facts, Rule};
use crate::model::findings::{Subject, Verdict};
use crate::model::numbers::HostNo;
use crate::model::rows::Severity;
use crate::model::views::drift::Touched;
use daicho_schemas::fact::observation::{InterfaceKind, Observation};
use daicho_schemas::ids::AgentId;
use daicho_schemas::planned::Sight;
use daicho_schemas::text::Text;
use std::collections::BTreeSet;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "remote_path_undeclared", claim, subjects, judge };

fn claim() -> Text {
    Text::new(
        "外部からの経路になり得るネットワークインターフェースが、どの導入等計画書にも記載されていません。",
        "A network interface that can be a way in from outside is declared in no plan.",
    )
}

fn subjects(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let all = touched.hosts.iter().filter_map(|host| facts.drift.hosts.get(*host).map(|row| (*host, row)));
    let all = all.flat_map(|(host, row)| row.ways.interfaces.iter().map(move |name| (host, name)));
    let all = all.chain(touched.interfaces.iter().map(|(host, name)| (*host, name)));
    let agent = |host: HostNo| facts.state.agents.by_number(host).map(|agent| agent.agent_id.clone());
    all.filter_map(|(host, name)| Some(Subject::Interface(agent(host)?, name.clone()))).collect()
}

/// What sort of way in it is, as it is seen now.
fn seen(facts: &Facts<'_>, agent: &AgentId, name: &str) -> Option<InterfaceKind> {
    let host = facts.host(agent)?;
    facts.drift.hosts.get(host)?.ways.interfaces.iter().find(|own| *own == name)?;
    let found = facts.state.assets.under(host, name);
    found.into_iter().find_map(|item| match facts.state.assets.items.get(item)?.observation()? {
        Observation::NetworkInterface(one) if one.interface_kind.may_be_remote_path() => Some(one.interface_kind),
        Observation::Tunnel(one) if one.interface.is_none() => Some(InterfaceKind::Other(one.tunnel_kind)),
        _ => None,
    })
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Interface(agent, name) = subject else { return None };
    let kind = seen(facts, agent, name)?;
    let hostname = facts.hostname(agent);
    if facts.drift.is_declared_path(&hostname, name) {
        return None;
    }
    let equipment = facts.equipment_of(agent);
    // A revoked agent on no equipment is out of scope, or another agent speaks for its host now.
    if equipment.is_none() && !facts.may_speak(agent) {
        return None;
    }
    let severity = match (&equipment, &kind) {
        (None, _) => Severity::Notice,
        // A tap is often a virtual machine's port: the question stands, the alarm is smaller.
        (Some(_), InterfaceKind::Tap) => Severity::Warning,
        (Some(_), _) => Severity::Critical,
    };
    let sort = sort_of(&kind);
    let planned =
        equipment.as_ref().and_then(|id| facts.sight_planned_by(id, Sight::InterfaceAppears, facts.host(agent)?, name));
    let verdict = Verdict {
        severity,
        title: Text::new(
            format!("ホスト「{hostname}」に計画書に記載のない経路「{name}」（{}）", sort.ja),
            format!("Host \"{hostname}\": interface \"{name}\" ({}) is declared in no plan", sort.en),
        ),
        why: Text::new(
            "外部から入る経路になり得ます。誰がどこから保守に入れるかは、重要維持管理等の委託とリスク管理措置に関わります。",
            "It can be a way in from outside. Who can come in to maintain bears on the entrustment of 重要維持管理等 and on the risk management measures (リスク管理措置).",
        ),
        next: Text::new(
            "誰が何のために設けたかを確かめてください。必要な経路なら、届出・報告の要否を判断したうえで、計画の remote_paths に加え、不要なら取り除きます。",
            "Find out who made it and what for. If it is needed, decide whether a filing or report is due, then add it to remote_paths of a plan; if not, remove it.",
        ),
        equipment_id: equipment,
        hosts: facts.only(agent),
        components: vec![name.clone()],
        supplier: None,
        planned_by: None,
    };
    Some(verdict.planned(planned))
}

fn sort_of(kind: &InterfaceKind) -> Text {
    match kind {
        InterfaceKind::Wireguard => Text::same("WireGuard"),
        InterfaceKind::Tun => Text::new("TUN：プログラムの VPN", "TUN: a program's VPN"),
        InterfaceKind::Tap => Text::new("TAP：VPN または仮想マシンの口", "TAP: a VPN or a virtual machine's port"),
        InterfaceKind::Ppp => Text::new("PPP：ダイヤルアップ・L2TP など", "PPP: dial-up, L2TP and others"),
        InterfaceKind::Wwan => Text::new("モバイル回線", "mobile broadband"),
        InterfaceKind::KernelTunnel => Text::new("カーネルのトンネル", "a tunnel of the kernel"),
        InterfaceKind::Loopback
        | InterfaceKind::Ethernet
        | InterfaceKind::Wireless
        | InterfaceKind::Bridge
        | InterfaceKind::Bond
        | InterfaceKind::Vlan
        | InterfaceKind::Veth => Text::new("その他", "other"),
        InterfaceKind::Other(word) if word == "ipsec" => {
            Text::new("IPsec：インターフェースのないトンネル", "IPsec: a tunnel without an interface")
        }
        InterfaceKind::Other(word) => Text::same(word.clone()),
    }
}

#[cfg(test)]
mod tests {
    use crate::model::rows::{FindingState, Severity};
    use crate::model::testing::{Script, interface, plan};
    use daicho_schemas::batch::Outcome;
    use daicho_schemas::fact::observation::{InterfaceKind, Observation};
    use daicho_schemas::fact::remote_path::PathEntry;
    use serde_json::{Value, json};

    const RULE: &str = "remote_path_undeclared";

    fn with_wg0() -> Script {
        let mut script = Script::with_agent("tos-1");
        script.plan(plan("plan-1", "tos").host("tos-1"));
        script.interfaces(
            Outcome::Complete,
            &[interface("eth0", InterfaceKind::Ethernet), interface("wg0", InterfaceKind::Wireguard)],
        );
        script
    }

    #[test]
    fn it_fires_for_a_tunnel_and_not_for_an_ordinary_adapter() {
        let script = with_wg0();
        assert_eq!(script.open(RULE), ["wg0"]);
        assert_eq!(script.open_rows(RULE)[0].severity, Severity::Critical);
    }

    #[test]
    fn it_closes_when_a_plan_declares_host_and_interface_and_not_before() {
        let mut script = with_wg0();
        script.plan(plan("plan-1", "tos").host("tos-1").remote_path("other", "wg0"));
        assert_eq!(script.open(RULE), ["wg0"]);
        script.plan(plan("plan-1", "tos").host("tos-1").remote_path("tos-1", "wg0").draft());
        assert_eq!(script.open(RULE), ["wg0"], "a draft declares nothing");
        script.plan(plan("plan-1", "tos").host("tos-1").remote_path("tos-1", "wg0"));
        assert_eq!(script.open(RULE), Vec::<String>::new());
        script.assert_replay_is_idempotent();
    }

    #[test]
    fn absent_is_not_gone_but_a_complete_report_without_it_closes() {
        let mut script = with_wg0();
        script.interfaces(Outcome::Failed, &[]);
        script.interfaces(Outcome::Partial, &[]);
        assert_eq!(script.open(RULE), ["wg0"]);
        let id = script.open_rows(RULE)[0].finding_id.clone();
        script.interfaces(Outcome::Complete, &[interface("eth0", InterfaceKind::Ethernet)]);
        assert_eq!(script.finding(&id).state, FindingState::Closed);
    }

    #[test]
    fn on_a_host_of_no_equipment_it_is_a_notice_without_a_duty() {
        let mut script = Script::with_agent("lab-1");
        script.interfaces(Outcome::Complete, &[interface("tun0", InterfaceKind::Tun)]);
        let open = script.open_rows(RULE);
        assert_eq!((open[0].severity, open[0].duty_ids.len()), (Severity::Notice, 0));
        script.plan(plan("plan-1", "tos").host("lab-1"));
        let open = script.open_rows(RULE);
        assert_eq!((open[0].severity, open[0].duty_ids.len()), (Severity::Critical, 1));
    }

    fn tunnel(more: Value) -> Observation {
        let mut all = json!({ "kind": "tunnel.v1", "tunnel_kind": "ipsec", "local": "192.0.2.1",
            "remote": "198.51.100.7", "inside": ["10.0.0.0/8 > 10.1.0.0/16"], "source": "ipsec_policy" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    const KEY: &str = "ipsec 192.0.2.1 > 198.51.100.7";

    #[test]
    fn ipsec_without_an_interface_is_a_way_in_until_a_plan_declares_it() {
        let mut script = Script::with_agent("tos-1");
        script.plan(plan("plan-1", "tos").host("tos-1"));
        script.report("ipsec", Outcome::Complete, vec![tunnel(json!({}))]);
        assert_eq!(script.open(RULE), [KEY]);
        assert_eq!(script.open_rows(RULE)[0].duty_ids.len(), 1);
        let rows = script.model.path_entries(&Default::default());
        let wanted = PathEntry::HostInterface { host: "tos-1".into(), interface: KEY.into() };
        assert_eq!(rows, std::slice::from_ref(&wanted), "it is a remote path as any other");
        assert!(script.model.path_at(&wanted, "2026-11-21".parse().unwrap()).what.en.contains("(ipsec)"));
        script.report("ipsec", Outcome::Failed, vec![]);
        assert_eq!(script.open(RULE), [KEY], "absent is not gone");
        script.plan(plan("plan-1", "tos").host("tos-1").remote_path("tos-1", KEY));
        assert!(script.open(RULE).is_empty());
        script.plan(plan("plan-1", "tos").host("tos-1"));
        script.report("ipsec", Outcome::Complete, vec![]);
        assert!(script.open(RULE).is_empty());
        script.assert_replay_is_idempotent();
    }

    #[test]
    fn a_policy_of_a_tunnel_with_an_interface_is_that_tunnels_and_one_for_other_networks_is_not() {
        let mut script = Script::with_agent("tos-1");
        script.plan(plan("plan-1", "tos").host("tos-1"));
        let link = |kind: &str, more: Value| {
            let mut own = json!({ "interface": "t0", "tunnel_kind": kind, "inside": [], "source": "link" });
            own.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            tunnel(own)
        };
        let everything = json!({ "inside": ["0.0.0.0/0 > 0.0.0.0/0"] });
        let itself = json!({ "inside": ["192.0.2.1/32 > 198.51.100.7/32"] });
        let numbered = json!({ "number": 42 });
        for (policy, carrier, own) in [
            (everything.clone(), link("vti", json!({})), false),
            (everything, link("gre", json!({})), true),
            (itself, link("gre", json!({})), false),
            (json!({}), link("gre", json!({})), true),
            (json!({}), link("vti", json!({ "remote": "203.0.113.1" })), true),
            (numbered.clone(), link("xfrm", json!({ "local": null, "remote": null, "number": 42 })), false),
            (numbered, link("xfrm", json!({ "local": null, "remote": null, "number": 43 })), true),
        ] {
            let what = format!("{policy} {carrier:?}");
            script.report("ipsec", Outcome::Complete, vec![tunnel(policy)]);
            script.report("tunnels", Outcome::Complete, vec![]);
            assert_eq!(script.open(RULE).len(), 1, "without the interface: {what}");
            script.report("tunnels", Outcome::Complete, vec![carrier]);
            assert_eq!(script.open(RULE).len(), usize::from(own), "{what}");
        }
        script.assert_replay_is_idempotent();
    }
}
