//! The channels on which people are told: what waits, since when, and why.
//! It does not know addresses; a channel is called by its recipient's name in the routing file.
//! Invariant: a server that does not tell says so; its numbers are no statement about the one that does.

use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::output::channels::state::ChannelRow;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "channels.html")]
pub struct Channels {
    /// Shared.
    pub ctx: PageContext,
    /// Whether this server tells, and not another one.
    pub tells: bool,
    /// Every channel by name, in order.
    pub channels: Vec<(String, ChannelRow)>,
}

/// `GET /channels`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor) -> Response {
    let tells = app.leadership.leads();
    let channels = app.channels.rows().into_iter().collect();
    match visitor.read(&app, Section::None, |_, _| ()) {
        Ok((ctx, ())) => page(StatusCode::OK, &Channels { ctx, tells, channels }),
        Err(fault) => fault,
    }
}
