//! Connections of strongSwan and Libreswan: ipsec.conf(5) with its `conn` sections, and swanctl.conf(5) with nested ones.
//! It does not know included files elsewhere, secrets or certificates.
//! Invariant: only names of connections, far ends and the way they start are looked at.

use super::{Look, far_end, setting};
use daicho_schemas::fact::observation::{ConfiguredTunnelSort as Sort, Starts};
use std::collections::BTreeSet;

#[derive(Default)]
struct Connection {
    name: String,
    remotes: BTreeSet<String>,
    starts: Starts,
}

/// All connections.
pub(super) fn read(look: &mut Look<'_>) {
    let conf = look.names("/etc/ipsec.d", ".conf").into_iter().map(|file| format!("/etc/ipsec.d/{file}"));
    let stroke: Vec<String> = std::iter::once("/etc/ipsec.conf".to_owned()).chain(conf).collect();
    for place in stroke {
        let Some(text) = look.text(&place) else { continue };
        let found = connections(&text);
        add(look, &place, found);
    }
    let conf = look.names("/etc/swanctl/conf.d", ".conf").into_iter().map(|file| format!("/etc/swanctl/conf.d/{file}"));
    let swanctl: Vec<String> = std::iter::once("/etc/swanctl/swanctl.conf".to_owned()).chain(conf).collect();
    for place in swanctl {
        let Some(text) = look.text(&place) else { continue };
        let found = swanctl_connections(&text);
        add(look, &place, found);
    }
}

fn add(look: &mut Look<'_>, place: &str, found: Vec<Connection>) {
    for Connection { name, remotes, starts } in found {
        look.item(Sort::Ipsec, place, &name, remotes, starts);
    }
}

/// `conn NAME`, then indented settings. `%default` is no connection.
fn connections(text: &str) -> Vec<Connection> {
    let mut found: Vec<Connection> = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if !line.starts_with([' ', '\t']) {
            let name = (words.next() == Some("conn")).then(|| words.next()).flatten();
            let name = name.unwrap_or("%default").to_owned();
            found.push(Connection { name, ..Connection::default() });
            continue;
        }
        let (Some(connection), Some((key, value))) = (found.last_mut(), setting(line)) else { continue };
        match key {
            "right" => connection.remotes.extend(far_end(value).filter(|end| !end.starts_with('%'))),
            "auto" => connection.starts = if value == "add" { Starts::ByHand } else { Starts::Automatically },
            _ => {}
        }
    }
    found.retain(|connection| connection.name != "%default");
    found
}

/// `connections { NAME { remote_addrs = … children { NAME { start_action = … } } } }`, one setting or brace on a line.
fn swanctl_connections(text: &str) -> Vec<Connection> {
    let mut path: Vec<String> = Vec::new();
    let mut found: Vec<Connection> = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(name) = line.strip_suffix('{') {
            path.push(name.trim().to_owned());
            if let [top, name] = path.as_slice()
                && top == "connections"
            {
                found.push(Connection { name: name.clone(), starts: Starts::ByHand, ..Connection::default() });
            }
        } else if line == "}" {
            path.pop();
        } else if path.first().is_some_and(|top| top == "connections")
            && let (Some(connection), Some((key, value))) = (found.last_mut(), setting(line))
        {
            match key {
                "remote_addrs" => {
                    let ends = value.split(',').filter_map(|end| far_end(end.trim()));
                    connection.remotes.extend(ends.filter(|end| !end.starts_with('%')));
                }
                "start_action" if value.contains("start") || value.contains("trap") => {
                    connection.starts = Starts::Automatically;
                }
                _ => {}
            }
        }
    }
    found
}
