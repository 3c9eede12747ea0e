//! `circuit_missing`: a line that stood in an edition of the operator's own list, and that a newer one, read as a whole, does not hold.
//! It does not know whether the line is there. Invariant: missing is not gone: only the list, by the line itself or by its last day, or a
//! person closes it; while rows of an edition could not be read, nothing is missing from it.

use super::circuits::{circuits_touched, equipment_of, name_of};
use super::{Facts, Rule};
use crate::model::findings::{Subject, Verdict};
use crate::model::rows::Severity;
use daicho_schemas::text::Text;
use roaring::RoaringBitmap;

/// The rule.
pub(super) const RULE: Rule = Rule { id: "circuit_missing", claim, subjects: circuits_touched, judge };

fn claim() -> Text {
    Text::new(
        "前の版の回線台帳にあった回線が、新しい版に、終了日もなくなくなっています。",
        "A line that stood in the list of lines is not in its newer edition, and nobody said that it ended.",
    )
}

fn judge(facts: &Facts<'_>, subject: &Subject) -> Option<Verdict> {
    let Subject::Circuit(list, key) = subject else { return None };
    let own = facts.state.circuits.get(&(list.clone(), key.clone()))?;
    let (_, day) = own.missing.filter(|_| !own.has_ended())?;
    let equipment = equipment_of(facts.state, own);
    let name = name_of(own);
    Some(Verdict {
        severity: if equipment.is_some() { Severity::Warning } else { Severity::Notice },
        title: Text::new(
            format!("回線「{}」が {day} 現在の回線台帳にありません", name.ja),
            format!("Line \"{}\" is not in the list of lines as of {day}", name.en),
        ),
        why: Text::new(
            "台帳から消えても、回線と、その先の機器は残っていることがあります。",
            "A line that left the list, and the device at its end, may still be there.",
        ),
        next: Text::new(
            "解約・撤去の記録と現物を確かめ、終了日を記録するか（daicho network circuit --ended-on）、台帳に戻して取り込み直してください。",
            "Look for the notice of its end and at the place itself; then record its last day (daicho network circuit --ended-on), or put it back into the list and import that anew.",
        ),
        equipment_id: equipment,
        hosts: RoaringBitmap::new(),
        components: vec![format!("{list} {key}")],
        supplier: None,
        planned_by: None,
    })
}
