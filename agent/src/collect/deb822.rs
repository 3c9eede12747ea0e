//! Stanzas of `Field: value` lines as dpkg and apt write them (deb822(5)), taken apart without copying.
//! It does not know which fields matter, nor what a package is.
//! Invariant: never panics; a line that is neither field nor continuation is reported with its line number.

/// One field of a stanza.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    /// The name as written.
    pub(crate) name: &'a [u8],
    /// The first line of the value, trimmed. Continuation lines are left out: no field that is read here has any.
    pub(crate) value: &'a [u8],
}

/// One stanza: its fields and where it went wrong, if it did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stanza<'a> {
    /// The number of its first line, counted from 1.
    pub(crate) line: usize,
    /// The fields in their order.
    pub(crate) fields: Vec<Field<'a>>,
    /// The first line that is neither a field nor a continuation.
    pub(crate) bad_line: Option<usize>,
}

impl<'a> Stanza<'a> {
    /// The value of a field by its name, whatever its case; absent when empty.
    pub(crate) fn get(&self, name: &str) -> Option<&'a [u8]> {
        let found = self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|field| field.value).filter(|value| !value.is_empty())
    }

    /// The name of a field that stands twice, if one does.
    pub(crate) fn repeated(&self, names: &[&'static str]) -> Option<&'static str> {
        let count =
            |name: &str| self.fields.iter().filter(|field| field.name.eq_ignore_ascii_case(name.as_bytes())).count();
        names.iter().copied().find(|name| count(name) > 1)
    }
}

/// Walks the stanzas of a whole file, keeping only the fields named in `wanted`.
pub(crate) fn for_each_stanza<'a>(bytes: &'a [u8], wanted: &[&str], mut each: impl FnMut(&Stanza<'a>)) {
    let mut stanza = Stanza::default();
    let mut number = 0;
    for line in lines(bytes) {
        number += 1;
        if line.trim_ascii().is_empty() {
            finish(&mut stanza, &mut each);
            continue;
        }
        if stanza.line == 0 {
            stanza.line = number;
        }
        read_line(&mut stanza, line, number, wanted);
    }
    finish(&mut stanza, &mut each);
}

fn finish<'a>(stanza: &mut Stanza<'a>, each: &mut impl FnMut(&Stanza<'a>)) {
    if stanza.line != 0 {
        each(stanza);
        stanza.fields.clear();
        stanza.line = 0;
        stanza.bad_line = None;
    }
}

fn read_line<'a>(stanza: &mut Stanza<'a>, line: &'a [u8], number: usize, wanted: &[&str]) {
    if line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
        // A continuation belongs to the field above; a stanza cannot begin with one.
        if stanza.line == number {
            stanza.bad_line.get_or_insert(number);
        }
        return;
    }
    match split_field(line) {
        Some(field) => {
            if wanted.iter().any(|name| field.name.eq_ignore_ascii_case(name.as_bytes())) {
                stanza.fields.push(field);
            }
        }
        None => {
            stanza.bad_line.get_or_insert(number);
        }
    }
}

/// Splits `Name: value`. A name has no spaces or control characters (deb822(5)).
pub(crate) fn split_field(line: &[u8]) -> Option<Field<'_>> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = (line.get(..colon)?, line.get(colon + 1..)?);
    let well_formed = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    well_formed.then(|| Field { name, value: value.trim_ascii() })
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', bytes).chain(std::iter::once(bytes.len()));
    ends.filter_map(move |end| {
        let line = bytes.get(start..end);
        start = end + 1;
        line
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stanzas(bytes: &[u8]) -> Vec<(usize, Option<Vec<u8>>, Option<usize>)> {
        let mut found = Vec::new();
        for_each_stanza(bytes, &["Package"], |stanza| {
            found.push((stanza.line, stanza.get("package").map(<[u8]>::to_vec), stanza.bad_line));
        });
        found
    }

    #[test]
    fn stanzas_are_split_at_blank_lines_and_know_their_lines() {
        let bytes = b"\n\nPackage: a\nOther:\n more\n\n \nPackage: b\r\n";
        assert_eq!(stanzas(bytes), [(3, Some(b"a".to_vec()), None), (8, Some(b"b".to_vec()), None)]);
    }

    #[test]
    fn a_line_that_is_no_field_is_named() {
        assert_eq!(stanzas(b"Package: a\nno colon\n")[0].2, Some(2));
        assert_eq!(stanzas(b" starts inside\n")[0].2, Some(1));
        assert_eq!(stanzas(b"two words: a\n")[0].2, Some(1));
        assert_eq!(stanzas(&[0; 100])[0].2, Some(1));
        assert!(stanzas(b"").is_empty());
    }
}
