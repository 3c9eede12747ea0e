//! `daicho serve`: the server in the foreground, until it is told to stop.
//! It does not know what it serves.
//! Invariant: a signal stops it cleanly; a second one is not needed.

use super::{block_on, log_to_stderr, say_text};
use crate::book::Place;
use crate::clock::SystemClock;
use crate::output::channels::routed::Routes;
use crate::output::channels::webhook::Webhook;
use crate::serve::{Settings, start};
use clap::Args;
use daicho_schemas::text::Language;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// How to serve.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    ledger: super::LedgerArgument,
    /// The database was restored from a backup and may lack entries that this server knows: go on all the same, and say so
    /// in the ledger. Give it once
    #[arg(long, requires = "ledger")]
    ledger_restored: bool,
    /// Folder of the authority that signs certificates (ca.pem and ca.key), if it is not in the data folder
    #[arg(long, env = "DAICHO_AUTHORITY", value_name = "FOLDER")]
    authority: Option<PathBuf>,
    /// Address to which every entry of notices is posted as JSON, at least once and with a key that stays the same
    /// (通知の送り先). All servers of a ledger are given the same one
    #[arg(long, env = "DAICHO_WEBHOOK", hide_env_values = true, value_name = "URL")]
    webhook: Option<String>,
    /// PEM file of the authority that signed the receiver's certificate; needed for a receiver on another machine
    #[arg(long, env = "DAICHO_WEBHOOK_CA", value_name = "FILE", requires = "webhook")]
    webhook_ca: Option<PathBuf>,
    /// The routing file of alerts (通知先ファイル): who is told of what by mail or webhook, at once or once a day. Check it
    /// with `daicho alerts check`. All servers of a ledger are given the same one
    #[arg(long, env = "DAICHO_ALERTS", value_name = "FILE")]
    alerts: Option<PathBuf>,
    /// Address and port to listen on (待ち受けるアドレス)
    #[arg(long, default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// Another name or address by which agents and people reach this server; may be repeated
    #[arg(long = "name")]
    names: Vec<String>,
    /// After how many minutes without a word an agent counts as silent
    #[arg(long, default_value_t = 45)]
    silent_after_minutes: u32,
}

pub(crate) fn run(arguments: &ServeArguments, language: Language) -> anyhow::Result<ExitCode> {
    log_to_stderr("info");
    let place = match arguments.ledger.database()? {
        Some(address) => Place::Database { address: Box::new(address), restored: arguments.ledger_restored },
        None => Place::Folder,
    };
    let webhook =
        arguments.webhook.as_deref().map(|url| Webhook::parse(url, arguments.webhook_ca.as_deref())).transpose()?;
    let alerts = arguments.alerts.as_deref().map(Routes::open).transpose()?;
    let settings = Settings {
        data: arguments.ledger.data.data.clone(),
        place,
        authority: arguments.authority.clone(),
        webhook,
        alerts,
        listen: arguments.listen,
        names: arguments.names.clone(),
        silent_after_seconds: i64::from(arguments.silent_after_minutes) * 60,
        connect_file: "connect.json",
    };
    block_on(async move {
        let mut running = start(settings, Arc::new(SystemClock)).await?;
        let url = running.connect.url.clone();
        say_text(
            language,
            &format!("台帳のサーバーを {url} で開始しました。"),
            &format!("Serving the ledger at {url}."),
        );
        tokio::select! {
            () = stop_signal() => {}
            ended = running.ended() => ended?,
        }
        running.stop().await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Waits for Ctrl-C or SIGTERM.
pub(crate) async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else {
            let _interrupted = interrupt.await;
            return;
        };
        tokio::select! {
            _interrupted = interrupt => {}
            _terminated = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    let _interrupted = interrupt.await;
}
