//! Words that makers leave in place of a serial, a name or a model.
//! It does not know machines; it looks at one text.
//! Invariant: what is listed here identifies nothing, so two hosts that share it are not one.

/// What firmware makers leave, in lower case.
const PLACEHOLDERS: &[&str] = &[
    "0123456789",
    "0123456789abcdef",
    "12345678",
    "123456789",
    "1234567890",
    "<bad index>",
    "[empty]",
    "aaaabbbbcccc1",
    "asset-1234567890",
    "base board serial number",
    "chassis manufacture",
    "chassis manufacturer",
    "chassis serial number",
    "default string",
    "default_string",
    "empty",
    "eval",
    "invalid",
    "mb-1234567890",
    "module manufacturer0",
    "n/a",
    "na",
    "nb-1234567890",
    "no asset information",
    "no dimm",
    "no module installed",
    "no serial",
    "nodimm",
    "none",
    "not applicable",
    "not available",
    "not installed",
    "not provided",
    "not specified",
    "o.e.m.",
    "oem",
    "serial",
    "serial number",
    "sernum0",
    "ssn12345678901234567",
    "system manufacturer",
    "system product name",
    "system serial number",
    "system version",
    "tbd",
    "to be filled by o.e.m",
    "to be filled by o.e.m.",
    "to be filled by oem",
    "undefined",
    "unknown",
    "unspecified",
];

/// Whether a serial identifies nothing: a known placeholder, or one character throughout.
pub(in crate::collect) fn is_placeholder(serial: &str) -> bool {
    let serial = serial.trim().to_ascii_lowercase();
    let mut letters = serial.chars().filter(|letter| !matches!(letter, ' ' | '-' | '.' | ':' | '_'));
    let one_letter = match letters.next() {
        None => true,
        Some(first) => letters.all(|letter| letter == first),
    };
    one_letter || PLACEHOLDERS.contains(&serial.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_known_and_serials_are_not_taken_for_them() {
        for placeholder in
            ["To Be Filled By O.E.M.", " Default string ", "0000-0000", "........", "", "xxxxxxx", "0", "None"]
        {
            assert!(is_placeholder(placeholder), "{placeholder}");
        }
        for serial in ["CZJ94901QX", "VMware-56 4d 1b", "0000-0001", "SN0123456789"] {
            assert!(!is_placeholder(serial), "{serial}");
        }
    }
}
