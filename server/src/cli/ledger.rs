//! `daicho verify | export | import | replay`: the ledger by itself, without a server.
//! It does not interpret entries. Reading works while a server writes; importing needs the ledger for itself.
//! Invariant: a bad place is named by its entry, in the person's language, and ends with exit code 3.

use super::{DataArgument, LedgerArgument, say, say_text};
use crate::book;
use crate::evidence::check;
use crate::ledger::chain::Head;
use crate::ledger::engine::{Engine, EngineFault};
use crate::ledger::engines::memory::MemoryShelf;
use crate::ledger::engines::postgres::{self, DatabaseFault, Postgres};
use crate::ledger::engines::segments::{self, OpenFault, Segments};
use crate::ledger::transfer::{self, ImportFault};
use crate::ledger::verify::{BadPlace, Report, Wrong, verify_engine, verify_export, verify_folder};
use crate::model::Model;
use anyhow::Context as _;
use clap::Args;
use daicho_schemas::canonical::Hash;
use daicho_schemas::text::Language;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// What to verify.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// An exported ledger, or - for standard input, or an evidence pack (folder or .zip); without it the data folder is verified
    file: Option<PathBuf>,
    #[command(flatten)]
    ledger: LedgerArgument,
    /// A head hash that you noted earlier: proves that nothing was cut off (控えておいた先頭ハッシュ)
    #[arg(long, value_parser = parse_hash)]
    head: Option<Hash>,
}

/// What to export.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    ledger: LedgerArgument,
}

/// What to import, and where to.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// An exported ledger, or - for standard input
    file: PathBuf,
    #[command(flatten)]
    ledger: LedgerArgument,
    /// A head hash that you noted earlier
    #[arg(long, value_parser = parse_hash)]
    head: Option<Hash>,
}

/// What to replay.
#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    #[command(flatten)]
    ledger: LedgerArgument,
}

const BAD: u8 = 3;
/// How long an unfinished end may stay as it is before it is no append under way.
const PATIENCE: Duration = Duration::from_secs(2);

fn parse_hash(text: &str) -> Result<Hash, String> {
    Hash::try_from(text.to_string()).map_err(|error| error.to_string())
}

fn folder(data: &DataArgument) -> PathBuf {
    data.data.join("ledger")
}

/// Opens a ledger to be read only. Damage that already shows here is a bad place, not a failure.
fn look(ledger: &LedgerArgument) -> anyhow::Result<Result<Box<dyn Engine>, BadPlace>> {
    let damaged = |seq, what| Ok(Err(BadPlace { seq, place: None, wrong: Wrong::Damaged(what) }));
    if let Some(address) = ledger.database()? {
        return match postgres::Looking::open(&address) {
            Ok(engine) => Ok(Ok(Box::new(engine))),
            Err(DatabaseFault::Damaged { seq, what }) => damaged(seq, what),
            Err(fault) => Err(fault.into()),
        };
    }
    let folder = folder(&ledger.data);
    match segments::Looking::open(&folder) {
        Ok((engine, _torn)) => Ok(Ok(Box::new(engine))),
        Err(OpenFault::Engine(EngineFault::Damaged { seq, path, what })) => {
            damaged(seq, format!("{what} ({})", path.display()))
        }
        Err(fault) => Err(no_ledger(fault, &folder)),
    }
}

fn no_ledger(fault: OpenFault, folder: &Path) -> anyhow::Error {
    let what = "give --data with the server's data folder, or --ledger with its database";
    anyhow::Error::from(fault).context(format!("no ledger can be read in {}: {what}", folder.display()))
}

/// Opens a ledger to be read only; damage is a failure.
pub(super) fn look_whole(ledger: &LedgerArgument, language: Language) -> anyhow::Result<Box<dyn Engine>> {
    look(ledger)?.map_err(|bad| anyhow::anyhow!("{}", bad.text().get(language)))
}

pub(super) fn progress(end: u64) -> ProgressBar {
    // Draws only when standard error is a terminal.
    let bar = ProgressBar::new(end);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len}") {
        bar.set_style(style);
    }
    bar
}

fn verify_pack(pack: &Path, head: Option<Hash>, language: Language) -> anyhow::Result<ExitCode> {
    let bar = progress(0);
    let checked = check::check(pack, head, &mut |seq| bar.set_position(seq))?;
    bar.finish_and_clear();
    checked.lines.iter().for_each(|line| say(line.get(language)));
    Ok(if checked.whole { ExitCode::SUCCESS } else { ExitCode::from(BAD) })
}

pub(crate) fn verify(arguments: &VerifyArguments, language: Language) -> anyhow::Result<ExitCode> {
    if let Some(pack) = arguments.file.as_ref().filter(|file| check::is_pack(file)) {
        return verify_pack(pack, arguments.head, language);
    }
    let report = match &arguments.file {
        Some(file) => {
            let bar = progress(0);
            let report = verify_export(open(file)?, arguments.head, &mut |seq| bar.set_position(seq))?;
            bar.finish_and_clear();
            report
        }
        None if arguments.ledger.database()?.is_none() => {
            let folder = folder(&arguments.ledger.data);
            let bar = progress(0);
            let report = verify_folder(&folder, arguments.head, PATIENCE, &mut |seq| bar.set_position(seq))
                .map_err(|fault| no_ledger(fault, &folder))?;
            bar.finish_and_clear();
            report
        }
        None => {
            let engine = match look(&arguments.ledger)? {
                Ok(engine) => engine,
                Err(bad) => {
                    say(bad.text().get(language));
                    return Ok(ExitCode::from(BAD));
                }
            };
            let bar = progress(engine.head().seq);
            let report = verify_engine(engine.as_ref(), arguments.head, &mut |seq| bar.set_position(seq))?;
            bar.finish_and_clear();
            report
        }
    };
    say_report(&report, language);
    Ok(if report.bad.is_none() { ExitCode::SUCCESS } else { ExitCode::from(BAD) })
}

fn open(file: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let opened = File::open(file).with_context(|| format!("open {}", file.display()))?;
    Ok(Box::new(BufReader::new(opened)))
}

fn say_report(report: &Report, language: Language) {
    for line in report.text() {
        say(line.get(language));
    }
}

fn say_head(head: Head, language: Language) {
    say_text(
        language,
        &format!("先頭: 記録 {} {}", head.seq, head.hash),
        &format!("Head: entry {} {}", head.seq, head.hash),
    );
}

pub(crate) fn export(arguments: &ExportArguments, language: Language) -> anyhow::Result<ExitCode> {
    let engine = look_whole(&arguments.ledger, language)?;
    let bar = progress(engine.head().seq);
    let mut out = BufWriter::new(std::io::stdout().lock());
    transfer::export(engine.as_ref(), &mut out, &mut |seq| bar.set_position(seq))?;
    out.flush()?;
    bar.finish_and_clear();
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn import(arguments: &ImportArguments, language: Language) -> anyhow::Result<ExitCode> {
    let shelf = Arc::new(MemoryShelf::default());
    let engine: Box<dyn Engine> = match arguments.ledger.database()? {
        Some(address) => Box::new(Postgres::open(&address, Head::EMPTY, shelf)?),
        None => Box::new(Segments::open(&folder(&arguments.ledger.data), shelf)?.0),
    };
    let bar = progress(0);
    let imported =
        transfer::import(engine.as_ref(), open(&arguments.file)?, arguments.head, &mut |seq| bar.set_position(seq));
    bar.finish_and_clear();
    match imported {
        Ok(imported) => {
            say_text(
                language,
                &format!(
                    "{} 件を取り込みました（既にあった記録 {} 件）。",
                    imported.entries_appended, imported.entries_there
                ),
                &format!(
                    "{} entries imported ({} were there already).",
                    imported.entries_appended, imported.entries_there
                ),
            );
            say_head(imported.head, language);
            Ok(ExitCode::SUCCESS)
        }
        Err(ImportFault::Bad(bad)) => {
            say(bad.text().get(language));
            say_text(
                language,
                "誤りの手前までを取り込みました。正しいファイルで同じコマンドを実行すると続きから始まります。",
                "Everything before it was imported. The same command with a good file goes on from there.",
            );
            Ok(ExitCode::from(BAD))
        }
        Err(fault) => Err(fault.into()),
    }
}

/// Folds the whole ledger anew and, where there is a snapshot, once more from there: both must give the same bytes.
pub(crate) fn replay(arguments: &ReplayArguments, language: Language) -> anyhow::Result<ExitCode> {
    let engine = look_whole(&arguments.ledger, language)?;
    let engine = engine.as_ref();
    let end = engine.head();
    let (whole, _) = book::replay(engine, Model::default(), Head::EMPTY)?;
    let whole = bytes_of(&whole)?;
    say_text(
        language,
        &format!(
            "最初の記録から {} 件を再計算しました。状態のハッシュ: {}",
            end.seq,
            Hash::of("daicho.model.v1", &[&whole])
        ),
        &format!(
            "Folded {} entries from the first one. Hash of the state: {}",
            end.seq,
            Hash::of("daicho.model.v1", &[&whole])
        ),
    );
    let mut parts = Vec::new();
    for cut in [end.seq / 3, end.seq / 2, end.seq.saturating_sub(1)] {
        parts.push(fold_in_two(engine, cut)?);
    }
    if parts.iter().all(|part| *part == whole) {
        say_text(
            language,
            "途中の状態から続けても同じ状態になります。",
            "Going on from a state in the middle gives the same bytes.",
        );
        Ok(ExitCode::SUCCESS)
    } else {
        say("the state from a snapshot differs from the state from the first entry: this is a bug in Daicho");
        Ok(ExitCode::FAILURE)
    }
}

fn fold_in_two(engine: &dyn Engine, cut: u64) -> anyhow::Result<Vec<u8>> {
    let (first, head) = book::fold_to(engine, cut)?;
    let resumed = Model::read_snapshot(&mut bytes_of(&first)?.as_slice())?;
    let (model, _) = book::replay(engine, resumed, head)?;
    bytes_of(&model)
}

fn bytes_of(model: &Model) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    model.write_snapshot(&mut bytes)?;
    Ok(bytes)
}
