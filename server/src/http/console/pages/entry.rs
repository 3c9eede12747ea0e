//! One entry of the ledger: its line made readable, and how anybody can verify it by hand.
//! It does not know what the fact means.
//! Invariant: the bytes that can be downloaded are exactly the bytes that are kept; the readable form is marked as such.

use super::ledger::EntryRow;
use super::trouble;
use crate::http::App;
use crate::http::console::layout::{PageContext, Section, Visitor, page};
use crate::ledger::engine::Frame;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

/// Lines up to this size are shown whole; of longer ones the beginning is shown.
pub const READABLE_LINE_BYTES_MAX: usize = 256 * 1024;
/// How much of a longer line is shown.
const BEGINNING_BYTES: usize = 4 * 1024;

/// The page.
#[derive(Template)]
#[template(path = "entry.html")]
pub struct EntryPage {
    /// Shared.
    pub ctx: PageContext,
    /// What the list shows of it.
    pub row: EntryRow,
    /// Its whole hash.
    pub hash: String,
    /// The hash of the entry before, if the line could be read.
    pub prev_hash: Option<String>,
    /// The line with line breaks, or its beginning.
    pub readable: String,
    /// Whether `readable` is only the beginning.
    pub cut: bool,
    /// Whether there is a later entry.
    pub later: bool,
}

impl EntryPage {
    /// From a frame; `head_seq` is the number of the last entry.
    pub fn new(ctx: PageContext, frame: &Frame, head_seq: u64) -> Self {
        let row = EntryRow::of(frame);
        let cut = frame.line.len() > READABLE_LINE_BYTES_MAX;
        let readable = if cut {
            String::from_utf8_lossy(frame.line.get(..BEGINNING_BYTES).unwrap_or(&frame.line)).into_owned()
        } else {
            with_line_breaks(&String::from_utf8_lossy(&frame.line))
        };
        let parsed = crate::ledger::entry::Entry::parse(&frame.line).ok();
        Self {
            hash: frame.hash.to_string(),
            prev_hash: parsed.map(|entry| entry.prev_hash.to_string()),
            later: frame.seq < head_seq,
            ctx,
            row,
            readable,
            cut,
        }
    }
}

/// Adds line breaks and indents to a line of JSON, and changes nothing else: order and spelling stay as they are kept.
/// What is not JSON comes out somehow broken up, but whole.
fn with_line_breaks(line: &str) -> String {
    const DEPTH_MAX: usize = 40;
    let mut out = String::with_capacity(line.len() * 2);
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    let mut letters = line.chars().peekable();
    let break_line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth.min(DEPTH_MAX)));
    };
    while let Some(letter) = letters.next() {
        if in_text {
            in_text = escaped || letter != '"';
            escaped = !escaped && letter == '\\';
            out.push(letter);
            continue;
        }
        match letter {
            '{' | '[' => {
                out.push(letter);
                if !matches!(letters.peek(), Some('}' | ']')) {
                    depth += 1;
                    break_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                if !out.ends_with(['{', '[']) {
                    depth = depth.saturating_sub(1);
                    break_line(&mut out, depth);
                }
                out.push(letter);
            }
            ',' => {
                out.push(letter);
                break_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ => {
                in_text = letter == '"';
                out.push(letter);
            }
        }
    }
    out
}

async fn read(app: &App, seq: &str) -> Result<Option<(Frame, u64)>, String> {
    let Some(seq) = seq.parse::<u64>().ok().filter(|seq| *seq > 0) else { return Ok(None) };
    let engine = Arc::clone(&app.engine);
    let read = tokio::task::spawn_blocking(move || {
        let head = engine.head().seq;
        if seq > head {
            return Ok(None);
        }
        // At least one frame comes, however large it is; one byte keeps a second one away.
        let frames = engine.read(seq, 1, 1).map_err(|fault| fault.to_string())?;
        Ok(frames.into_iter().next().filter(|frame| frame.seq == seq).map(|frame| (frame, head)))
    });
    read.await.map_err(|error| error.to_string())?
}

/// `GET /ledger/{seq}`.
pub async fn show(State(app): State<Arc<App>>, visitor: Visitor, Path(seq): Path<String>) -> Response {
    let (ctx, ()) = match visitor.read(&app, Section::Ledger, |_, _| ()) {
        Ok(read) => read,
        Err(fault) => return fault,
    };
    match read(&app, &seq).await {
        Ok(Some((frame, head_seq))) => page(StatusCode::OK, &EntryPage::new(ctx, &frame, head_seq)),
        Ok(None) => trouble::not_found(&ctx),
        Err(error) => {
            tracing::error!(error, "an entry could not be read for a page");
            trouble::fault(&ctx)
        }
    }
}

/// `GET /ledger/{seq}/line`: the exact bytes, as a file.
pub async fn line(State(app): State<Arc<App>>, visitor: Visitor, Path(seq): Path<String>) -> Response {
    let (ctx, ()) = match visitor.read(&app, Section::Ledger, |_, _| ()) {
        Ok(read) => read,
        Err(fault) => return fault,
    };
    match read(&app, &seq).await {
        Ok(Some((frame, _))) => {
            let name = format!("attachment; filename=\"entry-{}.json\"", frame.seq);
            ([(CONTENT_TYPE, "application/json".into()), (CONTENT_DISPOSITION, name)], frame.line).into_response()
        }
        Ok(None) => trouble::not_found(&ctx),
        Err(error) => {
            tracing::error!(error, "an entry could not be read for a download");
            trouble::fault(&ctx)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::with_line_breaks;

    #[test]
    fn only_line_breaks_and_indents_are_added_and_the_order_stays() {
        let line = r#"{"seq":7,"b":{"x":[],"a":"{,\"]: \\"},"fact":[1,{}]}"#;
        let shown = with_line_breaks(line);
        assert_eq!(
            shown,
            "{\n  \"seq\": 7,\n  \"b\": {\n    \"x\": [],\n    \"a\": \"{,\\\"]: \\\\\"\n  },\n  \"fact\": [\n    1,\n    {}\n  ]\n}"
        );
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&shown), value(line));
    }

    #[test]
    fn nesting_without_end_stays_small() {
        let shown = with_line_breaks(&"[".repeat(100_000));
        assert!(shown.len() < 100_000 * 100);
    }
}
