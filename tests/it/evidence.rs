//! An evidence pack: made twice it is the same bytes, checked alone it is whole, and whatever is changed in it is found.
//! It does not test what a row says; the model does. Invariant: a pack shows what was known on its day, opens nothing that is
//! sealed, and is proved by nothing but the files in it and a hash noted elsewhere.

use crate::as_of::of_2025;
use crate::suppliers::{NAMES, bytes_below, file, officers};
use harness::executables::{command, executables, said};
use harness::server::TestServer;
use serde_json::Value;
use std::fs;
use std::path::Path;

fn daicho(arguments: &[&str]) -> (i32, String) {
    let (code, told) = said(command(&executables().daicho).args(["--lang", "en"]).args(arguments));
    (code.unwrap(), told)
}

fn make(data: &Path, as_of: &str, to: &Path, more: &[&str]) -> (i32, String) {
    let paths = ["evidence", "--as-of", as_of, "--data", data.to_str().unwrap(), "--to", to.to_str().unwrap()];
    daicho(&[&paths[..], more].concat())
}

fn verify(pack: &Path, more: &[&str]) -> (i32, String) {
    daicho(&[&["verify", pack.to_str().unwrap()], more].concat())
}

fn json(pack: &Path, name: &str) -> Value {
    serde_json::from_slice(&fs::read(pack.join(name)).unwrap()).unwrap()
}

#[test]
fn a_pack_is_made_the_same_twice_checked_alone_and_shows_its_day() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        of_2025(&data).await;
        let [first, second, zip, again] = ["a", "b", "a.zip", "b.zip"].map(|name| folder.path().join(name));
        for to in [&first, &second, &zip, &again] {
            let (code, said) = make(&data, "2025-06-19", to, &["--equipment", "tms"]);
            assert_eq!(code, 0, "{said}");
            let (code, said) = verify(to, &[]);
            assert!(code == 0 && said.contains("made again and compared"), "{said}");
        }
        for name in fs::read_dir(&first).unwrap().map(|file| file.unwrap().file_name()) {
            assert!(fs::read(first.join(&name)).unwrap() == fs::read(second.join(&name)).unwrap(), "{name:?}");
        }
        assert!(fs::read(&zip).unwrap() == fs::read(&again).unwrap());
        assert_eq!(make(&data, "2025-06-19", &first, &[]).0, 1, "nothing is written over");

        // The day before the supplier's change, under the new trucking rule.
        assert_eq!(json(&first, "suppliers.json")[0]["country_of_law"], "JP");
        assert_eq!(json(&first, "law.json")[0]["rule"]["rule_id"], "trucking");
        assert_eq!(json(&first, "inventory.cdx.json")["specVersion"], "1.6");
        let earlier = folder.path().join("c");
        make(&data, "2025-06-12", &earlier, &[]);
        assert_eq!(json(&earlier, "law.json")[0]["rule"]["rule_id"], "trucking-until-2025-06-12");
        assert!(fs::read_to_string(earlier.join("evidence.ja.html")).unwrap().contains("2025-06-12 時点"));

        // The ledger in it stands alone, and a hash noted elsewhere decides.
        let head = json(&first, "manifest.json")["stand"]["entry_hash"].as_str().unwrap().to_string();
        let (code, said) = verify(&first.join("ledger.ndjson"), &["--head", &head]);
        assert_eq!(code, 0, "{said}");
        assert_eq!(verify(&first, &["--head", &head]).0, 0);
        let other = json(&earlier, "manifest.json")["stand"]["entry_hash"].as_str().unwrap().to_string();
        assert_eq!(verify(&earlier, &["--head", &other]).0, 0);
        assert_eq!(verify(&first, &["--head", &"0".repeat(64)]).0, 3);

        for (as_of, more) in [("2025-06-01", &[][..]), ("2999-01-01", &[]), ("2025-06-11", &["--equipment", "tms"])] {
            assert_eq!(make(&data, as_of, &folder.path().join("no"), more).0, 2, "{as_of}");
        }
    });
}

#[test]
fn what_is_changed_in_a_pack_is_found() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, pack, zip) =
            (folder.path().join("data"), folder.path().join("pack"), folder.path().join("pack.zip"));
        of_2025(&data).await;
        assert_eq!(make(&data, "2025-06-19", &pack, &[]).0, 0);
        assert_eq!(make(&data, "2025-06-19", &zip, &[]).0, 0);
        for file in fs::read_dir(&pack).unwrap().map(|file| file.unwrap().path()) {
            let whole = fs::read(&file).unwrap();
            let mut flipped = whole.clone();
            match flipped.len() {
                0 => flipped.push(b'x'),
                length => flipped[length / 2] ^= 1,
            }
            fs::write(&file, &flipped).unwrap();
            let (code, said) = verify(&pack, &[]);
            assert_eq!(code, 3, "{}: {said}", file.display());
            fs::write(&file, &whole).unwrap();
        }
        assert_eq!(verify(&pack, &[]).0, 0);
        fs::write(pack.join("more.txt"), "x").unwrap();
        assert!(verify(&pack, &[]).1.contains("more.txt is not in the list"));
        fs::remove_file(pack.join("more.txt")).unwrap();

        // Somebody who changes a file and its hash in the list is caught by the ledger.
        let plans = fs::read_to_string(pack.join("plans.json")).unwrap().replace("2025-05-02", "2025-05-03");
        fs::write(pack.join("plans.json"), &plans).unwrap();
        let mut manifest = json(&pack, "manifest.json");
        let files = manifest["files"].as_array_mut().unwrap();
        let listed = files.iter_mut().find(|file| file["name"] == "plans.json").unwrap();
        listed["sha256"] = sha256(plans.as_bytes()).into();
        fs::write(pack.join("manifest.json"), serde_json::to_vec_pretty(&manifest).unwrap()).unwrap();
        let (code, said) = verify(&pack, &[]);
        assert!(code == 3 && said.contains("plans.json is not what its ledger gives"), "{said}");

        let bytes = fs::read(&zip).unwrap();
        for at in (0..bytes.len()).step_by(bytes.len() / 12) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            fs::write(&zip, &flipped).unwrap();
            let (code, said) = verify(&zip, &[]);
            // A bit that says nothing (a time of day, a host's system) changes no file in it.
            assert!(code != 0 || said.contains("made again and compared"), "{at}: {said}");
        }
        fs::write(&zip, &bytes[..bytes.len() / 2]).unwrap();
        assert_ne!(verify(&zip, &[]).0, 0);
    });
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn sealed_data_stays_sealed_in_a_pack() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let (data, pack) = (folder.path().join("data"), folder.path().join("pack"));
        let server = TestServer::start(&data).await;
        assert_eq!(server.api.post("/suppliers", file(&officers())).await.0, 201);
        let token = server.api.connect.token.clone();
        let today = server.running.app.clock.now().date_in_japan().to_string();
        server.stop().await;
        let (code, said) = make(&data, &today, &pack, &[]);
        assert!(code == 0 && said.contains("The day is not over"), "{said}");
        assert_eq!(verify(&pack, &[]).0, 0);
        let mut bytes = Vec::new();
        bytes_below(&pack, &mut bytes);
        for secret in NAMES.into_iter().chain([token.as_str()]) {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
        }
        assert!(String::from_utf8_lossy(&fs::read(pack.join("suppliers.json")).unwrap()).contains("sealed"));
    });
}
