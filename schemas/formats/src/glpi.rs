//! Inventories of GLPI Agent (JSON, XML), FusionInventory and OCS agents (XML).
//! <https://github.com/glpi-project/inventory_format>. It does not read what has no place in our facts (monitors, printers, users).
//! Invariant: a full inventory is whole, one that says it is partial is not; the XML and JSON forms are read by the same lines.

use crate::reading::{Part, Reading, cut, unreadable};
use crate::told::{More, Named, address, hardware, operating_system, package};
use crate::xml;
use daicho_schemas::fact::observation::{
    Ecosystem, HardwarePart, InterfaceKind, NetworkInterface, Observation, ToldSort,
};
use daicho_schemas::refusal::Refusal;
use daicho_schemas::trouble::TroubleKind;
use serde_json::Value;

/// Reads the JSON form.
pub(crate) fn read_json(text: &str) -> Result<Reading, Refusal> {
    let value: Value = serde_json::from_str(text).map_err(|error| unreadable(format!("as GLPI inventory: {error}")))?;
    read(&value, "glpi_json")
}

/// Reads the XML form.
pub(crate) fn read_xml(text: &str) -> Result<Reading, Refusal> {
    let (root, value) = xml::read(text)?;
    if root == "bom" {
        let text = "it is CycloneDX in XML, of which only the JSON form is read; have its tool write that, or convert it \
                    (cyclonedx-cli: convert --output-format json)";
        return Err(unreadable(text));
    }
    if root != "request" {
        return Err(unreadable(format!("as an XML inventory: the root element is {root}, not REQUEST")));
    }
    read(&value, "ocs_xml")
}

fn read(inventory: &Value, format: &str) -> Result<Reading, Refusal> {
    let content = inventory.get("content").ok_or_else(|| unreadable("as GLPI or OCS inventory: it has no content"))?;
    let query = text(inventory, "query").or_else(|| text(inventory, "action")).unwrap_or_else(|| "inventory".into());
    if !query.eq_ignore_ascii_case("inventory") {
        return Err(unreadable(format!("as GLPI or OCS inventory: it is a '{query}', not an inventory")));
    }
    let client = text(content, "versionclient").or_else(|| text(inventory, "versionclient"));
    let (tool, tool_version) = client.map_or_else(|| ("unknown".into(), None), |words| name_and_version(&words));
    let part_of = |what: &str, whole: bool| Part::new(&format!("{tool}-{what}"), whole);
    let whole = inventory.get("partial").is_none_or(|partial| !matches!(partial, Value::Bool(true)));
    let listed = |what: &str| whole && content.get(what).is_some();
    let mut parts = Vec::new();
    let mut software = part_of("softwares", listed("softwares"));
    list(content, "softwares").for_each(|row| take_software(row, &mut software));
    parts.extend(software.end());
    let mut machine = part_of("machine", false);
    take_machine(content, &mut machine);
    parts.extend(machine.end());
    let mut networks = part_of("networks", listed("networks"));
    list(content, "networks").for_each(|row| take_network(row, &mut networks));
    parts.extend(networks.end());
    parts.retain(|part| !part.items.is_empty() || !part.troubles.is_empty());
    if parts.is_empty() {
        return Err(unreadable("as GLPI or OCS inventory: no software, machine or network is in it"));
    }
    parts.sort_by(|one, other| one.collector.cmp(&other.collector));
    let host = one(content, "hardware").and_then(|own| text(own, "name"));
    Ok(Reading { format: format.into(), tool, tool_version, said_at: None, host, parts })
}

/// `GLPI-Agent_v1.5`, `OCS-NG_unified_unix_agent_v2.10.0`.
fn name_and_version(words: &str) -> (String, Option<String>) {
    match words.rsplit_once("_v") {
        Some((name, version)) => (name.into(), Some(version.into())),
        None => (words.into(), None),
    }
}

/// One value or a list of them: XML does not tell them apart.
fn list<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    match of.get(name) {
        Some(Value::Array(items)) => items.as_slice(),
        Some(own) => std::slice::from_ref(own),
        None => &[],
    }
    .iter()
}

fn one<'a>(of: &'a Value, name: &str) -> Option<&'a Value> {
    list(of, name).next()
}

fn text(of: &Value, name: &str) -> Option<String> {
    match of.get(name)? {
        Value::String(text) => cut(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn take_software(row: &Value, part: &mut Part) {
    let Some(name) = text(row, "name") else {
        return part.trouble(TroubleKind::Malformed, "software without a name was left out");
    };
    let (version, supplier) = (text(row, "version"), text(row, "publisher"));
    let architecture = text(row, "arch");
    let ecosystem = match text(row, "from").as_deref() {
        Some("deb") => Some(Ecosystem::Deb),
        Some("rpm") => Some(Ecosystem::Rpm),
        _ => None,
    };
    if ecosystem == Some(Ecosystem::Rpm) {
        part.remark(
            TroubleKind::NotObservable,
            "the format leaves out the epochs of rpm packages; versions are without them",
        );
    }
    part.put(match (ecosystem, version) {
        (Some(ecosystem), Some(version)) => {
            let (maintainer, vendor) = if ecosystem == Ecosystem::Deb { (supplier, None) } else { (None, supplier) };
            package(ecosystem, name, version, More { architecture, source: None, maintainer, vendor })
        }
        (_, version) => {
            let path = text(row, "folder");
            let sort = ToldSort::Software;
            Named { sort, name, version, purl: None, supplier, sha256: None, path }.observation()
        }
    });
}

fn take_machine(content: &Value, part: &mut Part) {
    if let Some(bios) = one(content, "bios") {
        let words = |names: [&str; 4]| names.map(|name| text(bios, name));
        let rows = [
            (HardwarePart::System, ["smanufacturer", "smodel", "", "ssn"]),
            (HardwarePart::Board, ["mmanufacturer", "mmodel", "", "msn"]),
            (HardwarePart::Bios, ["bmanufacturer", "", "bversion", ""]),
        ];
        rows.into_iter().filter_map(|(sort, names)| hardware(sort, "bios", words(names))).for_each(|own| part.put(own));
    }
    let (system, machine) = (one(content, "operatingsystem"), one(content, "hardware"));
    let of = |value: Option<&Value>, name: &str| value.and_then(|own| text(own, name));
    let name = of(system, "full_name").or_else(|| of(system, "name")).or_else(|| of(machine, "osname"));
    if let Some(name) = name {
        let version = of(system, "version").or_else(|| of(machine, "osversion"));
        let kernel = of(system, "kernel_name").is_some_and(|name| name.eq_ignore_ascii_case("linux"));
        let mut own = operating_system(Some(name), version, None);
        if let Observation::OperatingSystem(own) = &mut own {
            own.kernel_release = of(system, "kernel_version");
            own.architecture = of(system, "arch");
            if kernel {
                own.family = "linux".into();
            }
        }
        part.put(own);
    }
}

fn take_network(row: &Value, part: &mut Part) {
    let Some(name) = text(row, "description") else { return };
    for (own, mask) in [("ipaddress", "ipmask"), ("ipaddress6", "ipmask6")] {
        if let (Some(own), Some(mask)) = (text(row, own), text(row, mask))
            && let Some(own) = address(Some(name.clone()), &own, &mask)
        {
            part.put(own);
        }
    }
    let Some(mac) = text(row, "mac").or_else(|| text(row, "macaddr")).map(|mac| mac.to_lowercase()) else { return };
    let sort = text(row, "type").unwrap_or_default().to_lowercase();
    let interface_kind = match sort.as_str() {
        "ethernet" => InterfaceKind::Ethernet,
        "wifi" => InterfaceKind::Wireless,
        "bridge" => InterfaceKind::Bridge,
        "loopback" | "local" => return,
        "" => InterfaceKind::Other("unknown".into()),
        _ => InterfaceKind::Other(sort),
    };
    let own = NetworkInterface {
        name,
        interface_kind,
        mac: Some(mac),
        driver: text(row, "driver"),
        member_of: None,
        stands_on: Vec::new(),
    };
    // One row per address: the same interface comes again.
    if !part.has(&Observation::NetworkInterface(own.clone())) {
        part.put(Observation::NetworkInterface(own));
    }
}
