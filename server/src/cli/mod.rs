//! The people's command line: one file per command, one line in [`Command`].
//! It does not do anything itself; commands call the library or the server's REST interface.
//! Invariant: what a person reads says what happened, why it matters and what to do next, in their language.

mod acd;
mod agent;
mod alerts;
mod check_list;
mod circuits;
mod client;
mod component;
mod computers;
mod designation;
mod device;
mod duty;
mod equipment;
mod evidence;
mod example;
mod files;
mod firmware;
mod host;
mod ledger;
mod network;
mod path;
mod quickstart;
mod radius;
mod reading;
mod record;
mod regimes;
mod review;
mod serve;
mod show;
mod sign_in;
mod supplier;
mod ticket;
mod worksheet;

use crate::check;
use crate::clock::{Clock as _, SystemClock};
use crate::ledger::engines::postgres::{Address, DatabaseFault};
use clap::{Args, Parser, Subcommand};
use daicho_schemas::text::{Language, Text};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Daicho (台帳): what a critical system is made of, what was declared about it, and which difference is a duty.
#[derive(Debug, Parser)]
#[command(name = "daicho", version)]
struct Arguments {
    /// Language of messages (表示言語): ja or en. Taken from LANG when absent.
    #[arg(long, global = true, value_parser = parse_language)]
    lang: Option<Language>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything on this machine with an example operator (試してみる)
    Quickstart(quickstart::QuickstartArguments),
    /// Run the server (サーバーを動かす)
    Serve(serve::ServeArguments),
    /// Write a plan, suppliers and a planned change for this host, to start from (計画・供給者・変更の例を書き出す)
    Example(example::ExampleArguments),
    /// Judge plans, inventories and planned changes without a server (サーバーなしで照合・判断する)
    Check(check::CheckArgs),
    /// What this release knows of the law, and its test cases (法令データ)
    #[command(subcommand)]
    Regimes(regimes::RegimesCommand),
    /// Are we in scope? Criteria of designation with your figures (指定基準に当たるか)
    Designation(designation::DesignationArguments),
    /// Draft plans from templates (ひな形から計画の下書きを作る)
    #[command(subcommand)]
    Equipment(equipment::EquipmentCommand),
    /// Computers to notify under サイバー対処能力強化法 (特定重要電子計算機)
    #[command(subcommand)]
    Acd(acd::AcdCommand),
    /// Check lists with their answers (チェックリスト)
    #[command(subcommand)]
    CheckList(check_list::CheckListCommand),
    /// Plans, 導入等計画書
    #[command(subcommand)]
    Plan(record::PlanCommand),
    /// Suppliers, 供給者
    #[command(subcommand)]
    Supplier(supplier::SupplierCommand),
    /// Who supplies components and what they are: decisions, by hand or by a table (構成要素についての決定)
    #[command(subcommand)]
    Component(component::ComponentCommand),
    /// Components that wait for such a decision (確認待ちの構成要素)
    #[command(subcommand)]
    Review(review::ReviewCommand),
    /// Firmware: known weaknesses and ends of support, from files (ファームウェアの脆弱性・サポート期限)
    #[command(subcommand)]
    Firmware(firmware::FirmwareCommand),
    /// A form of a plan as a spreadsheet: every field, its source, what is missing (様式の作業用シート)
    Worksheet(worksheet::WorksheetArguments),
    /// Any list or one thing of the ledger, now or as of a day (一覧と内容。過去の時点も)
    Show(show::ShowArguments),
    /// What a supplier, a holder, a country or a product touches (影響範囲)
    Radius(radius::RadiusArguments),
    /// Devices that open ways in from outside: their configurations (機器の設定)
    #[command(subcommand)]
    Device(device::DeviceCommand),
    /// Remote paths: ways in from outside, records of them, vendors' answers (外部からの経路)
    #[command(subcommand)]
    Path(path::PathCommand),
    /// Network segments, and which of them nobody observes (ネットワークの区画)
    Networks(network::NetworksArguments),
    /// The lines of your lists of lines, and which of them nothing explains (回線)
    Circuits(circuits::ListArguments),
    /// Tables of switches, routers and DHCP servers, and whose a hardware address is (ネットワークの表)
    #[command(subcommand)]
    Network(network::NetworkCommand),
    /// Duties: list, show, move, assign, calendar (届出・報告義務)
    #[command(subcommand)]
    Duty(duty::DutyCommand),
    /// Tickets: planned changes, judged and held against what agents see (予定した変更のチケット)
    #[command(subcommand)]
    Ticket(ticket::TicketCommand),
    /// Hosts of which another tool tells: CycloneDX, SPDX, Syft, osquery, GLPI, OCS (他の道具の資産一覧)
    #[command(subcommand)]
    Host(host::HostCommand),
    /// Agents: tokens, revocation (エージェントの登録と失効)
    #[command(subcommand)]
    Agent(agent::AgentCommand),
    /// Alerts by mail and webhook: check a routing file, send a test (通知先の確認と試験)
    #[command(subcommand)]
    Alerts(alerts::AlertsCommand),
    /// Make a one-time sign-in link (サインイン用リンクを作る)
    SignIn(client::ServerArguments),
    /// What was known as of a day, as files with their proof (ある時点の証拠一式)
    Evidence(evidence::EvidenceArguments),
    /// Check a whole ledger, an exported file or an evidence pack (台帳・証拠一式を検証する)
    Verify(ledger::VerifyArguments),
    /// Write the ledger to standard output, one line per entry (台帳を書き出す)
    Export(ledger::ExportArguments),
    /// Read an exported ledger into an empty data folder (書き出した台帳を取り込む)
    Import(ledger::ImportArguments),
    /// Rebuild the model from the first entry and compare it with the snapshot (最初から再計算して照合する)
    Replay(ledger::ReplayArguments),
}

/// Which data folder.
#[derive(Debug, Clone, Args)]
pub(crate) struct DataArgument {
    /// The data folder (データフォルダー)
    #[arg(long, env = "DAICHO_DATA", default_value = "daicho-data")]
    pub(crate) data: PathBuf,
}

/// Which ledger: the one in the data folder, or one in a database.
#[derive(Debug, Clone, Args)]
pub(crate) struct LedgerArgument {
    #[command(flatten)]
    pub(crate) data: DataArgument,
    /// A PostgreSQL database that keeps the ledger: postgres://user:password@host/name (台帳を置くデータベース).
    /// Better given as DAICHO_LEDGER: a command line can be read by everybody on the machine
    #[arg(long = "ledger", env = "DAICHO_LEDGER", hide_env_values = true, value_name = "URL")]
    ledger: Option<String>,
    /// PEM file of the authority that signed the database's certificate; needed for a database on another machine
    #[arg(long, env = "DAICHO_LEDGER_CA", value_name = "FILE")]
    ledger_ca: Option<PathBuf>,
}

impl LedgerArgument {
    /// The database, where one was given.
    pub(crate) fn database(&self) -> Result<Option<Address>, DatabaseFault> {
        self.ledger.as_deref().map(|url| Address::parse(url, self.ledger_ca.as_deref())).transpose()
    }
}

/// Runs the command line and says how it ended.
pub fn main() -> ExitCode {
    // One provider for the whole process, before anything can ask for one. It can only fail when one is set already.
    let _first = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let arguments = Arguments::parse();
    let language = arguments.lang.unwrap_or_else(language_of_environment);
    let ended = match arguments.command {
        Command::Quickstart(arguments) => quickstart::run(&arguments, language),
        Command::Serve(arguments) => serve::run(&arguments, language),
        Command::Example(arguments) => example::run(&arguments, language),
        Command::Check(arguments) => check_files(&arguments, language),
        Command::Regimes(command) => regimes::run(&command, language),
        Command::Designation(arguments) => designation::run(&arguments, language),
        Command::Equipment(command) => equipment::run(&command, language),
        Command::Acd(command) => acd::run(&command, language),
        Command::CheckList(command) => check_list::run(&command, language),
        Command::Plan(command) => record::plan(&command, language),
        Command::Supplier(command) => supplier::run(&command, language),
        Command::Component(command) => component::run(&command, language),
        Command::Review(command) => review::run(&command, language),
        Command::Firmware(command) => firmware::run(&command, language),
        Command::Worksheet(arguments) => worksheet::run(&arguments, language),
        Command::Show(arguments) => show::run(&arguments, language),
        Command::Radius(arguments) => radius::run(&arguments, language),
        Command::Device(command) => device::run(&command, language),
        Command::Path(command) => path::run(&command, language),
        Command::Networks(arguments) => network::run(&arguments, language),
        Command::Circuits(arguments) => circuits::list(&arguments, language),
        Command::Network(command) => network::act(&command, language),
        Command::Duty(command) => duty::run(&command, language),
        Command::Ticket(command) => ticket::run(&command, language),
        Command::Host(command) => host::run(&command, language),
        Command::Agent(command) => agent::run(&command, language),
        Command::Alerts(command) => alerts::run(&command, language),
        Command::SignIn(arguments) => sign_in::run(&arguments, language),
        Command::Evidence(arguments) => evidence::run(&arguments, language),
        Command::Verify(arguments) => ledger::verify(&arguments, language),
        Command::Export(arguments) => ledger::export(&arguments, language),
        Command::Import(arguments) => ledger::import(&arguments, language),
        Command::Replay(arguments) => ledger::replay(&arguments, language),
    };
    match ended {
        Ok(code) => code,
        // Whoever read us had enough (`| head`).
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error, language);
            ExitCode::from(exit_code(&error))
        }
    }
}

fn check_files(arguments: &check::CheckArgs, language: Language) -> anyhow::Result<ExitCode> {
    let today = SystemClock.now().date_in_japan();
    let (mut out, mut complaints) = (std::io::stdout().lock(), std::io::stderr().lock());
    Ok(ExitCode::from(check::run(arguments, language, today, &mut out, &mut complaints)?))
}

/// Bad input is 2, a fault of ours is 1.
fn exit_code(error: &anyhow::Error) -> u8 {
    if error.chain().any(|cause| cause.is::<daicho_schemas::refusal::Refusal>()) { 2 } else { 1 }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}

fn complain(error: &anyhow::Error, language: Language) {
    let mut out = std::io::stderr().lock();
    let refusal = error.chain().find_map(|cause| cause.downcast_ref::<daicho_schemas::refusal::Refusal>());
    // If even standard error is gone there is nobody left to tell.
    let _told = match refusal {
        Some(refusal) => {
            let mut lines = vec![format!("daicho: {} [{}]", refusal.text.get(language), refusal.code.as_str())];
            lines.extend((!refusal.detail.is_empty()).then(|| format!("  {}", refusal.detail)));
            lines.push(format!("  → {}", refusal.remedy.get(language)));
            writeln!(out, "{}", lines.join("\n"))
        }
        None => match error.chain().find_map(|cause| cause.downcast_ref::<DatabaseFault>()) {
            Some(fault) => writeln!(out, "daicho: {}", fault.text().get(language)),
            None => writeln!(out, "daicho: {error:#}"),
        },
    };
}

fn parse_language(text: &str) -> Result<Language, String> {
    match text {
        "ja" => Ok(Language::Ja),
        "en" => Ok(Language::En),
        _ => Err("ja or en".into()),
    }
}

/// Japanese for a Japanese terminal, English for any other: a terminal without Japanese fonts shows boxes.
fn language_of_environment() -> Language {
    let set =
        ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    if set.is_some_and(|value| value.starts_with("ja")) { Language::Ja } else { Language::En }
}

/// Writes one line for a person. A closed pipe is not an error: the reader had enough.
pub(crate) fn say(line: &str) {
    let _closed = writeln!(std::io::stdout().lock(), "{line}");
}

/// Writes one line in the person's language.
pub(crate) fn say_text(language: Language, ja: &str, en: &str) {
    say(Text::new(ja, en).get(language));
}

/// A runtime for one command.
pub(crate) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

/// Logs to standard error; `DAICHO_LOG` chooses what.
pub(crate) fn log_to_stderr(default: &str) {
    let filter = std::env::var("DAICHO_LOG").unwrap_or_else(|_| default.into());
    let filter = tracing_subscriber::EnvFilter::try_new(filter).unwrap_or_default();
    // A second call in one process keeps the first subscriber, which is what we want.
    let _first =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).try_init();
}
