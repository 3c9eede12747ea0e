//! Configurations of remote-maintenance devices: bytes in, readings out. Used by the agent's drop folder and by the
//! server's import, so a file with secrets is read where it lies.
//! It does not know files, sockets, the ledger or what was declared; nothing here opens or sends anything.
//! Invariant: no secret leaves this crate, and no input makes it panic or take more memory than a small multiple of
//! [`FILE_BYTES_MAX`].
//!
//! To read one more family: one file in `families/`, one line in [`families`]' list, one folder of samples in
//! `fixtures/` (`DAICHO_GOLDEN=write cargo test -p daicho-devices` writes what comes out; read it), its questions in
//! `fixtures/<family>/<sample>/truth.json`. A default that is not known for all firmware of the family is `unknown` (D-0018);
//! what is known stands at the head of the family's file with the maker's text that says it.

mod blocks;
mod draft;
mod families;
mod networks;
mod reach;
mod refused;
mod split;
mod text;
mod tree;

use daicho_schemas::fact::device::{DeviceReading, SourceSort};
use daicho_schemas::text::Text;
use sha2::{Digest, Sha256};

/// The largest file that is read, in bytes. The largest real configuration that we know of is under 4 MB.
pub const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Devices in one file.
pub const DEVICES_MAX: usize = 200;

/// A file of which nothing could be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .text.en)]
pub struct NotRead {
    /// For machines: `device_file_too_large`, `device_file_not_text`, `device_family_unknown`, `device_family_ambiguous`.
    pub code: &'static str,
    /// What is wrong with it.
    pub text: Text,
    /// What to do.
    pub remedy: Text,
}

/// The families that are read, by the names that stand in [`DeviceReading::family`].
pub fn families() -> Vec<&'static str> {
    families::FAMILIES.iter().map(|family| family.id()).collect()
}

/// Reads a file: one reading for every device in it, in the file's order.
///
/// # Errors
/// [`NotRead`] when no device of a known family is in it.
pub fn read(bytes: &[u8]) -> Result<Vec<DeviceReading>, NotRead> {
    File::of(bytes)?.read()
}

/// Reads a file of which somebody says which family it is.
///
/// # Errors
/// [`NotRead`] when there is no such family, or nothing of it in the file.
pub fn read_as(family: &str, bytes: &[u8]) -> Result<Vec<DeviceReading>, NotRead> {
    File::of(bytes)?.read_as(family)
}

/// A file that was decoded and cleaned once, to be read as often as somebody asks. Its text is overwritten when it is let go.
pub struct File<'b> {
    bytes: &'b [u8],
    sha256: String,
    /// What it says as text. A file that is encrypted for its own device is none, and yet of a family.
    text: Result<text::Cleaned, NotRead>,
}

impl<'b> File<'b> {
    /// Decodes it.
    ///
    /// # Errors
    /// [`NotRead`] when it is too large.
    pub fn of(bytes: &'b [u8]) -> Result<Self, NotRead> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(refused::too_large());
        }
        Ok(Self { bytes, sha256: hex::encode(Sha256::digest(bytes)), text: text::clean(bytes) })
    }

    /// One reading for every device in it, in the file's order.
    ///
    /// # Errors
    /// [`NotRead`] when no device of a known family is in it.
    pub fn read(&self) -> Result<Vec<DeviceReading>, NotRead> {
        self.read_with(families::FAMILIES)
    }

    /// The same where somebody says which family it is.
    ///
    /// # Errors
    /// [`NotRead`] when there is no such family, or nothing of it in the file.
    pub fn read_as(&self, family: &str) -> Result<Vec<DeviceReading>, NotRead> {
        let Some(at) = families::FAMILIES.iter().position(|known| known.id() == family) else {
            return Err(refused::no_such_family(&families()));
        };
        self.read_with(families::FAMILIES.get(at..=at).unwrap_or_default())
    }

    fn read_with(&self, families: &[&'static dyn families::Family]) -> Result<Vec<DeviceReading>, NotRead> {
        let length = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        if let Some(family) = families.iter().find(|family| family.sealed(self.bytes)) {
            let mut reading = draft::blank(family.id());
            reading.source.sort = SourceSort::Opaque;
            reading.source.sha256.clone_from(&self.sha256);
            reading.source.bytes = length;
            reading.source.encoding = "binary".to_owned();
            reading.gaps.push(refused::sealed());
            draft::finish(&mut reading);
            return Ok(vec![reading]);
        }
        let cleaned = self.text.as_ref().map_err(Clone::clone)?;
        let lines = cleaned.lines();
        let mut readings = Vec::new();
        for device in split::devices(&lines, families)? {
            let mut reading = draft::blank(device.family.id());
            reading.source.sort = device.sort();
            reading.source.lines = device.lines;
            reading.gaps.extend(cleaned.gaps.iter().cloned());
            reading.gaps.extend(device.gaps.iter().cloned());
            reading.identity.name.clone_from(&device.name);
            device.family.read(&device, &mut reading);
            reading.source.sha256.clone_from(&self.sha256);
            reading.source.bytes = length;
            cleaned.encoding.clone_into(&mut reading.source.encoding);
            draft::finish(&mut reading);
            readings.push(reading);
        }
        Ok(readings)
    }
}
