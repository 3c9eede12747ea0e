//! The evidence pack of a date: what the ledger knew, as files that anybody can read, and the ledger up to there as proof.
//! It does not judge or shorten anything; the rows are those of the REST interface. It opens no sealed data and holds no key.
//! Invariant: the same ledger, time and equipment give the same bytes, so a pack is checked by making it again (`check`).

pub mod check;
mod cyclonedx;
pub mod keep;
mod printed;
mod rows;
mod ways;

use crate::ledger::engine::Engine;
use crate::past::{self, AsOf, Moment, PastFault, Question, Stand};
use daicho_schemas::ids::EquipmentId;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Language;
use daicho_schemas::time::UtcMicros;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// The name of this format.
pub const EVIDENCE_FORMAT: &str = "daicho.evidence.v1";
/// The list of all other files.
pub const MANIFEST: &str = "manifest.json";
/// The ledger up to the pack's last entry, one line per entry.
pub const LEDGER: &str = "ledger.ndjson";
/// Hosts in one pack; of a larger fleet, packs are made by equipment.
pub const HOSTS_MAX: usize = 5000;

/// Which pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Up to when.
    pub as_of: AsOf,
    /// Of one 特定重要設備; absent for everything.
    pub equipment_id: Option<EquipmentId>,
}

/// What a pack holds, and what it is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always [`EVIDENCE_FORMAT`].
    pub format: String,
    /// The release that made it: only the same one can make the same bytes again.
    pub release: String,
    /// Which ledger.
    pub ledger_id: Option<String>,
    /// Which state of it; its hash is the head to verify with.
    pub stand: Stand,
    /// Of one 特定重要設備; absent for everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equipment_id: Option<EquipmentId>,
    /// Every other file, in order of names.
    pub files: Vec<ManifestFile>,
}

/// One file of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256, in hexadecimal.
    pub sha256: String,
}

/// A pack without its ledger, which is written as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    /// The release that made it.
    release: String,
    ledger_id: Option<String>,
    /// Which state it is of.
    pub stand: Stand,
    equipment_id: Option<EquipmentId>,
    /// Every file but the manifest and the ledger, by name.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Makes a pack. `now` bounds the time; `progress` hears the last entry that was folded.
pub fn pack(
    engine: &dyn Engine,
    asked: &Asked,
    now: UtcMicros,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Pack, PastFault> {
    let question = Question { as_of: asked.as_of, hindsight: false };
    let moment = past::at(engine, question, now, progress)?;
    let equipment_id = asked.equipment_id.clone();
    if let Some(id) = &equipment_id
        && moment.model.equipment_law(id, moment.stand.day).is_none()
    {
        let what = format!("no plan known as of {} names the equipment '{id}'", asked.as_of);
        return Err(Refusal::new(RefusalCode::NotFound).with(what).into());
    }
    let rows = rows::Rows::of(engine, &moment, equipment_id.as_ref())?;
    let Moment { model, stand } = moment;
    let mut files = rows.files().map_err(anyhow::Error::from)?;
    let bom = cyclonedx::inventory(&rows, &stand);
    files.insert("inventory.cdx.json".into(), json(&bom).map_err(anyhow::Error::from)?);
    for language in [Language::Ja, Language::En] {
        let page = printed::page(&rows, &stand, language).map_err(anyhow::Error::from)?;
        files.insert(format!("evidence.{}.html", crate::i18n::tag(language)), page.into_bytes());
    }
    files.insert("README.txt".into(), printed::how_to_check(&stand).into_bytes());
    let ledger_id = model.ledger_id().map(str::to_string);
    Ok(Pack { release: env!("CARGO_PKG_VERSION").into(), ledger_id, stand, equipment_id, files })
}

impl Pack {
    /// The list of files, with the ledger among them.
    fn manifest(&self, ledger: ManifestFile) -> Manifest {
        let file = |(name, bytes): (&String, &Vec<u8>)| ManifestFile {
            name: name.clone(),
            bytes: bytes.len() as u64,
            sha256: hex::encode(Sha256::digest(bytes)),
        };
        let mut files: Vec<ManifestFile> = self.files.iter().map(file).chain([ledger]).collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Manifest {
            format: EVIDENCE_FORMAT.into(),
            release: self.release.clone(),
            ledger_id: self.ledger_id.clone(),
            stand: self.stand.clone(),
            equipment_id: self.equipment_id.clone(),
            files,
        }
    }
}

fn json(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}
