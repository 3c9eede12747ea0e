//! A recorded registry as text that people can read and review: `.reg` files as Windows exports them, in UTF-8, with two shorter spellings
//! of our own. It does not know which keys there are in a real one.
//! Invariant: a line that is not understood makes the whole recording unreadable, with its number.
//!
//! `multi:"a","b"` stands for `REG_MULTI_SZ`, `expand:"%SystemRoot%\\a"` for `REG_EXPAND_SZ`; `;` begins a comment.

use super::super::registry::{RegistryKey, RegistryValue, SLASH_IN_NAME, folded};
use std::collections::BTreeMap;

/// A recorded registry.
#[derive(Debug, Default)]
pub(super) struct RecordedRegistry {
    /// By the folded name of the whole key.
    keys: BTreeMap<String, RegistryKey>,
}

impl RecordedRegistry {
    /// Parses a recording; the error is for the person who wrote it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut registry = Self::default();
        let mut current = None;
        let joined = text.replace("\r\n", "\n").replace("\\\n", "");
        for (number, line) in joined.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with(';') || line.starts_with("Windows Registry Editor") {
                continue;
            }
            let wrong = || format!("line {} of the recorded registry is not understood: {line}", number + 1);
            if let Some(path) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                current = Some(registry.make(path).ok_or_else(wrong)?);
                continue;
            }
            let (name, value) = parse_value(line).ok_or_else(wrong)?;
            let key = current.as_ref().and_then(|place| registry.keys.get_mut(place)).ok_or_else(wrong)?;
            key.values.push((name, value));
        }
        registry.keys.values_mut().for_each(RegistryKey::sort);
        Ok(registry)
    }

    /// The key of this name.
    pub(super) fn key(&self, name: &str) -> Option<RegistryKey> {
        self.keys.get(&folded(name)).cloned()
    }

    /// Puts a key and those above it in place; answers where.
    fn make(&mut self, path: &str) -> Option<String> {
        let path = path.replace('/', &SLASH_IN_NAME.to_string()).replace('\\', "/");
        let (hive, rest) = path.split_once('/')?;
        let hive = match hive {
            "HKEY_LOCAL_MACHINE" | "HKLM" => "HKLM",
            "HKEY_USERS" | "HKU" => "HKU",
            _ => return None,
        };
        let mut place = folded(hive);
        self.keys.entry(place.clone()).or_default();
        for name in rest.split('/') {
            let above = self.keys.get_mut(&place)?;
            place = format!("{place}/{}", folded(name));
            if !above.keys.iter().any(|known| folded(known) == folded(name)) {
                above.keys.push(name.to_owned());
            }
            self.keys.entry(place.clone()).or_default();
        }
        Some(place)
    }
}

fn parse_value(line: &str) -> Option<(String, RegistryValue)> {
    let (name, rest) = match line.strip_prefix('@') {
        Some(rest) => (String::new(), rest),
        None => quoted(line)?,
    };
    let value = rest.trim_start().strip_prefix('=')?.trim();
    let number = |digits: &str, sort: u32, length: usize| {
        let number = u64::from_str_radix(digits, 16).ok()?;
        Some(RegistryValue::of(sort, number.to_le_bytes().get(..length)?))
    };
    let value = if value.starts_with('"') {
        RegistryValue::Text(whole(value)?)
    } else if let Some(text) = value.strip_prefix("expand:") {
        RegistryValue::Text(whole(text)?)
    } else if let Some(texts) = value.strip_prefix("multi:") {
        RegistryValue::Texts(list(texts)?)
    } else if let Some(digits) = value.strip_prefix("dword:") {
        number(digits, 4, 4)?
    } else if let Some(digits) = value.strip_prefix("qword:") {
        number(digits, 11, 8)?
    } else {
        let (sort, digits) = value.strip_prefix("hex")?.split_once(':')?;
        let sort = match sort.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            Some(sort) => u32::from_str_radix(sort, 16).ok()?,
            None => 3,
        };
        let digits: String = digits.chars().filter(|character| !matches!(character, ',' | ' ' | '\t')).collect();
        RegistryValue::of(sort, &hex::decode(digits).ok()?)
    };
    Some((name, value))
}

fn whole(text: &str) -> Option<String> {
    quoted(text).filter(|(_, rest)| rest.trim().is_empty()).map(|(text, _)| text)
}

fn list(texts: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = texts.trim();
    while !rest.is_empty() {
        let (text, after) = quoted(rest)?;
        found.push(text);
        let after = after.trim_start();
        rest = after.strip_prefix(',').unwrap_or(after).trim_start();
    }
    Some(found)
}

/// A text in quotes at the beginning, and what comes after it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let inside = text.strip_prefix('"')?;
    let mut plain = String::new();
    let mut characters = inside.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((plain, inside.get(at + 1..)?)),
            '\\' => plain.push(characters.next()?.1),
            other => plain.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_keys_and_values() {
        let text = concat!(
            "; a comment\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\A/B]\n@=\"default\"\n\"Path\"=\"C:\\\\\\\"x\\\"\"\n",
            "\"n\"=dword:0000000a\n\"m\"=multi:\"a\",\"b\"\n\"b\"=hex:01,\\\n  02\n\"t\"=hex(2):41,00,00,00\n"
        );
        let registry = RecordedRegistry::parse(text).unwrap();
        assert_eq!(registry.key("hklm/software").unwrap().keys, ["A∕B"]);
        let key = registry.key("HKLM/SOFTWARE/a∕b").unwrap();
        assert_eq!((key.text(""), key.text("path")), (Some("default"), Some("C:\\\"x\"")));
        assert_eq!((key.number("N"), key.texts("m")), (Some(10), vec!["a", "b"]));
        assert_eq!((key.bytes("b"), key.text("t")), (Some(&[1, 2][..]), Some("A")));
        assert!(RecordedRegistry::parse("[HKLM\\A]\nnonsense").unwrap_err().contains("line 2"));
    }
}
