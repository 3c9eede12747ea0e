//! What commands on files share: reading within limits, writing what is new, printing for people and for programs.
//! It does not know what is in a file. Invariant: a file that exists is never overwritten, and nothing is read without end.

use super::say;
use anyhow::Context as _;
use clap::ValueEnum;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::{Language, printable};
use serde::Serialize;
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::path::Path;

/// Something was found that somebody should look at: the same as in `daicho check`.
pub(super) const EXIT_FOUND: u8 = crate::check::EXIT_FOUND;

/// How to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// Reads a file of at most so many bytes; a larger one is refused under this code.
pub(super) fn read(path: &Path, bytes_max: usize, code: RefusalCode) -> anyhow::Result<Vec<u8>> {
    let doing = || format!("read {}", path.display());
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).with_context(doing)?;
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes).with_context(doing)?;
    if bytes.len() > bytes_max {
        return Err(Refusal::new(code).with(format!("{}: more than {bytes_max} bytes", path.display())).into());
    }
    Ok(bytes)
}

/// Writes a value into a file that must not exist yet.
pub(super) fn write_new(path: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    write_new_bytes(path, &text)
}

/// Writes bytes into a file that must not exist yet. They are on the disk when it returns.
pub(super) fn write_new_bytes(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let doing = || format!("write {} (it must not exist yet)", path.display());
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).with_context(doing)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).with_context(doing)
}

/// Prints a value for programs.
pub(super) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(())
}

/// A value in lines, with words in one language. What it rests on is left to the caller.
pub(super) fn in_words(value: &Value, language: Language, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let Value::Object(fields) = value else { return };
    for (name, value) in fields.iter().filter(|(name, _)| *name != "basis") {
        match one_line(value, language) {
            Some(line) => lines.push(format!("{indent}{name}: {line}")),
            None => {
                lines.push(format!("{indent}{name}:"));
                let items: Vec<&Value> = value.as_array().map_or_else(|| vec![value], |items| items.iter().collect());
                for (place, item) in items.iter().enumerate() {
                    if place > 0 {
                        lines.push(format!("{indent}  -"));
                    }
                    match one_line(item, language) {
                        Some(line) => lines.push(format!("{indent}  {line}")),
                        None => in_words(item, language, depth + 1, lines),
                    }
                }
            }
        }
    }
}

fn one_line(value: &Value, language: Language) -> Option<String> {
    match value {
        Value::String(text) => Some(printable(text)),
        Value::Object(fields) => {
            let name = match language {
                Language::Ja => "ja",
                Language::En => "en",
            };
            (fields.len() == 2).then(|| fields.get(name).and_then(Value::as_str).map(printable)).flatten()
        }
        Value::Array(items) if items.iter().all(|item| item.is_string()) => {
            Some(items.iter().filter_map(Value::as_str).map(printable).collect::<Vec<_>>().join(", "))
        }
        Value::Array(_) => None,
        other => Some(other.to_string()),
    }
}

/// A line for people, made of what may have come from a file.
pub(super) fn say_printable(line: &str) {
    say(&printable(line));
}
