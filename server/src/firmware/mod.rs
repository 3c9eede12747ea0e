//! Files about firmware that people download and carry in: recognised by their content, turned into packs.
//! It does not know the ledger, the network or any device. No text of an advisory is kept, only identifiers, versions, days.
//! Invariant: what is left out is counted with its reason, and a version that could not be read makes its advisory say
//! less, never more.

mod archive;
mod cve;
mod endoflife;
mod kev;
mod myjvn;
mod spelling;

pub use archive::{ZIP_BYTES_MAX, ZIP_FILES_MAX};

use crate::intake::firmware::parse_pack;
use daicho_schemas::fact::firmware::{
    Advisory, FIRMWARE_PACK_FORMAT, FirmwarePack, PACK_FILES_MAX, PackConfidence, PackFile,
};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One file, in bytes. The largest real one that we know of is the whole of endoflife.date, a few MB.
pub const FIRMWARE_FILE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// What is said of a file that is whole and of no kind that we read.
const NO_KIND: &str = "of no kind that we read";
/// Names that stand as examples for what was left out.
const EXAMPLES_MAX: usize = 5;

/// Why something was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// It is about no product line whose versions we can read.
    OtherProduct,
    /// The record was rejected or is a reservation.
    NotPublished,
    /// A version is written in a way that its maker's comparator cannot read.
    VersionUnclear,
    /// It gives no product or no day.
    Incomplete,
    /// A file in a folder or archive that is of none of the kinds that we read.
    OtherFile,
    /// A file in a folder or archive that is damaged.
    Unreadable,
}

impl LeftOut {
    /// In words.
    pub fn text(self) -> Text {
        match self {
            Self::OtherProduct => Text::new("対象の製品ではない", "about no product that we compare"),
            Self::NotPublished => {
                Text::new("取り下げ・予約のみの CVE", "CVE records that are rejected or only reserved")
            }
            Self::VersionUnclear => Text::new(
                "版の書き方を読めない（その版については「不明」になります）",
                "versions in a spelling that cannot be read; what they mean stays unknown",
            ),
            Self::Incomplete => Text::new("製品または日付がない", "without a product or a day"),
            Self::Unreadable => Text::new("壊れているファイル", "files that are damaged"),
            Self::OtherFile => Text::new("対象の形式ではないファイル", "files of another kind"),
        }
    }
}

/// What was left out, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// How many.
    pub count: usize,
    /// Some of them.
    pub examples: Vec<String>,
}

/// A pack that files came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// The pack.
    pub pack: FirmwarePack,
    /// The source gives all that it has in one file. What is not in it any more is no longer said; otherwise what was
    /// said before is kept beside it ([`merged`]).
    pub whole: bool,
}

/// Files on their way in.
#[derive(Debug)]
pub struct Import {
    /// Of which day the data is, where a person says so.
    as_of: Option<CalendarDate>,
    today: CalendarDate,
    packs: Vec<Taken>,
    records: cve::Records,
    files: Vec<PackFile>,
    left_out: BTreeMap<LeftOut, Counted>,
}

impl Import {
    /// Begins. `as_of` is the day on which the files were fetched, where a person gives it.
    pub fn begin(as_of: Option<CalendarDate>, today: CalendarDate) -> Self {
        let records = cve::Records::default();
        Self { as_of, today, packs: Vec::new(), records, files: Vec::new(), left_out: BTreeMap::new() }
    }

    /// Takes a file in.
    ///
    /// # Errors
    /// `firmware_file_malformed` when it is of no kind that we read, or not whole.
    pub fn file(&mut self, name: &str, sha256: &str, bytes: &[u8]) -> Result<(), Refusal> {
        let source = PackFile { name: name.chars().take(200).collect(), sha256: sha256.into() };
        self.take(name, Some(&source), bytes)
    }

    fn take(&mut self, name: &str, source: Option<&PackFile>, bytes: &[u8]) -> Result<(), Refusal> {
        if bytes.len() > FIRMWARE_FILE_BYTES_MAX {
            return Err(malformed(name, format!("{} bytes, at most {FIRMWARE_FILE_BYTES_MAX}", bytes.len())));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if bytes.trim_ascii_start().starts_with(b"<") {
            let pack = myjvn::atom(bytes, self).map_err(|why| malformed(name, why))?;
            return self.push(name, source, pack, false);
        }
        let value: Value = serde_json::from_slice(bytes).map_err(|error| malformed(name, error.to_string()))?;
        let field = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
        if field("dataType") == "CVE_RECORD" {
            let taken = cve::record(&value, self).map_err(|why| malformed(name, why));
            self.files.extend(source.cloned().filter(|_| self.files.len() < PACK_FILES_MAX));
            return taken;
        }
        if field("format") == FIRMWARE_PACK_FORMAT {
            let pack = parse_pack(bytes)?;
            return self.push(name, source, pack, true);
        }
        let (pack, whole) = if value.get("catalogVersion").is_some() && value.get("vulnerabilities").is_some() {
            (kev::catalog(&value, self), true)
        } else if endoflife::is(&value) {
            let packs = endoflife::products(name, &value, self).map_err(|why| malformed(name, why))?;
            return packs.into_iter().try_for_each(|pack| self.push(name, source, pack, true));
        } else if myjvn::is(&value) {
            (myjvn::json(&value, self), false)
        } else {
            return Err(malformed(name, NO_KIND));
        };
        self.push(name, source, pack.map_err(|why| malformed(name, why))?, whole)
    }

    fn push(
        &mut self,
        name: &str,
        source: Option<&PackFile>,
        mut pack: FirmwarePack,
        whole: bool,
    ) -> Result<(), Refusal> {
        if pack.advisories.is_empty() && pack.end_of_life.is_empty() {
            self.leave(LeftOut::OtherProduct, name);
            return Ok(());
        }
        if pack.files.is_empty() {
            pack.files.extend(source.cloned());
        }
        if let Some(before) = self.packs.iter().find(|before| before.pack.pack_id == pack.pack_id) {
            let detail = format!("{} comes twice: {}", pack.pack_id, before.pack.as_of);
            return Err(malformed(name, detail));
        }
        self.packs.push(Taken { pack, whole });
        Ok(())
    }

    /// Notes that something is left out.
    fn leave(&mut self, why: LeftOut, what: &str) {
        let counted = self.left_out.entry(why).or_default();
        counted.count += 1;
        if counted.examples.len() < EXAMPLES_MAX {
            counted.examples.push(what.chars().take(120).collect());
        }
    }

    /// The day of data: what a person says, or else what the file says.
    fn day(&self, says: Option<&str>) -> Result<CalendarDate, String> {
        let of_file = says.and_then(|text| text.get(..10)).and_then(|text| text.parse().ok());
        let day = self.as_of.or(of_file).ok_or("the file does not say of which day it is: give --as-of")?;
        Ok(day.min(self.today))
    }

    /// Every pack, and what was left out.
    ///
    /// # Errors
    /// A refusal that names the field, when a pack is larger than a pack may be.
    pub fn finish(mut self) -> Result<(Vec<Taken>, BTreeMap<LeftOut, Counted>), Refusal> {
        let records = std::mem::take(&mut self.records);
        let files = std::mem::take(&mut self.files);
        for pack in records.packs(self.as_of, self.today, &files) {
            self.push("", None, pack, false)?;
        }
        for taken in &self.packs {
            crate::intake::firmware::checked(&taken.pack, self.today)?;
        }
        self.packs.sort_by(|one, other| one.pack.pack_id.cmp(&other.pack.pack_id));
        Ok((self.packs, self.left_out))
    }
}

/// A pack of a source that gives only a part at a time, beside what it said before: what is new takes the place of what
/// has the same id, and what is kept keeps its day.
pub fn merged(before: &FirmwarePack, mut new: FirmwarePack) -> FirmwarePack {
    let day = new.as_of;
    let as_of = before.as_of.max(day);
    for advisory in &mut new.advisories {
        advisory.as_of = advisory.as_of.or((day < as_of).then_some(day));
    }
    let key = |advisory: &Advisory| (advisory.id.clone(), advisory.product.clone());
    let said: std::collections::BTreeSet<_> = new.advisories.iter().map(key).collect();
    let kept = before.advisories.iter().filter(|advisory| !said.contains(&key(advisory))).cloned();
    let kept = kept.map(|mut advisory| {
        advisory.as_of = advisory.as_of.or((before.as_of < as_of).then_some(before.as_of));
        advisory
    });
    new.advisories.extend(kept);
    new.advisories
        .sort_by(|one, other| (&one.id, &one.product, &one.models).cmp(&(&other.id, &other.product, &other.models)));
    new.as_of = as_of;
    new
}

/// An empty pack of a source.
fn pack(
    pack_id: impl Into<String>,
    source: &str,
    as_of: CalendarDate,
    confidence: PackConfidence,
    link: &str,
) -> FirmwarePack {
    FirmwarePack {
        format: FIRMWARE_PACK_FORMAT.into(),
        pack_id: pack_id.into(),
        source: source.into(),
        as_of,
        confidence,
        link: Some(link.into()),
        files: Vec::new(),
        advisories: Vec::new(),
        end_of_life: Vec::new(),
    }
}

/// An advisory that only marks.
fn mark(id: &str, product: &crate::model::firmware::products::Product) -> Advisory {
    Advisory {
        id: id.into(),
        vendor: product.vendor.into(),
        product: product.id.into(),
        models: Vec::new(),
        affected: Vec::new(),
        affected_exactly: Vec::new(),
        not_affected: Vec::new(),
        fixed: Vec::new(),
        other_versions: Default::default(),
        kev_added: None,
        ransomware: None,
        jvn_id: None,
        link: None,
        as_of: None,
    }
}

fn malformed(name: &str, why: impl AsRef<str>) -> Refusal {
    let name: String = name.chars().take(120).collect();
    Refusal::new(RefusalCode::FirmwareFileMalformed).with(format!("{name}: {}", why.as_ref()))
}

#[cfg(test)]
mod tests;
