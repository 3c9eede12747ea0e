//! `daicho firmware import|check|show|products`: files about firmware into the ledger, and the verdict on a version.
//! It does not fetch anything from a network but the server; files are carried in by people.
//! Invariant: what is left out of a file is said with its reason, and `unknown` never ends like "all right".

use super::client::{Client, ServerArguments};
use super::files::{EXIT_FOUND, Format, print_json};
use super::reading::ReadingArguments;
use super::{block_on, say, say_text};
use crate::clock::{Clock as _, SystemClock};
use crate::firmware::{Counted, FIRMWARE_FILE_BYTES_MAX, Import, LeftOut, Taken, merged};
use crate::model::firmware::products::PRODUCTS;
use crate::model::firmware::verdict::{Judged, verdict};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use daicho_schemas::fact::device::{Answer, Firmware};
use daicho_schemas::fact::firmware::FirmwarePack;
use daicho_schemas::limits::IMPORT_BYTES_MAX;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::{Language, printable};
use daicho_schemas::time::CalendarDate;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to do about firmware.
#[derive(Debug, Subcommand)]
pub(crate) enum FirmwareCommand {
    /// Put downloaded files into the ledger: CISA KEV, CVE JSON 5, MyJVN alerts, endoflife.date, packs of your own
    /// (脆弱性・サポート終了の情報を取り込む)
    Import(ImportArguments),
    /// Judge one version (版を判定する)
    Check(CheckArguments),
    /// What is known, pack by pack; or one pack as a file to extend (取り込み済みの情報)
    Show {
        /// One pack
        pack: Option<String>,
        /// How to print
        #[arg(long, default_value = "table")]
        format: Format,
        #[command(flatten)]
        reading: ReadingArguments,
    },
    /// The product lines whose versions can be compared (比較できる製品)
    Products,
}

/// Files.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// Files, ZIP archives or folders; they are recognised by their content
    #[arg(required_unless_present = "starter")]
    files: Vec<PathBuf>,
    /// Also the small packs that come with this release (同梱の情報も)
    #[arg(long)]
    starter: bool,
    /// The day on which the files were fetched; else the day that they show themselves (取得日)
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<CalendarDate>,
    /// Only say what would come in; no server is asked (取り込まずに内容だけ確かめる)
    #[arg(long)]
    dry_run: bool,
    /// How to print; json with --dry-run prints the packs themselves
    #[arg(long, default_value = "table")]
    format: Format,
    #[command(flatten)]
    server: ServerArguments,
}

/// A version.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// The maker: Fortinet, Yamaha, "NEC Platforms" … (製造者)
    #[arg(long)]
    maker: String,
    /// The model: FortiGate-60F, RTX1210 … (機種)
    #[arg(long)]
    model: String,
    /// The version as the device shows it (版)
    #[arg(long)]
    version: String,
    /// The product line, where maker and model do not tell it (daicho firmware products)
    #[arg(long)]
    product: Option<String>,
    /// Judge by these files alone, without a server (サーバーを使わずファイルだけで判定する)
    #[arg(long = "with", value_name = "FILE")]
    with: Vec<PathBuf>,
    /// How to print
    #[arg(long, default_value = "table")]
    format: Format,
    #[command(flatten)]
    reading: ReadingArguments,
}

/// The packs that come with this release.
const STARTER: [(&str, &str); 2] = [
    ("starter/fortios.json", include_str!("../firmware/starter/fortios.json")),
    ("starter/ud-lt1.json", include_str!("../firmware/starter/ud-lt1.json")),
];
/// Files in one folder that is handed in.
const FOLDER_FILES_MAX: usize = 1_000_000;

pub(crate) fn run(command: &FirmwareCommand, language: Language) -> anyhow::Result<ExitCode> {
    match command {
        FirmwareCommand::Import(arguments) => import(arguments, language),
        FirmwareCommand::Check(arguments) => check(arguments, language),
        FirmwareCommand::Show { pack, format, reading } => show(pack.as_deref(), *format, reading, language),
        FirmwareCommand::Products => {
            let mut table = table();
            for product in PRODUCTS {
                table.add_row([product.id, product.vendor]);
            }
            say(&table.to_string());
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table
}

fn today() -> CalendarDate {
    SystemClock.now().date_in_japan()
}

type Read = (Vec<Taken>, BTreeMap<LeftOut, Counted>);

fn read_all(files: &[PathBuf], as_of: Option<CalendarDate>, starter: bool) -> anyhow::Result<Read> {
    let mut import = Import::begin(as_of, today());
    for file in files {
        take(&mut import, file)?;
    }
    for (name, text) in STARTER.iter().filter(|_| starter) {
        import.file(name, &hex::encode(Sha256::digest(text.as_bytes())), text.as_bytes())?;
    }
    Ok(import.finish()?)
}

fn take(import: &mut Import, path: &Path) -> anyhow::Result<()> {
    let doing = || format!("read {}", path.display());
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    if std::fs::metadata(path).with_context(doing)?.is_dir() {
        return folder(import, path);
    }
    let mut file = File::open(path).with_context(doing)?;
    let mut start = [0; 4];
    let begun = file.read(&mut start).with_context(doing)?;
    if start.get(..begun) == Some(b"PK\x03\x04") {
        let hash = hashed(path).with_context(doing)?;
        let reader = BufReader::new(File::open(path).with_context(doing)?);
        return Ok(import.archive(&name, &hash, reader)?);
    }
    let bytes = super::files::read(path, FIRMWARE_FILE_BYTES_MAX, RefusalCode::FirmwareFileMalformed)?;
    Ok(import.file(&name, &hex::encode(Sha256::digest(&bytes)), &bytes)?)
}

/// SHA-256 of a file that may be larger than memory.
fn hashed(path: &Path) -> std::io::Result<String> {
    let (mut file, mut hash, mut part) = (File::open(path)?, Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut part)? {
            0 => return Ok(hex::encode(hash.finalize())),
            read => hash.update(part.get(..read).unwrap_or_default()),
        }
    }
}

/// Every JSON file below a folder, in order of names; links are not followed.
fn folder(import: &mut Import, path: &Path) -> anyhow::Result<()> {
    let (mut waiting, mut files) = (vec![path.to_path_buf()], Vec::new());
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                waiting.push(entry.path());
            } else if kind.is_file() && entry.path().extension().is_some_and(|end| end.eq_ignore_ascii_case("json")) {
                files.push(entry.path());
            }
            if files.len() > FOLDER_FILES_MAX {
                bail!("{} holds more than {FOLDER_FILES_MAX} files", path.display());
            }
        }
    }
    files.sort();
    for file in files {
        let bytes = super::files::read(&file, FIRMWARE_FILE_BYTES_MAX, RefusalCode::FirmwareFileMalformed)?;
        import.one_of_many(&file.display().to_string(), &bytes);
    }
    Ok(())
}

fn import(arguments: &ImportArguments, language: Language) -> anyhow::Result<ExitCode> {
    let ImportArguments { files, starter, as_of, dry_run, format, server } = arguments;
    let (packs, left_out) = read_all(files, *as_of, *starter)?;
    let entered = if *dry_run { Vec::new() } else { block_on(send(&packs, server))? };
    if *format == Format::Json {
        let shown = if *dry_run { json!(packs) } else { json!(entered) };
        print_json(&json!({ "packs": shown, "left_out": left_out }))?;
        return Ok(if packs.is_empty() { ExitCode::from(EXIT_FOUND) } else { ExitCode::SUCCESS });
    }
    let mut table = table();
    for (place, Taken { pack, .. }) in packs.iter().enumerate() {
        let entry = match entered.get(place).map(|entered| entered.pointer("/entry_seq").and_then(Value::as_u64)) {
            Some(Some(seq)) => format!("#{seq}"),
            Some(None) => language_word(language, "変更なし", "nothing new").into(),
            None => language_word(language, "取り込み前", "not sent").into(),
        };
        let (advisories, ends) = (pack.advisories.len().to_string(), pack.end_of_life.len().to_string());
        table.add_row([pack.pack_id.clone(), pack.as_of.to_string(), advisories, ends, entry]);
    }
    table.set_header(match language {
        Language::Ja => ["名前", "日付", "脆弱性", "サポート期限", "記録"],
        Language::En => ["pack", "as of", "advisories", "ends of support", "entry"],
    });
    say(&table.to_string());
    say_left_out(&left_out, language);
    if packs.is_empty() {
        say_text(language, "対象の製品の情報はありませんでした。", "Nothing in it is about a product that we compare.");
        return Ok(ExitCode::from(EXIT_FOUND));
    }
    Ok(ExitCode::SUCCESS)
}

fn language_word(language: Language, ja: &'static str, en: &'static str) -> &'static str {
    if language == Language::Ja { ja } else { en }
}

fn say_left_out(left_out: &BTreeMap<LeftOut, Counted>, language: Language) {
    for (why, counted) in left_out {
        let examples = printable(&counted.examples.join(", "));
        let text = why.text();
        say_text(
            language,
            &format!("除いたもの: {} {} 件（{examples} など）", text.ja, counted.count),
            &format!("Left out: {} {} ({examples} …)", counted.count, text.en),
        );
    }
}

/// Sends every pack; what a source said before and does not repeat is kept, where it gives only a part at a time.
async fn send(packs: &[Taken], server: &ServerArguments) -> anyhow::Result<Vec<Value>> {
    let client = Client::new(server)?;
    let mut entered = Vec::new();
    for Taken { pack, whole } in packs {
        let before = if *whole { None } else { standing(&client, &pack.pack_id).await? };
        let pack = before.map_or_else(|| pack.clone(), |before| merged(&before, pack.clone()));
        let bytes = serde_json::to_vec(&pack)?;
        if bytes.len() > IMPORT_BYTES_MAX {
            let detail =
                format!("{}: {} bytes, at most {IMPORT_BYTES_MAX}; import fewer records", pack.pack_id, bytes.len());
            return Err(Refusal::new(RefusalCode::FirmwarePackWrong).with(detail).into());
        }
        entered.push(client.post("/firmware/packs", bytes).await.with_context(|| pack.pack_id.clone())?);
    }
    Ok(entered)
}

async fn standing(client: &Client, pack_id: &str) -> anyhow::Result<Option<FirmwarePack>> {
    match client.get(&format!("/firmware/packs/{pack_id}")).await {
        Ok(mut state) => {
            let pack = state.get_mut("pack").map(Value::take).context("the server answered without a pack")?;
            Ok(Some(serde_json::from_value(pack)?))
        }
        Err(error) => match error.downcast_ref::<Refusal>() {
            Some(refusal) if refusal.code == RefusalCode::NotFound => Ok(None),
            _ => Err(error),
        },
    }
}

fn check(arguments: &CheckArguments, language: Language) -> anyhow::Result<ExitCode> {
    let CheckArguments { maker, model, version, product, with, format, reading } = arguments;
    let answer = if with.is_empty() {
        let mut asked = vec![("maker", maker), ("model", model), ("version", version)];
        asked.extend(product.as_ref().map(|product| ("family", product)));
        asked.push(("running", &RUNS));
        let query = reqwest::Url::parse_with_params("http://localhost/", &asked)?;
        let path = format!("/firmware/verdict?{}", query.query().unwrap_or_default());
        block_on(async {
            let reader = reading.open(language).await?;
            reader.announce(*format == Format::Json, language);
            reader.get(&path).await
        })?
    } else {
        let (packs, left_out) = read_all(with, None, false)?;
        if *format == Format::Table {
            say_left_out(&left_out, language);
        }
        let firmware = vec![Firmware { version: version.clone(), build: None, running: Answer::Yes }];
        let judged =
            Judged { family: product.clone(), maker: Some(maker.clone()), model: Some(model.clone()), firmware };
        serde_json::to_value(verdict(&judged, packs.iter().map(|taken| &taken.pack), today()))?
    };
    match format {
        Format::Json => print_json(&answer)?,
        Format::Table => say_verdict(&answer, language),
    }
    let fine = matches!(text(&answer, "/state"), "fixed" | "not_affected");
    Ok(if fine && !flag(&answer, "/stale") { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FOUND) })
}

/// Whoever asks about a version means that it runs.
static RUNS: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| "true".into());

fn text<'a>(value: &'a Value, place: &str) -> &'a str {
    value.pointer(place).and_then(Value::as_str).unwrap_or_default()
}

fn flag(value: &Value, place: &str) -> bool {
    value.pointer(place).and_then(Value::as_bool).unwrap_or_default()
}

fn say_verdict(answer: &Value, language: Language) {
    let tag = language_word(language, "ja", "en");
    let state = text(answer, "/state");
    say(&printable(&format!("{}: {}", state_word(state, language), text(answer, &format!("/text/{tag}")))));
    let as_of = text(answer, "/as_of");
    if !as_of.is_empty() {
        let stale = if flag(answer, "/stale") {
            language_word(language, "（30 日より前の情報です）", " (older than 30 days)")
        } else {
            ""
        };
        say_text(language, &format!("情報の日付: {as_of}{stale}"), &format!("Data as of {as_of}{stale}"));
    }
    let mut table = table();
    for reason in answer.get("reasons").and_then(Value::as_array).into_iter().flatten() {
        let id = reason.get("advisory_id").and_then(Value::as_str).unwrap_or("-");
        let kev = if text(reason, "/kev_added").is_empty() { "" } else { "KEV" };
        table.add_row([
            printable(id),
            match text(reason, "/why") {
                "still_supported" => language_word(language, "サポート中", "supported").to_string(),
                _ => state_word(text(reason, "/state"), language).to_string(),
            },
            kev.to_string(),
            printable(text(reason, &format!("/text/{tag}"))),
            printable(&format!("{} {}", text(reason, "/pack_id"), text(reason, "/as_of"))),
        ]);
    }
    if table.row_iter().next().is_some() {
        say(&table.to_string());
    }
    let more = answer.get("reasons_left_out").and_then(Value::as_u64).unwrap_or_default();
    if more > 0 {
        say_text(language, &format!("ほかに {more} 件あります。"), &format!("And {more} more."));
    }
}

fn state_word(state: &str, language: Language) -> &'static str {
    match state {
        "affected" => language_word(language, "影響あり", "affected"),
        "end_of_life" => language_word(language, "サポート終了", "end of life"),
        "fixed" => language_word(language, "修正済み", "fixed"),
        "not_affected" => language_word(language, "影響なし", "not affected"),
        _ => language_word(language, "不明", "unknown"),
    }
}

fn show(
    pack: Option<&str>,
    format: Format,
    reading: &ReadingArguments,
    language: Language,
) -> anyhow::Result<ExitCode> {
    let path = pack.map_or_else(|| "/firmware".to_string(), |pack| format!("/firmware/packs/{pack}"));
    let answer = block_on(async {
        let reader = reading.open(language).await?;
        reader.announce(pack.is_some() || format == Format::Json, language);
        reader.get(&path).await
    })?;
    match (pack, format) {
        // The pack itself, as a file to extend and to import again.
        (Some(_), _) => print_json(answer.get("pack").unwrap_or(&answer))?,
        (None, Format::Json) => print_json(&answer)?,
        (None, Format::Table) => {
            let mut table = table();
            for row in answer.get("packs").and_then(Value::as_array).into_iter().flatten() {
                let count = |place: &str| row.pointer(place).and_then(Value::as_u64).unwrap_or_default().to_string();
                let stale = if flag(row, "/stale") { language_word(language, "古い", "stale") } else { "" };
                let name = printable(text(row, "/pack_id"));
                let day = text(row, "/as_of").to_string();
                table.add_row([name, day, stale.into(), count("/advisories"), count("/end_of_life")]);
            }
            say(&table.to_string());
        }
    }
    Ok(ExitCode::SUCCESS)
}
