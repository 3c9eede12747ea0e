//! Results of osquery: lines of its result log (differential, snapshot and batch form), rows as `osqueryi --json` prints them, or an object
//! of rows by table. <https://osquery.readthedocs.io/en/stable/deployment/logging/>
//! It does not know queries: a table is known by the end of the query's name, or else by its columns; a query that renames columns is
//! not read, and said. Invariant: a snapshot is whole, differences are not, and of several snapshots of a table the last stands.

use crate::reading::{Part, Reading, cut, unreadable};
use crate::told::{More, Named, address, hardware, operating_system, package};
use daicho_schemas::fact::observation::{
    Ecosystem, HardwarePart, ListeningSocket, Observation, SocketProcess, SocketProtocol, ToldSort,
};
use daicho_schemas::refusal::Refusal;
use daicho_schemas::time::UtcMicros;
use daicho_schemas::trouble::TroubleKind;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

type Row = BTreeMap<String, Value>;

/// How a row becomes an observation.
type Take = fn(&Row) -> Option<Observation>;

/// A table, columns by which it is known, and what a row is.
const TABLES: &[(&str, &[&str], Take)] = &[
    ("deb_packages", &["name", "version", "revision", "arch"], deb),
    ("rpm_packages", &["name", "version", "release", "arch"], rpm),
    ("programs", &["name", "version", "install_location", "publisher"], program),
    ("os_version", &["name", "version", "platform", "major"], system),
    ("system_info", &["hostname", "hardware_vendor", "hardware_model"], machine),
    ("interface_addresses", &["interface", "address", "mask"], of_interface),
    ("listening_ports", &["port", "protocol", "family", "address"], socket),
];

/// One line of the result log.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    host_identifier: Option<String>,
    #[serde(default)]
    unix_time: Option<Value>,
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    columns: Option<Row>,
    #[serde(default)]
    snapshot: Option<Vec<Row>>,
    #[serde(default)]
    diff_results: Option<Differences>,
}

#[derive(Deserialize)]
struct Differences {
    #[serde(default)]
    added: Vec<Row>,
    #[serde(default)]
    removed: Vec<Row>,
}

/// How a row is told.
#[derive(Clone, Copy)]
enum Kind {
    Listed,
    Added,
    Removed,
}

/// What was read so far.
#[derive(Default)]
struct Read {
    parts: BTreeMap<&'static str, Part>,
    others: BTreeMap<String, u64>,
    host: Option<String>,
    said_at: Option<i64>,
}

/// Reads lines, rows or rows by table.
pub(crate) fn read(text: &str) -> Result<Reading, Refusal> {
    let mut read = Read::default();
    let wrong = |error: serde_json::Error| unreadable(format!("as osquery results: {error}"));
    if text.starts_with('[') {
        match serde_json::from_str::<Vec<Line>>(text) {
            Ok(lines) if lines.iter().any(Line::says) => lines.into_iter().for_each(|line| read.line(line)),
            _ => read.snapshot(None, &serde_json::from_str::<Vec<Row>>(text).map_err(wrong)?),
        }
    } else if let Ok(tables) = serde_json::from_str::<BTreeMap<String, Vec<Row>>>(text) {
        tables.iter().for_each(|(name, rows)| read.snapshot(Some(name), rows));
    } else {
        for line in serde_json::Deserializer::from_str(text).into_iter::<Line>() {
            read.line(line.map_err(wrong)?);
        }
    }
    read.end()
}

impl Line {
    fn says(&self) -> bool {
        self.columns.is_some() || self.snapshot.is_some() || self.diff_results.is_some()
    }
}

impl Read {
    fn line(&mut self, line: Line) {
        if !line.says() {
            return;
        }
        if let Some(host) = line.host_identifier.as_deref().and_then(cut) {
            self.host.get_or_insert(host);
        }
        let seconds = line.unix_time.as_ref().and_then(|time| time.as_i64().or_else(|| time.as_str()?.parse().ok()));
        self.said_at = self.said_at.max(seconds);
        let name = line.name.as_deref();
        if let Some(rows) = &line.snapshot {
            return self.snapshot(name, rows);
        }
        let all = line.diff_results.as_ref();
        let added = all.map(|all| all.added.as_slice()).unwrap_or_default();
        let removed = all.map(|all| all.removed.as_slice()).unwrap_or_default();
        let gone = line.action.as_deref() == Some("removed");
        let (one_added, one_removed) = if gone { (None, line.columns) } else { (line.columns, None) };
        // An upgrade is one row removed and one added: under one key, the added one must stand.
        removed.iter().chain(&one_removed).for_each(|row| self.row(name, row, Kind::Removed));
        added.iter().chain(&one_added).for_each(|row| self.row(name, row, Kind::Added));
    }

    fn snapshot(&mut self, name: Option<&str>, rows: &[Row]) {
        let Some((table, _, _)) = rows.first().map_or_else(|| named(name?), |row| table_of(name, row)) else {
            if !rows.is_empty() {
                self.other(name);
            }
            return;
        };
        self.parts.insert(table, Part::new(&format!("osquery-{table}"), true));
        rows.iter().for_each(|row| self.row(name, row, Kind::Listed));
    }

    fn row(&mut self, name: Option<&str>, row: &Row, kind: Kind) {
        let Some((table, _, take)) = table_of(name, row) else { return self.other(name) };
        if table == "system_info"
            && let Some(host) = text(row, "hostname")
        {
            self.host.get_or_insert(host);
        }
        let part = self.parts.entry(table).or_insert_with(|| Part::new(&format!("osquery-{table}"), false));
        match take(row) {
            Some(own) => match kind {
                Kind::Listed => part.put(own),
                Kind::Added => part.replace(own),
                Kind::Removed => part.drop_row(&own),
            },
            None if matches!(table, "listening_ports" | "interface_addresses") => {}
            None => part.trouble(TroubleKind::Malformed, "a row without a name or version was left out"),
        }
    }

    fn other(&mut self, name: Option<&str>) {
        let name = name.and_then(cut).unwrap_or_else(|| "without a name".into());
        let known = self.others.len();
        if known < 100 || self.others.contains_key(&name) {
            *self.others.entry(name).or_default() += 1;
        }
    }

    fn end(self) -> Result<Reading, Refusal> {
        let tables: Vec<&str> = TABLES.iter().map(|(name, _, _)| *name).collect();
        if self.parts.is_empty() {
            return Err(unreadable(format!("as osquery results: no rows of the tables {}", tables.join(", "))));
        }
        let mut parts = Vec::new();
        for (_, mut part) in self.parts {
            if parts.is_empty() {
                for name in self.others.keys() {
                    part.remark(TroubleKind::NotObservable, format!("results of the query {name} are not taken over"));
                }
            }
            parts.extend(part.end());
        }
        let said_at = self.said_at.and_then(|seconds| UtcMicros::from_micros(seconds.checked_mul(1_000_000)?).ok());
        Ok(Reading {
            format: "osquery".into(),
            tool: "osquery".into(),
            tool_version: None,
            said_at,
            host: self.host,
            parts,
        })
    }
}

type Table = (&'static str, &'static [&'static str], Take);

/// The table whose name a query's name ends with: `pack_inventory_deb_packages`.
fn named(name: &str) -> Option<Table> {
    TABLES.iter().find(|(table, _, _)| name.ends_with(table)).copied()
}

fn table_of(name: Option<&str>, row: &Row) -> Option<Table> {
    let has = |table: &Table| table.1.iter().all(|column| row.contains_key(*column));
    name.and_then(named).or_else(|| TABLES.iter().copied().find(has))
}

fn text(row: &Row, column: &str) -> Option<String> {
    match row.get(column)? {
        Value::String(text) => cut(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn deb(row: &Row) -> Option<Observation> {
    // `deinstall ok config-files`: removed, and only its configuration is left.
    let status = text(row, "status");
    let (name, version) = (text(row, "name")?, text(row, "version")?);
    let source = text(row, "source").filter(|source| *source != name);
    let more = More { architecture: text(row, "arch"), source, maintainer: text(row, "maintainer"), vendor: None };
    let mut own = package(Ecosystem::Deb, name, version, more);
    if let (Observation::Package(package), Some(status)) = (&mut own, status) {
        package.state = crate::told::state_of_dpkg(&status);
    }
    Some(own)
}

fn rpm(row: &Row) -> Option<Observation> {
    let (version, release) = (text(row, "version")?, text(row, "release"));
    let epoch = text(row, "epoch").filter(|epoch| epoch.bytes().all(|byte| byte.is_ascii_digit()));
    let version = format!(
        "{}{version}{}",
        epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default(),
        release.map(|release| format!("-{release}")).unwrap_or_default()
    );
    let more = More { architecture: text(row, "arch"), vendor: text(row, "vendor"), ..More::default() };
    Some(package(Ecosystem::Rpm, text(row, "name")?, version, more))
}

fn program(row: &Row) -> Option<Observation> {
    let named = Named {
        sort: ToldSort::Software,
        name: text(row, "name")?,
        version: text(row, "version"),
        purl: None,
        supplier: text(row, "publisher"),
        sha256: None,
        path: text(row, "install_location"),
    };
    Some(named.observation())
}

fn system(row: &Row) -> Option<Observation> {
    let mut own = operating_system(Some(text(row, "name")?), text(row, "version"), text(row, "platform"));
    if let Observation::OperatingSystem(system) = &mut own {
        system.codename = text(row, "codename");
        system.architecture = text(row, "arch");
    }
    Some(own)
}

fn machine(row: &Row) -> Option<Observation> {
    let words =
        ["hardware_vendor", "hardware_model", "hardware_version", "hardware_serial"].map(|column| text(row, column));
    hardware(HardwarePart::System, "osquery system_info", words)
}

fn of_interface(row: &Row) -> Option<Observation> {
    address(text(row, "interface"), &text(row, "address")?, &text(row, "mask")?)
}

fn socket(row: &Row) -> Option<Observation> {
    let protocol = match (text(row, "protocol")?.as_str(), text(row, "family")?.as_str()) {
        ("6", "2") => SocketProtocol::Tcp,
        ("6", "10") => SocketProtocol::Tcp6,
        ("17", "2") => SocketProtocol::Udp,
        ("17", "10") => SocketProtocol::Udp6,
        _ => return None,
    };
    let port: u16 = text(row, "port")?.parse().ok().filter(|port| *port != 0)?;
    let address = text(row, "address")?;
    address.parse::<std::net::IpAddr>().ok()?;
    let path = text(row, "path").filter(|path| path.starts_with('/'));
    let process = |path: String| SocketProcess {
        name: path.rsplit('/').next().unwrap_or_default().to_string(),
        executable: Some(path),
        ..SocketProcess::default()
    };
    Some(Observation::ListeningSocket(ListeningSocket {
        protocol,
        address,
        port,
        processes: path.map(process).into_iter().collect(),
    }))
}
