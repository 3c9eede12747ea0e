//! Where in a JSON text a field stands, as line and column, so that a refusal can point at it.
//! It does not check JSON: the text was read before, and what is not found has no place.
//! Invariant: it reads forward only, keeps nothing and never fails; depth costs no stack.

use serde_path_to_error::Segment;
use std::fmt;

/// One step from the root to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A member of an object.
    Key(String),
    /// An item of an array, from 0.
    Index(usize),
}

/// The way from the root to a field: `parts[3].supplier_id`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

impl Path {
    /// A member of the root.
    pub(super) fn of(key: &str) -> Self {
        Self(vec![Step::Key(key.into())])
    }

    /// A member of this.
    pub(super) fn key(&self, key: &str) -> Self {
        Self(self.0.iter().cloned().chain([Step::Key(key.into())]).collect())
    }

    /// An item of this.
    pub(super) fn index(&self, index: usize) -> Self {
        Self(self.0.iter().cloned().chain([Step::Index(index)]).collect())
    }
}

impl From<&serde_path_to_error::Path> for Path {
    /// Steps that JSON does not have (an enum's variant) stand at the place before them.
    fn from(path: &serde_path_to_error::Path) -> Self {
        let step = |segment: &Segment| match segment {
            Segment::Seq { index } => Some(Step::Index(*index)),
            Segment::Map { key } => Some(Step::Key(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        };
        Self(path.iter().filter_map(step).collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if place == 0 => out.write_str(key)?,
                Step::Key(key) => write!(out, ".{key}")?,
                Step::Index(index) => write!(out, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Line and column (both from 1, the column in bytes as serde_json counts it) of a field; of the nearest place above it
/// where the field itself is absent.
pub(super) fn locate(json: &[u8], path: &Path) -> (usize, usize) {
    let mut reader = Reader { json, at: 0 };
    reader.skip_spaces();
    for step in &path.0 {
        let before = reader.at;
        let found = match step {
            Step::Key(key) => reader.enter_key(key),
            Step::Index(index) => reader.enter_index(*index),
        };
        if found.is_none() {
            reader.at = before;
            break;
        }
    }
    let before = json.get(..reader.at).unwrap_or(json);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    (line, column)
}

struct Reader<'a> {
    json: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        self.skip_spaces();
        if self.peek() != Some(wanted) {
            return None;
        }
        self.at += 1;
        self.skip_spaces();
        Some(())
    }

    fn enter_key(&mut self, key: &str) -> Option<()> {
        self.take(b'{')?;
        loop {
            let start = self.at;
            self.skip_string()?;
            let name: String = serde_json::from_slice(self.json.get(start..self.at)?).ok()?;
            self.take(b':')?;
            if name == key {
                return Some(());
            }
            self.skip_value()?;
            self.take(b',')?;
        }
    }

    fn enter_index(&mut self, index: usize) -> Option<()> {
        self.take(b'[')?;
        for _ in 0..index {
            self.skip_value()?;
            self.take(b',')?;
        }
        (self.peek()? != b']').then_some(())
    }

    fn skip_string(&mut self) -> Option<()> {
        if self.peek()? != b'"' {
            return None;
        }
        self.at += 1;
        loop {
            let byte = self.peek()?;
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                return Some(());
            }
        }
    }

    /// Leaves a value behind, whatever it is; brackets are counted, strings are not looked into.
    fn skip_value(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            match self.peek()? {
                b'"' => self.skip_string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                b',' | b'}' | b']' if depth == 0 => return Some(()),
                _ => self.at += 1,
            }
            if depth == 0 && matches!(self.peek(), Some(b',' | b'}' | b']')) {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str =
        "{\n  \"a\": {\"x\": \"}]\\\"\"},\n  \"parts\": [\n    {\"id\": 1},\n    {\"id\": [2, {}]}\n  ]\n}";

    #[test]
    fn a_field_is_found_behind_strings_and_brackets() {
        assert_eq!(locate(JSON.as_bytes(), &Path::of("parts").index(1).key("id")), (5, 12));
        assert_eq!(locate(JSON.as_bytes(), &Path::of("parts").index(0)), (4, 5));
        assert_eq!(Path::of("parts").index(1).key("id").to_string(), "parts[1].id");
    }

    #[test]
    fn an_absent_field_points_at_what_should_hold_it() {
        assert_eq!(locate(JSON.as_bytes(), &Path::of("parts").index(7)), (3, 12));
        assert_eq!(locate(JSON.as_bytes(), &Path::of("nothing").key("x")), (1, 1));
    }

    #[test]
    fn broken_text_ends_the_search_and_nothing_else() {
        for cut in 0..JSON.len() {
            let (line, column) = locate(&JSON.as_bytes()[..cut], &Path::of("parts").index(1).key("id"));
            assert!(line >= 1 && column >= 1);
        }
    }
}
