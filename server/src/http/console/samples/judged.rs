//! What was judged: findings and duties.
//! It does not know the law: the words only resemble it, the regime's table is the place for them.
//! Invariant: one duty on the statute, one on an inference, one on nothing that was checked.

use super::*;
use crate::http::console::pages::duty::{Shown, Typed};
use crate::http::console::pages::start::Urgent;
use crate::intake::duties::possible;
use crate::model::duties::deadlines::{last_prohibited, last_prohibited_max};
use daicho_schemas::fact::duty::{DutyMoved, DutyOwner};

fn finding(n: u64, rule: &str, severity: Severity, title: Text, equipment: Option<&str>) -> FindingRow {
    FindingRow {
        finding_id: FindingId::new(format!("finding-{n:016x}")).unwrap(),
        rule_id: RuleId::new(rule).unwrap(),
        state: FindingState::Open,
        severity,
        title,
        why: Text::new(
            "導入済みの設備に、計画書に記載のない供給者の製品が加わっています。構成設備の変更に当たる場合は、報告又は届出が必要です。",
            "A product of a supplier that no plan names has been added to equipment that was introduced. If it is a change of a component (構成設備), a report or a filing is required.",
        ),
        next: Text::new(
            "作業の記録と照らし、意図した変更かを確かめてください。意図した変更なら、下の義務の問いに答えてください。",
            "Compare it with the work log. If the change was intended, answer the question of the duty below.",
        ),
        equipment_id: equipment.map(|id| EquipmentId::new(id).unwrap()),
        agent_ids: vec![agent(1), agent(3)],
        hosts: 2,
        components: vec!["docker-ce 5:27.3.1-1~debian.12~bookworm".into(), "containerd.io 1.7.22-1".into()],
        supplier: Some(docker()),
        planned_by: None,
        openings: 1,
        opened_at: minute(400 - n),
        opened_seq: 1300 - n,
        closed_at: None,
        closed_seq: None,
        duty_ids: vec![],
    }
}

pub(in crate::http::console) fn findings() -> Vec<FindingRow> {
    let mut first = finding(
        1,
        "undeclared_supplier",
        Severity::Critical,
        Text::new(
            "計画書にない供給者「Docker」の製品が tos-app-01 ほか 1 台にあります",
            "Products of “Docker”, a supplier in no plan, are on tos-app-01 and 1 more host",
        ),
        Some("tos"),
    );
    first.duty_ids = duties().iter().map(|duty| duty.duty_id.clone()).collect();
    let mut closed = finding(
        5,
        "agent_silent",
        Severity::Warning,
        Text::new("tos-app-01 のエージェントから応答がありません", "The agent of tos-app-01 does not answer"),
        Some("tos"),
    );
    closed.state = FindingState::Closed;
    closed.openings = 3;
    closed.closed_at = Some(minute(396));
    closed.closed_seq = Some(1296);
    vec![
        first,
        finding(
            2,
            "remote_path_undeclared",
            Severity::Critical,
            Text::new(
                "tos-gw-01 に届け出ていないトンネル tun0 があります",
                "tos-gw-01 has a tunnel tun0 that no plan declares",
            ),
            Some("tos"),
        ),
        finding(
            3,
            "agent_silent",
            Severity::Warning,
            Text::new("tos-db-01 のエージェントから応答がありません", "The agent of tos-db-01 does not answer"),
            Some("tos"),
        ),
        finding(
            4,
            "undeclared_host",
            Severity::Notice,
            Text::new("yard-tablet-07 はどの計画書にもありません", "yard-tablet-07 is in no plan"),
            None,
        ),
        closed,
    ]
}

/// What a form still asks for.
fn missing() -> Vec<Text> {
    [
        ("代表者の氏名", "Name of the representative"),
        ("住所", "Address"),
        ("設立準拠法国等", "Country of law (設立準拠法国等)"),
        ("議決権の5％以上を直接に保有する者", "Direct holders of 5 % or more of the votes"),
        ("役員の氏名、生年月日及び国籍等", "Officers: name, date of birth, nationality"),
        ("製造する工場又は事業場の所在地", "Location of the factory or workplace"),
    ]
    .map(|(ja, en)| Text::new(ja, en))
    .to_vec()
}

pub(in crate::http::console) fn duties() -> Vec<DutyRow> {
    let base = DutyRow {
        duty_id: DutyId::new("duty-00000000000000a1").unwrap(),
        finding_id: FindingId::new("finding-0000000000000001").unwrap(),
        equipment_id: EquipmentId::new("tos").unwrap(),
        plan_id: Some(PlanId::new("tos-2025-install").unwrap()),
        regime: "jp-espa".into(),
        row_id: "espa-install-after-new-supplier".into(),
        phase: Some(Phase::Introduced),
        outcome: DutyOutcome::Report,
        state: DutyState::Open,
        life: DutyLife::default(),
        subject: Text::new("docker-ce 5:24.0.7（Docker）", "docker-ce 5:24.0.7 (Docker)"),
        title: Text::new(
            "構成設備の変更の報告：供給者「Docker」の製品の追加",
            "Report a change of components: products of “Docker” were added",
        ),
        form: Some(Text::new("様式第十", "Form 10 (様式第十)")),
        articles: vec![
            Text::new("経済安全保障推進法 第54条第4項後段", "Economic Security Promotion Act, art. 54(4), second half"),
            Text::new("令和5年国土交通省令第62号 第25条第2項・第3項", "MLIT ordinance, art. 25(2)(3)"),
        ],
        clock: Text::new("遅滞なく", "without delay (遅滞なく)"),
        due_on: None,
        changed_on: on("2026-11-21"),
        question: Some(Text::new(
            "この変更は、それ自体が新たな「導入」（法第52条第1項）に当たりますか。当たる場合は、あらかじめ届出が必要です。",
            "Is this change itself a new installation (導入, art. 52(1))? If so, it must be filed first.",
        )),
        missing: missing(),
        confidence: "INF".into(),
        caution: Some(Text::new(
            "「導入」は法令で定義されていません。導入後に加わった構成設備の扱いは、所管省庁への確認が必要です。",
            "導入 is not defined in law. How a component added after introduction is treated must be confirmed with the ministry.",
        )),
    };
    let mut first = base.clone();
    first.duty_id = DutyId::new("duty-00000000000000a0").unwrap();
    first.outcome = DutyOutcome::FileFirst;
    first.title = Text::new("重要な変更の届出：委託の相手方の変更", "File an important change: another contractor");
    first.form = Some(Text::new("様式第七（二）", "Form 7(2) (様式第七（二）)"));
    first.articles =
        vec![Text::new("経済安全保障推進法 第54条第1項・第2項", "Economic Security Promotion Act, art. 54(1)(2)")];
    first.clock = Text::new(
        "受理した日から起算して三十日を経過する日まで変更できません",
        "No change until 30 days have passed, counted from the day of acceptance (受理した日から起算)",
    );
    first.state = DutyState::Accepted;
    first.life.owner = Some(DutyOwner::Name("法務部（届出担当）".into()));
    (first.life.submitted_on, first.life.accepted_on) = (Some(on("2026-11-09")), Some(on("2026-11-16")));
    (first.life.recommended_on, first.life.prohibited_through) = (Some(on("2026-11-19")), Some(on("2027-03-15")));
    first.phase = Some(Phase::Prohibited);
    first.confidence = "STAT".into();
    first.caution = None;
    first.question = None;
    first.missing = vec![];
    let mut ask = base.clone();
    ask.duty_id = DutyId::new("duty-00000000000000a2").unwrap();
    ask.outcome = DutyOutcome::AskPerson;
    ask.life.cause_gone = true;
    ask.life.target_on = Some(on("2026-11-18"));
    ask.title = Text::new("届け出ていない保守経路の有無の確認", "Find out whether an entrustment is not in the plan");
    ask.form = None;
    ask.plan_id = None;
    ask.phase = None;
    ask.confidence = "MEM".into();
    ask.articles = vec![];
    vec![first, base, ask].into_iter().map(DutyRow::counted).collect()
}

pub(in crate::http::console) fn urgent() -> Urgent {
    Urgent { overdue: 1, soon: 1, unassigned: 2, computers: 12, next: duties().into_iter().rev().step_by(2).collect() }
}

/// A duty with what stands around it, and a life of several steps.
pub(in crate::http::console) fn shown(duty: DutyRow, equipment_name: Option<Text>) -> Shown {
    let moved = |n: u64, from, to, reason: &str, reference: Option<&str>| DutyTurn {
        seq: 1300 + n,
        at: minute(400 + n * 60),
        by: Some(PersonId::new("aoi").unwrap()),
        act: DutyAct::Moved(DutyMoved {
            duty_id: duty.duty_id.clone(),
            from,
            to,
            on: on("2026-11-16"),
            reason: reason.into(),
            reference: reference.map(str::to_string),
            plan_id: None,
            caution_read: false,
        }),
    };
    let history = vec![
        moved(1, DutyState::Open, DutyState::Judged, "委託先の変更で、重要な変更に当たる。", None),
        moved(2, DutyState::Judged, DutyState::Submitted, "", Some("国港総第 12 号")),
        moved(3, DutyState::Submitted, DutyState::Accepted, "", None),
    ];
    Shown {
        finding: findings().into_iter().next(),
        plan: plans().into_iter().next(),
        equipment_name,
        history: if duty.state == DutyState::Open { vec![] } else { history },
        possible: possible(&duty, on("2026-11-21")),
        prohibited: last_prohibited(&duty).zip(last_prohibited_max(&duty)),
        duty,
    }
}

/// A form that was refused.
pub(in crate::http::console) fn typed() -> Typed {
    Typed {
        act: "move".into(),
        step: "open:not_needed".into(),
        on: "2026-11-20".into(),
        reason: "\"><script>alert(1)</script>".into(),
        ..Typed::default()
    }
}
