//! The registry of a Windows machine as collectors may see it: keys by name, their values, the names below them.
//! It does not know where a registry comes from (the running Windows, hives of an image, a recording), nor what a key means.
//! Invariant: a key is read within the limits below, and what was left out is said.
//!
//! Keys are places like paths, with `/` between names: `HKLM/SOFTWARE/Microsoft/Windows NT/CurrentVersion`,
//! `HKLM/SYSTEM/CurrentControlSet/Services`, `HKLM/SAM/SAM`, `HKU/S-1-5-21-…/Software`. Names are matched without regard to case. A name that itself
//! holds a `/` is written with [`SLASH_IN_NAME`] in its place. What 32-bit programs see is read by its own key (`…/WOW6432Node/…`);
//! nothing is redirected.

use daicho_schemas::time::UtcMicros;

/// Values of one key that are read at most.
pub const REGISTRY_VALUES_MAX: usize = 16_384;

/// Keys below one key whose names are read at most: `Component Based Servicing\Packages` of an old host has some ten thousand.
pub const REGISTRY_KEYS_MAX: usize = 131_072;

/// Bytes of one value that are read at most; a longer one is [`RegistryValue::TooLarge`]. Windows itself asks for at most 1 MiB.
pub const REGISTRY_VALUE_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of all values of one key that are read at most.
pub const REGISTRY_KEY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Names between a hive's root and a key at most; Windows allows 512.
pub const REGISTRY_DEPTH_MAX: usize = 64;

/// Stands for a `/` within the name of a key, which Windows allows: U+2215, the division slash.
pub const SLASH_IN_NAME: char = '\u{2215}';

/// The machine's own settings.
pub const HKLM: &str = "HKLM";

/// The settings of every account that has a profile, by its SID.
pub const HKU: &str = "HKU";

/// Profiles of accounts, by SID.
pub const PROFILE_LIST: &str = "HKLM/SOFTWARE/Microsoft/Windows NT/CurrentVersion/ProfileList";

/// One key of a registry: its values, and the names of the keys below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryKey {
    /// Values by name as it is written there, sorted without regard to case. The default value has the empty name.
    pub values: Vec<(String, RegistryValue)>,
    /// Names of the keys directly below, sorted without regard to case.
    pub keys: Vec<String>,
    /// When a value or a key directly below was last written; absent where the source does not say.
    pub written_at: Option<UtcMicros>,
    /// There are more values, keys or bytes than the limits allow, or a part of the key is damaged: what is here is not all.
    pub cut: bool,
    /// How many names were not text (UTF-16 with broken pairs); their keys and values are left out.
    pub unreadable_names: usize,
}

/// What a value holds, by Windows' own types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryValue {
    /// `REG_SZ`, `REG_EXPAND_SZ`, `REG_LINK`: up to the first NUL, `%NAMES%` left as they are.
    Text(String),
    /// `REG_MULTI_SZ`: without the empty text at its end.
    Texts(Vec<String>),
    /// `REG_DWORD`, `REG_DWORD_BIG_ENDIAN`, `REG_QWORD`.
    Number(u64),
    /// `REG_BINARY` and every type that is not named here, `REG_NONE` included.
    Bytes(Vec<u8>),
    /// More than [`REGISTRY_VALUE_BYTES_MAX`]: it was not read.
    TooLarge {
        /// As the registry states it.
        size_bytes: u64,
    },
}

/// The time that a FILETIME tells: units of 100 ns since 1601-01-01 (Microsoft, "FILETIME structure"). None before 1970, as of one that was
/// never set, and beyond what a time here can be.
pub fn instant_of_filetime(filetime: u64) -> Option<UtcMicros> {
    /// From 1601 to 1970.
    const EPOCH: u64 = 116_444_736_000_000_000;
    let micros = filetime.checked_sub(EPOCH)? / 10;
    UtcMicros::from_micros(i64::try_from(micros).ok()?).ok()
}

/// [`instant_of_filetime`] for one that is written as eight bytes, the lowest first.
pub fn instant_of_filetime_bytes(bytes: &[u8]) -> Option<UtcMicros> {
    instant_of_filetime(u64::from_le_bytes(<[u8; 8]>::try_from(bytes).ok()?))
}

/// Which operating system's files and settings are looked at: those of an image, whoever looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Platform {
    /// Linux, and whatever is read like it.
    Linux,
    /// Windows: an image is one where `/Windows/System32/config` is.
    Windows,
}

impl RegistryKey {
    /// The value of this name, compared without regard to case.
    pub fn value(&self, name: &str) -> Option<&RegistryValue> {
        self.values.iter().find(|(found, _)| same_name(found, name)).map(|(_, value)| value)
    }

    /// The text of this name, trimmed; absent where it is empty or no text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            RegistryValue::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// The number of this name; absent where it is no number.
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.value(name)? {
            RegistryValue::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The texts of this name; one `REG_SZ` counts as a list of one.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        match self.value(name) {
            Some(RegistryValue::Texts(texts)) => texts.iter().map(String::as_str).collect(),
            Some(RegistryValue::Text(text)) if !text.is_empty() => vec![text],
            _ => Vec::new(),
        }
    }

    /// The bytes of this name; absent where it is of another type.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        match self.value(name)? {
            RegistryValue::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// How much was read of it: its names and values, in bytes.
    pub fn size_bytes(&self) -> usize {
        let values = self.values.iter().map(|(name, value)| name.len().saturating_add(value.size_bytes()));
        values.chain(self.keys.iter().map(String::len)).fold(0, usize::saturating_add)
    }

    /// Puts values and keys into their order.
    pub fn sort(&mut self) {
        self.values.sort_by_cached_key(|(name, _)| (folded(name), name.clone()));
        self.keys.sort_by_cached_key(|name| (folded(name), name.clone()));
    }
}

impl RegistryValue {
    fn size_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Texts(texts) => texts.iter().map(String::len).fold(0, usize::saturating_add),
            Self::Number(_) | Self::TooLarge { .. } => 8,
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    /// What the bytes of a value mean by its type (winnt.h: `REG_SZ` 1, `REG_EXPAND_SZ` 2, `REG_BINARY` 3, `REG_DWORD` 4,
    /// `REG_DWORD_BIG_ENDIAN` 5, `REG_LINK` 6, `REG_MULTI_SZ` 7, `REG_QWORD` 11). Texts are UTF-16, broken pairs are replaced; a number of
    /// another length than its type has stays bytes.
    pub fn of(sort: u32, bytes: &[u8]) -> Self {
        let number = match (sort, bytes) {
            (4, &[a, b, c, d]) => Some(u32::from_le_bytes([a, b, c, d]).into()),
            (5, &[a, b, c, d]) => Some(u32::from_be_bytes([a, b, c, d]).into()),
            (11, &[a, b, c, d, e, f, g, h]) => Some(u64::from_le_bytes([a, b, c, d, e, f, g, h])),
            _ => None,
        };
        match (sort, number) {
            (_, Some(number)) => Self::Number(number),
            (1 | 2 | 6, None) => {
                let units = utf16_units(bytes);
                Self::Text(String::from_utf16_lossy(units.split(|unit| *unit == 0).next().unwrap_or_default()))
            }
            (7, None) => {
                let units = utf16_units(bytes);
                let texts = units.split(|unit| *unit == 0).map(String::from_utf16_lossy);
                Self::Texts(texts.filter(|text| !text.is_empty()).collect())
            }
            (_, None) => Self::Bytes(bytes.to_vec()),
        }
    }
}

fn utf16_units(bytes: &[u8]) -> Vec<u16> {
    bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect()
}

/// Whether two names of keys or values are one to Windows: without regard to case, character by character.
pub fn same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || folded(one) == folded(other)
}

/// A name as Windows compares it: upper case where that is one character (`ß` stays as it is).
pub fn folded(name: &str) -> String {
    let upper = |character: char| {
        let mut upper = character.to_uppercase();
        upper.next().filter(|_| upper.next().is_none()).unwrap_or(character)
    };
    name.chars().map(upper).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn values_are_what_their_type_says() {
        assert_eq!(RegistryValue::of(1, &utf16("日本語 Ж 🗾\0rest")), RegistryValue::Text("日本語 Ж 🗾".into()));
        assert_eq!(RegistryValue::of(1, &utf16("no end")), RegistryValue::Text("no end".into()));
        assert_eq!(RegistryValue::of(7, &utf16("a\0b\0\0")), RegistryValue::Texts(vec!["a".into(), "b".into()]));
        assert_eq!(RegistryValue::of(4, &[1, 0, 0, 0]), RegistryValue::Number(1));
        assert_eq!(RegistryValue::of(5, &[0, 0, 0, 1]), RegistryValue::Number(1));
        assert_eq!(RegistryValue::of(11, &[0, 1, 0, 0, 0, 0, 0, 0]), RegistryValue::Number(256));
        // Half a number is no number, and half a character no character.
        assert_eq!(RegistryValue::of(4, &[1, 0]), RegistryValue::Bytes(vec![1, 0]));
        assert_eq!(RegistryValue::of(1, b"a\0b"), RegistryValue::Text("a".into()));
        assert_eq!(RegistryValue::of(0xffff_0011, b"x"), RegistryValue::Bytes(b"x".to_vec()));
    }

    #[test]
    fn a_filetime_that_was_never_set_is_no_time() {
        let filetime = 133_514_496_000_000_000_u64; // 2024-02-03T16:00:00Z
        let instant = instant_of_filetime_bytes(&filetime.to_le_bytes()).unwrap();
        assert_eq!(instant.date_in_japan(), "2024-02-04".parse().unwrap());
        for none in [0, 1, 116_444_735_999_999_999, i64::MAX.unsigned_abs(), u64::MAX] {
            assert_eq!(instant_of_filetime(none), None, "{none}");
        }
        assert_eq!(instant_of_filetime_bytes(&[0; 4]), None);
    }

    #[test]
    fn names_are_one_without_regard_to_case() {
        let mut key = RegistryKey {
            values: vec![("Жук".into(), RegistryValue::Number(1)), (String::new(), RegistryValue::Text(" a ".into()))],
            ..RegistryKey::default()
        };
        key.sort();
        assert_eq!(key.number("жУК"), Some(1));
        assert_eq!(key.text(""), Some("a"));
        assert!(same_name("CurrentVersion", "currentversion"));
        assert!(!same_name("straße", "STRASSE"), "Windows changes no length");
    }
}
