//! The REST interface: everything a page shows, and everything a script may do. One line per route.
//! It does not know pages; both read the same rows from the model.
//! Invariant: a list is `{"items": […], "next": cursor or null}`, a refusal is `{"refusal": {…}}`.

mod changes;
mod check_lists;
mod circuits;
mod computers;
mod decisions;
mod devices;
mod duties;
mod firmware;
mod health;
mod inventories;
mod ledger;
mod networks;
mod people;
pub mod reads;
mod tickets;
mod writes;

pub(in crate::http) use decisions::new_id as new_decision_id;

use super::App;
use super::moment::now_only;
use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use std::sync::Arc;

/// The routes below `/api/v1`. What is only of the present refuses `as_of`; everything in [`reads::router`] takes it.
pub fn router() -> Router<Arc<App>> {
    present().layer(from_fn(now_only)).merge(reads::router())
}

fn present() -> Router<Arc<App>> {
    Router::new()
        .route("/health", get(health::health))
        .route("/calendar-link", post(duties::calendar_link).delete(duties::calendar_link_taken_back))
        .route("/duties/{id}/moves", post(duties::moves))
        .route("/duties/{id}/assign", post(duties::assign))
        .route("/duties/{id}/dates", post(duties::dates))
        .route("/decisions", post(decisions::decide))
        .route("/decisions/table", post(decisions::table))
        .route("/decisions/{id}/withdraw", post(decisions::withdraw))
        .route("/review/{id}", post(decisions::review_decide))
        .route("/computers", post(computers::judge))
        .route("/suppliers", post(writes::suppliers))
        .route("/suppliers/{id}/people", get(people::people))
        .route("/suppliers/{id}/erase-people", post(people::erase))
        .route("/plans", post(writes::plan))
        .route("/check-answers", post(check_lists::answer))
        .route("/changes/judge", post(changes::judge))
        .route("/devices", post(devices::read))
        .route("/paths", post(devices::record))
        .route("/remote-answers", post(devices::answer))
        .route("/network-tables", post(networks::read))
        .route("/neighbours", post(networks::name))
        .route("/circuit-ledgers", post(circuits::read))
        .route("/circuits/settle", post(circuits::settle))
        .route("/told-inventories", post(inventories::told))
        .route("/tickets", post(tickets::open))
        .route("/tickets/{id}/moves", post(tickets::moves))
        .route("/firmware/packs", post(firmware::import))
        .route("/tokens", post(writes::token))
        .route("/agents/{id}/revoke", post(writes::revoke))
        .route("/sign-in-codes", post(writes::sign_in_code))
        .route("/admission", get(health::admission))
        .route("/channels", get(health::channels))
        .route("/ledger/head", get(ledger::head))
        .route("/ledger/entries", get(ledger::entries))
}
