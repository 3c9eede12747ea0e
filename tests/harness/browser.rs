//! A real browser: Debian's Chromium, driven by its driver, on pages of the server under test.
//! It does not know the pages.
//! Invariant: where no browser can be had, the caller is told why and can say `skipped`.

use crate::executables::{Child, free_port};
use crate::packages;
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

/// Opens a window that trusts any certificate (the tests' servers have authorities of their own).
#[expect(clippy::disallowed_methods, reason = "starting the driver is the point")]
pub async fn open() -> Result<Browser, String> {
    let ensure = || packages::ensure(Path::new(DRIVER), &["chromium", "chromium-driver", "fonts-noto-cjk"]);
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
