//! Why a file was not read, and what to do: the sentences.
//! It does not know when. Invariant: no word of the file stands in them.

use crate::{FILE_BYTES_MAX, NotRead};
use daicho_schemas::fact::device::{Gap, GapSort};
use daicho_schemas::text::Text;

pub(crate) fn too_large() -> NotRead {
    NotRead {
        code: "device_file_too_large",
        text: Text::new(
            format!("ファイルが {FILE_BYTES_MAX} バイトより大きいです"),
            format!("the file is larger than {FILE_BYTES_MAX} bytes"),
        ),
        remedy: Text::new("機器ごとに分けてください", "split it by device"),
    }
}

pub(crate) fn too_many_lines() -> NotRead {
    let max = crate::text::LINES_MAX;
    NotRead {
        code: "device_file_too_large",
        text: Text::new(format!("ファイルが {max} 行より長いです"), format!("the file has more than {max} lines")),
        remedy: Text::new("機器ごとに分けてください", "split it by device"),
    }
}

pub(crate) fn not_text() -> NotRead {
    NotRead {
        code: "device_file_not_text",
        text: Text::new(
            "文字のファイルではありません（空、圧縮、暗号化、またはバイナリ）",
            "it is not text: empty, packed, encrypted or binary",
        ),
        remedy: Text::new(
            "機器から取り出したままの、暗号化していない設定（show config など）を渡してください。圧縮されていれば展開してください",
            "hand in the configuration as the device prints it (show config or the like), not encrypted; unpack an archive first",
        ),
    }
}

pub(crate) fn unknown() -> NotRead {
    NotRead {
        code: "device_family_unknown",
        text: Text::new("どの機種の設定か分かりません", "it is not the configuration of a family that we know"),
        remedy: Text::new(
            "機器から取り出したままの設定（show config など）を渡してください",
            "hand in the configuration as the device prints it (show config or the like)",
        ),
    }
}

pub(crate) fn ambiguous(candidates: &[&str]) -> NotRead {
    let names = candidates.join(", ");
    NotRead {
        code: "device_family_ambiguous",
        text: Text::new(
            format!("どの機種の設定か一つに決まりません。候補: {names}"),
            format!("it could be the configuration of more than one family: {names}"),
        ),
        remedy: Text::new(
            "機種を指定するか、機器ごとに分けるか、見出しの行を含めて取り直してください",
            "name the family, split the file by device, or take it again with its heading lines",
        ),
    }
}

pub(crate) fn no_such_family(known: &[&str]) -> NotRead {
    NotRead {
        code: "device_family_unknown",
        text: Text::new("その機種の読み方はありません", "there is no parser of that name"),
        remedy: Text::new(
            format!("次のいずれかです: {}", known.join(", ")),
            format!("it is one of: {}", known.join(", ")),
        ),
    }
}

pub(crate) fn sealed() -> Gap {
    crate::draft::gap(
        GapSort::Encoding,
        None,
        "暗号化された設定のため中を読めません。暗号化せずに取り直すか、状態表示（get system status など）を添えてください",
        "the configuration is encrypted and cannot be looked into; take it again without, or add what a status command prints",
    )
}
