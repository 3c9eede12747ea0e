//! The pages for what is not there and for what failed on our side.
//! They do not know what was asked for, and repeat none of it.
//! Invariant: neither shows anything of the model.

use crate::http::console::layout::{PageContext, page};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

/// A page with one message.
#[derive(Template)]
#[template(path = "message.html")]
pub struct Message {
    /// Shared.
    pub ctx: PageContext,
    /// The key of the headline.
    pub headline: &'static str,
    /// The key of what to do.
    pub remedy: &'static str,
}

/// 404.
pub fn not_found(ctx: &PageContext) -> Response {
    let message = Message { ctx: ctx.clone(), headline: "not-found-headline", remedy: "not-found-remedy" };
    page(StatusCode::NOT_FOUND, &message)
}

/// 500.
pub fn fault(ctx: &PageContext) -> Response {
    let message = Message { ctx: ctx.clone(), headline: "fault-headline", remedy: "fault-remedy" };
    page(StatusCode::INTERNAL_SERVER_ERROR, &message)
}
