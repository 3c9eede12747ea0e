//! Every sample of `fixtures/` gives what its `expected.json` says (`DAICHO_GOLDEN=write` writes it anew; read it); what terminals leave
//! behind; and what is refused. It does not know where a sample comes from: its `origin.md` does.
//! Invariant: every form has a sample, and no name of a computer is taken over.

use super::*;
use serde_json::json;
use std::path::{Path, PathBuf};

fn rows(text: &str) -> (&'static str, NetworkTableSort, Vec<String>, u32) {
    let reading = read(text.as_bytes()).unwrap();
    let line = |row: &NetworkTableRow| {
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
        format!("{} {} {} {}", row.mac, or(&row.address), or(&row.port), or(&row.vlan))
    };
    (reading.format, reading.sort, reading.rows.iter().map(line).collect(), reading.left_out)
}

/// The folders of `fixtures/`, each with its input.
fn samples() -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/network_tables/fixtures");
    let entries = |of: &Path| std::fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let mut folders = entries(&root);
    folders.sort();
    let input =
        |folder: &PathBuf| entries(folder).into_iter().find(|path| path.file_stem().unwrap() == "input").unwrap();
    folders.into_iter().map(|folder| (folder.clone(), std::fs::read(input(&folder)).unwrap())).collect()
}

#[test]
fn samples_give_what_is_expected() {
    let write = std::env::var("DAICHO_GOLDEN").is_ok_and(|value| value == "write");
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for (folder, bytes) in samples() {
        assert!(folder.join("origin.md").exists(), "{} does not say where it comes from", folder.display());
        let reading = read(&bytes).unwrap();
        seen.insert(reading.format);
        let out = json!({ "format": reading.format, "sort": reading.sort, "rows": reading.rows, "left_out": reading.left_out });
        let golden = folder.join("expected.json");
        if write {
            std::fs::write(&golden, serde_json::to_string_pretty(&out).unwrap() + "\n").unwrap();
        }
        let kept = std::fs::read_to_string(&golden).unwrap_or_default();
        if serde_json::from_str::<serde_json::Value>(&kept).ok() != Some(out) {
            wrong.push(folder.display().to_string());
        }
        assert!(!format!("{reading:?}").contains("tanaka"), "{}: the name of a computer", folder.display());
    }
    assert!(wrong.is_empty(), "not what expected.json says: {wrong:?}");
    assert_eq!(seen, formats().collect(), "every form has a sample");
}

const CISCO_ARP: &str = include_str!("fixtures/cisco_ios_arp/input.txt");

#[test]
fn what_a_terminal_leaves_behind_is_normal_and_what_is_cut_off_is_counted() {
    let text =
        CISCO_ARP.replace("Internet  192.0.2.9", " --More-- \u{8}\u{8}\u{8}\u{1b}[7m\u{1b}[0mInternet  192.0.2.9");
    assert_eq!(rows(&text).2.len(), 2);
    let (_, _, lines, left_out) =
        rows("lease 192.0.2.1 {\n hardware ethernet 00:00:5e:00:53:01;\n}\nlease 192.0.2.2 {\n hardware eth");
    assert_eq!((lines.len(), left_out), (1, 1), "the second one ends in the middle");
    let broken = CISCO_ARP.replace("Internet  192.0.2.9", "Intern");
    assert_eq!(rows(&broken).2.len(), 1);
}

#[test]
fn what_is_no_table_is_refused_with_a_reason() {
    let why = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    for bytes in [
        &b""[..],
        b"hello world\n",
        b"\x00\x01\x02\x03",
        b"interface Vlan10\n ip address 192.0.2.1 255.255.255.0\n",
        b"\xff\xfe\xfd",
    ] {
        assert!(!why(bytes).is_empty(), "{bytes:?}");
    }
    assert!(why(b"Protocol Address Age Hardware Type\n").contains("no row"), "a head line alone is no empty network");
    let two = format!(
        "{CISCO_ARP}\nVlan    Mac Address       Type        Ports\n  10    0000.5e00.5301    DYNAMIC     Gi1/0/1\n"
    );
    assert!(why(two.as_bytes()).contains("two sorts"));
    let many: String =
        (0..=TABLE_ROWS_MAX).map(|n| format!("192.0.2.1 dev eth{n} lladdr 00:00:5e:00:53:01 X\n")).collect();
    assert!(why(many.as_bytes()).contains("at most"));
    assert!(why(&vec![b'a'; FILE_BYTES_MAX + 1]).contains("at most"));
}
