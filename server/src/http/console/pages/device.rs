//! One device: who it is, the survey's questions with their grounds, its ways in, and the readings that this rests on.
//! It does not judge. Invariant: an answer stands with its grounds, and what a part of a file left open is said.

use super::trouble;
use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::model::queries::devices::{DeviceDetail, WayRow};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use daicho_schemas::fact::device::Answer;
use daicho_schemas::fact::device_networks::{DeviceInterface, InterfaceRole};
use daicho_schemas::ids::DeviceId;
use daicho_schemas::text::Text;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "device.html")]
pub struct Device {
    /// Shared.
    pub ctx: PageContext,
    /// The device.
    pub device: DeviceDetail,
    /// The equipment's name.
    pub equipment_name: Option<Text>,
}

impl Device {
    /// Its name, or else its id.
    fn name(&self) -> String {
        self.device.row.name.clone().unwrap_or_else(|| self.device.row.device_id.to_string())
    }

    /// Where a way in enters, as the page of its path is asked for.
    fn at(&self, own: &WayRow) -> String {
        format!("device:{}:{}", self.device.row.device_id, own.way.key)
    }

    /// What an interface is for; nothing where no statement says so.
    fn role(&self, interface: &DeviceInterface) -> Option<String> {
        let key = match interface.role? {
            InterfaceRole::Wan => "device-interface-wan",
            InterfaceRole::Lan => "device-interface-lan",
            InterfaceRole::Tunnel => "device-interface-tunnel",
            InterfaceRole::Management => "device-interface-management",
            InterfaceRole::Loopback => "device-interface-loopback",
        };
        Some(self.ctx.t(key))
    }

    /// A hash that fits into a cell.
    fn short(&self, sha256: &str) -> String {
        sha256.chars().take(16).collect()
    }
}

/// `GET /devices/{id}`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Path(id): Path<String>) -> Response {
    let rows = visitor.read(&app, Section::Devices, |model, today| {
        let device = model.device_detail(&DeviceId::new(id).ok()?, today)?;
        let name = device.row.equipment_id.as_ref().and_then(|id| model.equipment_name(id));
        Some((device, name))
    });
    match rows {
        Ok((ctx, Some((device, equipment_name)))) => page(StatusCode::OK, &Device { ctx, device, equipment_name }),
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}
