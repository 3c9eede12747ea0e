//! What is newer than what, maker by maker, the traps included; and what must hold of any order, for any text.

use super::*;
use crate::model::firmware::products::PRODUCTS;
use proptest::prelude::*;

fn order(id: &str, one: &str, other: &str) -> Option<Ordering> {
    let parse = PRODUCTS.iter().find(|product| product.id == id).unwrap().parse;
    read(parse, one)?.compare(&read(parse, other)?)
}

/// `<` older, `=` the same, `?` cannot be told.
const TABLE: &[(&str, &str, char, &str)] = &[
    ("fortios", "7.4.8", '<', "7.4.9"),
    ("fortios", "7.4.9", '<', "7.4.10"),
    ("fortios", "7.2.11", '<', "7.4.0"),
    ("fortios", "v7.4.8,build2795,250523 (GA.M)", '=', "7.4.8"),
    ("fortios", "7.4.8-FW-build2795-250523", '=', "7.4.8"),
    ("fortios", "7.4.8,build8312 (Interim)", '?', "7.4.9"),
    ("fortios", "7.0.12 FIPS-CC", '?', "7.0.13"),
    ("fortios", "7.4", '?', "7.4.3"),
    ("fortios", "7.4", '<', "7.6.0"),
    ("cisco_asa", "9.12(4)67", '=', "9.12.4.67"),
    ("cisco_asa", "9.12(4)9", '<', "9.12(4)67"),
    ("cisco_asa", "9.12(4)", '<', "9.12(4)2"),
    ("cisco_asa", "9.8(4.10)", '=', "9.8(4)10"),
    ("cisco_asa", "9.12(4)67x", '?', "9.12(4)68"),
    ("cisco_ios", "15.2(7)E3", '<', "15.2(7)E10"),
    ("cisco_ios", "15.2(7)E", '<', "15.2(7)E0a"),
    ("cisco_ios", "15.2(7)E3", '?', "15.2(4)M7"),
    ("cisco_ios", "15.1(4)M12a", '?', "15.2(4)M1"),
    ("cisco_ios", "12.4(24)T5", '<', "12.4(24)T8"),
    ("cisco_iosxe", "17.9.4", '<', "17.9.4a"),
    ("cisco_iosxe", "17.9.4a", '<', "17.9.5"),
    ("cisco_iosxe", "17.03.04", '=', "17.3.4"),
    ("cisco_iosxe", "17.3.1w", '?', "17.3.2"),
    ("cisco_iosxe", "3.16.4bS", '<', "3.16.5S"),
    ("cisco_iosxe", "3.16.4S", '?', "3.16.5E"),
    ("panos", "10.2.9", '<', "10.2.9-h1"),
    ("panos", "10.2.9-h1", '<', "10.2.9-h18"),
    ("panos", "10.2.9-h1", '<', "10.2.10"),
    ("panos", "10.2.9-c1", '?', "10.2.9"),
    ("junos", "22.4R3", '<', "22.4R3-S2"),
    ("junos", "22.4R3-S2.11", '=', "22.4R3-S2"),
    ("junos", "22.4R3-S9", '<', "22.4R3-S10"),
    ("junos", "18.1R3.3", '=', "18.1R3"),
    ("junos", "21.4R3-S5", '<', "22.1R1"),
    ("junos", "15.1X49-D150.2", '<', "15.1X49-D171"),
    ("junos", "15.1X49-D150.2", '<', "20.4R3-S4"),
    ("junos", "12.1X46-D40", '?', "12.1X47-D15"),
    ("junos", "15.1X49-D150", '?', "15.1R5.5"),
    ("junos", "22.4", '?', "22.4R3"),
    ("junos", "21.4R3-S5-EVO", '?', "21.4R3-S5"),
    ("junos", "21.4R3-S5.4-EVO", '<', "21.4R3-S6-EVO"),
    ("junos", "21.4I20210101", '?', "21.4R3"),
    ("sonicos", "7.1.2-7019-R100", '<', "7.1.3-7015-R6965"),
    ("sonicos", "5.9.1.6-5o", '<', "5.9.1.13-5o"),
    ("sonicos", "6.5.4.14-109n", '?', "7.0.1-5035"),
    ("sonicos", "5.9.1.6-5o", '?', "5.9.1.7-2n"),
    ("sonicos", "6.5.4.v-21s-RC2457", '?', "6.5.4.14-109n"),
    ("ivanti_ics", "9.1R18.9", '<', "22.7R2.5"),
    ("ivanti_ics", "22.7R2.5", '<', "22.7R2.10"),
    ("ivanti_ics", "9.1R18", '<', "9.1R18.1"),
    ("ivanti_ics", "22.3R1 (build 1647)", '=', "22.3R1"),
    ("netscaler", "NS13.1: Build 49.13.nc", '=', "13.1-49.13"),
    ("netscaler", "13.1-49.9", '<', "13.1-49.13"),
    ("netscaler", "13.1-37.159 FIPS", '?', "13.1-49.13"),
    ("netscaler", "13.1-FIPS 37.150", '<', "13.1-37.159 FIPS"),
    ("netscaler", "12.1-NDcPP 55.297", '?', "12.1-FIPS 55.297"),
    ("netscaler", "13.1-37.159", '?', "13.1-49.13"),
    ("bigip", "15.1.10", '<', "15.1.10.2"),
    ("bigip", "15.1.9.1", '<', "15.1.10"),
    ("bigip", "BIG-IP 15.1.2 Build 0.0.9 Point Release 1", '<', "15.1.10"),
    ("bigip", "Hotfix-BIGIP-15.1.10.2.0.44.2-ENG", '?', "15.1.10.2"),
    ("gaia", "R81.20 take 41", '<', "R81.20 take 99"),
    ("gaia", "R81.10 take 150", '<', "R81.20 take 10"),
    ("gaia", "R81.20", '?', "R81.20 take 41"),
    ("gaia", "R77.30", '<', "R81.20 take 1"),
    ("gaia", "R81.20 JHF take 41", '=', "R81.20 Take 41"),
    ("gaia", "R80.20.60", '?', "R81.20"),
    ("yamaha_rt", "Rev.15.02.20", '<', "Rev.15.02.31"),
    ("yamaha_rt", "14.01.42", '?', "15.02.31"),
    ("yamaha_rt", "Rev.10.01.71", '?', "Rev.23.00.05"),
    ("nec_ix", "10.7.18", '<', "10.8.21"),
    ("nec_ix", "9.7.15B", '?', "9.7.15"),
    ("nec_ix", "9.7.15B", '?', "9.7.16"),
    ("nec_ix", "9.7.15B", '<', "10.7.18"),
    ("nec_ix", "9.7.14B", '<', "9.7.15B"),
    ("awplus", "5.5.3-2.3", '<', "5.5.3-2.10"),
    ("awplus", "5.4.5-1.3", '<', "5.5.3-0.1"),
    ("awplus", "2.9.1-21", '?', "5.5.3-2.3"),
    ("fitelnet", "01.00(00)[0]00.00.0 [2019/07/05 15:00]", '<', "01.09(00)[0]00.00.0"),
    ("fitelnet", "01.09(00)", '?', "01.09(00)[0]00.00.0"),
    ("si_r", "V20.53 NY0110", '<', "V20.54 NY0115"),
    ("si_r", "V20.54 NY0110", '?', "V20.54 NY0115"),
    ("nxr", "6.20.0", '<', "6.21.1"),
    ("nxr", "6.20.0", '?', "9.9.3"),
    ("ud_lt1", "Ver.2.1.8", '<', "2.2.0"),
    ("ud_lt1", "2.1", '=', "2.1.0"),
    ("ud_lt1", "2.1a", '?', "2.2"),
];

#[test]
fn makers_versions_are_ordered_as_the_makers_mean_them() {
    for (id, one, sign, other) in TABLE {
        let wanted = match sign {
            '<' => Some(Ordering::Less),
            '=' => Some(Ordering::Equal),
            _ => None,
        };
        assert_eq!(order(id, one, other), wanted, "{id}: {one} {sign} {other}");
        assert_eq!(order(id, other, one), wanted.map(Ordering::reverse), "{id}: {other} against {one}");
    }
}

#[test]
fn branches_hold_their_versions_and_no_others() {
    for (id, version, branch, wanted) in [
        ("fortios", "7.4.8", "7.4", Some(true)),
        ("fortios", "7.4.8", "7.0", Some(false)),
        ("fortios", "7.0.12 FIPS-CC", "7.0", None),
        ("cisco_ios", "15.2(7)E3", "15.2", Some(true)),
        ("cisco_ios", "15.2(7)E3", "15.1", None),
        ("cisco_asa", "9.12(4)67", "9.12", Some(true)),
        ("yamaha_rt", "15.02.31", "15.02", Some(true)),
        ("yamaha_rt", "15.02.31", "14.01", None),
        ("nec_ix", "9.7.15B", "9.7", Some(true)),
        ("gaia", "R81.20", "R81.20", Some(true)),
        ("gaia", "R81.20 take 99", "R81.10", Some(false)),
        ("junos", "22.4R3-S2.11", "22.4", Some(true)),
        ("junos", "21.4R3-S5-EVO", "21.4", None),
        ("sonicos", "6.5.4.14-109n", "6.5", Some(true)),
        ("netscaler", "13.1-37.159 FIPS", "13.1", None),
        ("bigip", "16.1.4", "16.1", Some(true)),
    ] {
        let parse = PRODUCTS.iter().find(|product| product.id == id).unwrap().parse;
        let (own, branch_read) = (read(parse, version).unwrap(), read(parse, branch).unwrap());
        assert_eq!(own.lies_in(&branch_read), wanted, "{id}: {version} in {branch}");
    }
}

/// Texts of all makers, and texts near them.
fn texts() -> impl Strategy<Value = String> {
    let samples: Vec<&str> = TABLE.iter().flat_map(|(_, one, _, other)| [*one, *other]).collect();
    let near = (proptest::sample::select(samples.clone()), any::<prop::sample::Index>(), "[0-9.()a-eR-]{0,2}")
        .prop_map(|(text, place, put)| {
            let at = place.index(text.len());
            text.char_indices().map(|(i, c)| if i == at { format!("{put}{c}") } else { c.to_string() }).collect()
        });
    prop_oneof![
        proptest::sample::select(samples).prop_map(String::from),
        near,
        "\\PC{0,20}",
        "[0-9]{1,12}\\.[0-9.]{0,9}"
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// Turned round, an order is the reverse; what is older than something older is older; and no text is too odd.
    #[test]
    fn every_order_is_strict_and_partial(one in texts(), other in texts(), third in texts()) {
        for product in PRODUCTS {
            let [one, other, third] = [&one, &other, &third].map(|text| read(product.parse, text));
            let (Some(one), Some(other)) = (&one, &other) else { continue };
            prop_assert_eq!(one.compare(other), other.compare(one).map(Ordering::reverse));
            prop_assert!(one.compare(one) != Some(Ordering::Less));
            let Some(third) = &third else { continue };
            if let (Some(first), Some(second)) = (one.compare(other), other.compare(third))
                && (first == second || second == Ordering::Equal)
            {
                prop_assert_eq!(one.compare(third), Some(first), "{}: {:?} {:?} {:?}", product.id, one, other, third);
            }
        }
    }
}
