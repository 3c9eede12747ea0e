//! `daicho evidence`: what the ledger knew as of a day, as files with their proof, from the ledger itself and without a server.
//! It does not choose what is in a pack (`evidence`). Invariant: nothing that exists is written over.

use super::ledger::{look_whole, progress};
use super::{LedgerArgument, say, say_text};
use crate::clock::{Clock as _, SystemClock};
use crate::evidence::{self, Asked, keep};
use crate::past::AsOf;
use clap::Args;
use daicho_schemas::ids::EquipmentId;
use daicho_schemas::text::Language;
use std::path::PathBuf;
use std::process::ExitCode;

/// Of when, of what, and where to.
#[derive(Debug, Args)]
pub(crate) struct EvidenceArguments {
    /// The day in Japan; an instant in UTC or an entry's number do as well (時点)
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = |text: &str| text.parse::<AsOf>())]
    as_of: AsOf,
    /// Only what concerns this 特定重要設備; the ledger in it stays whole, because its chain is the proof (設備を絞る)
    #[arg(long, value_parser = |text: &str| EquipmentId::new(text))]
    equipment: Option<EquipmentId>,
    /// A folder or a .zip file to write; it must not exist yet (書き出す先)
    #[arg(long)]
    to: PathBuf,
    #[command(flatten)]
    ledger: LedgerArgument,
}

pub(crate) fn run(arguments: &EvidenceArguments, language: Language) -> anyhow::Result<ExitCode> {
    let engine = look_whole(&arguments.ledger, language)?;
    let bar = progress(engine.head().seq);
    let asked = Asked { as_of: arguments.as_of, equipment_id: arguments.equipment.clone() };
    let pack = evidence::pack(engine.as_ref(), &asked, SystemClock.now(), &mut |seq, _| bar.set_position(seq))?;
    let manifest = keep::write(engine.as_ref(), &pack, &arguments.to, &mut |seq| bar.set_position(seq))?;
    bar.finish_and_clear();
    let (to, stand) = (arguments.to.display(), &manifest.stand);
    say(stand.text().get(language));
    say_text(
        language,
        &format!(
            "{to} に書き出しました（{} ファイル）。先頭: 記録 {} {}\n確認: daicho verify {to}",
            manifest.files.len() + 1,
            stand.entry_seq,
            stand.entry_hash
        ),
        &format!(
            "Wrote {to} ({} files). Head: entry {} {}\nCheck it with: daicho verify {to}",
            manifest.files.len() + 1,
            stand.entry_seq,
            stand.entry_hash
        ),
    );
    Ok(ExitCode::SUCCESS)
}
