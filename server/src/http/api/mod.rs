//! The REST interface: everything a page shows, and everything a script may do. One line per route.
//! It does not know pages; both read the same rows from the model.
//! Invariant: a list is `{"items": […], "next": cursor or null}`, a refusal is `{"refusal": {…}}`.

mod changes;
mod computers;
mod decisions;
mod duties;
mod health;
mod ledger;
mod people;
mod reads;
mod writes;

pub(in crate::http) use decisions::new_id as new_decision_id;

use super::App;
use axum::Router;
use axum::routing::{get, post};
use std::sync::Arc;

/// The routes below `/api/v1`.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/health", get(health::health))
        .route("/equipment", get(reads::equipment))
        .route("/equipment/{id}", get(reads::equipment_detail))
        .route("/hosts", get(reads::hosts))
        .route("/hosts/{id}", get(reads::host_detail))
        .route("/components", get(reads::components))
        .route("/components/{id}", get(reads::component_detail))
        .route("/components/{id}/places", get(reads::component_places))
        .route("/findings", get(reads::findings))
        .route("/findings/{id}", get(reads::finding))
        .route("/duties", get(duties::list))
        .route("/duties/{id}", get(duties::one))
        .route("/calendar-link", post(duties::calendar_link).delete(duties::calendar_link_taken_back))
        .route("/duties/{id}/moves", post(duties::moves))
        .route("/duties/{id}/assign", post(duties::assign))
        .route("/duties/{id}/dates", post(duties::dates))
        .route("/decisions", get(decisions::list).post(decisions::decide))
        .route("/decisions/table", post(decisions::table))
        .route("/decisions/{id}", get(decisions::one))
        .route("/decisions/{id}/withdraw", post(decisions::withdraw))
        .route("/review", get(decisions::review))
        .route("/review/{id}", get(decisions::review_one).post(decisions::review_decide))
        .route("/suppliers", get(reads::suppliers).post(writes::suppliers))
        .route("/suppliers/{id}/people", get(people::people))
        .route("/suppliers/{id}/erase-people", post(people::erase))
        .route("/plans", get(reads::plans).post(writes::plan))
        .route("/radius", get(reads::radius))
        .route("/plans/{id}/missing", get(reads::plan_completeness))
        .route("/computers", get(computers::list).post(computers::judge))
        .route("/equipment/{id}/acd-worksheet", get(computers::worksheet))
        .route("/equipment/{id}/acd-worksheet.xlsx", get(computers::spreadsheet))
        .route("/changes/judge", post(changes::judge))
        .route("/tokens", post(writes::token))
        .route("/agents/{id}/revoke", post(writes::revoke))
        .route("/sign-in-codes", post(writes::sign_in_code))
        .route("/admission", get(health::admission))
        .route("/channels", get(health::channels))
        .route("/ledger/head", get(ledger::head))
        .route("/ledger/entries", get(ledger::entries))
}
