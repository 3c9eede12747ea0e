//! Files about firmware from a folder into the ledger, and the verdict by command, REST and page.
//! It does not test what a file says or which version is newer; the server's own tests do.
//! Invariant: what a source said before and does not repeat is kept, and what is not known never ends like "all right".

use harness::executables::{command, executables, said_beside};
use harness::server::TestServer;
use serde_json::Value;
use std::path::Path;

/// A command as a person calls it, beside the server's own threads.
async fn daicho(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut run = command(&executables().daicho);
    run.current_dir(folder).arg("firmware").args(arguments);
    said_beside(run).await
}

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src/firmware/fixtures").join(name);
    std::fs::read_to_string(path).unwrap()
}

const CHECK: [&str; 7] = ["check", "--maker", "Fortinet", "--model", "FortiGate-60F", "--version", "7.4.2"];

#[test]
fn files_that_are_carried_in_become_verdicts() {
    harness::block_on(carried_in());
}

async fn carried_in() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = TestServer::start(data.path()).await;
    let folder = folder.path();
    std::fs::create_dir(folder.join("cves")).unwrap();
    for (name, place) in
        [("kev.json", "kev.json"), ("cve-fortios.json", "cves/a.json"), ("cve-panos.json", "cves/b.json")]
    {
        std::fs::write(folder.join(place), fixture(name)).unwrap();
    }
    std::fs::write(folder.join("connect.json"), serde_json::to_vec(&server.api.connect).unwrap()).unwrap();
    let connect = ["--connect", "connect.json"];

    let (code, said) = daicho(folder, &[&CHECK[..], &connect].concat()).await;
    assert!(
        code == Some(3) && said.contains("unknown: nothing is imported about weaknesses of Fortinet"),
        "{code:?} {said}"
    );
    let (code, said) = daicho(folder, &["import", "--dry-run", "kev.json", "cves"]).await;
    assert!(code == Some(0) && said.contains("cve-panos") && said.contains("not sent"), "{code:?} {said}");
    let (code, said) = daicho(folder, &[&CHECK[..], &["--with", "cves"]].concat()).await;
    assert!(code == Some(3) && said.contains("affected: 7.4.2 is affected by CVE-2099-0001"), "{code:?} {said}");

    let (code, said) = daicho(folder, &[&["import", "kev.json", "cves", "--starter"], &connect[..]].concat()).await;
    assert!(code == Some(0) && said.contains('#') && said.contains("about no product that we compare"), "{said}");
    let (code, said) = daicho(folder, &[&CHECK[..], &connect].concat()).await;
    assert!(code == Some(3) && said.contains("CVE-2099-0001") && said.contains("KEV"), "{code:?} {said}");
    let verdict = server.api.get("/firmware/verdict?maker=Palo%20Alto%20Networks&model=PA-440&version=10.2.8-h4").await;
    assert_eq!((&verdict["state"], &verdict["conditional"]), (&Value::from("fixed"), &Value::from(true)));
    let (status, page) = server.api.page("/firmware?maker=Fortinet&model=FGT60F&version=7.4.2").await;
    assert!(status == 200 && page.contains("CVE-2099-0001") && page.contains("cisa-kev"), "{status}");

    // Another record, alone: what was known stays.
    let other = fixture("cve-fortios.json").replace("CVE-2099-0001", "CVE-2099-0009");
    std::fs::write(folder.join("other.json"), other).unwrap();
    let (code, said) = daicho(folder, &[&["import", "other.json"], &connect[..]].concat()).await;
    assert_eq!(code, Some(0), "{said}");
    let pack = server.api.get("/firmware/packs/cve-fortios").await;
    let ids: Vec<&Value> = pack["pack"]["advisories"].as_array().unwrap().iter().map(|own| &own["id"]).collect();
    assert_eq!(ids, ["CVE-2099-0001", "CVE-2099-0009"]);

    // A pack that is older than the one that stands is refused, and says which stands.
    let older = fixture("kev.json").replace("2026-11-18T", "2026-11-17T");
    std::fs::write(folder.join("kev.json"), older).unwrap();
    let (code, said) = daicho(folder, &[&["import", "kev.json"], &connect[..]].concat()).await;
    assert!(code == Some(2) && said.contains("firmware_pack_older") && said.contains("2026-11-18"), "{code:?} {said}");
    server.stop().await;
}
