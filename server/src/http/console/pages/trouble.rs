//! The pages for what is not there and for what failed on our side.
//! They do not know what was asked for, and repeat none of it but a refusal's detail.
//! Invariant: none shows anything of the model.

use crate::http::answers::{self, Refused};
use crate::http::console::layout::{PageContext, page};
use askama::Template;
use axum::http::header::REFRESH;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use daicho_schemas::refusal::RefusalCode;

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
    /// What is particular to this case; often nothing.
    pub detail: String,
}

impl Message {
    /// A message without particulars.
    pub fn of(ctx: PageContext, headline: &'static str, remedy: &'static str) -> Self {
        Self { ctx, headline, remedy, detail: String::new() }
    }
}

/// 404.
pub fn not_found(ctx: &PageContext) -> Response {
    let message = Message::of(ctx.clone(), "not-found-headline", "not-found-remedy");
    page(StatusCode::NOT_FOUND, &message)
}

/// 500.
pub fn fault(ctx: &PageContext) -> Response {
    let message = Message::of(ctx.clone(), "fault-headline", "fault-remedy");
    page(StatusCode::INTERNAL_SERVER_ERROR, &message)
}

/// No page as of that day: the question has no answer, or the state is still being computed and the page asks again by itself.
pub fn no_past(ctx: &PageContext, refused: &Refused) -> Response {
    let preparing = refused.refusal.code == RefusalCode::AsOfPreparing;
    let (headline, remedy) = match preparing {
        true => ("as-of-preparing-headline", "as-of-preparing-remedy"),
        false => ("as-of-wrong-headline", "as-of-wrong-remedy"),
    };
    let detail = refused.refusal.detail.clone();
    let message = Message { detail, ..Message::of(ctx.clone(), headline, remedy) };
    let mut answer = page(answers::status(refused.refusal.code), &message);
    if preparing {
        answer.headers_mut().insert(REFRESH, HeaderValue::from_static("2"));
    }
    answer
}
