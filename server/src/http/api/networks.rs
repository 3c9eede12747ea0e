//! `/api/v1/networks`: the network segments that are known, and how each is observed.
//! It does not judge. Invariant: what nobody observes is in the list, and says so.

use super::reads::{Answer, Asked, asked};
use crate::http::moment::Moment;
use crate::model::queries::networks::{NetworkQuery, NetworkSheet};
use axum::Json;

/// `GET /networks?equipment_id=…&observed=not_observed|silent|by_agents`.
pub(super) async fn list(moment: Moment, query: Asked<NetworkQuery>) -> Answer<NetworkSheet> {
    Ok(Json(moment.model.networks(&asked(query)?)))
}
