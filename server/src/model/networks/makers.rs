//! Who registered the first three bytes of a hardware address: makers of routers and VPN devices, from the agent's own list, so that
//! imported tables and agents say the same. The weakest of evidence: it says "ask", never "is".
//! It does not know any other maker. Invariant: a locally administered address has no maker.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

#[derive(Deserialize)]
struct Makers {
    prefixes: BTreeMap<String, String>,
}

static MAKERS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let json = include_str!("../../../../agent/src/collect/neighbours/makers.json");
    // Part of the build, and a test reads it: failing here is a bug of ours, not of anybody's input.
    let makers = serde_json::from_str::<Makers>(json).unwrap_or_else(|error| unreachable!("makers.json: {error}"));
    makers.prefixes
});

/// The maker of a hardware address `aa:bb:cc:dd:ee:ff`, where it is one of those.
pub fn maker_of(mac: &str) -> Option<&'static str> {
    MAKERS.get(mac.get(..8)?).map(String::as_str)
}

/// A hardware address in whatever spelling as `aa:bb:cc:dd:ee:ff`: `aabb.ccdd.eeff`, `AA-BB-CC-DD-EE-FF`, `aabbcc-ddeeff`,
/// `aabbccddeeff`. `None` for everything else, and for the addresses of nobody and everybody.
pub fn mac_of(text: &str) -> Option<String> {
    let text = text.trim();
    let digits: Vec<char> = text.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    let plain = digits.len() == 12 && digits.iter().all(char::is_ascii_hexdigit) && text.len() <= 17;
    if !plain {
        return None;
    }
    let digits: String = digits.into_iter().map(|c| c.to_ascii_lowercase()).collect();
    let group = u8::from_str_radix(digits.get(..2)?, 16).ok()? & 1 == 1;
    if group || digits.chars().all(|c| c == '0') {
        return None;
    }
    let pairs: Vec<&str> = (0..6).filter_map(|at| digits.get(at * 2..at * 2 + 2)).collect();
    Some(pairs.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_one_address_and_groups_are_nobody() {
        for text in ["00a0.de12.3456", "00-A0-DE-12-34-56", "00:a0:de:12:34:56", "00a0de-123456", "00A0DE123456"] {
            assert_eq!(mac_of(text).as_deref(), Some("00:a0:de:12:34:56"), "{text}");
        }
        for text in ["ffff.ffff.ffff", "0100.5e00.0001", "000000000000", "00a0.de12.345", "Incomplete", "192.0.2.1", ""]
        {
            assert_eq!(mac_of(text), None, "{text}");
        }
        assert_eq!(maker_of("00:a0:de:12:34:56"), Some("Yamaha"));
        assert_eq!((maker_of("02:00:5e:00:53:01"), maker_of("zz"), maker_of("")), (None, None, None));
    }
}
