//! Software on Windows by which somebody may come in from elsewhere, by its services and by what installers registered; and Remote Desktop, with
//! the sources that the host's own firewall lets in. It does not know which of it runs, nor which networks lie between.
//! Invariant: Remote Desktop is told as open only where Windows says so; a rule of the firewall that is not understood is told, never guessed.
//!
//! Microsoft, "Remote Desktop: enable by registry" (`fDenyTSConnections`; a policy goes first) and MS-GPFAS 2.2.2 (rules of the firewall:
//! `Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|RA4=LocalSubnet|Svc=termservice|`; without `RA4` and `RA6` every source is meant).

use super::super::remote_tools::list::{self, fits, tools};
use super::super::{Collected, Collector, Gather};
use super::installed_programs;
use super::services::SERVICES;
use crate::access::registry::{HKU, PROFILE_LIST, RegistryKey, RegistryValue};
use crate::access::{Host, Platform};
use daicho_schemas::fact::observation::{
    Observation, RemoteTool, RemoteToolClass, TOOL_EVIDENCE_MAX, ToolEvidence, ToolEvidenceSort, UnitState,
};
use daicho_schemas::text::Text;
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::{BTreeMap, BTreeSet};

const TERMINAL_SERVER: &str = "HKLM/SYSTEM/CurrentControlSet/Control/Terminal Server";
const LISTENER: &str = "HKLM/SYSTEM/CurrentControlSet/Control/Terminal Server/WinStations/RDP-Tcp";
const TERMINAL_POLICY: &str = "HKLM/SOFTWARE/Policies/Microsoft/Windows NT/Terminal Services";
/// Rules of the firewall: the host's own, and those of a group policy, which hold beside them.
const FIREWALL_RULES: [&str; 2] = [
    "HKLM/SYSTEM/CurrentControlSet/Services/SharedAccess/Parameters/FirewallPolicy/FirewallRules",
    "HKLM/SOFTWARE/Policies/Microsoft/WindowsFirewall/FirewallRules",
];
/// Whether the firewall is on, by the profile of the network that the host is in.
const FIREWALL_PROFILES: [&str; 3] = [
    "HKLM/SYSTEM/CurrentControlSet/Services/SharedAccess/Parameters/FirewallPolicy/DomainProfile",
    "HKLM/SYSTEM/CurrentControlSet/Services/SharedAccess/Parameters/FirewallPolicy/PublicProfile",
    "HKLM/SYSTEM/CurrentControlSet/Services/SharedAccess/Parameters/FirewallPolicy/StandardProfile",
];
/// The port unless another one is set.
const RDP_PORT: u64 = 3389;

/// Collects ways in by software.
pub(in crate::collect) struct RemoteToolsCollector;

impl Collector for RemoteToolsCollector {
    fn id(&self) -> &'static str {
        "remote_tools"
    }

    fn about(&self) -> Text {
        Text::new(
            "遠隔操作・トンネル・VPN のソフトウェアと、リモートデスクトップの状態・接続元の制限",
            "software for remote control, tunnels and VPN; Remote Desktop and the sources that the firewall lets in",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn lacks(&self) -> Option<Text> {
        Some(Text::new(
            "実行中のプロセスと最終利用日は不明",
            "processes that run, and the day of the last use, are not told",
        ))
    }

    fn places(&self) -> &'static [&'static str] {
        PLACES
    }

    fn watches(&self) -> &'static [&'static str] {
        &[SERVICES, TERMINAL_SERVER, FIREWALL_RULES[0]]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let tools = match tools() {
            Ok(tools) => tools,
            Err(trouble) => return gather.finish_failed(trouble),
        };
        let services = gather.key(host, SERVICES);
        let programs = installed_programs::read(&mut gather, host);
        if services.is_none() && programs.is_none() {
            let text = "neither services nor installed programs are in the registry; if this is a Windows, its hives were not read";
            return gather.finish_failed(Trouble::new(TroubleKind::Missing, SERVICES, text));
        }
        let services: Vec<String> = services.map(|list| list.keys).unwrap_or_default();
        let programs: BTreeSet<String> = programs.into_iter().flatten().map(|program| program.name).collect();
        let mut states = BTreeMap::new();
        for tool in tools {
            let mut evidence = BTreeSet::new();
            let is_service = |name: &&String| tool.windows.services.iter().any(|pattern| fits_service(pattern, name));
            for name in services.iter().filter(is_service) {
                let state = *states.entry(name).or_insert_with(|| service_state(&mut gather, host, name));
                evidence.insert(ToolEvidence { sort: ToolEvidenceSort::Unit, name: name.clone(), state });
            }
            let is_program = |name: &&String| tool.windows.programs.iter().any(|pattern| fits(pattern, name));
            evidence.extend(programs.iter().filter(is_program).map(|name| ToolEvidence {
                sort: ToolEvidenceSort::Package,
                name: name.clone(),
                state: None,
            }));
            if !evidence.is_empty() {
                let seen = list::told(&mut gather, tool.subject(), evidence);
                gather.item(list::PLACE, Observation::RemoteTool(seen));
            }
        }
        remote_desktop(&mut gather, host);
        gather.finish()
    }
}

/// Every place: those of installed programs, and our own.
static PLACES: &[&str] = &[
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Uninstall",
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Uninstall/*",
    "HKLM/SOFTWARE/WOW6432Node/Microsoft/Windows/CurrentVersion/Uninstall",
    "HKLM/SOFTWARE/WOW6432Node/Microsoft/Windows/CurrentVersion/Uninstall/*",
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Installer/UserData",
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Installer/UserData/*/Products",
    "HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Installer/UserData/*/Products/*/InstallProperties",
    PROFILE_LIST,
    HKU,
    "HKU/*/Software/Microsoft/Windows/CurrentVersion/Uninstall",
    "HKU/*/Software/Microsoft/Windows/CurrentVersion/Uninstall/*",
    SERVICES,
    "HKLM/SYSTEM/CurrentControlSet/Services/*",
    TERMINAL_SERVER,
    LISTENER,
    TERMINAL_POLICY,
    FIREWALL_RULES[0],
    FIREWALL_RULES[1],
    FIREWALL_PROFILES[0],
    FIREWALL_PROFILES[1],
    FIREWALL_PROFILES[2],
];

/// Names of services are one without regard to case.
fn fits_service(pattern: &str, name: &str) -> bool {
    fits(&pattern.to_lowercase(), &name.to_lowercase())
}

fn service_state(gather: &mut Gather, host: &dyn Host, name: &str) -> Option<UnitState> {
    let key = gather.subkey(host, &format!("{SERVICES}/{name}"))?;
    match key.number("Start")? {
        0..=2 => Some(UnitState::Enabled),
        4 => Some(UnitState::Masked),
        _ => Some(UnitState::Disabled),
    }
}

/// Remote Desktop, where Windows says whether it lets anybody in.
fn remote_desktop(gather: &mut Gather, host: &dyn Host) {
    let denies = |key: &Option<RegistryKey>| key.as_ref()?.number("fDenyTSConnections");
    let (own, policy) = (gather.key(host, TERMINAL_SERVER), gather.key(host, TERMINAL_POLICY));
    let Some(denied) = denies(&policy).or_else(|| denies(&own)) else { return };
    let service = service_state(gather, host, "TermService");
    let state = match (denied, service) {
        (_, Some(UnitState::Masked)) => UnitState::Masked,
        (0, _) => UnitState::Enabled,
        _ => UnitState::Disabled,
    };
    let port = gather.key(host, LISTENER).and_then(|key| key.number("PortNumber")).unwrap_or(RDP_PORT);
    let admits_from = match state {
        UnitState::Enabled => sources(gather, host, port),
        _ => Vec::new(),
    };
    let evidence = ToolEvidence { sort: ToolEvidenceSort::Unit, name: "TermService".into(), state: Some(state) };
    let named = ("windows-remote-desktop", "Remote Desktop (RDP)", RemoteToolClass::RemoteLogin);
    let seen = RemoteTool { admits_from, ..list::told(gather, named, BTreeSet::from([evidence])) };
    gather.item(list::PLACE, Observation::RemoteTool(seen));
}

/// From where the firewall lets a port of Remote Desktop be reached; empty where no rule of it could be read. Rules that block are not taken
/// off, so that this is rather too much than too little.
fn sources(gather: &mut Gather, host: &dyn Host, port: u64) -> Vec<String> {
    let mut found = BTreeSet::new();
    for place in FIREWALL_PROFILES {
        // A profile without a firewall lets everybody in while the host is in such a network.
        if gather.key(host, place).is_some_and(|key| key.number("EnableFirewall") == Some(0)) {
            found.insert("any".to_owned());
        }
    }
    for place in FIREWALL_RULES {
        let Some(rules) = gather.key(host, place) else { continue };
        for (_, value) in &rules.values {
            if let RegistryValue::Text(rule) = value {
                found.extend(admitted(rule, port));
            }
        }
    }
    let found = found.into_iter().map(|source| gather.text(FIREWALL_RULES[0], source.as_bytes())).collect();
    gather.first_of(FIREWALL_RULES[0], found, TOOL_EVIDENCE_MAX)
}

/// The sources that one rule lets in to a TCP port; none where it is off, blocks, or is about something else.
fn admitted(rule: &str, port: u64) -> Vec<String> {
    let fields: Vec<(&str, &str)> = rule.split('|').filter_map(|field| field.split_once('=')).collect();
    let all = |name: &'static str| {
        fields.iter().filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    };
    let is = |name: &'static str, wanted: &str| all(name).any(|value| value.eq_ignore_ascii_case(wanted));
    let about_other_service =
        all("Svc").next().is_some_and(|service| !matches!(service.to_ascii_lowercase().as_str(), "termservice" | "*"));
    let in_range = |value: &str| match value.split_once('-') {
        Some((from, to)) => {
            from.parse().is_ok_and(|from: u64| from <= port) && to.parse().is_ok_and(|to: u64| port <= to)
        }
        None => value.parse() == Ok(port),
    };
    let is_port = all("LPort").next().is_none() && all("LPort2_10").next().is_none()
        || all("LPort").chain(all("LPort2_10")).any(in_range);
    let is_tcp = all("Protocol").next().is_none_or(|protocol| matches!(protocol, "6" | "256"));
    // A rule for a program alone opens ports of that program only.
    let about_program = all("App").next().is_some_and(|program| {
        !program.to_ascii_lowercase().contains("svchost.exe") && !program.eq_ignore_ascii_case("System")
    });
    if !is("Action", "Allow")
        || !is("Active", "TRUE")
        || !is("Dir", "In")
        || !is_tcp
        || !is_port
        || about_other_service
        || about_program
    {
        return Vec::new();
    }
    let from: Vec<String> = all("RA4").chain(all("RA6")).map(str::to_owned).collect();
    if from.is_empty() { vec!["any".to_owned()] } else { from }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::windows::golden;

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check(&RemoteToolsCollector, false);
        let rdp = |machine: &str| {
            all[machine].items.iter().find_map(|item| match item {
                Observation::RemoteTool(tool) if tool.tool == "windows-remote-desktop" => Some(tool.clone()),
                _ => None,
            })
        };
        let open = rdp("server_2019").unwrap();
        assert_eq!(
            (open.is_awake(), open.admits_from),
            (true, vec!["192.0.2.0/255.255.255.0".into(), "LocalSubnet".into()])
        );
        assert_eq!(rdp("server_2012_r2").unwrap().admits_from, ["any"], "one profile has no firewall");
        assert!(!rdp("windows_11").unwrap().is_awake(), "a policy goes before the setting");
        assert_eq!(rdp("server_2016_core"), None, "not told is not closed");
    }

    #[test]
    fn rules_of_the_firewall_are_read_as_they_are_written() {
        let rule = |rest: &str| admitted(&format!("v2.10|Action=Allow|Active=TRUE|Dir=In|{rest}|"), 3389);
        assert_eq!(rule("Protocol=6|LPort=3389|App=%SystemRoot%\\system32\\svchost.exe|Svc=termservice"), ["any"]);
        assert_eq!(rule("Protocol=6|LPort=3389|RA4=LocalSubnet|RA6=LocalSubnet"), ["LocalSubnet", "LocalSubnet"]);
        assert_eq!(rule("Protocol=6|LPort=3000-4000|RA4=192.0.2.1"), ["192.0.2.1"]);
        assert_eq!(rule("Protocol=17|LPort=3389"), Vec::<String>::new());
        assert_eq!(rule("Protocol=6|LPort=445"), Vec::<String>::new());
        assert_eq!(rule("Protocol=6|App=C:\\tool.exe"), Vec::<String>::new());
        assert_eq!(
            admitted("v2.10|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=3389|", 3389),
            Vec::<String>::new()
        );
        assert_eq!(
            admitted("v2.10|Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=3389|", 3389),
            Vec::<String>::new()
        );
    }
}
