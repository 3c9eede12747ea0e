//! Lists of lines as people keep them: what is taken, what is named as unreadable, and what nobody reads.

use super::*;
use crate::sheets;

fn rows(text: &str) -> Result<CircuitsRead, Refusal> {
    read(&sheets::read(text.as_bytes()).unwrap(), None)
}

const LIST: &str = "令和8年度 回線台帳,,,,,,,,,,,,,\n\
    No.,管理番号,回線番号,通信事業者,回線種別,拠点,設置場所,用途,保守会社,接続機器,ポート,接続ID,パスワード,解約日\n\
    1,L-001,CAF0000000001,例示通信,インターネット接続,本院,サーバー室,遠隔保守,株式会社例示,caterer-gw,lan2,user@isp.example,EXAMPLE-SECRET-1,\n\
    2,L-002,０９０００００００００,〃,ＬＴＥ,本院,電気室,監視,－,,,,,2026/3/31\n\
    3,,0300000001,例示電話,ひかり,別館,,FAX,,,,,,\n\
    4,,,例示通信,専用線,本院,,,,,,,,\n\
    5,L-001,CAF0000000002,例示通信,専用線,本院,,,,,,,,\n\
    6,L-006,CAF0000000006,例示通信,専用線,本院,,,,,,,,31/3/2026\n\
    ,,,,,,,,,,,,EXAMPLE-SECRET-1,\n";

#[test]
fn rows_become_circuits_and_what_cannot_be_read_is_named() {
    let read = rows(LIST).unwrap();
    let keys: Vec<&str> = read.circuits.iter().map(|own| own.key.as_str()).collect();
    assert_eq!(keys, ["0300000001", "L-001", "L-002"], "a row without a number of its own goes by the carrier's");
    let [fax, first, mobile] = read.circuits.as_slice() else { panic!("{:?}", read.circuits) };
    assert_eq!((first.sort, first.place.as_str()), (CircuitSort::Internet, "本院, サーバー室"));
    assert_eq!((first.used_by.as_str(), first.device.as_str()), ("株式会社例示", "caterer-gw"));
    assert_eq!((mobile.sort, mobile.number.as_str()), (CircuitSort::Mobile, "09000000000"));
    assert_eq!(mobile.carrier, "例示通信", "the same as above");
    assert_eq!(mobile.ends_on.unwrap().to_string(), "2026-03-31");
    assert_eq!((fax.sort, fax.service.as_str()), (CircuitSort::Unknown, "ひかり"), "a word that is not known is kept");
    let rows: Vec<u32> = read.unreadable.iter().map(|(row, _)| *row).collect();
    assert_eq!(rows, [6, 7, 8], "{:?}", read.unreadable);
    assert!(read.unreadable[1].1.contains("as row 3"), "{:?}", read.unreadable);
}

#[test]
fn accounts_and_passwords_stay_in_the_file() {
    let read = rows(LIST).unwrap();
    let secret = read.headers.iter().filter(|(words, _)| ["接続ID", "パスワード", "No."].contains(&words.as_str()));
    assert_eq!(secret.filter(|(_, means)| means.is_none()).count(), 3);
    let all = format!("{:?} {:?}", read.circuits, read.unreadable);
    assert!(!all.contains("EXAMPLE-SECRET-1") && !all.contains("user@isp"), "{all}");
}

#[test]
fn a_file_without_numbers_or_with_one_meaning_twice_is_refused() {
    for (text, why) in [
        ("用途,場所\nFAX,本院\n", "回線番号"),
        ("回線番号,回線id,用途\n1,2,FAX\n", "mean the same"),
        ("回線番号,用途\n", "no line"),
        ("回線番号,用途\n,FAX\n", "row 2"),
        ("回線番号,用途\n同上,FAX\n", "nothing stands above"),
    ] {
        let refused = rows(text).unwrap_err();
        assert!(refused.detail.contains(why), "{why}: {}", refused.detail);
    }
    let number = |number| {
        let mut sheet = sheets::read("回線番号,用途\n1,FAX\n".as_bytes()).unwrap().remove(0);
        sheet.rows.get_mut(&1).unwrap().get_mut(&0).unwrap().number = number;
        read(&[sheet], None)
    };
    assert!(number(false).is_ok());
    assert!(number(true).unwrap_err().detail.contains("loses zeros"));
    let twice = [rows_sheet("a"), rows_sheet("b")];
    assert!(read(&twice, None).unwrap_err().detail.contains("a, b"));
    assert_eq!(read(&twice, Some("b")).unwrap().sheet, "b");
}

fn rows_sheet(name: &str) -> Sheet {
    Sheet { name: name.into(), ..sheets::read("回線番号,用途\n1,FAX\n".as_bytes()).unwrap().remove(0) }
}

#[test]
fn networks_are_in_one_spelling_and_days_in_order() {
    let read =
        rows("回線番号,ネットワーク,開始日,終了日\nA,192.0.2.5/24,2024/4/1,-\nB,192.0.2.5,,\nC,,2026/4/1,2026/3/1\n");
    let read = read.unwrap();
    assert_eq!(read.circuits[0].segment.as_deref(), Some("192.0.2.0/24"));
    assert_eq!(read.unreadable.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [3, 4]);
}
