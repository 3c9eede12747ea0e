//! Names of legal entities, brought to a form in which spellings can be compared: widths, legal forms in front and behind,
//! variant characters, small kana, long vowels, case and spaces.
//! It does not decide who is who: a likeness is a proposal for a person. Invariant: the exact marks of a record stay the only facts,
//! and two legal forms that differ are never the same entity.

use daicho_schemas::fact::supplier::SupplierRecord;
use daicho_schemas::ids::SupplierId;
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization as _;

/// A legal form (法人格), as far as names tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the forms; the table below spells them")]
pub enum Form {
    Kabushiki,
    Yugen,
    Godo,
    Goshi,
    Gomei,
    Soumu,
    Shadan,
    Zaidan,
    Dokuritsu,
    KokuritsuDaigaku,
    Iryo,
    Gakko,
    Kyodo,
    CoLtd,
    Ltd,
    Inc,
    Corp,
    Llc,
    Gmbh,
    Ag,
    Sa,
    Sas,
    Bv,
    Nv,
    Plc,
    Ab,
    Oy,
    Srl,
    PteLtd,
}

/// Written in Japanese, in front or behind. The longer stand before what they contain.
const JAPANESE: &[(&str, Form)] = &[
    ("特例有限会社", Form::Yugen),
    ("株式会社", Form::Kabushiki),
    ("有限会社", Form::Yugen),
    ("合同会社", Form::Godo),
    ("合資会社", Form::Goshi),
    ("合名会社", Form::Gomei),
    ("相互会社", Form::Soumu),
    ("一般社団法人", Form::Shadan),
    ("公益社団法人", Form::Shadan),
    ("社団法人", Form::Shadan),
    ("一般財団法人", Form::Zaidan),
    ("公益財団法人", Form::Zaidan),
    ("財団法人", Form::Zaidan),
    ("国立大学法人", Form::KokuritsuDaigaku),
    ("独立行政法人", Form::Dokuritsu),
    ("医療法人", Form::Iryo),
    ("学校法人", Form::Gakko),
    ("協同組合", Form::Kyodo),
    ("(株)", Form::Kabushiki),
    ("(有)", Form::Yugen),
    ("(同)", Form::Godo),
    ("(資)", Form::Goshi),
    ("(名)", Form::Gomei),
    ("(社)", Form::Shadan),
    ("(財)", Form::Zaidan),
    ("(独)", Form::Dokuritsu),
    ("(医)", Form::Iryo),
    ("(学)", Form::Gakko),
];

/// Written in Latin letters, as words behind the name, without dots. The longer stand before what they contain.
const LATIN: &[(&[&str], Form)] = &[
    (&["kabushiki", "kaisha"], Form::Kabushiki),
    (&["kabushiki", "gaisha"], Form::Kabushiki),
    (&["yugen", "kaisha"], Form::Yugen),
    (&["godo", "kaisha"], Form::Godo),
    (&["pte", "ltd"], Form::PteLtd),
    (&["private", "limited"], Form::PteLtd),
    (&["pvt", "ltd"], Form::PteLtd),
    (&["company", "limited"], Form::CoLtd),
    (&["co", "limited"], Form::CoLtd),
    (&["company", "ltd"], Form::CoLtd),
    (&["co", "ltd"], Form::CoLtd),
    (&["coltd"], Form::CoLtd),
    (&["kk"], Form::Kabushiki),
    (&["yk"], Form::Yugen),
    (&["gk"], Form::Godo),
    (&["limited"], Form::Ltd),
    (&["ltd"], Form::Ltd),
    (&["incorporated"], Form::Inc),
    (&["inc"], Form::Inc),
    (&["corporation"], Form::Corp),
    (&["corp"], Form::Corp),
    (&["llc"], Form::Llc),
    (&["gmbh"], Form::Gmbh),
    (&["ag"], Form::Ag),
    (&["sas"], Form::Sas),
    (&["sa"], Form::Sa),
    (&["bv"], Form::Bv),
    (&["nv"], Form::Nv),
    (&["plc"], Form::Plc),
    (&["ab"], Form::Ab),
    (&["oyj"], Form::Oy),
    (&["oy"], Form::Oy),
    (&["srl"], Form::Srl),
];

/// Variant characters that NFKC leaves apart, to the ones in common use.
const VARIANTS: &[(char, char)] = &[
    ('髙', '高'),
    ('﨑', '崎'),
    ('𠮷', '吉'),
    ('邉', '辺'),
    ('邊', '辺'),
    ('齋', '斎'),
    ('齊', '斉'),
    ('澤', '沢'),
    ('濱', '浜'),
    ('濵', '浜'),
    ('國', '国'),
    ('廣', '広'),
    ('櫻', '桜'),
    ('眞', '真'),
    ('德', '徳'),
    ('惠', '恵'),
    ('榮', '栄'),
    ('瀨', '瀬'),
    ('靑', '青'),
    ('黑', '黒'),
    ('鐵', '鉄'),
    ('學', '学'),
    ('會', '会'),
    ('澁', '渋'),
    ('嶋', '島'),
    ('嶌', '島'),
    ('冨', '富'),
];

/// Characters that are typed for a kana they look like; folded only beside katakana.
const LOOKALIKES: &[(char, char)] =
    &[('夕', 'タ'), ('一', 'ー'), ('二', 'ニ'), ('工', 'エ'), ('力', 'カ'), ('口', 'ロ'), ('八', 'ハ'), ('卜', 'ト')];

/// Small kana to large.
const SMALL: &[(char, char)] = &[
    ('ァ', 'ア'),
    ('ィ', 'イ'),
    ('ゥ', 'ウ'),
    ('ェ', 'エ'),
    ('ォ', 'オ'),
    ('ッ', 'ツ'),
    ('ャ', 'ヤ'),
    ('ュ', 'ユ'),
    ('ョ', 'ヨ'),
    ('ヮ', 'ワ'),
    ('ヵ', 'カ'),
    ('ヶ', 'ケ'),
    ('ぁ', 'あ'),
    ('ぃ', 'い'),
    ('ぅ', 'う'),
    ('ぇ', 'え'),
    ('ぉ', 'お'),
    ('っ', 'つ'),
    ('ゃ', 'や'),
    ('ゅ', 'ゆ'),
    ('ょ', 'よ'),
    ('ゎ', 'わ'),
];

/// The longest name that is compared, in characters.
const NAME_CHARS_MAX: usize = 1000;

/// The most spellings of one name that are looked at: a list that says one name ten thousand times needs no more to be seen.
const ALIKE_MAX: usize = 200;

/// A name in the form in which it is compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameKey {
    /// The legal form, where the name has one.
    pub form: Option<Form>,
    /// The rest, folded.
    pub core: String,
}

/// How two names stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// One spelling of the other.
    Same,
    /// The same but for a legal form that one of them leaves out, or that may be a translation of the other's.
    Perhaps,
}

impl NameKey {
    /// The key of a name.
    pub fn of(name: &str) -> Self {
        let plain: String = name.chars().take(NAME_CHARS_MAX).collect();
        let plain: String =
            plain.nfkc().flat_map(char::to_lowercase).filter(|c| !matches!(c, '.' | '\u{ad}')).collect();
        let trimmed = plain.trim();
        let (form, rest) = without_japanese_form(trimmed);
        let words: Vec<&str> =
            rest.split(|c: char| c.is_whitespace() || matches!(c, ',' | '、')).filter(|w| !w.is_empty()).collect();
        let (form, words) = match form {
            Some(form) => (Some(form), words.as_slice()),
            None => without_latin_form(&words),
        };
        Self { form, core: fold(&words.concat()) }
    }

    /// How this name stands to another; nothing where they are different.
    pub fn likeness(&self, other: &Self) -> Option<Likeness> {
        if self.core.is_empty() || self.core != other.core {
            return None;
        }
        match (self.form, other.form) {
            (a, b) if a == b => Some(Likeness::Same),
            (None, _) | (_, None) => Some(Likeness::Perhaps),
            (Some(a), Some(b)) if translates(a, b) || translates(b, a) => Some(Likeness::Perhaps),
            _ => None,
        }
    }
}

/// Whether a Japanese form is written in English as the other one.
fn translates(japanese: Form, english: Form) -> bool {
    match japanese {
        Form::Kabushiki => matches!(english, Form::CoLtd | Form::Inc | Form::Corp | Form::Ltd),
        Form::Yugen => matches!(english, Form::Ltd | Form::CoLtd),
        Form::Godo => english == Form::Llc,
        _ => false,
    }
}

fn without_japanese_form(name: &str) -> (Option<Form>, &str) {
    for (written, form) in JAPANESE {
        let rest = name.strip_prefix(written).or_else(|| name.strip_suffix(written));
        if let Some(rest) = rest.map(str::trim).filter(|rest| !rest.is_empty()) {
            return (Some(*form), rest);
        }
    }
    (None, name)
}

fn without_latin_form<'a, 'b>(words: &'a [&'b str]) -> (Option<Form>, &'a [&'b str]) {
    for (written, form) in LATIN {
        if let Some(rest) = words.strip_suffix(*written)
            && !rest.is_empty()
        {
            return (Some(*form), rest);
        }
    }
    (None, words)
}

fn fold(name: &str) -> String {
    let table = |table: &[(char, char)], c: char| table.iter().find(|(from, _)| *from == c).map(|(_, to)| *to);
    let is_kana = |c: Option<&char>| c.is_some_and(|c| matches!(c, 'ァ'..='ヺ' | 'ー'));
    let all: Vec<char> = name.chars().collect();
    let mut folded = String::with_capacity(name.len());
    for (place, c) in all.iter().copied().enumerate() {
        let beside = is_kana(place.checked_sub(1).and_then(|before| all.get(before))) || is_kana(all.get(place + 1));
        let c = table(VARIANTS, c).or_else(|| table(LOOKALIKES, c).filter(|_| beside)).unwrap_or(c);
        let c = table(SMALL, c).unwrap_or(c);
        // Dashes, long vowels, middle dots and quotes carry no meaning here, and are typed in a dozen ways.
        let carries =
            !matches!(c, 'ー' | '-' | '\u{2010}'..='\u{2015}' | '−' | '・' | '·' | '\'' | '’' | '"' | '~' | '〜');
        if carries && !c.is_whitespace() {
            folded.push(c);
        }
    }
    folded
}

/// A record that a name may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal<'a> {
    /// The record.
    pub record: &'a SupplierRecord,
    /// How alike.
    pub likeness: Likeness,
    /// Which of the record's spellings.
    pub spelling: &'a str,
}

/// The records that a name may mean, the likest first. Proposals for a person, never facts.
pub fn proposals<'a>(name: &str, records: impl IntoIterator<Item = &'a SupplierRecord>) -> Vec<Proposal<'a>> {
    let mut names = Names::default();
    records.into_iter().for_each(|record| names.add(record));
    names.alike(&NameKey::of(name))
}

/// Records by their spellings, so that many names can be looked up.
#[derive(Clone, Debug, Default)]
pub struct Names<'a> {
    by_core: BTreeMap<String, Vec<Spelled<'a>>>,
}

/// A spelling of a record.
#[derive(Clone, Debug)]
struct Spelled<'a> {
    form: Option<Form>,
    spelling: &'a str,
    record: &'a SupplierRecord,
}

impl<'a> Names<'a> {
    /// Takes a record with all its spellings.
    pub fn add(&mut self, record: &'a SupplierRecord) {
        for spelling in spellings(record) {
            let key = NameKey::of(spelling);
            self.by_core.entry(key.core).or_default().push(Spelled { form: key.form, spelling, record });
        }
    }

    /// The records that a name may mean, each once with its likest spelling, the likest first.
    pub fn alike(&self, wanted: &NameKey) -> Vec<Proposal<'a>> {
        let mut best: BTreeMap<&SupplierId, Proposal<'a>> = BTreeMap::new();
        for Spelled { form, spelling, record } in self.by_core.get(&wanted.core).into_iter().flatten().take(ALIKE_MAX) {
            let key = NameKey { form: *form, core: wanted.core.clone() };
            let Some(likeness) = key.likeness(wanted) else { continue };
            let found = Proposal { record, likeness, spelling };
            let stands = best.entry(&record.supplier_id).or_insert_with(|| found.clone());
            if found.likeness < stands.likeness {
                *stands = found;
            }
        }
        let mut found: Vec<Proposal<'a>> = best.into_values().collect();
        found.sort_by(|a, b| (a.likeness, &a.record.supplier_id).cmp(&(b.likeness, &b.record.supplier_id)));
        found
    }
}

/// Every way a record spells its supplier, former names and vendor strings included.
pub fn spellings(record: &SupplierRecord) -> impl Iterator<Item = &str> {
    let former = record.items.former_names.iter().map(|former| &former.name);
    let names = [&record.name].into_iter().chain(former).flat_map(|name| [name.ja.as_str(), name.en.as_str()]);
    names.chain(record.aliases.iter().chain(&record.recognise.vendor_strings).map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(a: &str, b: &str) -> Option<Likeness> {
        let (a, b) = (NameKey::of(a), NameKey::of(b));
        assert_eq!(a.likeness(&b), b.likeness(&a), "{a:?} {b:?}");
        a.likeness(&b)
    }

    #[test]
    fn spellings_of_one_name_are_one() {
        let same = [
            ("株式会社例示製作所", "㈱例示製作所"),
            ("株式会社例示製作所", "（株）例示製作所"),
            ("㍿例示", "(株) 例示"),
            ("例示　電機株式会社", "例示電機（株）"),
            ("ｴﾇ･ﾃｨ･ﾃｨ･ﾃﾞｰﾀ", "エヌ・ティ・ティ・データ"),
            ("キヤノン株式会社", "株式会社キャノン"),
            ("例示サーバー株式会社", "例示サ一バ株式会社"),
            ("デー夕例示", "データ例示"),
            ("髙島屋", "高島屋"),
            ("𠮷野", "吉野"),
            ("ＡＢＣ Ｃｏ．，Ｌｔｄ．", "ABC CO., LTD"),
            ("Example Co.,Ltd.", "EXAMPLE Company Limited"),
            ("Dell Inc.", "DELL INC"),
            ("Example K.K.", "Example Kabushiki Kaisha"),
            ("Bull S.A.S.", "bull sas"),
            ("ヴェリタス〜ソフト", "ヴェリタス~ソフト"),
        ];
        for (a, b) in same {
            assert_eq!(likeness(a, b), Some(Likeness::Same), "{a} | {b}: {:?} {:?}", NameKey::of(a), NameKey::of(b));
        }
    }

    #[test]
    fn a_form_left_out_or_translated_is_only_a_perhaps() {
        for (a, b) in [
            ("株式会社例示", "例示"),
            ("Example K.K.", "Example Co., Ltd."),
            ("Dell", "Dell Inc."),
            ("合同会社A", "A LLC"),
        ] {
            assert_eq!(likeness(a, b), Some(Likeness::Perhaps), "{a} | {b}");
        }
    }

    #[test]
    fn other_entities_stay_other() {
        let other = [
            ("有限会社A", "株式会社A"),
            ("A", "Aホールディングス"),
            ("株式会社例示", "株式会社例示ホールディングス"),
            ("例示電機株式会社", "例示電気株式会社"),
            ("Example Inc.", "Example Ltd."),
            ("Acme GmbH", "Acme AG"),
            ("一般社団法人例示", "一般財団法人例示"),
            ("例示工業", "例示エ業所"),
            ("Tacoltd", "Ta Co., Ltd."),
            ("株式会社", "(株)"),
            ("", "株式会社"),
            ("NTTデータ", "NTTドコモ"),
        ];
        for (a, b) in other {
            assert_ne!(likeness(a, b), Some(Likeness::Same), "{a} | {b}: {:?}", NameKey::of(a));
            if a != "株式会社" {
                assert_eq!(likeness(a, b), None, "{a} | {b}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_name_panics_and_every_name_is_like_itself(name in ".{0,60}") {
            let key = NameKey::of(&name);
            proptest::prop_assert_eq!(key.likeness(&key), (!key.core.is_empty()).then_some(Likeness::Same));
        }
    }
}
