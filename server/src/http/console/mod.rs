//! The pages: server-rendered, Japanese first, every one readable without a script. One line below is one page.
//! It does not know how a person is proved (`auth`), what anything means (`model`), or who else answers on this port.
//! Invariant: no page shows anything to a visitor that `auth` did not prove, and every answer carries the strict headers.

pub mod assets;
pub mod diagram;
pub mod duty_words;
pub mod firmware_words;
pub mod forms;
pub mod fragments;
pub mod headers;
pub mod i18n;
pub mod layout;
pub mod live;
pub mod pages;
pub mod paging;
pub mod past;
pub mod path_words;
pub mod ticket_words;
pub mod words;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use crate::http::{App, auth};
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::get;
use layout::{Gate, Reader};
use pages::{
    change, channels, check_lists, check_sheet, component, components, computers, decisions, device, devices, duties,
    duty, entry, equipment, equipment_list, finding, findings, firmware, host, hosts, ledger, networks, path, paths,
    plans, radius, review, sign_in, start, suppliers, ticket, tickets, trouble, worksheet,
};
use std::sync::Arc;

/// A form that a page sends, in bytes.
const FORM_BYTES_MAX: usize = 64 * 1024;

/// Every page, with `auth::staff` at the door.
///
/// It sets no fallback, so it can be merged; give [`not_found`] to the router that holds everything.
pub fn router() -> Router<Arc<App>> {
    router_behind(Gate(auth::staff))
}

fn router_behind(gate: Gate) -> Router<Arc<App>> {
    Router::new()
        .route("/", get(start::show))
        .route("/duties", get(duties::show).post(duties::calendar).layer(DefaultBodyLimit::max(FORM_BYTES_MAX)))
        .route("/duties/{id}", get(duty::show).post(duty::act).layer(DefaultBodyLimit::max(FORM_BYTES_MAX)))
        .route("/findings", get(findings::show))
        .route("/findings/{id}", get(finding::show))
        .route("/changes", get(change::show).post(change::act).layer(DefaultBodyLimit::max(FORM_BYTES_MAX)))
        .route("/tickets", get(tickets::show))
        .route("/tickets/{id}", get(ticket::show).post(ticket::act).layer(DefaultBodyLimit::max(FORM_BYTES_MAX)))
        .route("/equipment", get(equipment_list::show))
        .route("/equipment/{id}", get(equipment::show))
        .route("/hosts", get(hosts::show))
        .route("/hosts/{id}", get(host::show))
        .route("/devices", get(devices::show).post(devices::act).layer(DefaultBodyLimit::max(devices::FORM_BYTES_MAX)))
        .route("/devices/{id}", get(device::show))
        .route("/paths", get(paths::show))
        .route("/networks", get(networks::show))
        .route("/paths/one", get(path::show).post(path::act).layer(DefaultBodyLimit::max(FORM_BYTES_MAX)))
        .route("/components", get(components::show))
        .route("/components/{id}", get(component::show))
        .route(
            "/decisions",
            get(decisions::show).post(decisions::withdraw).layer(DefaultBodyLimit::max(FORM_BYTES_MAX)),
        )
        .route("/review", get(review::show))
        .route("/review/{id}", get(review::group).post(review::decide).layer(DefaultBodyLimit::max(FORM_BYTES_MAX)))
        .route("/suppliers", get(suppliers::show))
        .route("/radius", get(radius::show))
        .route("/plans", get(plans::show))
        .route("/plans/{id}/worksheet", get(worksheet::show))
        .route("/plans/{id}/worksheet.xlsx", get(worksheet::download))
        .route(
            "/check-lists",
            get(check_lists::show).post(check_lists::act).layer(DefaultBodyLimit::max(FORM_BYTES_MAX)),
        )
        .route("/check-lists.xlsx", get(check_lists::download))
        .route("/check-lists/sheet", get(check_sheet::show))
        .route("/computers", get(computers::show).post(computers::act).layer(DefaultBodyLimit::max(FORM_BYTES_MAX)))
        .route("/equipment/{id}/acd-worksheet", get(worksheet::show_computers))
        .route("/equipment/{id}/acd-worksheet.xlsx", get(worksheet::download_computers))
        .route("/firmware", get(firmware::show))
        .route("/channels", get(channels::show))
        .route("/ledger", get(ledger::show))
        .route("/ledger/{seq}", get(entry::show))
        .route("/ledger/{seq}/line", get(entry::line))
        .route("/sign-in", get(sign_in::show))
        .route("/events", get(live::events))
        .route("/assets/{name}", get(assets::serve))
        .layer(axum::Extension(gate))
        .layer(axum::middleware::from_fn(past::keep_as_of))
        .layer(axum::middleware::map_response(headers::strict))
}

/// The page for an address that stands for nothing.
pub async fn not_found(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Response {
    match Reader::of(&uri, &headers) {
        Ok(reader) => headers::strict(trouble::not_found(&reader.context(&app))).await,
        Err(redirect) => headers::strict(redirect).await,
    }
}
