//! `device_way_in_undeclared`: a way in that a device opens, and that no filed plan and no record declares.
//! It does not know whether somebody comes in by it; that is a person's answer.
//! Invariant: a way in that is switched off is none; one of which nobody knows whether it is on is still a question.

use super::remote_paths::{name_of, standing_record, ways_touched};
use super::{DEVICE_WAY_IN_UNDECLARED, Facts, Rule};
use crate::model::findings::{Subject, Verdict};
use crate::model::rows::Severity;
use daicho_schemas::fact::device::{Answer, WayInSort};
use daicho_schemas::fact::remote_path::PathEntry;
use daicho_schemas::text::Text;
use roaring::RoaringBitmap;

/// The rule.
pub(super) const RULE: Rule = Rule { id: DEVICE_WAY_IN_UNDECLARED, claim, subjects: ways_touched, judge };

fn claim() -> Text {
    Text::new(
        "機器が開く外部からの経路が、どの導入等計画書にも経路の記録にもありません。",
        "A way in from outside that a device opens stands in no plan and in no record of remote paths.",
    )
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::WayIn(device_id, key) = subject else { return None };
    let device = facts.state.devices.get(device_id)?;
    let standing = device.way(key)?;
    let way = &standing.way;
    // A name that follows the address lets nobody in by itself.
    if way.enabled.answer == Answer::No || way.sort == WayInSort::DynamicDns {
        return None;
    }
    let entry = PathEntry::DeviceWayIn { device_id: device_id.clone(), way_in: key.clone() };
    if facts.drift.is_declared_way_in(device_id, key) || standing_record(facts.state, &entry).is_some() {
        return None;
    }
    let equipment = device.equipment_id().cloned();
    let severity = match (&equipment, way.enabled.answer) {
        (None, _) => Severity::Notice,
        (Some(_), Answer::Yes) => Severity::Critical,
        (Some(_), _) => Severity::Warning,
    };
    let (name, sort) = (name_of(&device), sort_text(way.sort));
    let (unsure_ja, unsure_en) = match way.enabled.answer {
        Answer::Yes => ("", ""),
        _ => ("（有効かどうかは不明）", " (whether it is switched on is unknown)"),
    };
    Some(Verdict {
        severity,
        title: Text::new(
            format!("機器「{name}」に申告のない経路「{key}」（{}、{}）{unsure_ja}", sort.ja, way.technology),
            format!(
                "Device \"{name}\": way in \"{key}\" ({}, {}) is declared nowhere{unsure_en}",
                sort.en, way.technology
            ),
        ),
        why: Text::new(
            "機器の設定から読み取った、外部から入れる経路です。誰がどこから保守に入れるかは、重要維持管理等の委託とリスク管理措置に関わります。",
            "The device's configuration opens it. Who can come in to maintain bears on the entrustment of 重要維持管理等 and on the risk management measures (リスク管理措置).",
        ),
        next: Text::new(
            "誰が何のために設けたかを機器の保有者と事業者に確かめてください。必要な経路なら「経路」に記録し、届出・報告の要否を判断します。不要なら機器から取り除き、設定を読み込み直してください。",
            "Ask whoever holds the device, and the vendor, what it is for. If it is needed, record it under remote paths and decide whether a filing or report is due; if not, remove it from the device and import the configuration anew.",
        ),
        equipment_id: equipment,
        hosts: RoaringBitmap::new(),
        components: vec![format!("{device_id} {key}")],
        supplier: None,
        planned_by: None,
    })
}

/// What sort of way in, in words.
pub(crate) fn sort_text(sort: WayInSort) -> Text {
    match sort {
        WayInSort::SiteToSite => Text::new("拠点間のトンネル", "a tunnel between sites"),
        WayInSort::RemoteAccess => Text::new("リモートアクセス", "remote access"),
        WayInSort::PortForward => Text::new("ポート転送", "a port forward"),
        WayInSort::CloudManager => Text::new("クラウドからの管理", "management from a cloud"),
        WayInSort::MobileUplink => Text::new("モバイル回線", "a mobile line"),
        WayInSort::Management => Text::new("外側に開いた管理画面", "management that is open to the outside"),
        WayInSort::DynamicDns => Text::new("ダイナミック DNS", "dynamic DNS"),
    }
}

#[cfg(test)]
mod tests;
