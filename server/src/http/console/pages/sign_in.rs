//! How to get in: the one page that needs no person.
//! It does not know codes or sessions; it only says who makes a link and how.
//! Invariant: it shows nothing of the model.

use crate::http::App;
use crate::http::console::layout::{PageContext, Reader, page};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// Shared, without a person.
    pub ctx: PageContext,
}

/// `GET /sign-in`.
pub async fn show(State(app): State<Arc<App>>, reader: Reader) -> Response {
    page(StatusCode::OK, &SignIn { ctx: reader.context(&app) })
}
