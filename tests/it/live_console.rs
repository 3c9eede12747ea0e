//! The promise: a package from another origin is a finding and a duty on the open page within two seconds, and its removal
//! closes the finding. Real dpkg, real agent, real server, real browser.
//! It does not test what pages look like.
//! Invariant: packages go into a root of their own; the host stays as it is.

use harness::browser::{self, Browser};
use harness::executables::Child;
use harness::server::{Api, PATIENCE, ServerProcess};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use thirtyfour::prelude::*;

const OS_RELEASE: &str = "ID=debian\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n";

#[expect(clippy::disallowed_methods, reason = "dpkg is the other half of this test")]
fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// A root with a package database of its own.
struct Root(PathBuf);

impl Root {
    fn new(folder: &Path) -> Self {
        let root = folder.join("root");
        for place in ["etc", "var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers"] {
            std::fs::create_dir_all(root.join(place)).unwrap();
        }
        std::fs::write(root.join("etc/os-release"), OS_RELEASE).unwrap();
        std::fs::write(root.join("etc/hostname"), "tos-1\n").unwrap();
        std::fs::write(root.join("var/lib/dpkg/status"), "").unwrap();
        Self(root)
    }

    fn dpkg(&self, arguments: &[&str]) -> Result<(), String> {
        let root = format!("--root={}", self.0.display());
        run("dpkg", &[&[root.as_str(), "--force-depends", "--log=/dev/null"], arguments].concat())
    }
}

/// Builds a package of a maintainer.
fn build(folder: &Path, name: &str, maintainer: &str) -> Result<String, String> {
    let tree = folder.join(name);
    std::fs::create_dir_all(tree.join("DEBIAN")).unwrap();
    let control = format!(
        "Package: {name}\nVersion: 1.0\nArchitecture: all\nMaintainer: {maintainer}\nDescription: made for a test\n"
    );
    std::fs::write(tree.join("DEBIAN/control"), control).unwrap();
    let file = folder.join(format!("{name}.deb")).display().to_string();
    run("dpkg-deb", &["--root-owner-group", "--build", &tree.display().to_string(), &file])?;
    Ok(file)
}

async fn start_agent(api: &Api, folder: &Path, root: &Root) -> Child {
    harness::real_agent::start(api, &folder.join("agent"), &["--root", &root.0.display().to_string()]).await
}

async fn finding(api: &Api, state: &str) -> Option<Value> {
    let rows = api.list(&format!("/findings?state={state}")).await;
    let named =
        |row: &Value| row["rule_id"] == "undeclared_component" && row["title"].to_string().contains("crane-link");
    rows.into_iter().find(named)
}

/// Waits until the page shows (or no longer shows) some words, and says how long that took.
async fn page_shows(browser: &Browser, words: &str, wanted: bool, since: Instant) -> Duration {
    loop {
        let shown = match browser.window.find(By::Tag("main")).await {
            Ok(main) => main.text().await.unwrap_or_default().contains(words),
            Err(_) => !wanted,
        };
        if shown == wanted {
            return since.elapsed();
        }
        assert!(since.elapsed() < PATIENCE, "the page never came to show={wanted} '{words}'");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The whole path, seen in a browser. How long it takes is printed and bounded by patience only: the machine that runs
/// tests is not the one that the budget speaks of.
#[test]
fn a_foreign_package_appears_on_the_open_page_and_goes() {
    harness::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        let built = build(folder.path(), "crane-link", "Foreign Vendor <ops@foreign.example>").and_then(|foreign| {
            Ok((foreign, build(folder.path(), "base-tools", "Example <example@lists.debian.org>")?))
        });
        let (foreign, own) = match built {
            Ok(files) => files,
            Err(why) => return harness::skipped("live_console", &why),
        };
        if let Err(why) = root.dpkg(&["-i", &own]) {
            return harness::skipped("live_console", &why);
        }
        let (_server, api) = ServerProcess::start(&folder.path().join("server")).await;
        let (plan, suppliers) = daicho::example::example_files("tos-1", OS_RELEASE);
        assert_eq!(api.post_bytes("/suppliers", serde_json::to_vec(&suppliers).unwrap()).await.0, 201);
        assert_eq!(api.post_bytes("/plans", serde_json::to_vec(&plan).unwrap()).await.0, 201);
        let _agent = start_agent(&api, folder.path(), &root).await;
        assert!(finding(&api, "open").await.is_none());

        let browser = match browser::open().await {
            Ok(browser) => Some(browser),
            Err(why) => {
                harness::skipped("live_console in a browser", &why);
                None
            }
        };
        if let Some(browser) = &browser {
            let (status, link) = api.post("/sign-in-codes", Value::Null).await;
            assert_eq!(status, 201);
            let url = format!("{}{}", api.connect.url, link["path"].as_str().unwrap());
            browser.window.goto(url).await.unwrap();
            browser.window.goto(format!("{}/findings?lang=en", api.connect.url)).await.unwrap();
            // The page is live once its connection stands; what happens from here on must arrive by itself.
            browser
                .window
                .query(By::Css("[data-state='on']"))
                .wait(PATIENCE, Duration::from_millis(50))
                .first()
                .await
                .unwrap();
        }

        let since = Instant::now();
        root.dpkg(&["-i", &foreign]).unwrap();
        if let Some(browser) = &browser {
            let took = page_shows(browser, "crane-link", true, since).await;
            harness::measured("from the start of dpkg -i to the open page", took);
        }
        let opened = api.until("an open finding", || finding(&api, "open")).await;
        let duties = api.list("/duties").await;
        let duty = duties.iter().find(|duty| duty["finding_id"] == opened["finding_id"]).expect("a duty hangs on it");
        assert_eq!((&duty["outcome"], duty["question"].is_null()), (&Value::from("report"), false), "{duty}");

        root.dpkg(&["--purge", "crane-link"]).unwrap();
        let closed = api.until("a closed finding", || finding(&api, "closed")).await;
        assert_eq!(closed["finding_id"], opened["finding_id"]);
        let (_, lines) = api.page("/api/v1/ledger/entries?limit=500").await;
        let told: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|entry| entry["kind"] == "notices.v1")
            .flat_map(|entry| entry["fact"]["notices"].as_array().unwrap().clone())
            .filter(|notice| notice["finding_id"] == opened["finding_id"])
            .map(|notice| notice["transition"].clone())
            .collect();
        assert_eq!(told, ["opened", "closed"], "both stand in the ledger");
        if let Some(browser) = browser {
            browser.window.quit().await.unwrap();
        }
    });
}
