//! Inventories of other tools that a person hands in.
//! It does not know any command. Invariant: whatever the bytes are, there is a refusal in words, or parts that fit the contract of
//! agents: items in order, each once, and within the limits of texts.

use daicho_formats::{Asked, ITEMS_MAX, read as read_file};
use daicho_schemas::batch::Outcome;
use daicho_schemas::canonical::canonical_bytes;
use daicho_schemas::limits::{OBSERVED_TEXT_BYTES_MAX, REPORT_TROUBLES_MAX};
use std::collections::BTreeSet;

pub(super) fn read(bytes: &[u8]) {
    for whole in [false, true] {
        let reading = match read_file(bytes, Asked { whole }) {
            Err(refused) => {
                assert!(!refused.to_string().is_empty());
                continue;
            }
            Ok(reading) => reading,
        };
        // What our own agent wrote comes in as it stands there; the ledger's door judges it.
        let own = reading.format == "daicho.inventory.v1";
        let told = |text: &str| own || (text.len() <= OBSERVED_TEXT_BYTES_MAX && !text.chars().any(char::is_control));
        assert!(told(&reading.tool) && reading.host.as_deref().is_none_or(told));
        for part in &reading.parts {
            let keys: Vec<String> = part.items.iter().map(|item| item.key()).collect();
            let once: BTreeSet<&String> = keys.iter().collect();
            assert!(own || (keys.is_sorted() && once.len() == keys.len()), "{keys:?}");
            assert!(own || part.items.len() <= ITEMS_MAX);
            assert!(own || part.troubles.len() <= REPORT_TROUBLES_MAX + 1);
            for item in &part.items {
                assert!(canonical_bytes(item).is_ok() || reading.format.starts_with("cyclonedx") || own, "{item:?}");
            }
            let _outcome: Outcome = part.outcome;
        }
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let files = [
        r#"{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"tools":{"components":[{"name":"scan","version":"1"}]},"component":{"type":"device","bom-ref":"h","name":"tos-1"}},"components":[{"type":"library","name":"a","version":"1","purl":"pkg:deb/debian/a@1?arch=amd64","components":[{"type":"firmware","name":"b"}]}],"compositions":[{"aggregate":"complete","assemblies":["h"]}]}"#,
        r#"{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"properties":[{"name":"daicho:inventory","value":"daicho.inventory.v1"},{"name":"daicho:collector","value":"{\"collector\":\"dpkg\",\"items\":1,\"outcome\":\"complete\"}"}]},"components":[{"type":"application","name":"a","version":"1","properties":[{"name":"daicho:collected_by","value":"dpkg"},{"name":"daicho:kind","value":"package.v1"},{"name":"daicho:native","value":"name,version"},{"name":"daicho:field:ecosystem","value":"deb"},{"name":"daicho:field:state","value":"installed"}]}]}"#,
        r#"{"spdxVersion":"SPDX-2.3","creationInfo":{"created":"2026-11-20T03:00:00Z","creators":["Tool: x-1"]},"packages":[{"SPDXID":"SPDXRef-A","name":"a","versionInfo":"1","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:rpm/rhel/a@1-1?arch=x86_64&epoch=1"}]}],"relationships":[]}"#,
        r#"{"artifacts":[{"name":"a","version":"1","purl":"pkg:npm/a@1","locations":[{"path":"/a"}]}],"distro":{"name":"x","id":"x"},"descriptor":{"name":"syft","version":"1"},"schema":{"version":"16.0.0"}}"#,
        "{\"name\":\"deb_packages\",\"hostIdentifier\":\"h\",\"unixTime\":1780000000,\"action\":\"added\",\"columns\":{\"name\":\"a\",\"version\":\"1\",\"revision\":\"1\",\"arch\":\"amd64\"}}\n{\"name\":\"listening_ports\",\"snapshot\":[{\"port\":\"22\",\"protocol\":\"6\",\"family\":\"2\",\"address\":\"0.0.0.0\",\"path\":\"/usr/sbin/sshd\"}]}",
        r#"[{"interface":"eth0","address":"192.0.2.5","mask":"255.255.255.0"}]"#,
        r#"{"action":"inventory","deviceid":"h","content":{"versionclient":"GLPI-Agent_v1","hardware":{"name":"h"},"softwares":[{"name":"a","version":"1","from":"deb"}],"bios":{"smanufacturer":"x","ssn":"EX123456"}}}"#,
        "<?xml version=\"1.0\"?><REQUEST><QUERY>INVENTORY</QUERY><CONTENT><HARDWARE><NAME>h</NAME></HARDWARE><SOFTWARES><NAME>a &amp; b</NAME><VERSION>1</VERSION></SOFTWARES><NETWORKS><DESCRIPTION>eth0</DESCRIPTION><IPADDRESS>192.0.2.5</IPADDRESS><IPMASK>255.255.255.0</IPMASK></NETWORKS></CONTENT></REQUEST>",
    ];
    files.iter().map(|file| file.as_bytes().to_vec()).collect()
}
