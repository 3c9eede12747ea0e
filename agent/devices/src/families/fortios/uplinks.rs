//! Port forwards, managers, names that follow the address, mobile lines of a FortiGate.
//! It does not know what a manager does with the device.
//! Invariant: a forward that no policy uses is not switched on.

use super::access::Places;
use super::manager;
use super::tree::{Object, Tree};
use crate::draft::{self, absence, ground};
use crate::reach::Filters;
use daicho_schemas::fact::device::{Answer, DeviceReading, FarEnd, WayIn, WayInSort};
use std::collections::BTreeSet;

/// Adds them.
pub(super) fn read(tree: &Tree<'_>, places: &Places<'_, '_>, reading: &mut DeviceReading) {
    let policies: Vec<&Object<'_>> = tree.all("firewall policy").iter().collect();
    for vip in tree.all("firewall vip").iter().take(2000) {
        reading.ways_in.push(forward(tree, places, &policies, vip));
    }
    managers(tree, reading);
    for entry in tree.all("system ddns") {
        let Some((line, name)) = entry.one("ddns-domain") else { continue };
        let mut way = draft::way(
            &format!("system ddns {}", entry.name),
            WayInSort::DynamicDns,
            "FortiGate DDNS",
            FarEnd::Name(draft::word(name)),
        );
        way.enabled = draft::yes(ground(line, "外側のアドレスに名前が付いています", "the outside address has a name"));
        way.interface = entry.one("monitor-interface").map(|(_, name)| draft::word(name));
        way.restriction.restricted = draft::not_applicable();
        way.second_factor = draft::not_applicable();
        reading.ways_in.push(way);
    }
    for path in ["system lte-modem", "system modem"] {
        for modem in tree.settings(path) {
            let Some((line, state)) = modem.one("status") else { continue };
            let mut way = draft::way(path, WayInSort::MobileUplink, "lte", FarEnd::Unknown);
            way.enabled = match state {
                "enable" => draft::yes(ground(line, "モバイル回線を使います", "a mobile line is used")),
                "disable" => draft::no(ground(line, "モバイル回線を使いません", "the mobile line is switched off")),
                _ => draft::unknown(ground(line, "読み取れません", "it is not understood")),
            };
            way.restriction.restricted = draft::unknown(absence(
                "モバイル回線側の制限は、契約とポリシーによります",
                "who reaches it over the mobile line depends on its contract and policies",
            ));
            way.second_factor = draft::not_applicable();
            reading.ways_in.push(way);
        }
    }
}

fn managers(tree: &Tree<'_>, reading: &mut DeviceReading) {
    for central in tree.settings("system central-management") {
        let sort = central.one("type");
        let server = central.one("fmg").map(|(_, server)| server);
        let (technology, far) = match (sort, server) {
            (Some((_, "none")), _) => continue,
            (Some((_, "fortiguard")), _) => ("FortiGate Cloud", FarEnd::Name("FortiGate Cloud".to_owned())),
            (_, Some(server)) => ("FortiManager", FarEnd::Name(draft::word(server))),
            (Some((_, "fortimanager")), None) => ("FortiManager", FarEnd::Unknown),
            _ => continue,
        };
        let line = sort.map_or(central.line, |(line, _)| line);
        let mut way = manager("system central-management", technology, far.clone());
        way.enabled = if technology == "FortiManager" {
            draft::yes(ground(line, "FortiManager の管理を受けます", "a FortiManager manages it"))
        } else {
            draft::unknown(ground(
                line,
                "FortiGate Cloud が選ばれています。登録の有無は書かれていません",
                "FortiGate Cloud is chosen; whether it is registered there is not written",
            ))
        };
        way.restriction.restricted =
            draft::unknown(absence("接続元は管理側で決まります", "the manager decides who comes in by it"));
        reading.ways_in.push(way);
    }
}

fn forward(tree: &Tree<'_>, places: &Places<'_, '_>, policies: &[&Object<'_>], vip: &Object<'_>) -> WayIn {
    let port = vip.one("extport").filter(|_| vip.is("portforward", "enable"));
    let protocol = vip.one("protocol").map_or("tcp", |(_, protocol)| protocol);
    let technology = match port {
        Some((_, port)) => format!("{protocol}/{port}"),
        None if vip.is("type", "access-proxy") => "access-proxy".to_owned(),
        None => "ip".to_owned(),
    };
    let key = format!("firewall vip {}", vip.name);
    let mut way = draft::way(&key, WayInSort::PortForward, &technology, FarEnd::Unknown);
    way.interface = vip.one("extintf").map(|(_, name)| draft::word(name));
    let inside = vip.get("mappedip").map(|(_, words)| words).unwrap_or_default();
    let inner = vip.one("mappedport").filter(|_| port.is_some()).or(port);
    let inside = inside.iter().take(50).map(|address| match inner {
        Some((_, port)) => draft::word(&format!("{address}:{port}")),
        None => draft::word(address),
    });
    way.inside = inside.collect();
    way.second_factor = draft::not_applicable();
    let groups = tree.all("firewall vipgrp").iter();
    let names: BTreeSet<&str> = groups
        .filter(|group| group.get("member").is_some_and(|(_, members)| members.contains(&vip.name)))
        .map(|group| group.name)
        .chain([vip.name])
        .collect();
    let mut filters = Filters::default();
    let mut used = None;
    for policy in policies.iter().filter(|policy| policy.vdom == vip.vdom && !policy.is("status", "disable")) {
        let towards = policy.get("dstaddr").is_some_and(|(_, dst)| dst.iter().any(|name| names.contains(name)));
        let from_outside = policy.get("srcintf").is_some_and(|(_, names)| {
            names.iter().any(|name| {
                *name == "any" || places.outside.contains_key(name) || !places.interfaces.contains_key(name)
            })
        });
        if towards && (from_outside || places.outside.is_empty()) {
            let pass = policy.is("action", "accept");
            used = used.or(pass.then_some(policy.line));
            places.ask(&mut filters, policy, pass, true);
        }
    }
    way.enabled = match (vip.one("status"), used) {
        (Some((line, "disable")), _) => draft::no(ground(line, "無効です", "it is disabled")),
        (_, Some(line)) => draft::yes(ground(line, "このポリシーで使われています", "this policy uses it")),
        (_, None) => {
            draft::no(ground(vip.line, "外側からこれを使うポリシーがありません", "no policy from outside uses it"))
        }
    };
    way.restriction = filters.end().restriction();
    if way.enabled.answer == Answer::No {
        way.restriction.restricted = draft::not_applicable();
        way.restriction.sources.clear();
    }
    if let Some((line, names)) = vip.get("src-filter").filter(|_| way.restriction.restricted.answer == Answer::No) {
        way.restriction = crate::reach::Access::named(
            names.iter().map(|name| draft::word(name)),
            ground(line, "接続元を限っています（src-filter）", "sources are limited (src-filter)"),
        )
        .restriction();
    }
    way
}
