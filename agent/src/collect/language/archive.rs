//! A Java archive: what it is, and what is in it, archives in archives included (JAR File Specification; Maven Archiver's
//! `pom.properties`; `WEB-INF/lib` and `BOOT-INF/lib`). Bytes in, packages and troubles out.
//! It does not know files of the host, classes, or where a package came from; a name that no file of the archive says is its file name.
//! Invariant: whatever an archive claims of itself, memory, bytes, entries, depth and time are bounded, and each bound is named.

use super::{Named, word};
use daicho_schemas::fact::observation::LanguageEvidence;
use std::cell::Cell;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;
use std::time::Instant;
use zip::ZipArchive;

/// Archives in archives: an ear has wars that have jars, which may have jars of their own.
const DEPTH_MAX: usize = 5;
/// Bytes that are read to learn what is in one archive: 60,000 names of 130 bytes.
const DIRECTORY_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Bytes of one archive in another; it is held in memory while it is read.
const NESTED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// All archives that are held in memory at one time.
const HELD_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// All bytes that are unpacked of one file.
const UNPACKED_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// How many times larger an archive in another may become; archives are packed already.
const RATIO_MAX: u64 = 50;
/// Archives in one file.
const ARCHIVES_MAX: usize = 5_000;
/// Packages in one file.
const PACKAGES_MAX: usize = 20_000;
/// One manifest or `pom.properties`: what is wanted stands at the beginning.
const TEXT_BYTES_MAX: u64 = 64 * 1024;

const MANIFEST: &str = "META-INF/MANIFEST.MF";
const ENDINGS: &[&str] = &[".jar", ".war", ".ear", ".sar", ".hpi", ".jpi", ".nar", ".kar"];

/// Whether a file is named like a Java archive.
pub fn is_archive(name: &str) -> bool {
    ENDINGS.iter().any(|ending| name.len() > ending.len() && name.ends_with(ending))
}

/// One package in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contained {
    /// What it is.
    pub named: Named,
    /// Where in the archive; nothing for the archive itself.
    pub inside: Option<String>,
}

/// What is in an archive, and what could not be read of it.
#[derive(Debug, Default)]
pub struct Contents {
    /// Packages, the archive itself first.
    pub packages: Vec<Contained>,
    /// What was left out: where in the archive, and why.
    pub troubles: Vec<(String, &'static str)>,
    /// Bytes that were unpacked.
    pub unpacked: u64,
    archives: usize,
}

/// Reads an archive of this file name.
pub fn read(file: impl Read + Seek, name: &str, ends: Instant) -> Contents {
    let mut contents = Contents::default();
    let mut reader = Reader { contents: &mut contents, ends, held: 0 };
    reader.archive(file, name, None, 0);
    contents
}

struct Reader<'a> {
    contents: &'a mut Contents,
    ends: Instant,
    held: u64,
}

impl Reader<'_> {
    fn trouble(&mut self, inside: Option<&str>, text: &'static str) {
        // Each bound once: a hostile archive has as many reasons as it likes.
        if !self.contents.troubles.iter().any(|(_, known)| *known == text) {
            self.contents.troubles.push((inside.unwrap_or_default().to_owned(), text));
        }
    }

    fn add(&mut self, named: Named, inside: Option<String>) {
        if self.contents.packages.len() >= PACKAGES_MAX {
            return self
                .trouble(inside.as_deref(), "there are more packages in it than the limit; the rest is not listed");
        }
        self.contents.packages.push(Contained { named, inside });
    }

    /// Reads one archive: itself, what was built into it, and the archives in it.
    fn archive(&mut self, file: impl Read + Seek, name: &str, inside: Option<&str>, depth: usize) {
        let file_name = name.rsplit('/').next().unwrap_or(name);
        let allowance = Rc::new(Cell::new(DIRECTORY_BYTES_MAX));
        let opened = ZipArchive::new(Metered { file, left: Rc::clone(&allowance) });
        allowance.set(u64::MAX);
        let Ok(mut archive) = opened else {
            self.trouble(inside, "it is no archive, or its directory is damaged or larger than the limit");
            return self.by_file_name(file_name, inside);
        };
        let names: Vec<(usize, String)> =
            (0..archive.len()).filter_map(|at| Some((at, archive.name_for_index(at)?.ok()?.into_owned()))).collect();
        let manifest = names.iter().find(|(_, name)| name == MANIFEST).map(|(at, _)| *at);
        let manifest = manifest.and_then(|at| self.text(&mut archive, at)).unwrap_or_default();
        let poms = names.iter().filter(|(_, name)| is_pom(name));
        let poms: Vec<(String, Named)> =
            poms.filter_map(|(at, name)| Some((name.clone(), pom(&self.text(&mut archive, *at)?)?))).collect();
        let stem = stem(file_name);
        let own = poms.iter().find(|(_, pom)| is_of(pom, stem)).map(|(_, pom)| pom.clone());
        let of_itself = own.clone().or_else(|| by_manifest(&manifest, stem)).or_else(|| by_name(stem));
        if let Some(named) = of_itself {
            self.add(named, inside.map(str::to_owned));
        }
        for (name, pom) in poms {
            if Some(&pom) != own.as_ref() {
                self.add(pom, joined(inside, name.strip_suffix("/pom.properties").unwrap_or(&name)));
            }
        }
        for (at, name) in names.into_iter().filter(|(_, name)| is_archive(name)) {
            if let Some(path) = joined(inside, &name) {
                self.nested(&mut archive, at, &name, &path, depth);
            }
        }
    }

    fn by_file_name(&mut self, file_name: &str, inside: Option<&str>) {
        if let Some(named) = by_name(stem(file_name)) {
            self.add(named, inside.map(str::to_owned));
        }
    }

    /// An archive in an archive: unpacked into memory, within limits.
    fn nested<R: Read + Seek>(&mut self, archive: &mut ZipArchive<R>, at: usize, name: &str, path: &str, depth: usize) {
        if depth + 1 >= DEPTH_MAX {
            return self.trouble(Some(path), "archives lie deeper in each other than the limit; they were not opened");
        }
        self.contents.archives += 1;
        if self.contents.archives > ARCHIVES_MAX {
            return self.trouble(Some(path), "there are more archives in it than the limit; the rest was not opened");
        }
        let bytes = match self.unpacked(archive, at) {
            Ok(bytes) => bytes,
            Err(text) => {
                self.trouble(Some(path), text);
                return self.by_file_name(name.rsplit('/').next().unwrap_or(name), Some(path));
            }
        };
        let held = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.held += held;
        self.archive(Cursor::new(bytes), name, Some(path), depth + 1);
        self.held -= held;
    }

    fn unpacked<R: Read + Seek>(&mut self, archive: &mut ZipArchive<R>, at: usize) -> Result<Vec<u8>, &'static str> {
        let entry = archive.by_index(at).map_err(|_| "an archive in it cannot be unpacked")?;
        let (packed, claimed) = (entry.compressed_size(), entry.size());
        let most = packed.saturating_mul(RATIO_MAX).clamp(1024 * 1024, NESTED_BYTES_MAX);
        let left =
            HELD_BYTES_MAX.saturating_sub(self.held).min(UNPACKED_BYTES_MAX.saturating_sub(self.contents.unpacked));
        if claimed > NESTED_BYTES_MAX.min(left) {
            return Err("an archive in it, or all of them together, is larger than the limit; it was not opened");
        }
        if Instant::now() >= self.ends {
            return Err("reading took longer than the limit; the rest was not opened");
        }
        let mut bytes = Vec::new();
        // What an entry claims is no promise: the limit holds while it is unpacked.
        let read = entry.take(most.min(left) + 1).read_to_end(&mut bytes);
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.contents.unpacked = self.contents.unpacked.saturating_add(count);
        if count > most.min(left) {
            return Err("an archive in it grows beyond what archives do; it was not opened");
        }
        read.map_err(|_| "an archive in it is damaged")?;
        Ok(bytes)
    }

    /// The beginning of a text in the archive.
    fn text<R: Read + Seek>(&mut self, archive: &mut ZipArchive<R>, at: usize) -> Option<String> {
        let mut bytes = Vec::new();
        let entry = archive.by_index(at).ok()?;
        entry.take(TEXT_BYTES_MAX).read_to_end(&mut bytes).ok()?;
        self.contents.unpacked = self.contents.unpacked.saturating_add(u64::try_from(bytes.len()).unwrap_or(0));
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// `WEB-INF/lib/a.jar!/META-INF/maven/g/a`, as Java writes it.
fn joined(inside: Option<&str>, name: &str) -> Option<String> {
    word_of_path(name)?;
    Some(inside.map_or_else(|| name.to_owned(), |outer| format!("{outer}!/{name}")))
}

fn word_of_path(name: &str) -> Option<()> {
    (!name.is_empty() && !name.chars().any(char::is_control)).then_some(())
}

fn is_pom(name: &str) -> bool {
    name.starts_with("META-INF/maven/") && name.ends_with("/pom.properties")
}

fn pom(text: &str) -> Option<Named> {
    let value = |key: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        lines.find(|(name, _)| name.trim() == key).and_then(|(_, value)| word(value))
    };
    let name = value("artifactId").filter(|name| is_plain(name))?;
    let version = value("version").filter(|version| is_plain(version));
    Some(Named {
        group: value("groupId").filter(|group| is_plain(group)),
        name,
        version,
        evidence: LanguageEvidence::PomProperties,
    })
}

/// Whether no build tool was to put something in here.
fn is_plain(text: &str) -> bool {
    !text.contains(['$', '{', '@']) && !text.contains(char::is_whitespace)
}

/// Whether `pom.properties` speaks of the archive itself: its file is named so, with or without a version.
fn is_of(pom: &Named, stem: &str) -> bool {
    let begins =
        |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    let name = split(stem).0;
    begins(stem, &pom.name) || begins(&pom.name, name)
}

/// Version by the manifest, name by the file.
fn by_manifest(manifest: &str, stem: &str) -> Option<Named> {
    let value = |key: &str| {
        let mut lines =
            manifest.lines().take_while(|line| !line.trim().is_empty()).filter_map(|line| line.split_once(':'));
        lines.find(|(name, _)| name.eq_ignore_ascii_case(key)).and_then(|(_, value)| word(value))
    };
    let is_version = |text: &String| is_plain(text) && text.starts_with(|c: char| c.is_ascii_digit());
    let version =
        ["Implementation-Version", "Bundle-Version"].into_iter().find_map(|key| value(key).filter(is_version))?;
    Some(Named {
        group: None,
        name: word(split(stem).0)?,
        version: Some(version),
        evidence: LanguageEvidence::Manifest,
    })
}

fn by_name(stem: &str) -> Option<Named> {
    let (name, version) = split(stem);
    Some(Named {
        group: None,
        name: word(name)?,
        version: version.and_then(word),
        evidence: LanguageEvidence::FileName,
    })
}

fn stem(file_name: &str) -> &str {
    ENDINGS.iter().find_map(|ending| file_name.strip_suffix(ending)).unwrap_or(file_name)
}

/// `log4j-1.2-api-2.14.1` into name and version: the last run of parts that begin with a digit, and what may follow it.
fn split(stem: &str) -> (&str, Option<&str>) {
    const AFTER: &[&str] = &["jre", "android", "final", "ga", "release", "snapshot", "incubating"];
    let starts: Vec<usize> = std::iter::once(0).chain(stem.match_indices('-').map(|(at, _)| at + 1)).collect();
    let part = |start: usize| stem.get(start..).unwrap_or_default().split('-').next().unwrap_or_default();
    let is_number = |start: &usize| part(*start).starts_with(|c: char| c.is_ascii_digit());
    let Some(last) = starts.iter().rposition(is_number) else { return (stem, None) };
    let known = |start: &usize| AFTER.contains(&part(*start).to_ascii_lowercase().as_str());
    let run = starts.iter().take(last + 1).rev().take_while(|start| is_number(start)).count();
    let first = starts.get(last + 1 - run).copied().unwrap_or_default();
    if first == 0 || !starts.iter().skip(last + 1).all(known) {
        return (stem, None);
    }
    (stem.get(..first - 1).unwrap_or(stem), stem.get(first..))
}

/// Lets so many bytes through and then ends with an error.
struct Metered<R> {
    file: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        let left = self.left.get().checked_sub(u64::try_from(count).unwrap_or(u64::MAX));
        self.left.set(left.ok_or_else(|| io::Error::other("more was read than the limit"))?);
        Ok(count)
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        self.file.seek(place)
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn file_names_fall_into_name_and_version_or_are_no_versions() {
        for (stem, name, version) in [
            ("log4j-core-2.14.1", "log4j-core", Some("2.14.1")),
            ("log4j-1.2-api-2.14.1", "log4j-1.2-api", Some("2.14.1")),
            ("servlet-api-2.5-20081211", "servlet-api", Some("2.5-20081211")),
            ("guava-31.1-jre", "guava", Some("31.1-jre")),
            ("berth", "berth", None),
            ("foo-2-bar", "foo-2-bar", None),
            ("3.1", "3.1", None),
            ("", "", None),
            ("港-1.0", "港", Some("1.0")),
        ] {
            assert_eq!(split(stem), (name, version), "{stem}");
        }
    }
}
