//! `device_firmware_affected`: an advisory's range holds the version that a device runs, or may run.
//! It does not know whether the weakness can be reached there. Unknown is no finding of this rule, and no "all right" either.
//! Invariant: it fires on what a pack in the ledger says, names it with its day, and says "if" where the running bank is not known.

use super::remote_paths::{devices_touched, name_of};
use super::{Facts, Rule};
use crate::model::findings::{COMPONENTS_LISTED_MAX, Subject, Verdict};
use crate::model::firmware::verdict::{FirmwareState, Reason};
use crate::model::rows::Severity;
use daicho_schemas::text::Text;
use roaring::RoaringBitmap;
use std::collections::BTreeSet;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "device_firmware_affected", claim, subjects: devices_touched, judge };

fn claim() -> Text {
    Text::new(
        "機器のファームウェアが、既知の脆弱性の影響を受ける版です。",
        "The firmware of a device is of a version that a known weakness affects.",
    )
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Device(device_id) = subject else { return None };
    let device = facts.state.devices.get(device_id)?;
    let verdict = facts.state.firmware_of(&device, facts.state.firmware.judged_on()?);
    if verdict.state != FirmwareState::Affected {
        return None;
    }
    let found: Vec<&Reason> = verdict.reasons.iter().filter(|own| own.state == FirmwareState::Affected).collect();
    let exploited = found.iter().any(|own| own.kev_added.is_some());
    let equipment_id = device.equipment_id().cloned();
    let severity = match (&equipment_id, exploited) {
        (None, _) => Severity::Notice,
        (Some(_), true) => Severity::Critical,
        (Some(_), false) => Severity::Warning,
    };
    let name = name_of(&device);
    let ids: BTreeSet<&str> = found.iter().filter_map(|own| own.advisory_id.as_deref()).collect();
    let (first, sources) = (found.first()?, ids.len());
    let (ja, en) = match exploited {
        true => ("悪用が確認されています（CISA KEV）。", " It is known to be exploited (CISA KEV)."),
        false => ("", ""),
    };
    Some(Verdict {
        severity,
        title: Text::new(
            format!("機器「{name}」のファームウェアに既知の脆弱性があります（{sources} 件）"),
            format!("Device \"{name}\": its firmware has known weaknesses ({sources})"),
        ),
        why: Text::new(
            format!("{}。{ja}出典：{}（{}）", verdict.text.ja, first.source, first.as_of),
            format!("{}.{en} Source: {} ({})", verdict.text.en, first.source, first.as_of),
        ),
        next: Text::new(
            "保守会社に修正版への更新を依頼するか、外部からの経路を止めてください。更新したら設定や版の表示（show version など）を取り出し、読み込み直してください。",
            "Have the vendor update it to a fixed version, or switch its ways in off. Then take its configuration or its version (show version or the like) anew and import it.",
        ),
        equipment_id,
        hosts: RoaringBitmap::new(),
        components: ids.into_iter().take(COMPONENTS_LISTED_MAX).map(|id| format!("{} {id}", first.version)).collect(),
        supplier: None,
        planned_by: None,
    })
}

#[cfg(test)]
mod tests;
