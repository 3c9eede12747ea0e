//! People's data at suppliers: sealed on the way in, opened for those who file, erased for ever.
//! It does not cipher (`personal/`) or decide what may enter. Invariant: the key goes first and the entry follows, so that the ledger
//! never says "erased" of what can still be read; asking twice finishes what was begun.

use super::writes::{Written, reason, state};
use crate::http::App;
use crate::http::answers::{Body, Refused, fault, json_of};
use crate::http::auth::{BearerIdentity, StaffIdentity};
use crate::personal::{Keys, open, seal, strange_box};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::{PersonalDataErased, Role};
use daicho_schemas::fact::supplier::{SupplierRecord, SuppliersFile};
use daicho_schemas::ids::SupplierId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Seals every person's data in a file of records, or refuses it where this server cannot.
pub(super) async fn sealed(app: &Arc<App>, mut file: SuppliersFile) -> Result<SuppliersFile, Refused> {
    let model = app.model();
    for record in &file.suppliers {
        if let Some(field) = strange_box(record, model.supplier_record(&record.supplier_id)) {
            let detail =
                format!("{}: {field} is sealed, and not by this server's record: give it in clear", record.supplier_id);
            return Err(Refusal::new(RefusalCode::SuppliersMalformed).with(detail).into());
        }
    }
    let readable =
        |record: &SupplierRecord| record.items.personal().iter().any(|(_, person)| person.sealed().is_none());
    if !file.suppliers.iter().any(readable) {
        return Ok(file);
    }
    let keys = keys(app)?;
    let sealing = tokio::task::spawn_blocking(move || {
        for record in file.suppliers.iter_mut().filter(|record| readable(record)) {
            let key = keys.get_or_make(&record.supplier_id).map_err(fault)?;
            seal(record, model.supplier_record(&record.supplier_id), &key).map_err(fault)?;
        }
        Ok(file)
    });
    sealing.await.map_err(fault)?
}

fn keys(app: &App) -> Result<Arc<Keys>, Refused> {
    app.people.clone().ok_or_else(|| {
        let detail =
            "this server keeps its ledger in a database; keys for people's data are kept beside a ledger in files only";
        Refusal::new(RefusalCode::PersonalDataInClear).with(detail).into()
    })
}

/// `GET /suppliers/{id}/people`: the record with its people's data opened, as far as the key is there. For those who file.
pub(super) async fn people(
    State(app): State<Arc<App>>,
    staff: StaffIdentity,
    Path(id): Path<String>,
) -> Result<Json<SupplierRecord>, Refused> {
    staff.require(&[Role::Compliance])?;
    let id = SupplierId::new(id).map_err(|_| RefusalCode::NotFound)?;
    let mut record = app.model().supplier_record(&id).cloned().ok_or(RefusalCode::NotFound)?;
    let Some(keys) = app.people.clone() else { return Ok(Json(record)) };
    let key = tokio::task::spawn_blocking(move || keys.get(&id)).await.map_err(fault)?.map_err(fault)?;
    if let Some(key) = key {
        open(&mut record, &key);
    }
    Ok(Json(record))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EraseRequest {
    reason: String,
}

/// `POST /suppliers/{id}/erase-people`: the key goes, then the ledger says so.
pub(super) async fn erase(
    State(app): State<Arc<App>>,
    BearerIdentity(staff): BearerIdentity,
    Path(id): Path<String>,
    body: Body,
) -> Written {
    staff.require(&[Role::Compliance])?;
    let request: EraseRequest = json_of(body)?;
    let reason = reason(request.reason)?;
    let supplier_id = SupplierId::new(id).map_err(|_| RefusalCode::NotFound)?;
    let record = app.model().supplier_record(&supplier_id).cloned().ok_or(RefusalCode::NotFound)?;
    let (keys, of) = (keys(&app)?, supplier_id.clone());
    let erased = tokio::task::spawn_blocking(move || keys.erase(&of)).await.map_err(fault)?.map_err(fault)?;
    let boxes = record.items.personal().into_iter().filter_map(|(_, person)| person.sealed());
    let key_ids: BTreeSet<String> = boxes.map(|sealed| sealed.key_id.clone()).chain(erased).collect();
    let stated =
        PersonalDataErased { supplier_id: supplier_id.clone(), key_ids: key_ids.into_iter().collect(), reason };
    let seq = state(&app, &staff, Fact::PersonalDataErased(stated)).await?;
    Ok((StatusCode::OK, Json(json!({ "supplier_id": supplier_id, "entry_seq": seq }))))
}
