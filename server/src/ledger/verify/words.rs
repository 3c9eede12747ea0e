//! What the walk found, in words for people: what is wrong, and what that means. Both languages say the same.
//! It does not check anything. Invariant: every way in which a ledger can be wrong has its own sentence here.

use super::{BadPlace, NotedHead, Report, Wrong};
use crate::ledger::chain::ChainError;
use crate::ledger::entry::EntryError;
use daicho_schemas::fact::FactError;
use daicho_schemas::text::Text;

impl Wrong {
    /// What is wrong, and what that means.
    pub fn text(&self) -> Text {
        match self {
            Self::Entry(error) => entry(error),
            Self::Chain(error) => chain(error),
            Self::Fact(error) => fact(error),
            Self::Signature(error) => Text::new(
                "バッチの署名が内容と鍵に合いません。登録された後に書き換えられたか、署名を確かめずに登録されています。",
                format!(
                    "The batch's signature does not prove it: {error}. It was changed, or entered without being checked."
                ),
            ),
            Self::Batch(what) => Text::new(
                format!("署名された内容がバッチとして読めません（{what}）。"),
                format!("What was signed cannot be read as a batch ({what})."),
            ),
            Self::Author { signed_by, batch, entry } => Text::new(
                format!(
                    "署名した鍵は {signed_by}、バッチの名乗りは {batch}、記録上の報告者は {entry} で、一致しません。"
                ),
                format!(
                    "The key belongs to {signed_by}, the batch speaks for {batch}, the entry names {entry}: they differ."
                ),
            ),
            Self::Frame => Text::new(
                "保存されている番号かハッシュが、行そのものの番号・ハッシュと違います。",
                "It is kept under another number or hash than the line itself says.",
            ),
            Self::Damaged(what) => Text::new(
                format!("ディスク上のデータが壊れていて読めません（{what}）。"),
                format!("What is on disk is damaged and cannot be read ({what})."),
            ),
            Self::Unfinished { bytes, file } => Text::new(
                format!(
                    "{file} の末尾 {bytes} バイトが記録として読めません。書き込みの途中で停止したか（その場合、受理を返した記録は含まれません。次にサーバーを起動すると別のファイルに移されます）、最後に書いた記録が壊れています。停電や強制終了の心当たりがなければ、控えのハッシュと照らし合わせてください。"
                ),
                format!(
                    "The last {bytes} bytes of {file} cannot be read as entries. Either a write was cut off there: then nothing \
                     of it was acknowledged, and the next start of the server moves it aside. Or what was written last is \
                     damaged: if there was no power failure and nothing was killed, compare with a hash that you noted."
                ),
            ),
            Self::NotThere => Text::new("あるはずの記録がありません。", "The entry should be there and is not."),
            Self::CarriageReturn => Text::new(
                "行末に余分な CR があります。転送や編集のときに改行が変換されています。バイナリのまま転送し直してください。",
                "The line ends with an extra carriage return: a transfer or an editor converted the line ends. \
                 Transfer the file again in binary mode.",
            ),
            Self::Empty => Text::new(
                "ファイルが空です。台帳には必ず最初の記録があるので、正しい書き出しではありません。",
                "The file is empty. A ledger always has its first entry, so this is not a whole export.",
            ),
            Self::NotedHeadMissing { noted } => Text::new(
                format!(
                    "記録そのものに誤りはありませんが、控えのハッシュ {noted} がどこにもありません。末尾が切り取られたか、別の台帳です。"
                ),
                format!(
                    "Every entry is right, and the noted hash {noted} belongs to none of them: the end was cut off, or this \
                     is another ledger."
                ),
            ),
        }
    }
}

fn entry(error: &EntryError) -> Text {
    match error {
        EntryError::TooLong => {
            Text::new("行が上限より長く、記録ではありません。", "The line is longer than an entry may be.")
        }
        EntryError::NoHash => Text::new(
            "行の末尾に記録のハッシュがありません。行が途中で切れたか、つながったか、書き換えられています。",
            "The line does not end with an entry's hash: it was cut, joined to another, or changed.",
        ),
        EntryError::HashWrong => Text::new(
            "内容がハッシュと合いません。1 文字以上が書き換えられたか、壊れています。",
            "The bytes do not fit the hash: at least one of them was changed or damaged.",
        ),
        EntryError::Json(what) => Text::new(
            format!("ハッシュは合いますが、記録の形式ではありません（{what}）。この製品が書いたものではありません。"),
            format!(
                "The hash fits, but the line does not have an entry's form ({what}): this product did not write it."
            ),
        ),
        EntryError::LineBreak => Text::new("内容に改行が含まれています。", "The fact holds a line break."),
    }
}

fn chain(error: &ChainError) -> Text {
    match error {
        ChainError::Number { wanted, found } => Text::new(
            format!(
                "記録 {wanted} があるべき場所に記録 {found} があります。記録が抜けたか、足されたか、並べ替えられています。"
            ),
            format!("Entry {found} stands where entry {wanted} belongs: entries were left out, added or moved."),
        ),
        ChainError::Previous { seq } => Text::new(
            format!(
                "記録 {seq} は直前の記録のハッシュを指していません。これより前が書き換えられたか、別の台帳の記録です。"
            ),
            format!(
                "Entry {seq} does not name the hash of the entry before it: something before it was replaced, or it comes \
                 from another ledger."
            ),
        ),
    }
}

fn fact(error: &FactError) -> Text {
    match error {
        FactError::UnknownKind(kind) => Text::new(
            format!("種類「{kind}」をこの版は知りません。より新しい版の daicho で検証してください。"),
            format!("This release does not know the kind '{kind}': verify with a later release of daicho."),
        ),
        FactError::Json(what) => Text::new(
            format!("内容が種類に合いません（{what}）。"),
            format!("The fact does not fit its kind ({what})."),
        ),
    }
}

impl BadPlace {
    /// Which entry, where, and what is wrong with it.
    pub fn text(&self) -> Text {
        let (what, seq) = (self.wrong.text(), self.seq);
        match self.place {
            Some(place) => Text::new(
                format!("記録 {seq}（{} 行目、先頭から {} バイト）：{}", place.line, place.byte_offset, what.ja),
                format!("Entry {seq} (line {}, byte {}): {}", place.line, place.byte_offset, what.en),
            ),
            None => Text::new(format!("記録 {seq}：{}", what.ja), format!("Entry {seq}: {}", what.en)),
        }
    }
}

impl Report {
    /// Whether everything that was looked at is right.
    pub fn is_right(&self) -> bool {
        self.bad.is_none()
    }

    /// The whole report in sentences, one to a line.
    pub fn text(&self) -> Vec<Text> {
        let (seq, hash) = (self.head.seq, self.head.hash);
        let mut lines = vec![Text::new(
            format!(
                "{} 件の記録を検証し、{} 件のバッチ署名を確かめました。最後は記録 {seq}、ハッシュ {hash} です。",
                self.entries, self.batches
            ),
            format!(
                "{} entries are right, {} batch signatures fit. The last is entry {seq}, hash {hash}.",
                self.entries, self.batches
            ),
        )];
        if let Some(bad) = &self.bad {
            lines.push(bad.text());
        }
        if self.final_newline_missing {
            lines.push(Text::new(
                "ファイルの最後に改行がありません。最後の記録は完全ですが、ファイルがちょうどそこで切れた可能性があります。",
                "The last line of the file has no line feed. The entry is whole; the file may have been cut exactly there.",
            ));
        }
        lines.extend(self.noted_text());
        lines
    }

    fn noted_text(&self) -> Option<Text> {
        match self.noted {
            NotedHead::NotGiven => Some(Text::new(
                "控えのハッシュが指定されていないため、末尾の記録が切り取られていないかは分かりません（--head HASH で確かめられます）。",
                "No noted hash was given, so entries cut off at the end cannot be noticed (give one with --head HASH).",
            )),
            NotedHead::Last => Some(Text::new(
                "控えのハッシュは最後の記録と一致します。変更も欠落もありません。",
                "The noted hash is that of the last entry: nothing was changed and nothing is missing.",
            )),
            NotedHead::Earlier { seq } => Some(Text::new(
                format!("控えのハッシュは記録 {seq} と一致します。そこまでに変更はなく、その後に記録が増えています。"),
                format!(
                    "The noted hash is that of entry {seq}: nothing up to there was changed, and the ledger has grown since."
                ),
            )),
            // The bad place has said so, or the walk stopped before it could be met.
            NotedHead::Missing => None,
        }
    }
}
