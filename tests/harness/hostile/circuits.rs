//! Lists of lines that a person hands in.
//! It does not know any column. Invariant: whatever the bytes are, there is a refusal in words that can be printed, or lines within their
//! limits, and every row is a line, is named as unreadable, or says nothing.

use super::scribe::check_refusal;
use daicho::sheets;
use daicho::tables::circuits;
use daicho_schemas::fact::circuit::{CIRCUIT_TEXT_BYTES_MAX, CIRCUITS_MAX};

pub(super) fn read(bytes: &[u8]) {
    let sheets = match sheets::read(bytes) {
        Err(refusal) => return check_refusal(&refusal),
        Ok(sheets) => sheets,
    };
    let read = match circuits::read(&sheets, None) {
        Err(refusal) => return check_refusal(&refusal),
        Ok(read) => read,
    };
    assert!((1..=CIRCUITS_MAX).contains(&read.circuits.len()));
    assert!(read.circuits.is_sorted_by(|one, other| one.key < other.key));
    let rows: usize = sheets.iter().map(|sheet| sheet.rows.len()).sum();
    assert!(read.circuits.len() + read.unreadable.len() < rows);
    for own in &read.circuits {
        let texts = [&own.key, &own.carrier, &own.number, &own.service, &own.place, &own.equipment, &own.purpose];
        let more = [&own.used_by, &own.contract, &own.device, &own.port];
        for text in texts.into_iter().chain(more) {
            assert!(text.len() <= CIRCUIT_TEXT_BYTES_MAX && !text.chars().any(char::is_control), "{text:?}");
        }
        assert!(!own.key.trim().is_empty());
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let files = [
        "管理番号,回線番号,通信事業者,回線種別,設置場所,用途,保守会社,接続機器,ポート,ネットワーク,開始日,解約日,パスワード\n\
         L-001,CAF0000000001,例示通信,インターネット接続,サーバー室,遠隔保守,株式会社例示,gw,lan2,192.0.2.0/24,2024/4/1,,EXAMPLE-SECRET-1\n\
         L-002,09000000000,〃,LTE,電気室,監視,－,,,,2024年4月1日,2026-03-31,\n",
        "circuit number;carrier;type;device\n1;Example Carrier;mobile;gw\n",
    ];
    files.iter().map(|file| file.as_bytes().to_vec()).collect()
}
