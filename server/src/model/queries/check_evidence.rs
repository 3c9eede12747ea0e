//! What the records of devices, ways in and vendors answer to an item of a check list, with the grounds and what is missing.
//! It does not answer for a person: their answer stands beside it, and one that the evidence denies is open again.
//! Invariant: `yes` needs a yes of everything that is in the ledger, one `no` is a `no`, and nothing read is `unknown`.

mod hosts;
#[cfg(test)]
mod hosts_tests;
mod said;
mod standing;

use super::super::Model;
use super::super::rules::remote_paths::maintainers;
use super::devices::DeviceRow;
use daicho_schemas::fact::check_answer::CheckAnswer;
use daicho_schemas::fact::device::{Answer, Answered};
use daicho_schemas::fact::device_read::HeldBy;
use daicho_schemas::ids::{EquipmentId, SupplierId};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use said::Said;
use serde::Serialize;
#[cfg(test)]
pub(super) use standing::ITEMS as STANDING;
use std::cell::OnceCell;
use std::collections::BTreeSet;

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

/// What bears on the items of a list about an equipment, gathered once for all of them.
pub(super) struct Bearing<'a> {
    model: &'a Model,
    equipment: &'a EquipmentId,
    /// The day that is asked about.
    pub(super) today: CalendarDate,
    /// The devices that lead to it.
    pub(super) devices: Vec<DeviceRow>,
    /// The vendors who maintain it: the same whom `remote_maintenance_unanswered` asks.
    vendors: BTreeSet<SupplierId>,
    /// What agents read of its hosts, once it is asked for.
    guarded: OnceCell<Vec<hosts::Guarded>>,
}

impl Model {
    /// What bears on the items of lists about an equipment, on a day.
    pub(super) fn check_bearing<'a>(&'a self, equipment: &'a EquipmentId, today: CalendarDate) -> Bearing<'a> {
        let (devices, vendors) = (self.device_rows(Some(equipment), today), maintainers(&self.state, equipment));
        Bearing { model: self, equipment, today, devices, vendors, guarded: OnceCell::new() }
    }
}

impl Bearing<'_> {
    /// Of this, what concerns one vendor: its own devices and its own answer.
    pub(super) fn of_vendor(mut self, id: &SupplierId) -> Self {
        self.devices.retain(|row| row.owner == Some(HeldBy::Supplier(id.clone())));
        self.vendors = BTreeSet::from([id.clone()]);
        self
    }

    /// What answers one by one say of an item; nothing of hosts and of the ledger as a whole.
    pub(super) fn of_own(&self, item_id: &str) -> Option<FromEvidence> {
        if item_id == OF_VENDORS {
            return Some(self.vendors_asked());
        }
        let (_, keys) = OF_DEVICES.iter().find(|(item, _)| *item == item_id)?;
        (!self.devices.is_empty()).then(|| of_devices(&self.devices, keys))
    }

    /// What the evidence says of an item; `None` for items on which it does not bear.
    pub(super) fn of(&self, item_id: &str) -> Option<FromEvidence> {
        if item_id == OF_VENDORS {
            return Some(self.vendors_asked());
        }
        if let Some(evidence) = self.of_standing(item_id) {
            return Some(evidence);
        }
        let (_, keys) = OF_DEVICES.iter().find(|(item, _)| *item == item_id)?;
        let devices = of_devices(&self.devices, keys);
        Some(match self.of_hosts(item_id) {
            Some(hosts) => both(devices, hosts),
            None => devices,
        })
    }

    /// Whether every vendor who maintains the equipment has answered and still stands by it.
    fn vendors_asked(&self) -> FromEvidence {
        let mut said = Said::default();
        for supplier in &self.vendors {
            let answer = self.model.remote_answer_state(self.equipment, supplier).map(|state| &state.answered);
            let name = self.model.state.declarations.supplier_name(supplier);
            match answer {
                Some(answer) if answer.valid_through >= self.today => said.put(
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
        said.end(&no_vendor())
    }
}

/// What devices and hosts say together of an item that is about both: hosts never settle it, and a `no` of devices stands.
fn both(devices: FromEvidence, hosts: FromEvidence) -> FromEvidence {
    if hosts.because.is_empty() && hosts.missing.is_empty() {
        return devices;
    }
    let answer = if devices.answer == CheckAnswer::No { CheckAnswer::No } else { CheckAnswer::Unknown };
    let join = |first: Vec<Text>, then: Vec<Text>| first.into_iter().chain(then).collect();
    FromEvidence {
        answer,
        because: join(devices.because, hosts.because),
        missing: join(devices.missing, hosts.missing),
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
    said.end(&no_device())
}

fn no_vendor() -> Text {
    Text::new(
        "この設備の保守に関わる事業者（届け出た委託の相手方、経路の事業者、機器の持ち主）が記録されていません",
        "no vendor that maintains this equipment is recorded: no contractor of a filed plan, no vendor of a way in, no owner of a device",
    )
}

fn no_device() -> Text {
    Text::new(
        "この設備につながるネットワーク機器の設定が、まだ一つも読み込まれていません（daicho device import）",
        "no configuration of a network device that leads to this equipment was read yet (daicho device import)",
    )
}
