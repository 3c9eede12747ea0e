//! A pack on disk: a folder or one ZIP file, with the ledger written as it is read.
//! It does not know what the files say. Invariant: nothing that exists is written over, and equal packs are equal bytes: names in
//! order, no time of day, one way of packing.

use super::{LEDGER, MANIFEST, Manifest, ManifestFile, Pack, json};
use crate::ledger::engine::Engine;
use crate::ledger::transfer;
use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Whether a path is to be one file.
pub fn is_zip(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
}

/// Writes a pack to where nothing is yet. `progress` hears the last entry written.
pub fn write(engine: &dyn Engine, pack: &Pack, to: &Path, progress: &mut dyn FnMut(u64)) -> anyhow::Result<Manifest> {
    let doing = || format!("write {} (it must not exist yet)", to.display());
    if is_zip(to) {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(to).with_context(doing)?;
        let mut into = Zip(ZipWriter::new(file));
        let manifest = write_into(engine, pack, &mut into, progress)?;
        into.0.finish()?.sync_all()?;
        return Ok(manifest);
    }
    fs::create_dir(to).with_context(doing)?;
    write_into(engine, pack, &mut Folder(to), progress)
}

/// Takes files by name.
trait Into {
    fn put(&mut self, name: &str, write: &mut dyn FnMut(&mut dyn Write) -> anyhow::Result<()>) -> anyhow::Result<()>;
}

fn write_into(
    engine: &dyn Engine,
    pack: &Pack,
    into: &mut dyn Into,
    progress: &mut dyn FnMut(u64),
) -> anyhow::Result<Manifest> {
    let mut ledger = None;
    into.put(LEDGER, &mut |out| {
        let mut hashed = Hashed::to(out);
        let head = transfer::export_to(engine, pack.stand.entry_seq, &mut hashed, progress)?;
        anyhow::ensure!(head.hash == pack.stand.entry_hash, "the ledger changed while it was written");
        ledger = Some(hashed.file(LEDGER));
        Ok(())
    })?;
    for (name, bytes) in &pack.files {
        into.put(name, &mut |out| Ok(out.write_all(bytes)?))?;
    }
    let manifest = pack.manifest(ledger.context("the ledger was not written")?);
    let bytes = json(&manifest)?;
    into.put(MANIFEST, &mut |out| Ok(out.write_all(&bytes)?))?;
    Ok(manifest)
}

struct Folder<'a>(&'a Path);

impl Into for Folder<'_> {
    fn put(&mut self, name: &str, write: &mut dyn FnMut(&mut dyn Write) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let mut out = BufWriter::new(File::create_new(self.0.join(name))?);
        write(&mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(())
    }
}

struct Zip<W: Write + Seek>(ZipWriter<W>);

impl<W: Write + Seek> Into for Zip<W> {
    fn put(&mut self, name: &str, write: &mut dyn FnMut(&mut dyn Write) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            .large_file(true);
        self.0.start_file(name, options)?;
        write(&mut self.0)
    }
}

/// Hashes what goes through.
pub(super) struct Hashed<'a> {
    out: &'a mut dyn Write,
    sha256: Sha256,
    bytes: u64,
}

impl<'a> Hashed<'a> {
    /// Hashes what goes to `out`.
    pub(super) fn to(out: &'a mut dyn Write) -> Self {
        Self { out, sha256: Sha256::new(), bytes: 0 }
    }

    /// What went through, under a name.
    pub(super) fn file(self, name: &str) -> ManifestFile {
        ManifestFile { name: name.into(), bytes: self.bytes, sha256: hex::encode(self.sha256.finalize()) }
    }
}

impl Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sha256.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
