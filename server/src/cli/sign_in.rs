//! `daicho sign-in`: a one-time link that opens the console in a browser.
//! It does not open the browser; on a server there is none.
//! Invariant: the link is alone on its line.

use super::client::{Client, ServerArguments};
use super::{block_on, say};
use anyhow::Context as _;
use daicho_schemas::text::Language;
use std::process::ExitCode;

pub(crate) fn run(server: &ServerArguments, _language: Language) -> anyhow::Result<ExitCode> {
    let link = block_on(async { link(&Client::new(server)?).await })?;
    say(&link);
    Ok(ExitCode::SUCCESS)
}

/// A one-time link for the person whose token the client holds.
pub(crate) async fn link(client: &Client) -> anyhow::Result<String> {
    let answer = client.post("/sign-in-codes", Vec::new()).await?;
    let path = answer.get("path").and_then(serde_json::Value::as_str).context("the server made no link")?;
    Ok(format!("{}{path}", client.url()))
}
