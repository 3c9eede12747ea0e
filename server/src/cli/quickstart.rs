//! `daicho quickstart`: everything on one machine: server, an agent for this host as a process of its own, an example
//! operator, and a link into the console.
//! It does not take a short cut anywhere: the agent enrols with a token and speaks over TLS like any other.
//! Invariant: whatever was started here is stopped here, and a second start goes on where the first one stopped.

use super::client::Client;
use super::{block_on, example, log_to_stderr, say, say_text, serve, sign_in};
use crate::book::Place;
use crate::clock::SystemClock;
use crate::serve::{Running, Settings, start};
use anyhow::{Context as _, bail};
use clap::Args;
use daicho_schemas::text::Language;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::process::{Child, ChildStdin, Command};

/// Where to try it.
#[derive(Debug, Args)]
pub(crate) struct QuickstartArguments {
    #[command(flatten)]
    data: super::DataArgument,
    /// Address and port to listen on (待ち受けるアドレス)
    #[arg(long, default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
}

/// How long the first inventory may take before we stop waiting for it (it goes on all the same).
const FIRST_INVENTORY_WITHIN: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(200);

pub(crate) fn run(arguments: &QuickstartArguments, language: Language) -> anyhow::Result<ExitCode> {
    log_to_stderr("warn");
    let agent = agent_executable()?;
    let settings = Settings {
        data: arguments.data.data.clone(),
        place: Place::Folder,
        authority: None,
        webhook: None,
        alerts: None,
        listen: arguments.listen,
        names: Vec::new(),
        silent_after_seconds: 45 * 60,
        connect_file: "quickstart.json",
    };
    let state = std::path::absolute(arguments.data.data.join("agent"))?;
    block_on(async move {
        let mut running = start(settings, Arc::new(SystemClock)).await?;
        let ended = play(&mut running, &agent, &state, language).await;
        running.stop().await?;
        ended.map(|()| ExitCode::SUCCESS)
    })
}

async fn play(running: &mut Running, agent: &PathBuf, state: &PathBuf, language: Language) -> anyhow::Result<()> {
    let client = Client::to(running.connect.clone())?;
    let url = running.connect.url.clone();
    say_text(language, &format!("サーバー: {url}"), &format!("Server: {url}"));
    load_example(&client, language).await?;
    if !state.join("identity.json").exists() {
        enrol(&client, agent, state, &url, language).await?;
    }
    let mut child = spawn_agent(agent, state, &url)?;
    // Taken out, because waiting for a process closes its standard input.
    let leash = child.stdin.take();
    let waited = tokio::select! {
        waited = first_inventory(&client, language) => waited,
        () = serve::stop_signal() => return stop_agent(child, leash).await,
        ended = child.wait() => bail!("the agent ended by itself: {}", ended?),
    };
    if !waited? {
        say_text(
            language,
            "最初のインベントリがまだ届いていません。届きしだい、画面に表示されます。",
            "The first inventory has not arrived yet; the console shows it as soon as it does.",
        );
    }
    summary(&client, running, language).await?;
    tokio::select! {
        () = serve::stop_signal() => {}
        ended = running.ended() => ended?,
        ended = child.wait() => bail!("the agent ended by itself: {}", ended?),
    }
    say_text(language, "終了しています…", "Stopping …");
    stop_agent(child, leash).await
}

/// The agent's executable lies beside ours.
fn agent_executable() -> anyhow::Result<PathBuf> {
    let beside = std::env::current_exe()?.with_file_name("daicho-agent");
    if beside.exists() {
        Ok(beside)
    } else {
        bail!("{} is missing: build it with `cargo build --release`", beside.display())
    }
}

async fn load_example(client: &Client, language: Language) -> anyhow::Result<()> {
    let plans = client.get("/plans?limit=1").await?;
    if plans.get("items").and_then(Value::as_array).is_some_and(|items| !items.is_empty()) {
        return Ok(());
    }
    let (plan, suppliers) = example::of_this_host();
    client.post("/suppliers", serde_json::to_vec(&suppliers)?).await?;
    client.post("/plans", serde_json::to_vec(&plan)?).await?;
    let operator = plan.operator.name.get(language);
    say_text(
        language,
        &format!("架空の事業者の例を登録しました: {operator}"),
        &format!("Loaded an example operator: {operator}"),
    );
    Ok(())
}

async fn enrol(client: &Client, agent: &PathBuf, state: &PathBuf, url: &str, language: Language) -> anyhow::Result<()> {
    let answer = client.post("/tokens", b"{\"seconds\":600}".to_vec()).await?;
    let token = answer.get("token").and_then(Value::as_str).context("the server made no token")?;
    // The token goes by the environment: a command line can be read by every account of the machine.
    let ended = agent_command(agent)
        .arg("enroll")
        .args(["--server", url, "--state"])
        .arg(state)
        .env("DAICHO_TOKEN", token)
        .stdout(Stdio::null())
        .status()
        .await
        .with_context(|| format!("start {}", agent.display()))?;
    if !ended.success() {
        bail!("the agent could not enrol ({ended})");
    }
    say_text(language, "このホストのエージェントを登録しました（mTLS）。", "Enrolled an agent for this host (mTLS).");
    Ok(())
}

fn spawn_agent(agent: &PathBuf, state: &PathBuf, url: &str) -> anyhow::Result<Child> {
    agent_command(agent)
        .args(["run", "--until-stdin-closes", "--server", url, "--state"])
        .arg(state)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("start {}", agent.display()))
}

fn agent_command(agent: &PathBuf) -> Command {
    let mut command = Command::new(agent);
    command.env("DAICHO_LOG", std::env::var("DAICHO_LOG").unwrap_or_else(|_| "warn".into()));
    // As in agent/packaging: memory is given back after a look.
    for (name, value) in
        [("MALLOC_ARENA_MAX", "1"), ("MALLOC_TRIM_THRESHOLD_", "65536"), ("MALLOC_MMAP_THRESHOLD_", "65536")]
    {
        command.env(name, value);
    }
    // Ctrl-C is for us; we tell the agent.
    #[cfg(unix)]
    command.process_group(0);
    command
}

/// Waits for the first batch of any host. False when it takes longer than anybody wants to wait.
async fn first_inventory(client: &Client, language: Language) -> anyhow::Result<bool> {
    say_text(language, "最初のインベントリを取っています…", "Taking the first inventory …");
    let started = tokio::time::Instant::now();
    while started.elapsed() < FIRST_INVENTORY_WITHIN {
        let hosts = client.get("/hosts?limit=1").await?;
        let reported = hosts
            .get("items")
            .and_then(Value::as_array)
            .and_then(|items| items.first()?.get("last_batch_number")?.as_u64());
        if reported.is_some_and(|number| number > 0) {
            return Ok(true);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(false)
}

async fn summary(client: &Client, running: &Running, language: Language) -> anyhow::Result<()> {
    let link = sign_in::link(client).await?;
    let (components, findings, duties) = {
        let app = &running.app;
        let model = app.model();
        let today = app.clock.now().date_in_japan();
        let equipment = model.equipment(today);
        let covered: u64 = equipment.iter().map(|row| row.components_covered).sum();
        let undeclared: u64 = equipment.iter().map(|row| row.components_undeclared).sum();
        let findings: u64 = equipment.iter().map(|row| row.findings_open).sum();
        let duties: u64 = equipment.iter().map(|row| row.duties_open).sum();
        ((covered, undeclared), findings, duties)
    };
    let (covered, undeclared) = components;
    say("");
    say_text(
        language,
        &format!(
            "構成要素: 計画書に記載あり {covered}、計画書に記載なし {undeclared}。検知 {findings} 件、届出・報告義務 {duties} 件。"
        ),
        &format!("Components: {covered} declared, {undeclared} undeclared. {findings} findings, {duties} duties."),
    );
    say("");
    say_text(
        language,
        "次のリンクを開いてください（1 回限り、15 分有効）:",
        "Open this link (works once, for 15 minutes):",
    );
    say(&format!("  {link}"));
    let ca = running.connect.ca.display().to_string();
    say_text(
        language,
        &format!("ブラウザーが証明書を警告する場合は、この認証局を信頼させてください: {ca}"),
        &format!("If the browser warns about the certificate, let it trust this authority: {ca}"),
    );
    say_text(language, "Ctrl-C で終了します。", "Ctrl-C stops everything.");
    Ok(())
}

/// The agent ends when its standard input closes; so it also ends when this process dies without a word.
async fn stop_agent(mut child: Child, leash: Option<ChildStdin>) -> anyhow::Result<()> {
    const STOP_WITHIN: Duration = Duration::from_secs(5);
    drop(leash);
    if tokio::time::timeout(STOP_WITHIN, child.wait()).await.is_err() {
        child.kill().await?;
    }
    Ok(())
}
