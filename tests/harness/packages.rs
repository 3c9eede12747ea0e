//! Programs of the distribution that tests drive: taken where they are, installed from its packages where that is allowed.
//! It does not know what they are for.
//! Invariant: where a program cannot be had, the caller is told why and can say `skipped`.

use std::path::Path;
use std::process::{Command, Stdio};

/// Makes sure that a file is there, and installs packages that bring it if it is not.
#[expect(clippy::disallowed_methods, reason = "installing packages is the point")]
pub fn ensure(file: &Path, packages: &[&str]) -> Result<(), String> {
    if file.exists() {
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
        return Err(format!("no {} here, and neither root nor sudo to install it", file.display()));
    };
    let install = [&["apt-get", "install", "-y", "--no-install-recommends"], packages].concat();
    for apt in [&["apt-get", "update"][..], &install] {
        let line = [prefix, apt].concat();
        let (program, arguments) = line.split_first().ok_or("nothing to run")?;
        if !run(program, arguments) {
            return Err(format!("`{}` failed", apt.join(" ")));
        }
    }
    if file.exists() { Ok(()) } else { Err(format!("the packages brought no {}", file.display())) }
}
