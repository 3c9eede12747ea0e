//! Tables that people take from switches, routers and DHCP servers: bytes in, rows out. Used where the file lies, so that the file need
//! not leave it. To read one more form: one entry in `forms.rs`, one folder in `fixtures/` with a sample of it.
//! It does not know segments, makers or the ledger.
//! Invariant: a form is recognised by its head line or its shape, never guessed; names of computers are not taken over; no input makes it
//! panic or take more memory than a small multiple of [`FILE_BYTES_MAX`].

mod forms;
mod leases;

use crate::model::networks::makers::mac_of;
use daicho_schemas::fact::network_table::{NetworkTableRow, NetworkTableSort, TABLE_ROWS_MAX, TABLE_TEXT_BYTES_MAX};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use encoding_rs::{Encoding, SHIFT_JIS, UTF_8};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The largest file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableReading {
    /// The form that was recognised.
    pub format: &'static str,
    /// What sort of table.
    pub sort: NetworkTableSort,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// The rows, sorted, without repeats.
    pub rows: Vec<NetworkTableRow>,
    /// Lines that look like rows and could not be read.
    pub left_out: u32,
}

/// Every form that is read, by name.
pub fn formats() -> impl Iterator<Item = &'static str> {
    forms::FORMS.iter().map(|form| form.name).chain(leases::FORMATS)
}

/// Reads a file. A refusal says what is wrong with it.
pub fn read(bytes: &[u8]) -> Result<TableReading, Refusal> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(wrong(format!("the file has {} bytes, at most {FILE_BYTES_MAX}", bytes.len())));
    }
    let text = cleaned(bytes).ok_or_else(|| wrong("it is not text in UTF-8, UTF-16 or Shift_JIS"))?;
    let (format, sort, found) = match leases::read(&text) {
        Some((format, found)) => (format, NetworkTableSort::DhcpLeases, found),
        None => forms::read(&text)?,
    };
    if found.rows.is_empty() {
        let known = formats().collect::<Vec<_>>().join(", ");
        return Err(wrong(format!("no row was found (read as {format}; known forms: {known})")));
    }
    if found.rows.len() > TABLE_ROWS_MAX {
        return Err(wrong(format!("it has {} rows, at most {TABLE_ROWS_MAX}: split it", found.rows.len())));
    }
    Ok(TableReading {
        format,
        sort,
        sha256: hex::encode(Sha256::digest(bytes)),
        bytes: bytes.len() as u64,
        rows: found.rows.into_iter().collect(),
        left_out: found.left_out,
    })
}

fn wrong(detail: impl AsRef<str>) -> Refusal {
    Refusal::new(RefusalCode::NetworkTableNotRead).with(detail)
}

/// Rows as they are found.
#[derive(Debug, Default)]
struct Found {
    rows: BTreeSet<NetworkTableRow>,
    left_out: u32,
}

impl Found {
    fn put(&mut self, mac: &str, address: Option<&str>, port: Option<&str>, vlan: Option<&str>) {
        let address = match address.map(|text| text.trim().parse::<IpAddr>()) {
            None => None,
            Some(Ok(address)) => Some(address.to_string()),
            Some(Err(_)) => return self.left_out = self.left_out.saturating_add(1),
        };
        let Some(mac) = mac_of(mac) else { return };
        let named = |text: &str| {
            let text = text.trim();
            let fits = text.len() <= TABLE_TEXT_BYTES_MAX && !text.chars().any(char::is_control);
            (!text.is_empty() && text != "-" && fits).then(|| text.to_string())
        };
        let (port, vlan) = (port.and_then(named), vlan.and_then(named));
        self.rows.insert(NetworkTableRow { mac, address, port, vlan });
    }
}

/// The text, without what a terminal leaves behind. `None` for what is no text.
fn cleaned(bytes: &[u8]) -> Option<String> {
    let (encoding, bytes) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, bytes.get(length..).unwrap_or_default()),
        None => (UTF_8, bytes),
    };
    let text = encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .or_else(|| SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes))?;
    if text.contains('\0') {
        return None;
    }
    let text = text.replace("\r\n", "\n").replace("--More--", "").replace("---- More ----", "");
    // What a pager wipes out with backspaces, and colours.
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' if rest.peek() == Some(&'[') => {
                rest.next();
                while rest.next_if(|c| !c.is_ascii_alphabetic()).is_some() {}
                rest.next();
            }
            '\u{8}' | '\u{7f}' => {}
            '\r' => out.push('\n'),
            c => out.push(c),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests;
