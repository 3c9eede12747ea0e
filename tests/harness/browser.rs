//! A real browser: Debian's Chromium, driven by its driver, on pages of the server under test.
//! It does not know the pages.
//! Invariant: where no browser can be had, the caller is told why and can say `skipped`.

use crate::executables::{Child, free_port};
use std::path::Path;
use std::process::{Command, Stdio};
use thirtyfour::{CapabilitiesHelper as _, ChromiumLikeCapabilities as _, DesiredCapabilities, WebDriver};

/// A browser window, and the driver behind it.
pub struct Browser {
    /// The window.
    pub window: WebDriver,
    _driver: Child,
    _profile: tempfile::TempDir,
}

const DRIVER: &str = "/usr/bin/chromedriver";

/// Makes sure of Chromium and its driver: takes what is there, or installs the distribution's packages where that is allowed.
#[expect(clippy::disallowed_methods, reason = "installing the browser is the point")]
fn ensure() -> Result<(), String> {
    if Path::new(DRIVER).exists() {
        return Ok(());
    }
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let root = run("sh", &["-c", "test \"$(id -u)\" = 0"]);
    let prefix: &[&str] = if root {
        &[]
    } else if run("sudo", &["-n", "true"]) {
        &["sudo", "-n"]
    } else {
        return Err("no Chromium here, and neither root nor sudo to install it".into());
    };
    for apt in [
        &["apt-get", "update"][..],
        &["apt-get", "install", "-y", "--no-install-recommends", "chromium", "chromium-driver", "fonts-noto-cjk"][..],
    ] {
        let line = [prefix, apt].concat();
        let (program, arguments) = line.split_first().ok_or("nothing to run")?;
        if !run(program, arguments) {
            return Err(format!("`{}` failed", apt.join(" ")));
        }
    }
    if Path::new(DRIVER).exists() { Ok(()) } else { Err("the packages brought no chromedriver".into()) }
}

/// Opens a window that trusts any certificate (the tests' servers have authorities of their own).
#[expect(clippy::disallowed_methods, reason = "starting the driver is the point")]
pub async fn open() -> Result<Browser, String> {
    tokio::task::spawn_blocking(ensure).await.map_err(|error| error.to_string())??;
    let port = free_port();
    let driver = Command::new(DRIVER)
        .arg(format!("--port={port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{DRIVER}: {error}"))?;
    let driver = Child(driver);
    let profile = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut wanted = DesiredCapabilities::chrome();
    let data = format!("--user-data-dir={}", profile.path().display());
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,1000",
        "--ignore-certificate-errors",
        &data,
    ];
    for argument in arguments {
        wanted.add_arg(argument).map_err(|error| error.to_string())?;
    }
    wanted.accept_insecure_certs(true).map_err(|error| error.to_string())?;
    let mut last = String::new();
    for _try in 0..100 {
        match WebDriver::new(format!("http://127.0.0.1:{port}"), wanted.clone()).await {
            Ok(window) => return Ok(Browser { window, _driver: driver, _profile: profile }),
            Err(error) => last = error.to_string(),
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Err(format!("the browser does not start: {last}"))
}
