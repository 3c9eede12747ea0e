//! What can be said on the command line.
//! It does not do anything; `main` turns each command into a call.
//! Invariant: wrong arguments end with code 2 before anything was touched.

use crate::access::DEVICE_FOLDER_HERE;
use crate::files::state_folder_default;
use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Reads what a critical host is made of and hands it to the ledger. 重要設備のホストの構成を読み、台帳へ渡します。
#[derive(Debug, Parser)]
#[command(name = "daicho-agent", version, propagate_version = true, after_help = EXIT_CODES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes 終了コード:
  0  done 正常終了
  1  a fault of our own disk or network ディスク・ネットワークの障害
  2  wrong arguments 引数の誤り
  3  the server refused サーバーによる拒否
  4  another daicho-agent uses this state folder 状態フォルダーが使用中
  5  not enrolled yet 未登録
  6  rules of probing forbid all of it 探査の規則によりすべて禁止";

/// The five things an agent can be asked.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print what this host is made of; needs no server. このホストの構成を表示（サーバー不要）
    Inventory {
        /// Read a mounted image or a recorded machine instead of this host. 別のルート（イメージ等）を読む
        #[arg(long, value_name = "DIR", default_value = "/")]
        root: PathBuf,
        /// Where configurations of devices are laid for the agent. 機器の設定の受け渡しフォルダー
        #[arg(long, value_name = "DIR", env = "DAICHO_DEVICE_FOLDER", default_value = DEVICE_FOLDER_HERE)]
        device_folder: String,
        /// How to print it. 出力形式
        #[arg(long, value_enum, default_value_t = InventoryFormat::Table)]
        format: InventoryFormat,
        /// Only this collector; may be repeated. この収集器だけ（複数指定可）
        #[arg(long, value_name = "COLLECTOR")]
        only: Vec<String>,
        /// Say on standard error what each collector used. 収集器ごとの負荷を標準エラー出力に表示
        #[arg(long)]
        costs: bool,
    },
    /// Join a server with a one-time token. 登録トークンでサーバーに登録
    Enroll {
        /// The server's address. サーバーの URL
        #[arg(long, value_name = "https://HOST:PORT")]
        server: String,
        /// The token that `daicho agent token` printed. 登録トークン
        #[arg(long, env = "DAICHO_TOKEN", hide_env_values = true, conflicts_with = "token_file")]
        token: Option<String>,
        /// A file that holds the token, so that it shows in no list of processes. トークンのファイル
        #[arg(long, value_name = "FILE")]
        token_file: Option<PathBuf>,
        /// Reach the server by this HTTP proxy. プロキシの URL
        #[arg(long, value_name = "URL")]
        proxy: Option<String>,
        /// Where keys and spool are kept. 状態フォルダー
        #[arg(long, value_name = "DIR", default_value_os_t = state_folder_default())]
        state: PathBuf,
    },
    /// Watch this host and report every change. ホストを見張り、変化を報告
    Run(RunArguments),
    /// Say how this agent is doing. エージェントの状態を表示
    Status {
        /// Where keys and spool are kept. 状態フォルダー
        #[arg(long, value_name = "DIR", default_value_os_t = state_folder_default())]
        state: PathBuf,
        /// How to print it. 出力形式
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Be a Windows service. Windows サービスとして動かす
    #[cfg(windows)]
    #[command(subcommand)]
    Service(ServiceCommand),
    /// Ask listed network devices who they are; never done by `run`. 許可リストの機器だけに問い合わせる（run は行わない）
    #[command(subcommand)]
    Probe(ProbeCommand),
}

/// What to do about probing. What is sent and how to stop it: docs/operations/probing.md.
#[derive(Debug, Subcommand)]
pub enum ProbeCommand {
    /// Print everything that `probe run` would send; sends nothing. 送る内容をすべて表示（何も送らない）
    Plan {
        /// The allow-list. 許可リスト
        #[arg(long, value_name = "FILE")]
        allow: PathBuf,
        /// How to print it. 出力形式
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Go through the plan, slowly, as far as the rules allow. 計画どおりに問い合わせる
    Run {
        /// The allow-list. 許可リスト
        #[arg(long, value_name = "FILE")]
        allow: PathBuf,
        /// Where the log of what was sent is kept. 状態フォルダー
        #[arg(long, value_name = "DIR", default_value_os_t = state_folder_default())]
        state: PathBuf,
        /// How to print what came of it. 出力形式
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Print what was sent, one line of JSON for each. 送信の記録を表示
    Log {
        /// Where the log is kept. 状態フォルダー
        #[arg(long, value_name = "DIR", default_value_os_t = state_folder_default())]
        state: PathBuf,
    },
}

/// What to do about the service.
#[cfg(windows)]
#[derive(Debug, Subcommand)]
pub enum ServiceCommand {
    /// Make the service and its state folder; then: enroll, service start. サービスを登録
    Install(InstallArguments),
    /// Start it. 開始
    Start,
    /// Stop it. 停止
    Stop,
    /// Say how it is. 状態を表示
    Status,
    /// Stop it and take it out; the state folder stays. サービスを削除（状態フォルダーは残る）
    Uninstall,
    /// What the manager of services starts.
    #[command(hide = true)]
    Run(RunArguments),
}

/// How the service is made.
#[cfg(windows)]
#[derive(Debug, clap::Args)]
pub struct InstallArguments {
    /// Under which account it runs. 実行アカウント
    #[arg(long, value_enum, default_value_t = ServiceAccount::Own)]
    pub account: ServiceAccount,
    /// Where keys and spool are kept. 状態フォルダー
    #[arg(long, value_name = "DIR", default_value_os_t = state_folder_default())]
    pub state: PathBuf,
    /// When to look at everything, besides every change: five fields as in crontab(5). 全件確認の時刻
    #[arg(long, value_name = "CRON", default_value = "*/15 * * * *")]
    pub schedule: String,
    /// The time zone that the schedule counts in. 時刻帯
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub tz: String,
}

/// Accounts that a service may have.
#[cfg(windows)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ServiceAccount {
    /// One of its own without rights (NT SERVICE). What only administrators may read is then reported as not readable.
    Own,
    /// LocalSystem, which may read everything, and could change everything.
    System,
}

/// How `run` runs.
#[derive(Debug, clap::Args)]
pub struct RunArguments {
    /// Where keys and spool are kept. 状態フォルダー
    #[arg(long, value_name = "DIR", default_value_os_t = state_folder_default())]
    pub state: PathBuf,
    /// When to look at everything, besides every change: five fields as in crontab(5). 全件確認の時刻
    #[arg(long, value_name = "CRON", env = "DAICHO_SCHEDULE", default_value = "*/15 * * * *")]
    pub schedule: String,
    /// The time zone that the schedule counts in. 時刻帯
    #[arg(long, value_name = "ZONE", env = "DAICHO_TZ", default_value = "UTC")]
    pub tz: String,
    /// Collect, hand over and end. 一度だけ実行
    #[arg(long)]
    pub once: bool,
    /// Read a mounted image or a recorded machine instead of this host. 別のルートを読む
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,
    /// Where configurations of devices are laid for the agent. 機器の設定の受け渡しフォルダー
    #[arg(long, value_name = "DIR", env = "DAICHO_DEVICE_FOLDER", default_value = DEVICE_FOLDER_HERE)]
    pub device_folder: String,
    /// The server has moved to this address; its authority stays the same. サーバーの新しい URL
    #[arg(long, value_name = "https://HOST:PORT")]
    pub server: Option<String>,
    /// End when standard input closes: for a parent that may die without a word.
    #[arg(long, hide = true)]
    pub until_stdin_closes: bool,
}

/// How to print an inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InventoryFormat {
    /// For people. 表
    Table,
    /// For `daicho check`: everything, as it was seen. 本ソフトの形式
    Json,
    /// CycloneDX 1.6 in JSON: everything, for other tools.
    Cyclonedx,
    /// SPDX 2.3 in JSON: software and machine, for other tools.
    Spdx,
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For machines.
    Json,
    /// For people.
    Table,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }
}
