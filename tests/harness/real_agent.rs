//! The real agent, enrolled and running as a process of its own.
//! It does not know what the agent sees; the test lays that out.
//! Invariant: it ends with whoever holds it.

use crate::executables::{Child, command, executables};
use crate::server::Api;
use std::path::Path;

/// Enrols it with a state folder of its own.
pub async fn enrol(api: &Api, state: &Path) {
    let enrolled = command(&executables().agent)
        .args(["enroll", "--server", &api.connect.url, "--state"])
        .arg(state)
        .env("DAICHO_TOKEN", crate::agent::token(api).await)
        .output()
        .unwrap();
    assert!(enrolled.status.success(), "{}", String::from_utf8_lossy(&enrolled.stderr));
}

/// Enrols it, starts it with these arguments and waits for its first report, from a host that calls itself `tos-1`.
pub async fn start(api: &Api, state: &Path, arguments: &[&str]) -> Child {
    enrol(api, state).await;
    let mut run = command(&executables().agent);
    let child = Child(run.args(["run", "--state"]).arg(state).args(arguments).spawn().unwrap());
    api.until("the first report", || async {
        let host = api.get("/hosts").await["items"][0].clone();
        (host["last_batch_number"].as_u64() > Some(0) && host["hostname"] == "tos-1").then_some(())
    })
    .await;
    child
}
