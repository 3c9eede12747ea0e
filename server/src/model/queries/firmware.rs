//! Firmware: the packs that stand, and the verdict on any device. The verdict itself is `model/firmware/verdict.rs`.
//! It does not keep anything. Invariant: an old pack is shown as stale, and a product without a pack as unknown.

use crate::model::Model;
use crate::model::firmware::products::PRODUCTS;
use crate::model::firmware::verdict::{FirmwareState, Judged, Verdict, is_stale, verdict};
use crate::model::rules::remote_paths::name_of;
use crate::model::state::State;
use crate::model::views::devices::Device;
use crate::model::views::firmware::PackState;
use daicho_schemas::fact::device::{Answer, Answered, Ground};
use daicho_schemas::fact::firmware::{FirmwarePack, PackConfidence};
use daicho_schemas::ids::{DeviceId, EquipmentId, PersonId};
use daicho_schemas::text::Text;
use daicho_schemas::time::{CalendarDate, UtcMicros};
use serde::Serialize;
use std::collections::BTreeSet;

/// Packs that may stand beside each other.
pub const PACKS_MAX: usize = 500;

/// A pack in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackRow {
    /// Its name.
    pub pack_id: String,
    /// Whose knowledge.
    pub source: String,
    /// Of which day.
    pub as_of: CalendarDate,
    /// Too old to be relied on without a word.
    pub stale: bool,
    /// How sure the source is.
    pub confidence: PackConfidence,
    /// For people.
    pub link: Option<String>,
    /// Advisories in it.
    pub advisories: usize,
    /// Of those, how many only mark, without versions.
    pub without_versions: usize,
    /// Of those, how many are known to be exploited.
    pub exploited: usize,
    /// Ends of support in it.
    pub end_of_life: usize,
    /// The product lines that it is about.
    pub products: Vec<String>,
    /// The entry of it.
    pub seq: u64,
    /// When it came in.
    pub received_at: UtcMicros,
    /// Who brought it in.
    pub by: Option<PersonId>,
    /// How many of this name there were.
    pub versions: u64,
}

/// A product line and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProductRow {
    /// Its name in packs.
    pub product: &'static str,
    /// The maker.
    pub vendor: &'static str,
    /// Advisories that give versions.
    pub with_versions: usize,
    /// Advisories that only mark.
    pub without_versions: usize,
    /// Whether any end of support is known.
    pub support_known: bool,
    /// The oldest day of what is known; absent when nothing is.
    pub as_of: Option<CalendarDate>,
    /// Too old to be relied on without a word.
    pub stale: bool,
}

/// A device with the verdict on its firmware.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceFirmwareRow {
    /// The device.
    pub device_id: DeviceId,
    /// What people call it.
    pub name: String,
    /// The equipment that it leads to.
    pub equipment_id: Option<EquipmentId>,
    /// The verdict.
    pub verdict: Verdict,
}

/// All that is known about firmware.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FirmwareSheet {
    /// Every pack.
    pub packs: Vec<PackRow>,
    /// Every product line whose versions can be read, known or not.
    pub products: Vec<ProductRow>,
    /// Every device, the worst first, the unknown ones too.
    pub devices: Vec<DeviceFirmwareRow>,
}

impl Model {
    /// The verdict on a device's firmware.
    pub fn firmware_verdict(&self, judged: &Judged, today: CalendarDate) -> Verdict {
        verdict(judged, self.state.firmware.iter().map(|state| &state.pack), today)
    }

    /// The pack of a name.
    pub fn firmware_pack(&self, pack_id: &str) -> Option<&PackState> {
        self.state.firmware.get(pack_id)
    }

    /// How many packs stand.
    pub fn firmware_packs(&self) -> usize {
        self.state.firmware.iter().count()
    }

    /// All that is known about firmware, on a day.
    pub fn firmware_sheet(&self, today: CalendarDate) -> FirmwareSheet {
        let packs = self.state.firmware.iter().map(|state| pack_row(state, today)).collect();
        let states = self.state.firmware.iter().map(|state| &state.pack);
        let products = PRODUCTS.iter().map(|product| product_row(product.id, product.vendor, states.clone(), today));
        FirmwareSheet { packs, products: products.collect(), devices: self.device_verdicts(today) }
    }

    fn device_verdicts(&self, today: CalendarDate) -> Vec<DeviceFirmwareRow> {
        let row = |device: Device<'_>| DeviceFirmwareRow {
            device_id: device.id.clone(),
            name: name_of(&device),
            equipment_id: device.equipment_id().cloned(),
            verdict: self.state.firmware_of(&device, today),
        };
        let mut rows: Vec<DeviceFirmwareRow> = self.state.devices.iter().map(row).collect();
        rows.sort_by(|one, other| (one.verdict.state, &one.device_id).cmp(&(other.verdict.state, &other.device_id)));
        rows
    }

    /// Whether a device is up to date, as the survey asks. Yes only of a version that the device is known to run, that advisories speak
    /// of and do not touch, and as long as what they rest on is not old.
    pub(crate) fn is_updated(&self, device: &Device<'_>, today: CalendarDate) -> Answered {
        if self.state.firmware.judged_on().is_none() {
            return Answered::unknown(
                "注意喚起や更新情報がまだ取り込まれていません",
                "nothing was imported yet that it could be held against",
            );
        }
        let verdict = self.state.firmware_of(device, today);
        let (sure, fresh) = (device.firmware_is_sure(), !verdict.stale);
        let answer = match verdict.state {
            _ if verdict.conditional => Answer::Unknown,
            FirmwareState::Affected | FirmwareState::EndOfLife => Answer::No,
            FirmwareState::Fixed | FirmwareState::NotAffected if sure && fresh => Answer::Yes,
            FirmwareState::Fixed | FirmwareState::NotAffected | FirmwareState::Unknown => Answer::Unknown,
        };
        let as_of = verdict.as_of.map(|on| Text::new(format!("（{on} 時点の情報）"), format!(" (as of {on})")));
        let Text { ja, en } = as_of.unwrap_or_default();
        let mut because = vec![Text::new(format!("{}{ja}", verdict.text.ja), format!("{}{en}", verdict.text.en))];
        if verdict.stale {
            because.push(Text::new(
                "根拠の情報が古いため「はい」とはしません",
                "what it rests on is old, so it is no yes",
            ));
        }
        if !sure {
            because.push(Text::new(
                "動いている版が確かではありません（新しい問い合わせの回答と異なるか、バナーだけによる）",
                "the version that runs is not certain: a newer answer of the device names another, or only a banner names it",
            ));
        }
        Answered { answer, because: because.into_iter().map(Ground::said).collect() }
    }
}

impl State {
    /// The verdict on what all readings of a device say of its firmware.
    pub(crate) fn firmware_of(&self, device: &Device<'_>, today: CalendarDate) -> Verdict {
        let family = device.newest().map_or("", |own| own.reading.family.as_str());
        let judged = Judged::of(family, &device.identity());
        verdict(&judged, self.firmware.iter().map(|state| &state.pack), today)
    }
}

fn pack_row(state: &PackState, today: CalendarDate) -> PackRow {
    let PackState { pack, seq, at, by, versions } = state;
    let own = pack.advisories.iter().map(|own| &own.product).chain(pack.end_of_life.iter().map(|own| &own.product));
    let products: BTreeSet<&String> = own.collect();
    PackRow {
        pack_id: pack.pack_id.clone(),
        source: pack.source.clone(),
        as_of: pack.as_of,
        stale: is_stale(pack.as_of, today),
        confidence: pack.confidence,
        link: pack.link.clone(),
        advisories: pack.advisories.len(),
        without_versions: pack.advisories.iter().filter(|own| !own.has_versions()).count(),
        exploited: pack.advisories.iter().filter(|own| own.kev_added.is_some()).count(),
        end_of_life: pack.end_of_life.len(),
        products: products.into_iter().cloned().collect(),
        seq: *seq,
        received_at: *at,
        by: by.clone(),
        versions: *versions,
    }
}

fn product_row<'a>(
    product: &'static str,
    vendor: &'static str,
    packs: impl Iterator<Item = &'a FirmwarePack>,
    today: CalendarDate,
) -> ProductRow {
    let (mut with, mut without, mut support_known, mut as_of) = (0, 0, false, None::<CalendarDate>);
    for pack in packs {
        let own = || pack.advisories.iter().filter(|own| own.product == product);
        let known = pack.end_of_life.iter().any(|end| end.product == product);
        with += own().filter(|own| own.has_versions()).count();
        without += own().filter(|own| !own.has_versions()).count();
        support_known |= known;
        if known || own().next().is_some() {
            as_of = Some(as_of.map_or(pack.as_of, |before| before.min(pack.as_of)));
        }
    }
    let stale = as_of.is_some_and(|as_of| is_stale(as_of, today));
    ProductRow { product, vendor, with_versions: with, without_versions: without, support_known, as_of, stale }
}
