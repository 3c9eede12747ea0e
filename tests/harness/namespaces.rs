//! A test that runs itself again in namespaces of its own, so that nothing of this machine is seen or changed.
//! It does not know what is laid out there; a line of shell does that.
//! Invariant: the inner run ends before the outer one goes on, and its failure is the outer one's.

use crate::executables::executables;
use std::process::Command;

/// Runs the test of this name again under `unshare` with these options, with `mark` set in its environment, behind a line of
/// shell that ends in `exec "$0" "$@"`. `Err` where that is not permitted here.
#[expect(clippy::disallowed_methods, reason = "a namespace needs a process of its own")]
pub fn run_inside(test: &str, mark: &str, options: &[&str], enter: &str) -> Result<(), String> {
    let enter = |arguments: &[&str]| {
        let mut unshare = Command::new("unshare");
        unshare.args(options).args(["sh", "-c", enter]).args(arguments).env(mark, "1");
        unshare
    };
    let probe = enter(&["true"]).output().map_err(|error| format!("unshare: {error}"))?;
    if !probe.status.success() {
        return Err(String::from_utf8_lossy(&probe.stderr).trim().to_owned());
    }
    executables();
    let own = std::env::current_exe().unwrap();
    let status = enter(&[&own.display().to_string(), "--exact", test, "--nocapture"]).status().unwrap();
    assert!(status.success(), "the test failed inside of its namespaces; see above");
    Ok(())
}
