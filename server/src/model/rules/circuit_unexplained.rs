//! `circuit_unexplained`: a line of the operator's own list at whose end nothing of this ledger stands: no device, host, recorded way
//! in, observed network or running entrustment.
//! It does not know what really stands there, nor days: that a line ended, the list or a person says.
//! Invariant: it asks, and brings up no duty; a line that is missing from its list is another question.

use super::circuits::{circuits_touched, equipment_of, explained, name_of, user_of};
use super::{Facts, Rule};
use crate::model::findings::{Subject, Verdict};
use crate::model::rows::Severity;
use crate::model::views::circuits::CircuitState;
use daicho_schemas::text::Text;
use roaring::RoaringBitmap;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "circuit_unexplained", claim, subjects: circuits_touched, judge };

fn claim() -> Text {
    Text::new(
        "回線台帳の回線の先に何があるかを、機器・ホスト・経路の記録・区画・契約のどれも示していません。",
        "A line of the list of lines ends nowhere that is known: no device, host, recorded path, network or contract shows what is there.",
    )
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Circuit(list, key) = subject else { return None };
    let own = facts.state.circuits.get(&(list.clone(), key.clone()))?;
    if own.missing.is_some() || own.has_ended() || own.is_to_come() {
        return None;
    }
    if !explained(facts.state, facts.drift, own).is_empty() {
        return None;
    }
    let equipment = equipment_of(facts.state, own);
    let vendor = user_of(facts.state, own).map(|id| facts.state.declarations.supplier_name(&id));
    let severity = match (&equipment, &vendor, own.circuit.contract.is_empty()) {
        (None, None, true) => Severity::Notice,
        _ => Severity::Warning,
    };
    let name = name_of(own);
    let (missing, whom) = (missing(own), whom(own, vendor));
    Some(Verdict {
        severity,
        title: Text::new(
            format!("回線「{}」の先に何があるか、台帳からは分かりません", name.ja),
            format!("Nothing in the ledger shows what stands at the end of line \"{}\"", name.en),
        ),
        why: Text::new(
            "保守会社の機器が自前の回線につながれていると、事業者のホストを通らず、エージェントには見えません。",
            "A vendor's device on a line of its own touches no host of the operator's, and no agent sees it.",
        ),
        next: Text::new(
            format!(
                "{}。{}に確かめ、機器の設定を取り込むか（daicho device import）、経路を記録するか、何の回線かを記録してください（daicho network circuit）。",
                missing.ja, whom.ja
            ),
            format!(
                "{}. Ask {}; then import the device's configuration (daicho device import), record the path, or say what the line is (daicho network circuit).",
                missing.en, whom.en
            ),
        ),
        equipment_id: equipment,
        hosts: RoaringBitmap::new(),
        components: vec![format!("{list} {key}")],
        supplier: None,
        planned_by: None,
    })
}

/// What is missing: what the list says and the ledger does not know, and what the list does not say.
fn missing(own: &CircuitState) -> Text {
    let circuit = &own.circuit;
    let device = match circuit.device.as_str() {
        "" => Text::new("台帳に接続機器の記載がありません", "The list names no device at its end"),
        words => Text::new(
            format!("接続機器「{words}」の設定も、その名前のホストもありません"),
            format!("There is no configuration of device \"{words}\", and no host of that name"),
        ),
    };
    let contract = match circuit.contract.as_str() {
        "" => Text::new("契約の記載がありません", "it names no contract"),
        words => Text::new(
            format!("契約「{words}」は、続いている委託の計画書の id ではありません"),
            format!("contract \"{words}\" is no id of a plan of an entrustment that runs"),
        ),
    };
    let segment = circuit.segment.as_ref().map(|words| {
        Text::new(
            format!("、区画 {words} にはエージェントがありません"),
            format!("; no agent stands in network {words}"),
        )
    });
    let segment = segment.unwrap_or_default();
    Text::new(
        format!("{}、{}{}", device.ja, contract.ja, segment.ja),
        format!("{}; {}{}", device.en, contract.en, segment.en),
    )
}

/// Whom to ask: who uses it, else whoever keeps the list.
fn whom(own: &CircuitState, vendor: Option<Text>) -> Text {
    match (vendor, own.circuit.used_by.as_str()) {
        (Some(vendor), _) => vendor,
        (None, "") => Text::new(
            "台帳の管理者と、設置場所の担当",
            "whoever keeps the list, and whoever runs the place where it comes in",
        ),
        (None, words) => Text::same(words),
    }
}

#[cfg(test)]
mod tests;
