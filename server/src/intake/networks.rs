//! May this enter: a table of a switch, a router or a DHCP server, and what a hardware address belongs to.
//! It does not know HTTP or files. Invariant: a table enters whole or not at all, nothing older than what stands takes its place, and
//! every hardware address is in the one spelling by which it is found.

use super::devices::{ROLES, line};
use super::roles;
use crate::ledger::entry::Author;
use crate::model::Model;
use crate::model::networks::{Prefix, makers::mac_of};
use daicho_schemas::fact::device_read::DEVICE_NOTE_BYTES_MAX;
use daicho_schemas::fact::network_table::{
    NeighbourIs, NeighbourNamed, NetworkTableRead, NetworkTableRow, TABLE_ROWS_MAX, TABLE_TEXT_BYTES_MAX,
};
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::CalendarDate;
use std::net::IpAddr;

/// Tables that stand at once.
pub const TABLES_MAX: usize = 500;
/// Hardware addresses that people named.
pub const NAMED_MAX: usize = 100_000;

fn wrong(detail: String) -> Refusal {
    Refusal::new(RefusalCode::NetworkTableWrong).with(detail)
}

/// A table comes in. Says whether that is new.
pub fn table(model: &Model, author: &Author, read: &NetworkTableRead, today: CalendarDate) -> Result<bool, Refusal> {
    roles::one_of(ROLES, model, author)?;
    not_after("taken_on", read.taken_on, today)?;
    if read.sha256.len() != 64 || !read.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong("sha256: 64 hexadecimal digits".into()));
    }
    line("format", &read.format, TABLE_TEXT_BYTES_MAX, wrong)?;
    line("taken_from", &read.taken_from, TABLE_TEXT_BYTES_MAX, wrong)?;
    note(&read.note)?;
    if let Some(segment) = &read.segment {
        let found = Prefix::of_text(segment).filter(|(_, network)| network.is_segment());
        if found.is_none_or(|(_, network)| network.to_string() != *segment) {
            return Err(wrong("segment: a network such as 192.0.2.0/24, without bits of a host".into()));
        }
    }
    if read.rows.is_empty() || read.rows.len() > TABLE_ROWS_MAX {
        return Err(wrong(format!("rows: 1 to {TABLE_ROWS_MAX}, and there are {}", read.rows.len())));
    }
    for (place, one) in read.rows.iter().enumerate() {
        row(&format!("rows[{place}]"), one)?;
    }
    if !read.rows.is_sorted_by(|one, other| one < other) {
        return Err(wrong("rows: they are to be sorted, without repeats".into()));
    }
    let tables = model.network_tables();
    match tables.get(&read.table_id) {
        Some(stands) if stands.read == *read => Ok(false),
        Some(stands) if stands.read.taken_on > read.taken_on => {
            let (day, seq) = (stands.read.taken_on, stands.seq);
            Err(wrong(format!("taken_on: the table of {day} stands (entry {seq}), and this one is older")))
        }
        None if tables.len() >= TABLES_MAX => Err(wrong(format!("table_id: {TABLES_MAX} tables stand already"))),
        _ => Ok(true),
    }
}

fn row(at: &str, row: &NetworkTableRow) -> Result<(), Refusal> {
    mac(&format!("{at}.mac"), &row.mac)?;
    let address = row.address.as_deref().map(str::parse::<IpAddr>);
    if let Some(Err(_)) = address {
        return Err(wrong(format!("{at}.address: not an address")));
    }
    for (name, text) in [("port", &row.port), ("vlan", &row.vlan)] {
        line(&format!("{at}.{name}"), text.as_deref().unwrap_or_default(), TABLE_TEXT_BYTES_MAX, wrong)?;
    }
    Ok(())
}

/// A person says what a hardware address belongs to. Says whether that is new.
pub fn named(model: &Model, author: &Author, said: &NeighbourNamed, today: CalendarDate) -> Result<bool, Refusal> {
    roles::one_of(ROLES, model, author)?;
    mac("mac", &said.mac)?;
    not_after("on", said.on, today)?;
    note(&said.note)?;
    match &said.is {
        Some(NeighbourIs::Device(id)) if model.devices().get(id).is_none() => {
            return Err(Refusal::new(RefusalCode::NotFound).with(format!("is.device: {id}")));
        }
        Some(NeighbourIs::Host(text) | NeighbourIs::Other(text)) => {
            line("is", text, TABLE_TEXT_BYTES_MAX, wrong)?;
            if text.trim().is_empty() {
                return Err(wrong("is: say what it is".into()));
            }
        }
        Some(NeighbourIs::Device(_)) | None => {}
    }
    let tables = model.network_tables();
    match (tables.named(&said.mac), &said.is) {
        (None, None) => Ok(false),
        (None, Some(_)) if tables.named_total() >= NAMED_MAX => {
            Err(wrong(format!("mac: {NAMED_MAX} are named already")))
        }
        (Some(stands), Some(_)) => Ok(stands.said != *said),
        _ => Ok(true),
    }
}

fn mac(field: &str, text: &str) -> Result<(), Refusal> {
    if mac_of(text).as_deref() == Some(text) {
        return Ok(());
    }
    Err(wrong(format!("{field}: a hardware address of one device, as aa:bb:cc:dd:ee:ff")))
}

fn note(text: &str) -> Result<(), Refusal> {
    if text.len() > DEVICE_NOTE_BYTES_MAX {
        return Err(wrong(format!("note: {} bytes, at most {DEVICE_NOTE_BYTES_MAX}", text.len())));
    }
    Ok(())
}

fn not_after(field: &str, on: CalendarDate, today: CalendarDate) -> Result<(), Refusal> {
    if on > today { Err(wrong(format!("{field}: {on} is after today, {today}"))) } else { Ok(()) }
}

#[cfg(test)]
#[path = "networks_tests.rs"]
mod tests;
