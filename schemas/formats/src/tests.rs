//! Files of other tools, as those tools write them, and what comes of each; and files that are none.
//! The files are made up: names, addresses and versions are nobody's.

use super::*;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::observation::{Observation, PackageState};
use daicho_schemas::inventory::InventoryPart;
use daicho_schemas::refusal::RefusalCode;
use serde_json::{Value, json};

fn of(value: &Value) -> Reading {
    read(value.to_string().as_bytes(), Asked::default()).unwrap()
}

fn part<'a>(reading: &'a Reading, name: &str) -> &'a InventoryPart {
    let found = reading.parts.iter().find(|part| part.collector.as_str() == name);
    found.unwrap_or_else(|| panic!("{name} is not in {:?}", reading.parts))
}

fn keys(part: &InventoryPart) -> Vec<String> {
    part.items.iter().map(Observation::key).collect()
}

fn syft() -> Value {
    json!({
        "artifacts": [
            { "id": "1", "name": "libexample1", "version": "1:2.0-3", "type": "deb", "foundBy": "dpkg-db-cataloger",
              "locations": [{ "path": "/var/lib/dpkg/status" }], "licenses": [], "metadataType": "dpkg-db-entry",
              "purl": "pkg:deb/debian/libexample1@1%3A2.0-3?arch=amd64&distro=debian-12&upstream=example%402.0-3" },
            { "id": "2", "name": "example-web", "version": "1.2.3", "type": "npm",
              "locations": [{ "path": "/opt/web/node_modules/example-web/package.json" }], "purl": "pkg:npm/example-web@1.2.3" },
            { "id": "3", "name": "", "version": "1" },
        ],
        "artifactRelationships": [], "files": [],
        "distro": { "prettyName": "Debian GNU/Linux 12", "name": "Debian GNU/Linux", "id": "debian", "versionID": "12" },
        "descriptor": { "name": "syft", "version": "1.20.0", "timestamp": "2026-11-20T12:00:00.5+09:00" },
        "schema": { "version": "16.0.24", "url": "https://example.invalid" },
    })
}

#[test]
fn syft_gives_packages_and_components_and_its_own_time() {
    let reading = of(&syft());
    assert_eq!((reading.tool.as_str(), reading.tool_version.as_deref()), ("syft", Some("1.20.0")));
    assert_eq!(reading.format, "syft_16");
    assert_eq!(reading.said_at.unwrap().to_string(), "2026-11-20T03:00:00.500000Z");
    assert_eq!(reading.host, None);
    let own = part(&reading, "syft");
    // One artifact has no name: then the list is not whole.
    assert_eq!((own.outcome, own.troubles.len()), (Outcome::Partial, 1));
    let wanted = [
        "deb:libexample1:amd64",
        "operating_system",
        "told:pkg:npm/example-web@1.2.3:/opt/web/node_modules/example-web/package.json",
    ];
    assert_eq!(keys(own), wanted);
    let Observation::Package(package) = &own.items[0] else { panic!("{:?}", own.items[0]) };
    assert_eq!((package.version.as_str(), package.source.as_deref()), ("1:2.0-3", Some("example")));
}

#[test]
fn cyclonedx_of_others_is_no_whole_list_unless_somebody_says_so() {
    let bom = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.4", "version": 1,
        "metadata": {
            "timestamp": "2026-11-20T03:00:00Z",
            "tools": [{ "vendor": "example", "name": "ExampleScan", "version": "2" }],
            "component": { "type": "device", "bom-ref": "h", "name": "tos-web-1" },
        },
        "components": [
            { "type": "operating-system", "name": "miraclelinux", "version": "9.4" },
            { "type": "library", "name": "outer", "version": "1", "purl": "pkg:maven/org.example/outer@1",
              "supplier": { "name": "Example K.K." }, "hashes": [{ "alg": "SHA-256", "content": "AA".repeat(32) }],
              "components": [{ "type": "library", "name": "inner", "version": "2" }] },
            { "type": "application", "name": "bash", "version": "5.1.8-9.el9", "purl": "pkg:rpm/rhel/bash@5.1.8-9.el9?arch=x86_64&epoch=1" },
            { "type": "file", "name": "/etc/motd" },
        ],
    });
    let reading = of(&bom);
    assert_eq!((reading.tool.as_str(), reading.host.as_deref()), ("ExampleScan", Some("tos-web-1")));
    let own = part(&reading, "examplescan");
    assert_eq!(own.outcome, Outcome::Partial);
    let wanted =
        ["operating_system", "rpm:bash:x86_64:1:5.1.8-9.el9", "told:inner@2:", "told:pkg:maven/org.example/outer@1:"];
    assert_eq!(keys(own), wanted);
    assert!(own.troubles[0].text.contains("type file"), "{:?}", own.troubles);
    let whole = read(bom.to_string().as_bytes(), Asked { whole: true }).unwrap();
    assert_eq!(whole.parts[0].outcome, Outcome::Complete);
    let mut complete = bom;
    complete["compositions"] = json!([{ "aggregate": "complete", "assemblies": ["h"] }]);
    assert_eq!(of(&complete).parts[0].outcome, Outcome::Complete);
}

#[test]
fn spdx_gives_packages_without_the_one_that_it_describes() {
    let reading = of(&json!({
        "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x",
        "creationInfo": { "created": "2026-11-20T03:00:00Z", "creators": ["Organization: Example", "Tool: example-scan-1.2.0"] },
        "packages": [
            { "SPDXID": "SPDXRef-Root", "name": "tos-web-1", "primaryPackagePurpose": "DEVICE", "downloadLocation": "NOASSERTION" },
            { "SPDXID": "SPDXRef-A", "name": "zlib1g", "versionInfo": "1:1.2", "supplier": "Organization: Debian",
              "externalRefs": [{ "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                "referenceLocator": "pkg:deb/debian/zlib1g@1:1.2?arch=amd64" }] },
            { "SPDXID": "SPDXRef-B", "name": "tool", "versionInfo": "NOASSERTION", "primaryPackagePurpose": "APPLICATION" },
            { "SPDXID": "SPDXRef-C", "name": "src", "primaryPackagePurpose": "SOURCE" },
        ],
        "relationships": [{ "spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-Root" }],
    }));
    assert_eq!((reading.tool.as_str(), reading.tool_version.as_deref()), ("example-scan", Some("1.2.0")));
    assert_eq!((reading.host.as_deref(), reading.format.as_str()), (Some("tos-web-1"), "spdx_2.3"));
    assert_eq!(keys(part(&reading, "example-scan")), ["deb:zlib1g:amd64", "told:tool@:"]);
}

#[test]
fn our_own_spdx_names_the_host_and_no_time() {
    let text = include_str!("../../../agent/fixtures/operating_system/debian_12/expected.json");
    let parts = vec![serde_json::from_str::<InventoryPart>(text).unwrap()];
    let inventory = Inventory { format: INVENTORY_FORMAT.into(), collectors: parts };
    let reading = of(&spdx::document_of(&inventory, "daicho-agent-0.1.0"));
    assert_eq!(reading.said_at, None);
    assert_eq!(reading.host.as_deref(), items::host(&inventory).name);
    assert_eq!(keys(part(&reading, "daicho-agent")), ["operating_system"]);
}

fn osquery_lines(lines: &[Value]) -> Reading {
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    read(text.join("\n").as_bytes(), Asked::default()).unwrap()
}

fn deb_row(name: &str, version: &str, status: &str) -> Value {
    json!({ "name": name, "version": version, "revision": "1", "arch": "amd64", "source": "", "status": status,
        "maintainer": "Example <packages@example.invalid>", "size": "1", "section": "x", "priority": "optional" })
}

#[test]
fn osquery_differences_are_applied_in_order_and_are_never_whole() {
    let line = |action: &str, row: Value| {
        json!({ "name": "pack_inventory_deb_packages", "hostIdentifier": "tos-web-1", "unixTime": 1780000000,
            "action": action, "columns": row })
    };
    let reading = osquery_lines(&[
        line("added", deb_row("bash", "5.1", "install ok installed")),
        line("added", deb_row("vim", "9", "install ok installed")),
        line("added", deb_row("bash", "5.2", "install ok installed")),
        line("removed", deb_row("bash", "5.1", "install ok installed")),
        line("removed", deb_row("vim", "9", "install ok installed")),
        json!({ "name": "pack_inventory_logged_in_users", "action": "added", "columns": { "user": "x" } }),
    ]);
    assert_eq!(reading.host.as_deref(), Some("tos-web-1"));
    assert_eq!(reading.said_at.map(|at| at.micros()), Some(1_780_000_000_000_000));
    let own = part(&reading, "osquery-deb_packages");
    assert_eq!(own.outcome, Outcome::Partial);
    let versions: Vec<&str> = own
        .items
        .iter()
        .filter_map(|item| match item {
            Observation::Package(package) => Some(package.version.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(versions, ["5.2"]);
    assert!(own.troubles.iter().any(|own| own.text.contains("logged_in_users")), "{:?}", own.troubles);
}

#[test]
fn osquery_snapshots_are_whole_and_the_last_one_stands() {
    let snapshot = |name: &str, rows: Value| json!({ "name": name, "action": "snapshot", "snapshot": rows, "hostIdentifier": "uuid-1" });
    let reading = osquery_lines(&[
        snapshot("deb_packages", json!([deb_row("old", "1", "install ok installed")])),
        snapshot(
            "deb_packages",
            json!([deb_row("bash", "5.2", "install ok installed"), deb_row("vim", "9", "deinstall ok config-files")]),
        ),
        snapshot(
            "rpm",
            json!([{ "name": "kernel", "version": "5.14", "release": "1.el9", "arch": "x86_64", "epoch": "0", "vendor": "Example" }]),
        ),
        snapshot(
            "programs",
            json!([{ "name": "例示ビューアー", "version": "3.1", "install_location": "C:\\Example", "publisher": "例示株式会社", "identifying_number": "{x}" }]),
        ),
        snapshot(
            "os_version",
            json!([{ "name": "Ubuntu", "version": "22.04", "major": "22", "minor": "4", "platform": "ubuntu", "codename": "jammy", "arch": "x86_64" }]),
        ),
        snapshot(
            "system_info",
            json!([{ "hostname": "tos-web-1", "hardware_vendor": "Example", "hardware_model": "M1", "hardware_serial": "Default string" }]),
        ),
        snapshot(
            "interface_addresses",
            json!([
                { "interface": "eth0", "address": "192.0.2.5", "mask": "255.255.255.0" },
                { "interface": "eth0", "address": "2001:db8::5%eth0", "mask": "ffff:ffff:ffff:ffff::" },
                { "interface": "lo", "address": "127.0.0.1", "mask": "255.0.0.0" },
            ]),
        ),
        snapshot(
            "listening_ports",
            json!([
                { "pid": "1", "port": "443", "protocol": "6", "family": "2", "address": "0.0.0.0", "path": "/usr/sbin/nginx" },
                { "pid": "2", "port": "443", "protocol": "6", "family": "2", "address": "0.0.0.0", "path": "/usr/sbin/nginx" },
                { "pid": "3", "port": "0", "protocol": "0", "family": "1", "address": "", "path": "/run/x" },
            ]),
        ),
    ]);
    let own = part(&reading, "osquery-deb_packages");
    assert_eq!((own.outcome, keys(own)), (Outcome::Complete, vec!["deb:bash:amd64".into(), "deb:vim:amd64".into()]));
    let Observation::Package(vim) = &own.items[1] else { panic!() };
    assert_eq!(vim.state, PackageState::ConfigFiles);
    assert_eq!(keys(part(&reading, "osquery-rpm_packages")), ["rpm:kernel:x86_64:0:5.14-1.el9"]);
    assert_eq!(keys(part(&reading, "osquery-programs")), ["told:例示ビューアー@3.1:C:\\Example"]);
    assert_eq!(
        keys(part(&reading, "osquery-interface_addresses")),
        ["address 192.0.2.5/24 eth0", "address 2001:db8::5/64 eth0"]
    );
    let sockets = part(&reading, "osquery-listening_ports");
    assert_eq!(keys(sockets), ["tcp:[0.0.0.0]:443"]);
    let Observation::ListeningSocket(socket) = &sockets.items[0] else { panic!() };
    assert_eq!(socket.processes.len(), 1);
    let Observation::Hardware(machine) = &part(&reading, "osquery-system_info").items[0] else { panic!() };
    assert!(machine.serial_is_placeholder);
}

#[test]
fn osqueryi_rows_are_known_by_their_columns_and_unknown_rows_are_refused() {
    let rows = json!([deb_row("bash", "5.2", "install ok installed")]);
    assert_eq!(keys(part(&of(&rows), "osquery-deb_packages")), ["deb:bash:amd64"]);
    let by_table = json!({ "deb_packages": rows, "os_version": [] });
    assert_eq!(keys(part(&of(&by_table), "osquery-deb_packages")), ["deb:bash:amd64"]);
    let refused = read(br#"[{"user":"x"}]"#, Asked::default()).unwrap_err();
    assert!(refused.detail.contains("no rows of the tables"), "{refused:?}");
}

const OCS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<REQUEST>
  <CONTENT>
    <BIOS><SMANUFACTURER>Example &amp; Co.</SMANUFACTURER><SMODEL>M1</SMODEL><SSN>EX1234567</SSN><BVERSION>1.0</BVERSION></BIOS>
    <HARDWARE><NAME>tos-web-1</NAME><OSNAME>Debian GNU/Linux 12</OSNAME><OSVERSION>12</OSVERSION></HARDWARE>
    <NETWORKS><DESCRIPTION>eth0</DESCRIPTION><IPADDRESS>192.0.2.5</IPADDRESS><IPMASK>255.255.255.0</IPMASK><MACADDR>00:00:5E:00:53:01</MACADDR><TYPE>ethernet</TYPE></NETWORKS>
    <SOFTWARES><NAME>bash</NAME><VERSION>5.2-1</VERSION><ARCH>amd64</ARCH><FROM>deb</FROM><COMMENTS>x</COMMENTS></SOFTWARES>
    <SOFTWARES><NAME>Example Viewer</NAME><VERSION>3</VERSION><PUBLISHER>Example K.K.</PUBLISHER><FROM>registry</FROM></SOFTWARES>
    <VERSIONCLIENT>OCS-NG_unified_unix_agent_v2.10.0</VERSIONCLIENT>
  </CONTENT>
  <DEVICEID>tos-web-1-2026-11-20-03-00-00</DEVICEID>
  <QUERY>INVENTORY</QUERY>
</REQUEST>"#;

#[test]
fn ocs_and_glpi_inventories_are_read_by_the_same_lines() {
    let reading = read(OCS.as_bytes(), Asked::default()).unwrap();
    assert_eq!((reading.host.as_deref(), reading.tool_version.as_deref()), (Some("tos-web-1"), Some("2.10.0")));
    let named = |what: &str| format!("ocs-ng_unified_unix_agent-{what}");
    let software = part(&reading, &named("softwares"));
    assert_eq!(
        (software.outcome, keys(software)),
        (Outcome::Complete, vec!["deb:bash:amd64".into(), "told:Example Viewer@3:".into()])
    );
    assert_eq!(keys(part(&reading, &named("machine"))), ["bios:0", "operating_system", "system:0"]);
    assert_eq!(keys(part(&reading, &named("networks"))), ["address 192.0.2.5/24 eth0", "eth0"]);
    let Observation::Hardware(system) = &part(&reading, &named("machine")).items[2] else { panic!() };
    assert_eq!((system.maker.as_deref(), system.serial_is_placeholder), (Some("Example & Co."), false));
    let glpi = json!({
        "action": "inventory", "deviceid": "tos-web-1-2026-11-20", "itemtype": "Computer", "partial": true,
        "content": { "versionclient": "GLPI-Agent_v1.11", "hardware": { "name": "tos-web-1" },
            "softwares": [{ "name": "kernel", "version": "5.14-1.el9", "arch": "x86_64", "from": "rpm", "publisher": "Example" }] },
    });
    let reading = of(&glpi);
    let software = part(&reading, "glpi-agent-softwares");
    assert_eq!((software.outcome, keys(software)), (Outcome::Partial, vec!["rpm:kernel:x86_64:5.14-1.el9".into()]));
    assert!(software.troubles[0].text.contains("epochs"));
}

#[test]
fn what_is_no_inventory_is_refused_in_words() {
    let inner = format!("{}{}", r#"{"components":["#.repeat(1000), "]}".repeat(1000));
    let deep = format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{inner}]}}"#);
    let many = format!(
        r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{}]}}"#,
        vec![r#"{"type":"library","name":"a"}"#; 300_000].join(",")
    );
    let nested = format!("{}<x/>", "<a>".repeat(10_000));
    let cases: [(&[u8], &str); 16] = [
        (b"", "neither JSON nor XML"),
        (b"hello", "neither JSON nor XML"),
        (b"\xff\xfe{}", "not UTF-8"),
        (br#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":["#, "EOF"),
        (br#"{"bomFormat":"CycloneDX","specVersion":"9","components":[]}"#, "specVersion '9'"),
        (br#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":7}"#, "expected a list"),
        (
            br#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":7}]}"#,
            "expected a string",
        ),
        (br#"{"spdxVersion":"SPDX-3.0"}"#, "SPDX-2.2 and SPDX-2.3"),
        (br#"{"content":{},"action":"prolog"}"#, "not an inventory"),
        (b"<html><body/></html>", "the root element is html"),
        (b"<REQUEST><CONTENT>", "ends within an element"),
        (
            br#"<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components/></bom>"#,
            "CycloneDX in XML",
        ),
        (b"# made by hand\nSPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n", "SPDX as tags and values"),
        (deep.as_bytes(), "recursion limit"),
        (many.as_bytes(), "more than 50000 items"),
        (nested.as_bytes(), "within each other"),
    ];
    for (bytes, wanted) in cases {
        let refused = read(bytes, Asked::default()).unwrap_err();
        assert_eq!(refused.code, RefusalCode::InventoryNotRead);
        assert!(refused.detail.contains(wanted), "{wanted}: {}", refused.detail);
    }
    let large = vec![b' '; FILE_BYTES_MAX + 1];
    assert!(read(&large, Asked::default()).unwrap_err().detail.contains("at most"));
}

#[test]
fn an_own_inventory_comes_in_as_it_is_and_another_name_goes_through() {
    let part: InventoryPart =
        serde_json::from_str(include_str!("../../../agent/fixtures/operating_system/debian_12/expected.json")).unwrap();
    let inventory = Inventory { format: INVENTORY_FORMAT.into(), collectors: vec![part.clone()] };
    let mut reading = read(serde_json::to_vec(&inventory).unwrap().as_slice(), Asked::default()).unwrap();
    assert_eq!(reading.parts, [part]);
    reading.rename("other-1");
    let Observation::OperatingSystem(system) = &reading.parts[0].items[0] else { panic!() };
    assert_eq!((reading.host.as_deref(), system.hostname.as_deref()), (Some("other-1"), Some("other-1")));
}
