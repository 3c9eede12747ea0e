//! One component: what it is, who supplies it, where it stands.
//! It does not know how it was found on a host.
//! Invariant: the page shows the observation itself, so that what we say of it can be compared with what was seen.

use super::trouble;
use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::model::rows::ComponentDetail;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "component.html")]
pub struct Component {
    /// Shared.
    pub ctx: PageContext,
    /// Everything about it.
    pub detail: ComponentDetail,
    /// The observation as it was stated, readable.
    pub observation: String,
    /// Places that are not shown; they are counted.
    pub places_left_out: u64,
}

impl Component {
    /// From rows.
    pub fn new(ctx: PageContext, detail: ComponentDetail) -> Self {
        let observation = serde_json::to_string_pretty(&detail.observation).unwrap_or_else(|error| error.to_string());
        let places_left_out = detail.row.hosts.saturating_sub(detail.places.len() as u64);
        Self { ctx, detail, observation, places_left_out }
    }
}

/// `GET /components/{id}`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Path(id): Path<String>) -> Response {
    match visitor.read(&app, Section::Components, |model, _| model.component_detail(&id)) {
        Ok((ctx, Some(detail))) => page(StatusCode::OK, &Component::new(ctx, detail)),
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}
