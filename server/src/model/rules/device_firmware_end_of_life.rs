//! `device_firmware_end_of_life`: the branch or model of what a device runs, or may run, gets no fixes any more.
//! It does not know clocks: a day has come when an entry of a later day is there.
//! Invariant: it fires on a day or a plain "ended" of a pack in the ledger, and names the pack.

use super::remote_paths::{devices_touched, name_of};
use super::{Facts, Rule};
use crate::model::findings::{Subject, Verdict};
use crate::model::firmware::verdict::FirmwareState;
use crate::model::rows::Severity;
use daicho_schemas::text::Text;
use roaring::RoaringBitmap;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "device_firmware_end_of_life", claim, subjects: devices_touched, judge };

fn claim() -> Text {
    Text::new(
        "機器のファームウェアのサポートが終了しています。",
        "Support of a device's firmware has ended: no fixes are made for it any more.",
    )
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Device(device_id) = subject else { return None };
    let device = facts.state.devices.get(device_id)?;
    let verdict = facts.state.firmware_of(&device, facts.state.firmware.judged_on()?);
    // Also where a weakness is known besides: then both are to be settled.
    let ended = verdict.reasons.iter().find(|own| own.state == FirmwareState::EndOfLife)?;
    let equipment_id = device.equipment_id().cloned();
    let severity = if equipment_id.is_some() { Severity::Warning } else { Severity::Notice };
    let name = name_of(&device);
    let version = &ended.version;
    Some(Verdict {
        severity,
        title: Text::new(
            format!("機器「{name}」のファームウェアのサポートが終了しています"),
            format!("Device \"{name}\": support of its firmware has ended"),
        ),
        why: Text::new(
            format!("版 {version}：{}。出典：{}（{}）", ended.text.ja, ended.source, ended.as_of),
            format!("Version {version}: {}. Source: {} ({})", ended.text.en, ended.source, ended.as_of),
        ),
        next: Text::new(
            "サポートのある版への更新か、機器の入れ替えを計画してください。入れ替えには届出が要ることがあります。",
            "Plan an update to a supported version, or another device. To replace it, a filing may be needed.",
        ),
        equipment_id,
        hosts: RoaringBitmap::new(),
        components: vec![format!("{device_id} {version}")],
        supplier: None,
        planned_by: None,
    })
}
