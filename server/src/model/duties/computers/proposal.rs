//! Which computers and which of their programs an operator would probably have to notify, as a proposal to confirm.
//! It does not know the network: it sees hosts that a plan names, and signs on hosts that it does not.
//! Invariant: nothing is settled here. A host without an inventory is named as not seen, and no sign is no "no".

use super::{UnitAnswer, judge};
use crate::model::cover::glob_matches;
use crate::model::views::declarations::host_key;
use core::net::IpAddr;
use daicho_schemas::fact::declaration::{Category, DeclaredPart, Plan};
use daicho_schemas::fact::observation::{HardwarePart, Observation, OperatingSystem};
use daicho_schemas::fact::supplier::SupplierRecord;
use daicho_schemas::inventory::Inventory;
use daicho_schemas::regime::computers::{ComputersFile, UnitFacts};
use daicho_schemas::text::Text;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Ids of rows of the file that a host can be proposed for; a test holds them against the file.
pub mod scope {
    /// The equipment itself, or a part of it.
    pub const EQUIPMENT: &str = "equipment-itself";
    /// A host with an address of the Internet.
    pub const INTERNET: &str = "internet-address";
    /// A host of access control or authentication.
    pub const AUTHENTICATION: &str = "authentication";
}

/// What a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitSort {
    /// The hardware, if the computer is an appliance.
    ApplianceHardware,
    /// The operating system.
    OperatingSystem,
    /// Middleware, an application, firmware, a device: whatever the plan names.
    Declared,
}

/// One unit with what was found out about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unit {
    /// What it is.
    pub sort: UnitSort,
    /// What is known.
    pub facts: UnitFacts,
    /// Where the names come from.
    pub from: Text,
}

/// Why a host may be one that is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sign {
    /// The row of the file.
    pub scope_id: &'static str,
    /// What was seen.
    pub seen: Text,
}

/// One host.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct HostProposal {
    /// Its name.
    pub host: String,
    /// The plan counts it to the equipment.
    pub declared: bool,
    /// There is an inventory of it.
    pub observed: bool,
    /// What speaks for its being meant; empty: a person must look at how it is connected.
    pub signs: Vec<Sign>,
    /// Its units.
    pub units: Vec<Unit>,
}

/// A host that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenHost {
    /// Its name.
    pub name: String,
    /// What stands on it.
    pub items: Vec<Observation>,
}

impl SeenHost {
    /// From an inventory; the name of the file where the host has not said its own.
    pub fn of_inventory(fallback: &str, inventory: Inventory) -> Self {
        let items: Vec<Observation> = inventory.collectors.into_iter().flat_map(|part| part.items).collect();
        let name = items.iter().find_map(|item| match item {
            Observation::OperatingSystem(os) => os.hostname.clone(),
            _ => None,
        });
        Self { name: name.unwrap_or_else(|| fallback.into()), items }
    }
}

/// Proposes for every host of the plan and for every host that was seen, in this order.
pub fn propose(plan: &Plan, suppliers: &[SupplierRecord], seen: &[SeenHost]) -> Vec<HostProposal> {
    let observed: BTreeMap<String, &SeenHost> = seen.iter().rev().map(|one| (host_key(&one.name), one)).collect();
    let declared_keys: BTreeSet<String> = plan.equipment.hosts.iter().map(|host| host_key(host)).collect();
    let desk = Desk { plan, suppliers };
    let declared = plan.equipment.hosts.iter();
    let declared =
        declared.map(|host| desk.host(host, true, observed.get(&host_key(host)).map(|one| one.items.as_slice())));
    let others = seen.iter().filter(|one| !declared_keys.contains(&host_key(&one.name)));
    declared.chain(others.map(|one| desk.host(&one.name, false, Some(&one.items)))).collect()
}

/// What the law asks about a unit, if the host is meant.
pub fn answer<'a>(law: &'a ComputersFile, unit: &Unit) -> UnitAnswer<'a> {
    judge(law, &unit.facts)
}

/// The names under which a host shows what may be a unit of its own.
pub fn seen_units(items: &[Observation]) -> Vec<(UnitSort, String)> {
    let of = |item: &Observation| match item {
        Observation::OperatingSystem(os) => Some((UnitSort::OperatingSystem, os.name.clone()?)),
        Observation::Hardware(hardware) if hardware.part == HardwarePart::System => {
            Some((UnitSort::ApplianceHardware, hardware.model.clone()?))
        }
        _ => None,
    };
    items.iter().filter_map(of).collect()
}

struct Desk<'a> {
    plan: &'a Plan,
    suppliers: &'a [SupplierRecord],
}

impl Desk<'_> {
    fn host(&self, host: &str, declared: bool, items: Option<&[Observation]>) -> HostProposal {
        let of_plan = Text::new("計画書がこの設備のホストとしています", "the plan counts it to the equipment");
        let mut signs: Vec<Sign> =
            declared.then_some(Sign { scope_id: scope::EQUIPMENT, seen: of_plan }).into_iter().collect();
        let mut units = Vec::new();
        if let Some(items) = items {
            signs.extend(signs_of(items));
            units.extend(items.iter().filter_map(|item| self.unit(item)));
        }
        if declared {
            units.extend(self.plan.parts.iter().filter(|part| names_a_program(part)).map(|part| self.declared(part)));
        }
        HostProposal { host: host.into(), declared, observed: items.is_some(), signs, units }
    }

    fn facts(&self) -> UnitFacts {
        let (dates, operator) = (&self.plan.dates, &self.plan.operator);
        UnitFacts { introduced_on: dates.introduced_on, designated_on: operator.designated_on, ..UnitFacts::default() }
    }

    fn unit(&self, item: &Observation) -> Option<Unit> {
        match item {
            Observation::OperatingSystem(os) => Some(self.operating_system(os)),
            Observation::Hardware(hardware) if hardware.part == HardwarePart::System => Some(Unit {
                sort: UnitSort::ApplianceHardware,
                facts: UnitFacts { product: hardware.model.clone(), maker: hardware.maker.clone(), ..self.facts() },
                from: Text::new(
                    "機器自身の記録から。アプライアンスのときだけ届け出ます",
                    "from the machine's own records; notified only where it is an appliance",
                ),
            }),
            _ => None,
        }
    }

    /// The maker of an operating system is nowhere on the host. The record of who supplies it is a lead, not an answer.
    fn operating_system(&self, os: &OperatingSystem) -> Unit {
        let filed = self.plan.parts.iter().find(|part| {
            let product = os.name.as_deref().unwrap_or_default();
            part.category == Category::OperatingSystem && part.covers.iter().any(|glob| glob_matches(glob, product))
        });
        Unit {
            sort: UnitSort::OperatingSystem,
            facts: UnitFacts {
                product: os.name.clone(),
                filed_name: filed.map(|part| part.name.clone()),
                filed_supplier: filed.and_then(|part| self.supplier(part)),
                ..self.facts()
            },
            from: Text::new("ホストから。製造者の名称は人が確認します", "from the host; a person states the maker"),
        }
    }

    fn declared(&self, part: &DeclaredPart) -> Unit {
        Unit {
            sort: UnitSort::Declared,
            facts: UnitFacts {
                product: Some(part.name.clone()),
                filed_name: Some(part.name.clone()),
                filed_supplier: self.supplier(part),
                ..self.facts()
            },
            from: Text::new(
                "計画書の構成設備から。製造者が供給者と同じかは人が確認します",
                "from the plan's components; a person states whether the maker is the supplier",
            ),
        }
    }

    fn supplier(&self, part: &DeclaredPart) -> Option<String> {
        let record = self.suppliers.iter().find(|record| record.supplier_id == part.supplier_id);
        record.map(|record| record.name.ja.clone())
    }
}

/// Servers are not notified as such, and operating systems are read from the host.
fn names_a_program(part: &DeclaredPart) -> bool {
    !matches!(part.category, Category::ServerHardware | Category::OperatingSystem)
}

/// Ports on which hosts let others in by name: Kerberos (RFC 4120), LDAP (RFC 4511) and LDAP over TLS, RADIUS (RFC 2865).
const AUTHENTICATION_PORTS: [u16; 4] = [88, 389, 636, 1812];

fn signs_of(items: &[Observation]) -> Vec<Sign> {
    let of = |item: &Observation| match item {
        Observation::NetworkInterface(one) if one.interface_kind.may_be_remote_path() => Some(Sign {
            scope_id: scope::INTERNET,
            seen: Text::new(
                format!("トンネルなどのインターフェース {} があります。インターネット側の装置ですか", one.name),
                format!("interface {} is a tunnel or the like: is the device Internet-addressed?", one.name),
            ),
        }),
        Observation::ListeningSocket(one) if is_public(&one.address) => Some(Sign {
            scope_id: scope::INTERNET,
            seen: Text::new(
                format!("公衆のアドレス {} で待ち受けています", one.address),
                format!("listens on the public address {}", one.address),
            ),
        }),
        Observation::ListeningSocket(one) if AUTHENTICATION_PORTS.contains(&one.port) && !is_loopback(&one.address) => {
            Some(Sign {
                scope_id: scope::AUTHENTICATION,
                seen: Text::new(
                    format!("認証に使われるポート {} で待ち受けています。設備のホストの認証を行っていますか", one.port),
                    format!(
                        "listens on port {}, used for authentication: does it authenticate the equipment's hosts?",
                        one.port
                    ),
                ),
            })
        }
        _ => None,
    };
    let mut signs: Vec<Sign> = items.iter().filter_map(of).collect();
    signs.dedup();
    signs
}

fn is_loopback(address: &str) -> bool {
    address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// An address that is not private, local or for examples. An unspecified one (`0.0.0.0`) says nothing.
fn is_public(address: &str) -> bool {
    match address.parse() {
        Ok(IpAddr::V4(v4)) => {
            let shared = matches!(v4.octets(), [100, second, ..] if (64..128).contains(&second));
            let local = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified();
            !(local || shared || v4.is_documentation() || v4.is_multicast() || v4.is_broadcast())
        }
        // Global unicast as assigned so far: 2000::/3, without the block for examples.
        Ok(IpAddr::V6(v6)) => {
            let [first, second, ..] = v6.segments();
            first & 0xe000 == 0x2000 && (first, second) != (0x2001, 0x0db8)
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::example_files;
    use crate::model::regimes;

    const OS_RELEASE: &str = "ID=debian\nNAME=\"Debian GNU/Linux\"\n";

    fn inventory(host: &str) -> Inventory {
        let json = serde_json::json!({"format": "daicho.inventory.v1", "collectors": [{
        "collector": "all", "outcome": "complete", "sources": [], "troubles": [], "items": [
            {"kind": "operating_system.v1", "hostname": host, "family": "linux", "os_id": "debian", "os_id_like": [], "name": "Debian GNU/Linux"},
            {"kind": "network_interface.v1", "name": "wg0", "interface_kind": "wireguard"},
            {"kind": "listening_socket.v1", "protocol": "tcp", "address": "8.8.8.8", "port": 443, "processes": []},
            {"kind": "listening_socket.v1", "protocol": "tcp", "address": "10.0.0.1", "port": 22, "processes": []},
        ]}]});
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_hosts_of_the_plan_come_first_and_one_that_was_not_seen_is_named() {
        let (mut plan, suppliers) = example_files("tos-1", OS_RELEASE);
        plan.equipment.hosts.push("tos-2".into());
        let proposed = propose(
            &plan,
            &suppliers.suppliers,
            &[SeenHost::of_inventory("file", inventory("TOS-1")), SeenHost::of_inventory("file", inventory("vpn-1"))],
        );
        let told: Vec<(&str, bool, bool)> =
            proposed.iter().map(|one| (one.host.as_str(), one.declared, one.observed)).collect();
        assert_eq!(told, [("tos-1", true, true), ("tos-2", true, false), ("vpn-1", false, true)]);
        let signs = |one: &HostProposal| one.signs.iter().map(|sign| sign.scope_id).collect::<Vec<_>>();
        assert_eq!(
            proposed.iter().map(signs).collect::<Vec<_>>(),
            [
                vec![scope::EQUIPMENT, scope::INTERNET, scope::INTERNET],
                vec![scope::EQUIPMENT],
                vec![scope::INTERNET, scope::INTERNET],
            ]
        );
    }

    #[test]
    fn the_supplier_is_never_taken_for_the_maker() {
        let law = regimes::computers().unwrap();
        let (plan, suppliers) = example_files("tos-1", OS_RELEASE);
        let proposed = propose(&plan, &suppliers.suppliers, &[SeenHost::of_inventory("file", inventory("tos-1"))]);
        let units = &proposed.first().unwrap().units;
        assert!(units.iter().any(|unit| unit.sort == UnitSort::OperatingSystem));
        for unit in units {
            let answer = answer(law, unit);
            assert_eq!(answer.missing, ["maker_name"], "{unit:?}");
            assert!(!answer.substitutable && answer.exempt_by.is_none());
        }
    }

    #[test]
    fn the_rows_that_are_proposed_are_in_the_file() {
        let law = regimes::computers().unwrap();
        for id in [scope::EQUIPMENT, scope::INTERNET, scope::AUTHENTICATION] {
            assert!(law.scope.iter().any(|row| row.scope_id == id), "{id}");
        }
    }

    #[test]
    fn public_addresses_are_told_from_others() {
        for (address, public) in [
            ("8.8.8.8", true),
            ("2400:cb00::1", true),
            ("0.0.0.0", false),
            ("::", false),
            ("192.168.1.1", false),
            ("100.64.0.1", false),
            ("fd00::1", false),
            ("fe80::1", false),
            ("2001:db8::1", false),
            ("localhost", false),
        ] {
            assert_eq!(is_public(address), public, "{address}");
        }
    }
}
