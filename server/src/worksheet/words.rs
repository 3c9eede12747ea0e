//! The words of states, the same on pages, in files and on the terminal.
//! They do not know any form.
//! Invariant: every state has its words in both languages.

use super::RowState;
use daicho_schemas::regime::forms::Direct;
use daicho_schemas::text::Text;

/// A state in words.
pub fn state_word(state: RowState) -> Text {
    match state {
        RowState::Stated => Text::new("記載あり", "stated"),
        RowState::SubmittedDirectly => Text::new("供給者等が直接提出", "submitted directly by the supplier"),
        RowState::NotNeeded => Text::new("記載不要", "not needed"),
        RowState::Unusable => Text::new("そのままでは使えません", "cannot be used as it is"),
        RowState::Erased => Text::new("消去済み", "erased"),
        RowState::Missing => Text::new("不足", "missing"),
    }
}

/// Whether the supplier may send it directly, in words.
pub fn direct_word(direct: Direct) -> Text {
    match direct {
        Direct::Yes => Text::new("直接提出できます", "may be submitted directly"),
        Direct::No => Text::new("直接提出できません", "may not be submitted directly"),
        Direct::Unknown => {
            Text::new("直接提出できるかは要確認", "whether it may be submitted directly is to be checked")
        }
    }
}
