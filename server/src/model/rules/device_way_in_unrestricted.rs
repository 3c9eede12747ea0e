//! `device_way_in_unrestricted`: a way in that is open to every address, or a device whose management is.
//! It does not know whether anybody tried. Unknown is not open: what the configuration does not settle is no finding of this rule.
//! Invariant: it fires on a computed `no` only, and names what that rests on.

use super::remote_paths::{name_of, ways_touched};
use super::{Facts, Rule};
use crate::model::findings::{Subject, Verdict};
use crate::model::rows::Severity;
use daicho_schemas::fact::device::{Answer, Answered, WayInSort};
use daicho_schemas::text::Text;
use roaring::RoaringBitmap;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "device_way_in_unrestricted", claim, subjects: ways_touched, judge };

fn claim() -> Text {
    Text::new(
        "外部からの経路に接続元の制限がなく、どこからでも接続できます。",
        "A way in from outside is not restricted to named sources: anybody may connect.",
    )
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::WayIn(device_id, key) = subject else { return None };
    let device = facts.state.devices.get(device_id)?;
    let way = device.way(key)?.way;
    // A cloud or a second line is reached from inside; only what waits to be reached can be restricted.
    let waits = !matches!(way.sort, WayInSort::CloudManager | WayInSort::MobileUplink | WayInSort::DynamicDns);
    let open = way.restriction.restricted.answer == Answer::No && way.enabled.answer == Answer::Yes;
    if !(waits && open) {
        return None;
    }
    let equipment = device.equipment_id().cloned();
    let severity = match (&equipment, way.sort) {
        (None, _) => Severity::Notice,
        (Some(_), WayInSort::Management) => Severity::Critical,
        (Some(_), _) => Severity::Warning,
    };
    let name = name_of(&device);
    let (ja, en) = because(&way.restriction.restricted);
    Some(Verdict {
        severity,
        title: Text::new(
            format!("機器「{name}」の「{key}」（{}）にどこからでも接続できます", way.technology),
            format!("Device \"{name}\": anybody may connect to \"{key}\" ({})", way.technology),
        ),
        why: Text::new(
            format!("接続元（送信元 IP アドレス）の制限がありません。根拠：{ja}"),
            format!("Its sources (IP addresses) are not restricted. Because: {en}"),
        ),
        next: Text::new(
            "接続元を保守会社の固定アドレスなどに限るか、使わないなら止めてください。直したら設定を取り出し、読み込み直してください。",
            "Restrict it to the vendor's fixed addresses or the like, or switch it off if it is not used. Then take the configuration anew and import it.",
        ),
        equipment_id: equipment,
        hosts: RoaringBitmap::new(),
        components: vec![format!("{device_id} {key}")],
        supplier: None,
        planned_by: None,
    })
}

/// What an answer rests on, in a line of both languages.
pub(super) fn because(answered: &Answered) -> (String, String) {
    const NAMED_MAX: usize = 3;
    let named = answered.because.iter().take(NAMED_MAX);
    let said = |text: &str, line: Option<u32>, ja: bool| match (line, ja) {
        (None, _) => text.to_string(),
        (Some(line), true) => format!("{line} 行目：{text}"),
        (Some(line), false) => format!("line {line}: {text}"),
    };
    let (ja, en): (Vec<String>, Vec<String>) = named
        .map(|ground| (said(&ground.text.ja, ground.line, true), said(&ground.text.en, ground.line, false)))
        .unzip();
    if ja.is_empty() {
        return ("設定の読み取り".into(), "the configuration as read".into());
    }
    (ja.join("／"), en.join("; "))
}

#[cfg(test)]
mod tests;
