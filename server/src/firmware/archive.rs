//! A ZIP of many records, such as the CVE list: file by file, within limits, never unpacked to a disk.
//! It does not know what is in a file. Invariant: names in the archive are only shown, and sizes are counted, not believed.

use super::{FIRMWARE_FILE_BYTES_MAX, Import, LeftOut, NO_KIND, malformed};
use daicho_schemas::fact::firmware::{PACK_FILES_MAX, PackFile};
use daicho_schemas::refusal::Refusal;
use std::io::{Read as _, Seek};

/// Files in an archive. The whole CVE list has about 300,000.
pub const ZIP_FILES_MAX: usize = 1_000_000;
/// All of an archive after decompression, in bytes. The whole CVE list has about 3 GB.
pub const ZIP_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;

impl Import {
    /// Takes every JSON file of an archive in; of other files it says that they are there.
    ///
    /// # Errors
    /// `firmware_file_malformed` when the archive is damaged or larger than the limits.
    pub fn archive(&mut self, name: &str, sha256: &str, reader: impl std::io::Read + Seek) -> Result<(), Refusal> {
        let broken = |error: &dyn std::fmt::Display| malformed(name, format!("not a whole ZIP: {error}"));
        let mut archive = zip::ZipArchive::new(reader).map_err(|error| broken(&error))?;
        if archive.len() > ZIP_FILES_MAX {
            return Err(malformed(name, format!("{} files, at most {ZIP_FILES_MAX}", archive.len())));
        }
        let mut left = ZIP_BYTES_MAX;
        let mut bytes = Vec::new();
        for index in 0..archive.len() {
            let file = archive.by_index(index).map_err(|error| broken(&error))?;
            if file.is_dir() {
                continue;
            }
            let inside = file.name().map_err(|error| broken(&error))?.into_owned();
            let own = format!("{name}/{inside}");
            if !inside.to_ascii_lowercase().ends_with(".json") {
                self.leave(LeftOut::OtherFile, &own);
                continue;
            }
            bytes.clear();
            file.take(FIRMWARE_FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(|error| broken(&error))?;
            left = left
                .checked_sub(bytes.len() as u64)
                .ok_or_else(|| malformed(name, format!("it unpacks to more than {ZIP_BYTES_MAX} bytes")))?;
            self.one_of_many(&own, &bytes);
        }
        if self.files.len() < PACK_FILES_MAX {
            self.files.push(PackFile { name: name.chars().take(200).collect(), sha256: sha256.into() });
        }
        Ok(())
    }

    /// Takes one file of a folder or archive in; one of another kind is left out and counted.
    pub fn one_of_many(&mut self, name: &str, bytes: &[u8]) {
        if let Err(refusal) = self.take(name, None, bytes) {
            let other = refusal.detail.ends_with(NO_KIND);
            self.leave(if other { LeftOut::OtherFile } else { LeftOut::Unreadable }, name);
        }
    }
}
