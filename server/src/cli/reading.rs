//! How a reading command asks: a running server, or the ledger in a data folder itself; now, or as of a time in the past.
//! It does not know what is asked. Both ways answer through the same routes (`http::api::reads`), so they say the same.
//! Invariant: what is of the past says so before anything else is printed.

use super::client::{Client, ServerArguments};
use super::ledger::{look_whole, progress};
use super::{DataArgument, LedgerArgument, say};
use crate::clock::{Clock as _, SystemClock};
use crate::http::api::reads;
use crate::http::moment::{Folded, Moment};
use crate::past::{self, AsOf, Question, Stand};
use anyhow::{Context as _, bail};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use clap::Args;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Language;
use serde::Deserialize;
use serde_json::Value;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt as _;

/// Where to read, and as of when.
#[derive(Debug, Clone, Args)]
pub(crate) struct ReadingArguments {
    #[command(flatten)]
    server: ServerArguments,
    /// What the ledger knew at the end of this day in Japan; an instant in UTC or an entry's number do as well (時点)
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = |text: &str| text.parse::<AsOf>())]
    as_of: Option<AsOf>,
    /// With --as-of: also what entered later and speaks of that day, so what is known today about it (後からわかったことを含める)
    #[arg(long, requires = "as_of")]
    hindsight: bool,
    /// Read the ledger in the data folder itself; no server is needed (サーバーを使わず台帳を読む)
    #[arg(long, conflicts_with = "connect")]
    offline: bool,
}

/// A way to ask for rows.
pub(crate) struct Reader {
    way: Way,
    /// What is added to every question.
    suffix: String,
    /// Which state of the past is read.
    pub(crate) stand: Option<Stand>,
}

enum Way {
    Server(Client),
    Folder(Router),
}

/// How often, and with which pause, a server is asked for a state that it is still computing: ten minutes.
const PREPARING_LOOKS: u32 = 300;
const PREPARING_EVERY: Duration = Duration::from_secs(2);
/// An answer of our own routes, in bytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;

impl ReadingArguments {
    /// Opens the way. Where the past is asked for, its state is folded before this returns.
    pub(crate) async fn open(&self, language: Language) -> anyhow::Result<Reader> {
        if self.offline {
            return self.folder(language);
        }
        let client = Client::new(&self.server)?;
        let Some(as_of) = self.as_of else { return Ok(Reader::of(client)) };
        let suffix = format!("as_of={as_of}{}", if self.hindsight { "&hindsight=true" } else { "" });
        let stand = prepared(&client, &suffix).await?;
        Ok(Reader { way: Way::Server(client), suffix, stand })
    }

    fn folder(&self, language: Language) -> anyhow::Result<Reader> {
        let data = DataArgument { data: self.server.data.clone() };
        let engine = look_whole(&LedgerArgument { data, ledger: None, ledger_ca: None }, language)?;
        let as_of = self.as_of.unwrap_or(AsOf::Entry(engine.head().seq));
        let question = Question { as_of, hindsight: self.hindsight };
        let bar = progress(engine.head().seq);
        let moment = past::at(engine.as_ref(), question, SystemClock.now(), &mut |seq, last| {
            bar.set_length(last);
            bar.set_position(seq);
        })?;
        bar.finish_and_clear();
        let mut moment = Moment::past(moment);
        if self.as_of.is_none() {
            // The files as they are: judged today.
            moment.today = SystemClock.now().date_in_japan();
        }
        let stand = moment.stand.clone().filter(|_| self.as_of.is_some());
        let way = Way::Folder(reads::router().with_state(Folded(Arc::new(moment))));
        Ok(Reader { way, suffix: String::new(), stand })
    }
}

async fn prepared(client: &Client, suffix: &str) -> anyhow::Result<Option<Stand>> {
    for look in 0..PREPARING_LOOKS {
        match client.get(&format!("/as-of?{suffix}")).await {
            Ok(stand) => return Ok(serde_json::from_value(stand)?),
            Err(error) => match error.downcast_ref::<Refusal>() {
                Some(refusal) if refusal.code == RefusalCode::AsOfPreparing => {
                    if look % 5 == 0 {
                        // If even standard error is gone there is nobody left to tell.
                        let _told = writeln!(std::io::stderr(), "… {}", refusal.detail);
                    }
                    tokio::time::sleep(PREPARING_EVERY).await;
                }
                _ => return Err(error),
            },
        }
    }
    bail!("the server does not come to an end with that state of the past")
}

impl Reader {
    /// What a server knows now.
    pub(crate) fn now(server: &ServerArguments) -> anyhow::Result<Self> {
        Client::new(server).map(Self::of)
    }

    fn of(client: Client) -> Self {
        Self { way: Way::Server(client), suffix: String::new(), stand: None }
    }

    /// `GET` below `/api/v1`.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        match &self.way {
            Way::Server(client) if self.suffix.is_empty() => client.get(path).await,
            Way::Server(client) => {
                let join = if path.contains('?') { '&' } else { '?' };
                client.get(&format!("{path}{join}{}", self.suffix)).await
            }
            Way::Folder(router) => answer(router.clone(), path).await,
        }
    }

    /// Every row of a list.
    pub(crate) async fn all(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let join = if path.contains('?') { '&' } else { '?' };
            let mut page = self.get(&format!("{path}{join}limit=200{cursor}")).await?;
            match page.get_mut("items").map(Value::take) {
                Some(Value::Array(items)) => rows.extend(items),
                _ => bail!("the server's list is not of this release"),
            }
            match page.get("next").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={}", encoded(next)),
                None => return Ok(rows),
            }
        }
    }

    /// Says which state of the past is shown: beside the rows for people, apart from them for programs.
    pub(crate) fn announce(&self, for_programs: bool, language: Language) {
        let Some(stand) = &self.stand else { return };
        let text = stand.text();
        let line = format!("◷ {}", text.get(language));
        if for_programs {
            // If even standard error is gone there is nobody left to tell.
            let _told = writeln!(std::io::stderr(), "{line}");
        } else {
            say(&line);
        }
    }
}

/// A word as it stands in an address.
pub(crate) fn encoded(text: &str) -> impl std::fmt::Display {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
}

async fn answer(router: Router, path: &str) -> anyhow::Result<Value> {
    #[derive(Deserialize)]
    struct Refused {
        refusal: Refusal,
    }
    let request = Request::get(path).body(Body::empty()).context("the question cannot be put")?;
    let answer = router.oneshot(request).await?;
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), ANSWER_BYTES_MAX).await?;
    if status.is_success() {
        return Ok(serde_json::from_slice(&body)?);
    }
    match serde_json::from_slice::<Refused>(&body) {
        Ok(refused) => Err(refused.refusal.into()),
        Err(_) => Err(Refusal::new(RefusalCode::NotFound).with(path).into()),
    }
}
