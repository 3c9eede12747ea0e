//! `changed_while_prohibited`: something came to a critical equipment while the prohibition period of its plan ran: the gravest
//! thing this product can see.
//! It does not know whether it was an introduction (導入) in the sense of the law; it says what came, when and in which period.
//! Invariant: planned or not makes no difference; it closes only when what came is gone, or the period was another one.

use super::{Facts, Rule, supplier_name, weakest_claim};
use crate::model::duties::phase::prohibiting;
use crate::model::findings::{COMPONENTS_LISTED_MAX, Subject, Verdict};
use crate::model::meaning::SupplierKey;
use crate::model::numbers::HostNo;
use crate::model::prepared::Sort;
use crate::model::regimes;
use crate::model::rows::Severity;
use crate::model::views::drift::{Line, Listed, Touched};
use daicho_schemas::fact::declaration::PlanKind;
use daicho_schemas::ids::{AgentId, EquipmentId, PlanId};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use roaring::RoaringBitmap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The rule.
pub(super) const RULE: Rule = Rule { id: super::CHANGED_WHILE_PROHIBITED, claim, subjects, judge };

/// The clock of the period, in the regime's file of clocks.
const CLOCK: &str = "prohibition";

fn claim() -> Text {
    Text::new(
        "導入等の禁止期間中に、特定重要設備に変更がありました。",
        "Something came to a critical equipment while its prohibition period (禁止期間) ran.",
    )
}

fn subjects(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let products = touched.products.iter().cloned();
    let products = products.map(|(id, supplier, product)| Subject::Product(id, supplier, product));
    let agent = |host: &HostNo| facts.state.agents.by_number(*host).map(|agent| agent.agent_id.clone());
    // A host that bears another name may have come to another equipment, or to none, with its ways in.
    let rows = touched.hosts.iter().filter_map(|host| Some((host, facts.drift.hosts.get(*host)?)));
    let moved = rows.flat_map(|(host, row)| row.ways.interfaces.iter().map(move |name| (host, name)));
    let all = moved.chain(touched.interfaces.iter().map(|(host, name)| (host, name)));
    let interfaces = all.filter_map(|(host, name)| Some(Subject::Interface(agent(host)?, name.clone())));
    products.chain(interfaces).chain(facts.agents_of(&touched.hosts)).chain(of_plans(facts, touched)).collect()
}

/// What came early on equipment whose plans changed: another acceptance can make it count, or no more.
fn of_plans(facts: &Facts<'_>, touched: &Touched) -> BTreeSet<Subject> {
    let mut found = BTreeSet::new();
    for equipment in &touched.equipment {
        let Some(drift) = facts.drift.equipment.get(equipment) else { continue };
        for (item, days) in facts.state.early.items() {
            for variant in facts.drift.sightings.of(item).map(|(_, variant)| variant) {
                let supplier = SupplierKey::of(&variant.meaning.supplier);
                found.insert(Subject::Product(equipment.clone(), supplier, variant.meaning.product.clone()));
            }
            let Some(item) = facts.state.assets.items.get(item).filter(|item| item.sort == Sort::Interface) else {
                continue;
            };
            let name = facts.state.assets.items.key_text(item.key);
            let hosts = days.values().flat_map(|hosts| hosts & &drift.members);
            let agents = hosts.filter_map(|host| facts.state.agents.by_number(host));
            found.extend(agents.map(|agent| Subject::Interface(agent.agent_id.clone(), name.to_string())));
        }
        let joined = facts.state.early.joined_hosts().filter(|host| drift.members.contains(*host)).collect();
        found.extend(facts.agents_of(&joined));
    }
    found
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    match subject {
        Subject::Product(equipment, supplier, product) => judge_product(facts, equipment, supplier, product),
        Subject::Interface(agent, name) => judge_interface(facts, agent, name),
        Subject::Agent(agent) => judge_host(facts, agent),
        Subject::Supplier(..)
        | Subject::Plan(_)
        | Subject::Party(..)
        | Subject::Computer(..)
        | Subject::Ticket(_)
        | Subject::Tool(..)
        | Subject::ChangedFile(..)
        | Subject::WayIn(..)
        | Subject::Device(_)
        | Subject::RemotePath(_)
        | Subject::DeclaredPath(..)
        | Subject::Neighbour(..)
        | Subject::Circuit(..)
        | Subject::RemoteAnswer(..) => None,
    }
}

/// The period in which something came: its plan, the day, and the last day of the period.
struct Period {
    plan: PlanId,
    on: CalendarDate,
    through: CalendarDate,
}

fn period(facts: &Facts<'_>, equipment: &EquipmentId, kinds: &[PlanKind], on: CalendarDate) -> Option<Period> {
    let of = |kind: &PlanKind| prohibiting(&facts.state.declarations, equipment, *kind, on);
    let (plan, through) = kinds.iter().find_map(of)?;
    Some(Period { plan, on, through })
}

fn judge_product(facts: &Facts<'_>, equipment: &EquipmentId, supplier: &SupplierKey, product: &str) -> Option<Verdict> {
    let drift = facts.drift.equipment.get(equipment)?;
    let lines: Vec<&Line> = drift.lines_of(supplier).filter(|line| line.key.product == product).collect();
    let mut found = Found::default();
    for (item, days) in facts.state.early.items() {
        let label = facts.state.assets.items.get(item).and_then(|item| item.label.as_ref());
        let Some(listed) = label.map(|(_, label)| Listed { label: Arc::clone(label), item }) else { continue };
        let variants = facts.drift.sightings.of(item).map(|(_, variant)| variant);
        let own = variants.filter(|variant| {
            variant.meaning.product == product && SupplierKey::of(&variant.meaning.supplier) == *supplier
        });
        let mut hosts = RoaringBitmap::new();
        own.for_each(|variant| variant.hosts.add_within(&drift.members, &mut hosts));
        for (on, came) in days {
            let came = came & &hosts;
            let Some(period) = period(facts, equipment, &[PlanKind::Installation], *on).filter(|_| !came.is_empty())
            else {
                continue;
            };
            // What a part of another plan covers is declared there, and that plan is not waiting.
            let own = lines.iter().filter(|line| line.components.contains_key(&listed));
            let waits = |line: &&Line| line.key.cover.as_ref().is_none_or(|(plan, _)| is_waiting(facts, plan, *on));
            if own.copied().any(|line| waits(&line)) {
                found.add(&came, listed.label.line(), period);
            }
        }
    }
    let who = supplier_name(weakest_claim(&lines).as_ref());
    let what = Text::new(
        format!("構成要素「{product}」（供給者: {}）が加わりました", who.ja),
        format!("\"{product}\" (supplier: {}) came", who.en),
    );
    let supplier = weakest_claim(&lines);
    Some(Verdict { supplier, ..found.verdict(facts, equipment, &what)? })
}

fn is_waiting(facts: &Facts<'_>, plan: &PlanId, on: CalendarDate) -> bool {
    let state = facts.state.declarations.plan_state(plan);
    state.is_some_and(|state| {
        let equipment = &state.plan.equipment.equipment_id;
        period(facts, equipment, &[state.plan.plan_kind], on).is_some_and(|period| period.plan == *plan)
    })
}

fn judge_interface(facts: &Facts<'_>, agent: &AgentId, name: &str) -> Option<Verdict> {
    let (host, equipment) = (facts.host(agent)?, facts.equipment_of(agent)?);
    let items = facts.state.assets.under(host, name);
    let on = items.into_iter().find_map(|item| facts.state.early.day_of(host, item))?;
    let mut found = Found::default();
    found.add(
        &facts.only(agent),
        name.into(),
        period(facts, &equipment, &[PlanKind::Entrustment, PlanKind::Installation], on)?,
    );
    let hostname = facts.hostname(agent);
    let what = Text::new(
        format!("ホスト「{hostname}」に経路「{name}」が加わりました"),
        format!("interface \"{name}\" came to host \"{hostname}\""),
    );
    found.verdict(facts, &equipment, &what)
}

fn judge_host(facts: &Facts<'_>, agent: &AgentId) -> Option<Verdict> {
    let (host, equipment) = (facts.host(agent)?, facts.equipment_of(agent)?);
    let on = facts.state.early.joined_on(host)?;
    let mut found = Found::default();
    let hostname = facts.hostname(agent);
    found.add(&facts.only(agent), hostname.clone(), period(facts, &equipment, &[PlanKind::Installation], on)?);
    let what = Text::new(
        format!(
            "ホスト「{hostname}」のエージェントが初めて現れました。ホストがそれ以前からあったかは、エージェントには分かりません"
        ),
        format!(
            "the agent of host \"{hostname}\" was heard for the first time; whether the host stood there before, no agent can tell"
        ),
    );
    found.verdict(facts, &equipment, &what)
}

#[derive(Default)]
struct Found {
    hosts: RoaringBitmap,
    components: BTreeSet<String>,
    first: Option<Period>,
}

impl Found {
    fn add(&mut self, hosts: &RoaringBitmap, component: String, period: Period) {
        self.hosts |= hosts;
        self.components.insert(component);
        if self.first.as_ref().is_none_or(|first| period.on < first.on) {
            self.first = Some(period);
        }
    }

    fn verdict(self, facts: &Facts<'_>, equipment: &EquipmentId, what: &Text) -> Option<Verdict> {
        let Period { plan, on, through } = self.first?;
        let name = facts.equipment_name(equipment);
        let law = regimes::clock(CLOCK).map(|clock| (clock.wording.clone(), clock.basis.articles.clone()));
        let (wording, articles) = law.unwrap_or_default();
        let list = |language: fn(&Text) -> &String| {
            articles.iter().map(|article| language(article).as_str()).collect::<Vec<_>>().join("、")
        };
        Some(Verdict {
            severity: Severity::Gravest,
            title: Text::new(
                format!("禁止期間中の変更：「{}」に{}", name.ja, what.ja),
                format!("Changed in the prohibition period: {}: {}", name.en, what.en),
            ),
            why: Text::new(
                format!(
                    "{on} に観測されました。計画「{plan}」の禁止期間は {through} までです（{}：{}）。その間に導入や委託をすることは禁じられており、計画した変更であっても同じです。",
                    list(|text| &text.ja),
                    wording.ja
                ),
                format!(
                    "It was seen on {on}. The prohibition period of plan \"{plan}\" runs through {through} ({}: {}). Until then nothing may be introduced or entrusted, and that a change was planned makes no difference.",
                    list(|text| &text.en),
                    wording.en
                ),
            ),
            next: Text::new(
                "直ちに作業を止め、記録を残してください。導入に当たるか（同じものとの交換や、機能を変えない更新など）を法務と所管省庁に確かめ、当たるなら元に戻すかどうかも相談してください。日付の誤りなら、計画の日付（accepted_on、prohibited_through）を直してください。",
                "Stop the work now and keep the records. Ask your lawyers and the ministry whether it is an introduction (導入), or not (the same item again, an update without a change of function), and whether to undo it. If a date is wrong, correct the plan's dates (accepted_on, prohibited_through).",
            ),
            equipment_id: Some(equipment.clone()),
            hosts: self.hosts,
            components: self.components.into_iter().take(COMPONENTS_LISTED_MAX).collect(),
            supplier: None,
            planned_by: None,
        })
    }
}

/// The other cases stand beside tickets (`model/tickets/tests.rs`), which walk the same way.
#[cfg(test)]
mod tests {
    use crate::model::rows::Severity;
    use crate::model::testing::{Script, interface, plan};
    use daicho_schemas::batch::Outcome;
    use daicho_schemas::fact::observation::InterfaceKind;
    use serde_json::json;

    const RULE: &str = "changed_while_prohibited";

    #[test]
    fn a_way_in_that_comes_while_an_entrustment_is_prohibited_fires_until_it_is_gone() {
        let mut script = Script::with_agent("tos-1");
        let dates = json!({ "submitted_on": "2026-11-10", "accepted_on": "2026-11-15" });
        script.plan(plan("plan-2", "tos").host("tos-1").entrustment().dates(dates));
        script.interfaces(Outcome::Complete, &[interface("eth0", InterfaceKind::Ethernet)]);
        script.interfaces(
            Outcome::Complete,
            &[interface("wg0", InterfaceKind::Wireguard), interface("eth1", InterfaceKind::Ethernet)],
        );
        let open = script.open_rows(RULE);
        assert_eq!((open.len(), open[0].severity), (1, Severity::Gravest));
        assert!(open[0].duty_ids.is_empty(), "what is prohibited is not to be filed");
        assert_eq!(script.open(RULE), ["wg0"], "a wired card is no way in");
        script.interfaces(Outcome::Failed, &[]);
        assert_eq!(script.open(RULE), ["wg0"], "absent is not gone");
        script.interfaces(Outcome::Complete, &[]);
        assert_eq!(script.open_rows(RULE).len(), 0);
        script.assert_replay_is_idempotent();
    }

    #[test]
    fn without_acceptance_no_period_runs() {
        let mut script = Script::with_agent("tos-1");
        script.plan(plan("plan-1", "tos").host("tos-1").dates(json!({ "submitted_on": "2026-11-10" })));
        script.interfaces(Outcome::Complete, &[]);
        script.interfaces(Outcome::Complete, &[interface("wg0", InterfaceKind::Wireguard)]);
        assert_eq!(script.open_rows(RULE).len(), 0);
    }
}
