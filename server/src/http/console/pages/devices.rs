//! The devices that open ways in from outside, and the form into which a configuration is pasted, or its file given.
//! It does not understand configurations; the crate of parsers does. Invariant: what was handed in lives as long as the request and is
//! never shown again, also where it is refused: it holds the device's secrets.

use super::trouble;
use crate::http::App;
use crate::http::answers::{self, fault};
use crate::http::console::forms::{self, Complaint};
use crate::http::console::fragments::Badge;
use crate::http::console::layout::{PageContext, Section, Visitor, page, see_other};
use crate::http::console::paging::Listing;
use crate::intake::devices::own_id;
use crate::intake::submission::Submission;
use crate::model::queries::devices::DeviceRow;
use askama::Template;
use axum::extract::multipart::MultipartError;
use axum::extract::{Form, FromRequest as _, Multipart, Query, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::device::{Answer, DeviceReading};
use daicho_schemas::fact::device_read::{DeviceRead, HeldBy};
use daicho_schemas::ids::{DeviceId, EquipmentId, SupplierId};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Text;
use serde::Deserialize;
use std::sync::Arc;

/// A configuration as a form sends it, in bytes. A larger file is for `daicho device import`.
pub const FORM_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What to list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct DevicesQuery {
    /// Leading to this equipment.
    pub equipment: String,
    /// The page's number.
    pub page: String,
}

/// What the form of this page says.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// The token of the session's forms.
    pub form: String,
    /// The operator's own id.
    pub device: String,
    /// The equipment that it leads to.
    pub equipment: String,
    /// Whose it is: `operator`, or the id of a supplier.
    pub owner: String,
    /// Where it stands.
    pub place: String,
    /// The day on which the configuration was taken.
    pub taken_on: String,
    /// What else is to be said.
    pub note: String,
    /// The family, where the configuration does not say it itself.
    pub family: String,
    /// The configuration, where it was pasted.
    pub text: String,
}

/// The page.
#[derive(Template)]
#[template(path = "devices.html")]
pub struct Devices {
    /// Shared.
    pub ctx: PageContext,
    /// What was asked.
    pub query: DevicesQuery,
    /// The rows.
    pub list: Listing<DeviceRow>,
    /// The equipment to choose from.
    pub equipment: Vec<(EquipmentId, Text)>,
    /// What was typed, where it was refused; without the configuration.
    pub typed: Typed,
    /// Why it was refused.
    pub complaint: Option<Complaint>,
}

impl Devices {
    fn today(&self) -> String {
        self.ctx.today.to_string()
    }

    fn taken_on(&self) -> String {
        if self.typed.taken_on.is_empty() { self.today() } else { self.typed.taken_on.clone() }
    }

    /// The answer to one question of a row.
    fn answer(&self, row: &DeviceRow, key: &str) -> Badge {
        let own = row.questions.iter().find(|own| own.key == key);
        self.ctx.path_answer(&own.map_or(Answer::Unknown, |own| own.answered.answer))
    }

    fn is_chosen(&self, id: &EquipmentId, chosen: &str) -> bool {
        id.as_str() == chosen
    }

    fn families(&self) -> Vec<(&'static str, bool)> {
        daicho_devices::families().into_iter().map(|family| (family, family == self.typed.family)).collect()
    }
}

/// `GET /devices`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Query(query): Query<DevicesQuery>) -> Response {
    render(&app, &visitor, query, None)
}

/// `POST /devices`: a configuration, pasted or as a file. Done, it leads to the device; refused, the page says why.
pub async fn act(State(app): State<Arc<App>>, visitor: Visitor, headers: HeaderMap, request: Request) -> Response {
    let (mut typed, file) = match sent(request).await {
        Ok(sent) => sent,
        Err(StatusCode::PAYLOAD_TOO_LARGE) => {
            let refusal = Refusal::new(RefusalCode::BodyTooLarge).with(format!("at most {FORM_BYTES_MAX} bytes"));
            return render(&app, &visitor, DevicesQuery::default(), Some((Typed::default(), refusal)));
        }
        Err(status) => return status.into_response(),
    };
    let entered = enter(&app, &visitor, &headers, &typed, file).await;
    typed.text = String::new();
    match entered {
        Ok(ids) => match ids.as_slice() {
            [one] => see_other(&format!("/devices/{one}")),
            _ => see_other("/devices"),
        },
        Err(refusal) => render(&app, &visitor, DevicesQuery::default(), Some((typed, refusal))),
    }
}

/// What the form sent: its fields, and the file where one was chosen. Whole or not at all.
async fn sent(request: Request) -> Result<(Typed, Vec<u8>), StatusCode> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("multipart/form-data") {
        let form = Form::<Typed>::from_request(request, &()).await.map_err(|error| error.status())?;
        return Ok((form.0, Vec::new()));
    }
    let over = |error: MultipartError| error.status();
    let mut parts = Multipart::from_request(request, &()).await.map_err(|error| error.status())?;
    let (mut typed, mut file) = (Typed::default(), Vec::new());
    while let Some(part) = parts.next_field().await.map_err(over)? {
        let name = part.name().unwrap_or_default().to_string();
        let bytes = part.bytes().await.map_err(over)?;
        if name == "file" {
            file = bytes.into();
            continue;
        }
        let text = String::from_utf8(bytes.into()).map_err(|_| StatusCode::BAD_REQUEST)?;
        match name.as_str() {
            "form" => typed.form = text,
            "device" => typed.device = text,
            "equipment" => typed.equipment = text,
            "owner" => typed.owner = text,
            "place" => typed.place = text,
            "taken_on" => typed.taken_on = text,
            "note" => typed.note = text,
            "family" => typed.family = text,
            "text" => typed.text = text,
            _ => {}
        }
    }
    Ok((typed, file))
}

/// What was handed in, read: the file, else what was pasted.
fn read(typed: &Typed, file: &[u8]) -> Result<Vec<DeviceReading>, Refusal> {
    let bytes = match (file, typed.text.trim()) {
        ([], "") => return Err(Refusal::new(RefusalCode::DeviceNotRead).with("text, file: one of the two")),
        ([], _) => typed.text.as_bytes(),
        (file, "") => file,
        _ => return Err(Refusal::new(RefusalCode::DeviceNotRead).with("text, file: only one of the two")),
    };
    let readings = match forms::filled(&typed.family) {
        Some(family) => daicho_devices::read_as(family, bytes),
        None => daicho_devices::read(bytes),
    };
    readings.map_err(|error| Refusal {
        text: error.text,
        remedy: error.remedy,
        ..Refusal::new(RefusalCode::DeviceNotRead).with(error.code)
    })
}

async fn enter(
    app: &App,
    visitor: &Visitor,
    headers: &HeaderMap,
    typed: &Typed,
    file: Vec<u8>,
) -> Result<Vec<DeviceId>, Refusal> {
    forms::ours(headers, &typed.form)?;
    let readings = read(typed, &file)?;
    drop(file);
    let wrong = |what: String| Refusal::new(RefusalCode::DeviceWrong).with(what);
    if !typed.device.trim().is_empty() && readings.len() > 1 {
        return Err(wrong(format!("device_id: {} devices were read; leave it empty", readings.len())));
    }
    let mut reads = Vec::new();
    for reading in readings {
        let device_id = match typed.device.trim() {
            "" => {
                own_id(&reading).ok_or_else(|| wrong("device_id: it names neither itself nor a serial number".into()))
            }
            id => DeviceId::new(id).map_err(|error| wrong(format!("device_id: {error}"))),
        };
        let equipment_id = forms::filled(&typed.equipment).map(EquipmentId::new).transpose();
        let owner = forms::filled(&typed.owner).map(|text| match text {
            "operator" => Ok(HeldBy::Operator),
            _ => SupplierId::new(text).map(HeldBy::Supplier),
        });
        reads.push(DeviceRead {
            device_id: device_id?,
            equipment_id: equipment_id.map_err(|error| wrong(format!("equipment_id: {error}")))?,
            place: typed.place.trim().to_string(),
            owner: owner.transpose().map_err(|error| wrong(format!("owner: {error}")))?,
            taken_on: typed.taken_on.trim().parse().map_err(|_| wrong("taken_on: a day such as 2026-11-21".into()))?,
            reading: Box::new(reading),
            note: typed.note.trim().replace("\r\n", "\n"),
        });
    }
    let mut ids = Vec::new();
    for read in reads {
        ids.push(read.device_id.clone());
        let submission = Submission::stated(visitor.person().author(), Fact::DeviceRead(read))
            .map_err(|error| fault(error).refusal)?;
        app.door.admit(submission).await?;
    }
    Ok(ids)
}

fn render(app: &App, visitor: &Visitor, query: DevicesQuery, refused: Option<(Typed, Refusal)>) -> Response {
    let rows = visitor.read(app, Section::Devices, |model, today| {
        let equipment = match query.equipment.as_str() {
            "" => None,
            id => Some(EquipmentId::new(id).ok()?),
        };
        let ids = model.device_ids(equipment.as_ref());
        let some = |skip, take| model.device_rows_of(ids.iter().skip(skip).take(take), today);
        Some((Listing::of(ids.len(), query.page.parse().ok(), some), model.equipment_names()))
    });
    match rows {
        Ok((ctx, Some((list, equipment)))) => {
            let status = refused.as_ref().map_or(StatusCode::OK, |(_, refusal)| answers::status(refusal.code));
            let (typed, complaint) = refused.map(|(typed, refusal)| (typed, ctx.complaint(&refusal))).unzip();
            page(status, &Devices { ctx, query, list, equipment, typed: typed.unwrap_or_default(), complaint })
        }
        Ok((ctx, None)) => trouble::not_found(&ctx),
        Err(fault) => fault,
    }
}
