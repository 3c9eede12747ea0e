//! Which countries there are: the codes that ISO 3166-1 has assigned, and the names under which people write them in tables.
//! It does not know which country matters to whom. Invariant: a code passes only if it is assigned; a name is taken only where it
//! stands for exactly one country.

use daicho_schemas::fact::supplier::CountryCode;
use unicode_normalization::UnicodeNormalization as _;

/// Whether ISO 3166-1 has assigned the code.
pub fn is_assigned(country: &CountryCode) -> bool {
    // The crate leaves Antarctica out, the one code that it lacks.
    country.as_str() == "AQ" || iso3166::Country::from_alpha2(country.as_str()).is_some()
}

/// The English name of an assigned code.
pub fn english_name(country: &CountryCode) -> Option<&'static str> {
    iso3166::Country::from_alpha2(country.as_str()).map(|found| found.data().name)
}

/// Japanese names, and other names in use, of the countries that suppliers' tables name most. A country that is not here is
/// written as its code or as its English name of ISO 3166-1.
const NAMES: &[(&str, &str)] = &[
    ("JP", "日本 日本国 japan"),
    ("US", "米国 アメリカ アメリカ合衆国 usa u.s.a. u.s. unitedstates unitedstatesofamerica"),
    ("CN", "中国 中華人民共和国 china prc"),
    ("TW", "台湾 taiwan"),
    ("HK", "香港 hongkong"),
    ("KR", "韓国 大韓民国 korea southkorea"),
    ("KP", "北朝鮮 northkorea"),
    ("GB", "英国 イギリス uk u.k. unitedkingdom greatbritain"),
    ("DE", "ドイツ ドイツ連邦共和国 germany"),
    ("FR", "フランス フランス共和国 france"),
    ("IT", "イタリア italy"),
    ("NL", "オランダ netherlands"),
    ("BE", "ベルギー belgium"),
    ("CH", "スイス switzerland"),
    ("AT", "オーストリア austria"),
    ("SE", "スウェーデン sweden"),
    ("FI", "フィンランド finland"),
    ("NO", "ノルウェー norway"),
    ("DK", "デンマーク denmark"),
    ("IE", "アイルランド ireland"),
    ("ES", "スペイン spain"),
    ("PT", "ポルトガル portugal"),
    ("PL", "ポーランド poland"),
    ("CZ", "チェコ czechrepublic czechia"),
    ("HU", "ハンガリー hungary"),
    ("RO", "ルーマニア romania"),
    ("UA", "ウクライナ ukraine"),
    ("RU", "ロシア ロシア連邦 russia"),
    ("TR", "トルコ turkey türkiye"),
    ("IL", "イスラエル israel"),
    ("IN", "インド india"),
    ("SG", "シンガポール singapore"),
    ("MY", "マレーシア malaysia"),
    ("TH", "タイ タイ王国 thailand"),
    ("VN", "ベトナム vietnam"),
    ("ID", "インドネシア indonesia"),
    ("PH", "フィリピン philippines"),
    ("AU", "オーストラリア 豪州 australia"),
    ("NZ", "ニュージーランド newzealand"),
    ("CA", "カナダ canada"),
    ("MX", "メキシコ mexico"),
    ("BR", "ブラジル brazil"),
    ("KY", "ケイマン ケイマン諸島 caymanislands"),
    ("LU", "ルクセンブルク luxembourg"),
];

/// The country that a cell of a table names: a code (JP, JPN), a Japanese name, or an English one.
pub fn named(words: &str) -> Option<CountryCode> {
    let folded: String = words.nfkc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    let code = |code: &str| CountryCode::try_from(code.to_string()).ok();
    let upper = folded.to_ascii_uppercase();
    let by_code = iso3166::Country::from_alpha2(&upper).or_else(|| iso3166::Country::from_alpha3(&upper));
    if let Some(found) = by_code {
        return code(found.data().alpha2);
    }
    if let Some((found, _)) = NAMES.iter().find(|(_, names)| names.split(' ').any(|name| name == folded)) {
        return code(found);
    }
    let plain =
        |name: &str| name.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect::<String>();
    let mut named = iso3166::LIST.iter().filter(|country| plain(country.data().name) == folded);
    named.next().filter(|_| named.next().is_none()).and_then(|country| code(country.data().alpha2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_assigned_codes_pass() {
        let code = |text: &str| CountryCode::try_from(text.to_string()).unwrap();
        for assigned in ["JP", "US", "TW", "AQ", "SS", "BQ", "CW", "SX"] {
            assert!(is_assigned(&code(assigned)), "{assigned}");
        }
        assert_eq!(iso3166::LIST.len() + 1, 249, "ISO 3166-1 has assigned 249 codes");
        for not in ["XX", "ZZ", "UK", "EU", "AN", "YU"] {
            assert!(!is_assigned(&code(not)), "{not}");
        }
        for (listed, _) in NAMES {
            assert!(is_assigned(&code(listed)), "{listed}");
        }
    }

    #[test]
    fn people_write_countries_in_many_ways() {
        let cases = [
            ("日本", "JP"),
            ("ＪＰ", "JP"),
            ("jpn", "JP"),
            (" United States ", "US"),
            ("ﾄﾞｲﾂ", "DE"),
            ("Iceland", "IS"),
        ];
        for (words, wanted) in cases {
            assert_eq!(named(words).map(|found| found.to_string()).as_deref(), Some(wanted), "{words}");
        }
        for unknown in ["", "国内", "XX", "Guinea Guinea", "日本アメリカ"] {
            assert_eq!(named(unknown), None, "{unknown}");
        }
    }
}
