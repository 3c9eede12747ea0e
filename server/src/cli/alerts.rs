//! `daicho alerts`: look at a routing file before it is used, and send one test message.
//! It does not need a server or a ledger.
//! Invariant: checking sends nothing; a test goes to the one recipient that was named.

use super::{block_on, say, say_text};
use crate::clock::{Clock as _, SystemClock};
use crate::output::channels::Undelivered;
use crate::output::channels::routed::{Route, Routes};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use daicho_schemas::alerts::{Immediate, Recipient, Weight};
use daicho_schemas::fact::decision::Role;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::{Language, Text, printable};
use std::path::PathBuf;
use std::process::ExitCode;

/// What to do with a routing file.
#[derive(Debug, Subcommand)]
pub(crate) enum AlertsCommand {
    /// Check a routing file and show who is told of what (通知先ファイルを確かめる)
    Check(CheckArguments),
    /// Send one test message to one recipient (試しに送る)
    Test(TestArguments),
}

/// Which file.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// The routing file (daicho.alerts.v1)
    file: PathBuf,
}

/// Which file, and to whom.
#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// The routing file (daicho.alerts.v1)
    file: PathBuf,
    /// The recipient's name in the file (宛先の名前)
    #[arg(long)]
    to: String,
}

pub(crate) fn run(command: &AlertsCommand, language: Language) -> anyhow::Result<ExitCode> {
    match command {
        AlertsCommand::Check(arguments) => {
            let routes = Routes::open(&arguments.file)?;
            say(&table(&routes.routes, language));
            for gap in gaps(&routes.routes) {
                say(&format!("! {}", gap.get(language)));
            }
            Ok(ExitCode::SUCCESS)
        }
        AlertsCommand::Test(arguments) => test(arguments, language),
    }
}

fn test(arguments: &TestArguments, language: Language) -> anyhow::Result<ExitCode> {
    let routes = Routes::open(&arguments.file)?;
    let named = routes.routes.iter().find(|route| route.recipient.name == arguments.to);
    let Some(route) = named.cloned() else {
        let what = format!("field recipients: nobody is called '{}'", arguments.to);
        return Err(Refusal::new(RefusalCode::AlertsMalformed).with(what).into());
    };
    match block_on(async move { Ok(route.test(SystemClock.now()).await) })? {
        Ok(()) => {
            say_text(
                language,
                &format!(
                    "宛先「{}」への試験を、相手のサーバーが受け取りました。届いたことを確かめてください。",
                    arguments.to
                ),
                &format!("The receiving server took the test for '{}'. See that it arrives.", arguments.to),
            );
            Ok(ExitCode::SUCCESS)
        }
        Err(Undelivered::Later(why) | Undelivered::Refused(why)) => {
            say_text(
                language,
                &format!(
                    "宛先「{}」に送れませんでした：{why}。サーバー名・ポート・証明書（ca_file）・ユーザーとパスワード・宛先を確かめてください。",
                    arguments.to
                ),
                &format!(
                    "Nothing could be sent to '{}': {why}. Look at host, port, certificate (ca_file), user and password, and the address.",
                    arguments.to
                ),
            );
            Ok(ExitCode::FAILURE)
        }
    }
}

fn table(routes: &[Route], language: Language) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    let heads = Text::new(
        "宛先|言語|送り先|役割|設備|重さ|すぐ|まとめ",
        "recipient|language|to|roles|equipment|weight|at once|digest",
    );
    table.set_header(heads.get(language).split('|'));
    for Route { recipient, .. } in routes {
        table.add_row(row(recipient, language));
    }
    table.to_string()
}

fn row(recipient: &Recipient, language: Language) -> Vec<String> {
    let all = Text::new("すべて", "all").get(language).to_string();
    let or_all = |words: Vec<String>| if words.is_empty() { all.clone() } else { words.join(", ") };
    let to = recipient.mail.as_ref().map_or_else(|| "webhook".to_string(), |mail| printable(mail));
    let (at_once, digest) = if recipient.mail.is_some() {
        let word = |cause: &Immediate| cause_word(*cause).get(language).to_string();
        let causes: Vec<String> = recipient.immediate.iter().map(word).collect();
        let quiet = recipient.quiet_hours.map(|quiet| format!(" ({:02}–{:02} ✕)", quiet.from_hour, quiet.to_hour));
        let causes = if causes.is_empty() { "–".to_string() } else { causes.join(", ") };
        (causes + &quiet.unwrap_or_default(), format!("{:02}:00 JST", recipient.digest.hour))
    } else {
        (all.clone(), "–".into())
    };
    vec![
        recipient.name.clone(),
        crate::i18n::tag(recipient.language).into(),
        to,
        or_all(recipient.roles.iter().map(|role| role_word(*role).into()).collect()),
        or_all(recipient.equipment.iter().map(ToString::to_string).collect()),
        match recipient.severity_min {
            Weight::Notice => all.clone(),
            Weight::Warning => "≥ warning".into(),
            Weight::Critical => "critical".into(),
        },
        at_once,
        digest,
    ]
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::Operator => "operator",
        Role::Security => "security",
        Role::Compliance => "compliance",
        Role::Auditor => "auditor",
        Role::Admin => "admin",
    }
}

fn cause_word(cause: Immediate) -> Text {
    match cause {
        Immediate::ProhibitionPeriod => Text::new("禁止期間", "prohibition period"),
        Immediate::UndeclaredRemotePath => Text::new("外部からの経路", "remote path"),
        Immediate::FileFirst => Text::new("あらかじめ届出", "file first"),
        Immediate::PlannedChangeDiffers => Text::new("チケットとの違い", "difference from a ticket"),
    }
}

/// What reaches nobody, in words.
fn gaps(routes: &[Route]) -> Vec<Text> {
    let everyone = || routes.iter().map(|route| &route.recipient);
    let reads = |one: &Recipient, role: Role| {
        one.roles.is_empty() || one.roles.iter().any(|own| *own == role || matches!(own, Role::Auditor | Role::Admin))
    };
    let mut gaps = Vec::new();
    for cause in Immediate::all() {
        let roles = [Role::Compliance, Role::Security];
        let told = |one: &Recipient| {
            let way = one.webhook.is_some() || one.immediate.contains(&cause);
            way && one.equipment.is_empty() && roles.iter().any(|role| reads(one, *role))
        };
        if !everyone().any(told) {
            let word = cause_word(cause);
            gaps.push(Text::new(
                format!("「{}」をすべての設備についてすぐに知らされる宛先がありません。", word.ja),
                format!("Nobody is told at once of '{}' for every equipment.", word.en),
            ));
        }
    }
    for role in [Role::Operator, Role::Security, Role::Compliance] {
        let told = |one: &Recipient| reads(one, role) && one.equipment.is_empty() && one.severity_min == Weight::Notice;
        if !everyone().any(told) {
            let word = role_word(role);
            gaps.push(Text::new(
                format!("役割 {word} に当たる検出の一部（設備に属さないもの、または軽いもの）は誰にも届きません。"),
                format!("Some findings for the role {word} (of no equipment, or of little weight) reach nobody."),
            ));
        }
    }
    gaps
}
