//! How a command reaches the server: by the connect file in its data folder, or by address, authority and token.
//! It does not know what is asked.
//! Invariant: only the server's own authority is trusted, and no proxy sees the token.

use crate::serve::{CONNECT_FILES, Connect};
use anyhow::{Context as _, bail};
use clap::Args;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Which server.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServerArguments {
    /// The server's data folder, or one with its connect.json (データフォルダー)
    #[arg(long, env = "DAICHO_DATA", default_value = "daicho-data")]
    pub(super) data: PathBuf,
    /// A connect file: {"url", "ca", "token"} (接続ファイル)
    #[arg(long, env = "DAICHO_CONNECT")]
    connect: Option<PathBuf>,
}

/// A connection to the REST interface.
pub(crate) struct Client {
    connect: Connect,
    http: reqwest::Client,
}

/// How long the server may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

impl Client {
    /// Reads how to connect.
    pub(crate) fn new(arguments: &ServerArguments) -> anyhow::Result<Self> {
        let connect: Connect = match &arguments.connect {
            Some(path) => read_connect(path)?,
            None => CONNECT_FILES
                .iter()
                .map(|name| arguments.data.join(name))
                .find(|path| path.exists())
                .map(|path| read_connect(&path))
                .with_context(|| {
                    format!(
                        "{} holds no connect.json or quickstart.json: give --data with the server's data folder, or --connect with a connect file",
                        arguments.data.display()
                    )
                })??,
        };
        Self::to(connect)
    }

    /// Connects to a known server.
    pub(crate) fn to(connect: Connect) -> anyhow::Result<Self> {
        let pem = std::fs::read(&connect.ca).with_context(|| format!("read {}", connect.ca.display()))?;
        let http = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(&pem)?])
            .no_proxy()
            .timeout(ANSWER_WITHIN)
            .build()?;
        Ok(Self { connect, http })
    }

    /// The server's address.
    pub(crate) fn url(&self) -> &str {
        &self.connect.url
    }

    /// `GET` below `/api/v1`.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let request = self.http.get(format!("{}/api/v1{path}", self.connect.url));
        self.send(request).await
    }

    /// `POST` below `/api/v1`.
    pub(crate) async fn post(&self, path: &str, body: Vec<u8>) -> anyhow::Result<Value> {
        let request = self
            .http
            .post(format!("{}/api/v1{path}", self.connect.url))
            .header("content-type", "application/json")
            .body(body);
        self.send(request).await
    }

    /// `DELETE` below `/api/v1`.
    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        let request = self.http.delete(format!("{}/api/v1{path}", self.connect.url));
        self.send(request).await
    }

    /// What stands at an address of the server, as text.
    pub(crate) async fn text(&self, path: &str) -> anyhow::Result<String> {
        let request = self.http.get(format!("{}{path}", self.connect.url)).bearer_auth(&self.connect.token);
        let response = request.send().await.with_context(|| format!("ask the server at {}", self.connect.url))?;
        Ok(response.error_for_status()?.text().await?)
    }

    /// What stands at an address of the server, as bytes.
    pub(crate) async fn bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let request = self.http.get(format!("{}{path}", self.connect.url)).bearer_auth(&self.connect.token);
        let response = request.send().await.with_context(|| format!("ask the server at {}", self.connect.url))?;
        Ok(response.error_for_status()?.bytes().await?.to_vec())
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        let sent = request.bearer_auth(&self.connect.token).send().await;
        let response = sent.with_context(|| {
            format!("the server at {} does not answer: is it running (`daicho serve`)?", self.connect.url)
        })?;
        let status = response.status();
        let body = response.bytes().await?;
        if status.is_success() {
            return Ok(serde_json::from_slice(&body)?);
        }
        #[derive(Deserialize)]
        struct Refused {
            refusal: Refusal,
        }
        match serde_json::from_slice::<Refused>(&body) {
            Ok(refused) => Err(refused.refusal.into()),
            Err(_) => bail!("the server at {} answered {status}", self.connect.url),
        }
    }
}

fn read_connect(path: &Path) -> anyhow::Result<Connect> {
    let bytes = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
    let connect = serde_json::from_slice(&bytes)
        .map_err(|error| Refusal::new(RefusalCode::RequestMalformed).with(format!("{}: {error}", path.display())))?;
    Ok(connect)
}
