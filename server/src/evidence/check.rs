//! Checks a pack: every file against the list, the ledger by its chain and signatures, and the pack against its ledger by making
//! it again. It does not need a server or a key.
//! Invariant: what is called whole was compared byte by byte; what could not be compared is said.

use super::keep::{self, Hashed};
use super::{Asked, EVIDENCE_FORMAT, LEDGER, MANIFEST, Manifest, pack};
use crate::ledger::chain::Head;
use crate::ledger::engines::memory::Memory;
use crate::ledger::transfer;
use crate::ledger::verify::{NotedHead, verify_export};
use crate::past::AsOf;
use anyhow::{Context as _, bail};
use daicho_schemas::canonical::Hash;
use daicho_schemas::text::Text;
use daicho_schemas::time::UtcMicros;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Read, copy};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// The longest list of files, in bytes.
const MANIFEST_BYTES_MAX: u64 = 1024 * 1024;
/// Files in a pack.
const FILES_MAX: usize = 100;
/// A ledger up to this length, in bytes, is folded again; a longer one is checked and not folded.
const FOLD_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// What a check found.
#[derive(Debug)]
pub struct Checked {
    /// In words, in order.
    pub lines: Vec<Text>,
    /// Nothing is wrong.
    pub whole: bool,
}

/// Whether a path is a pack: a folder with a list of files, or a ZIP file.
pub fn is_pack(path: &Path) -> bool {
    path.join(MANIFEST).is_file() || (path.is_file() && keep::is_zip(path))
}

/// Checks a pack. `noted` is a head hash that somebody wrote down elsewhere.
pub fn check(path: &Path, noted: Option<Hash>, progress: &mut dyn FnMut(u64)) -> anyhow::Result<Checked> {
    let source = Source::open(path)?;
    let mut checked = Checked { lines: Vec::new(), whole: true };
    let Some(manifest) = manifest(&source, &mut checked)? else { return Ok(checked) };
    files(&source, &manifest, &mut checked)?;
    if checked.whole && ledger(&source, &manifest, noted, &mut checked, progress)? {
        again(&source, &manifest, &mut checked)?;
    }
    if checked.whole {
        checked.say(manifest.stand.text());
        checked.say(match noted {
            Some(_) => Text::new("控えた先頭ハッシュと一致します。", "It fits the head hash that you noted."),
            None => Text::new(
                "この一式に矛盾はありません。台帳が作り直されていないことは、別の場所に控えた先頭ハッシュ（--head）で確かめてください。",
                "The pack is consistent. That its ledger was never written anew is shown by a head hash noted elsewhere (--head).",
            ),
        });
    }
    Ok(checked)
}

impl Checked {
    fn say(&mut self, text: Text) {
        self.lines.push(text);
    }

    fn wrong(&mut self, ja: impl Into<String>, en: impl Into<String>) {
        self.whole = false;
        self.say(Text::new(ja, en));
    }
}

fn manifest(source: &Source, checked: &mut Checked) -> anyhow::Result<Option<Manifest>> {
    let mut bytes = Vec::new();
    let there = source.with(MANIFEST, &mut |file| Ok(file.take(MANIFEST_BYTES_MAX).read_to_end(&mut bytes)?))?;
    let read = serde_json::from_slice::<Manifest>(&bytes).ok();
    match read.filter(|manifest| there.is_some() && manifest.format == EVIDENCE_FORMAT) {
        Some(manifest) => Ok(Some(manifest)),
        None => {
            checked.wrong(
                format!("{MANIFEST} を読めません。証拠一式ではないか、壊れています。"),
                format!("{MANIFEST} cannot be read: this is no evidence pack, or it is damaged."),
            );
            Ok(None)
        }
    }
}

/// Every file of the list is there as it was written, and no other.
fn files(source: &Source, manifest: &Manifest, checked: &mut Checked) -> anyhow::Result<()> {
    let listed: BTreeSet<&str> = manifest.files.iter().map(|file| file.name.as_str()).collect();
    let there = source.names()?;
    for name in there.iter().filter(|name| *name != MANIFEST && !listed.contains(name.as_str())) {
        checked.wrong(format!("{name} は一覧にありません。"), format!("{name} is not in the list."));
    }
    if !listed.contains(LEDGER) || listed.len() != manifest.files.len() {
        checked.wrong("ファイルの一覧が正しくありません。", "The list of files is not right.");
        return Ok(());
    }
    for file in &manifest.files {
        let mut sink = std::io::sink();
        let mut hashed = Hashed::to(&mut sink);
        // One byte more than the list says is enough to know that it is another file.
        let limit = file.bytes.saturating_add(1);
        let there = source.with(&file.name, &mut |read| {
            copy(&mut read.take(limit), &mut hashed)?;
            Ok(0)
        });
        // A ZIP file that was changed cannot be unpacked: that is a wrong file too.
        let there = there.ok().flatten().is_some();
        if !there || hashed.file(&file.name) != *file {
            checked.wrong(
                format!("{} は作成時のものと一致しません（欠落または改変）。", file.name),
                format!("{} is not what was written: it is missing or was changed.", file.name),
            );
        }
    }
    Ok(())
}

/// The ledger is right and ends where the list says.
fn ledger(
    source: &Source,
    manifest: &Manifest,
    noted: Option<Hash>,
    checked: &mut Checked,
    progress: &mut dyn FnMut(u64),
) -> anyhow::Result<bool> {
    let mut report = None;
    source.with(LEDGER, &mut |file| {
        report = Some(verify_export(BufReader::new(file), noted, progress)?);
        Ok(0)
    })?;
    let report = report.context("the ledger is missing")?;
    checked.lines.extend(report.text());
    let end = Head { seq: manifest.stand.entry_seq, hash: manifest.stand.entry_hash };
    if report.bad.is_some() || report.noted == NotedHead::Missing {
        checked.whole = false;
    } else if report.head != end {
        checked.wrong(
            format!("台帳の末尾が一覧の記録 {} と一致しません。", end.seq),
            format!("The ledger does not end with entry {} as the list says.", end.seq),
        );
    }
    Ok(checked.whole)
}

/// The pack is what its ledger gives.
fn again(source: &Source, manifest: &Manifest, checked: &mut Checked) -> anyhow::Result<()> {
    let length = manifest.files.iter().find(|file| file.name == LEDGER).map_or(0, |file| file.bytes);
    let release = env!("CARGO_PKG_VERSION");
    if manifest.release != release || length > FOLD_BYTES_MAX {
        let made = &manifest.release;
        checked.say(Text::new(
            format!("作り直しての比較はしていません（作成した版 {made}、この版 {release}、台帳 {length} バイト）。"),
            format!("It was not made again and compared (made by release {made}, this is {release}; {length} bytes of ledger)."),
        ));
        return Ok(());
    }
    let engine = Memory::new();
    source.with(LEDGER, &mut |file| {
        transfer::import(&engine, BufReader::new(file), None, &mut |_| ())?;
        Ok(0)
    })?;
    let asked = Asked { as_of: manifest.stand.as_of.parse()?, equipment_id: manifest.equipment_id.clone() };
    let made = match pack(&engine, &asked, now(manifest, asked.as_of)?, &mut |_, _| ()) {
        Ok(made) => made,
        Err(error) => {
            let why = format!("{:#}", anyhow::Error::from(error));
            checked.wrong(
                format!("台帳から作り直せません: {why}"),
                format!("It cannot be made again from its ledger: {why}"),
            );
            return Ok(());
        }
    };
    if made.stand != manifest.stand || made.ledger_id != manifest.ledger_id {
        checked.wrong("一覧の時点が台帳と一致しません。", "The list names another state than its ledger gives.");
    }
    compare(source, manifest, &made.files, checked)
}

fn compare(
    source: &Source,
    manifest: &Manifest,
    made: &BTreeMap<String, Vec<u8>>,
    checked: &mut Checked,
) -> anyhow::Result<()> {
    let listed = manifest.files.iter().map(|file| file.name.as_str()).filter(|name| *name != LEDGER);
    let names: BTreeSet<&str> = listed.chain(made.keys().map(String::as_str)).collect();
    for name in names {
        let mut bytes = Vec::new();
        let wanted = made.get(name);
        let limit = wanted.map_or(0, Vec::len) as u64 + 1;
        source.with(name, &mut |file| Ok(file.take(limit).read_to_end(&mut bytes)?))?;
        if wanted != Some(&bytes) {
            checked.wrong(
                format!("{name} は台帳から作り直したものと一致しません。"),
                format!("{name} is not what its ledger gives."),
            );
        }
    }
    if checked.whole {
        checked.say(Text::new(
            "台帳から作り直したものと、すべてのファイルが一致します。",
            "Every file is what the ledger gives, made again and compared.",
        ));
    }
    Ok(())
}

/// A present in which the pack's question has the answer that it had: its own day where that was not over, else a later one.
fn now(manifest: &Manifest, as_of: AsOf) -> anyhow::Result<UtcMicros> {
    let stand = &manifest.stand;
    let end: UtcMicros = format!("{}T14:59:59.999999Z", stand.day).parse()?;
    Ok(match as_of {
        AsOf::Day(_) if stand.day_not_over => end,
        _ => end.plus_seconds(1),
    })
}

/// Where a pack lies.
enum Source {
    Folder(PathBuf),
    Zip(PathBuf),
}

impl Source {
    fn open(path: &Path) -> anyhow::Result<Self> {
        match path.is_dir() {
            true => Ok(Self::Folder(path.to_path_buf())),
            false => {
                let source = Self::Zip(path.to_path_buf());
                if source.names().is_err() {
                    bail!("{} cannot be read as a ZIP file: it is no evidence pack, or it is damaged", path.display());
                }
                Ok(source)
            }
        }
    }

    fn archive(path: &Path) -> anyhow::Result<ZipArchive<BufReader<File>>> {
        let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
        Ok(ZipArchive::new(BufReader::new(file))?)
    }

    fn names(&self) -> anyhow::Result<Vec<String>> {
        let names: Vec<String> = match self {
            Self::Folder(folder) => std::fs::read_dir(folder)?
                .take(FILES_MAX + 1)
                .map(|file| Ok(file?.file_name().to_string_lossy().into_owned()))
                .collect::<std::io::Result<_>>()?,
            Self::Zip(path) => {
                let archive = Self::archive(path)?;
                let names = archive.file_names().take(FILES_MAX + 1);
                names.map(|name| Ok(name?.into_owned())).collect::<zip::result::ZipResult<_>>()?
            }
        };
        anyhow::ensure!(names.len() <= FILES_MAX, "more than {FILES_MAX} files: this is no evidence pack");
        Ok(names)
    }

    /// Reads one file. `None` where it is not there. A name that leads elsewhere is not there.
    fn with(
        &self,
        name: &str,
        read: &mut dyn FnMut(&mut dyn Read) -> anyhow::Result<usize>,
    ) -> anyhow::Result<Option<usize>> {
        if name.is_empty() || name.contains(['/', '\\']) || name.starts_with('.') {
            return Ok(None);
        }
        match self {
            Self::Folder(folder) => match File::open(folder.join(name)) {
                Ok(mut file) => read(&mut file).map(Some),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error.into()),
            },
            Self::Zip(path) => {
                let mut archive = Self::archive(path)?;
                let Ok(mut file) = archive.by_name(name) else { return Ok(None) };
                read(&mut file).map(Some)
            }
        }
    }
}
