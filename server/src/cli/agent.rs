//! `daicho agent …`: tokens for new agents, the list, revocation.
//! It does not talk to agents; they come to the server.
//! Invariant: a token is printed once, alone on its line, so that a script can take it.

use super::client::{Client, ServerArguments};
use super::{block_on, say, say_text};
use clap::Subcommand;
use comfy_table::{Table, presets};
use daicho_schemas::ids::AgentId;
use daicho_schemas::text::Language;
use serde_json::{Value, json};
use std::process::ExitCode;

/// What to do with agents.
#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Make a one-time enrolment token (登録トークンを作る)
    Token {
        /// For how many hours it can be used
        #[arg(long, default_value_t = 24)]
        hours: u32,
        #[command(flatten)]
        server: ServerArguments,
    },
    /// List agents and their hosts (エージェントの一覧)
    List {
        #[command(flatten)]
        server: ServerArguments,
    },
    /// Refuse an agent from now on (エージェントを失効させる)
    Revoke {
        /// The agent, as `daicho agent list` names it
        #[arg(value_parser = parse_agent_id)]
        agent_id: AgentId,
        /// Why; it stays in the ledger
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        server: ServerArguments,
    },
}

pub(crate) fn run(command: &AgentCommand, language: Language) -> anyhow::Result<ExitCode> {
    match command {
        AgentCommand::Token { hours, server } => {
            let body = json!({ "seconds": i64::from(*hours) * 3600 }).to_string().into_bytes();
            let answer = block_on(async { Client::new(server)?.post("/tokens", body).await })?;
            say(text(&answer, "token"));
        }
        AgentCommand::List { server } => say(&list(server)?),
        AgentCommand::Revoke { agent_id, reason, server } => {
            let body = json!({ "reason": reason }).to_string().into_bytes();
            block_on(async { Client::new(server)?.post(&format!("/agents/{agent_id}/revoke"), body).await })?;
            say_text(language, &format!("{agent_id} を失効させました。"), &format!("{agent_id} is revoked."));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn parse_agent_id(text: &str) -> Result<AgentId, String> {
    AgentId::new(text).map_err(|error| error.to_string())
}

fn list(server: &ServerArguments) -> anyhow::Result<String> {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["agent", "host", "equipment", "hearing", "components", "findings"]);
    let mut cursor = String::new();
    block_on(async {
        let client = Client::new(server)?;
        loop {
            let page = client.get(&format!("/hosts?limit=1000{cursor}")).await?;
            for host in page.get("items").and_then(Value::as_array).into_iter().flatten() {
                let hearing =
                    if host.get("revoked") == Some(&Value::Bool(true)) { "revoked" } else { text(host, "hearing") };
                table.add_row([
                    text(host, "agent_id"),
                    text(host, "hostname"),
                    host.get("equipment_id").and_then(Value::as_str).unwrap_or("–"),
                    hearing,
                    &number(host, "components"),
                    &number(host, "findings_open"),
                ]);
            }
            match page.get("next").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(()),
            }
        }
    })?;
    Ok(table.to_string())
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or("unknown")
}

fn number(value: &Value, field: &str) -> String {
    value.get(field).and_then(Value::as_u64).map_or_else(|| "unknown".into(), |n| n.to_string())
}
