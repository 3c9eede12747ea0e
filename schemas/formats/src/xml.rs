//! XML as the same tree that JSON gives: elements by their names in small letters, texts, and lists where a name comes again.
//! It does not know attributes, namespaces, entities beyond the five of XML, or document types: none of it is resolved.
//! Invariant: as deep as JSON may be, and no more elements than lists may have items.

use crate::reading::unreadable;
use daicho_schemas::refusal::Refusal;
use quick_xml::events::Event;
use quick_xml::reader::Reader;
use serde_json::{Map, Value};

/// Elements within elements.
const DEPTH_MAX: usize = 100;
/// Elements of one document.
const ELEMENTS_MAX: usize = 1_000_000;

#[derive(Default)]
struct Open {
    name: String,
    children: Map<String, Value>,
    text: String,
}

impl Open {
    fn put(&mut self, name: String, value: Value) {
        match self.children.get_mut(&name) {
            None => drop(self.children.insert(name, value)),
            Some(Value::Array(items)) => items.push(value),
            Some(before) => {
                let first = before.take();
                *before = Value::Array(vec![first, value]);
            }
        }
    }

    fn end(self) -> (String, Value) {
        let value = if self.children.is_empty() { Value::String(self.text) } else { Value::Object(self.children) };
        (self.name, value)
    }
}

/// The name of the root element, and what is in it.
pub(crate) fn read(text: &str) -> Result<(String, Value), Refusal> {
    let mut reader = Reader::from_str(text);
    let wrong = |error: &dyn std::fmt::Display| unreadable(format!("as XML: {error}"));
    let mut open: Vec<Open> = Vec::new();
    let mut elements = 0_usize;
    loop {
        match reader.read_event().map_err(|error| wrong(&error))? {
            Event::Start(start) => {
                elements += 1;
                if open.len() >= DEPTH_MAX || elements > ELEMENTS_MAX {
                    return Err(wrong(&format!("more than {ELEMENTS_MAX} elements, or {DEPTH_MAX} within each other")));
                }
                open.push(Open { name: small(start.local_name().as_ref()), ..Open::default() });
            }
            Event::Empty(start) => {
                if let Some(own) = open.last_mut() {
                    own.put(small(start.local_name().as_ref()), Value::String(String::new()));
                }
            }
            Event::Text(words) => {
                if let Some(own) = open.last_mut() {
                    own.text.push_str(&words.xml10_content());
                }
            }
            Event::CData(words) => {
                if let Some(own) = open.last_mut() {
                    own.text.push_str(&words.xml10_content());
                }
            }
            Event::GeneralRef(reference) => {
                if let Some(own) = open.last_mut() {
                    own.text.push(letter(&reference));
                }
            }
            Event::End(_) => {
                let Some((name, value)) = open.pop().map(Open::end) else { continue };
                match open.last_mut() {
                    Some(parent) => parent.put(name, value),
                    None => return Ok((name, value)),
                }
            }
            Event::Eof => return Err(wrong(&"it ends within an element")),
            _ => {}
        }
    }
}

/// What a reference stands for; one that XML itself does not know is not followed.
fn letter(reference: &quick_xml::events::BytesRef<'_>) -> char {
    if let Ok(Some(letter)) = reference.resolve_char_ref() {
        return letter;
    }
    match reference.xml10_content().as_ref() {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => '\u{fffd}',
    }
}

fn small(name: &str) -> String {
    name.to_ascii_lowercase()
}
