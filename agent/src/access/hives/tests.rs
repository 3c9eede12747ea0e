//! Hives that another maker's library wrote, and what a failing disk makes of them.

use super::super::registry::{RegistryKey, RegistryValue};
use super::super::{AccessError, Host as _, LiveHost, Platform, RecordedHost};
use super::pages::SECTOR_BYTES;
use super::{Hive, log, on_system_volume};
use std::io::Cursor;
use std::path::PathBuf;

const SOFTWARE: &str = "Windows/System32/config/SOFTWARE";

fn sample() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/registry/names")
}

/// Every key below one, with its name.
fn walk(host: &dyn super::Host, name: &str, found: &mut Vec<(String, RegistryKey)>) {
    let key = host.registry(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(!key.cut && key.unreadable_names == 0, "{name}");
    for below in &key.keys {
        walk(host, &format!("{name}/{below}"), found);
    }
    found.push((name.to_owned(), RegistryKey { written_at: None, ..key }));
}

#[test]
fn hives_say_what_their_text_says() {
    let text = RecordedHost::image(sample());
    let image = LiveHost::new(sample().join("root"));
    assert_eq!(image.platform(), Platform::Windows);
    for top in ["HKLM/SOFTWARE", "HKLM/SYSTEM/CurrentControlSet", "HKU/S-1-5-21-1111111111-2222222222-3333333333-1001"]
    {
        let (mut written, mut read) = (Vec::new(), Vec::new());
        walk(&text, top, &mut written);
        walk(&image, top, &mut read);
        // Classes of an account are a hive of their own, which only the running machine shows below `Software`.
        if top.starts_with("HKU") {
            let classes = image.registry(&format!("{top}/software/classes/.DAICHO")).unwrap();
            assert_eq!(classes.text(""), Some("DaichoFile"));
            written.retain(|(name, _)| !name.contains("Classes"));
            read.iter_mut().zip(&written).for_each(|((_, read), (_, written))| read.keys.clone_from(&written.keys));
        }
        assert_eq!(read, written);
        assert!(read.len() > 1);
    }
}

#[test]
fn keys_are_found_without_regard_to_case_and_nothing_else_is_there() {
    let image = LiveHost::new(sample().join("root"));
    let key = image.registry("hklm/Software/ベンダー/клиент ж").unwrap();
    assert_eq!(key.text("ПУТЬ"), Some("%ProgramFiles%\\Клиент"));
    assert!(key.written_at.is_some());
    assert_eq!(image.registry("HKLM/SOFTWARE/ベンダー/with∕slash").unwrap().number("long"), Some(1 << 40));
    for absent in
        ["HKLM/SOFTWARE/None", "HKLM/HARDWARE", "HKLM/SECURITY/Policy/Secrets", "HKU/S-1-5-21-1/Software", "HKCU", ""]
    {
        assert!(image.registry(absent).is_err_and(|error| error.is_missing()), "{absent}");
    }
    let users = image.registry("HKU").unwrap();
    assert_eq!(users.keys, [".DEFAULT", "S-1-5-18", "S-1-5-21-1111111111-2222222222-3333333333-1001"]);
}

#[test]
fn names_of_files_are_found_as_windows_finds_them() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("WINDOWS/system32/config");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::copy(sample().join("root").join(SOFTWARE), config.join("software")).unwrap();
    let host = LiveHost::new(folder.path());
    assert_eq!(host.platform(), Platform::Windows);
    assert!(host.registry("HKLM/SOFTWARE/Microsoft").is_ok());
    assert!(matches!(host.registry("HKLM/SYSTEM"), Err(AccessError::Missing { .. })));
    std::fs::write(config.join("system"), b"regf? no").unwrap();
    assert!(matches!(host.registry("HKLM/SYSTEM"), Err(AccessError::Unreadable { .. })));
    assert_eq!(LiveHost::new("/nonexistent").platform(), Platform::Linux);
}

fn bytes() -> Vec<u8> {
    std::fs::read(sample().join("root").join(SOFTWARE)).unwrap()
}

fn open(hive: &[u8], logs: &[Vec<u8>]) -> Option<Hive> {
    Hive::open(Box::new(Cursor::new(hive.to_vec())), || logs.to_vec())
}

fn product(hive: &mut Hive) -> Option<(String, bool)> {
    let key = hive.key(["Microsoft", "Windows NT", "CurrentVersion"].into_iter())?;
    Some((key.text("ProductName")?.to_owned(), key.cut))
}

/// The same hive with another product, and the header of a hive that is being written.
fn changed() -> (Vec<u8>, Vec<u8>, usize) {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let (before, after) = (wide("Server 2019"), wide("Server 2022"));
    let mut old = bytes();
    let at = old.windows(before.len()).position(|piece| piece == before).unwrap();
    let mut new = old.clone();
    new[at..at + after.len()].copy_from_slice(&after);
    let begun = u32::from_le_bytes(*old[4..].first_chunk().unwrap()) + 1;
    old[4..8].copy_from_slice(&begun.to_le_bytes());
    seal(&mut old);
    (old, new, (at - 4096) / SECTOR_BYTES)
}

/// Makes the checksum of a header right.
fn seal(head: &mut [u8]) {
    let sum = head[..508].as_chunks::<4>().0.iter().fold(0, |sum, word| sum ^ u32::from_le_bytes(*word));
    head[508..512].copy_from_slice(&sum.to_le_bytes());
}

#[test]
fn a_log_of_the_old_format_completes_a_hive_and_a_damaged_one_does_not() {
    let (old, new, sector) = changed();
    assert_eq!(product(&mut open(&old, &[]).unwrap()), Some(("Windows Server 2019 Standard".into(), true)), "no log");
    let mut log = old[..SECTOR_BYTES].to_vec();
    let sequence: [u8; 4] = *old[4..].first_chunk().unwrap();
    log[8..12].copy_from_slice(&sequence);
    log[28] = 1;
    seal(&mut log);
    let mut vector = b"DIRT".to_vec();
    vector.resize(4 + (new.len() - 4096) / SECTOR_BYTES / 8, 0);
    vector[4 + sector / 8] |= 1 << (sector % 8);
    vector.resize(SECTOR_BYTES, 0);
    log.extend(vector);
    log.extend_from_slice(&new[4096 + sector * SECTOR_BYTES..][..SECTOR_BYTES]);
    assert_eq!(product(&mut open(&old, &[log.clone()]).unwrap()), Some(("Windows Server 2022 Standard".into(), false)));
    log[12] ^= 1;
    assert_eq!(product(&mut open(&old, &[log]).unwrap()), Some(("Windows Server 2019 Standard".into(), true)));
}

#[test]
fn a_log_of_the_new_format_completes_a_hive_up_to_its_first_bad_entry() {
    let (old, new, sector) = changed();
    let at = sector / 8 * 4096;
    let mut log = old[..SECTOR_BYTES].to_vec();
    log[28] = 6;
    seal(&mut log);
    let mut body = Vec::new();
    body.extend(u32::try_from(at).unwrap().to_le_bytes());
    body.extend(4096u32.to_le_bytes());
    body.extend_from_slice(&new[4096 + at..][..4096]);
    let size = (40 + body.len()).next_multiple_of(SECTOR_BYTES);
    body.resize(size - 40, 0);
    let mut head = b"HvLE".to_vec();
    let begun: [u8; 4] = *old[4..].first_chunk().unwrap();
    for word in
        [u32::try_from(size).unwrap(), 0, u32::from_le_bytes(begun), u32::try_from(new.len() - 4096).unwrap(), 1]
    {
        head.extend(word.to_le_bytes());
    }
    head.extend(log::marvin(&body).to_le_bytes());
    head.extend(log::marvin(&head).to_le_bytes());
    log.extend(head);
    log.extend(body);
    let mut damaged = log.clone();
    assert_eq!(
        product(&mut open(&old, &[Vec::new(), log]).unwrap()),
        Some(("Windows Server 2022 Standard".into(), false))
    );
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(product(&mut open(&old, &[damaged]).unwrap()), Some(("Windows Server 2019 Standard".into(), true)));
}

#[test]
fn paths_that_windows_wrote_are_paths_of_the_system_volume() {
    for (written, meant) in [
        ("C:\\Users\\a", Some("/Users/a")),
        ("%SystemDrive%\\Documents and Settings\\a", Some("/Documents and Settings/a")),
        ("%systemroot%\\system32\\config\\systemprofile", Some("/Windows/system32/config/systemprofile")),
        ("D:\\Users\\a", None),
        ("\\\\server\\profiles\\a", None),
        ("", None),
    ] {
        assert_eq!(on_system_volume(written).as_deref(), meant, "{written}");
    }
}

#[test]
fn damage_anywhere_is_told_or_harmless() {
    let whole = bytes();
    for at in (4096..whole.len()).step_by(7) {
        for byte in [0, 0xff, 0x80, 0x20] {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            if let Some(mut hive) = open(&damaged, &[]) {
                visit(&mut hive, &mut Vec::new(), &mut 2000);
            }
        }
    }
    for length in (0..whole.len()).step_by(97) {
        if let Some(mut hive) = open(&whole[..length], &[]) {
            visit(&mut hive, &mut Vec::new(), &mut 2000);
        }
    }
}

fn visit(hive: &mut Hive, names: &mut Vec<String>, left: &mut usize) {
    *left = left.saturating_sub(1);
    if *left == 0 || names.len() > 12 {
        return;
    }
    let Some(key) = hive.key(names.iter().map(String::as_str)) else { return };
    for (_, value) in &key.values {
        assert!(
            !matches!(value, RegistryValue::Bytes(bytes) if bytes.len() > super::super::registry::REGISTRY_VALUE_BYTES_MAX)
        );
    }
    for name in key.keys {
        names.push(name);
        visit(hive, names, left);
        names.pop();
    }
}

/// Offsets, counts and sizes that a stranger would write, anywhere in a hive and in a log; `DAICHO_HIVES=100000` does so for long.
#[test]
fn hives_of_strangers_end() {
    let rounds = std::env::var("DAICHO_HIVES").ok().and_then(|count| count.parse().ok()).unwrap_or(500);
    let whole = bytes();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    for _ in 0..rounds {
        let mut hive = whole.clone();
        let mut log = whole[..SECTOR_BYTES].to_vec();
        for _ in 0..=draw(4) {
            let at = [draw(112), 4096 + draw(hive.len() - 4100)][draw(2)];
            let word = [0, u32::MAX, 0x8000_0000, 0x7fff_ffff, 0x20, 0x1000, u32::try_from(at).unwrap()][draw(7)];
            hive[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        log[28] = [1, 6][draw(2)];
        seal(&mut log);
        log.extend(std::iter::repeat_n([b"DIRT", b"HvLE"][draw(2)], 400).flatten());
        if draw(2) == 0 {
            seal(&mut hive);
        }
        if let Some(mut hive) = open(&hive, &[log]) {
            visit(&mut hive, &mut Vec::new(), &mut 2000);
        }
    }
}

#[test]
fn the_hash_is_marvin() {
    assert_eq!(log::marvin_with(0x004f_b61a_001b_dbcc, b""), 0x30ed_35c1_00cd_3c7d);
    assert_eq!(log::marvin_with(0x004f_b61a_001b_dbcc, &[0xaf]), 0x48e7_3fc7_7d75_ddc1);
}
