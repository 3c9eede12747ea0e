//! What the records of devices, ways in and vendors answer to an item of a check list, with the grounds and what is missing.
//! It does not answer for a person: their answer stands beside it, and one that the evidence denies is open again.
//! Invariant: `yes` needs a yes of everything that is in the ledger, one `no` is a `no`, and nothing read is `unknown`.

use super::super::Model;
use super::super::views::remote_paths::PathState;
use super::devices::DeviceRow;
use daicho_schemas::fact::check_answer::CheckAnswer;
use daicho_schemas::fact::declaration::PlanKind;
use daicho_schemas::fact::device::{Answer, Answered};
use daicho_schemas::ids::{EquipmentId, SupplierId};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::Serialize;
use std::collections::BTreeSet;

/// Grounds that are listed; more are counted.
const GROUNDS_MAX: usize = 20;

/// What the evidence says of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FromEvidence {
    /// The answer that follows from it.
    pub answer: CheckAnswer,
    /// Because of what.
    pub because: Vec<Text>,
    /// What would have to be known, or done, for a yes.
    pub missing: Vec<Text>,
}

/// Which question of a device answers which item; a test holds the items against the file.
pub const OF_DEVICES: [(&str, &[&str]); 6] = [
    ("hospital-2-6", &["vpn_updated"]),
    ("hospital-2-14", &["vpn_source_restricted", "management_restricted"]),
    ("vpn-present", &["vpn_exists"]),
    ("vpn-updated", &["vpn_updated"]),
    ("vpn-source-restricted", &["vpn_source_restricted"]),
    ("vpn-log-inspected", &["vpn_log_reviewed"]),
];

/// The item that vendors answer: whether they use remote maintenance.
pub const OF_VENDORS: &str = "hospital-2-2";

impl Model {
    /// What the evidence says of an item about an equipment, on a day; `None` for items on which it does not bear.
    pub(super) fn check_evidence(&self, id: &EquipmentId, item_id: &str, today: CalendarDate) -> Option<FromEvidence> {
        if item_id == OF_VENDORS {
            return Some(self.vendors_asked(id, today));
        }
        let (_, keys) = OF_DEVICES.iter().find(|(item, _)| *item == item_id)?;
        Some(of_devices(&self.device_rows(Some(id), today), keys))
    }

    /// Whether every contractor of an equipment, and every vendor of a way in to it, has answered and still stands by it.
    fn vendors_asked(&self, id: &EquipmentId, today: CalendarDate) -> FromEvidence {
        let plans = self.state.declarations.plans_of(id).filter(|state| state.plan.plan_kind == PlanKind::Entrustment);
        let contractors = plans.flat_map(|state| &state.plan.contractors);
        let paths = self.state.remote_paths.iter().filter(|path| path.stands());
        let leads_here = |path: &&PathState| path.recorded.equipment_id.as_ref() == Some(id);
        let vendors = paths.filter(leads_here).filter_map(|path| path.recorded.supplier_id.as_ref());
        let asked: BTreeSet<&SupplierId> = contractors.chain(vendors).collect();
        let mut said = Said::default();
        for supplier in asked {
            let answer = self.remote_answer_state(id, supplier).map(|state| &state.answered);
            let name = self.supplier_name(supplier);
            match answer {
                Some(answer) if answer.valid_through >= today => said.put(
                    Answer::Yes,
                    Text::new(
                        format!(
                            "{}：{} に{}と回答（{} まで有効）",
                            name.ja,
                            answer.on,
                            if answer.uses { "利用している" } else { "利用していない" },
                            answer.valid_through
                        ),
                        format!(
                            "{}: answered on {} that it {} (counts until {})",
                            name.en,
                            answer.on,
                            if answer.uses { "uses it" } else { "does not" },
                            answer.valid_through
                        ),
                    ),
                ),
                Some(answer) => said.put(
                    Answer::No,
                    Text::new(
                        format!(
                            "{}：回答の期限 {} が過ぎています。もう一度確かめてください",
                            name.ja, answer.valid_through
                        ),
                        format!("{}: its answer counted until {}; ask again", name.en, answer.valid_through),
                    ),
                ),
                None => said.put(
                    Answer::No,
                    Text::new(
                        format!("{}：リモートメンテナンスの利用の有無の回答が記録されていません", name.ja),
                        format!("{}: no answer is recorded whether it uses remote maintenance", name.en),
                    ),
                ),
            }
        }
        said.end(&Text::new(
            "この設備の委託の相手方も、経路の事業者も記録されていません",
            "no contractor of this equipment and no vendor of a way in is recorded",
        ))
    }

    fn supplier_name(&self, id: &SupplierId) -> Text {
        let record = self.state.declarations.supplier_state(id);
        record.map_or_else(|| Text::same(id.as_str()), |state| state.record.name.clone())
    }
}

fn of_devices(devices: &[DeviceRow], keys: &[&str]) -> FromEvidence {
    let mut said = Said::default();
    for device in devices {
        for question in device.questions.iter().filter(|question| keys.contains(&question.key)) {
            let Answered { answer, because } = &question.answered;
            let id = &device.device_id;
            let ground = because.first().map(|ground| ground.text.clone());
            let ground = ground.unwrap_or_else(|| Text::new("設定から分かりません", "its configuration does not say"));
            said.put(*answer, Text::new(format!("{id}：{}", ground.ja), format!("{id}: {}", ground.en)));
        }
    }
    said.end(&Text::new(
        "この設備につながるネットワーク機器の設定が、まだ一つも読み込まれていません（daicho device import）",
        "no configuration of a network device that leads to this equipment was read yet (daicho device import)",
    ))
}

/// Answers one by one, and what they come to together.
#[derive(Default)]
struct Said {
    all: Vec<(Answer, Text)>,
}

impl Said {
    fn put(&mut self, answer: Answer, ground: Text) {
        self.all.push((answer, ground));
    }

    fn end(self, nothing: &Text) -> FromEvidence {
        let any = |wanted: Answer| self.all.iter().any(|(answer, _)| *answer == wanted);
        let answer = if any(Answer::No) {
            CheckAnswer::No
        } else if any(Answer::Unknown) || self.all.is_empty() {
            CheckAnswer::Unknown
        } else if any(Answer::Yes) {
            CheckAnswer::Yes
        } else {
            CheckAnswer::NotApplicable
        };
        let of = |wanted: &dyn Fn(Answer) -> bool| {
            let own: Vec<Text> =
                self.all.iter().filter(|(one, _)| wanted(*one)).map(|(_, text)| text.clone()).collect();
            cut(own)
        };
        let settles = |one: Answer| match answer {
            CheckAnswer::No => one == Answer::No,
            CheckAnswer::Yes => one == Answer::Yes,
            CheckAnswer::NotApplicable => one == Answer::NotApplicable,
            CheckAnswer::Unknown => one != Answer::Unknown,
        };
        let mut missing = of(&|one| matches!(one, Answer::No | Answer::Unknown) && !settles(one));
        if self.all.is_empty() {
            missing.push(nothing.clone());
        }
        FromEvidence { answer, because: of(&settles), missing }
    }
}

fn cut(mut texts: Vec<Text>) -> Vec<Text> {
    let more = texts.len().saturating_sub(GROUNDS_MAX);
    texts.truncate(GROUNDS_MAX);
    if more > 0 {
        texts.push(Text::new(format!("ほか {more} 件"), format!("and {more} more")));
    }
    texts
}
